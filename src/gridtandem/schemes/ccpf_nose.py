r"""The nose itself, without the curve that leads there: the conditions of Moore and Spence, condensed to the boundary.

Paper    G. Moore and A. Spence, "The calculation of turning points of nonlinear equations", SIAM J. Numer. Anal. 17(4), 1980, doi 10.1137/0717048:
         F = 0, Jφ = 0, |φ| = 1. The bordered tangent t = (φ, t_λ) has Jφ = −b t_λ, so that φ is known by elimination and t_λ = 0 is left (a)-(c),
         our derivation, see docs/explanation/voltage-security.md.
Decides  nobody; both sides only compute.
Crosses  as in ccpf, once per round: per interface feeders hear 10 numbers and a memo, and say 22 and a memo; transmission hears those 22 and says 9,
         and 6 for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.growth_letters import NOBODY, NOTHING, Condense, JointStep, Stepped, nobody
from gridtandem.boundary.growth_points import Place, Points, Traced
from gridtandem.boundary.mailbox import Mail
from gridtandem.coordinate import Gap
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class CcpfNoseState:
    """Where the iteration stands."""

    ask: Condense
    joint: JointStep
    here: Place
    left: float = np.inf  # mismatch [MVA]
    slope: float = np.nan  # t_λ
    moved: float = np.nan  # σ, along the tangent, that led here
    bend: float = np.nan  # dt_λ/dσ, by the last two
    trouble: str = ""


@final
@dataclass(frozen=True, slots=True)
class CcpfNose:
    """Margins only: correction and search for the nose at once, one exchange per round, the slope of t_λ by its last change."""

    tol_mva: float = 1e-8  # mismatch
    nose: float = 1e-7  # t_λ
    longest: float = 0.1  # change of any voltage in a round [pu]

    asks_tso: ClassVar = frozenset({JointStep})
    asks_dsos: ClassVar = frozenset({Condense})

    def start(self, mail: Mail) -> CcpfNoseState:
        """Where transmission stands with its own forecast, at λ = 0."""
        first, zero = JointStep(nobody(mail.shape), np.zeros(2), False, NOTHING), np.zeros((*mail.shape, 4))
        v = mail.ask_tso(first).v
        return CcpfNoseState(Condense(v, 0.0 * v, zero, zero, NOBODY, NOTHING), first, Place.nowhere(mail.shape))

    def round(self, mail: Mail, s: CcpfNoseState) -> CcpfNoseState:
        """Newton's step to the curve, and σ along it to where t_λ = 0."""
        told = mail.ask_dsos(s.ask)
        there = mail.ask_tso(JointStep(told, s.joint.by, s.joint.turn, s.joint.memo))  # (a) step and tangent t
        left = max(float(told.left.max(initial=0.0)), there.left)
        if not np.isfinite(left):
            return CcpfNoseState(s.ask, s.joint, s.here, np.nan, trouble="a network has no step from here; take ccpf, which goes along the curve")
        slope = float(there.turn[..., 2].flat[0])
        bend = (slope - s.slope) / s.moved if s.moved and np.isfinite(s.moved) else np.nan  # (b)
        length = self._length(there, slope, bend, first=not s.ask.memo.size)
        by = there.step + length * there.turn  # (c) x + Δx + σ t
        ask = Condense(s.ask.v + by[..., 1], s.ask.growth + by[..., 2], by, there.turn, told.interface, told.memo)
        joint = JointStep(told, np.array([1.0, length]), True, there.memo)
        here = Place.of(s.ask.v, s.ask.growth, told, there, 1)
        return CcpfNoseState(ask, joint, here, left, slope, length, bend)

    def _length(self, there: Stepped, slope: float, bend: float, *, first: bool) -> float:
        """σ, no further than a voltage may move; 0 in the first round, which only corrects."""
        most = self.longest / there.speed
        if first:
            return 0.0
        wish: Real = np.asarray(-slope / bend if bend < 0 else np.copysign(np.inf, slope))
        return float(np.clip(wish, -most, most))

    def gap(self, s: CcpfNoseState) -> Gap:
        """t_λ, and the mismatch in its measure."""
        return Gap(float(np.maximum(abs(s.slope), s.left * self.nose / self.tol_mva)), self.nose)

    def curve(self, s: CcpfNoseState) -> Traced:
        """What the parties take home: one point."""
        none = Points.none(s.here.v.shape[2])
        return Traced(none if not np.isfinite(s.left) else none.and_(s.here, 0.0), bool(s.left <= self.tol_mva and abs(s.slope) <= self.nose), s.trouble)
