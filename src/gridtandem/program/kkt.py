"""A leader against its followers by their conditions of optimality: pairs in SCIP, or whole numbers and large numbers in HiGHS.

Both search the same program (`gridtandem.program.conditions`). What they end on is solved once more with one of each pair at zero, without any
whole or large number, so that θ and prices are those of a linear (or cone) program. That is what certifying needs, and no certificate by itself:
see `gridtandem.program.certify`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridtandem.errors import InvalidCase
from gridtandem.program.answer import Answer, Status
from gridtandem.program.bilevel import answered, without_answer
from gridtandem.program.bounds_of_pairs import Largest, largest
from gridtandem.program.conditions import Box, Conditions, conditions
from gridtandem.program.follower import Follower, Market
from gridtandem.program.solve import solve
from gridtandem.program.solvers.scip import Scip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridtandem.program.bilevel import Bilevel, BilevelAnswer
    from gridtandem.tables import Flag, Real

BESIDE = 1e-6  # of max(1, |θ|): a step to see whether the price changes
ROOM = 1e-9  # relative; prices at the ends of a box, rounded
UNEQUAL = 1e-7  # relative; prices that differ


def by_pairs(bilevel: Bilevel) -> BilevelAnswer:
    """Special ordered sets, by SCIP."""
    box = _box(bilevel)
    joint = conditions(bilevel.leader, bilevel.theta, bilevel.followers, box)
    found = Scip().solve(joint.program, joint.pairs)
    held = [found.x[price] > found.x[slack] for slack, price in joint.pairs]
    return _told(bilevel, joint, found, held, method="kkt-sos1")


def by_large_numbers(bilevel: Bilevel, trusted: Sequence[Largest] | None = None) -> BilevelAnswer:
    """A whole number for each pair, with numbers that hold for every optimum; others, where somebody trusts them, may hide the best strategies."""
    box = _box(bilevel)
    joint = conditions(bilevel.leader, bilevel.theta, bilevel.followers, box)
    ends = trusted or [largest(follower, *sides) for follower, *sides in zip(bilevel.followers, box.low, box.high, strict=True)]
    found = solve(joint.with_large_numbers([e.slack for e in ends], [e.multiplier for e in ends]))
    held = [found.x[f"market {t}.held"] > 0.5 for t in range(len(ends))]
    return _told(bilevel, joint, found, held, method="kkt-bigm")


def _told(bilevel: Bilevel, joint: Conditions, found: Answer, held: Sequence[Flag], *, method: str) -> BilevelAnswer:
    leader, theta = bilevel.leader, bilevel.theta
    if found.status is not Status.SOLVED:
        return without_answer(leader, theta, found, method=method, whole=joint.program)
    closed = joint.closed(held)
    last = solve(closed.fixed(found.x))
    if last.status is not Status.SOLVED:
        last = found
    kink = np.array([_bent(follower, at) for follower, at in zip(bilevel.followers, last.x[theta], strict=True)])
    return answered(leader, theta, last, price=joint.price(last.x), kink=kink, bound=found.bound, method=method)


def _box(bilevel: Bilevel) -> Box:
    """Of θ by the leader's limits; of prices by the ends of V, where θ has one number and V a value there."""
    low, high = bilevel.box()
    cheapest, dearest = np.full(low.shape, -np.inf), np.full(low.shape, np.inf)
    for t, follower in enumerate(bilevel.followers):
        if follower.size == 1:
            cheapest[t], dearest[t] = _ends(follower, low[t], high[t])
    return Box(low, high, cheapest, dearest)


def _ends(follower: Follower, low: Real, high: Real) -> tuple[Real, Real]:
    """Prices at the ends of a box, with room for rounding; none where the market does not reach so far."""
    market = Market(follower, (low + high) / 2)
    try:
        cheapest, dearest = market.point(low).price, market.point(high).price
    except InvalidCase:
        return np.array([-np.inf]), np.array([np.inf])
    return cheapest - ROOM * np.maximum(1.0, np.abs(cheapest)), dearest + ROOM * np.maximum(1.0, np.abs(dearest))


def _bent(follower: Follower, theta: Real) -> bool:
    """Whether prices differ a little before and after θ in some coordinate."""
    market = Market(follower, theta)
    for k in range(follower.size):
        step = np.zeros(follower.size)
        step[k] = BESIDE * max(1.0, abs(theta[k]))
        try:
            before, after = market.point(theta - step).price[k], market.point(theta + step).price[k]
        except InvalidCase:  # beyond the end of the market, where prices have no end
            return True
        if after - before > UNEQUAL * max(1.0, abs(after)):
            return True
    return False
