r"""The nose itself by the conditions of Moore and Spence, condensed to the boundary; few long steps along the curve lead up to it.

Paper    G. Moore and A. Spence, "The calculation of turning points of nonlinear equations", SIAM J. Numer. Anal. 17(4), 1980, doi 10.1137/0717048:
         F = 0, Jφ = 0, |φ| = 1. The bordered tangent t = (φ, t_λ) has Jφ = −b t_λ, so that φ is known by elimination and t_λ = 0 is left (a)-(c),
         our derivation, see docs/explanation/voltage-security.md.
Decides  nobody; both sides only compute.
Crosses  as in ccpf, near the nose once per round: per interface feeders hear 10 numbers and a memo, and say 23 and a memo; transmission hears
         those 23 and says 9, and 6 for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.arc import DONE, LOST, SEEKING, Arc
from gridtandem.boundary.growth_letters import Eliminate, JointStep
from gridtandem.boundary.growth_points import Place, Traced, Tracked, leapt
from gridtandem.boundary.joint import ahead, begun, corrected, given_way
from gridtandem.boundary.mailbox import Mail
from gridtandem.coordinate import Gap


@final
@dataclass(frozen=True, slots=True, eq=False)
class CcpfNoseState:
    """The walk up to the nose; then where the direct iteration stands."""

    walk: Tracked
    ask: Eliminate | None = None
    joint: JointStep | None = None
    here: Place | None = None
    left: float = np.inf  # mismatch [MVA]
    slope: float = np.nan  # t_λ
    moved: float = np.nan  # σ, along the tangent, that led here
    bend: float = np.nan  # dt_λ/dσ, by the last two
    rounds: int = 0  # of the direct iteration


@final
@dataclass(frozen=True, slots=True)
class CcpfNose:
    """Margins only: once a step has passed the nose, correction and search for it go together, one exchange per round. Where that leads out of the
    step, the walk goes on and the step becomes shorter.
    """

    tol_mva: float = 1e-8  # mismatch
    nose: float = 1e-7  # t_λ
    near_mva: float = 1e-3  # mismatch from which on tangents are those of the curve, and a round goes along them too
    most: int = 12  # corrections of one place of the walk
    longest: float = 0.03  # change of any voltage in a step of the walk [pu]

    asks_tso: ClassVar = frozenset({JointStep})
    asks_dsos: ClassVar = frozenset({Eliminate})

    def start(self, mail: Mail) -> CcpfNoseState:
        """All load flows together, at λ = 0."""
        base = begun(mail, tol_mva=self.tol_mva, most=self.most)
        return CcpfNoseState(Tracked.begun(mail.shape, Arc.of(self.longest, 0.0), base))

    def round(self, mail: Mail, s: CcpfNoseState) -> CcpfNoseState:
        """A step of the walk; or Newton's step to the curve and, at once, σ along it to where t_λ = 0."""
        if s.walk.arc.ended:
            return s
        if s.ask is None or s.joint is None:
            if s.walk.limited:
                onwards = given_way(mail, s.walk.base)
                return CcpfNoseState(s.walk.after(None) if onwards is None else s.walk.onwards(onwards))
            return self._walked(s.walk.after(corrected(mail, *ahead(s.walk.base, s.walk.arc.length), tol_mva=self.tol_mva, most=self.most)))
        told = mail.ask_dsos(s.ask)
        there = mail.ask_tso(JointStep(told, s.joint.by, s.joint.turn, False, s.joint.memo))  # (a) step and tangent t
        left = max(float(told.left.max(initial=0.0)), there.left)
        if not np.isfinite(left) or s.rounds >= self.most:
            return CcpfNoseState(s.walk)
        slope = float(there.turn[..., 2].flat[0])
        near = left <= self.near_mva
        bend = (slope - s.slope) / s.moved if near and abs(s.moved) > 0 else s.bend  # (b) dt_λ/dσ between places on the curve
        most = s.walk.arc.high[0] / 4
        length = float(np.clip(-slope / bend, -most, most)) if near else 0.0
        by = there.step + length * there.turn  # (c) x + Δx + σ t
        ask = Eliminate(s.ask.v + by[..., 1], s.ask.growth + by[..., 2], by, there.turn, s.ask.give, told.interface, told.memo)
        here = Place.of(s.ask.v, s.ask.growth, told, there, 1)
        before = (slope, length) if near else (s.slope, s.moved)
        new = CcpfNoseState(s.walk, ask, JointStep(told, np.array([1.0, length]), True, False, there.memo), here, left, *before, bend, s.rounds + 1)
        return CcpfNoseState(s.walk) if self._met(new) and not self._within(s.walk, here) else new

    def _met(self, s: CcpfNoseState) -> bool:
        return bool(s.left <= self.tol_mva and abs(s.slope) <= self.nose)

    def _within(self, walk: Tracked, here: Place) -> bool:
        """Is that the nose that the step of the walk passed? λ lies below the tangent at its beginning, and voltages did not leap."""
        b, length = walk.base, walk.arc.high[0]
        more = float(here.growth.flat[0] - b.growth.flat[0])
        return 0 <= more <= length * b.slope and not leapt(b, here, walk.arc, length)

    def _walked(self, walk: Tracked) -> CcpfNoseState:
        """The direct iteration begins at the last place before the nose, with the bend of the step that passed it."""
        arc = walk.arc
        if arc.phase != SEEKING or not arc.nose:
            return CcpfNoseState(walk)
        bend = (arc.high[1] - arc.low[1]) / (arc.high[0] - arc.low[0])
        ask, joint = ahead(walk.base, arc.length)
        return CcpfNoseState(walk, ask, joint, walk.base, slope=arc.low[1], moved=arc.length - arc.low[0], bend=bend)

    def gap(self, s: CcpfNoseState) -> Gap:
        """t_λ, and the mismatch in its measure; that of the walk before."""
        if s.ask is None:
            ends = {LOST: np.nan, DONE: 0.0}
            return Gap(ends.get(s.walk.arc.phase, max(s.walk.left, self.nose * 2)), self.nose)
        return Gap(float(np.maximum(abs(s.slope), s.left * self.nose / self.tol_mva)), self.nose)

    def curve(self, s: CcpfNoseState) -> Traced:
        """What the parties take home: the walk, and the nose."""
        if s.here is None or s.ask is None:
            return Traced(s.walk.points, s.walk.arc.phase == DONE, s.walk.trouble)
        met = self._met(s)
        return Traced(s.walk.points.and_(s.here, s.moved) if met else s.walk.points, met, s.walk.trouble)
