"""A leader against its followers by their conditions of optimality: pairs in SCIP, or whole numbers and large numbers in HiGHS.

Both search the same program (`gridtandem.program.conditions`). What they end on is solved once more with one of each pair at zero, without any
whole or large number, so that θ is that of a linear (or cone) program; the price there is read off the follower's own slopes, exactly. That is what
certifying needs, and no certificate by itself: see `gridtandem.program.certify`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.errors import InvalidCase
from gridtandem.program.answer import Answer, Status
from gridtandem.program.bilevel import answered, without_answer
from gridtandem.program.bounds_of_pairs import Largest, largest, price_ends
from gridtandem.program.cells import cells_of
from gridtandem.program.conditions import Box, Conditions, conditions
from gridtandem.program.follower import Follower
from gridtandem.program.kinks import sharpened, slopes_at, unequal
from gridtandem.program.outer import Outer
from gridtandem.program.solve import hold, solve
from gridtandem.program.solvers.scip import Scip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridtandem.program.bilevel import Bilevel, BilevelAnswer
    from gridtandem.tables import Flag, Real

ROOM = 1e-9  # relative; prices at the ends of a box, rounded


def by_pairs(bilevel: Bilevel) -> BilevelAnswer:
    """Special ordered sets, by SCIP; cones of the leader by their tangents, see `gridtandem.program.outer`."""
    box = _box(bilevel)
    joint = conditions(bilevel.leader, bilevel.theta, bilevel.followers, box)
    found = (Outer() if joint.program.cones else Scip()).solve(joint.program, joint.pairs)
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
    last = hold(joint.closed(held).fixed(found.x)).solve()  # without presolve, whose way back loses digits here
    if last.status is not Status.SOLVED:
        last = found
    told = zip(bilevel.followers, last.x[theta], joint.price(last.x), strict=True)
    price = np.array([sharpened(*market) for market in told])
    kink = np.array([unequal(slopes_at(follower, at)) for follower, at in zip(bilevel.followers, last.x[theta], strict=True)])
    return answered(leader, theta, last, price=price, kink=kink, bound=found.bound, method=method)


def _box(bilevel: Bilevel) -> Box:
    """Of θ by the leader's limits, and of prices on it."""
    low, high = bilevel.box()
    ends = [_prices(follower, *sides) for follower, *sides in zip(bilevel.followers, low, high, strict=True)]
    cheapest, dearest = (np.array([end[k] for end in ends]).reshape(low.shape) for k in (0, 1))
    return Box(low, high, cheapest - ROOM * np.maximum(1.0, np.abs(cheapest)), dearest + ROOM * np.maximum(1.0, np.abs(dearest)))


def _prices(follower: Follower, low: Real, high: Real) -> tuple[Real, Real]:
    """Of one number the slopes at its ends, V being convex; of several, or where the market does not reach the ends, what its penalties allow."""
    if follower.size == 1:
        with suppress(InvalidCase):
            slope = cells_of(follower, low, high).slope
            return slope[0], slope[-1]
    return price_ends(follower)
