"""Transmission's desk for companies that move the price: its residual supply as a curve, or its market whole.

Where periods hang together (storage or ramps in transmission) a curve for each period would not be true, so there is none: the market whole can still
be told, as one program over all periods. See `gridtandem.parties.residual_market`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.strategic_letters import Disclose, Disclosed, MarketProgram, Residual, ResidualCurve
from gridtandem.parties.disclosed import told
from gridtandem.parties.residual_market import ResidualMarket
from gridtandem.parties.wholesale import Wholesale, spread
from gridtandem.program.cells import Cells, cells_of
from gridtandem.program.follower import Follower
from gridtandem.tables import Code, Flag, Index, Names, Real

COUPLING = {"ramp": "ramps", "store": "storage", "owed": "vehicles"}  # by rows of the market


@final
@dataclass(frozen=True, slots=True, eq=False)
class WholesaleResidual:
    """Beside the market desk. ``company`` is who stands behind each interface."""

    market: Wholesale
    company: Names

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {ResidualCurve: self.residual_curve, Disclose: self.disclose}

    @property
    def heads(self) -> Index:
        """(interface) The first interface of the same company at the same node."""
        seen: dict[tuple[str, int], int] = {}
        keys = zip(self.company.tolist(), self.market.at.tolist(), strict=True)
        return np.array([seen.setdefault(key, k) for k, key in enumerate(keys)], np.int64)

    def residual_curve(self, ask: ResidualCurve) -> Residual:
        """A curve for each total and period."""
        heads, hours = self.heads, self.market.window.hours
        there, low, high = _there(ask, heads)
        rows: list[tuple[int, int, Cells]] = []
        if there.any() and not self.trouble:
            made = ResidualMarket.of(self.market)
            for k in np.unique(heads).tolist():
                others = spread(np.where(heads == k, 0.0, np.nan_to_num(ask.z[0])), self.market.at, self.market.nodal.nodes)
                followers = made.hourly(others, self.market.at[[k]])
                rows += [(t, k, cells_of(f, low[t, [k]], high[t, [k]])) for t, f in enumerate(followers) if there[t, k]]
        size = np.array([len(cells.slope) for *_, cells in rows], np.int64)
        breaks = [cells.breaks for *_, cells in rows]
        return Residual(
            head=np.broadcast_to(heads, ask.z.shape).copy(), worth=self._worth(there[:, heads][None], _moving(low, high), heads),
            scenario=np.zeros(int(size.sum()), np.int64), period=np.repeat(np.array([t for t, *_ in rows], np.int64), size),
            interface=np.repeat(np.array([k for _, k, _ in rows], np.int64), size), from_mw=_beside([b[:-1] for b in breaks]),
            to_mw=_beside([b[1:] for b in breaks]), price=_beside([cells.slope[:, 0] for *_, cells in rows]) / hours,
        )  # fmt: skip

    def disclose(self, ask: Disclose) -> Disclosed:
        """Each period by itself, or all in one program where they hang together. Totals that cannot move are part of the market."""
        heads, shape = self.heads, ask.low.shape
        there, low, high = _there(ask, heads)
        moving = _moving(low, high)
        ok = bool(there[:, np.unique(heads)].all()) and not self._untold
        number = np.flatnonzero(moving) if ok else np.empty(0, np.int64)
        programs = self._programs(ask.low[0], heads, number) if len(number) else ()
        periods, many = np.arange(shape[1]), len(number)
        one = len(programs) == 1 < shape[1]
        order = np.argsort(np.tile(number, shape[1]), kind="stable")

        def row(x: Index) -> Index:
            return np.asarray(x, np.int64)[order]

        return Disclosed(
            head=np.broadcast_to(heads, shape).copy(), worth=np.full(shape, Worth.EXACT if ok else Worth.REFUSED, np.int8),
            interface=row(np.tile(number, shape[1])), period=row(np.repeat(periods, many)),
            program=row(np.zeros(shape[1] * many) if one else np.repeat(periods, many)),
            number=row(np.arange(shape[1] * many) if one else np.tile(np.arange(many), shape[1])), programs=programs,
        )  # fmt: skip

    def _programs(self, low: Real, heads: Index, number: Index) -> tuple[MarketProgram, ...]:
        made, nodes = ResidualMarket.of(self.market), self.market.at[number]
        taken = spread(np.where(np.isin(heads, number), 0.0, low), self.market.at, self.market.nodal.nodes)
        followers: list[Follower] = [made.whole(taken, nodes)] if self.market.owned.coupled else list(made.hourly(taken, nodes))
        return told(followers)

    @property
    def _untold(self) -> str:
        """What no linear program of energy alone can tell."""
        if self.market.reserve is not None:
            return "this market buys regulation beside energy, and its price moves with both; leave the requirements out"
        if self.market.orders.slope.any():
            return "offers in transmission have prices that rise evenly, so that the price has no steps; write them as cost points"
        return ""

    @property
    def trouble(self) -> str:
        """Why there is no curve, in words; empty where there is one."""
        if self._untold or not self.market.owned.coupled:
            return self._untold
        what = " and ".join(word for rows, word in COUPLING.items() if rows in self.market.owned.part.rows)
        return f"hours of the wholesale market hang together by {what} in transmission, so that no curve of one hour is true"

    def _worth(self, there: Flag, moving: Flag, heads: Index) -> Code:
        """ESTIMATE where a company moves the price at several nodes."""
        alone = np.array([len({int(h) for h in heads[self.company == c].tolist() if moving[h]}) <= 1 for c in self.company.tolist()], bool)
        worth = np.where(there & (not self.trouble), np.where(alone, Worth.EXACT, Worth.ESTIMATE), Worth.REFUSED)
        return np.asarray(worth, np.int8)


def _there(ask: ResidualCurve | Disclose, heads: Index) -> tuple[Flag, Real, Real]:
    """Whether a total has an interval (period, interface at its head), and its ends."""
    low, high = np.zeros(ask.low.shape[1:]), np.zeros(ask.low.shape[1:])
    np.add.at(low.T, heads, ask.low[0].T)
    np.add.at(high.T, heads, ask.high[0].T)
    return np.asarray(np.isfinite(low) & np.isfinite(high) & (low <= high)), low, high


def _moving(low: Real, high: Real) -> Flag:
    """(interface) Heads whose total may move in some period."""
    return np.asarray((low < high).any(0))


def _beside(parts: list[Real]) -> Real:
    return np.concatenate([np.empty(0), *parts])
