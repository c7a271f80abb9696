r"""Rules that a market sets for an offer, and the offer that keeps them at least loss.

An offer is a chain of points (x, V): export and cost, with a level price or a rising one in between. Leaving points out puts chords in their place,
which lie above a convex V; so does rounding prices up and exports down. What the market believes is then never below the truth, and the largest gap δ
bounds what the loss can be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
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
    """One offer as its points: exports rising, slopes rising. Between two points the cost is a parabola, or a line where the price does not rise."""

    x: Real  # export [MW]
    cost: Real  # [currency/h]
    loss: float = 0.0  # largest gap to the cost it was made from [currency/h]
    rise: Real | tuple[float, ...] = ()  # of the price over each step; empty: steps are level [currency/MWh]

    @property
    def price(self) -> Real:
        """Mean price of each step; no number where a step is of no width."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.diff(self.cost) / np.diff(self.x))

    @property
    def bend(self) -> Real:
        """Rise of the price over each step."""
        return np.asarray(self.rise, float) if len(self.rise) else np.zeros(len(self.x) - 1)

    @property
    def first(self) -> Real:
        """Price of the first MW of each step."""
        return np.asarray(self.price - 0.5 * self.bend)

    @property
    def last(self) -> Real:
        """Price of the last MW of each step."""
        return np.asarray(self.price + 0.5 * self.bend)

    def at(self, x: Real) -> Real:
        """Cost of exports within the offer: the chord less what the parabola hangs below it."""
        x = np.asarray(x, float)
        chord = np.interp(x, self.x, self.cost)
        if not len(self.rise):
            return chord
        k = np.clip(np.searchsorted(self.x, x, side="right") - 1, 0, len(self.rise) - 1)
        width = np.diff(self.x)[k]
        u = np.clip(x - self.x[k], 0.0, width)
        return np.asarray(chord - self.bend[k] / (2 * width) * u * (width - u))


def shaped(offer: Offer, rules: Rules) -> Offer:
    """The offer that keeps the rules: priced within floor and ceiling, with few enough steps, in round numbers; at the least possible loss."""
    kept = _capped(_begun(_wide(_priced(offer, rules), rules.least_mw), rules.step_mw), rules.steps)
    made = _rounded(kept, rules, offer)
    return replace(made, loss=loss_of(made, offer) + offer.loss)


def same(made: Offer, truth: Offer) -> bool:
    """Whether an offer says the whole truth: the same range, and no loss within."""
    ends = np.abs(made.x[[0, -1]] - truth.x[[0, -1]]).max()
    return bool(ends <= NOTHING * max(1.0, float(np.abs(truth.x).max())) and made.loss <= NOTHING * max(1.0, float(np.abs(truth.cost).max())))


def loss_of(made: Offer, truth: Offer) -> float:
    """Largest gap between an offer and the cost it was made from, where both are defined.

    Between neighbouring knots of the two the gap is a parabola, which its ends and its middle tell.
    """
    low, high = max(made.x[0], truth.x[0]), min(made.x[-1], truth.x[-1])
    knots = np.unique(np.concatenate([made.x, truth.x]))
    knots = knots[(knots >= low) & (knots <= high)]
    middle = 0.5 * (knots[:-1] + knots[1:])
    ends, inner = (made.at(x) - truth.at(x) for x in (knots, middle))
    return float(np.max(np.concatenate([ends, _tops(ends[:-1], inner, ends[1:])]), initial=0.0))


def _tops(left: Real, middle: Real, right: Real) -> Real:
    """Highest values of parabolas over their stretches, by their values at both ends and in the middle."""
    bent, tilt = left - 2 * middle + right, right - left  # value at t in [-1, 1]: middle + tilt t / 2 + bent t² / 2
    at = np.clip(np.where(bent < 0, -tilt / np.where(bent < 0, 2 * bent, -1.0), 0.0), -1.0, 1.0)
    return np.asarray(middle + 0.5 * tilt * at + 0.5 * bent * at**2)


def faults_of(offer: Offer, rules: Rules, *, who: str) -> Iterator[Fault]:
    """Every rule an offer breaks."""
    price, first, last = offer.price, offer.first, offer.last
    if not (np.isfinite(offer.x).all() and np.isfinite(offer.cost).all()):
        yield Fault("offers", "holds numbers that are none", "give every point a power and a cost", "offer-001", place=who)
        return
    if (np.diff(offer.x) <= 0).any():
        yield Fault("offers", "has powers that do not rise", "give the points in rising order of power", "offer-002", place=who)
    if (within := np.flatnonzero(offer.bend < 0)).size:
        told = f"is not convex: price falls by {-offer.bend[within[0]]:g} within step {within[0] + 1}"
        yield Fault("offers", told, "let the price rise, or stay, within a step", "offer-003", place=who)
    if (falling := np.flatnonzero(first[1:] - last[:-1] < -1e-9 * np.maximum(1.0, np.abs(first[1:])))).size:
        k = int(falling[0])
        told = f"is not convex: price falls from {last[k]:g} to {first[k + 1]:g}"
        yield Fault("offers", told, "offer steps in rising order of price", "offer-003", place=who)
    if len(price) > rules.steps:
        yield Fault("offers", f"has {len(price)} steps", f"this market takes at most {rules.steps}", "offer-004", place=who)
    both = np.concatenate([first, last])
    if (wrong := both[(both < rules.floor) | (both > rules.ceiling)]).size:
        mend = f"prices lie from {rules.floor:g} to {rules.ceiling:g}"
        yield Fault("offers", f"has a price of {wrong[0]:g}", mend, "offer-005", place=who)
    if len(price) and offer.x[-1] - offer.x[0] < rules.least_mw:
        told = f"offers a range of {offer.x[-1] - offer.x[0]:g} MW"
        yield Fault("offers", told, f"the least is {rules.least_mw:g} MW; below, the feeder schedules itself", "offer-006", place=who)
    for values, step, what in ((offer.x, rules.step_mw, "power"), (both, rules.step_price, "price")):
        if step and (np.abs(values / step - np.round(values / step)) > 1e-6).any():
            yield Fault("offers", f"has a {what} that is no multiple of {step:g}", "round it", "offer-007", place=who)


def _priced(offer: Offer, rules: Rules) -> Offer:
    """Without what costs more than the ceiling; what costs less than the floor is scheduled, so the offer begins after it."""
    offer = _parted(_parted(offer, rules.floor), rules.ceiling)
    near = 1e-12 * max(1.0, abs(rules.floor), abs(rules.ceiling))
    keep = np.flatnonzero((offer.first >= rules.floor - near) & (offer.last <= rules.ceiling + near))
    if not keep.size:
        k = int((offer.price < rules.floor).sum())  # one point: where it stands still at any price the market allows
        return Offer(offer.x[k : k + 1], offer.cost[k : k + 1])
    steps, points = slice(int(keep[0]), int(keep[-1]) + 1), slice(int(keep[0]), int(keep[-1]) + 2)
    return Offer(offer.x[points], offer.cost[points], rise=offer.bend[steps] if len(offer.rise) else ())


def _parted(offer: Offer, price: float) -> Offer:
    """The same with the step through which the price passes in two, if there is one."""
    through = np.flatnonzero((offer.first < price) & (price < offer.last) & (offer.bend > 0))
    if not through.size:
        return offer
    k = int(through[0])
    share = (price - offer.first[k]) / offer.bend[k]
    return _split(offer, k, offer.x[k] + share * (offer.x[k + 1] - offer.x[k]))


def _split(offer: Offer, k: int, x: float) -> Offer:
    """The same with step k in two, at x."""
    if not offer.x[k] < x < offer.x[k + 1]:
        return offer
    share = (x - offer.x[k]) / (offer.x[k + 1] - offer.x[k])
    rise = np.concatenate([offer.bend[:k], offer.bend[k] * np.array([share, 1 - share]), offer.bend[k + 1 :]]) if len(offer.rise) else ()
    return Offer(np.insert(offer.x, k + 1, x), np.insert(offer.cost, k + 1, offer.at(np.array([x]))), rise=rise)


def _begun(offer: Offer, step: float) -> Offer:
    """From the first power that is a multiple of the step; where none lies in the offer, all of it."""
    if not step or (first := float(_up(offer.x[:1], step)[0])) >= offer.x[-1] or first <= offer.x[0]:
        return offer
    k = int(np.searchsorted(offer.x, first, side="right")) - 1
    cut = _split(offer, k, first)
    keep = int(np.searchsorted(cut.x, first))
    return Offer(cut.x[keep:], cut.cost[keep:], rise=cut.bend[keep:] if len(offer.rise) else ())


def _wide(offer: Offer, least_mw: float) -> Offer:
    """A range too small to be offered is scheduled, at its point nearest to the middle: no price could call for one far from it."""
    if offer.x[-1] - offer.x[0] >= least_mw:
        return offer
    k = int(np.argmin(np.abs(offer.x - (offer.x[0] + offer.x[-1]) / 2)))
    return Offer(offer.x[k : k + 1], offer.cost[k : k + 1])


def _capped(offer: Offer, most: int) -> Offer:
    r"""The best subset of points, both ends kept: least largest gap, by dynamic programming over

    .. math:: L_m(j) = \min_{i<j} \max\left(L_{m-1}(i),\; g(i, j)\right)

    with g(i, j) the largest gap of the chord from i to j, which is 0 where they are neighbours: that step stays as it is.
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
    alone = np.diff(rows) == 1
    rise = np.where(alone, offer.bend[rows[:-1]], 0.0) if len(offer.rise) else ()
    return Offer(offer.x[rows], offer.cost[rows], rise=rise)


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
        if len(offer.rise):
            out[i, i + 1 :] = np.maximum(out[i, i + 1 :], _within(offer, i, slope, below))
            out[i, i + 1] = 0.0
    return out


def _within(offer: Offer, i: int, slope: Real, below: Real) -> Real:
    """Largest gap of each chord from point i where the price passes its slope inside a step."""
    first, bend, width = offer.first[i:], offer.bend[i:], np.diff(offer.x)[i:]
    ahead = slope[:, None] - first[None]
    passes = (ahead > 0) & (ahead < bend[None])
    into = np.where(passes, ahead / np.where(bend > 0, bend, 1.0), 0.0) * width
    return np.asarray(np.where(passes, below[:, :-1] + 0.5 * ahead * into, 0.0).max(-1))


def _rounded(offer: Offer, rules: Rules, truth: Offer) -> Offer:
    """Upwards in cost: exports down (the first one up, where one lies there: `_begun`), prices of what then is left up.

    A level step is priced as the chord below it; a sloped one, which now ends earlier, keeps its prices. Where no round power can be kept at all, a
    single power stands as it is: `faults_of` then tells it.
    """
    x, first, last = offer.x, offer.first, offer.last
    if rules.step_mw:
        begin, before = _up(x[:1], rules.step_mw), _down(x[:1], rules.step_mw)
        last_one = np.where(before < truth.x[0], x[:1], before)
        x = np.concatenate([np.where(begin > truth.x[-1], last_one, begin), _down(x[1:], rules.step_mw)])
        x = np.maximum.accumulate(x)
    wide = np.flatnonzero(np.diff(x) > 0)
    x, first, last = np.concatenate([x[:1], x[1:][wide]]), first[wide], last[wide]
    if rules.step_mw and not len(offer.rise):
        first = last = np.diff(truth.at(x)) / np.diff(x)
    if rules.step_price:
        first, last = _up(first, rules.step_price), _up(last, rules.step_price)
    cost = truth.at(x[:1]) + np.concatenate([[0.0], np.cumsum(0.5 * (first + last) * np.diff(x))])
    return Offer(x, cost, rise=last - first if len(offer.rise) else ())


def _up(values: Real, step: float) -> Real:
    return np.asarray(np.ceil(values / step - 1e-9) * step)


def _down(values: Real, step: float) -> Real:
    return np.asarray(np.floor(values / step + 1e-9) * step)
