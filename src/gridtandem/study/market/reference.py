"""A strategic company beside what else it could be: passive, price taker, part of one ideal market, without a local market; and by its size.

Cases C0 to C5 are those by which bi-level participation is usually told: C0 feeders that only take, C1 a local market but no thought of the price,
C2 the strategic company, C3 one market that sees every network, C4 free power but no offers inside, C5 the same three without limits of lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, TypeAlias, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.strategic import passive, uncongested, with_fewer, without_offers
from gridtandem.schemes.ideal import Ideal
from gridtandem.schemes.price_taker import PriceTaker
from gridtandem.schemes.strategic import Strategic
from gridtandem.study.igdt.band import free_units
from gridtandem.study.market.certificate import certified
from gridtandem.study.market.results import MONEY, PRICE
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.strategy import companies
from gridtandem.study.market.study import MarketStudy
from gridtandem.tables import Index, Names, Real, Table, column

BY_FEEDER = f"{MONEY}/feeder"
SAME = 1e-9  # relative; costs that differ by less are the same
Watch = Callable[[str], None]
FIGURES = ("companies_cost", "exchange", "resource_cost", "import_mwh", "price_per_mwh", "cost", "ideal")
Chosen: TypeAlias = PriceTaker | Strategic | Ideal


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class References(Table):
    """One row for each case; NaN where there is no answer."""

    kind: ClassVar[str] = "references"
    case: Names = column("name of the case", dtype="U")
    name: Names = column("C0 to C5", dtype="U")
    what: Names = column("what it is", dtype="U")
    scheme: Names = column("scheme", dtype="U")
    companies_cost: Real = column("what exchange and resources cost distribution companies, resources at their offers", unit=MONEY, finite=False)
    exchange: Real = column("of that: paid to the wholesale market", unit=MONEY, finite=False)
    resource_cost: Real = column("of that: resources", unit=MONEY, finite=False)
    import_mwh: Real = column("exchange over the day", unit="MWh", finite=False)
    price_per_mwh: Real = column("mean price at the interfaces over the day", unit=PRICE, finite=False)
    cost: Real = column("cost of all resources of all companies", unit=MONEY, finite=False)
    ideal: Real = column("least cost of all resources, where one market sees every network", unit=MONEY, finite=False)
    trouble: Names = column("why there is no answer", dtype="U", default="")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class MarketPower(Table):
    """What knowing the curve is worth, by how many of the feeders at a bus one company has; the others are plain demand there."""

    kind: ClassVar[str] = "market_power"
    case: Names = column("name of the case", dtype="U")
    feeders: Index = column("feeders of the company", dtype="i8")
    strategic: Real = column("cost by feeder of the strategic company", unit=BY_FEEDER, finite=False)
    price_taker: Real = column("cost by feeder of the price taker, at the price that it makes", unit=BY_FEEDER, finite=False)
    ideal: Real = column("cost by feeder in one market that sees every network", unit=BY_FEEDER, finite=False)
    gain_percent: Real = column("what the strategic company pays less than the price taker", unit="%", finite=False)
    strategic_per_mwh: Real = column("mean price at the bus, strategic", unit=PRICE, finite=False)
    price_taker_per_mwh: Real = column("mean price at the bus, price taker", unit=PRICE, finite=False)
    social_loss: Real = column("cost of all resources above the ideal market's, strategic", unit=MONEY, finite=False)
    trouble: Names = column("why there is no answer, scheme by scheme", dtype="U", default="")


def references(study: MarketStudy, *, watch: Watch = lambda _: None) -> References:
    """The six cases over the study's day."""
    told: dict[str, list[float]] = {name: [] for name in FIGURES}
    words: list[tuple[str, str, str, str]] = []
    for name, what, case, scheme in _cases(study.case):
        watch(f"{name} {what}")
        result = run_market(replace(study, case=case, scheme=scheme))
        trouble = _trouble(result)
        words.append((name, what, _word(scheme), trouble))
        for figure, x in _told(result, trouble).items():
            told[figure].append(x)
    names, what_each, schemes, troubles = (np.array(column, str) for column in zip(*words, strict=True))
    return References.of({
        "case": np.full(len(names), study.case.name), "name": names, "what": what_each, "scheme": schemes, "trouble": troubles, **told,
    })  # fmt: skip


def market_power(study: MarketStudy, feeders: Sequence[int], *, watch: Watch = lambda _: None) -> MarketPower:
    """The same day for companies of several sizes."""
    rows = []
    for n in feeders:
        watch(f"{n} feeders")
        case = with_fewer(study.case, n)
        results = [run_market(replace(study, case=case, scheme=scheme)) for scheme in (Strategic(), PriceTaker(), Ideal())]
        troubles = [_trouble(result) for result in results]
        own, taker, ideal = (_told(result, trouble) for result, trouble in zip(results, troubles, strict=True))
        costs = [found["companies_cost"] for found in (own, taker, ideal)]
        gain, loss = costs[1] - costs[0], own["cost"] - own["ideal"]
        rows.append((
            study.case.name, n, *(cost / n for cost in costs),
            100 * _beyond(gain, costs[1]) / abs(costs[1]), own["price_per_mwh"], taker["price_per_mwh"],
            _beyond(loss, own["ideal"]), "; ".join(f"{_word(r.study.scheme)}: {t}" for r, t in zip(results, troubles, strict=True) if t),
        ))  # fmt: skip
    return MarketPower.of(dict(zip(MarketPower.columns(), zip(*rows, strict=True), strict=True)))


def _cases(case: Case) -> Iterator[tuple[str, str, Case, Chosen]]:
    free = tuple(np.isin(np.arange(len(net.generators)), free_units(net)) for net in case.models)
    yield "C0", "demand alone", passive(case), PriceTaker()
    yield "C1", "price taker with a local market", case, PriceTaker()
    yield "C2", "strategic", case, Strategic()
    yield "C3", "one market that sees every network", case, Ideal()
    yield "C4", "free power, no local market", without_offers(case, free), PriceTaker()
    schemes: tuple[tuple[str, Chosen], ...] = (("price taker", PriceTaker()), ("strategic", Strategic()), ("one market", Ideal()))
    for told, way in schemes:
        yield "C5", f"{told}, no limits of transmission lines", uncongested(case), way


def _word(scheme: Chosen) -> str:
    return "ideal" if isinstance(scheme, Ideal) else "strategic" if isinstance(scheme, Strategic) else "price-taker"


def _beyond(difference: float, whole: float) -> float:
    """A difference, or 0 where it is rounding of the whole."""
    return 0.0 if abs(difference) <= SAME * abs(whole) else difference


def _trouble(result: MarketResult) -> str:
    """Why a run is no row: it has no answer, or one whose certificate does not hold."""
    if not result.outcome.answered or result.bargain is None:
        return "; ".join(result.trouble) or result.outcome.end.value
    return next((str(certificate.faults[0]) for _, certificate in certified(result) if not certificate.holds), "")


def _told(result: MarketResult, trouble: str) -> dict[str, float]:
    own, bargain = companies(result), result.bargain
    if trouble or bargain is None or not len(own):
        return {**dict.fromkeys(FIGURES, np.nan), "ideal": result.ideal}
    return {
        "companies_cost": float(own.cost.sum()), "exchange": float(own.exchange.sum()), "resource_cost": float(own.resource_cost.sum()),
        "import_mwh": float(bargain.z.sum()) * result.study.window.hours, "price_per_mwh": float(bargain.price.mean()), "cost": result.cost,
        "ideal": result.ideal,
    }  # fmt: skip
