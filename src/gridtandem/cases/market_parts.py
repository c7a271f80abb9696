"""What turns networks into markets: units that bid in blocks, demand with a price, stepped offers of stations, a day of forecasts.

The forecasts are our own. At hours 6, 10, 16 and 19 load, sun and wind stand at round shares of their peaks; the other hours are drawn between
them by hand: two peaks of load, a bell of sun, wind that blows at night.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from gridtandem.errors import UnknownName
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.tables import Index, Names, Table

HOURS = 24
REGULATED, REGULATOR_X = "regulated", 1e-3  # bus behind a regulator; its reactance [per unit on 100 MVA]
DAY: Mapping[str, tuple[int, ...]] = {  # percent, hours 1 to 24
    "load": (62, 59, 57, 56, 58, 65, 74, 82, 87, 90, 91, 90, 88, 86, 85, 85, 89, 95, 100, 98, 92, 84, 75, 67),
    "sun": (0, 0, 0, 0, 0, 5, 16, 35, 56, 75, 90, 98, 100, 92, 72, 45, 20, 5, 0, 0, 0, 0, 0, 0),
    "wind": (70, 72, 73, 70, 65, 60, 53, 46, 40, 35, 32, 30, 30, 32, 36, 40, 45, 50, 55, 60, 64, 67, 69, 70),
}
Block = tuple[float, float]  # MW (below 0: taken, at what it is worth), currency/MWh
UnitRow = tuple[str, int, Sequence[Block], float]  # name, bus, blocks, reactive limit
T = TypeVar("T", bound=Table)


def units_of(rows: Sequence[UnitRow], before: int) -> tuple[el.Generators, el.CostPoints]:
    """Units from blocks, with their cost as points; ``before`` units stand above them in the table."""
    points: list[tuple[int, float, float]] = []
    for k, (_, _, blocks, _) in enumerate(rows):
        p, cost = min(0.0, sum(mw for mw, _ in blocks if mw < 0)), sum(mw * price for mw, price in blocks if mw < 0)
        points.append((before + k, p, cost))
        for mw, price in sorted(blocks, key=lambda block: block[1]):
            p, cost = p + abs(mw), cost + abs(mw) * price
            points.append((before + k, p, cost))
    unit, power, paid = np.array(points).T
    low = [sum(mw for mw, _ in blocks if mw < 0) for _, _, blocks, _ in rows]
    high = [sum(mw for mw, _ in blocks if mw > 0) for _, _, blocks, _ in rows]
    table: Mapping[str, ArrayLike] = {
        "name": [r[0] for r in rows], "bus": [r[1] for r in rows], "control": [el.PQ] * len(rows), "p_low_mw": low, "p_high_mw": high,
        "q_low_mvar": [-r[3] for r in rows], "q_high_mvar": [r[3] for r in rows],
    }  # fmt: skip
    return el.Generators.of(table), el.CostPoints.of({"generator": unit.astype(int), "p_mw": power, "cost_per_h": paid})


def with_units(net: Network, rows: Sequence[UnitRow]) -> Network:
    """The network with more units."""
    units, points = units_of(rows, len(net.generators))
    return replace(net, generators=stacked(net.generators, units), cost_points=stacked(net.cost_points, points))


def stacked(above: T, below: T) -> T:
    """Two tables of a kind as one."""
    return type(above)(**{c: np.concatenate([getattr(above, c), getattr(below, c)]) for c in above.columns()})


def elastic(net: Network, share: float, *, dearest: float, cheapest: float) -> Network:
    """``share`` of every load becomes demand that buys; together the loads make one curve of worth, falling from the first load to the last."""
    ld = net.loads
    order = (np.arange(len(ld)) + 0.5) / max(len(ld), 1)
    rows = dv.Flexible.of({
        "name": [f"buys-{name}" for name in ld.name], "bus": ld.bus, "does": np.full(len(ld), dv.TAKES), "p_high_mw": share * ld.p_mw,
        "price_per_mwh": dearest - (dearest - cheapest) * order, "q_share": ld.q_mvar / np.where(ld.p_mw > 0, ld.p_mw, 1.0),
    })  # fmt: skip
    rest = replace(ld, p_mw=ld.p_mw * (1 - share), q_mvar=ld.q_mvar * (1 - share))
    return replace(net, loads=rest, flexible=stacked(net.flexible, rows.take(rows.p_high_mw > 0)))


def giving(net: Network, rows: Sequence[tuple[str, int, float, float]]) -> Network:
    """The network with demand that gives way: name, bus, most MW, price."""
    name, bus, most, price = (list(c) for c in zip(*rows, strict=True))
    more = dv.Flexible.of({"name": name, "bus": bus, "p_high_mw": most, "price_per_mwh": price})
    return replace(net, flexible=stacked(net.flexible, more))


def stepped(net: Network, steps: int = 10) -> Network:
    """Polynomial costs as offers of equal steps: chords of the polynomial, so that a clearing is a linear program and its prices are exact."""
    g, points = net.generators, []
    for k in np.unique(net.costs.generator).tolist():
        mine = net.costs.generator == k
        power = np.linspace(g.p_low_mw[k], g.p_high_mw[k], steps + 1)
        paid = (net.costs.coefficient[mine] * power[:, None] ** net.costs.order[mine]).sum(-1)
        points += [(k, float(p), float(c)) for p, c in zip(power, paid, strict=True)]
    unit, power_mw, cost = np.array(points).T
    table = el.CostPoints.of({"generator": unit.astype(int), "p_mw": power_mw, "cost_per_h": cost})
    return replace(net, costs=el.Costs.empty(), cost_points=table)


def limited(net: Network, ratings: Mapping[str, float]) -> Network:
    """The network with ratings [MVA] of lines and transformers by name; the rest as they were."""
    lines, transformers = net.lines, net.transformers
    known = [*lines.name.tolist(), *transformers.name.tolist()]
    for name in ratings.keys() - set(known):
        raise UnknownName(f"line of {net.name!r}", name, known)
    own = ([ratings.get(n, r) for n, r in zip(t.name.tolist(), t.rating_mva.tolist(), strict=True)] for t in (lines, transformers))
    return replace(net, lines=replace(lines, rating_mva=np.array(next(own))), transformers=replace(transformers, rating_mva=np.array(next(own))))


def within(net: Network, low: float, high: float) -> Network:
    """The network with one voltage band for all buses but that of its own source."""
    buses, root = net.buses, net.generators.bus[net.generators.control == el.REFERENCE]
    inner = ~np.isin(np.arange(len(buses)), root)
    band = {"v_low_pu": np.where(inner, low, buses.v_low_pu), "v_high_pu": np.where(inner, high, buses.v_high_pu)}
    return replace(net, buses=replace(buses, **band))


def regulated(net: Network) -> Network:
    """The feeder behind a voltage regulator of next to no impedance, at a further bus to which all that stood at the root is tied."""
    buses, root = net.buses, int(net.generators.bus[net.generators.control == el.REFERENCE][0])
    here = len(buses)
    more = el.Buses.of({"name": [REGULATED], "nominal_kv": [buses.nominal_kv[root]]})
    tap = el.Transformers.of({
        "name": ["regulator"], "from_bus": [root], "to_bus": [here], "r_pu": [0.0], "x_pu": [REGULATOR_X], "control": [1], "regulated_bus": [here],
    })  # fmt: skip

    def behind(at: Index) -> Index:
        return np.where(at == root, here, at)

    lines, transformers = net.lines, net.transformers
    lines = replace(lines, from_bus=behind(lines.from_bus), to_bus=behind(lines.to_bus))
    transformers = replace(transformers, from_bus=behind(transformers.from_bus), to_bus=behind(transformers.to_bus))
    return replace(net, buses=stacked(buses, more), lines=lines, transformers=stacked(transformers, tap))


def with_day(net: Network, follows: Mapping[str, Sequence[tuple[str, str]]], day: Mapping[str, Sequence[float]] = DAY) -> Network:
    """The network with a day of forecasts [%]: by kind of rows, (row or "" for all, profile)."""
    lines = [(dv.FOLLOWERS.index(kind), row, profile) for kind, pairs in follows.items() for row, profile in pairs]
    told = [p for p in day if any(p == profile for _, _, profile in lines)]
    return replace(
        net,
        profiles=dv.Profiles.of({
            "profile": np.repeat(told, HOURS), "period": np.tile(np.arange(1, HOURS + 1), len(told)),
            "factor": np.array([day[p] for p in told]).ravel() / 100.0,
        }),
        follows=dv.Follows.of({"what": [x[0] for x in lines], "row": [x[1] for x in lines], "profile": [x[2] for x in lines]}),
    )  # fmt: skip


def renewables(names: Names) -> list[tuple[str, str]]:
    """Who follows sun and wind, by the beginning of the name."""
    kinds = {"PV": "sun", "wind": "wind"}
    return [(name, kinds[word]) for name in names.tolist() if (word := name.partition("-")[0]) in kinds]
