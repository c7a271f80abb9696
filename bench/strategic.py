"""A company that moves the price: its residual supply over a day, and whole runs by scheme."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np

from gridtandem.boundary.market_letters import ClearAt
from gridtandem.boundary.strategic_letters import ResidualCurve
from gridtandem.cases.named import case
from gridtandem.coordinate import coordinate
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.study.igdt.run import run_band
from gridtandem.study.market.run import run_market
from gridtandem.study.market.study import MarketSeats, MarketStudy, seated
from gridtandem.study.registry import scheme_named
from gridtandem.tables import Real

Work = Callable[[], Real]
Prepare = Callable[[], Work]
CASE, LOW, HIGH = "rts24-disco33", -40.0, 90.0
BUDGETS = (0.0, 2.0, 5.0, 10.0, 15.0, 20.0)  # percent


@cache
def seats() -> MarketSeats:
    """All parties over a day."""
    return seated(MarketStudy(case=case(CASE), scheme=DsoOffer()))


def curves() -> Work:
    """24 curves of the price between LOW and HIGH; answers what that interval costs in each hour."""
    desk = seats().residual
    shape = (1, desk.market.window.periods, len(desk.company))
    ask = ResidualCurve(np.full(shape, LOW), np.full(shape, HIGH), np.zeros(shape))

    def work() -> Real:
        curve = desk.residual_curve(ask)
        return np.bincount(curve.period, curve.price * (curve.to_mw - curve.from_mw), shape[1])

    return work


def points() -> Work:
    """The same by the cost of clearings at both ends, hour by hour; says nothing of what lies between."""
    hours = [seated(MarketStudy(case=case(CASE), scheme=DsoOffer(), first=t + 1, hours=1)).wholesale for t in range(24)]

    def work() -> Real:
        low, high = (np.array([w.clear_at(ClearAt(np.full((1, 1, 1), z))).cost for w in hours]) for z in (LOW, HIGH))
        return high - low

    return work


def search(route: str, hours: int = 24) -> Prepare:
    """The best strategy of some hours by a route, letters and all; answers what the company pays and what its resources cost."""

    def prepare() -> Work:
        study = MarketStudy(case=case(CASE), scheme=scheme_named("strategic", {"route": route}), hours=hours)
        sat = seated(study)

        def work() -> Real:
            mail = sat.mailbox(study.scheme, hours)
            mail.weigh = False
            best = coordinate(mail, study.scheme).require().state.best
            return np.array([float((best.z * best.price).sum()) + float(best.value.sum())])

        return work

    return prepare


def radii() -> Work:
    """Robustness and opportunity at six budgets each; answers their α."""
    study = MarketStudy(case=case(CASE), scheme=None)
    return lambda: run_band(study, BUDGETS).table.alpha


def whole(scheme: str, options: Mapping[str, str | float] | None = None) -> Prepare:
    """The day under a scheme, from the parties to the result; answers the cost and what the company pays."""

    def prepare() -> Work:
        study, sat = MarketStudy(case=case(CASE), scheme=scheme_named(scheme, options or {})), seats()

        def work() -> Real:
            done = run_market(study, seats=sat).require()
            assert done.bargain is not None
            return np.array([done.cost, float((done.bargain.z * done.bargain.price).sum())])

        return work

    return prepare
