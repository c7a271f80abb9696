r"""Rules that a market sets for an offer, and the offer that keeps them at least loss.

An offer is a chain of points (x, V): export and cost. Leaving points out puts chords in their place, which lie above a convex V; so does rounding
prices up and exports down. What the market believes is then never below the truth, and the largest gap δ bounds what the loss can be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.errors import Fault
from gridtandem.tables import Real

NOTHING = 1e-9  # relative; what rounding leaves of a range or of a loss


@final
@dataclass(frozen=True, slots=True)
class Rules:
    """What a market accepts. Defaults are those of the US wholesale markets."""

    steps: int = 10  # most steps of an offer
    floor: float = -150.0  # least price [currency/MWh]
    ceiling: float = 1000.0  # highest price: FERC Order 831, without verified cost
    least_mw: float = 0.1  # smallest range of power: FERC Order 2222
    step_mw: float = 0.0  # powers are multiples of it; 0: any
    step_price: float = 0.0  # prices are multiples of it; 0: any


@final
@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """One offer as its points: exports rising, slopes rising."""

    x: Real  # export [MW]
    cost: Real  # [currency/h]
    loss: float = 0.0  # largest gap to the cost it was made from [currency/h]

    @property
    def price(self) -> Real:
        """Slope of each step."""
        return np.diff(self.cost) / np.diff(self.x)


def shaped(offer: Offer, rules: Rules) -> Offer:
    """The offer that keeps the rules: priced within floor and ceiling, with few enough steps, in round numbers; at the least possible loss."""
    kept = _capped(_wide(_priced(offer, rules), rules.least_mw), rules.steps)
    made = _rounded(kept, rules, offer)
    return Offer(made.x, made.cost, loss_of(made, offer))


def same(made: Offer, truth: Offer) -> bool:
    """Whether an offer says the whole truth: the same range, and no loss within."""
    ends = np.abs(made.x[[0, -1]] - truth.x[[0, -1]]).max()
    return bool(ends <= NOTHING * max(1.0, float(np.abs(truth.x).max())) and made.loss <= NOTHING * max(1.0, float(np.abs(truth.cost).max())))


def loss_of(made: Offer, truth: Offer) -> float:
    """Largest gap between an offer and the cost it was made from, where both are defined. Both are piecewise linear, so the knots tell."""
    inside = truth.x[(truth.x >= made.x[0]) & (truth.x <= made.x[-1])]
    knots = np.concatenate([made.x, inside])
    return float(np.max(np.interp(knots, made.x, made.cost) - np.interp(knots, truth.x, truth.cost), initial=0.0))


def faults_of(offer: Offer, rules: Rules, *, who: str) -> Iterator[Fault]:
    """Every rule an offer breaks."""
    price = offer.price
    if not (np.isfinite(offer.x).all() and np.isfinite(offer.cost).all()):
        yield Fault("offers", "holds numbers that are none", "give every point a power and a cost", "offer-001", place=who)
        return
    if (np.diff(offer.x) <= 0).any():
        yield Fault("offers", "has powers that do not rise", "give the points in rising order of power", "offer-002", place=who)
    if (falling := np.flatnonzero(np.diff(price) < -1e-9 * np.maximum(1.0, np.abs(price[1:])))).size:
        k = int(falling[0])
        yield Fault(
            "offers",
            f"is not convex: price falls from {price[k]:g} to {price[k + 1]:g}",
            "offer steps in rising order of price",
            "offer-003",
            place=who,
        )
    if len(price) > rules.steps:
        yield Fault("offers", f"has {len(price)} steps", f"this market takes at most {rules.steps}", "offer-004", place=who)
    if (wrong := price[(price < rules.floor) | (price > rules.ceiling)]).size:
        mend = f"prices lie from {rules.floor:g} to {rules.ceiling:g}"
        yield Fault("offers", f"has a price of {wrong[0]:g}", mend, "offer-005", place=who)
    if len(price) and offer.x[-1] - offer.x[0] < rules.least_mw:
        told = f"offers a range of {offer.x[-1] - offer.x[0]:g} MW"
        yield Fault("offers", told, f"the least is {rules.least_mw:g} MW; below, the feeder schedules itself", "offer-006", place=who)
    for values, step, what in ((offer.x, rules.step_mw, "power"), (price, rules.step_price, "price")):
        if step and (np.abs(values / step - np.round(values / step)) > 1e-6).any():
            yield Fault("offers", f"has a {what} that is no multiple of {step:g}", "round it", "offer-007", place=who)


def _priced(offer: Offer, rules: Rules) -> Offer:
    """Without what costs more than the ceiling; what costs less than the floor is scheduled, so the offer begins after it."""
    price = offer.price
    keep = np.flatnonzero((price >= rules.floor) & (price <= rules.ceiling))
    if not keep.size:
        k = int((price < rules.floor).sum())  # one point: where it stands still at any price the market allows
        return Offer(offer.x[k : k + 1], offer.cost[k : k + 1])
    part = slice(int(keep[0]), int(keep[-1]) + 2)
    return Offer(offer.x[part], offer.cost[part])


def _wide(offer: Offer, least_mw: float) -> Offer:
    """A range too small to be offered is scheduled, at its point nearest to the middle: no price could call for one far from it."""
    if offer.x[-1] - offer.x[0] >= least_mw:
        return offer
    k = int(np.argmin(np.abs(offer.x - (offer.x[0] + offer.x[-1]) / 2)))
    return Offer(offer.x[k : k + 1], offer.cost[k : k + 1])


def _capped(offer: Offer, most: int) -> Offer:
    r"""The best subset of points, both ends kept: least largest gap, by dynamic programming over

    .. math:: L_m(j) = \min_{i<j} \max\left(L_{m-1}(i),\; g(i, j)\right)

    with g(i, j) the largest gap of the chord from i to j.
    """
    size = len(offer.x)
    if size - 1 <= most:
        return offer
    gap = _chord_gaps(offer)
    least, came = gap[0], []
    for _ in range(most - 1):
        worst = np.maximum(least[:, None], gap)
        came.append(np.argmin(worst, axis=0))
        least = np.min(worst, axis=0)
    kept = [size - 1]
    for before in reversed(came):
        kept.append(int(before[kept[-1]]))
    rows = np.unique([0, *kept])
    return Offer(offer.x[rows], offer.cost[rows])


def _chord_gaps(offer: Offer) -> Real:
    """Largest gap below the chord from point i to point j; infinite where j does not come after i, except 0 for i = j."""
    size, x, cost = len(offer.x), offer.x, offer.cost
    out = np.full((size, size), np.inf)
    np.fill_diagonal(out, 0.0)
    for i in range(size - 1):
        slope = (cost[i + 1 :] - cost[i]) / (x[i + 1 :] - x[i])
        below = cost[i] + slope[:, None] * (x[None, i:] - x[i]) - cost[None, i:]  # (end, point): grows up to the end, then turns
        inner = np.arange(size - i)[None] <= np.arange(1, size - i)[:, None]
        out[i, i + 1 :] = np.where(inner, below, 0.0).max(-1)
    return out


def _rounded(offer: Offer, rules: Rules, truth: Offer) -> Offer:
    """Upwards in cost: exports down (the first one up, unless nothing lies there), prices of what then is left up."""
    x, price = offer.x, offer.price
    if rules.step_mw:
        first = _up(x[:1], rules.step_mw)
        x = np.concatenate([np.where(first > truth.x[-1], _down(x[:1], rules.step_mw), first), _down(x[1:], rules.step_mw)])
        x = np.unique(np.maximum.accumulate(x))
        price = np.diff(np.interp(x, truth.x, truth.cost)) / np.diff(x)  # the old chords began elsewhere and may lie below
    if rules.step_price:
        price = _up(price, rules.step_price)
    begin = np.interp(x[0], truth.x, truth.cost)
    return Offer(x, begin + np.concatenate([[0.0], np.cumsum(price * np.diff(x))]))


def _up(values: Real, step: float) -> Real:
    return np.asarray(np.ceil(values / step - 1e-9) * step)


def _down(values: Real, step: float) -> Real:
    return np.asarray(np.floor(values / step + 1e-9) * step)
