r"""Feeders as they may also be: the same resources in more and smaller pieces, or larger; the same lines switched otherwise; the same limits tighter.

Studies of how coordination grows split every resource, or make it larger, or press its limits; studies of what happens where somebody has an old
picture of a feeder switch it; and a market that reckons without losses keeps AC limits by planning within narrower ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.generate import root_of
from gridtandem.cases.join import DEVICES, LIMITS, multiplied
from gridtandem.errors import Unreadable
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid.forest import plant
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal, standing
from gridtandem.grid.topology import linear_drops
from gridtandem.tables import Flag, Index, Names, Real

SPREAD = 0.01  # by which the dearest part is dearer than the whole, and the cheapest cheaper
OF_UNITS = ("p_mw", "q_mvar", *LIMITS, "startup_cost", "shutdown_cost", "slack_share")
RESOURCES = ("generators", "flexible", "storages", "vehicles")


def split(net: Network, times: int) -> Network:
    r"""Every resource in ``times`` equal parts at the same bus, a as a.1, a.2, …, for studies of how coordination grows with their number.

    The k-th part of n costs :math:`C_k(p) = (1 + \sigma_k)\, C(n p) / n` with :math:`\sigma_k = 0.01 (2k - n - 1)/(n - 1)`, so that sizes and mean
    prices stay and no two parts are equally dear. What all parts offer together then costs up to 1 % less than the whole where part of it is used.
    Prices of regulation are those of the whole. A feeder's own source stays one.
    """
    if isinstance(times, bool) or not isinstance(times, int | np.integer) or times < 1:
        raise Unreadable(f"a number of parts is whole and 1 or more; {times!r} is not")
    if times == 1:
        return net
    whole = {"generators": net.generators.control == el.REFERENCE}
    parts = {kind: _Parts.of(getattr(net, kind).name, whole.get(kind), int(times)) for kind in RESOURCES}
    for kind, them in parts.items():
        if len(set(them.name.tolist())) < len(them.name):
            raise Unreadable(f"{kind} of {net.name!r} have names as those of parts; rename those that end in a number")
    rows = {kind: _sized(net, kind, them.row, them.share, {"name": them.name, **_dearer(net, kind, them)}) for kind, them in parts.items()}
    return replace(net, **rows, **_costs(net, parts["generators"]), **_named(net, parts))


def resized(net: Network, times: float) -> Network:
    """Every resource so many times as large, for studies of how much of them a feeder bears: what is twice the size costs twice as much at twice the
    power. Loads and a feeder's own source stay. Of nothing, prices stay too.
    """
    if not 0 <= times < np.inf:
        raise Unreadable(f"resources are 0 or more times as large; {times!r} is not")
    resource = np.asarray(net.generators.control != el.REFERENCE, np.int64)
    whole = {name: np.zeros(len(table), np.int64) for name, table in net.tables().items()}
    of_units = {name: resource[getattr(net, name).generator] * (times > 0 or name == "ramps") for name in ("costs", "cost_points", "ramps")}
    others = {name: np.ones(len(getattr(net, name)), np.int64) for name in (*RESOURCES[1:], "regulation")}
    return multiplied(net, {**whole, **of_units, **others, "generators": resource}, np.ones(2, np.int64), np.array([1.0, times]))


def pressed(net: Network, times: float) -> Network:
    """Limits so many times as tight: ratings, and distances of voltage limits from 1 pu, divided by ``times``. Limits of the feeder's source, and
    those that are none, stay.
    """
    if not 0 < times < np.inf:
        raise Unreadable(f"limits are more than 0 times as tight; {times!r} is not")
    buses, source = net.buses, _at_source(net)
    low = np.where(source | (buses.v_low_pu == 0), buses.v_low_pu, 1 - (1 - buses.v_low_pu) / times)
    high = np.where(source, buses.v_high_pu, 1 + (buses.v_high_pu - 1) / times)
    return replace(
        net, buses=replace(buses, v_low_pu=low, v_high_pu=high),
        lines=replace(net.lines, rating_mva=net.lines.rating_mva / times),
        transformers=replace(net.transformers, rating_mva=net.transformers.rating_mva / times),
    )  # fmt: skip


def _at_source(net: Network) -> Flag:
    """Buses of the feeder's own source."""
    return np.isin(np.arange(len(net.buses)), net.generators.bus[net.generators.control == el.REFERENCE])


def reconfigured(net: Network) -> Network | None:
    """Another radial state of a radial feeder: one open line or switch closed, and one line opened of the loop that this makes.

    Of all such pairs it is the one that leaves the least of the largest linear voltage drop under full load, as an operator who switches would
    choose (branch exchange of M. E. Baran and F. F. Wu, IEEE Trans. Power Delivery 4(2), 1989, by another measure); the first of equals. None where
    nothing can be closed.
    """
    root = root_of(net)
    found = [(_drop(made, root), k, made) for k, made in enumerate(_exchanges(net, root))]
    return min(found, key=lambda x: x[:2])[2] if found else None


def tightened(net: Network, *, voltage_pu: float = 0.0, rating: float = 0.0) -> Network:
    """Limits to plan within, so that the feeder keeps its own under losses that a plan leaves out: voltage bands narrower by ``voltage_pu`` at both
    ends, ratings lower by the share ``rating``. Limits of its source, and those that are none, stay.
    """
    if not (0 <= voltage_pu < np.inf and 0 <= rating < 1):
        raise Unreadable(f"a margin is 0 pu or more, and a share of ratings from 0 to below 1; {voltage_pu!r} and {rating!r} are not")
    buses, source = net.buses, _at_source(net)
    low = np.where(source | (buses.v_low_pu == 0), buses.v_low_pu, buses.v_low_pu + voltage_pu)
    high = np.where(source, buses.v_high_pu, buses.v_high_pu - voltage_pu)
    if crossed := np.flatnonzero((low > high) & (buses.v_low_pu <= buses.v_high_pu)).tolist():
        raise Unreadable(f"a margin of {voltage_pu:g} pu leaves no band at bus {buses.label(crossed[0])!r} of {net.name!r}")
    return replace(
        net, buses=replace(buses, v_low_pu=low, v_high_pu=high),
        lines=replace(net.lines, rating_mva=net.lines.rating_mva * (1 - rating)),
        transformers=replace(net.transformers, rating_mva=net.transformers.rating_mva * (1 - rating)),
    )  # fmt: skip


def planned(case: Case, *, voltage_pu: float = 0.003, rating: float = 0.06) -> Case:
    """The case with limits for a market without losses: voltage bands of feeders narrower by ``voltage_pu``, ratings of transmission lower by the
    share ``rating``.

    The numbers are those with which the cheapest dispatch of ``four-feeders`` keeps every limit under AC load flow; there a reference that takes all
    losses and reactive power load lines by up to 5.9 % more than a DC market sees, and feeders' voltages are up to 0.003 pu lower.
    """
    return replace(
        case, transmission=tightened(case.transmission, rating=rating), models=tuple(tightened(m, voltage_pu=voltage_pu) for m in case.models)
    )


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Parts:
    """Rows of a table in parts."""

    row: Index  # (part) of what
    name: Names
    share: Real
    dearer: Real  # factor on the price

    @staticmethod
    def of(names: Names, whole: Flag | None, times: int) -> _Parts:
        """``whole`` says which rows stay one; None: none."""
        one = np.zeros(len(names), bool) if whole is None else whole
        row = np.repeat(np.arange(len(names)), np.where(one, 1, times))
        number = np.concatenate([np.zeros(0, np.int64), *(np.arange(1 if k else times) + 1 for k in one.tolist())])
        spread = SPREAD * (2 * number - times - 1) / (times - 1)
        called = [name if one[k] else f"{name}.{n}" for name, k, n in zip(names[row].tolist(), row.tolist(), number.tolist(), strict=True)]
        return _Parts(
            row=row, name=np.array(called, dtype=str), share=np.where(one[row], 1.0, 1.0 / times), dearer=np.where(one[row], 1.0, 1.0 + spread)
        )

    def of_rows(self, owner: Index) -> tuple[Index, Index]:
        """Rows of a table that belongs to this one, for each part in turn; and to which part they belong then."""
        rows = [np.flatnonzero(owner == old) for old in self.row.tolist()]
        own = np.repeat(np.arange(len(self.row)), [len(r) for r in rows])
        return np.concatenate([np.zeros(0, np.int64), *rows]), own


def _sized(net: Network, kind: str, rows: Index, share: Real, changed: Mapping[str, Any]) -> Any:
    """Rows of a table with their sizes times a share."""
    table = getattr(net, kind).take(rows)
    sizes = OF_UNITS if kind == "generators" else DEVICES[kind]
    return replace(table, **{name: getattr(table, name) * share for name in sizes}, **changed)


def _dearer(net: Network, kind: str, parts: _Parts) -> dict[str, Real]:
    """Prices in the table itself; those of units stand in tables of their own."""
    if kind == "generators":
        return {}
    table = getattr(net, kind).take(parts.row)
    if kind == "flexible":
        return {"price_per_mwh": table.price_per_mwh * parts.dearer, "slope": table.slope * parts.dearer / parts.share}
    return {"cost_per_mwh": table.cost_per_mwh * parts.dearer}


def _costs(net: Network, units: _Parts) -> dict[str, Any]:
    """Cost and ramps of units in parts."""
    (a, cost), (b, point), (c, ramp) = (units.of_rows(t.generator) for t in (net.costs, net.cost_points, net.ramps))
    costs, points = net.costs.take(a), net.cost_points.take(b)
    return {
        "costs": replace(costs, generator=cost, coefficient=costs.coefficient * units.share[cost] ** (1.0 - costs.order) * units.dearer[cost]),
        "cost_points": replace(
            points, generator=point, p_mw=points.p_mw * units.share[point], cost_per_h=points.cost_per_h * units.share[point] * units.dearer[point]
        ),
        "ramps": _sized(net, "ramps", c, units.share[ramp], {"generator": ramp}),
    }


def _named(net: Network, parts: Mapping[str, _Parts]) -> dict[str, Any]:
    """What names a resource names all its parts: profiles and offers of regulation."""
    follows, offers = _of_names(net, net.follows, dv.FOLLOWERS, parts), _of_names(net, net.regulation, dv.REGULATORS, parts)
    return {
        "follows": replace(net.follows.take(follows[0]), row=follows[1]),
        "regulation": _sized(net, "regulation", offers[0], offers[2], {"row": offers[1]}),
    }


def _of_names(
    net: Network, table: dv.Follows | dv.Regulation, kinds: Sequence[str], parts: Mapping[str, _Parts]
) -> tuple[Index, Names, Real]:  # fmt: skip
    """Rows again for every part; the part's name, and its share."""
    rows: list[tuple[int, str, float]] = []
    for k, (what, name) in enumerate(zip(table.what.tolist(), table.row.tolist(), strict=True)):
        kind = kinds[what]
        if not name or kind not in parts:
            rows.append((k, name, 1.0))
            continue
        mine = np.flatnonzero(getattr(net, kind).name[parts[kind].row] == name)
        rows += [(k, str(parts[kind].name[j]), float(parts[kind].share[j])) for j in mine.tolist()]
    row, called, share = zip(*rows, strict=True) if rows else ((), (), ())
    return np.array(row, np.int64), np.array(called, dtype=str), np.array(share, float)


def _exchanges(net: Network, root: int) -> Iterator[Network]:
    """Every radial state that one closing and one opening make."""
    nodal = standing(Nodal.of(net))
    tree = plant([nodal], nodal.node[[root]], np.zeros(1, np.int64), np.ones(1))
    place = np.full(nodal.nodes, -1)
    place[tree.node] = np.arange(len(tree.node))
    above = _lines_above(nodal, place, tree.parent)
    kinds: tuple[Literal["lines", "ties"], ...] = ("lines", "ties")
    for kind in kinds:
        table = getattr(net, kind)
        for k in np.flatnonzero(~table.closed).tolist():
            a, b = nodal.node[table.from_bus[k]], nodal.node[table.to_bus[k]]
            if min(a, b) < 0 or a == b:
                continue
            for opened in _between(above, tree.parent.tolist(), int(place[a]), int(place[b])):
                yield _switched(net, kind, k, opened)


def _lines_above(nodal: Nodal, place: Index, parent: Index) -> list[int]:
    """The line above each position of the tree; −1 where there is none, a transformer, or more than one branch."""
    above, br = [-1] * len(parent), nodal.branches
    a, b = place[br.start], place[br.end]
    child = np.where(parent[a] == b, a, b)
    alone = np.bincount(child, minlength=len(parent)) == 1
    for at, kind, row in zip(child.tolist(), br.kind.tolist(), br.row.tolist(), strict=True):
        if kind == 0 and alone[at]:
            above[at] = row
    return above


def _between(above: Sequence[int], parent: Sequence[int], a: int, b: int) -> list[int]:
    """Lines on the way between two positions; children stand after their parents."""
    out = []
    while a != b:
        a, b = max(a, b), min(a, b)
        if above[a] >= 0:
            out.append(above[a])
        a = parent[a]
    return sorted(out)


def _switched(net: Network, kind: Literal["lines", "ties"], row: int, opened: int) -> Network:
    lines, ties = net.lines.closed.copy(), net.ties.closed.copy()
    lines[opened] = False
    (lines if kind == "lines" else ties)[row] = True
    return replace(net, lines=replace(net.lines, closed=lines), ties=replace(net.ties, closed=ties))


def _drop(net: Network, root: int) -> float:
    nodal = Nodal.of(net)
    return float(linear_drops(nodal, int(nodal.node[root]))[0].max())
