"""Price and slope: the TSO sends prices and how fast they rise; each DSO answers what it takes if prices do so.

Paper    the price iteration of M. Gupta, PhD thesis, IIT Delhi, 2022, chapter 4, with a second number; in load dispatch the idea is that of
         Z. Li, H. Sun, Q. Guo et al., IEEE Trans. Power Syst., doi 10.1109/tpwrs.2018.2890169. Prices and slopes (a), the DSO's answer (b).
Decides  each DSO what it takes; the TSO what it costs.
Crosses  per round, interface and period: a price, an exchange and a slope down, one exchange up (and its cost); reach once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.cmo_letters import Slope, SlopeAt
from gridtandem.boundary.cycles import MEMORY, cycling
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.market_letters import DrawNear, Reach
from gridtandem.boundary.taken_home import Bargain
from gridtandem.coordinate import Gap
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class CmoSlopeState:
    """The last exchange, the prices there with their slope, and what is seen of a cycle."""

    z: Real
    price: Real
    slope: Real
    gaps: tuple[float, ...] = ()
    seen: tuple[Real, ...] = ()
    trouble: str = ""


@final
@dataclass(frozen=True, slots=True)
class CmoSlope:
    """Ends when the market's prices are those at which the DSOs stood, to ``tol``.

    ``others`` is the share that others' draws have in the slope: 1, prices as they rise when all interfaces take more (row sums); 0, when one alone
    does (the diagonal).
    """

    others: float = 1.0
    tol: float = 1e-5  # [currency/MWh]
    width_mw: float = 0.1  # across which the TSO looks for slopes, either way

    asks_tso: ClassVar = frozenset({SlopeAt})
    asks_dsos: ClassVar = frozenset({Reach, DrawNear})

    def start(self, mail: Mail) -> CmoSlopeState:
        """Prices and slopes where every feeder takes the middle of what it can."""
        reach = mail.ask_dsos(Reach(), worth=Worth.EXACT)
        z = (reach.low + reach.high) / 2
        found = mail.ask_tso(SlopeAt(z, self.width_mw), worth=Worth.EXACT)
        return CmoSlopeState(z, found.price, self._slope(found))

    def round(self, mail: Mail, s: CmoSlopeState) -> CmoSlopeState:
        """Draw, clear."""
        draw = mail.ask_dsos(DrawNear(s.price, s.z, s.slope), worth=Worth.EXACT)  # (b)
        found = mail.ask_tso(SlopeAt(draw.z, self.width_mw), worth=Worth.EXACT)  # (a)
        stood = s.price + s.slope * (draw.z - s.z)  # price at which each DSO stands
        gaps = (*s.gaps, float(np.abs(found.price - stood).max(initial=0.0)))
        seen = (*s.seen, s.price)[-MEMORY:]
        return CmoSlopeState(draw.z, found.price, self._slope(found), gaps, seen, cycling(seen, gaps, self.tol))

    def _slope(self, found: Slope) -> Real:
        return found.own + self.others * (found.together - found.own)

    def gap(self, s: CmoSlopeState) -> Gap:
        """The market's prices against those at which the DSOs stood."""
        return Gap(s.gaps[-1] if s.gaps else np.inf, self.tol, trouble=s.trouble)

    def bargain(self, s: CmoSlopeState) -> Bargain:
        """The last draw at the market's prices for it."""
        return Bargain(s.z, s.price)
