r"""The ideal market by parts, for days whose hours hang together: transmission and each feeder solve their own, many times.

Dantzig and Wolfe: transmission mixes profiles that feeders have shown, each at its cost, and asks for better ones at its prices,

.. math:: \min_{y, w} c(y) + \sum_{i,k} f_{ik} w_{ik} \quad
          \text{s.t. transmission with } z_i = \textstyle\sum_k w_{ik} z_{ik},\ \sum_k w_{ik} = 1,\ w \ge 0

A feeder's answer to prices λ that is no better than what it is paid for ends the search; what is left bounds the distance from the optimum.
Benders: transmission believes planes below each feeder's cost of a whole day, and asks for the true cost at the exchange it would take. The two are
one pair of dual programs. They are benchmarks: many rounds are no market of today.

Source: G. B. Dantzig and P. Wolfe, "Decomposition principle for linear programs", Operations Research 8(1), 1960; J. F. Benders, "Partitioning
procedures for solving mixed-variables programming problems", Numerische Mathematik 4, 1962.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.market_letters import Cut, PlanWith, Range
from gridtandem.errors import Unreadable
from gridtandem.markets.energy import Cleared, cleared
from gridtandem.opf.feeder_value import BEYOND, FeederValue
from gridtandem.parties.pool import Pool
from gridtandem.parties.wholesale import taken
from gridtandem.program.arrays import Columns, Rows
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ByParts:
    """How far it came."""

    cost: float  # of a day that can be carried out
    bound: float  # no day costs less
    z: Real  # (period, interface) [MW]
    price: Real  # (period, interface) [currency/MWh]
    rounds: int

    @property
    def left(self) -> float:
        """Distance of cost and bound, relative to the cost."""
        return (self.cost - self.bound) / max(1.0, abs(self.cost))


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Profile:
    """What a feeder showed: its exchange over the day and the cost of that."""

    interface: int
    z: Real
    cost: float


def dantzig_wolfe(pool: Pool, *, tol: float = 1e-10, rounds: int = 200) -> ByParts:
    """By profiles. Ends where cost and bound lie within ``tol`` of each other, relative, or after so many rounds."""
    feeders = _by_energy(pool)
    periods, hours = pool.wholesale.window.periods, pool.wholesale.window.hours
    price, profiles, bound = np.zeros((periods, len(feeders))), list[_Profile](), -np.inf
    profiles += _answers(feeders, price)
    best = ByParts(cost=np.inf, bound=bound, z=price * np.nan, price=price * np.nan, rounds=0)
    for k in range(1, rounds + 1):
        found = _mixed(pool, profiles)
        price = found.price[:, pool.wholesale.at]
        paid = found.answer.price["one"]
        share, gap = found.answer.x["share"], found.answer.x["gap"].sum()
        cost = found.cost + pool.wholesale.constant
        new = _answers(feeders, price)
        gain = [min(f.cost + float(price[:, f.interface] @ f.z) * hours - paid[f.interface], 0.0) for f in new]
        bound = max(bound, cost + sum(gain))
        z = np.stack([sum((w * p.z for w, p in zip(share, profiles, strict=True) if p.interface == i), np.zeros(periods))
                      for i in range(len(feeders))], axis=-1)  # fmt: skip
        best = ByParts(cost=cost if gap <= tol else np.inf, bound=bound, z=z, price=price, rounds=k)
        if best.left <= tol:
            break
        profiles += [f for f, g in zip(new, gain, strict=True) if g < 0]
    return best


def benders(pool: Pool, *, tol: float = 1e-6, rounds: int = 200) -> ByParts:
    """By planes below the cost of feeders. Slow near the end: planes over a whole day are many."""
    feeders = _by_energy(pool)
    ends = [f.reach() for f in feeders]
    low, high = (np.stack([end[k] for end in ends], axis=-1)[None] for k in (0, 1))
    reach, cuts = Range(low, high, np.full(low.shape, Worth.EXACT, np.int8)), list[Cut]()
    best = ByParts(cost=np.inf, bound=-np.inf, z=low[0] * np.nan, price=low[0] * np.nan, rounds=0)
    z, plan = 0.5 * (low + high), None
    for k in range(1, rounds + 1):
        found = [f.at(z[0, :, i]) for i, f in enumerate(feeders)]
        value, slope = (np.stack([getattr(f, what) for f in found], axis=-1)[None] for what in ("cost", "price"))
        if plan is not None:
            cost = plan.own_cost + float(value.sum())
            if cost < best.cost:
                best = replace(best, cost=cost, z=z[0], price=plan.price[0])
            best = replace(best, bound=plan.cost, rounds=k)
            if best.left <= tol:
                break
        ones = np.ones(z.shape, np.int8)
        cuts.append(Cut(z, value, slope, ones, ones * Worth.EXACT))
        plan = pool.wholesale.plan_with(PlanWith(reach, tuple(cuts)))
        z = plan.z
    return best


def _by_energy(pool: Pool) -> list[FeederValue]:
    """Feeders as they answer prices of energy."""
    if pool.regulated:
        raise Unreadable("days with requirements of regulation are not solved by parts; Pool.solve solves them whole")
    return [FeederValue.of(f) for f in pool.feeders]


def _answers(feeders: list[FeederValue], price: Real) -> list[_Profile]:
    """What each feeder would do at these prices (period, interface)."""
    found = [f.at_price(price[:, i]) for i, f in enumerate(feeders)]
    return [_Profile(i, f.z, float(f.cost.sum())) for i, f in enumerate(found)]


def _mixed(pool: Pool, profiles: list[_Profile]) -> Cleared:
    """The market with mixed profiles; until they suffice, ``gap`` helps at a penalty above every price."""
    w, wide = pool.wholesale, len(pool.feeders)
    periods, hours = w.window.periods, w.window.hours
    at = np.array([p.interface for p in profiles])
    given = taken(w).tocsc()
    each = [given @ np.outer(p.z, np.arange(wide) == p.interface).ravel() for p in profiles]
    columns = {
        "share": Columns.of((len(profiles),), 0.0, np.inf, cost=np.array([p.cost for p in profiles])),
        "gap": Columns.of((2, periods, wide), 0.0, np.inf, cost=BEYOND * hours),
    }
    balance = {"share": sparse.csr_array(np.stack(each, axis=-1)), "gap": sparse.csr_array(sparse.hstack([given, -given]))}
    one = sparse.csr_array((np.ones(len(at)), (at, np.arange(len(at)))), shape=(wide, len(at)))
    rows = {"one": Rows.of((wide,), 1.0, 1.0, {"share": one})}
    return cleared(w.orders, w.fixed, w.wires(len(w.orders.node), columns, balance, rows), hours=hours)
