r"""Regulation: capacity that devices keep for the operator's signal, up (more injection) and down, and the mileage they make with it.

For a device with injection g within :math:`[\underline g, \overline g]`, capacity :math:`r^u, r^d \ge 0` and mileage :math:`m^u, m^d`:

.. math:: g + r^u \le \overline g, \quad g - r^d \ge \underline g, \quad r^u, r^d \le 5\,\mathrm{min} \cdot \mathrm{ramp}, \quad
          r^u \le m^u \le M^u r^u, \quad r^d \le m^d \le M^d r^d

and for storage with energy e that holds its capacity over the time τ: :math:`e - \tau r^u/\eta_{out} \ge \underline e`,
:math:`e + \tau \eta_{in} r^d \le \overline e`. Costs are linear in all four. Reactive set-points do not follow the signal; what goes with active
power (the share of flexible demand) does. `Regulators.deployed` gives the rows of a program as they stand when all capacity of one way is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.grid.devices import REGULATORS, Regulation
from gridtandem.grid.network import Network
from gridtandem.orders.products import MILEAGE_UP, PRODUCTS
from gridtandem.program.arrays import Columns, Matrix, Rows
from gridtandem.resources.part import Window
from gridtandem.resources.steps import FLEXIBLE, UNIT, PricedSteps
from gridtandem.tables import Flag, Index, Real

MINUTES = 5.0  # within which capacity must be there
FOLLOWS = ("limit", "factor_high", "factor_low", "capability")  # rows that must hold in every deployment
WAYS = (("up", 1.0), ("down", -1.0))
SOURCE = (UNIT, FLEXIBLE)  # of the steps of the first kinds of `REGULATORS`
STORAGE = REGULATORS.index("storages")


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Regulators:
    """Devices in service that offer regulation, as blocks ``up``, ``down``, ``mileage_up``, ``mileage_down`` (period, device)."""

    kind: Index  # (device) its table; see `gridtandem.grid.devices.REGULATORS`
    row: Index  # (device) its row there
    bus: Index
    q_share: Real  # (device) reactive injection that goes with active [Mvar/MW]
    price: Real  # (product, device) [currency/MW in an hour]
    columns: Mapping[str, Columns]
    rows: Mapping[str, Rows]
    shift: Mapping[str, Matrix]  # one more MW of injection of (period, device) among the unknowns of a block

    @staticmethod
    def of(net: Network, steps: PricedSteps, window: Window, bought: Flag) -> Regulators:
        """``steps`` are the network's own; ``bought`` (product) says what the market asks for: of the rest nothing is offered."""
        offers, kind, row = _in_service(net, steps)
        low, high = _range(net, steps, window, kind, row)
        room = np.maximum(high - low, 0.0)
        price = np.stack([offers.up_per_mw, offers.down_per_mw, offers.mileage_up_per_mw, offers.mileage_down_per_mw])
        columns, rows = dict[str, Columns](), _rooms(_injected(net, steps, window.periods, kind, row), low, high)
        most, far = (offers.up_high_mw, offers.down_high_mw), (offers.mileage_up_most, offers.mileage_down_most)
        for k, (way, _) in enumerate(WAYS):
            open_ = bool(bought[k] or bought[k + MILEAGE_UP])
            capacity = np.minimum(np.minimum(most[k], MINUTES * offers.ramp_mw_per_min), room) * open_
            longest = far[k] if bought[k + MILEAGE_UP] else np.ones(len(offers))
            columns[way] = Columns.of(room.shape, 0.0, capacity, cost=price[k] * window.hours)
            columns[f"mileage_{way}"] = Columns.of(room.shape, 0.0, capacity * longest, cost=price[k + MILEAGE_UP] * window.hours)
            one, times = sparse.eye_array(room.size), sparse.diags_array(np.tile(longest, window.periods))
            rows[f"least_{way}"] = Rows.of(room.shape, 0.0, np.inf, {f"mileage_{way}": one, way: -one})
            rows[f"most_{way}"] = Rows.of(room.shape, -np.inf, 0.0, {f"mileage_{way}": one, way: -times})
        rows |= _held(net, offers, kind, row, window.periods)
        return Regulators(
            kind=kind, row=row, bus=_column(net, "bus", kind, row).astype(np.int64), q_share=_column(net, "q_share", kind, row), price=price,
            columns=columns, rows=rows, shift=_first(net, steps, window.periods, kind, row),
        )  # fmt: skip

    def deployed(self, rows: Rows, way: str, sign: float) -> Rows:
        """The same rows with all capacity of one way called."""
        moved = [rows.parts[block] @ m for block, m in self.shift.items() if block in rows.parts]
        return Rows(rows.low, rows.high, {**rows.parts, way: sparse.csr_array(sign * sum(moved[1:], moved[0]))} if moved else rows.parts)

    def cost(self, x: Mapping[str, Real]) -> Real:
        """What the devices pay for what they keep ready and move (period, device). [currency/h]"""
        return np.asarray(sum((price * x[name] for name, price in zip(PRODUCTS, self.price, strict=True)), np.zeros(x[PRODUCTS[0]].shape)))

    def supplied(self, periods: int, bought: Flag) -> dict[str, Matrix]:
        """What each block brings to (period, product) of what is bought."""
        out, size = dict[str, Matrix](), len(self.row)
        for k, name in enumerate(PRODUCTS):
            each = np.zeros((len(PRODUCTS), size))
            each[k] = float(bought[k])
            out[name] = sparse.csr_array(sparse.kron(sparse.eye_array(periods), sparse.csr_array(each)))
        return out


def wanted(net: Network, window: Window) -> Real:
    """What the operator of transmission buys (period, product). [MW]"""
    out, r = np.zeros((window.end, len(PRODUCTS))), net.requirements
    mine = r.period <= window.end
    out[r.period[mine] - 1] = np.stack([r.up_mw, r.down_mw, r.mileage_up_mw, r.mileage_down_mw], -1)[mine]
    return np.asarray(window.of(out))


def _in_service(net: Network, steps: PricedSteps) -> tuple[Regulation, Index, Index]:
    """Offers whose device takes part, with its kind and row."""
    offers, place = net.regulation, np.full(len(net.regulation), -1)
    for k, (kind, name) in enumerate(zip(offers.what.tolist(), offers.row.tolist(), strict=True)):
        table = getattr(net, REGULATORS[kind])
        at = int(np.flatnonzero(table.name == name)[0])
        there = table.live[at] and net.buses.live[table.bus[at]] and (kind == STORAGE or bool(_mine(steps, kind, at).any()))
        place[k] = at if there and offers.live[k] else -1
    kept = np.flatnonzero(place >= 0)
    return offers.take(kept), offers.what[kept].astype(np.int64), place[kept]


def _mine(steps: PricedSteps, kind: int, row: int) -> Flag:
    return np.asarray((steps.source == SOURCE[kind]) & (steps.row == row))


def _range(net: Network, steps: PricedSteps, window: Window, kind: Index, row: Index) -> tuple[Real, Real]:
    """Least and most injection of the unknowns (period, device), beside what is injected in any case. [MW]"""
    shape = (window.periods, len(kind))
    low, high, factor = np.zeros(shape), np.zeros(shape), window.of(net.factors("storages", window.end))
    bottom, top = np.where(steps.sign > 0, steps.low, -steps.high), np.where(steps.sign > 0, steps.high, -steps.low)
    for k, (what, at) in enumerate(zip(kind.tolist(), row.tolist(), strict=True)):
        if what == STORAGE:
            low[:, k], high[:, k] = -net.storages.charge_high_mw[at] * factor[:, at], net.storages.discharge_high_mw[at] * factor[:, at]
        else:
            mine = _mine(steps, what, at)
            low[:, k], high[:, k] = bottom[:, mine].sum(-1), top[:, mine].sum(-1)
    return low, high


def _injected(net: Network, steps: PricedSteps, periods: int, kind: Index, row: Index) -> dict[str, Matrix]:
    """Injection of (period, device) by the unknowns of each block."""
    stores = np.flatnonzero(net.storages.live & net.buses.live[net.storages.bus])
    pick, store = np.zeros((len(kind), len(steps.row))), np.zeros((len(kind), len(stores)))
    for k, (what, at) in enumerate(zip(kind.tolist(), row.tolist(), strict=True)):
        if what == STORAGE:
            store[k] = stores == at
        else:
            pick[k] = np.where(_mine(steps, what, at), steps.sign, 0.0)
    return _daily({"x": pick, "discharge": store, "charge": -store}, periods)


def _first(net: Network, steps: PricedSteps, periods: int, kind: Index, row: Index) -> dict[str, Matrix]:
    """One unknown for each device that moves its injection alone."""
    every = {name: m for name, m in _injected(net, steps, 1, kind, row).items() if name != "charge"}
    out = {}
    for name, m in every.items():
        dense = m.toarray()
        lead = np.argmax(dense != 0, axis=1)
        one = np.zeros(dense.shape)
        one[np.arange(len(lead)), lead] = dense[np.arange(len(lead)), lead]
        out[name] = one.T
    return _daily(out, periods)


def _daily(each: Mapping[str, Real], periods: int) -> dict[str, Matrix]:
    """The same in every period; blocks that nobody has are left out."""
    return {name: sparse.csr_array(sparse.kron(sparse.eye_array(periods), sparse.csr_array(m))) for name, m in each.items() if m.any()}


def _rooms(injected: Mapping[str, Matrix], low: Real, high: Real) -> dict[str, Rows]:
    one = sparse.eye_array(low.size)
    return {
        "room_up": Rows.of(low.shape, -np.inf, high, {**injected, "up": one}),
        "room_down": Rows.of(low.shape, low, np.inf, {**injected, "down": -one}),
    }


def _held(net: Network, offers: Regulation, kind: Index, row: Index, periods: int) -> dict[str, Rows]:
    """Energy that storage keeps for its capacity."""
    s, mine = net.storages, np.flatnonzero(kind == STORAGE)
    if not len(mine):
        return {}
    live = np.flatnonzero(s.live & net.buses.live[s.bus])
    at, size = row[mine], len(mine)
    inside = np.asarray(live[None, :] == at[:, None], float)
    out = {}
    for way, rate in (("up", -offers.sustain_h[mine] / s.efficiency_out[at]), ("down", offers.sustain_h[mine] * s.efficiency_in[at])):
        called = np.zeros((size, len(kind)))
        called[np.arange(size), mine] = rate
        parts = _daily({"energy": inside, way: called}, periods)
        low, high = (s.energy_low_mwh[at], np.inf) if way == "up" else (-np.inf, s.energy_high_mwh[at])
        out[f"held_{way}"] = Rows.of((periods, size), low, high, parts)
    return out


def _column(net: Network, name: str, kind: Index, row: Index) -> Real:
    """A column of each device's own table; 0 where it has none."""
    out = np.zeros(len(kind))
    for k, what in enumerate(REGULATORS):
        mine = kind == k
        if mine.any() and name in getattr(net, what).columns():
            out[mine] = getattr(getattr(net, what), name)[row[mine]]
    return out
