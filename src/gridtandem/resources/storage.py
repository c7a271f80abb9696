r"""Storage and vehicles: energy carried from one period to the next.

.. math:: e_t = e_{t-1} + \eta_{in} \Delta\, c_t - \frac{\Delta}{\eta_{out}} d_t

with charging c and discharging d, both zero or more. That not both are above zero at once needs no whole numbers where doing both never pays: each
MWh taken and given back costs wear and loses energy, so at prices above :math:`-\mathrm{wear}` it is a loss. `overlaps` measures it afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from scipy import sparse

from gridtandem.errors import Fault
from gridtandem.grid.network import Network
from gridtandem.program.arrays import Columns, Matrix, Rows
from gridtandem.resources.part import Part, Window, at_nodes
from gridtandem.tables import Real

PAIRS = (("discharge", "charge"), ("back", "plug"))  # blocks that must not both be above 0
OVERLAP = 1e-5  # MW²; more than what solvers leave of a product that is 0


def storage(net: Network, nodes: int, node: np.ndarray, window: Window) -> Part | None:
    """Blocks ``charge``, ``discharge``, ``energy`` (period, storage), and their rows ``store``; None without storage.

    Outside of the whole day (a window that does not begin at its first period) storage begins with what it holds at the start of the day.
    """
    s, t, hours = net.storages, window.periods, window.hours
    live = np.flatnonzero(s.live & net.buses.live[s.bus])
    if not len(live):
        return None
    s = s.take(live)
    factor = window.of(net.factors("storages", window.end))[:, live]
    shape = (t, len(s))
    last = np.arange(t)[:, None] == t - 1
    low = np.where(last & s.returns, s.energy_start_mwh, s.energy_low_mwh)
    high = np.where(last & s.returns, s.energy_start_mwh, s.energy_high_mwh)
    columns, rows = stored(
        (s.charge_high_mw * factor, s.discharge_high_mw * factor), (low, high), s.energy_start_mwh, efficiency=(s.efficiency_in, s.efficiency_out),
        cost=s.cost_per_mwh, hours=hours,
    )  # fmt: skip
    q: dict[str, Matrix] = {}
    if s.q_high_mvar.any():
        columns["q_storage"] = Columns.of(shape, -s.q_high_mvar, s.q_high_mvar)
        q["q_storage"] = at_nodes(node[s.bus], t, nodes)
    give = at_nodes(node[s.bus], t, nodes)
    return Part(columns=columns, rows=rows, p={"charge": -give, "discharge": give}, q=q)


def stored(
    power: tuple[Real, Real], energy: tuple[Real, Real], start: Real, *, efficiency: tuple[Real, Real], cost: Real, hours: float
) -> tuple[dict[str, Columns], dict[str, Rows]]:
    """Blocks and rows of storage from most power taken and given, and least and most energy (all: period, storage)."""
    periods, size = power[0].shape
    columns = {
        "charge": Columns.of((periods, size), 0.0, power[0], cost=cost * hours),
        "discharge": Columns.of((periods, size), 0.0, power[1], cost=cost * hours),
        "energy": Columns.of((periods, size), *energy),
    }
    return columns, {"store": _carried(start, periods, {"charge": efficiency[0] * hours, "discharge": -hours / efficiency[1]}, "energy")}


def vehicles(net: Network, nodes: int, node: np.ndarray, window: Window) -> Part | None:
    """Blocks ``plug``, ``back``, ``battery`` (period, station), and their rows ``owed``: what was owed is inside when they leave."""
    v, t, hours = net.vehicles, window.periods, window.hours
    live = np.flatnonzero(v.live & net.buses.live[v.bus])
    if not len(live):
        return None
    v = v.take(live)
    period = window.first + 1 + np.arange(t)[:, None]
    there = (period >= v.arrives) & (period <= v.leaves)
    due = (period == v.leaves) | ((period == window.end) & there)
    factor = window.of(net.factors("vehicles", window.end))[:, live]
    low = np.where(due, v.energy_need_mwh, np.where(there, 0.0, -np.inf))
    shape = (t, len(v))
    columns = {
        "plug": Columns.of(shape, 0.0, np.where(there, v.charge_high_mw * factor, 0.0)),
        "back": Columns.of(shape, 0.0, np.where(there, v.discharge_high_mw * factor, 0.0), cost=v.cost_per_mwh * hours),
        "battery": Columns.of(shape, np.where(there, low, 0.0), np.where(period < v.arrives, 0.0, v.energy_room_mwh)),
    }
    carried = _carried(np.zeros(len(v)), t, {"plug": v.efficiency_in * hours, "back": -hours / v.efficiency_out}, "battery")
    give = at_nodes(node[v.bus], t, nodes)
    return Part(columns=columns, rows={"owed": carried}, p={"plug": -give, "back": give})


def overlap(give: Real, take: Real) -> float:
    """Largest product of charging and discharging in one period. [MW²]"""
    return float((give * take).max(initial=0.0))


def overlaps(x: Mapping[str, Real], periods: int) -> Real:
    """The same by period, over storage and vehicles in decisions; 0 where there are none. [MW²]"""
    both = [x[give] * x[take] for give, take in PAIRS if give in x]
    return np.asarray(np.concatenate([np.zeros((periods, 1)), *both], axis=1).max(1))


def store_faults(net: Network, periods: int) -> Iterator[Fault]:
    """Energy that cannot be what it must."""
    s, v = net.storages, net.vehicles
    free = s.cost_per_mwh + (1 - s.efficiency_in * s.efficiency_out)
    for k in np.flatnonzero(s.live & (free <= 0)).tolist():
        told = "loses nothing and wears not at all, so that charging and discharging at once would cost nothing"
        yield s.fault(k, "cost_per_mwh", told, "give it a wear above 0, or an efficiency below 1", "case-095")
    for k in np.flatnonzero(v.live & (v.leaves > periods)).tolist():
        yield v.fault(k, "leaves", f"is {v.leaves[k]} of {periods} periods", "let it leave within the day", "case-096")


def _carried(start: Real, periods: int, flows: dict[str, Real], inside: str) -> Rows:
    """Energy inside less energy before less what flowed in: at the first period it is what was there at the start."""
    size = len(start)
    day = sparse.eye_array(periods)
    before = sparse.kron(sparse.eye_array(periods, k=-1), sparse.eye_array(size))
    parts = {inside: sparse.csr_array(sparse.eye_array(periods * size) - before)}
    for name, factor in flows.items():
        parts[name] = sparse.csr_array(-sparse.kron(day, sparse.diags_array(np.broadcast_to(factor, size).astype(float))))
    right = np.zeros((periods, size))
    right[0] = start
    return Rows.of((periods, size), right, right, parts)
