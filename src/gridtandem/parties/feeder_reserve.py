"""A distribution company's desk for energy and regulation together: what its feeders cost, and how an award of both is shared out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.market_letters import Offers, Receipt, Tier
from gridtandem.boundary.reserve_letters import ReserveAward, ReserveCurves, ReserveOffers, VectorCosts, VectorOffers
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.offers import Asked
from gridtandem.opf.regulated import RegulatedFeeder
from gridtandem.opf.regulated_offer import AskedRegulated, AskedSeparable
from gridtandem.opf.separable_offer import separable
from gridtandem.opf.vector_offer import VectorCost
from gridtandem.orders.products import PRODUCTS
from gridtandem.orders.rules import Rules, shaped
from gridtandem.parties.feeder_market import FeederMarket
from gridtandem.program.answer import Answer, Status
from gridtandem.program.solve import hold
from gridtandem.tables import Code, Flag, Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class FeederReserve:
    """The feeders of a `FeederMarket`, each with its network three times: as it stands, with all capacity up called, with all down."""

    market: FeederMarket

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {VectorOffers: self.vectors, ReserveOffers: self.separate, ReserveAward: self.award}

    def vectors(self, ask: VectorOffers) -> VectorCosts:
        """The exact cost of every feeder and period as planes and walls; REFUSED where hours hang together, where costs are not linear, where nothing
        serves the feeder, or where it takes more planes than the market takes.
        """
        shape = self._shape
        worth, rows, bought = np.full(shape, Worth.REFUSED, np.int8), list[tuple[int, int, VectorCost]](), flags(ask.products)
        for f in range(len(self.market.whole)):
            behind = np.flatnonzero(self.market.kind == f)
            for t in range(shape[1]):
                found = self._cost(f, t, bought, ask.most)
                if found is not None:
                    worth[0, t, behind] = Worth.EXACT
                    rows += [(t, int(i), found) for i in behind]
        return _letter(shape, worth, sorted(rows, key=lambda row: (row[1], row[0])), np.flatnonzero(bought))

    def separate(self, ask: ReserveOffers) -> ReserveCurves:
        """The curve of energy under the market's rules, and capacity at prices and limits at which the whole can be delivered at no loss."""
        shape, bought, rules = self._shape, flags(ask.products), rules_of(ask.rules)
        energy = self.market.offers(ask.rules)
        most, price, loss = np.zeros((*shape, 2)), np.zeros((*shape, 2)), np.full(shape, np.nan)
        worth = np.full(shape, Worth.REFUSED, np.int8)
        for f in range(len(self.market.whole)):
            behind = np.flatnonzero(self.market.kind == f)
            for t in range(shape[1]):
                asked = self._asked(f, t, bought)
                curve = None if asked is None else Asked.of(asked.problem.feeder).curve()
                if asked is None or curve is None:
                    continue
                found = separable(AskedSeparable(asked), shaped(curve.offer, rules))
                worth[0, t, behind] = Worth.BOUND
                most[0, t, behind], price[0, t, behind], loss[0, t, behind] = found.most, found.price, found.loss
        return ReserveCurves(energy, most, price, loss, worth)

    def award(self, ask: ReserveAward) -> Receipt:
        """Whether every feeder can deliver what it was awarded."""
        ok, bought = np.full(self._shape, Worth.REFUSED, np.int8), flags(ask.products)
        for i, f in enumerate(self.market.kind.tolist()):
            whole = self.market.whole[f]
            parts = [(slice(t, t + 1), p) for t, p in enumerate(self.market.hourly[f])] or [(slice(0, whole.window.periods), whole)]
            for here, problem in parts:
                program = RegulatedFeeder.of(problem, bought).program
                z, sold = ask.z[0, here, i], ask.reserve[0, here, i]
                if np.isfinite(z).all() and hold(program).solve(bounds={"z": (z, z), "reserve": (sold, sold)}).status is Status.SOLVED:
                    ok[0, here, i] = Worth.EXACT
        return Receipt(ok)

    def plan(self, i: int, exchange: tuple[Real, Real], sold: tuple[Real, Real], bought: Flag) -> tuple[RegulatedFeeder, Answer, Answer]:
        """The owner's door, as `FeederMarket.plan`: ``exchange`` (period) and ``sold`` (period, product), each with its price."""
        problem = RegulatedFeeder.of(self.market.whole[int(self.market.kind[i])], bought)
        hours, held = problem.feeder.window.hours, hold(problem.program)
        done = held.solve(bounds={"z": (exchange[0], exchange[0]), "reserve": (sold[0], sold[0])})
        return problem, done, held.solve(cost={"z": exchange[1] * hours, "reserve": -sold[1] * hours})

    def _cost(self, feeder: int, period: int, bought: Flag, most: int) -> VectorCost | None:
        asked = self._asked(feeder, period, bought)
        return None if asked is None else asked.cost(most=most)

    def _asked(self, feeder: int, period: int, bought: Flag) -> AskedRegulated | None:
        """In a solver's hands; None where hours hang together, where costs are not linear, where nothing serves the feeder."""
        hourly, whole = self.market.hourly[feeder], self.market.whole[feeder]
        if (not hourly and whole.window.periods > 1) or whole.program.quadratic:
            return None
        problem: FeederProblem = hourly[period] if hourly else whole
        asked = AskedRegulated.of(RegulatedFeeder.of(problem, bought))
        return asked if asked.served else None

    @property
    def _shape(self) -> tuple[int, int, int]:
        return 1, self.market.whole[0].window.periods if self.market.whole else 0, len(self.market.kind)


def rules_of(ask: Offers) -> Rules:
    """Rules as they are told in a letter."""
    return Rules(ask.steps, ask.floor, ask.ceiling, ask.least_mw, ask.step_mw, ask.step_price)


def flags(products: tuple[str, ...]) -> Flag:
    """(product) which of all products are named."""
    return np.isin(PRODUCTS, products)


def _letter(shape: tuple[int, int, int], worth: Code, rows: list[tuple[int, int, VectorCost]], product: Index) -> VectorCosts:
    """Planes, then walls, of each interface and period."""
    count = np.array([len(v.constant) + len(v.bound) for _, _, v in rows], np.int64)

    def joined(parts: list[Real]) -> Real:
        return np.concatenate([np.empty((0, *parts[0].shape[1:])) if parts else np.empty(0), *parts])

    tilt = joined([m for _, _, v in rows for m in (v.slope, v.normal)]) if rows else np.empty((0, 1 + len(product)))
    by_product = np.zeros((len(tilt), len(PRODUCTS)))
    by_product[:, product] = tilt[:, 1:]
    return VectorCosts(
        tier=np.full(shape, Tier.HOURLY, np.int8), worth=worth, scenario=np.zeros(len(tilt), np.int64),
        period=np.repeat([t for t, _, _ in rows], count).astype(np.int64), interface=np.repeat([i for _, i, _ in rows], count).astype(np.int64),
        wall=np.concatenate([np.empty(0, np.int8), *(np.repeat([0, 1], [len(v.constant), len(v.bound)]) for _, _, v in rows)]).astype(np.int8),
        right=joined([m for _, _, v in rows for m in (v.constant, v.bound)]), by_z=tilt[:, 0], by_product=by_product,
    )  # fmt: skip
