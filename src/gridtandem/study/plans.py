"""From an agreement to plans: every party solves its own grid for what it took home, through the owner's door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.cases.join import bundle
from gridtandem.coordinate import Agreement
from gridtandem.flow.feeders import State
from gridtandem.flow.newton import Solution
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.study.study import Seats, Study
from gridtandem.tables import Code, Complex
from gridtandem.units import MVA


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Plan:
    """One company's own load flow of one grid. Feeders: of one of the parallel ones."""

    company: str
    feeder: str  # empty for transmission
    network: Network
    nodal: Nodal
    v: Complex  # (node), NaN where there is none
    ratio: Complex  # (branch)
    unit_s: Complex  # (unit) [per unit]
    at_limit: Code  # (unit)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Plans:
    """All companies' plans of one scenario and period."""

    st: tuple[int, int]
    transmission: Plan
    feeders: tuple[Plan, ...]  # one per interface
    v: Complex  # (interface) voltage the feeder reckons with
    s: Complex  # (interface) draw transmission reckons with [per unit]
    drawn: Complex  # (interface) draw of all parallel feeders at their voltage [per unit]


def plans_of(study: Study, seats: Seats, agreement: Agreement, st: tuple[int, int]) -> Plans:
    """Ask every party for its plan."""
    t, draw = seats.transmission, agreement.draw
    found = t.solve(draw, st)
    if found is None:
        raise ValueError("an agreement has a curve for every interface")
    here = t.newton.nodal if draw is not None else t.alone.nodal
    tso = _plan("tso", "", study.case.transmission, here, found)
    at = t.forecast.node
    vm = np.abs(tso.v[at])
    if draw is None:
        s = t.forecast.at(vm)[0] * t.loading[st]
    else:
        s, _ = t.drawn(draw, st, vm).each(vm)
    v = agreement.v[st] * np.exp(1j * agreement.angle[st])
    feeders, drawn = _feeder_plans(study, seats, v, st)
    return Plans(st=st, transmission=tso, feeders=feeders, v=v, s=np.asarray(s, complex), drawn=drawn)


def _feeder_plans(study: Study, seats: Seats, v: Complex, st: tuple[int, int]) -> tuple[tuple[Plan, ...], Complex]:
    plans: dict[int, Plan] = {}
    table = study.case.interfaces
    drawn = np.full(len(v), np.nan, complex)
    for name, (fleet, rows) in zip(seats.companies, seats.fleets, strict=True):
        drawn[rows] = fleet.drawn_at(np.abs(v[rows]), st) / MVA
        for k, state in zip(rows.tolist(), fleet.plan(v[rows], st), strict=True):
            net = bundle(study.case.models[int(table.model[k])], scale=float(table.scale[k]))
            plans[k] = _plan(name, str(table.feeder[k]), net, Nodal.of(net), state)
    return tuple(plans[k] for k in range(len(v))), drawn


def _plan(company: str, feeder: str, network: Network, nodal: Nodal, found: Solution | State) -> Plan:
    return Plan(
        company=company, feeder=feeder, network=network, nodal=nodal, v=found.v, ratio=found.ratio, unit_s=found.unit_s, at_limit=found.at_limit
    )
