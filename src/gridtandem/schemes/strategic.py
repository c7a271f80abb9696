"""The strategic company: it knows how its own trade moves the price, and takes the exchange that is best for itself.

Paper    H. Sheikhahmadi et al., 2021: a bi-level model of a distribution company in the wholesale market, solved by its optimality conditions
         (only the abstract is public; the model is our reconstruction, see docs/explanation/strategic.md). Route ``cells``: the company is told the
         residual supply (a) and answers it (b); routes ``kkt-…``: it is told the whole market (c), as those conditions need.
Decides  each company its exchange; the market the price at it.
Crosses  reach once; per round six numbers down for each step of price (where and when it is, its ends, the price), one exchange and its price up;
         or the whole market down.
         Several companies move in turn, until nobody does: an equilibrium, though perhaps one of several.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.cycles import MEMORY, cycling
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.market_letters import ClearAt, Range, Reach
from gridtandem.boundary.strategic_letters import Disclose, Residual, ResidualCurve
from gridtandem.boundary.strategy_letters import BestAgainst, BestWithin, Strategy
from gridtandem.boundary.taken_home import Bargain
from gridtandem.coordinate import Gap
from gridtandem.tables import Real

LITTLE = 1e-7  # MW; room of a total whose turn it is not
ADVICE = "companies answer each other without end; no equilibrium is found this way"


@final
@dataclass(frozen=True, slots=True, eq=False)
class StrategicState:
    """Curves that were told last, and what was made of them."""

    reach: Range
    z: Real  # (scenario, period, interface) what each takes, as far as it had its turn [MW]
    curve: Residual | None = None  # none where the market was told whole
    best: Strategy | None = None
    price: Real | None = None  # at which z is settled
    moves: tuple[float, ...] = ()  # of all in the first round, then of one total in each [MW]
    gaps: tuple[float, ...] = ()
    seen: tuple[Real, ...] = ()
    trouble: str = ""


@final
@dataclass(frozen=True, slots=True)
class Strategic:
    """``local`` says how resources inside are paid: what they offered, a price posted to each at which it gives what it likes, that of their node."""

    route: str = "cells"
    local: str = "pay-as-bid"
    tol: float = 1e-6  # [MW] by which the others may still move

    words: ClassVar = {"route": ("cells", "kkt-sos1", "kkt-bigm"), "local": ("pay-as-bid", "posted", "nodal")}
    asks_tso: ClassVar = frozenset({ResidualCurve, Disclose, ClearAt})
    asks_dsos: ClassVar = frozenset({Reach, BestAgainst, BestWithin})

    def start(self, mail: Mail) -> StrategicState:
        """How far each could go; the others are taken to stay half-way."""
        reach = mail.ask_dsos(Reach(), worth=Worth.EXACT)
        return StrategicState(reach, (reach.low + reach.high) / 2)

    def round(self, mail: Mail, s: StrategicState) -> StrategicState:
        """Be told, answer: first all, then one total after the other, and once nobody moves all again, to see that nobody would."""
        if self.route != "cells":
            return self._whole(mail, s)
        totals = np.arange(1) if s.curve is None else np.unique(s.curve.head)
        turn = len(s.moves) - 1
        still = turn >= len(totals) and max(s.moves[-len(totals) :]) <= self.tol
        moves = np.full(s.z.shape, True) if s.curve is None or still else s.curve.head == totals[turn % len(totals)]
        low, high = np.where(moves, s.reach.low, s.z - LITTLE), np.where(moves, s.reach.high, s.z + LITTLE)
        curve = mail.ask_tso(ResidualCurve(low, high, s.z), worth=Worth.EXACT)  # (a)
        best = mail.ask_dsos(BestAgainst(curve, self.local), worth=Worth.ESTIMATE)  # (b)
        far = float(np.abs(best.z - s.z)[moves].max())
        alone = len(np.unique(curve.head)) == 1
        z = s.z if still else np.where(moves, best.z, s.z)
        gaps = (*s.gaps, 0.0 if alone else far if still else np.inf)
        price = best.price if alone else mail.ask_tso(ClearAt(z)).price if gaps[-1] <= self.tol else None
        seen = (*s.seen, z)[-MEMORY:] if turn > len(totals) else ()
        steps = (*s.moves, far) if not still else s.moves[:1]
        trouble = cycling(seen, steps[1:], self.tol, ADVICE, what="exchanges {}, in MW,") if len(steps) > 1 else ""
        return StrategicState(s.reach, z, curve, best, price, steps, gaps, seen, trouble)

    def _whole(self, mail: Mail, s: StrategicState) -> StrategicState:
        """Told the market whole, which only a company alone can answer: for all of its totals at once."""
        market = mail.ask_tso(Disclose(s.reach.low, s.reach.high), worth=Worth.EXACT)  # (c)
        best = mail.ask_dsos(BestWithin(market, self.route, self.local), worth=Worth.ESTIMATE)
        return StrategicState(s.reach, best.z, None, best, best.price, (), (0.0,))

    def gap(self, s: StrategicState) -> Gap:
        """How far anybody would move, once nobody did while all had their turn; where there is one total, its first answer is its last."""
        return Gap(s.gaps[-1] if s.gaps else np.inf, self.tol, trouble=s.trouble)

    def bargain(self, s: StrategicState) -> Bargain:
        """Every company its exchange, at the price that it makes; several at that of their common clearing."""
        return Bargain.of(None) if s.price is None else Bargain(s.z, s.price)
