r"""Whether an answer of a bilevel program is what it says, shown without the search that found it.

Every number told is held against the others: θ against the decisions, payments against price times θ, costs against the decisions, bound against
total, kinks against the slopes that meet at θ. Every follower is solved again at θ. With π the price told, and all minima of linear programs,

.. math:: \Delta = V(\theta) - \pi^\top\theta - \min_{y, \vartheta} \bigl\{ c^\top y - \pi^\top\vartheta \bigr\} \ge 0

is zero exactly where :math:`\pi \in \partial V(\theta)`; it is enough to let :math:`\vartheta` go a little way, V being convex. The minimum equals
:math:`b^\top u` for the multipliers u that make this price, so that :math:`\Delta = 0` is the payment identity
:math:`\pi^\top \theta = c^\top y - b^\top u` too.

Whether something cheaper exists is another question. Where the cells of the followers can be listed they are, anew, and all of them searched: an
answer of any route that costs more than what is found there, or less than can be, or a bound above it, is refused. Searches with large numbers end on
such points and report a gap of 0 %. Where cells cannot be listed nothing is sought. `Certificate.looked` says which of it was done. Shadow prices are
not tested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Program, flat, label
from gridtandem.program.bilevel import Bilevel, BilevelAnswer, own_cost, solve
from gridtandem.program.cells import MOST
from gridtandem.program.conditions import Stacked
from gridtandem.program.follower import Follower, Market, prices_beside
from gridtandem.program.kinks import slopes_at, unequal
from gridtandem.program.solve import hold
from gridtandem.tables import Flag, Real

WITHIN = 1e-6  # relative; accepted of every residual
FAR = 2.0  # times the dearest cost of a column that has an end: one without an end may be meant as a penalty
RIVALS = ("bilevel-047", "bilevel-048", "bilevel-053")  # faults against what the search by cells finds
SOUGHT = "cheaper strategies were sought in all cells of all markets, listed anew"
UNSOUGHT = "cheaper strategies were not sought"


class Verdict(Enum):
    """What a certificate says of the numbers told, as a sentence."""

    HOLDS = "every number told fits the others, and every market answers as told"
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
    kink: Flag  # (period) whether slopes that differ meet at θ
    theta: Real  # (period) largest difference of θ told and θ decided [in units of θ]
    payment: Real  # (period) payment told − price · θ
    penalty: Real  # (period) sum of penalty columns in use, in their unit
    limits: float  # largest miss of a limit of the leader, relative to max(1, limit)
    own: float  # own cost told − cost of the decisions
    total: float  # total told − cost of the decisions − price · θ
    over: float  # bound told − total told, where above 0
    rival: float  # total of the strategy found by cells; NaN where none was sought
    looked: str  # where cheaper strategies were sought, in words
    hints: tuple[str, ...]  # what may be wrong in the markets themselves
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

    @property
    def said(self) -> str:
        """The verdict, and where cheaper strategies were sought."""
        found = ", and none was found" if self.holds and self.looked == SOUGHT else ""
        return f"{self.status.value}; {self.looked}{found}"


def certify(bilevel: Bilevel, answer: BilevelAnswer, *, within: float = WITHIN) -> Certificate:
    """Test an answer of any route, and seek a cheaper one."""
    return _certified(bilevel, answer, within, _rival)


def agrees(bilevel: Bilevel, answer: BilevelAnswer, *, within: float = WITHIN) -> Certificate:
    """Test that its numbers fit each other and the markets; nothing cheaper is sought."""
    return _certified(bilevel, answer, within, lambda _bilevel, _within: (None, UNSOUGHT))


def _certified(
    bilevel: Bilevel, answer: BilevelAnswer, within: float, seek: Callable[[Bilevel, float], tuple[BilevelAnswer | None, str]]
) -> Certificate:
    if faults := list(bilevel.faults()) or list(_shape_faults(bilevel, answer)):
        raise InvalidCase(faults)
    if answer.status is not Status.SOLVED:
        return _nothing(bilevel, answer)
    rival, looked = seek(bilevel, within)
    return _tested(bilevel, answer, within, rival=rival, looked=looked)


def _rival(bilevel: Bilevel, within: float) -> tuple[BilevelAnswer | None, str]:
    """The best strategy by cells listed anew, if they can be and if it is what it says itself; and where was looked."""
    if any(follower.size > MOST for follower in bilevel.followers):
        return None, f"{UNSOUGHT}: θ has more than {MOST} numbers, whose cells are not listed"
    try:
        rival = solve(bilevel, "cells")
    except InvalidCase as trouble:
        return None, f"{UNSOUGHT}: cells cannot be listed, {trouble.faults[0]}"
    if rival.status is not Status.SOLVED:
        return None, f"{UNSOUGHT}: the search by cells ended so: {rival.status.value}"
    if _tested(bilevel, rival, within, rival=None, looked="").status is Verdict.BROKEN:
        return None, f"{UNSOUGHT}: what the search by cells found is not what it says itself"
    return rival, SOUGHT


def _tested(bilevel: Bilevel, answer: BilevelAnswer, within: float, *, rival: BilevelAnswer | None, looked: str) -> Certificate:
    """Against this rival, if any."""
    told = list(zip(bilevel.followers, answer.theta, answer.price, strict=True))
    markets = [against(follower, theta, price, within=within) for follower, theta, price in told]
    slope, identity, penalty, scale = np.array([(m.slope, m.identity, m.penalty, m.scale) for m in markets]).T
    hints = tuple(f"market {t}: {m.hint}" for t, m in enumerate(markets) if m.hint)
    moved = np.abs(answer.theta - answer.x[bilevel.theta]).max(1)
    size = np.maximum(1.0, np.abs(answer.x[bilevel.theta]).max(1))
    paid, cost = (answer.price * answer.theta).sum(1), own_cost(bilevel.leader, answer.x)
    kink = np.array([unequal(slopes_at(follower, theta)) for follower, theta, _ in told])
    cheapest, dearest = (np.array(side) for side in zip(*(prices_beside(follower, theta) for follower, theta, _ in told), strict=True))
    found = Certificate(
        slope=slope, identity=identity, cheapest=cheapest, dearest=dearest, kink=kink, theta=moved, payment=answer.payment - paid, penalty=penalty,
        limits=missed(bilevel.leader, answer), own=answer.leader_cost - cost, total=answer.total - cost - float(paid.sum()),
        over=answer.bound - answer.total, rival=rival.total if rival else np.nan, looked=looked, hints=hints, faults=(),
    )  # fmt: skip
    faults = (*_of_markets(found, answer, scale, size, within), *_of_answer(found, answer, within), *_of_rival(answer, rival, within))
    return replace(found, faults=faults)


def _nothing(bilevel: Bilevel, answer: BilevelAnswer) -> Certificate:
    """Of an answer without numbers."""
    none, nowhere = np.full(len(bilevel.followers), np.nan), np.full(answer.theta.shape, np.nan)
    return Certificate(
        slope=none, identity=none, cheapest=nowhere, dearest=nowhere, kink=np.zeros(len(none), bool), theta=none, payment=none, penalty=none,
        limits=np.nan, own=np.nan, total=np.nan, over=np.nan, rival=np.nan, looked=UNSOUGHT, hints=(),
        faults=(Fault("answer", f"has no numbers: {answer.status.value}", "see what it says", "bilevel-040"),),
    )  # fmt: skip


def _shape_faults(bilevel: Bilevel, answer: BilevelAnswer) -> Iterator[Fault]:
    """Arrays that are not those of this program."""
    shape = bilevel.leader.columns[bilevel.theta].shape
    wanted = {"theta": shape, "price": shape, "payment": shape[:1], "kink": shape[:1]}
    given = {name: np.shape(getattr(answer, name)) for name in wanted}
    wanted |= {f"x[{name}]": c.shape for name, c in bilevel.leader.columns.items()}
    given |= {f"x[{name}]": np.shape(values) for name, values in answer.x.items()}
    for name, what in wanted.items():
        if given.get(name) != what:
            here = f"is of shape {given[name]}" if name in given else "is missing"
            yield Fault("answer", f"{here}, not of {what}", "give an answer of this program", "bilevel-054", column=name)
    for name, numbers in {"theta": answer.theta, "price": answer.price, **{f"x[{k}]": v for k, v in answer.x.items()}}.items():
        if answer.status is Status.SOLVED and not np.isfinite(numbers).all():
            yield Fault("answer", "has numbers that are none, and calls itself solved", "see where it comes from", "bilevel-055", column=name)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """What remains of the conditions of one market at θ and a price."""

    slope: float
    identity: float
    penalty: float
    scale: float  # of the money at stake
    hint: str

    def holds(self, within: float = WITHIN) -> bool:
        """Whether the price is a slope of the market's cost, the identity is kept, and nothing is short."""
        return max(self.slope, abs(self.identity)) <= within * self.scale and self.penalty <= within


def against(follower: Follower, theta: Real, price: Real, *, within: float = WITHIN) -> Against:
    """A market solved again at θ, and the price that was told of it."""
    market = Market(follower, theta)
    found = market.answer(theta)
    step = np.maximum(1.0, np.abs(theta))
    least = hold(follower.joint(theta - step, theta + step, price)).solve()  # without presolve, as exact as can be
    slope = found.cost - float(price @ theta) - least.cost if least.status is Status.SOLVED else np.inf
    return Against(
        slope=max(slope, 0.0), identity=payment_of(follower, found) - float(market.priced(found) @ theta),
        penalty=sum(float(np.abs(found.x[name]).sum()) for name in follower.penalties),
        scale=max(1.0, abs(found.cost), abs(float(price @ theta))), hint=_undeclared(follower, found, within),
    )  # fmt: skip


def _undeclared(follower: Follower, found: Answer, within: float) -> str:
    """Columns that may be penalties though nobody says so: in use, without an end, and far dearer than all that has one."""
    others = {name: c for name, c in follower.program.columns.items() if name not in follower.penalties}
    dearest = max((float(np.abs(c.cost[np.isfinite(c.high)]).max(initial=0.0)) for c in others.values()), default=0.0)
    for name, c in others.items():
        for place in np.argwhere((found.x[name] > within) & (c.high == np.inf) & (c.cost > FAR * dearest) & (dearest > 0.0))[:1].tolist():
            at = label(name, tuple(place))
            return (
                f"{at} is in use at {c.cost[tuple(place)]:.6g}, and has no end; if it stands for scarcity, such as load shed, name it in `penalties`"
            )
    return ""


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


def _of_markets(found: Certificate, answer: BilevelAnswer, scale: Real, size: Real, within: float) -> Iterator[Fault]:
    """Period by period."""
    short = "is short of something, and a penalty makes its price: in use"
    yield from _of_periods(found.slope, within * scale, "is told a price that is no slope of its cost at θ: off by", "search by cells", "bilevel-041")
    yield from _of_periods(found.payment, within * scale, "is paid otherwise than price times θ: off by", "search by cells", "bilevel-042")
    yield from _of_periods(
        found.identity, within * scale, "has multipliers that break the payment identity: off by", "scale its numbers", "bilevel-043"
    )
    yield from _of_periods(found.penalty, within, short, "see what it is short of", "bilevel-044")
    yield from _of_periods(found.theta, within * size, "is told a θ that is not the one decided: off by", "take θ from the decisions", "bilevel-049")
    for period in np.flatnonzero(found.kink != answer.kink).tolist():
        what = "has one price at θ, and is told as a kink" if answer.kink[period] else "has several prices at θ, and is not told as a kink"
        yield Fault("market", what, "search by cells", "bilevel-052", row=period, label=f"period {period}")


def _of_answer(found: Certificate, answer: BilevelAnswer, within: float) -> Iterator[Fault]:
    """Sums."""
    money = within * max(1.0, abs(answer.total))
    if not found.limits <= within:
        yield Fault("leader", f"breaks a limit of its own by {found.limits:.3g}", "ask its solver for more digits", "bilevel-045")
    if not abs(found.own) <= within * max(1.0, abs(answer.leader_cost)):
        yield Fault("answer", f"tells an own cost that is off by {found.own:.6g}", "add up what its decisions cost", "bilevel-050")
    if not abs(found.total) <= money:
        yield Fault("answer", f"tells a total that is off by {found.total:.6g}", "add up own cost and payments", "bilevel-046")
    if not found.over <= money:
        what = f"says that nothing costs less than {answer.bound:.10g}, and costs {answer.total:.10g}"
        yield Fault("answer", what, "trust no gap of this search", "bilevel-051")


def _of_rival(answer: BilevelAnswer, rival: BilevelAnswer | None, within: float) -> Iterator[Fault]:
    """What cells say."""
    if rival is None:
        return
    money = within * max(1.0, abs(answer.total))
    if answer.total > rival.total + money:
        what = f"costs {answer.total:.10g}, and a strategy at {rival.total:.10g} exists"
        yield Fault("answer", what, "take that of method cells", "bilevel-047")
    if answer.bound > rival.total + money:
        what = f"says that nothing costs less than {answer.bound:.10g}, and a strategy at {rival.total:.10g} exists"
        yield Fault("answer", what, "take that of method cells, and trust no gap of this search", "bilevel-048")
    if answer.total < rival.bound - money:
        what = f"costs {answer.total:.10g}, and in the cells of its markets nothing costs less than {rival.bound:.10g}"
        yield Fault("answer", what, "see which of its numbers do not fit", "bilevel-053")
