"""Carry out a market study: seat the parties, let the scheme bargain, take every company's plan through its owner's door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.coordinate import Bargain, Outcome, coordinate
from gridtandem.opf.feeder import FeederState
from gridtandem.program.answer import Status
from gridtandem.study.market.study import MarketSeats, MarketStudy, seated
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FeederPlan:
    """What a feeder does with its award, and the prices it pays inside. Dispatch and prices come from two runs; see `FeederMarket.plan`."""

    company: str
    interface: int
    dispatch: FeederState
    decisions: dict[str, Real]  # blocks of the dispatch run
    price: Real  # (period, node) from the pricing run [currency/MWh]
    price_q: Real
    energy: Real  # (period)
    split: Real  # (period, kind of limit, node)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MarketResult:
    """Everything a market run left behind."""

    study: MarketStudy
    seats: MarketSeats
    outcome: Outcome[Any]
    bargain: Bargain | None  # None: nothing to take home
    feeders: tuple[FeederPlan, ...]
    cost: float  # of transmission's and all feeders' plans together; NaN where there is none
    ideal: float  # least cost with everything in one market


def run_market(study: MarketStudy, *, watch: Callable[[Outcome[Any]], None] | None = None) -> MarketResult:
    """Carry it out."""
    seats = seated(study)
    mail = seats.mailbox(study.scheme, study.window.periods)
    outcome = coordinate(mail, study.scheme, rounds=study.rounds, watch=watch or (lambda _: None))
    best = seats.pool.solve()
    ideal = best.cost if best.status is Status.SOLVED else np.nan
    if not outcome.answered or outcome.state is None:
        return MarketResult(study=study, seats=seats, outcome=outcome, bargain=None, feeders=(), cost=np.nan, ideal=ideal)
    bargain = study.scheme.bargain(outcome.state)
    plans = _plans(seats, bargain)
    own = seats.wholesale.cost_at(bargain.z[0])
    return MarketResult(
        study=study, seats=seats, outcome=outcome, bargain=bargain, feeders=plans, cost=own + sum(p.dispatch.cost for p in plans), ideal=ideal
    )


def _plans(seats: MarketSeats, bargain: Bargain) -> tuple[FeederPlan, ...]:
    plans: dict[int, FeederPlan] = {}
    for company, (desk, rows) in zip(seats.companies, seats.fleets, strict=True):
        for k, row in enumerate(rows.tolist()):
            done, priced = desk.plan(k, bargain.z[0, :, row], bargain.price[0, :, row])
            problem = desk.whole[int(desk.kind[k])]
            dispatch, told = problem.state(done), problem.state(priced)
            plans[row] = FeederPlan(
                company=company, interface=row, dispatch=dispatch, decisions=dict(done.x), price=told.price, price_q=told.price_q,
                energy=told.energy, split=told.split,
            )  # fmt: skip
    return tuple(plans[i] for i in range(len(plans)))
