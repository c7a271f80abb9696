"""The golden market: every number of its four hours, from an earlier study of our own, beside what offers and one clearing give here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np

from gridtandem.boundary.market_letters import Curves, Offers
from gridtandem.cases.named import case
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.study.market.books import surplus
from gridtandem.study.market.paid import devices
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.study import MarketStudy, seated

TOLD = json.loads((Path(__file__).parents[1] / "data" / "markets" / "golden.json").read_text(encoding="utf-8"))
ANYTHING = Offers(steps=10**9, floor=-1e6, ceiling=1e6, least_mw=0.0, step_mw=0.0, step_price=0.0)
Row = tuple[str, float, str, Callable[[], float]]  # what, theirs, unit, ours


def study(hour: int) -> MarketStudy:
    """One of its hours under the offers; ratings of its feeders limit active power."""
    return MarketStudy(case=case("golden-3bus"), scheme=DsoOffer(), first=hour, hours=1, flow="active", benchmark="joint")


@cache
def cleared(hour: int) -> MarketResult:
    """That hour, cleared."""
    return run_market(study(hour)).require()


@cache
def offered(hour: int) -> tuple[Curves, ...]:
    """What the two companies send."""
    return tuple(desk.offers(ANYTHING) for desk, _ in seated(study(hour)).fleets)


def points(hour: int, feeder: int) -> tuple[np.ndarray, np.ndarray]:
    """Export [MW] and price [currency/MWh] of an offer, point by point and step by step."""
    curves = offered(hour)[feeder]
    return -curves.start[0, 0, 0] + np.concatenate([[0.0], np.cumsum(curves.mw)]), curves.price


def rows() -> Iterator[Row]:
    """All of them."""
    for f, (name, told) in enumerate(TOLD["offers"].items()):
        x, cost = np.array(told).T
        for k, (power, price) in enumerate(zip(x[1:], np.diff(cost) / np.diff(x), strict=True)):
            yield f"offer {name}, step {k + 1}: up to", power, "MW", lambda f=f, k=k: points(1, f)[0][k + 1]
            yield f"offer {name}, step {k + 1}: price", price, "USD/MWh", lambda f=f, k=k: points(1, f)[1][k]
        yield f"offer {name}: begins at", x[0], "MW", lambda f=f: points(1, f)[0][0]
    for h, told in enumerate(TOLD["hours"], start=1):
        for what, theirs, unit, ours in _hour(told):
            yield f"hour {h}: {what}", theirs, unit, lambda h=h, ours=ours: ours(cleared(h))


def _hour(told: dict) -> Iterator[tuple[str, float, str, Callable[[MarketResult], float]]]:
    yield "cost by offers", told["cost"], "USD", lambda r: r.cost
    yield "cost of the ideal market", told["ideal"], "USD", lambda r: r.ideal
    for b in range(3):
        yield f"price at bus {b}", told["lmp"][b], "USD/MWh", lambda r, b=b: r.transmission.price[0, b]
    for i, feeder in enumerate(told["feeders"]):
        name = feeder["name"]
        yield f"award {name}", told["award"][i], "MW", lambda r, i=i: -r.bargain.z[0, 0, i]
        for n in range(3):
            yield f"{name}, price at node {n + 1}", feeder["dlmp"][n], "USD/MWh", lambda r, i=i, n=n: r.feeders[i].prices.price[0, n + 1]
            yield f"{name}, reactive price at node {n + 1}", feeder["rho"][n], "USD/Mvarh", lambda r, i=i, n=n: r.feeders[i].prices.price_q[0, n + 1]
        for der, paid in zip(feeder["ders"], feeder["pay"], strict=True):
            yield f"payment to {der}", paid, "USD", lambda r, der=der: payment(r, der)
        yield f"surplus of {name}, reactive power paid for", feeder["surplus"], "USD", lambda r, i=i: kept(r, i)


def payment(result: MarketResult, der: str) -> float:
    """What a resource is paid for active power."""
    table = devices(result)
    return float(table.payment[table.name == der].sum())


def kept(result: MarketResult, feeder: int) -> float:
    """Merchandising surplus of a company, as if reactive power were paid for too."""
    table = surplus(result)
    return float((table.kept + table.reactive)[feeder + 1])


def clean(ours: Callable[[], float]) -> Callable[[], float]:
    """Without signs of zero."""
    return lambda: round(float(ours()), 9) + 0.0
