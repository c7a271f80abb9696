"""Independent load flows, the practice that coordination replaces: each side studies its own network on a guess of the other.

Paper    common practice; transmission lumps each feeder into its nominal load with load-weighted exponents and without losses, a
         feeder takes 1 pu at its root (our reading of the independent load flows in the coordinated-operation literature).
Decides  each side alone; nothing is agreed.
Crosses  nothing between the companies; the letters only report each side's own result (feeders 4 numbers, transmission 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Alone, Boundary
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.taken_home import Agreement
from gridtandem.coordinate import End, Gap, farthest
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class IndependentState:
    """Both opinions, side by side."""

    tso: Boundary | None = None
    dsos: Boundary | None = None
    shape: Real | None = None


@final
@dataclass(frozen=True, slots=True)
class Independent:
    """One look each; done. What the two sides reckon with does not fit together, and the AC check says by how much."""

    asks_tso: ClassVar = frozenset({Alone})
    asks_dsos: ClassVar = frozenset({Alone})

    def start(self, mail: Mail) -> IndependentState:
        """Nothing is known yet."""
        return IndependentState(shape=np.ones(mail.shape))

    def round(self, mail: Mail, s: IndependentState) -> IndependentState:
        """Each side reports its own study."""
        return IndependentState(mail.ask_tso(Alone()), mail.ask_dsos(Alone()), s.shape)

    def gap(self, s: IndependentState) -> Gap:
        """Open until both have looked, and for ever where one of them found nothing."""
        if s.tso is None or s.dsos is None:
            return Gap(np.inf, 0.0)
        both = s.tso.v + s.dsos.s[..., 0]
        return Gap(0.0 if np.isfinite(both).any() or not both.size else np.nan, 0.0, End.ALONE)

    def gaps(self, s: IndependentState) -> Real:
        """The same of each scenario."""
        if s.tso is None or s.dsos is None:
            return np.full(0 if s.shape is None else len(s.shape), np.inf)
        return 0.0 * farthest(s.tso.v, s.dsos.s)

    def agreement(self, s: IndependentState) -> Agreement:
        """Feeders go home with nominal voltage, transmission with its own forecast."""
        v = np.ones(0) if s.shape is None else s.shape
        return Agreement(v if s.dsos is None else s.dsos.v, np.zeros_like(v), None)
