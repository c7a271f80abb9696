"""Carry out a market study: seat the parties, let the scheme bargain, take every company's plan through its owner's door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.coordinate import Bargain, Outcome, coordinate
from gridtandem.markets.energy import Cleared, market
from gridtandem.opf.feeder import FeederProblem, FeederState
from gridtandem.program.answer import Status
from gridtandem.program.arrays import Program
from gridtandem.program.solve import solve
from gridtandem.study.market.naming import reason
from gridtandem.study.market.study import MarketSeats, MarketStudy, seated
from gridtandem.tables import Real

REGRET = 1e-7  # relative to the cost: below it an award is an answer to its price


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FeederPlan:
    """What a feeder does with its award, and the prices it pays inside. Dispatch and prices come from two runs; see `FeederMarket.plan`."""

    company: str
    interface: int
    problem: FeederProblem
    dispatch: FeederState
    priced: FeederState  # the answer to the price of the award, with the exchange free
    decisions: Mapping[str, Real]  # blocks of the dispatch run
    regret: float  # what the company would gain with that answer [currency]

    @property
    def prices(self) -> FeederState:
        """Whose prices hold inside: those of the answer to the price; where the award is not such an answer, those of the dispatch itself."""
        return self.priced if self.regret <= REGRET * max(1.0, abs(self.dispatch.cost)) else self.dispatch


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TransmissionPlan:
    """What transmission does for the exchange that was agreed, and the prices there."""

    dispatch: Cleared
    price: Real  # (period, node)
    flow_price: Real  # (period, branch with a limit)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MarketResult:
    """Everything a market run left behind."""

    study: MarketStudy
    seats: MarketSeats
    outcome: Outcome[Any]
    bargain: Bargain | None  # None: nothing to take home
    transmission: TransmissionPlan | None
    feeders: tuple[FeederPlan, ...]
    cost: float  # of transmission's and all feeders' plans together; NaN where there is none
    ideal: float  # least cost with everything in one market
    trouble: tuple[str, ...] = ()  # why there is no answer, in sentences

    @property
    def gap(self) -> float:
        """What the day costs more than the ideal market, relative to it."""
        return (self.cost - self.ideal) / max(1.0, abs(self.ideal))

    def require(self) -> MarketResult:
        """The result itself, or `NotAgreed`."""
        self.outcome.require()
        return self


def run_market(study: MarketStudy, *, watch: Callable[[Outcome[Any]], None] | None = None) -> MarketResult:
    """Carry it out."""
    seats = seated(study)
    mail = seats.mailbox(study.scheme, study.window.periods)
    outcome = coordinate(mail, study.scheme, rounds=study.rounds, watch=watch or (lambda _: None))
    best = seats.pool.solve()
    ideal = best.cost if best.status is Status.SOLVED else np.nan
    if not outcome.answered or outcome.state is None:
        return MarketResult(
            study=study,
            seats=seats,
            outcome=outcome,
            bargain=None,
            transmission=None,
            feeders=(),
            cost=np.nan,
            ideal=ideal,
            trouble=explained(seats, outcome),
        )
    bargain = study.scheme.bargain(outcome.state)
    plans = _plans(seats, bargain)
    above = _above(seats, bargain)
    cost = above.dispatch.cost + seats.wholesale.constant + sum(p.dispatch.cost for p in plans)
    return MarketResult(study=study, seats=seats, outcome=outcome, bargain=bargain, transmission=above, feeders=plans, cost=cost, ideal=ideal)


def explained(seats: MarketSeats, outcome: Outcome[Any]) -> tuple[str, ...]:
    """Why there is no answer, asked at the owners' doors: which feeder or market cannot be served, and by which limits."""
    said = [told] if (told := getattr(outcome.state, "trouble", "")) else []
    for refusal in outcome.refused:
        _, t, i = refusal.rows[0]
        problem = seats.pool.feeders[i] if len(seats.pool.feeders) else None
        if refusal.by in ("tso", "owner") or problem is None:
            said.append(f"{refusal.by}: no clearing: {_unserved(seats)}")
        else:
            told = f"{refusal.by}: no exchange serves feeder {problem.network.name!r} in period {t + 1 + problem.window.first}"
            said.append(f"{told}: {reason(problem.program, seats, i)}")
    return tuple(dict.fromkeys(said))


def _unserved(seats: MarketSeats) -> str:
    """What stands against a clearing: in transmission by itself, or else in everything together, or else in what crosses."""
    for program in (_by_itself(seats), seats.pool.program()):
        if solve(program).status is Status.INFEASIBLE:
            return reason(program, seats, None)
    return "what feeders take or offer under the rules of this market cannot be carried, though with all they could do it can"


def _by_itself(seats: MarketSeats) -> Program:
    """Transmission's clearing without any exchange."""
    w = seats.wholesale
    return market(w.orders, w.fixed, w.wires(len(w.orders.node), {}, {}, {}), hours=w.window.hours)


def _above(seats: MarketSeats, bargain: Bargain) -> TransmissionPlan:
    """Prices come from the answer to the interfaces' prices, where the exchange is one; else from the dispatch."""
    z, price, hours = bargain.z[0], bargain.price[0], seats.wholesale.window.hours
    done, told = seats.wholesale.plan(z, price)
    regret = done.cost - float((price * z).sum()) * hours - told.cost
    chosen = told if regret <= REGRET * max(1.0, abs(done.cost)) else done
    return TransmissionPlan(dispatch=done, price=chosen.price, flow_price=chosen.answer.price["flow"] / hours)


def _plans(seats: MarketSeats, bargain: Bargain) -> tuple[FeederPlan, ...]:
    plans: dict[int, FeederPlan] = {}
    for company, (desk, rows) in zip(seats.companies, seats.fleets, strict=True):
        for k, row in enumerate(rows.tolist()):
            done, priced = desk.plan(k, bargain.z[0, :, row], bargain.price[0, :, row])
            problem = desk.whole[int(desk.kind[k])]
            price = bargain.price[0, :, row] * problem.window.hours
            regret = done.cost + float(price @ bargain.z[0, :, row]) - priced.cost
            plans[row] = FeederPlan(
                company=company, interface=row, problem=problem, dispatch=problem.state(done), priced=problem.state(priced), decisions=done.x,
                regret=regret,
            )  # fmt: skip
    return tuple(plans[i] for i in range(len(plans)))
