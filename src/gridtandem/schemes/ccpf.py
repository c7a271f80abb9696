r"""Coordinated continuation by block elimination: at every joint iterate feeders say what is left of them without their interior.

Paper    Bordered systems: W. J. F. Govaerts, "Numerical Methods for Bifurcations of Dynamical Equilibria", SIAM, 2000, ch. 3; that transmission and
         feeders are continued together is M. Gupta, thesis, IIT Delhi, 2022, ch. 3; the elimination with local borders (a)-(e) is our derivation, see
         docs/explanation/voltage-security.md.
Decides  nobody; both sides only compute.
Crosses  per interface and correction: feeders hear 10 numbers (voltage, λ, step, tangent) and their memo, and say 22 (what is left of them) and a
         memo; transmission hears those 22 and says 9 (step, tangent, voltage), and 6 for all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.arc import DONE, Arc
from gridtandem.boundary.growth_letters import NOBODY, NOTHING, Condense, JointStep, nobody
from gridtandem.boundary.growth_points import Place, Traced, Tracked
from gridtandem.boundary.mailbox import Mail
from gridtandem.coordinate import Gap


@final
@dataclass(frozen=True, slots=True)
class Ccpf:
    """The same curve as that of all networks as one, iterate by iterate; the nose may lie inside a feeder."""

    tol_mva: float = 1e-8  # mismatch
    longest: float = 0.05  # change of any voltage in a step [pu]
    past: float = 0.0  # part of λ* to be followed behind the nose
    most: int = 12  # corrections of one place

    asks_tso: ClassVar = frozenset({JointStep})
    asks_dsos: ClassVar = frozenset({Condense})

    def start(self, mail: Mail) -> Tracked:
        """All load flows together, at λ = 0."""
        first, zero = JointStep(nobody(mail.shape), np.zeros(2), False, NOTHING), np.zeros((*mail.shape, 4))
        v = mail.ask_tso(first).v
        base = self._corrected(mail, Condense(v, 0.0 * v, zero, zero, NOBODY, NOTHING), first)
        return Tracked.begun(mail.shape, Arc.of(self.longest, self.past), base)

    def round(self, mail: Mail, s: Tracked) -> Tracked:
        """One trial along the arc: (x, λ) + σ t, then Newton to the curve."""
        if s.arc.ended:
            return s
        length, p = s.arc.length, s.base
        ahead = length * p.turn  # (a) prediction
        ask = Condense(p.v + ahead[..., 1], p.growth + ahead[..., 2], ahead, p.turn, p.interface, p.memo)
        return s.after(self._corrected(mail, ask, JointStep(nobody(mail.shape), np.array([0.0, length]), True, p.own)))

    def _corrected(self, mail: Mail, ask: Condense, joint: JointStep) -> Place | None:
        """Newton's method on all networks together; None where it does not get to the curve."""
        for k in range(self.most + 1):
            left = mail.ask_dsos(ask)  # (b) Y = J̃⁻¹(−F, −F_V, −F_λ, α e), condensed
            there = mail.ask_tso(replace(joint, feeders=left))  # (c) bordered system, (d) tangent
            if not np.isfinite([*left.left.flat, there.left]).all():
                return None
            if max(float(left.left.max(initial=0.0)), there.left) <= self.tol_mva:
                return Place.of(ask.v, ask.growth, left, there, k)
            v, growth = ask.v + there.step[..., 1], ask.growth + there.step[..., 2]  # (e) Δx = Y (1, ΔV, Δλ, u)
            ask = Condense(v, growth, there.step, 0.0 * there.step, left.interface, left.memo)
            joint = JointStep(left, np.array([1.0, 0.0]), False, there.memo)
        return None

    def gap(self, s: Tracked) -> Gap:
        """dλ along the arc, until the nose and what is asked for behind it."""
        return Gap(s.left, 1e-9)

    def curve(self, s: Tracked) -> Traced:
        """What the parties take home."""
        return Traced(s.points, s.arc.phase == DONE, s.trouble)
