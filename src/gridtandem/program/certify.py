r"""Whether an answer of a bilevel program is what it says, shown without the search that found it.

Every follower is solved again at θ. With π the price told, and all minima of linear programs,

.. math:: \Delta = V(\theta) - \pi^\top\theta - \min_{y, \vartheta} \bigl\{ c^\top y - \pi^\top\vartheta \bigr\} \ge 0

is zero exactly where :math:`\pi \in \partial V(\theta)`; it is enough to let :math:`\vartheta` go a little way, V being convex. The minimum equals
:math:`b^\top u` for the multipliers u that make this price, so that :math:`\Delta = 0` is the payment identity
:math:`\pi^\top \theta = c^\top y - b^\top u` too. Where the cells of the followers can be listed, they are an independent search: an answer by
optimality conditions that costs more than theirs, or a bound above it, is refused. Searches with large numbers end on such points and report a gap of
0 %.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Program, flat
from gridtandem.program.bilevel import Bilevel, BilevelAnswer, own_cost, solve
from gridtandem.program.cells import MOST
from gridtandem.program.conditions import Stacked
from gridtandem.program.follower import Follower, Market, prices_beside
from gridtandem.program.solve import hold
from gridtandem.tables import Real

WITHIN = 1e-6  # relative; accepted of every residual


class Verdict(Enum):
    """What a certificate says, as a sentence."""

    HOLDS = "every follower answers as told, and no cheaper strategy was found"
    PENALTY_ACTIVE = "a market is short of something and prices it by a penalty: the price is not made by offers"
    BROKEN = "the answer is not what it says"


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Certificate:
    """Residuals, and what is wrong. Money, unless said otherwise."""

    slope: Real  # (period) Δ: by how much the price is no slope of V, over a step of max(1, |θ|)
    identity: Real  # (period) c y − b u − Bᵀu θ of the follower solved again
    cheapest: Real  # (period, number) price a little before θ,
    dearest: Real  # and a little after: where they differ, every price between is one
    payment: Real  # (period) payment told − price · θ
    penalty: Real  # (period) sum of penalty columns in use, in their unit
    limits: float  # largest miss of a limit of the leader, relative to max(1, limit)
    total: float  # total told − leader's own cost − price · θ
    rival: float  # total of the strategy found by cells; NaN where it was not asked for
    faults: tuple[Fault, ...]

    @property
    def status(self) -> Verdict:
        """The verdict."""
        codes = {fault.code for fault in self.faults}
        return Verdict.HOLDS if not codes else Verdict.PENALTY_ACTIVE if codes == {"bilevel-044"} else Verdict.BROKEN

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def certify(bilevel: Bilevel, answer: BilevelAnswer, *, within: float = WITHIN) -> Certificate:
    """Test an answer. One that is not by cells is held against cells, where θ has few enough numbers."""
    if faults := list(bilevel.faults()):
        raise InvalidCase(faults)
    if answer.status is not Status.SOLVED:
        none = np.full(len(bilevel.followers), np.nan)
        nowhere = np.full(answer.theta.shape, np.nan)
        fault = Fault("answer", f"has no numbers: {answer.status.value}", "see what it says", "bilevel-040")
        return Certificate(
            slope=none, identity=none, cheapest=nowhere, dearest=nowhere, payment=none, penalty=none, limits=np.nan, total=np.nan, rival=np.nan,
            faults=(fault,),
        )  # fmt: skip
    alone = _alone(bilevel, answer, within, np.nan)
    if answer.method == "cells" or any(follower.size > MOST for follower in bilevel.followers):
        return alone
    try:
        rival = solve(bilevel, "cells")
    except InvalidCase:  # a market that does not reach over the whole box has no list of cells
        return alone
    true = rival.status is Status.SOLVED and _alone(bilevel, rival, within, np.nan).status is not Verdict.BROKEN
    return _alone(bilevel, answer, within, rival.total if true else np.nan)


def _alone(bilevel: Bilevel, answer: BilevelAnswer, within: float, rival: float) -> Certificate:
    """Against this rival, if any."""
    markets = [_market(follower, theta, price) for follower, theta, price in zip(bilevel.followers, answer.theta, answer.price, strict=True)]
    slope, identity, penalty, scale = (np.array(column) for column in zip(*markets, strict=True))
    paid = (answer.price * answer.theta).sum(1)
    payment, limits = answer.payment - paid, missed(bilevel.leader, answer)
    total = answer.total - own_cost(bilevel.leader, answer.x) - float(paid.sum())
    money = within * max(1.0, abs(answer.total))
    faults = [
        *_of_periods(slope, within * scale, "is told a price that is no slope of its cost at θ: off by", "search by cells", "bilevel-041"),
        *_of_periods(payment, within * scale, "is paid otherwise than price times θ: off by", "search by cells", "bilevel-042"),
        *_of_periods(identity, within * scale, "has multipliers that break the payment identity: off by", "scale its numbers", "bilevel-043"),
        *_of_periods(penalty, within, "is short of something, and a penalty makes its price: in use", "see what it is short of", "bilevel-044"),
        *_of_total(answer, limits, total, rival, money=money, within=within),
    ]
    cheapest, dearest = (np.array(side) for side in zip(*map(prices_beside, bilevel.followers, answer.theta), strict=True))
    return Certificate(
        slope=slope, identity=identity, cheapest=cheapest, dearest=dearest, payment=payment, penalty=penalty, limits=limits, total=total, rival=rival,
        faults=tuple(faults),
    )  # fmt: skip


def _market(follower: Follower, theta: Real, price: Real) -> tuple[float, float, float, float]:
    """Δ, residual of the identity, penalties in use, and the size of the money at stake."""
    market = Market(follower, theta)
    found = market.answer(theta)
    step = np.maximum(1.0, np.abs(theta))
    least = hold(follower.joint(theta - step, theta + step, price)).solve()  # without presolve, as exact as can be
    slope = found.cost - float(price @ theta) - least.cost if least.status is Status.SOLVED else np.inf
    penalty = sum(float(np.abs(found.x[name]).sum()) for name in follower.penalties)
    scale = max(1.0, abs(found.cost), abs(float(price @ theta)))
    return max(slope, 0.0), payment_of(follower, found) - float(market.priced(found) @ theta), penalty, scale


def payment_of(follower: Follower, found: Answer) -> float:
    """The payment as c y − b u, by the multipliers of an answer of the market; bounds count as rows."""
    s = Stacked.of(follower)
    program = follower.program
    multiplier = np.concatenate([*(found.price[k].ravel() for k in program.rows), *(found.reduced[k].ravel() for k in program.columns)])
    side = np.where(multiplier > 0, s.low, s.high)
    constant = float((multiplier * np.where(np.isfinite(side), side, 0.0)).sum())
    cost = sum(float((c.cost * found.x[k]).sum()) for k, c in program.columns.items())
    return cost - constant


def missed(leader: Program, answer: BilevelAnswer) -> float:
    """The largest miss of a row, bound, cone or whole number of the leader, relative to max(1, limit)."""
    x = np.concatenate([answer.x[name].ravel() for name in leader.columns])
    at, low, high = (
        np.concatenate(pair) for pair in ((leader.matrix() @ x, x), *((flat(leader.rows, k), flat(leader.columns, k)) for k in ("low", "high")))
    )
    misses = [_outside(low - at, low), _outside(at - high, high)]
    right, linear = flat(leader.cones, "right"), leader.cone_matrix() @ x
    start = 0
    for cones in leader.cones.values():
        s = (right - linear)[start : start + cones.right.size].reshape(cones.shape)
        start += cones.right.size
        misses.append(float((np.linalg.norm(s[:, 1:], axis=1) - s[:, 0]).max(initial=0.0)))
    whole = [np.abs(answer.x[name] - np.rint(answer.x[name])).max(initial=0.0) for name, c in leader.columns.items() if c.integer]
    return max(0.0, *misses, *(float(w) for w in whole))


def _outside(by: Real, side: Real) -> float:
    held = np.isfinite(side)
    return float((by[held] / np.maximum(1.0, np.abs(side[held]))).max(initial=0.0))


def _of_periods(residual: Real, accepted: Real | float, what: str, mend: str, code: str) -> Iterator[Fault]:
    for period in np.flatnonzero(~(np.abs(residual) <= accepted)).tolist():
        yield Fault("market", f"{what} {residual[period]:.6g}", mend, code, row=period, label=f"period {period}")


def _of_total(answer: BilevelAnswer, limits: float, total: float, rival: float, *, money: float, within: float) -> Iterator[Fault]:
    if not limits <= within:
        yield Fault("leader", f"breaks a limit of its own by {limits:.3g}", "ask its solver for more digits", "bilevel-045")
    if not abs(total) <= money:
        yield Fault("answer", f"tells a total that is off by {total:.6g}", "add up own cost and payments", "bilevel-046")
    if answer.total > rival + money:
        what = f"costs {answer.total:.10g}, and a strategy at {rival:.10g} exists"
        yield Fault("answer", what, "take that of method cells", "bilevel-047")
    if answer.bound > rival + money:
        what = f"says that nothing costs less than {answer.bound:.10g}, and a strategy at {rival:.10g} exists"
        yield Fault("answer", what, "take that of method cells, and trust no gap of this search", "bilevel-048")
