"""The owner of every model as a dispatcher: one AC optimal power flow of all networks. Exists only in study mode; it is the benchmark."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.opf_letters import Dispatch, DispatchWhole
from gridtandem.cases.case import Case
from gridtandem.cases.join import Joined, joined
from gridtandem.grid.nodal import Nodal
from gridtandem.opf.ac_boundary import AcBoundary, Asked, decided, solved, unlimited
from gridtandem.parties.ac_units import BASE
from gridtandem.parties.owner import NONE, Ports
from gridtandem.program.answer import Answer
from gridtandem.tables import Index, Real
from gridtandem.units import MVA


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AcOwner:
    """The joined network of each period; limits of voltage where feeders begin are transmission's."""

    whole: tuple[Joined, ...]  # (period)
    held: tuple[AcBoundary, ...]  # (period)
    bus: Index  # (interface) of transmission
    before: Index  # (period) an earlier one, near whose answer the search for its own begins; −1: its own start

    @staticmethod
    def of(cases: tuple[Case, ...], before: Index) -> AcOwner:
        """Join the networks of every period."""
        table, whole, held = cases[0].interfaces, [], []
        for case in cases:
            one = joined(case)
            net = unlimited(one.network, one.first_bus[one.interface_feeder] + table.root)
            whole.append(one)
            held.append(AcBoundary.of(net, NONE, -1.0))
        return AcOwner(whole=tuple(whole), held=tuple(held), bus=table.bus, before=before)

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {DispatchWhole: self.dispatch}

    def solve(self) -> tuple[Answer, ...]:
        """The joint optimum of every period."""
        found: list[Answer] = []
        for at, before in zip(self.held, self.before.tolist(), strict=True):
            near = before >= 0 and solved(found[before])
            found.append(at.least(Asked(toll=at.free(), fixed={}), found[before] if near else None))
        return tuple(found)

    def dispatch(self, ask: DispatchWhole) -> Dispatch:  # noqa: ARG002 — the letter has no content
        """What passes at interfaces, and what it is worth."""
        return self.told(self.solve())

    def told(self, answers: tuple[Answer, ...]) -> Dispatch:
        """Exchanges and the prices of power there; that of voltage has no row of its own in a joined problem."""
        shape = (1, len(self.held), len(self.bus), 3)
        y, price, cost = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape[:2], np.nan)
        for t, (at, found) in enumerate(zip(self.held, answers, strict=True)):
            if not solved(found):
                continue
            node = at.problem.form.nodal.node[self.bus]
            price[0, t, :, :2] = np.stack([found.price["balance"][node], found.price["balance_q"][node]], -1) / MVA
            y[0, t] = self._passing(t, found) * BASE
            mine = at.problem.form.nodal.units.row < int((self.whole[t].part["generators"] == 0).sum())
            cost[0, t] = at.problem.unit_cost(found)[mine].sum()
        worth = np.where(np.isfinite(y[..., 0]), Worth.ESTIMATE, Worth.REFUSED).astype(np.int8)
        return Dispatch(y, price, worth, cost)

    def _passing(self, t: int, found: Answer) -> Real:
        """Power into each feeder and the voltage there (interface, 3). [per unit]"""
        at, whole = self.held[t], self.whole[t]
        nodal = Nodal.of(decided(at, found))
        v = found.x["v"] * np.exp(1j * found.x["theta"])
        ports = Ports.of(whole, nodal, self.bus)
        s = ports.drawn(v, nodal.branches.ratio, np.ones(1))
        return np.stack([s.real, s.imag, np.abs(v[ports.at])], -1)
