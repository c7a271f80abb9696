"""Boundary Newton for feeders fed from several buses: powers, with slopes by all ports' voltages and angles; quadratic.

Paper    Newton on the boundary residual, as in G. Krishnamoorthy and A. Dubey, arXiv 1912.07191 (abstract), here for any number of
         ports with angles; that looped feeders are the case where plain splitting needs help: H. Sun, Q. Guo, B. Zhang et al., IEEE
         Trans. Smart Grid 6(3), 2015; equations (a)-(d) are our derivation, see docs/explanation/coordinated-load-flow.md.
Decides  nobody; both sides only compute.
Crosses  per interface and round: feeders hear 2 numbers (voltage, angle) and say them again, with 2 powers and, for each port of the
         feeder, 2 names and 4 slopes; transmission hears the same and says 2 (voltage, angle, whose differences drive power around loops).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Alone, PortResponse, PortResponseAt, VoltageUnderPorts
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.taken_home import Agreement
from gridtandem.coordinate import Gap, widest
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class BoundaryNewtonState:
    """Voltages V, the draws S with V = T(S), and the step of which they are a part: from ``begin`` to ``end``, MW and Mvar."""

    v: Real
    angle: Real
    s: Real  # (scenario, period, interface, 2); NaN before the first step
    begin: Real
    end: Real
    part: Real  # (scenario, period)
    left: Real  # (scenario, period) residual |D(V) − S| where the step began [MVA]
    draw: PortResponse | None = None
    moved: float = np.inf
    trouble: str = ""


@final
@dataclass(frozen=True, slots=True)
class BoundaryNewton:
    """Solves r = S − D(T(S)) = 0 with the step (I − D'T')⁻¹ r, found by transmission in one solve with the feeders' tangents inside."""

    tol: float = 1e-9  # of a voltage step [pu]
    tol_mva: float = 1e-7  # a residual below it is not asked to fall
    start_pu: float = 0.0  # where it begins; 0: at transmission's own forecast, which knows the angles
    shortest: float = 1e-3  # part of a step

    asks_tso: ClassVar = frozenset({VoltageUnderPorts, Alone})
    asks_dsos: ClassVar = frozenset({PortResponseAt})

    def start(self, mail: Mail) -> BoundaryNewtonState:
        """Where transmission stands with its own forecast of the draws, or flat."""
        none, left = np.full((*mail.shape, 2), np.nan), np.full(mail.shape[:2], np.inf)
        if self.start_pu > 0:
            v, angle, s = np.full(mail.shape, self.start_pu), np.zeros(mail.shape), none
        else:
            own = mail.ask_tso(Alone())
            v, angle, s = own.v, own.angle, own.s
        return BoundaryNewtonState(v, angle, s, s, s, np.ones(mail.shape[:2]), left)

    def round(self, mail: Mail, s: BoundaryNewtonState) -> BoundaryNewtonState:
        """One exchange: a Newton step where the residual fell, else half of the last one; each scenario and period for itself."""
        feeder = mail.ask_dsos(PortResponseAt(s.v, s.angle))  # (a) S, D' = D(V), D'(V)
        left = np.hypot(*np.moveaxis(feeder.s - s.s, -1, 0)).max(-1, initial=0.0)  # (b) r
        stale = (feeder.v != s.v).any(-1) | (feeder.angle != s.angle).any(-1)
        left = np.where(stale, np.nan, left)  # an answer to an older question says nothing of the step
        good = ~(left >= s.left) | (left <= self.tol_mva)
        part = np.where(good, 1.0, s.part / 2)
        back = s.begin + part[..., None, None] * (s.end - s.begin)
        draw = replace(
            feeder,
            s=np.where(good[..., None, None], feeder.s, back),
            dv=feeder.dv * good[..., None],
            dangle=feeder.dangle * good[..., None],
            worth=np.where((part < self.shortest)[..., None], 0, feeder.worth).astype(np.int8),
        )
        reply = mail.ask_tso(VoltageUnderPorts(draw))  # (c) V = T(S + D'·(V − V_k)): S − T⁻¹ and its slope in one solve
        end = tangent(draw, reply.v, reply.angle)  # (d) the draws that go with it
        step = np.abs(reply.v * np.exp(1j * reply.angle) - feeder.v * np.exp(1j * feeder.angle))
        moved = widest(np.where(good[..., None] | np.isnan(step), step, s.moved))
        here = good[..., None, None]
        lost = "no part of a step brings feeders and transmission closer; try another start_pu" if (part < self.shortest).any() else s.trouble
        return BoundaryNewtonState(
            reply.v, reply.angle, end, np.where(here, s.s, s.begin), np.where(here, end, s.end), part, np.where(good, left, s.left), draw, moved, lost
        )

    def gap(self, s: BoundaryNewtonState) -> Gap:
        """Largest voltage step. [pu]"""
        return Gap(s.moved, self.tol)

    def agreement(self, s: BoundaryNewtonState) -> Agreement:
        """What the parties take home."""
        return Agreement(s.v, s.angle, s.draw)


def tangent(draw: PortResponse, v: Real, angle: Real) -> Real:
    """Powers that tangents say at voltages; differences of angles within half a turn."""
    turned = (angle - draw.angle + np.pi) % (2 * np.pi) - np.pi
    dv, dangle = ((x[..., draw.other, None] * np.moveaxis(d, 0, 2)) for x, d in ((v - draw.v, draw.dv), (turned, draw.dangle)))
    out = np.moveaxis(draw.s, 2, 0).copy()
    np.add.at(out, draw.interface, np.moveaxis(dv + dangle, 2, 0))
    return np.moveaxis(out, 0, 2)
