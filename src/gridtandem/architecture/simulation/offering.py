r"""Curves that distribution operators offer: exact value functions of some of their steps, all periods at once.

.. math:: V_t(e) = \min_y\; c^\top y \quad\text{s.t.}\quad \mathbf 1^\top y - \text{draw}_t = e,\ \underline b \le b_t + H y \le \overline b,\
          \underline y \le y \le \overline y

The curves are walked by the kernel that makes the offers of every market study, and go to the bulk market as its letter `Curves`. Where limits cannot
be held at all, those of that period are widened to the least that can be reached: an operator who must serve his load offers what is possible.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gridtandem.architecture.simulation.clearing import Shown, cleared_feeder
from gridtandem.architecture.simulation.day import Day, Wires
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.market_letters import Curves, Tier
from gridtandem.opf.swept import Reduced, swept
from gridtandem.tables import Flag, Real

Points = tuple[Real, Real]  # export [MW], cost [currency/h]
LEEWAY = 1e-9  # MW by which a row that cannot be held is widened beyond the best there is


def curves(day: Day, shown: Sequence[Shown], when: Flag) -> Curves:
    """One offer for each feeder (of what it is shown, whose wires must be there) where ``when`` (period, feeder) says so; nothing elsewhere."""
    shape = (1, day.periods, len(shown))
    start, worth = np.zeros(shape), np.full(shape, Worth.EXACT, np.int8)
    rows: list[tuple[int, int, Real, Real]] = []
    for k, s in enumerate(shown):
        for t, (export, cost) in enumerate(values(day, s)):
            start[0, t, k] = -export[0]
            if when[t, k]:
                wide = np.diff(export)
                rows.append((t, k, wide, np.diff(cost) / wide))
    start[0, ~when] = 0.0
    count = [len(r[2]) for r in rows]
    period, interface = (np.repeat([r[i] for r in rows], count).astype(np.int64) for i in (0, 1))
    mw, price = (np.concatenate([np.zeros(0), *(r[i] for r in rows)]) for i in (2, 3))
    zeros = np.zeros(len(mw))
    return Curves(start, np.full(shape, Tier.HOURLY, np.int8), worth, zeros.astype(np.int64), period, interface, mw, price, zeros, np.zeros(shape))


def values(day: Day, shown: Shown) -> list[Points]:
    """Points of the cost by export, in every period."""
    assert shown.wires is not None
    wires = attainable(day, shown, shown.wires)
    reduced = _reduced(shown, wires)
    found = swept(reduced)
    out = []
    for t in range(day.periods):
        if found.certified[t]:
            n = int(found.count[t])
            export, cost = found.export[t, :n], found.cost[t, :n]
        else:
            export, cost = _searched(day, shown, wires, t)
        keep = np.concatenate([[True], np.diff(export) > LEEWAY])
        out.append((export[keep], cost[keep]))
    return out


def attainable(day: Day, shown: Shown, wires: Wires) -> Wires:
    """The same wires, limits widened in periods in which no dispatch of these steps holds them."""
    nearest = cleared_feeder(day, shown)
    broken = wires.beyond(nearest.y)
    if not (broken > LEEWAY).any():
        return wires
    value = wires.values(nearest.y)
    return _per_period(wires, np.minimum(wires.low, value - LEEWAY), np.maximum(wires.high, value + LEEWAY))


def _per_period(wires: Wires, low: Real, high: Real) -> Wires:
    """Limits that differ by period."""
    return Wires(h=wires.h, there=wires.there, low=low, high=high, h_shed=wires.h_shed, label=wires.label)


def _reduced(shown: Shown, wires: Wires) -> Reduced:
    """As the kernel takes it: a first row for the exchange, which has no bounds of its own."""
    periods, width = shown.least.shape
    matrix = np.concatenate([np.ones((1, width)), wires.h])
    largest = np.abs(matrix).max(1, initial=0.0)
    scale = np.where(largest > 0, 1 / np.where(largest > 0, largest, 1.0), 1.0)
    free = np.full((periods, 1), np.inf)
    low, high = (np.broadcast_to(b, wires.there.shape) - wires.there for b in (wires.low, wires.high))
    return Reduced(
        matrix=np.ascontiguousarray(matrix * scale[:, None]), give=np.ones(width), cost=np.ascontiguousarray(shown.price, float),
        low=shown.least, high=shown.most, row_low=np.concatenate([-free, low], 1) * scale, row_high=np.concatenate([free, high], 1) * scale,
        there=-shown.draw, constant=0.0,
    )  # fmt: skip


def _searched(day: Day, shown: Shown, wires: Wires, period: int) -> Points:
    """By asking for prices, where the walk gave up."""
    from gridtandem.opf.value_curve import Point, searched

    one = slice(period, period + 1)
    low, high = (np.broadcast_to(b, wires.there.shape)[one] for b in (wires.low, wires.high))
    mine = Shown(
        shown.least[one], shown.most[one], np.asarray(shown.price)[one], shown.draw[one],
        Wires(h=wires.h, there=wires.there[one], low=low, high=high, h_shed=wires.h_shed, label=wires.label),
    )  # fmt: skip

    def at(price: float) -> Point:
        found = cleared_feeder(day, mine, price=np.array([price]))
        return Point(-float(found.z[0]), float((mine.price * found.y).sum()))

    span = 10 * float(np.abs(np.asarray(mine.price)).max(initial=1.0)) + 1.0
    curve = searched(at(-span), at(span), at)
    return np.array([p.x for p in curve.points]), np.array([p.cost for p in curve.points])
