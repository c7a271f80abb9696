"""A three-phase feeder as a distribution company: its offer, and what it does with an award, with the exact load flow beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.phase_case import PhaseCase
from gridtandem.errors import Fault, InvalidCase, UnknownName
from gridtandem.flow.regulators import regulate
from gridtandem.grid import elements as el
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.network import Network
from gridtandem.grid.phase_tree import phase_tree
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.forms.lindist import Flow
from gridtandem.opf.hours import EachHour, Hours
from gridtandem.opf.phase_feeder import PhaseMarket
from gridtandem.parties.feeder_market import FeederMarket
from gridtandem.program.solve import hold
from gridtandem.resources.day import faults
from gridtandem.resources.part import Window
from gridtandem.study.market.apart import Side, of_awards, shared_by
from gridtandem.study.market.exchange import Document
from gridtandem.study.market.offer import Offered, offered_by
from gridtandem.study.market.phase_check import PhaseChecks, phase_checked
from gridtandem.study.market.study import MarketSeats, MarketStudy, desk_of, seats_of
from gridtandem.tables import Index, stacked

ONE = np.zeros(1, np.int64)  # the only interface


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PhaseStudy:
    """A market study whose case is one interface with a three-phase feeder behind it."""

    study: MarketStudy
    market: PhaseMarket

    @staticmethod
    def of(case: PhaseCase, scheme: object, *, flow: Flow = "apparent", margin_pu: float = 0.0) -> PhaseStudy:
        """``margin_pu`` tightens lower voltage limits."""
        net = rested(case.feeder.network) if case.taps == "move" else case.feeder.network
        market = PhaseMarket.of(replace(case.feeder, network=net), flow=flow, margin_pu=margin_pu)
        at = Interfaces.of({"name": [case.name], "company": [case.company], "feeder": [case.name], "model": [0], "root": [0], "bus": [0]})
        bus = el.Buses.of({"name": [case.bus], "nominal_kv": net.buses.nominal_kv[net.sources.bus]})
        whole = Case(
            name=case.name, transmission=Network(name="transmission", buses=bus), models=(market.nodal.network,), interfaces=at,
            currency=case.currency, title=case.title, source=case.source, notes=net.notes,
        )  # fmt: skip
        return PhaseStudy(study=MarketStudy(case=whole, scheme=scheme, flow=flow), market=market)

    def over(self, first: int, hours: int) -> PhaseStudy:
        """The same for these hours, from 1."""
        return replace(self, study=replace(self.study, first=first, hours=hours))

    def desk(self) -> FeederMarket:
        """The company's market desk; faults of offers, stores and forecasts are told at once."""
        window, net = self.study.window, self.market.nodal.network
        if found := [f.at(net.name) for f in faults(net, window.end, source=False)]:
            raise InvalidCase(found)
        day, each = _problems(self.market, self.study)
        return FeederMarket.of(self.study.case.interfaces.name, ONE, (day,), (each,), forecast=np.zeros(window.periods))


def seated_with(study: MarketStudy, phases: Mapping[str, PhaseMarket]) -> MarketSeats:
    """The parties of a study whose feeders behind these interfaces, by name, are three-phase ones, whatever models the case has there.

    `gridtandem.study.market.run.run_market` takes them as ``seats``. A three-phase feeder keeps the voltage of its own source.
    """
    case = study.case
    names = case.interfaces.name.tolist()
    for name in phases.keys() - set(names):
        raise UnknownName("interface", name, names)
    nets = [market.nodal.network for market in phases.values()]
    if found := [*case.faults(), *study.faults(), *(f.at(n.name) for n in nets for f in faults(n, study.window.end, source=False))]:
        raise InvalidCase(found)
    return seats_of(study, [(_desk(study, case.rows_of(name), phases), case.rows_of(name)) for name in case.companies])


def _desk(study: MarketStudy, rows: Index, phases: Mapping[str, PhaseMarket]) -> FeederMarket:
    """A company's desk, some of its feeders three-phase."""
    plain = desk_of(study, rows)
    kind, whole, hourly = plain.kind.copy(), list(plain.whole), list(plain.hourly)
    for k, name in enumerate(plain.interface.tolist()):
        if name in phases:
            kind[k] = len(whole)
            day, each = _problems(phases[name], study)
            whole.append(day)
            hourly.append(each)
    used, kind = np.unique(kind, return_inverse=True)
    return FeederMarket.of(
        plain.interface, np.asarray(kind, np.int64), tuple(whole[u] for u in used), tuple(hourly[u] for u in used), forecast=plain.forecast
    )


def _problems(market: PhaseMarket, study: MarketStudy) -> tuple[FeederProblem, EachHour]:
    """A feeder's day, and its hours where they do not hang together."""
    window, essential = study.window, study.essential
    day = market.problem(window, essential=essential)
    hours = Hours(window.periods, lambda t: market.problem(Window(first=window.first + t, hours=window.hours), essential=essential))
    return day, () if day.owned.coupled else hours


def rested(net: ThreePhaseNetwork) -> ThreePhaseNetwork:
    """The network with its taps where regulators leave them at its own loads."""
    tree = phase_tree(net)
    found = regulate(tree, abs(complex(tree.source[0])), 1.0)
    if found.trouble:
        raise InvalidCase([Fault("regulators", f"come to no rest: {found.trouble}", "take the taps of the file (hold)", "phase-005", place=net.name)])
    return replace(net, transformers=replace(net.transformers, tap_from_pu=found.tap_from, tap_to_pu=found.tap_to))


def phase_offered(phases: PhaseStudy) -> Offered:
    """The feeder's offers, and the exact load flow at every corner of its true curves."""
    desk = phases.desk()
    found = offered_by(phases.study, ONE, desk)
    checks = []
    for truth in found.truths:
        t = truth.period - phases.study.first
        problem = desk.hourly[0][t]
        held = hold(problem.program)
        for export in truth.curve.x.tolist():
            answer = held.solve(bounds={"z": (np.array([-export]), np.array([-export]))}).require()
            checks.append(phase_checked(phases.market, problem, answer.x, problem.state(answer)))
    return replace(found, checks=stacked(PhaseChecks, checks))


def phase_shared(phases: PhaseStudy, awards: Sequence[Document]) -> Side:
    """What the feeder does with an award, and the exact load flow of that."""
    study = of_awards(phases.study, ONE, awards)
    phases = replace(phases, study=study)
    side, plans = shared_by(study, ONE, phases.desk(), awards)
    return replace(side, checks=stacked(PhaseChecks, [phase_checked(phases.market, p.problem, p.decisions, p.dispatch) for p in plans]))
