"""A three-phase feeder as a distribution company: its offer, and what it does with an award, with the exact load flow beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.phase_case import PhaseCase
from gridtandem.errors import Fault, InvalidCase
from gridtandem.flow.regulators import regulate
from gridtandem.grid import elements as el
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.network import Network
from gridtandem.grid.phase_tree import phase_tree
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.opf.forms.lindist import Flow
from gridtandem.opf.hours import Hours
from gridtandem.opf.phase_feeder import PhaseMarket
from gridtandem.parties.feeder_market import FeederMarket
from gridtandem.program.solve import hold
from gridtandem.resources.day import faults
from gridtandem.resources.part import Window
from gridtandem.study.market.apart import Side, of_awards, shared_by
from gridtandem.study.market.exchange import Document
from gridtandem.study.market.offer import Offered, offered_by
from gridtandem.study.market.phase_check import PhaseChecks, phase_checked
from gridtandem.study.market.study import MarketStudy
from gridtandem.study.market.tables import stacked

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
        day = self.market.problem(window)
        hours = Hours(window.periods, lambda t: self.market.problem(Window(first=window.first + t, hours=window.hours)))
        each = () if day.owned.coupled else hours
        return FeederMarket.of(self.study.case.interfaces.name, ONE, (day,), (each,), forecast=np.zeros(window.periods))


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
