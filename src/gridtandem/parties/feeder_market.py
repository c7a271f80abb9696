"""A distribution company's market desk: what its feeders offer, and how an award is shared out. See also `gridtandem.parties.feeder_value`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.market_letters import Award, Curves, Offers, Receipt, Tier
from gridtandem.boundary.storage_letters import StoreUse
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.hours import EachHour
from gridtandem.opf.offers import Asked
from gridtandem.opf.storage_envelope import lent
from gridtandem.opf.storage_tiers import scheduled
from gridtandem.opf.swept import swept_all
from gridtandem.orders.rules import Offer, Rules, same, shaped
from gridtandem.parties.feeder_lent import Use, kept, stores_of
from gridtandem.parties.walked import Walked
from gridtandem.program.answer import Answer, Status, unanswered
from gridtandem.program.solve import hold
from gridtandem.tables import Index, Names, Real

NEAR = 1e-5  # MW; as much of an award may be missing where a solver of interior points takes it


@final
@dataclass(frozen=True, slots=True, eq=False)
class FeederMarket:
    """One problem for each different feeder and period, or for its whole day where periods hang together."""

    interface: Names
    kind: Index  # (interface) which of the feeders
    whole: tuple[FeederProblem, ...]  # (feeder) over all periods
    hourly: tuple[EachHour, ...]  # (feeder)(period), for feeders whose periods do not hang together; else empty
    forecast: Real  # (period) prices by which storage is scheduled before an offer; any level price: it only serves its own feeder
    _asked: dict[tuple[int, int], Asked | None]
    _walks: list[Walked]  # none or one: of all feeders, once they were walked

    @staticmethod
    def of(interface: Names, kind: Index, whole: tuple[FeederProblem, ...], hourly: tuple[EachHour, ...], *, forecast: Real) -> FeederMarket:
        """Nothing is solved yet."""
        return FeederMarket(interface, kind, whole, hourly, forecast, {}, [])

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {Offers: self.offers, Award: self.award}

    def offers(self, ask: Offers) -> Curves:
        """The exact cost curve of every feeder and period, brought under the market's rules."""
        rules = Rules(ask.steps, ask.floor, ask.ceiling, ask.least_mw, ask.step_mw, ask.step_price)
        start, worth, error = self._empty(), np.full(self._shape, Worth.EXACT, np.int8), np.zeros(self._shape)
        tier = np.full(self._shape, Tier.HOURLY, np.int8)
        plain = self.walked.plain(rules)
        start[0] = np.where(plain, -self.walked.export[..., 0], np.nan)[self.kind].T
        coupled = [f for f, hours in enumerate(self.hourly) if not hours and ask.tier == Tier.CERTIFIED]
        found = {f: lent(self.whole[f], self.forecast, rules, tol=ask.within) for f in coupled}
        lends = {f: day for f, day in found.items() if day is not None}
        steps: list[tuple[int, int, Real, Real, Real]] = []
        for f, t, rows in self._each():
            if plain[f, t]:
                continue
            offer, whole = (lends[f].offers[t], False) if f in lends else self._offer(f, t, ask, rules)
            tier[0, t, rows] = Tier.HOURLY if self.hourly[f] else Tier.CERTIFIED if f in lends else Tier.SCHEDULED
            if offer is None:
                worth[0, t, rows] = Worth.REFUSED
                continue
            start[0, t, rows], error[0, t, rows] = -offer.x[0], offer.loss
            worth[0, t, rows] = Worth.EXACT if whole and self.hourly[f] else Worth.BOUND
            steps += [(t, int(i), np.diff(offer.x), offer.first, offer.bend) for i in rows]
        count, ready = [len(step[2]) for step in steps], self.walked.offered(plain, self.kind)
        period, interface = (np.concatenate([ready[k], np.repeat([s[k] for s in steps], count).astype(np.int64)]) for k in (0, 1))
        mw, price = (np.concatenate([ready[k], *(s[k] for s in steps)]) for k in (2, 3))
        rise = np.concatenate([np.zeros(len(ready[2])), *(s[4] for s in steps)])
        return Curves(
            start, tier, worth, np.zeros(len(mw), np.int64), period, interface, mw, price, rise, error, stores_of(lends, self.kind, self.whole)
        )

    def award(self, ask: Award) -> Receipt:
        """Whether every feeder can deliver what it was awarded."""
        reached, known = self.walked.reaches(ask.z[0], self.kind)
        ok = np.where(reached, Worth.EXACT, Worth.REFUSED).astype(np.int8)[None]
        for f, t, rows in self._each():
            if self.hourly[f]:
                for i in rows[~known[t, rows]].tolist():
                    ok[0, t, i] = _taken(self._of(f, t), ask.z[0, t : t + 1, i], ask.price[0, t : t + 1, i])
        for i, f in enumerate(self.kind.tolist()):
            if not self.hourly[f]:
                asked = Asked(self.whole[f], hold(self.whole[f].program))
                ok[0, :, i] = _taken(asked, ask.z[0, :, i], ask.price[0, :, i], self.use(i, ask.use, i))
        return Receipt(ok)

    def use(self, i: int, use: StoreUse, interface: int) -> Use | None:
        """What an award says of the i-th feeder's storage, which it numbers as ``interface``; None where nothing was lent."""
        program = self.whole[int(self.kind[i])].program
        return use.of(interface, program.columns["charge"].shape) if (use.interface == interface).any() else None

    def plan(self, i: int, z: Real, price: Real, use: Use | None = None) -> tuple[Answer, Answer]:
        """The owner's door: the dispatch at an award (period), and the answer to its price, from which prices inside the feeder are taken.

        At a kink of the cost the dispatch alone leaves the price open between two slopes; the second run is free to answer the market's price.
        """
        problem = self.whole[int(self.kind[i])]
        held = hold(problem.program)
        done = held.solve(bounds={"z": problem.taking(z), **kept(problem, use)})
        if problem.unanswerable(price):
            return done, unanswered(
                problem.program, Status.STOPPED, ladder=0, solver=done.solver, said="the price is too low for a model with losses"
            )
        return done, held.solve(cost={"z": price * problem.window.hours})

    @property
    def walked(self) -> Walked:
        """Certified curves of all feeders and periods; what is missing there is searched one by one."""
        if not self._walks:
            self._walks.append(Walked.of(list(swept_all(self.whole)), self._shape[1]))
        return self._walks[0]

    def _offer(self, feeder: int, period: int, ask: Offers, rules: Rules) -> tuple[Offer | None, bool]:
        """What the rules make of a curve, and whether it still is the whole cost; None where no exchange serves the feeder at all."""
        found = self.walked.curve(feeder, period)
        if found is None and (asked := self._of(feeder, period)) is not None:
            lossy = asked.problem.physics is not None
            found = asked.curve(tol=ask.within, floor=ask.floor, ceiling=ask.ceiling) if lossy else asked.curve()
        if found is None:
            return None, False
        offer = shaped(found.offer, rules)
        return offer, not found.error and same(offer, found.offer)

    @property
    def _shape(self) -> tuple[int, int, int]:
        return 1, self.whole[0].window.periods if self.whole else 0, len(self.kind)

    def _empty(self) -> Real:
        return np.full(self._shape, np.nan)

    def _each(self) -> list[tuple[int, int, Index]]:
        """Feeder, period, and the interfaces behind which it stands."""
        behind = [np.flatnonzero(self.kind == f) for f in range(len(self.whole))]
        return [(f, t, rows) for f, rows in enumerate(behind) for t in range(self._shape[1])]

    def _of(self, feeder: int, period: int) -> Asked | None:
        """In a solver's hands; None where no exchange serves the day."""
        if (feeder, period) not in self._asked and self.hourly[feeder]:
            self._asked[feeder, period] = Asked.of(self.hourly[feeder][period])
        elif (feeder, period) not in self._asked:
            hours = scheduled(self.whole[feeder], self.forecast)
            for t in range(self._shape[1]):
                self._asked[feeder, t] = None if hours is None else Asked.of(hours[t])
        return self._asked[feeder, period]


def _taken(asked: Asked | None, z: Real, price: Real, use: Use | None = None) -> int:
    """Worth of the promise to take an exchange (period) at a price."""
    if asked is None or not np.isfinite(z).all() or asked.problem.unanswerable(price):
        return Worth.REFUSED
    found = asked.held.solve(bounds={"z": asked.problem.taking(z), **kept(asked.problem, use)})
    return Worth.EXACT if found.status is Status.SOLVED and bool((np.abs(found.x["z"] - z) <= NEAR).all()) else Worth.REFUSED
