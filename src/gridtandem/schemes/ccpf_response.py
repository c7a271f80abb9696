r"""Coordinated continuation by responses: feeders solve at a voltage and λ and send power and slopes; transmission alone measures the arc.

Paper    Response functions, arXiv 1712.08282 (abstract), taken along a curve as M. Gupta, thesis, IIT Delhi, 2022, ch. 3, continues transmission and
         feeders; the equations (a)-(d) are our derivation, see docs/explanation/voltage-security.md.
Decides  nobody; both sides only compute.
Crosses  per interface and correction: feeders hear 2 numbers (voltage, λ) and say 23 (power, what their loads draw and their weakest
         voltage, with slopes by both; zeros in the rest); transmission hears those and says 9 (step, tangent, voltage), and 6 for all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.arc import DONE, Arc
from gridtandem.boundary.growth_letters import NOTHING, JointStep, RespondAt, nobody
from gridtandem.boundary.growth_points import Place, Traced, Tracked
from gridtandem.boundary.mailbox import Mail
from gridtandem.coordinate import Gap


@final
@dataclass(frozen=True, slots=True)
class CcpfResponse:
    """A feeder must have a load flow at the voltage asked for. With demand of constant power its interior can be singular there a little before the
    nose of all networks together, and then the curve ends early; `Ccpf` goes on.
    """

    tol_mva: float = 1e-8  # mismatch
    longest: float = 0.05  # change of any voltage in a step [pu]
    past: float = 0.0  # part of λ* to be followed behind the nose
    most: int = 12  # corrections of one place

    asks_tso: ClassVar = frozenset({JointStep})
    asks_dsos: ClassVar = frozenset({RespondAt})

    def start(self, mail: Mail) -> Tracked:
        """All load flows together, at λ = 0."""
        first = JointStep(nobody(mail.shape), np.zeros(2), False, False, NOTHING)
        v = mail.ask_tso(first).v
        return Tracked.begun(mail.shape, Arc.of(self.longest, self.past), self._corrected(mail, RespondAt(v, 0.0 * v), first))

    def round(self, mail: Mail, s: Tracked) -> Tracked:
        """One trial along the arc: (x, λ) + σ t, then Newton to the curve."""
        if s.arc.ended:
            return s
        length, p = s.arc.length, s.base
        ask = RespondAt(p.v + length * p.turn[..., 1], p.growth + length * p.turn[..., 2])  # (a) prediction
        return s.after(self._corrected(mail, ask, JointStep(nobody(mail.shape), np.array([0.0, length]), True, False, p.own)))

    def _corrected(self, mail: Mail, ask: RespondAt, joint: JointStep) -> Place | None:
        """Newton's method on transmission's unknowns; None where it does not get to the curve, or a feeder has no load flow."""
        for k in range(self.most + 1):
            told = mail.ask_dsos(ask)  # (b) S, dS/dV, dS/dλ = D(V, λ)
            there = mail.ask_tso(replace(joint, feeders=told))  # (c) bordered system, (d) tangent
            if not np.isfinite([*told.left.flat, there.left]).all():
                return None
            if there.left <= self.tol_mva:
                return Place.of(ask.v, ask.growth, told, there, k)
            ask = RespondAt(ask.v + there.step[..., 1], ask.growth + there.step[..., 2])
            joint = JointStep(told, np.array([1.0, 0.0]), False, False, there.memo)
        return None

    def gap(self, s: Tracked) -> Gap:
        """dλ along the arc, until the nose and what is asked for behind it."""
        return Gap(s.left, 1e-9)

    def curve(self, s: Tracked) -> Traced:
        """What the parties take home."""
        return Traced(s.points, s.arc.phase == DONE, s.trouble)
