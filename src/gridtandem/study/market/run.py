"""Carry out a market study: seat the parties, let the scheme bargain, take every company's plan through its owner's door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from os import cpu_count
from typing import Any, final

import numpy as np

from gridtandem.boundary.market_letters import Award, Offers
from gridtandem.boundary.reserve_letters import ReserveOffers, VectorOffers
from gridtandem.boundary.storage_letters import NO_USE, StoreUse
from gridtandem.boundary.taken_home import Bargain
from gridtandem.coordinate import End, Outcome, coordinate
from gridtandem.markets.energy import Cleared, market
from gridtandem.opf.branch_flow_curve import WITHIN
from gridtandem.opf.feeder import FeederProblem, FeederState
from gridtandem.opf.forms.branch_flow import FLOOR, TIGHT
from gridtandem.opf.regulated import RegulatedFeeder, RegulatedState
from gridtandem.opf.retail import minded
from gridtandem.orders.products import PRODUCTS
from gridtandem.parties.feeder_choice import planned, type_1
from gridtandem.parties.feeder_market import FeederMarket
from gridtandem.parties.feeder_reserve import FeederReserve
from gridtandem.parties.feeder_strategic import FeederStrategic
from gridtandem.parties.wholesale import Wholesale
from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Program
from gridtandem.program.solve import solve
from gridtandem.schemes.choice_of_market import ChoiceOfMarketState
from gridtandem.schemes.strategic import Strategic
from gridtandem.study.market.benchmark import Ideal, joint, proved
from gridtandem.study.market.naming import Known, reason, unoffered, unserved, unvectored
from gridtandem.study.market.scarcity import scarcity
from gridtandem.study.market.study import MarketSeats, MarketStudy, seated
from gridtandem.study.market.untold import STRATEGIC, untold
from gridtandem.tables import Flag, Real

LOOSE = 10 * TIGHT  # slack of all feeders and transmission in one program, whose numbers are of more different size
Sold = tuple[Real, Real]  # regulation [MW], and its price [currency/MW in an hour]
REGRET = 1e-5  # relative to the cost: below it an award is an answer to its price, found by a scheme that stops at some tolerance


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RegulationPlan:
    """Regulation of a feeder, of the same two runs as its energy."""

    problem: RegulatedFeeder
    dispatch: RegulatedState
    prices: RegulatedState  # whose prices hold inside


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
    regulation: RegulationPlan | None = None  # where it sells regulation too

    @property
    def cost(self) -> float:
        """Of its resources, as they offered it. [currency]"""
        return self.dispatch.cost - float(minded(self.problem, self.decisions).sum())

    @property
    def answers(self) -> bool:
        """Whether the award is an answer to its price, but for what chords of a cost with losses leave."""
        window = self.problem.window
        chorded = 0.0 if self.problem.physics is None else WITHIN * window.hours * window.periods
        return self.regret <= REGRET * max(1.0, abs(self.dispatch.cost)) + chorded

    @property
    def prices(self) -> FeederState:
        """Whose prices hold inside: those of the answer to the price; where the award is not such an answer, those of the dispatch itself."""
        return self.priced if self.answers else self.dispatch


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TransmissionPlan:
    """What transmission does for the exchange that was agreed, and the prices there."""

    dispatch: Cleared
    price: Real  # (period, node)
    flow_price: Real  # (period, branch with a limit)
    reserve_price: Real  # (period, product) of regulation; 0 where none is bought
    regret: float  # what transmission would gain with its answer to the prices [currency]


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
    ideal_z: Real  # (period, interface) exchange there [MW]
    ideal_price: Real
    trouble: tuple[str, ...] = ()  # why there is no answer, in sentences

    @property
    def gap(self) -> float:
        """What the day costs more than the ideal market, relative to it."""
        return (self.cost - self.ideal) / max(1.0, abs(self.ideal))

    def require(self) -> MarketResult:
        """The result itself, or `NotAgreed`."""
        self.outcome.require()
        return self


def run_market(
    study: MarketStudy, *, seats: MarketSeats | None = None, watch: Callable[[Outcome[Any]], None] | None = None, resume: Outcome[Any] | None = None
) -> MarketResult:
    """Carry it out. ``seats`` are those of the same study, where somebody has them already; ``resume`` is how far it came before."""
    seats = seated(study) if seats is None else seats
    mail = seats.mailbox(study.scheme, study.window.periods)
    outcome = coordinate(mail, study.scheme, rounds=study.rounds, resume=resume, watch=watch or (lambda _: None))
    if not outcome.answered or outcome.state is None:
        return _unanswered(study, seats, outcome, explained(seats, outcome, getattr(study.scheme, "planes", 0)))
    bargain = study.scheme.bargain(outcome.state)
    if isinstance(study.scheme, Strategic) and (lacks := scarcity(seats.wholesale, bargain.z[0])):
        return _unanswered(study, seats, replace(outcome, end=End.REFUSED), (f"tso: {lacks}",))
    plans = _plans(seats, bargain, outcome.state, study.scheme)
    tso = above(seats.wholesale, bargain.z[0], bargain.price[0], sold_of(bargain))
    cost = tso.dispatch.cost + seats.wholesale.constant + sum(p.cost for p in plans)
    bound = isinstance(outcome.state, ChoiceOfMarketState)  # units that regret less than they could
    apart = seats.wholesale.reserve is not None and bargain.reserve is None  # feeders that sell no regulation where some is bought
    minds = any(minded(p.problem, p.decisions).any() for p in plans)  # what is no cost of resources, so that regrets prove nothing of these
    free = study.benchmark == "prices" and not (bound or apart or minds)
    told = proved(cost, [tso.regret, *(p.regret for p in plans)], bargain.z[0], bargain.price[0]) if free else None
    best = joint(seats.pool) if told is None else told
    return MarketResult(
        study=study, seats=seats, outcome=outcome, bargain=bargain, transmission=tso, feeders=plans, cost=cost, ideal=best.cost, ideal_z=best.z,
        ideal_price=best.price, trouble=_loose(best),
    )  # fmt: skip


def _unanswered(study: MarketStudy, seats: MarketSeats, outcome: Outcome[Any], trouble: tuple[str, ...]) -> MarketResult:
    """Nothing to take home, and why."""
    best = joint(seats.pool)
    return MarketResult(
        study=study, seats=seats, outcome=outcome, bargain=None, transmission=None, feeders=(), cost=np.nan, ideal=best.cost, ideal_z=best.z,
        ideal_price=best.price, trouble=trouble,
    )  # fmt: skip


def _loose(best: Ideal) -> tuple[str, ...]:
    """Whether the ideal market burns power that no network could."""
    if not best.slack > LOOSE:
        return ()
    return (f"the ideal market with losses is no load flow (slack {best.slack:.2g}): its cost is a lower bound only, and prices there may be wrong",)


def explained(seats: MarketSeats, outcome: Outcome[Any], planes: int = 0) -> tuple[str, ...]:
    """Why there is no answer, asked at the owners' doors: which feeder or market cannot be served, and by which limits; ``planes`` is the most that
    the market took of an offer.
    """
    said = [told] if (told := getattr(outcome.state, "trouble", "")) else []
    for refusal in outcome.refused:
        _, t, i = refusal.rows[0]
        if refusal.question in STRATEGIC:
            said.append(f"{refusal.by}: {untold(seats, refusal)}")
        elif refusal.by in ("tso", "owner") or not len(seats.pool.feeders):
            said.append(f"{refusal.by}: no clearing: {_unserved(seats)}")
        elif refusal.question != Award.__name__ or not said:
            problem, period = _hour(seats, i, t), t + 1 + seats.wholesale.window.first
            if refusal.question in (VectorOffers.__name__, ReserveOffers.__name__):
                told = unvectored(problem, period, planes)
            else:
                told = (unoffered if refusal.question == Offers.__name__ else unserved)(problem, period)
            said.append(f"{refusal.by}: {told}")
    if outcome.trouble and any(f.physics is not None for f in seats.pool.feeders):
        said.append(
            f"feeders with losses answer prices of {FLOOR:g} per MWh and more, below which their model burns power; the form lindist has no floor"
        )
    return tuple(dict.fromkeys(said))


def _hour(seats: MarketSeats, i: int, t: int) -> FeederProblem:
    """A feeder's problem of one period, where periods do not hang together; else of the day."""
    desk, rows = next((desk, rows) for desk, rows in seats.fleets if i in rows)
    kind = int(desk.kind[int(np.flatnonzero(rows == i)[0])])
    return desk.hourly[kind][t] if desk.hourly[kind] else desk.whole[kind]


def _unserved(seats: MarketSeats) -> str:
    """What stands against a clearing: in transmission by itself, or else in everything together, or else in what crosses."""
    for program in (by_itself(seats.wholesale), seats.pool.program()):
        if solve(program).status is Status.INFEASIBLE:
            return reason(program, Known(wholesale=seats.wholesale, feeders=seats.pool.feeders), None)
    return "what feeders take or offer under the rules of this market cannot be carried, though with all they could do it can"


def by_itself(w: Wholesale) -> Program:
    """Transmission's clearing without any exchange."""
    return market(w.orders, w.fixed, w.wires(len(w.orders.node), {}, {}, {}), hours=w.window.hours)


def above(wholesale: Wholesale, z: Real, price: Real, sold: Sold | None = None) -> TransmissionPlan:
    """The plan for an exchange (period, interface). Prices are those of the answer to the given ones, where it is one; else of the dispatch."""
    hours = wholesale.window.hours
    done, told = wholesale.plan(z, price, sold)
    paid = 0.0 if sold is None else float((sold[0] * sold[1]).sum()) * hours
    regret = done.cost - float((price * z).sum()) * hours + paid - told.cost
    chosen = told if regret <= REGRET * max(1.0, abs(done.cost)) else done
    reserve = np.zeros((len(z), len(PRODUCTS))) if wholesale.reserve is None else wholesale.reserve.price(chosen.answer)
    return TransmissionPlan(dispatch=done, price=chosen.price, flow_price=chosen.answer.price["flow"] / hours, reserve_price=reserve, regret=regret)


def sold_of(bargain: Bargain) -> Sold | None:
    """Regulation that feeders sell, and its price."""
    return None if bargain.reserve is None or bargain.reserve_price is None else (bargain.reserve[0], bargain.reserve_price[0])


def below(desk: FeederMarket, k: int, who: tuple[str, int], award: tuple[Real, Real], use: StoreUse = NO_USE) -> FeederPlan:
    """What the k-th feeder of a desk does with an award, exchange and price (period); ``who`` is its company, and its interface in the award."""
    return _plan(desk.whole[int(desk.kind[k])], who, *award, desk.plan(k, *award, desk.use(k, use, who[1])))


def _plan(problem: FeederProblem, who: tuple[str, int], z: Real, price: Real, answers: tuple[Answer, Answer]) -> FeederPlan:
    done, priced = answers
    regret = done.cost + float(price @ z) * problem.window.hours - priced.cost
    return FeederPlan(
        company=who[0], interface=who[1], problem=problem, dispatch=problem.state(done), priced=problem.state(priced), decisions=done.x,
        regret=regret,
    )  # fmt: skip


def regulated(desk: FeederMarket, k: int, who: tuple[str, int], exchange: tuple[Real, Real], *, sold: Sold, bought: Flag) -> FeederPlan:
    """The same with regulation: ``exchange`` (period) and ``sold`` (period, product), each with its price."""
    problem, done, told = FeederReserve(desk).plan(k, exchange, sold, bought)
    hours, (dispatch, priced) = problem.feeder.window.hours, (problem.state(done), problem.state(told))
    regret = done.cost + (float(exchange[0] @ exchange[1]) - float((sold[0] * sold[1]).sum())) * hours - told.cost
    plan = FeederPlan(
        company=who[0], interface=who[1], problem=problem.feeder, dispatch=dispatch.feeder, priced=priced.feeder, decisions=done.x, regret=regret
    )
    return replace(plan, regulation=RegulationPlan(problem=problem, dispatch=dispatch, prices=priced if plan.answers else dispatch))


def _plans(seats: MarketSeats, bargain: Bargain, state: object, scheme: object) -> tuple[FeederPlan, ...]:
    """Of all feeders, on every processor: each holds a program of its own, so the bits are the same for any number.

    Units that chose their market are bound by what they sold and kept.
    """
    z, price, sold, reserve = bargain.z[0], bargain.price[0], sold_of(bargain), seats.wholesale.reserve
    fleets = zip(seats.companies, seats.fleets, strict=True)
    asked = sorted(((row, k, desk, company) for company, (desk, rows) in fleets for k, row in enumerate(rows.tolist())), key=lambda one: one[0])

    def plan(one: tuple[int, int, FeederMarket, str]) -> FeederPlan:
        row, k, desk, company = one
        if sold is not None and reserve is not None:
            mine = (sold[0][:, row], sold[1][:, row])
            return regulated(desk, k, (company, row), (z[:, row], price[:, row]), sold=mine, bought=reserve.bought)
        if isinstance(scheme, Strategic) and scheme.local == "posted":
            award = (z[:, row], price[:, row])
            return _plan(desk.whole[int(desk.kind[k])], (company, row), *award, FeederStrategic(desk).plan(k, *award))
        if not isinstance(state, ChoiceOfMarketState):
            return below(desk, k, (company, row), (z[:, row], price[:, row]), bargain.use)
        problem = desk.whole[int(desk.kind[k])]
        many = len(type_1(problem))
        answers = planned(problem, z[:, row], price[:, row], state.sold[0, :, row, :many], state.offers.kept[0, :, row, :many])
        return _plan(problem, (company, row), z[:, row], price[:, row], answers)

    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        return tuple(pool.map(plan, asked))
