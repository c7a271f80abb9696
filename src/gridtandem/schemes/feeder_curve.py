"""Feeder curves: feeders say once what they draw over a range of voltages; transmission solves with that.

Paper    Chebyshev interpolation, L. N. Trefethen, "Approximation Theory and Approximation Practice", SIAM, 2013, ch. 8; that a feeder is a
         function of its root's voltage is the response function of arXiv 1712.08282; equations (a)-(d) are our derivation, see
         docs/explanation/coordinated-load-flow.md.
Decides  nobody; both sides only compute.
Crosses  per interface: feeders hear 2 numbers (range; 1 per company: degree d) and say 2d + 3, and 2d + 6 for every knot, anew while
         not exact; then transmission hears 2d + 4, and 2d + 6 for every knot, and says 2, feeders hear 1 and say 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.curves import curve_at
from gridtandem.boundary.letters import PowerAt, PowerCurve, PowerOver, VoltageUnder
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.taken_home import Agreement
from gridtandem.coordinate import Gap, widest
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class FeederCurveState:
    """The curves, the voltages under them, and how far off they are."""

    v: Real
    angle: Real
    draw: PowerCurve | None = None
    left: float = np.inf  # error promised over the range, then deviation seen at the voltage found [MVA]
    trouble: str = ""


@final
@dataclass(frozen=True, slots=True)
class FeederCurve:
    """One solve on curves of degree 7, with knots where taps and reactive limits bend them; degrees are doubled where that is not exact enough.
    Refuses outside its range, where a draw jumps and no voltage satisfies both sides, and where curves of degree ``most`` miss what feeders
    draw at the voltage found. ``kept``: curves of an earlier run (`FeederCurveState.draw`), asked for anew only where feeders no longer draw so.
    """

    tol: float = 1e-9  # `tol_mva` in the measure of the other schemes [pu]
    tol_mva: float = 1e-7  # of a curve: promised over its range, and seen at the voltage found
    low: float = 0.9  # the range of voltages [pu]
    high: float = 1.1
    degree: int = 7
    most: int = 63
    kept: PowerCurve | None = None

    asks_tso: ClassVar = frozenset({VoltageUnder})
    asks_dsos: ClassVar = frozenset({PowerOver, PowerAt})

    def start(self, mail: Mail) -> FeederCurveState:
        """Nothing is known yet."""
        return FeederCurveState(np.full(mail.shape, np.nan), np.zeros(mail.shape))

    def round(self, mail: Mail, s: FeederCurveState) -> FeederCurveState:
        """Curves; and, once they are exact enough or get no better, the solve and the look."""
        if self.kept is not None and s.draw is None and self.kept.low.shape == mail.shape:
            found = self._looked(mail, self.kept, last=False)
            if found.left <= self.tol_mva:
                return found
        low, high = np.full(mail.shape, self.low), np.full(mail.shape, self.high)
        degree = self.degree if s.draw is None else min(2 * s.draw.c.shape[-1] - 1, self.most)
        curve = mail.ask_dsos(PowerOver(low, high, degree))  # (a) S(V) = Σ c_k T_k
        draw, promised, last = PowerCurve(low, high, curve.c, curve.worth, curve.bends), widest(curve.error), degree >= self.most
        if self.tol_mva < promised < s.left / 2 and not last:
            return FeederCurveState(s.v, s.angle, draw, promised)
        return self._looked(mail, draw, last=last)

    def _looked(self, mail: Mail, draw: PowerCurve, *, last: bool) -> FeederCurveState:
        """The solve on curves, and what feeders draw in truth at the voltages found."""
        reply = mail.ask_tso(VoltageUnder(draw))  # (b) V = T(S(V))
        low, high = draw.low, draw.high
        power = mail.ask_dsos(PowerAt(np.clip(reply.v, low, high)))  # (c) S = D(V)
        off = np.abs(curve_at(draw, reply.v) - power.s).max(-1)  # (d)
        outside = ((reply.v < low) | (reply.v > high)).any(-1)
        bent = (off > self.tol_mva).any(-1) & last
        lost = (outside | bent)[..., None]
        v, off = np.where(lost, np.nan, reply.v), np.where(lost, np.nan, off)
        trouble = self._trouble(outside=bool(outside.any()), bent=bool(bent.any()))
        return FeederCurveState(v, np.where(lost, np.nan, reply.angle), draw, widest(off), trouble)

    def _trouble(self, *, outside: bool, bent: bool) -> str:
        said = []
        if outside:
            said.append(f"voltages leave the range {self.low:g} … {self.high:g} pu for which the feeders' curves were asked; set low and high wider")
        if bent:
            why = "a near end of solvability, or more switching than knots can follow, bends them"
            said.append(f"curves of degree {self.most} miss what feeders draw: {why}; take scheme response")
        return "; ".join(said)

    def gap(self, s: FeederCurveState) -> Gap:
        """Deviation of curves from feeders, in the measure of a voltage step. [pu]"""
        return Gap(float(s.left * self.tol / self.tol_mva), self.tol)

    def agreement(self, s: FeederCurveState) -> Agreement:
        """What the parties take home."""
        return Agreement(s.v, s.angle, s.draw)
