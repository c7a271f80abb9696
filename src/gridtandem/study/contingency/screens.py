"""How outages are screened: by shift factors of a DC network, or by decoupled half steps with feeders on their tangents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.boundary.letters import PowerAt
from gridtandem.flow.decoupled import Decoupled
from gridtandem.flow.draw import Draw
from gridtandem.flow.shift_factors import ShiftFactors
from gridtandem.security.severity import active_flows, severity, severity_of_flows
from gridtandem.study.contingency.results import SCREENED, Findings
from gridtandem.study.contingency.steps import Ground
from gridtandem.tables import Complex, Flag, Index, Real
from gridtandem.units import MVA


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ByShiftFactors:
    """Active flows of the state, shifted by what the outage's own flow leaves to the others."""

    ground: Ground
    factors: ShiftFactors
    flow: Real  # (branch)

    @staticmethod
    def of(ground: Ground) -> ByShiftFactors:
        """Factors, once."""
        flow = active_flows(ground.nodal, ground.v[None], [np.empty(0, np.int64)])[0]
        return ByShiftFactors(ground=ground, factors=ShiftFactors.of(ground.nodal), flow=flow)

    def __call__(self, outage: Index) -> Findings:
        seen = severity_of_flows(self.ground.by, self.factors.after(self.flow, self.ground.opened(outage)))
        return self.ground.tabled(SCREENED, outage, seen, why=["the outage islands something"] * len(outage))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ByDecoupledSteps:
    """Half steps of transmission with feeders on their tangents; those that move far are asked in between."""

    ground: Ground
    decoupled: Decoupled

    @staticmethod
    def of(ground: Ground) -> ByDecoupledSteps:
        """Factors, once."""
        party, k = ground.desk.seats.transmission, float(ground.of.study.loading[0, 0])
        tangent = Draw(node=party.forecast.node, low=ground.at - 1, high=ground.at + 1, c=np.stack([ground.s, ground.ds], -1))
        found = Decoupled.of(party.newton, ground.v, draw=tangent, loads=k, units=k, ratio=ground.nodal.branches.ratio)
        return ByDecoupledSteps(ground=ground, decoupled=found)

    def __call__(self, outage: Index) -> Findings:
        ground, opened, rows = self.ground, self.ground.opened(outage), len(outage)
        v, asked, mute = None, np.zeros(rows, np.int64), np.zeros(rows, bool)
        extra = np.zeros((rows, len(ground.at)), np.complex128)
        for _ in range(ground.of.cycles):
            v = self.decoupled.after(opened, pairs=1, start=v, extra=extra)
            at = np.abs(v[:, self.decoupled.node])
            moved = MVA * np.abs(ground.ds) * np.abs(at - ground.at) > ground.of.tau_mva
            if moved.any():
                extra[moved] = self._beyond(at, moved, asked)
                mute |= np.isnan(extra).any(axis=1)
            v = self.decoupled.after(opened, pairs=1, start=v, extra=extra)
        assert v is not None
        seen = severity(ground.nodal, ground.by, v, opened)
        why = np.where(mute, "a feeder has no load flow at its voltage while screened", "the outage islands something while screened")
        return ground.tabled(SCREENED, outage, seen, spent=(np.zeros(rows, np.int64), asked), why=why.tolist())

    def _beyond(self, at: Real, moved: Flag, asked: Index) -> Complex:
        """What the marked feeders (row, interface) say they draw at these voltages, beyond their tangents; ``asked`` grows."""
        ground, rows = self.ground, np.flatnonzero(moved.any(axis=1))
        question = np.where(moved[rows], at[rows], np.nan)[:, None]
        mail = ground.mailbox(rows)
        told = mail.ask_dsos(PowerAt(question)).s[:, 0]
        asked[rows] += moved[rows].sum(axis=1)
        s = np.full(moved.shape, complex(np.nan, np.nan))
        s[rows] = (told[..., 0] + 1j * told[..., 1]) / MVA
        return np.asarray((s - ground.s - ground.ds * (at - ground.at))[moved], np.complex128)
