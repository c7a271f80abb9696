"""MATPOWER case files (.m) out.

Impedances are written so that reading them again gives the same ohms to the last bit where they came from a file; an impedance given in ohm
may move by one unit in the last place. What MATPOWER cannot hold is refused by name, unless no load flow depends on it: that becomes a note.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from gridtandem.cases.matpower.read import ISOLATED, PV, REFERENCE, ohm_of
from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid import elements as el
from gridtandem.grid.graph import components
from gridtandem.grid.network import Network
from gridtandem.tables import Flag, Index, Real

GEN_COLUMNS: Final = 21  # of which the last 11 are zeros
HEADINGS: Final = {
    "bus": "bus_i type Pd Qd Gs Bs area Vm Va baseKV zone Vmax Vmin",
    "gen": "bus Pg Qg Qmax Qmin Vg mBase status Pmax Pmin Pc1 Pc2 Qc1min Qc1max Qc2min Qc2max ramp_agc ramp_10 ramp_30 ramp_q apf",
    "branch": "fbus tbus r x b rateA rateB rateC ratio angle status angmin angmax",
    "gencost": "model startup shutdown n coefficients or points",
}


def write_matpower(network: Network, path: str | Path) -> tuple[str, ...]:
    """Write a case file; the answer says what was left out or changed. Buses joined by closed ties become one bus.

    Bus numbers are the bus names where all of these are whole numbers, else 1, 2, … with the names in ``mpc.bus_name``.
    """
    home = _homes(network)
    if faults := [*network.faults(), *_refusals(network, home)]:
        raise InvalidCase(f.at(network.name) for f in faults)
    kept = np.flatnonzero(home == np.arange(len(home)))
    number, names = _numbers(network.buses.name[kept].tolist())
    of_bus = np.zeros(len(home))
    of_bus[kept] = number
    notes = tuple(_notes(network, home))
    title = re.sub(r"[^A-Za-z0-9_]", "_", network.name)
    tables = {
        "bus": _bus(network, home, kept, of_bus), "gen": _gen(network, of_bus[home]), "branch": _branch(network, home, of_bus),
        "gencost": _gencost(network),
    }  # fmt: skip
    text = [f"function mpc = {title if title[:1].isalpha() else 'case_' + title}", *_comments(network.notes + notes)]
    text += ["mpc.version = '2';", f"mpc.baseMVA = {_number(network.base_mva)};"]
    for name, table in tables.items():
        if len(table) or name != "gencost":
            text += ["", "%\t" + HEADINGS[name].replace(" ", "\t"), f"mpc.{name} = [", *_rows(table), "];"]
    if names:
        text += ["", "mpc.bus_name = {", *("\t'" + name.replace("'", "''") + "';" for name in names), "};"]
    Path(path).write_text("\n".join(text) + "\n", encoding="utf-8", newline="\n")
    return notes


def _comments(notes: tuple[str, ...]) -> list[str]:
    return ["% " + line for note in notes for line in note.splitlines()]


def _number(x: float) -> str:
    """Shortest text that reads as the same number."""
    return repr(x).removesuffix(".0").replace("inf", "Inf")


def _rows(table: list[list[float]]) -> Iterator[str]:
    for row in table:
        yield "\t" + "\t".join(map(_number, row)) + ";"


def _homes(network: Network) -> Index:
    """First of the buses that closed ties make one."""
    n, closed = len(network.buses), network.ties.closed
    a, b = network.ties.from_bus[closed], network.ties.to_bus[closed]
    sound = (a >= 0) & (a < n) & (b >= 0) & (b < n)
    a, b = a[sound], b[sound]
    live = network.buses.live[a] & network.buses.live[b]
    group = components(n, a[live], b[live])
    _, first, member = np.unique(group, return_index=True, return_inverse=True)
    return np.asarray(first[member], np.int64)


def _numbers(names: list[str]) -> tuple[list[int], list[str]]:
    """Bus numbers, and the names that must be written beside them."""
    if all(re.fullmatch("[1-9][0-9]{0,8}", name) for name in names):
        return [int(name) for name in names], []
    return list(range(1, len(names) + 1)), names


def _refusals(network: Network, home: Index) -> Iterator[Fault]:
    loads, units, cannot = network.loads, network.generators, "MATPOWER knows constant power only"
    law = np.stack([loads.p_exponent, loads.p_z_share, loads.p_i_share], -1).any(-1) & (loads.p_mw != 0)
    law |= np.stack([loads.q_exponent, loads.q_z_share, loads.q_i_share], -1).any(-1) & (loads.q_mvar != 0)
    for k in np.flatnonzero(law & loads.live).tolist():
        yield loads.fault(k, "", f"depends on voltage; {cannot}", "write another format, or make it constant power", "case-150")
    holds = np.zeros(len(home), bool)
    on = units.live & _inside(units.bus, len(home))
    holds[home[units.bus[on & (units.control != el.PQ)]]] = True
    for k in np.flatnonzero(on & (units.control == el.PQ)).tolist():
        if holds[home[units.bus[k]]]:
            what, mend = "holds its power where another unit holds the voltage; MATPOWER shares Q among all of a bus", "make it a negative load"
            yield units.fault(k, "control", what, mend, "case-151")
    for row, name in enumerate(network.buses.name.tolist()):
        if name != name.strip() or len(name.splitlines()) > 1:
            yield network.buses.fault(row, "name", "has blanks at its ends or a line break", "give a plain name", "case-153")
    for branch in (network.lines, network.transformers):
        for k in np.flatnonzero((branch.angle_low_deg == 0) & (branch.angle_high_deg == 0)).tolist():
            yield branch.fault(k, "angle_high_deg", "is 0 as is the lower limit, which in MATPOWER means no limit", "widen one of them", "case-154")


def _inside(rows: Index, size: int) -> Flag:
    return (rows >= 0) & (rows < size)


def _notes(network: Network, home: Index) -> Iterator[str]:
    for what, table in (("loads", network.loads), ("shunts", network.shunts)):
        if not table.live.all():
            yield f"not written, out of service: {what} {', '.join(table.name[~table.live].tolist())}"
    units = network.generators
    for column, usual in (("s_high_mva", np.inf), ("power_factor_low", 0.0), ("slack_share", 0.0)):
        if len(at := np.flatnonzero(getattr(units, column) != usual)):
            yield f"not written: {column} of generators {', '.join(units.name[at].tolist())}"
    if len(moved := np.flatnonzero(network.transformers.control != el.FIXED)):
        yield f"written with their present ratio: controlled transformers {', '.join(network.transformers.name[moved].tolist())}"
    joined = np.flatnonzero(home != np.arange(len(home)))
    if len(joined):
        pairs = (f"{a} into {b}" for a, b in zip(network.buses.name[joined].tolist(), network.buses.name[home[joined]].tolist(), strict=True))
        yield f"buses joined by closed ties: {', '.join(pairs)}"
    for what, branch in (("lines", network.lines), ("transformers", network.transformers)):
        if (bridged := home[branch.from_bus] == home[branch.to_bus]).any():
            yield f"not written, bridged by closed ties: {what} {', '.join(branch.name[bridged].tolist())}"
    if not network.ties.closed.all():
        yield f"not written, open: ties {', '.join(network.ties.name[~network.ties.closed].tolist())}"


def _bus(network: Network, home: Index, kept: Index, number: Real) -> list[list[float]]:
    buses, loads, shunts, units = network.buses, network.loads, network.shunts, network.generators
    power, kind = np.zeros((len(home), 4)), np.ones(len(home))
    np.add.at(power, home[loads.bus[loads.live]], np.stack([loads.p_mw, loads.q_mvar, 0 * loads.p_mw, 0 * loads.p_mw], -1)[loads.live])
    np.add.at(power, home[shunts.bus[shunts.live]], np.stack([0 * shunts.g_mw, 0 * shunts.g_mw, shunts.g_mw, shunts.b_mvar], -1)[shunts.live])
    kind[home[units.bus[units.control == el.VOLTAGE]]] = PV
    kind[home[units.bus[units.control == el.REFERENCE]]] = REFERENCE
    kind[~buses.live] = ISOLATED
    columns = [
        number, kind, *power.T, buses.area, buses.v_start_pu, buses.angle_start_deg, buses.nominal_kv, buses.zone, buses.v_high_pu, buses.v_low_pu,
    ]  # fmt: skip
    return _stacked(columns, kept)


def _gen(network: Network, number: Real) -> list[list[float]]:
    u = network.generators
    base, none = np.full(len(u), network.base_mva), np.zeros(len(u))
    columns = [number[u.bus], u.p_mw, u.q_mvar, u.q_high_mvar, u.q_low_mvar, u.v_set_pu, base, u.live, u.p_high_mw, u.p_low_mw]
    return _stacked(columns + [none] * (GEN_COLUMNS - len(columns)), np.arange(len(u)))


def _branch(network: Network, home: Index, number: Real) -> list[list[float]]:
    ln, tr, base = network.lines, network.transformers, network.base_mva
    ln, tr = ln.take(home[ln.from_bus] != home[ln.to_bus]), tr.take(home[tr.from_bus] != home[tr.to_bus])
    z = ohm_of(network.buses.nominal_kv[ln.from_bus], base)
    impedance = [undone(lambda r: r * z, c / z, c) for c in (ln.r_ohm, ln.x_ohm)]
    impedance.append(undone(lambda b: b / z * 1e6, ln.b_us * z / 1e6, ln.b_us))
    own = np.where(tr.base_mva == base, 1.0, base / tr.base_mva)
    rows = []
    for t, rxb, turn in (
        (ln, impedance, [np.zeros(len(ln))] * 2),
        (tr, [tr.r_pu * own, tr.x_pu * own, tr.b_pu / own], [tr.ratio, tr.shift_deg]),
    ):  # fmt: skip
        rates = [np.where(np.isinf(rate), 0.0, rate) for rate in (t.rating_mva, t.rating_short_mva, t.rating_emergency_mva)]
        columns = [number[home[t.from_bus]], number[home[t.to_bus]], *rxb, *rates, *turn, t.closed, t.angle_low_deg, t.angle_high_deg]
        rows += _stacked(columns, np.arange(len(t)))
    return rows


def undone(forward: Callable[[Real], Real], guess: Real, target: Real) -> Real:
    """The number beside ``guess`` that ``forward`` takes to ``target`` exactly, or ``guess`` where there is none."""
    found, done = guess.copy(), forward(guess) == target
    for direction in (np.inf, -np.inf):
        near = guess
        for _ in range(4):
            near = np.nextafter(near, direction)
            hit = ~done & (forward(near) == target)
            found[hit], done = near[hit], done | hit
    return found


def _gencost(network: Network) -> list[list[float]]:
    """One row per generator, filled with zeros to equal length; nothing at all where no cost is known."""
    units, cost, point = network.generators, network.costs, network.cost_points
    if not (len(cost) or len(point) or units.startup_cost.any() or units.shutdown_cost.any()):
        return []
    rows: list[list[float]] = []
    for k, (up, down) in enumerate(zip(units.startup_cost.tolist(), units.shutdown_cost.tolist(), strict=True)):
        mine, at = cost.take(cost.generator == k), point.take(point.generator == k)
        if len(at):
            rows.append([1.0, up, down, float(len(at)), *np.stack([at.p_mw, at.cost_per_h], -1).ravel().tolist()])
            continue
        coefficients = np.zeros(int(mine.order.max(initial=0)) + 1)
        np.add.at(coefficients, mine.order, mine.coefficient)
        rows.append([2.0, up, down, float(len(coefficients)), *coefficients[::-1].tolist()])
    width = max(map(len, rows))
    return [row + [0.0] * (width - len(row)) for row in rows]


def _stacked(columns: list[Real] | list[Real | Index | Flag], rows: Index) -> list[list[float]]:
    return [[float(x) for x in row] for row in np.stack([np.asarray(c, np.float64) for c in columns], -1)[rows].tolist()]
