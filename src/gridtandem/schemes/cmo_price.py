"""Price iteration: the TSO sends prices, each DSO answers what it takes at them, the TSO clears the market for that and sends the new prices.

Paper    M. Gupta, PhD thesis, IIT Delhi, 2022, chapter 4 (the text is not public; this least exchange is our reconstruction): the DSO's answer
         to a price (a), the TSO's clearing (b); relaxed by a share of the way to the new price (c).
Decides  each DSO what it takes; the TSO what it costs.
Crosses  per round, interface and period: one price down and one exchange up (and its cost); reach once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.cycles import MEMORY, cycling
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.market_letters import ClearAt, DrawAt, Reach
from gridtandem.boundary.taken_home import Bargain
from gridtandem.coordinate import Gap
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class CmoPriceState:
    """The next prices, the last exchange, and what is seen of a cycle."""

    price: Real
    z: Real
    gaps: tuple[float, ...] = ()
    seen: tuple[Real, ...] = ()
    trouble: str = ""


@final
@dataclass(frozen=True, slots=True)
class CmoPrice:
    """Ends when the market answers the DSOs' draw with the very prices they drew at, to ``tol``: then both sides are at their optimum."""

    relaxation: float = 1.0  # share of the way to the new price
    tol: float = 1e-5  # [currency/MWh]

    asks_tso: ClassVar = frozenset({ClearAt})
    asks_dsos: ClassVar = frozenset({Reach, DrawAt})

    def start(self, mail: Mail) -> CmoPriceState:
        """Prices of a market where every feeder takes the middle of what it can."""
        reach = mail.ask_dsos(Reach(), worth=Worth.EXACT)
        z = (reach.low + reach.high) / 2
        return CmoPriceState(mail.ask_tso(ClearAt(z), worth=Worth.EXACT).price, z)

    def round(self, mail: Mail, s: CmoPriceState) -> CmoPriceState:
        """Draw, clear."""
        draw = mail.ask_dsos(DrawAt(s.price), worth=Worth.EXACT)  # (a)
        price = mail.ask_tso(ClearAt(draw.z), worth=Worth.EXACT).price  # (b)
        gaps = (*s.gaps, float(np.abs(price - s.price).max(initial=0.0)))
        seen = (*s.seen, s.price)[-MEMORY:]
        return CmoPriceState(s.price + self.relaxation * (price - s.price), draw.z, gaps, seen, cycling(seen, gaps, self.tol))  # (c)

    def gap(self, s: CmoPriceState) -> Gap:
        """Prices that came back against prices sent."""
        return Gap(s.gaps[-1] if s.gaps else np.inf, self.tol, trouble=s.trouble)

    def bargain(self, s: CmoPriceState) -> Bargain:
        """The last draw at the last prices."""
        return Bargain(s.z, s.price)
