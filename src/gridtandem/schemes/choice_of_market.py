"""Choice of market: units of feeders sell in the wholesale market themselves, or in the feeder's own; both markets hang together by planes.

Paper    market framework 2 of chapter 4 of M. Gupta, PhD thesis, IIT Delhi, 2022; its formulas are not public, these are our reconstruction, see
         docs/explanation/coordinated-markets.md: forecast and choice (a), wholesale clearing (b), clearing of the own market and envelope (c).
Decides  each unit where it sells, or the market's rule for it; the TSO in the wholesale market; the DSO in its own.
Crosses  once per interface and period: a forecast up, a price down, an exchange and 4 numbers per unit up; per round an exchange and 2 numbers
         per unit down, 3 numbers and 1 per unit up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.choice_letters import Forward, PlanUnits, ResidualAt, UnitCut, UnitOffers
from gridtandem.boundary.cmo_letters import Forecast
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.market_letters import ClearAt, Range, Reach
from gridtandem.boundary.taken_home import Bargain
from gridtandem.coordinate import End, Gap
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class ChoiceOfMarketState:
    """Offers of units, planes learnt, the best point looked at, and bounds on the least cost with fees after every round."""

    reach: Range
    offers: UnitOffers
    cuts: tuple[UnitCut, ...]
    z: Real
    price: Real
    sold: Real  # (…, unit) [MW]
    cost: float = np.nan  # of all resources at the best point, without fees [currency]
    before: float = np.nan  # the same at the forecast
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class ChoiceOfMarket:
    """Four switches by which results may differ from the common optimum: ``local``; ``fee``; ``least_mw`` and ``blocks``; ``passes`` with
    ``forecast_error``.

    ``share`` is γ, the part of each unit's power that goes to the wholesale market; below 0 each unit goes where the forecast pays it more.
    ``local`` is how the own market pays who sells: "marginal", the price at the bus; "bid", what was offered; "average", one price, the mean of what
    its supply costs, which those who consume pay too.
    """

    share: float = 1.0
    local: str = "marginal"
    fee: float = 0.0  # on what units sell wholesale [currency/MWh]
    least_mw: float = 0.0  # smaller offers are not let in, and what they hold is lost to both markets
    blocks: int = 0  # of equal size into which a unit's offer falls, each accepted whole or not at all; 0: any amount is accepted
    forecast_error: float = 0.0  # added to the forecast price [currency/MWh]
    passes: int = 0  # clearings of the wholesale market; 0: as many as the bounds need to close
    saving: float = 0.0  # incentives are this share of what the wholesale clearing saves against the forecast; 0: sellers are made whole
    units: int = 12  # most units of a feeder that may choose
    tol: float = 1e-7

    words: ClassVar = {"local": ("marginal", "bid", "average")}
    asks_tso: ClassVar = frozenset({ClearAt, PlanUnits})
    asks_dsos: ClassVar = frozenset({Reach, Forecast, Forward, ResidualAt})

    def start(self, mail: Mail) -> ChoiceOfMarketState:
        """Forecast, choose, clear the own markets at the forecast."""
        reach = mail.ask_dsos(Reach(), worth=Worth.EXACT)
        forecast = mail.ask_dsos(Forecast(), worth=Worth.EXACT)
        price = mail.ask_tso(ClearAt(forecast.z), worth=Worth.EXACT).price + self.forecast_error  # (a)
        offers = mail.ask_dsos(Forward(price, self.share, self.local, self.fee, self.least_mw, self.units), worth=Worth.EXACT)
        cut = mail.ask_dsos(ResidualAt(offers.exchange, offers.planned, offers.kept), worth=Worth.BOUND)
        plan = mail.ask_tso(ClearAt(offers.exchange), worth=Worth.EXACT)
        real = plan.own_cost + float((cut.sold_cost + cut.value).sum())
        return ChoiceOfMarketState(reach, offers, (cut,), offers.exchange, plan.price, offers.planned, real, real)

    def round(self, mail: Mail, s: ChoiceOfMarketState) -> ChoiceOfMarketState:
        """Clear the wholesale market, then the own ones with what was sold."""
        plan = mail.ask_tso(PlanUnits(s.reach, s.offers, self.fee, self.blocks, s.cuts), worth=Worth.EXACT)  # (b)
        cut = mail.ask_dsos(ResidualAt(plan.z, plan.mw, s.offers.kept), worth=Worth.BOUND)  # (c)
        real = plan.own_cost + float((cut.sold_cost + cut.value).sum())
        upper = real + plan.fees
        best = upper < (s.upper[-1] if s.upper else np.inf) and not (self.passes and not self.blocks and real > s.cost)
        price = plan.price if best or not self.passes else s.price
        return ChoiceOfMarketState(
            s.reach, s.offers, (*s.cuts, cut), plan.z if best else s.z, price, plan.mw if best else s.sold, real if best else s.cost, s.before,
            (*s.lower, max(plan.cost, *s.lower[-1:], -np.inf)), (*s.upper, min(upper, *s.upper[-1:], np.inf)),
        )  # fmt: skip

    def gap(self, s: ChoiceOfMarketState) -> Gap:
        """Upper less lower bound, relative to the cost; where passes are counted, the last one ends it without agreement."""
        now = (s.upper[-1] - s.lower[-1]) / max(1.0, abs(s.upper[-1])) if s.upper else np.inf
        if self.passes and len(s.upper) >= self.passes and now > self.tol:
            return Gap(now, now, means=End.ALONE)
        return Gap(now, self.tol)

    def bargain(self, s: ChoiceOfMarketState) -> Bargain:
        """The best point looked at, at the prices of the last plan, which supports every optimum; where passes are counted, at that point's own."""
        return Bargain(s.z, s.price)
