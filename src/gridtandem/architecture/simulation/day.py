r"""The shared grid of a simulated day: a bulk market, feeders with their limits, and every step that a DER offers, as arrays over the day.

Limits of a feeder are those of its LinDistFlow, :math:`\underline b \le b_t + H y_t \le \overline b`, with y the steps' injections in MW. Each row is
divided by the strongest effect that a step has on it, so that it reads in MW of that step. Periods stand for themselves. Reactive power of units that
might choose stays as near 0 as it may.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.errors import Fault, InvalidCase
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.limits import Limits
from gridtandem.parties.feeder_market import FeederMarket
from gridtandem.parties.wholesale import Wholesale
from gridtandem.study.market.study import MarketSeats, MarketStudy, seated
from gridtandem.tables import Index, Names, Real

Dispatch = tuple[Real, ...]  # of each feeder: (period, step) [MW]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Steps:
    """What the DERs of a feeder may inject, and for how much."""

    unit: Index  # (step) whose it is, numbered within the feeder
    name: Names  # (unit)
    flexible: Index  # (unit) row among flexible demand; −1: a generator
    generator: Index  # (unit) row among generators; −1: flexible demand
    least: Real  # (period, step) [MW]
    most: Real
    price: Real  # (step) true cost [currency/MWh]
    idle: Real  # (period, step) where nobody asks: each unit gives nothing, or the nearest to it
    base: Real  # (unit) what it injects with all its steps at 0, such as a battery that charges [MW]

    def by_unit(self, y: Real) -> Real:
        """Injections of units (period, unit). [MW]"""
        out = np.zeros((len(y), len(self.name)))
        np.add.at(out.T, self.unit, y.T)
        return out


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Wires:
    """What a feeder can carry."""

    h: Real  # (row, step) [MW by MW]
    there: Real  # (period, row) with nothing dispatched
    low: Real  # (row)
    high: Real
    h_shed: Real  # (row, load node) by MW of load that is cut
    label: tuple[str, ...]  # (row)

    def values(self, y: Real) -> Real:
        """Rows (period, row) under injections of steps."""
        return np.asarray(self.there + y @ self.h.T)

    def beyond(self, y: Real) -> Real:
        """By how much each row is broken (period, row). [MW]"""
        value = self.values(y)
        return np.maximum(np.maximum(value - self.high, self.low - value), 0.0)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Feeder:
    """One feeder behind one interface."""

    name: str
    company: str
    node: int  # of the bulk network
    problem: FeederProblem
    steps: Steps
    wires: Wires
    draw: Real  # (period) from the bulk system with nothing dispatched [MW]
    sheddable: Real  # (period, load node) load that could be cut [MW]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Day:
    """The grid over a day."""

    study: MarketStudy
    seats: MarketSeats
    feeders: tuple[Feeder, ...]

    @staticmethod
    def of(study: MarketStudy) -> Day:
        """Refused with all faults where hours hang together, a unit's price rises within a step, or several feeders stand behind one interface."""
        seats = seated(study)
        table, faults = study.case.interfaces, [*_faults(study.case), *_beyond_its_day(study)]
        feeders: dict[int, Feeder] = {}
        for company, (desk, rows) in zip(seats.companies, seats.fleets, strict=True):
            for k, row in enumerate(rows.tolist()):
                problem = desk.whole[int(desk.kind[k])]
                faults += _unfit(problem, str(table.name[row]))
                feeders[row] = _feeder(problem, str(table.name[row]), company, int(seats.wholesale.at[row]))
        if seats.wholesale.owned.coupled:
            faults.append(Fault("transmission", "has hours that hang together", "leave out ramps and storage there", "arch-101"))
        if faults:
            raise InvalidCase(faults)
        return Day(study=study, seats=seats, feeders=tuple(feeders[k] for k in sorted(feeders)))

    @property
    def wholesale(self) -> Wholesale:
        """The bulk market's desk."""
        return self.seats.wholesale

    @property
    def desks(self) -> tuple[tuple[FeederMarket, Index], ...]:
        """The companies' desks, with the interfaces of each."""
        return self.seats.fleets

    @property
    def hours(self) -> float:
        """Length of a period."""
        return self.study.window.hours

    @property
    def periods(self) -> int:
        """How many there are."""
        return self.study.window.periods

    @property
    def constant(self) -> float:
        """What all units cost at the bottom of their steps over the day. [currency]"""
        return self.wholesale.constant + sum(f.problem.owned.steps.constant for f in self.feeders) * self.hours * self.periods

    @property
    def idle(self) -> Dispatch:
        """Nobody asks any DER."""
        return tuple(f.steps.idle for f in self.feeders)

    def seen(self, loads: Real, most: Real | float = 1.0) -> Day:
        """The same grid under other loads (factor by period, feeder), and other power of sun and wind."""
        share = np.broadcast_to(most, loads.shape)
        return replace(self, feeders=tuple(_reloaded(f, loads[:, k], share[:, k]) for k, f in enumerate(self.feeders)))

    def late(self, periods: int) -> Day:
        """What was true so many periods before, of limits and loads; what steps offer is told anew each time."""
        if not periods:
            return self
        row = np.maximum(np.arange(self.periods) - periods, 0)
        return replace(
            self,
            feeders=tuple(
                replace(f, wires=replace(f.wires, there=f.wires.there[row]), draw=f.draw[row], sheddable=f.sheddable[row]) for f in self.feeders
            ),
        )

    def draw(self, y: Dispatch) -> Real:
        """What feeders take from the bulk system (period, feeder). [MW]"""
        return np.stack([f.draw - each.sum(1) for f, each in zip(self.feeders, y, strict=True)], -1)

    def cost(self, y: Dispatch) -> float:
        """What steps of DERs cost over the day, as they are. [currency]"""
        return float(sum((each @ f.steps.price).sum() for f, each in zip(self.feeders, y, strict=True))) * self.hours

    def beyond(self, y: Dispatch) -> Real:
        """Broken limits of feeders, all rows together (period, feeder). [MW]"""
        return np.stack([f.wires.beyond(each).sum(1) for f, each in zip(self.feeders, y, strict=True)], -1)


def _faults(case: Case) -> list[Fault]:
    table = case.interfaces
    many = [table.fault(k, "count", "is not 1", "give each feeder a row of its own", "arch-102") for k in np.flatnonzero(table.count != 1).tolist()]
    twice = [
        table.fault(k, "feeder", "has several ports", "take feeders with one root", "arch-103") for k in np.flatnonzero(case.ports != 1).tolist()
    ]
    none = [] if len(table) else [Fault("interfaces", "are none", "take a case with feeders; `tandem cases` lists them", "arch-104")]
    return [*many, *twice, *none]


def _beyond_its_day(study: MarketStudy) -> list[Fault]:
    """A case without profiles has one period; simulated again and again, it would say nothing more."""
    window, nets = study.window, (study.case.transmission, *study.case.models)
    if window.end <= 1 or any(n.periods for n in nets):
        return []
    which = f"period {window.end}" if window.periods == 1 else f"periods {window.first + 1} to {window.end}"
    return [Fault("case", f"has no profiles, so that it has one period and not {which}", "ask for that one, or give it profiles", "arch-108")]


def _unfit(problem: FeederProblem, place: str) -> list[Fault]:
    faults = []
    if problem.owned.coupled:
        faults.append(Fault("feeder", "has storage, vehicles or ramps, so that its hours hang together", "leave them out", "arch-105", place=place))
    if problem.owned.steps.slope.any():
        faults.append(Fault("costs", "of DERs rise within a step", "give them as cost points", "arch-106", place=place))
    if problem.physics is not None:
        faults.append(Fault("form", "is not lindist", "take form lindist; the AC check judges in any case", "arch-107", place=place))
    return faults


def _feeder(problem: FeederProblem, name: str, company: str, node: int) -> Feeder:
    steps = _steps(problem)
    loads = np.flatnonzero((problem.owned.p_load > 0).any(0))
    return Feeder(
        name=name, company=company, node=node, problem=problem, steps=steps, wires=_wires(problem, loads),
        draw=-problem.p_there.sum(1), sheddable=np.maximum(problem.owned.p_load[:, loads], 0.0),
    )  # fmt: skip


def _steps(problem: FeederProblem) -> Steps:
    s, net = problem.owned.steps, problem.network
    who, unit = np.unique(np.stack([s.source, s.row], -1), axis=0, return_inverse=True)
    names = np.array([str((net.flexible if source else net.generators).name[row]) for source, row in who.tolist()], dtype=str)
    low, high = np.where(s.sign > 0, s.low, -s.high), np.where(s.sign > 0, s.high, -s.low)
    number, generator = np.asarray(unit.ravel(), np.int64), np.where(who[:, 0] == 0, who[:, 1], -1)
    base = np.where(generator >= 0, s.base[np.maximum(generator, 0)], 0.0) if len(s.base) else np.zeros(len(who))
    return Steps(
        unit=number, name=names, flexible=np.where(who[:, 0] == 1, who[:, 1], -1), generator=generator, least=low, most=high,
        price=s.sign * s.price, idle=_idle(number, low, high, base), base=base,
    )  # fmt: skip


def _idle(unit: Index, least: Real, most: Real, base: Real) -> Real:
    """Steps of each unit filled in their order until it gives nothing in sum."""
    out, sums = least.copy(), np.zeros((2, len(least), len(base)))
    for total, side in zip(sums, (least, most), strict=True):
        np.add.at(total.T, unit, side.T)
    missing = np.clip(-base, sums[0], sums[1]) - sums[0]
    for step, u in enumerate(unit.tolist()):
        taken = np.minimum(missing[:, u], most[:, step] - least[:, step])
        out[:, step] += taken
        missing[:, u] -= taken
    return out


def _reloaded(feeder: Feeder, factor: Real, share: Real) -> Feeder:
    """Every load of a feeder times a factor (period), and what costs nothing and blows or shines times a share."""
    w, s = feeder.wires, feeder.steps
    there = w.there - (feeder.sheddable * (factor - 1)[:, None]) @ w.h_shed.T
    free = (s.price == 0) & (s.most > 0).any(0)
    most = np.where(free, s.most * share[:, None], s.most)
    least = np.minimum(s.least, most)
    return replace(
        feeder, wires=replace(w, there=there), steps=replace(s, most=most, least=least, idle=np.clip(s.idle, least, most)),
        draw=feeder.draw + feeder.sheddable.sum(1) * (factor - 1), sheddable=feeder.sheddable * factor[:, None],
    )  # fmt: skip


def _wires(problem: FeederProblem, loads: Index) -> Wires:
    s, limits, node = problem.owned.steps, problem.limits, problem.nodal.node
    at = node[s.bus]
    q_by_p = s.q_share * s.sign
    h = limits.p[:, at].toarray() + limits.q[:, at].toarray() * q_by_p
    p_load, q_load = problem.owned.p_load[:, loads].sum(0), problem.owned.q_load[:, loads].sum(0)
    h_shed = limits.p[:, loads].toarray() + limits.q[:, loads].toarray() * np.divide(q_load, p_load, out=np.zeros_like(p_load), where=p_load > 0)
    strongest = np.abs(h).max(axis=1, initial=0.0)
    by = np.where(strongest > 0, strongest, np.maximum(np.abs(h_shed).max(axis=1, initial=0.0), 1.0))
    there = limits.fixed(problem.p_there, problem.q_there + _reactive(problem))
    return Wires(
        h=h / by[:, None], there=there / by, low=limits.low / by, high=limits.high / by, h_shed=h_shed / by[:, None], label=_labels(problem, limits)
    )


def _reactive(problem: FeederProblem) -> Real:
    """What units that may choose inject in Mvar (period, node): as near 0 as they may."""
    columns = problem.owned.part.columns
    if "q" not in columns:
        return np.zeros_like(problem.q_there)
    chosen = np.clip(0.0, columns["q"].low, columns["q"].high)
    return np.asarray(problem.owned.part.q["q"] @ chosen.ravel()).reshape(problem.q_there.shape)


def _labels(problem: FeederProblem, limits: Limits) -> tuple[str, ...]:
    return tuple(problem.form.named(int(kind), int(element)) for kind, element in zip(limits.kind, limits.element, strict=True))
