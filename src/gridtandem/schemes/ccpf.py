r"""Coordinated continuation by block elimination: at every joint iterate feeders say what is left of them without their interior.

Paper    Bordered systems: W. J. F. Govaerts, "Numerical Methods for Bifurcations of Dynamical Equilibria", SIAM, 2000, ch. 3; that transmission and
         feeders are continued together is M. Gupta, thesis, IIT Delhi, 2022, ch. 3; the elimination with local borders (a)-(e) is our derivation, see
         docs/explanation/voltage-security.md.
Decides  nobody; both sides only compute.
Crosses  per interface and correction: feeders hear 10 numbers (voltage, λ, step, tangent) and their memo, and say 23 (what is left of them) and a
         memo; transmission hears those 23 and says 9 (step, tangent, voltage), and 6 for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from gridtandem.boundary.arc import DONE, Arc
from gridtandem.boundary.growth_letters import Eliminate, JointStep
from gridtandem.boundary.growth_points import Traced, Tracked
from gridtandem.boundary.joint import again, ahead, begun, corrected, given_way
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
    switches: int = 500  # of units to their limits and back before anything grows

    asks_tso: ClassVar = frozenset({JointStep})
    asks_dsos: ClassVar = frozenset({Eliminate})

    def start(self, mail: Mail) -> Tracked:
        """All load flows together, at λ = 0."""
        base = begun(mail, tol_mva=self.tol_mva, most=self.most)
        for _ in range(self.switches):  # units beyond their limits before anything grows
            if base is None or base.over <= 0 or (behind := given_way(mail, base)) is None:
                break
            base = corrected(mail, *again(behind), tol_mva=self.tol_mva, most=self.most)
        return Tracked.begun(mail.shape, Arc.of(self.longest, self.past), base)

    def round(self, mail: Mail, s: Tracked) -> Tracked:
        """One trial along the arc: prediction (a), and Newton to the curve (b)-(e), in which every company eliminates its interior."""
        if s.arc.ended:
            return s
        if s.limited:
            onwards = given_way(mail, s.base)
            return s.after(None) if onwards is None else s.onwards(onwards)
        return s.after(corrected(mail, *ahead(s.base, s.arc.length), tol_mva=self.tol_mva, most=self.most))

    def gap(self, s: Tracked) -> Gap:
        """dλ along the arc, until the nose and what is asked for behind it."""
        return Gap(s.left, 1e-9)

    def curve(self, s: Tracked) -> Traced:
        """What the parties take home."""
        return Traced(s.points, s.arc.phase == DONE, s.trouble)
