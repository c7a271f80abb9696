r"""Coordinated continuation by exchange of numbers: transmission corrects with feeders' powers held, feeders solve at its voltages, until both rest.

Paper    M. Gupta, thesis, IIT Delhi, 2022, ch. 3 (block diagram); the equations (a)-(d) are our reading of it, see
         docs/explanation/voltage-security.md.
Decides  nobody; both sides only compute.
Crosses  per interface and exchange: feeders hear 2 numbers (voltage, λ) and say 23, of which 5 count (powers, what loads draw, how the weakest
         voltage moves); transmission hears those, as often as its own correction needs, and says 9 (step, tangent, voltage), and 6 for all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.arc import DONE, Arc
from gridtandem.boundary.growth_letters import NOTHING, Eliminated, JointStep, RespondAt, Stepped, nobody
from gridtandem.boundary.growth_points import Place, Traced, Tracked, leapt
from gridtandem.boundary.mailbox import Mail
from gridtandem.coordinate import Gap
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True)
class CcpfFixedPoint:
    """The plain exchange within every place. Its contraction ratio goes to 1 and beyond where the nose comes near, so it ends before it, where no
    further step makes λ grow: what was reached is a lower bound.
    """

    tol_mva: float = 1e-5  # change of what feeders draw between exchanges
    longest: float = 0.05  # change of any voltage in a step [pu]
    past: float = 0.0  # part of λ* to be followed behind the nose
    most: int = 40  # exchanges of one place
    shortest: float = 1e-4  # step at which the end counts as reached [pu]
    inner: int = 12  # corrections of transmission in one exchange

    asks_tso: ClassVar = frozenset({JointStep})
    asks_dsos: ClassVar = frozenset({RespondAt})

    def start(self, mail: Mail) -> Tracked:
        """All load flows together, at λ = 0."""
        first = JointStep(nobody(mail.shape), np.zeros(2), False, False, NOTHING)
        v = mail.ask_tso(first).v
        begun = Tracked.begun(mail.shape, Arc.of(self.longest, self.past), self._corrected(mail, RespondAt(v, 0.0 * v), first))
        return replace(begun, arc=replace(begun.arc, per_rise=0.0, sinking=True))  # tangents are those of transmission alone

    def round(self, mail: Mail, s: Tracked) -> Tracked:
        """One trial along the arc of transmission."""
        if s.arc.ended:
            return s
        length, p = s.arc.length, s.base
        ask = RespondAt(p.v + length * p.turn[..., 1], p.growth + length * p.turn[..., 2])  # (a) prediction
        found = self._corrected(mail, ask, JointStep(nobody(mail.shape), np.array([0.0, length]), True, False, p.own))
        if found is not None and found.growth.flat[0] > p.growth.flat[0] and not leapt(p, found, s.arc, length):
            return s.came(replace(found, corrections=found.corrections // 2))
        after = s.failed()  # λ fell, or nothing rested: nearer to the end by shorter steps
        return replace(after, arc=replace(after.arc, phase=DONE), trouble="") if after.arc.step < self.shortest else after

    def _corrected(self, mail: Mail, ask: RespondAt, joint: JointStep) -> Place | None:
        """Exchanges until what feeders draw rests; None where it does not, or somebody has no answer."""
        before: Real | float = np.inf
        for k in range(self.most + 1):
            told = mail.ask_dsos(ask)  # (b) S = D(V, λ)
            if not np.isfinite(told.left).all():
                return None
            s = told.rows[..., :2, 0]
            here = self._transmission(mail, replace(joint, feeders=_numbers(told)))  # (c) V, λ = T(S), along the arc
            if here is None:
                return None
            there, growth = here
            if np.abs(s - before).max(initial=0.0) <= self.tol_mva:  # (d)
                return Place.of(there.v, growth + 0.0 * ask.growth, told, there, k)
            before = s
            ask, joint = RespondAt(there.v, growth + 0.0 * ask.growth), JointStep(told, np.zeros(2), False, False, there.memo)
        return None

    def _transmission(self, mail: Mail, joint: JointStep) -> tuple[Stepped, float] | None:
        """Its own corrections with these numbers."""
        for _ in range(self.inner + 1):
            there = mail.ask_tso(joint)
            if not np.isfinite(there.left):
                return None
            if there.left <= self.tol_mva / 100:
                return there, there.growth
            joint = replace(joint, by=np.array([1.0, 0.0]), turn=False, memo=there.memo)
        return None

    def gap(self, s: Tracked) -> Gap:
        """dλ along the arc, until the nose and what is asked for behind it."""
        return Gap(s.left, 1e-9)

    def curve(self, s: Tracked) -> Traced:
        """What the parties take home."""
        return Traced(s.points, s.arc.phase == DONE, s.trouble, exact=False)


def _numbers(told: Eliminated) -> Eliminated:
    """Powers as numbers: they answer to nothing."""
    rows = told.rows.copy()
    rows[..., :2, 1:] = 0.0
    return replace(told, rows=rows)
