"""Distribution companies' desk where they sell fast reserve: how far they can go, what they do at prices, and what is best if they move prices.

Several companies that decide together sit at one desk. It knows no grid but theirs; of transmission it knows what is in the question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.secure_letters import BOTH, RESERVE, BestSecure, KeepAt, SecureCells, SecureChoice, SecureReach, SecureSpan
from gridtandem.frequency.leader import FastGroup, SecureStrategy, answer_of, best, cost_by_period, reach
from gridtandem.frequency.schedule import Hung
from gridtandem.opf.fast_reserve import FastFeeder
from gridtandem.program.answer import Status
from gridtandem.program.apart import Part
from gridtandem.program.cells import Cells
from gridtandem.tables import Flag, Index, Real

PROVED = 5e-5  # relative gap up to which a search has proved its answer


@final
@dataclass(frozen=True, slots=True, eq=False)
class SecureFeeders:
    """Feeders by interface, all of the same hours."""

    feeders: tuple[Hung, ...]

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {SecureReach: self.reach, BestSecure: self.best, KeepAt: self.keep_at}

    def reach(self, ask: SecureReach) -> SecureSpan:  # noqa: ARG002 — the letter has no content
        """Ends of each interface by itself."""
        sides = [reach([FastGroup(feeder=h.feeder, count=h.count)]) for h in self._alike]
        each = [sides[k] for k in self._kind]
        plain = np.stack([h.count * plain_of(h.feeder) for h in self.feeders], -1)
        low, high, award = (np.stack([pair[side][:, number] for pair in each], -1) for side, number in ((0, 0), (1, 0), (1, 1)))
        return SecureSpan(low[None], high[None], award[None], plain[None], np.full((1, *low.shape), Worth.EXACT, np.int8))

    def best(self, ask: BestSecure) -> SecureChoice:
        """Of all interfaces together."""
        if (ask.cells.worth == Worth.REFUSED).any():
            return self._nothing()
        heads, place = np.unique(ask.cells.head[0, 0], return_inverse=True)
        groups = [FastGroup(feeder=h.feeder, count=h.count, place=int(k)) for h, k in zip(self.feeders, place, strict=True)]
        box = tuple(
            np.column_stack([side[0][:, heads], most]) for side, most in ((ask.cells.low, 0 * self._most(ask)), (ask.cells.high, self._most(ask)))
        )
        return self._told(best(groups, (box[0], box[1]), markets(ask.cells, heads, (box[0], box[1]), self._hours)))

    def keep_at(self, ask: KeepAt) -> SecureChoice:
        """At prices that stay: a market of one piece."""
        span = self.reach(SecureReach())
        low, high = (
            np.column_stack([side[0], award]) for side, award in ((span.low, np.zeros(len(span.low[0]))), (span.high, span.award[0].sum(-1)))
        )
        prices = np.column_stack([ask.price[0], -ask.fast_price[0].mean(-1)]) * self._hours
        numbers, at = np.arange(low.shape[1]), zip(prices, low, high, strict=True)
        one = [(Part(numbers, Cells(price[None], np.zeros(1), lowest, highest)),) for price, lowest, highest in at]
        groups = [FastGroup(feeder=h.feeder, count=h.count, place=k) for k, h in enumerate(self.feeders)]
        return self._told(best(groups, (low, high), one))

    def _most(self, ask: BestSecure) -> Real:
        return np.asarray(ask.cells.most[0, :, 0])

    def _told(self, found: SecureStrategy) -> SecureChoice:
        if found.found.status not in (Status.SOLVED, Status.STOPPED):
            return self._nothing()
        value = np.stack([h.count * cost_by_period(h.feeder, answer_of(found.found, k).x) for k, h in enumerate(self.feeders)], -1)
        fast = np.repeat(found.fast_price[:, None], len(self.feeders), axis=1)
        kink = np.repeat(found.found.kink[:, None], len(self.feeders), axis=1)
        code = Worth.EXACT if found.tight and found.found.gap <= PROVED else Worth.ESTIMATE
        worth = np.full((1, *value.shape), code, np.int8)
        z, award, price = found.z[None], found.award[None], found.energy[None]
        return SecureChoice(z, award, price, fast[None], value[None], kink[None].astype(np.int8), worth, found.bound, found.found.gap)

    def _nothing(self) -> SecureChoice:
        shape = (1, self.feeders[0].feeder.feeder.window.periods, len(self.feeders))
        nowhere, none = np.full(shape, np.nan), np.zeros(shape, np.int8)
        return SecureChoice(nowhere, nowhere, nowhere, nowhere, nowhere, none, none, np.nan, np.nan)

    @property
    def _hours(self) -> float:
        return self.feeders[0].feeder.feeder.window.hours

    @property
    def _kind(self) -> list[int]:
        """(interface) which of the feeders that differ."""
        known: dict[tuple[int, int], int] = {}
        return [known.setdefault((id(h.feeder), h.count), len(known)) for h in self.feeders]

    @property
    def _alike(self) -> list[Hung]:
        kind = self._kind
        return [self.feeders[kind.index(k)] for k in range(max(kind, default=-1) + 1)]


def plain_of(feeder: FastFeeder) -> Real:
    """Demand, less what costs nothing (period). [MW]"""
    problem = feeder.feeder
    x = problem.program.columns["x"]
    given = np.where(x.cost <= 0, x.high, 0.0)
    free = (problem.owned.part.p["x"] @ given.ravel()).reshape(problem.p_there.shape).sum(-1)
    return np.asarray(-problem.p_there.sum(-1) - free)


def markets(told: SecureCells, heads: Index, box: tuple[Real, Real], hours: float) -> list[tuple[Part, ...]]:
    """Pieces of every hour, as they were told."""
    return [
        tuple(
            _part(told, (told.period == t) & (told.part == kind), heads, (box[0][t], box[1][t]), hours=hours)
            for kind in np.unique(told.part).tolist()
        )
        for t in range(len(box[0]))
    ]


def _part(told: SecureCells, mine: Flag, heads: Index, box: tuple[Real, Real], *, hours: float) -> Part:
    kind = int(told.part[mine][0])
    size = len(heads)
    count = int(told.piece[mine].max()) + 1
    slope, value = np.zeros((count, size + 1)), np.zeros(count)
    slope[told.piece[mine], np.searchsorted(heads, told.interface[mine])] = told.price[mine] * hours
    slope[told.piece[mine], size], value[told.piece[mine]] = -told.fast_price[mine] * hours, told.value[mine]
    numbers = np.arange(size + 1) if kind == BOTH else np.array([size]) if kind == RESERVE else np.arange(size)
    return Part(numbers, Cells(slope[:, numbers], value, box[0][numbers], box[1][numbers]))
