r"""Storage lent to the market beside a curve of the rest, so that every award can be delivered.

The hours of a feeder's day hang together by its storage. Lent to the market, storage is scheduled there; the feeder offers for each hour t a curve
W of the rest, by its export x without storage. With V the least cost of the hour at a total export while storage injects s, and s in an envelope
:math:`-\overline c_k \le s_k \le \overline d_k`, every award can be delivered at no more than it is believed to cost if

.. math:: V_t(x_j + \mathbf 1^\top s;\; s) \le W_t(x_j)

at every point j of W and every corner s of the envelope, for V is convex in both, and W is a line from point to point. These are finitely many linear
programs: the certificate. W is the largest of the curves of all corners, over what all of them reach, so that it holds by construction, and is looked
at all the same. Where limits bind, corners cost more than storage at rest, and W with them; so the envelope is cut by bisection, charging and
discharging each by itself, until W differs from the curve of storage at rest by no more than a constant over most of its range, and further until the
certificate holds. Vehicles and ramped units keep to a schedule, as does storage beyond the largest `MOST`, whose corners would be too many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import final

import numpy as np

from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.offers import Asked
from gridtandem.opf.storage_tiers import scheduled
from gridtandem.opf.swept import Reduced, swept
from gridtandem.opf.value_curve import EXACT, searched
from gridtandem.orders.rules import Offer, Rules, loss_of, shaped
from gridtandem.program.answer import Status
from gridtandem.program.arrays import Program
from gridtandem.program.solve import Holding, hold
from gridtandem.tables import Index, Real

MOST = 6  # storages of a feeder that are lent: 64 corners
KEPT = 0.9  # of the range of export, over which lent storage must not change what the rest costs
STEPS = 5  # of a bisection
WAYS = ("charge", "discharge")  # blocks of unknowns
SURE = 1e-8  # relative to max(1, cost): what linear programs leave of a certificate

Corner = tuple[Real, Real]  # charging and discharging (lent) [MW]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Lent:
    """A feeder's day: what it offers of the rest, and the envelopes of its storage."""

    offers: tuple[Offer, ...]  # (period)
    unit: Index  # which of its storages are lent
    charge: Real  # (period, lent) [MW]
    discharge: Real
    excess: Real  # (period) by which a corner costs more than offered, at most; relative to max(1, cost)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Hour:
    """One hour with storage as somebody else decides, whose wear is not the feeder's."""

    problem: FeederProblem
    held: Holding
    reduced: Reduced | None  # the same for the walk of curves; None where it cannot be walked
    unit: Index
    charge: Real  # (lent) most of each [MW]
    discharge: Real

    @staticmethod
    def of(problem: FeederProblem, whole: Program, unit: Index, t: int) -> Hour:
        """``problem`` is the hour t of the program of the day with storage as scheduled; ``unit`` is lent."""
        columns, most = dict(problem.program.columns), dict.fromkeys(WAYS, np.zeros(0))
        for name in WAYS if len(unit) else ():
            c = columns[name]
            low, high, cost = c.low.copy(), c.high.copy(), c.cost.copy()
            low[0, unit] = cost[0, unit] = 0.0
            high[0, unit] = most[name] = whole.columns[name].high[t, unit]
            columns[name] = replace(c, low=low, high=high, cost=cost)
        made = replace(problem, program=replace(problem.program, columns=columns))
        return Hour(
            problem=made, held=hold(made.program), reduced=Reduced.of(made), unit=unit, charge=most["charge"], discharge=most["discharge"]
        )  # fmt: skip

    def corners(self, share: tuple[float, float]) -> list[Corner]:
        """Corners of the envelope with these shares of the whole one; storage at rest first, which is in its midst."""
        none = np.zeros(len(self.unit))
        ends = [sorted({-share[0] * c, share[1] * d}) for c, d in zip(self.charge.tolist(), self.discharge.tolist(), strict=True)]
        given = [np.array(way) for way in product(*ends)] if any(e != [0.0] for e in ends) else []
        return [(none, none), *((np.maximum(-g, 0.0), np.maximum(g, 0.0)) for g in given)]

    def cost(self, x: float, corner: Corner) -> float:
        """Least cost per hour at an export x beside a use of storage; infinite where there is none."""
        z = np.array([-(x + _given(corner))])
        answer = self.held.solve(bounds={"z": (z, z), **{k: (at, at) for k, at in self._kept(corner).items()}})
        return answer.cost / self.problem.window.hours if answer.status is Status.SOLVED else np.inf

    def curves(self, corners: Sequence[Corner], tol: float) -> list[Offer] | None:
        """Least cost by export beside each use of storage, in level steps; None where some use cannot be carried at all."""
        found = [*self._walked(corners)]
        out = []
        for corner, walked in zip(corners, found or [None] * len(corners), strict=True):
            offer = self._searched(corner, tol) if walked is None else walked
            if offer is None:
                return None
            out.append(replace(offer, x=offer.x - _given(corner)))
        return out

    def _walked(self, corners: Sequence[Corner]) -> Iterator[Offer | None]:
        """Curves of all corners by one walk; None for those that it leaves open."""
        if self.reduced is None:
            return
        r, many, begin = self.reduced, len(corners), 0
        low, high = (np.repeat(side, many, axis=0) for side in (r.low, r.high))
        kept = [self._kept(corner) for corner in corners]
        for name, c in self.problem.program.columns.items():
            if name != "z":
                if name in kept[0]:
                    low[:, begin : begin + c.low.size] = high[:, begin : begin + c.low.size] = [k[name][0] for k in kept]
                begin += c.low.size
        cost, row_low, row_high, there = (np.repeat(x, many, axis=0) for x in (r.cost, r.row_low, r.row_high, r.there))
        found = swept(replace(r, low=low, high=high, cost=cost, row_low=row_low, row_high=row_high, there=there))
        for k, count in enumerate(np.where(found.certified, found.count, 0).tolist()):
            yield Offer(found.export[k, :count], found.cost[k, :count]) if count else None

    def _searched(self, corner: Corner, tol: float) -> Offer | None:
        """The same by search."""
        kept, program = self._kept(corner), self.problem.program
        columns = {k: replace(c, low=kept[k], high=kept[k]) if k in kept else c for k, c in program.columns.items()}
        asked = Asked.of(replace(self.problem, program=replace(program, columns=columns)))
        if not program.quadratic:
            found = asked.curve()
            return None if found is None else found.offer
        ends = asked.reach()
        if any(a.status is not Status.SOLVED for a in ends):
            return None
        low, high = (asked.point(asked.at_exchange(float(a.x["z"][0]))) for a in reversed(ends))
        return searched(low, high, lambda price: asked.point(asked.at_price(price)), tol=tol).offer

    def _kept(self, corner: Corner) -> dict[str, Real]:
        """Charging and discharging of all storage (1, storage)."""
        out = {}
        for name, power in zip(WAYS, corner, strict=True):
            if len(self.unit):
                out[name] = self.problem.program.columns[name].low.copy()
                out[name][0, self.unit] = power
        return out


def lent(whole: FeederProblem, price: Real, rules: Rules, *, tol: float) -> Lent | None:
    """The offer of a day under the rules of a market; None where the feeder cannot be served at all, or not without its storage.

    ``price`` is the forecast of schedules.
    """
    problems, unit = scheduled(whole, price), _largest(whole)
    each = []
    for t, problem in enumerate(problems or ()):
        found = _offered(Hour.of(problem, whole.program, unit, t), rules, tol)
        if found is None:
            return None
        each.append(found)
    if not each:
        return None
    offers, shares, excess = zip(*each, strict=True)
    part, columns = np.array(shares), whole.program.columns
    charge, discharge = (part[:, k, None] * columns[name].high[:, unit] if len(unit) else np.zeros((len(part), 0)) for k, name in enumerate(WAYS))
    return Lent(offers=offers, unit=unit, charge=charge, discharge=discharge, excess=np.array(excess))


def excess_of(hour: Hour, offer: Offer, share: tuple[float, float]) -> float:
    """The certificate: by how much some corner costs more than offered at some point, relative to max(1, cost); rounding if it holds."""
    over = [hour.cost(float(x), corner) - cost for corner in hour.corners(share) for x, cost in zip(offer.x, offer.cost, strict=True)]
    return float(max(over)) / max(1.0, float(np.abs(offer.cost).max()))


def _offered(hour: Hour, rules: Rules, tol: float) -> tuple[Offer, tuple[float, float], float] | None:
    """Offer, shares of the envelope, and what the certificate leaves; None where the hour cannot do without its storage."""
    at_rest = hour.curves(hour.corners((0.0, 0.0)), tol)
    if at_rest is None:
        return None
    rest = at_rest[0]

    def fits(share: tuple[float, float]) -> bool:
        found = hour.curves(hour.corners(share), tol)
        return found is not None and _alike(found, rest) >= KEPT

    share = (_largest_share(lambda a: fits((a, 0.0))), _largest_share(lambda a: fits((0.0, a))))
    both = 1.0 if fits(share) else _largest_share(lambda a: fits((a * share[0], a * share[1])))
    while True:
        now = (both * share[0], both * share[1])
        offer = shaped(upper(hour.curves(hour.corners(now), tol) or at_rest), rules)
        excess = excess_of(hour, offer, now)
        if excess <= SURE or both == 0.0:
            return replace(offer, loss=loss_of(offer, rest) + rest.loss), now, excess
        both = both / 2 if both > 2.0**-STEPS else 0.0


def _alike(curves: Sequence[Offer], rest: Offer) -> float:
    """Share of the range of a curve over which the largest of these lies above it by no more than a constant; 1 for a range of one point."""
    low, high = max(c.x[0] for c in curves), min(c.x[-1] for c in curves)
    near = EXACT * max(1.0, float(np.abs(rest.x).max()))
    if high - low < -near:
        return 0.0
    if rest.x[-1] - rest.x[0] <= near:
        return 1.0
    most = upper(curves)
    x = np.unique(np.concatenate([most.x, rest.x[(rest.x > low) & (rest.x < high)]]))
    over = most.at(x) - rest.at(x)
    same = over - over.min() <= SURE * max(1.0, float(np.abs(rest.cost).max()))
    return float(np.diff(x)[same[1:] & same[:-1]].sum() / (rest.x[-1] - rest.x[0]))


def upper(curves: Sequence[Offer]) -> Offer:
    """The largest of level-stepped curves, over what all of them reach: their points, and where one passes another."""
    low, high = max(c.x[0] for c in curves), min(c.x[-1] for c in curves)
    if high - low <= EXACT * max(1.0, abs(low), abs(high)):
        middle = np.array([min(max(low, c.x[0]), c.x[-1]) for c in curves])
        return Offer(np.array([low]), np.array([max(float(c.at(x)) for c, x in zip(curves, middle, strict=True))]))
    x = np.unique(np.concatenate([[low, high], *(c.x[(c.x > low) & (c.x < high)] for c in curves)]))
    cost = np.stack([c.at(x) for c in curves])
    apart = cost[:, None] - cost[None]
    a, b = apart[..., :-1], apart[..., 1:]
    i, j, k = np.nonzero((a > 0) & (b < 0))
    passed = x[k] + (x[k + 1] - x[k]) * a[i, j, k] / (a[i, j, k] - b[i, j, k])
    x = np.unique(np.concatenate([x, np.clip(passed, low, high)]))
    top = np.stack([c.at(x) for c in curves]).max(0)
    keep = _bends(x, top)
    return Offer(x[keep], top[keep])


def _bends(x: Real, cost: Real) -> Index:
    """Points of a convex curve without those on a line between their neighbours, and without those that are next to nothing apart."""
    kept = [0]
    for k in range(1, len(x)):
        if x[k] - x[kept[-1]] <= EXACT * max(1.0, abs(x[k])) and k < len(x) - 1:
            continue
        while len(kept) > 1 and _straight(x, cost, (kept[-2], kept[-1], k)):
            kept.pop()
        kept.append(k)
    return np.array(kept)


def _straight(x: Real, cost: Real, at: tuple[int, int, int]) -> bool:
    a, b, c = at
    before, after = (cost[b] - cost[a]) / (x[b] - x[a]), (cost[c] - cost[b]) / (x[c] - x[b])
    return bool(after - before <= 1e-9 * max(1.0, abs(before)))


def _largest(whole: FeederProblem) -> Index:
    """The storages that are lent, in their order."""
    if WAYS[0] not in whole.program.columns:
        return np.zeros(0, np.int64)
    power = np.add(*(whole.program.columns[name].high.max(0) for name in WAYS))
    order = np.argsort(-power, kind="stable")[:MOST]
    return np.sort(order[power[order] > 0])


def _given(corner: Corner) -> float:
    """What storage injects."""
    return float(corner[1].sum() - corner[0].sum())


def _largest_share(fits: Callable[[float], bool]) -> float:
    """The largest share from 0 to 1 that fits, by bisection; 0 always does."""
    if fits(1.0):
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
