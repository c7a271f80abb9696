"""What a company offers for its feeders, and what shaped every step. Made from that company's own networks, never from transmission's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.market_letters import Curves, Offers
from gridtandem.cases.case import Case
from gridtandem.errors import InvalidCase, UnknownName
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.offers import Asked
from gridtandem.orders.rules import Offer, loss_of
from gridtandem.parties.feeder_market import FeederMarket
from gridtandem.program.answer import Status
from gridtandem.resources.dispatch import dispatched
from gridtandem.study.market.naming import unoffered
from gridtandem.study.market.phase_check import PhaseChecks
from gridtandem.study.market.results import PRICE
from gridtandem.study.market.study import MarketStudy, desk_of
from gridtandem.tables import Index, Names, Real, Table, column

SMOOTH = 1e-3  # currency/h; error left in the true curve of a feeder whose costs are smooth
MOVES = 1e-6  # MW; a resource that moves less over a step did not make it


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class OfferSteps(Table):
    """Offers step by step. Power is export: positive from the feeder into transmission."""

    kind: ClassVar[str] = "offer_steps"
    period: Index = column("period, from 1", dtype="i8")
    interface: Names = column("name of the interface", dtype="U")
    step: Index = column("step, from 1", dtype="i8")
    from_mw: Real = column("export where it begins", unit="MW")
    to_mw: Real = column("export where it ends", unit="MW")
    price_per_mwh: Real = column("price of the first MW of the step", unit=PRICE)
    rise_per_mwh: Real = column("rise of the price to the last MW of the step; 0: the step is level", unit=PRICE)
    moves: Names = column("resources that change their power along it", dtype="U")
    limits: Names = column("network limits that shape its price, the dearest first; empty: none", dtype="U")


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Truth:
    """What a feeder's exchange really costs in a period: the exact curve, whatever the rules of the market make of it."""

    period: int  # from 1
    interface: str
    curve: Offer  # points of export and cost per hour


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Offered:
    """Offers of one company. ``trouble`` tells of periods in which no exchange serves a feeder."""

    study: MarketStudy
    rows: Index  # interfaces
    curves: Curves
    steps: OfferSteps
    truths: tuple[Truth, ...]
    trouble: tuple[str, ...]
    checks: PhaseChecks | None = None  # of a three-phase feeder: the exact load flow at the corners of its true curves

    def __repr__(self) -> str:
        names = ", ".join(self.study.case.interfaces.name[self.rows].tolist())
        return f"Offer of {names}: {len(self.steps)} steps over {self.study.window.periods} periods"


def rows_named(case: Case, word: str) -> Index:
    """Interfaces by their own name, by the name of their feeder, or all of a company."""
    table = case.interfaces
    for names in (table.name, table.feeder, table.company):
        if (names == word).any():
            return np.flatnonzero(names == word)
    raise UnknownName("interface, feeder or company", word, list(dict.fromkeys([*table.name.tolist(), *table.company.tolist()])))


def own_desk(study: MarketStudy, rows: Index) -> FeederMarket:
    """The desk behind these interfaces; faults of data and settings are told at once."""
    if found := [*study.case.faults(), *study.faults()]:
        raise InvalidCase(found)
    return desk_of(study, rows)


def offered(study: MarketStudy, word: str) -> Offered:
    """The offers of the interface, feeder or company of that name, by the rules that the study's scheme tells."""
    rows = rows_named(study.case, word)
    return offered_by(study, rows, own_desk(study, rows))


def offered_by(study: MarketStudy, rows: Index, desk: FeederMarket) -> Offered:
    """The offers of the desk behind these interfaces."""
    rules: Offers = study.scheme.rules
    curves = desk.offers(rules)
    seen = [_seen(study, desk, curves, (t, k)) for k in range(len(rows)) for t in range(study.window.periods)]
    steps = [row for _, lines, _ in seen for row in lines]
    table = OfferSteps.of(dict(zip(OfferSteps.columns(), zip(*steps, strict=True), strict=True))) if steps else OfferSteps.empty()
    return Offered(
        study=study, rows=rows, curves=curves, steps=table, truths=tuple(t for t, _, _ in seen if t is not None),
        trouble=tuple(dict.fromkeys(told for _, _, told in seen if told)),
    )  # fmt: skip


def loss_of_rules(offer: Offered) -> tuple[float, float]:
    """By how much an offer lies above the true cost at most [currency/h], and the widest range of export that is not offered [MW]."""
    loss, held = 0.0, 0.0
    for truth in offer.truths:
        steps = offer.steps.take((offer.steps.period == truth.period) & (offer.steps.interface == truth.interface))
        true = truth.curve
        if not len(steps):
            held = max(held, float(true.x[-1] - true.x[0]))
            continue
        x = np.concatenate([steps.from_mw[:1], steps.to_mw])
        begin = float(true.at(x[:1])[0])
        mean = steps.price_per_mwh + 0.5 * steps.rise_per_mwh
        rise = steps.rise_per_mwh if steps.rise_per_mwh.any() else ()
        made = Offer(x, begin + np.concatenate([[0.0], np.cumsum(mean * np.diff(x))]), rise=rise)
        loss, held = max(loss, loss_of(made, true)), max(held, float(true.x[-1] - true.x[0] - (x[-1] - x[0])))
    return loss, held


Line = tuple[object, ...]


def _seen(study: MarketStudy, desk: FeederMarket, curves: Curves, place: tuple[int, int]) -> tuple[Truth | None, list[Line], str]:
    """The true curve, the offered steps with what shaped them, and the trouble, of one period and interface."""
    t, k = place
    period, name = study.window.first + t + 1, str(desk.interface[k])
    hourly = desk.hourly[int(desk.kind[k])]
    if curves.worth[0, t, k] == Worth.REFUSED:
        return None, [], unoffered(hourly[t] if hourly else desk.whole[int(desk.kind[k])], period)
    mine = (curves.period == t) & (curves.interface == k)
    x = -float(curves.start[0, t, k]) + np.concatenate([[0.0], np.cumsum(curves.mw[mine])])
    asked = Asked.of(hourly[t]) if hourly else None  # where hours hang together, no hour has a curve of its own
    lines: list[Line] = [
        (period, name, n + 1, x[n], x[n + 1], price, rise, *(("", "") if asked is None else _shaped(asked, x[n], x[n + 1])))
        for n, (price, rise) in enumerate(zip(curves.price[mine].tolist(), curves.rise[mine].tolist(), strict=True))
    ]
    found = None if asked is None or asked.problem.physics is not None else asked.curve(tol=SMOOTH if asked.problem.program.quadratic else 0.0)
    return None if found is None else Truth(period=period, interface=name, curve=found.offer), lines, ""


def _shaped(asked: Asked, begin: float, end: float) -> tuple[str, str]:
    """Who moves along a step, and which limits set its price."""
    inside = [asked.at_exchange(-(begin + share * (end - begin))) for share in (0.25, 0.5, 0.75)]
    if any(a.status is not Status.SOLVED for a in inside):
        return "", ""
    low, high = (dict(_powers(asked.problem, inside[k].x)) for k in (0, 2))
    moved = sorted((name for name in low if abs(high[name] - low[name]) > MOVES), key=lambda name: (-abs(high[name] - low[name]), name))
    return ", ".join(moved), ", ".join(asked.problem.binding(inside[1], 0))


def _powers(problem: FeederProblem, x: Mapping[str, Real]) -> Iterator[tuple[str, float]]:
    for d in dispatched(problem.network, problem.owned.steps, x, problem.window, source=False):
        yield from zip(getattr(problem.network, d.kind).name[d.row].tolist(), d.p[0].tolist(), strict=True)
