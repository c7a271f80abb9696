"""Transmission's desk where frequency is to be kept: its market in pieces for who moves prices, and prices at what was decided.

Each hour is a linear program in what feeders take and sell (`gridtandem.frequency.follower`). Where its cost falls into a part of exchange and one of
reserve (`gridtandem.program.apart`), short lists tell both; else one list does, of up to three numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.secure_letters import BOTH, EXCHANGE, RESERVE, ClearSecure, ResidualSecure, SecureCells, SecurePlan
from gridtandem.errors import InvalidCase
from gridtandem.frequency.follower import SecureMarket
from gridtandem.program.apart import Part, in_two, whole
from gridtandem.program.cells import MOST
from gridtandem.program.follower import Follower, Market
from gridtandem.tables import Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class SecureTransmissionDesk:
    """Of one operator. Totals are those of buses: ``market.place`` counts them."""

    market: SecureMarket

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {ResidualSecure: self.residual, ClearSecure: self.clear}

    @property
    def heads(self) -> Index:
        """(total) Its first interface."""
        return np.unique(self.market.place, return_index=True)[1].astype(np.int64)

    def residual(self, ask: ResidualSecure) -> SecureCells:
        """Pieces of every hour; refused where hours hang together, or where pieces of so many totals cannot be listed."""
        low, high = self._box(ask)
        found: list[tuple[Part, ...]] = []
        try:
            found = [pieces(f, *sides) for f, *sides in zip(self.market.followers(), low, high, strict=True)]
        except InvalidCase:
            found = []
        if len({len(parts) for parts in found}) > 1 and self.market.size <= MOST:
            found = [whole(f, *sides) for f, *sides in zip(self.market.followers(), low, high, strict=True)]
        ok = bool(found) and len({len(parts) for parts in found}) == 1 and bool(found[0])
        return self._told(ask, (low, high), found if ok else [])

    @property
    def trouble(self) -> str:
        """Why its market cannot be told in pieces, in words; empty where it may be."""
        if found := list(self.market.faults()):
            return "; ".join(str(fault) for fault in found)
        if self.market.size > MOST:
            return f"pieces about {self.market.size - 1} buses are told where exchange and reserve are apart; let feeders hang at {MOST - 1} or fewer"
        return ""

    def clear(self, ask: ClearSecure) -> SecurePlan:
        """Prices of the market at θ, hour by hour."""
        theta, (_, t, wide) = self.totals(ask.z[0], ask.award[0]), ask.z.shape
        price, fast, cost, worth = np.full((t, wide), np.nan), np.full((t, wide), np.nan), np.nan, np.full((t, wide), Worth.REFUSED, np.int8)
        if np.isfinite(theta).all() and (theta[:, -1] <= self.market.most).all() and not list(self.market.faults()):
            theta[:, -1] = np.maximum(theta[:, -1], 0.0)
            points = [Market(f, at).point(at) for f, at in zip(self.market.followers(), theta, strict=True)]
            slope = np.array([p.price for p in points]) / self.market.transmission.window.hours
            price, fast = slope[:, self.market.place], np.repeat(-slope[:, -1:], wide, axis=1)
            cost, worth = float(sum(p.value for p in points)), np.full((t, wide), Worth.EXACT, np.int8)
        return SecurePlan(ask.z, ask.award, price[None], fast[None], worth[None], cost)

    def totals(self, z: Real, award: Real) -> Real:
        """(period, number) totals of exchange, and all awards: θ."""
        out = np.zeros((len(z), self.market.size))
        np.add.at(out.T, self.market.place, z.T)
        out[:, -1] = award.sum(-1)
        return out

    def prices(self, price: Real, fast_price: Real) -> Real:
        """(period, number) prices at interfaces as slopes by θ; interfaces of one total have one price."""
        return np.column_stack([price[:, self.heads], -fast_price[:, :1]])

    def _box(self, ask: ResidualSecure) -> tuple[Real, Real]:
        """Sides of θ."""
        low, high = self.totals(ask.low[0], 0 * ask.award[0]), self.totals(ask.high[0], ask.award[0])
        high[:, -1] = np.minimum(high[:, -1], self.market.most)
        return low, high

    def _told(self, ask: ResidualSecure, box: tuple[Real, Real], found: Sequence[tuple[Part, ...]]) -> SecureCells:
        heads, shape, hours = self.heads, ask.low.shape, self.market.transmission.window.hours
        low, high = np.zeros(shape), np.zeros(shape)
        low[0][:, heads], high[0][:, heads] = (side[:, :-1] for side in box)
        rows = [row for t, parts in enumerate(found) for part in parts for row in _rows(t, part, heads, self.market.size - 1)]
        table = np.array(rows, np.float64).reshape(-1, 7)
        whole_numbers = table[:, :4].astype(np.int64)
        return SecureCells(
            head=np.broadcast_to(heads[self.market.place], shape).copy(), low=low, high=high,
            most=np.broadcast_to(box[1][None, :, -1:], shape).copy(), worth=np.full(shape, Worth.EXACT if found else Worth.REFUSED, np.int8),
            scenario=np.zeros(len(table), np.int64), period=whole_numbers[:, 0], interface=whole_numbers[:, 1],
            part=whole_numbers[:, 2].astype(np.int8), piece=whole_numbers[:, 3], price=table[:, 4] / hours, fast_price=table[:, 5] / hours,
            value=table[:, 6],
        )  # fmt: skip


def pieces(follower: Follower, low: Real, high: Real) -> tuple[Part, ...]:
    """Two short lists, or one; nothing where neither can be."""
    return in_two(follower, low, high) or (whole(follower, low, high) if follower.size <= MOST else ())


def _rows(t: int, part: Part, heads: Index, reserve: int) -> list[tuple[float, ...]]:
    """Period, interface, part, piece, price, fast price, value."""
    exchange, about = part.numbers[part.numbers < reserve], part.numbers.tolist()
    kind = RESERVE if not len(exchange) else BOTH if reserve in about else EXCHANGE
    out: list[tuple[float, ...]] = []
    for j, (slope, value) in enumerate(zip(part.cells.slope, part.cells.value.tolist(), strict=True)):
        fast = -float(slope[-1]) if kind != EXCHANGE else 0.0
        each = [(int(heads[k]), float(slope[at])) for at, k in enumerate(exchange.tolist())] or [(int(heads[0]), 0.0)]
        out += [(t, head, kind, j, price, fast, value) for head, price in each]
    return out
