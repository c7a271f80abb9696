"""Markets of a day: offers of feeders, the clearing with them, and one program that sees everything, from the same arrays.

Transmission is that of ``ieee118-2dso``; each of its feeders is the 33-node one of that case with loads, prices and sizes of its own, drawn from a
fixed seed. Transmission gives up as much load as the feeders bring.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

import numpy as np

from gridtandem.boundary.market_letters import Award, ClearWith, Offers
from gridtandem.cases.case import Case
from gridtandem.cases.market_parts import UnitRow, with_units
from gridtandem.cases.named import case
from gridtandem.cases.synthetic import synthetic240
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.network import Network
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.offers import Asked
from gridtandem.opf.swept import Reduced, swept
from gridtandem.parties.decomposed import dantzig_wolfe
from gridtandem.parties.feeder_market import FeederMarket
from gridtandem.resources.part import Window
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.study.market.study import MarketSeats, MarketStudy, seated
from gridtandem.tables import Real

Work = Callable[[], Real]
Prepare = Callable[[], Work]
HOURS, SEARCH, STORAGE = 24, "search with HiGHS", "ieee118-2dso-storage"
EXACT = Offers(10**9, -1e6, 1e6, 0.0, 0.0, 0.0)  # any number of steps at any price
PLACES = ("50", "67", "15", "27", "34", "44", "78", "82", "95", "106")  # transmission buses that feeders hang on, in turn


def varied(net: Network, seed: int) -> Network:
    """The feeder with numbers of its own."""
    rng = np.random.default_rng(seed)

    def around(size: int, spread: float) -> Real:
        return rng.uniform(1 - spread, 1 + spread, size)

    ld, points, f = net.loads, net.cost_points, net.flexible
    load, price = around(len(ld), 0.3), around(len(net.generators), 0.15)[points.generator]
    return replace(
        net, loads=replace(ld, p_mw=ld.p_mw * load, q_mvar=ld.q_mvar * load), cost_points=replace(points, cost_per_h=points.cost_per_h * price),
        flexible=replace(f, price_per_mwh=f.price_per_mwh * around(len(f), 0.15), p_high_mw=f.p_high_mw * around(len(f), 0.3)),
    )  # fmt: skip


def crowded(more: int = 80) -> Network:
    """The 240-node feeder with its forty resources and ``more``."""
    net, rng = synthetic240(), np.random.default_rng(240)
    at, mw, price = rng.choice(np.arange(1, len(net.buses)), more), rng.uniform(0.02, 0.1, more), rng.uniform(20, 60, more)
    rows: list[UnitRow] = [
        (f"more-{k}", int(at[k]), [(float(mw[k]), float(price[k])), (float(mw[k]), float(price[k]) + 9.0)], 0.0) for k in range(more)
    ]
    return with_units(net, rows)


@cache
def joined(feeders: int, like: str = "ieee118-2dso") -> Case:
    """118 buses and so many feeders, all of one company."""
    whole = case(like)
    t, plain = whole.transmission, next(m for m in whole.models if "33" in m.name)
    row = {name: k for k, name in enumerate(t.buses.name.tolist())}
    rest = max(0.0, 1 - feeders * float(plain.loads.p_mw.sum()) / float(t.loads.p_mw.sum()))
    names = [f"f{k}" for k in range(feeders)]
    where = Interfaces.of({
        "name": names, "company": ["dso"] * feeders, "feeder": names, "model": range(feeders), "root": [0] * feeders,
        "bus": [row[PLACES[k % len(PLACES)]] for k in range(feeders)],
    })  # fmt: skip
    return Case(
        name=f"118-{feeders}", transmission=replace(t, loads=replace(t.loads, p_mw=t.loads.p_mw * rest, q_mvar=t.loads.q_mvar * rest)),
        models=tuple(replace(varied(plain, k), name=names[k]) for k in range(feeders)), interfaces=where,
    )  # fmt: skip


@cache
def seats(feeders: int, like: str = "ieee118-2dso") -> MarketSeats:
    """Every party with its arrays; this is not measured, since both contenders need it."""
    return seated(MarketStudy(case=joined(feeders, like), scheme=DsoOffer(), hours=HOURS))


def fresh(feeders: int) -> FeederMarket:
    """The desk of all feeders with their arrays, and nothing worked out yet."""
    return replace(seats(feeders).fleets[0][0], _walks=[], _asked={})


def _millions(cost: float) -> Real:
    return np.array([cost / 1e6])


def both(feeders: int) -> Work:
    """Build every offer, clear once, award."""

    def work() -> Real:
        desk = fresh(feeders)
        plan = seats(feeders).wholesale.clear_with(ClearWith(desk.offers(EXACT)))
        receipt = desk.award(Award(plan.z, plan.price))
        return _millions(plan.cost + beginning(desk)) if (receipt.worth > 0).all() else np.array([np.nan])

    seats(feeders)
    return work


def clearing(feeders: int) -> Work:
    """The clearing alone."""
    desk = fresh(feeders)
    curves, begin = desk.offers(EXACT), beginning(desk)
    return lambda: _millions(seats(feeders).wholesale.clear_with(ClearWith(curves)).cost + begin)


def monolith(feeders: int) -> Work:
    """One linear program of all, built from the arrays and solved by HiGHS."""
    seats(feeders)
    return lambda: _millions(seats(feeders).pool.solve().cost)


def beginning(desk: FeederMarket) -> float:
    """What all feeders cost at the beginning of their offers, which the wholesale market is not told."""
    return float(desk.walked.cost[..., 0].sum())


def market(feeders: int) -> dict[str, Prepare]:
    """Contenders of a whole market."""
    return {"offers and clearing": partial(both, feeders), "clearing": partial(clearing, feeders), "one program": partial(monolith, feeders)}


def profiles(feeders: int) -> Work:
    """The day with storage by parts: profiles of feeders mixed by transmission (Dantzig and Wolfe)."""
    pool = seats(feeders, STORAGE).pool

    def work() -> Real:
        found = dantzig_wolfe(pool)
        return np.array([found.cost, found.bound]) / 1e6

    return work


def coupled(feeders: int) -> dict[str, Prepare]:
    """Contenders of a day whose hours hang together."""

    def one_program() -> Work:
        pool = seats(feeders, STORAGE).pool
        return lambda: np.full(2, pool.solve().cost / 1e6)

    return {"profiles": partial(profiles, feeders), "one program": one_program}


def problem(net: Network) -> FeederProblem:
    """A feeder's day."""
    return FeederProblem.of(net, 0, Window(periods=HOURS))


def walk(net: Callable[[], Network]) -> Work:
    """The offer of a feeder for a day, from the problem of that day."""
    day = problem(net())

    def work() -> Real:
        reduced = Reduced.of(day)
        assert reduced is not None
        found = swept(reduced)
        assert found.certified.all()
        at = np.arange(HOURS), found.count - 1
        return np.concatenate([found.export[:, 0], found.export[at], found.cost[:, 0], found.cost[at]])

    return work


def search(net: Callable[[], Network]) -> Work:
    """The same by a search with HiGHS, period by period; programs are handed over within the time, made before it."""
    each = [FeederProblem.of(net(), 0, Window(first=t)) for t in range(HOURS)]

    def work() -> Real:
        found = [Asked.of(one).curve() for one in each]
        ends = [[c.points[k] for c in found if c is not None] for k in (0, -1)]
        return np.array([p.x for end in ends for p in end] + [p.cost for end in ends for p in end])

    return work


def offer(net: Callable[[], Network]) -> dict[str, Prepare]:
    """Contenders of one offer."""
    return {"walk": partial(walk, net), SEARCH: partial(search, net)}


def small() -> Network:
    """The 33-node feeder."""
    return joined(10).models[3]
