"""The AC check of a dispatch: every unit placed where its company puts it, all networks joined and solved as one load flow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.join import Joined, joined
from gridtandem.flow.newton import Newton, Solution
from gridtandem.flow.options import Options
from gridtandem.flow.results import branch_flows
from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.nodal import Nodal
from gridtandem.opf.ac import cost_of
from gridtandem.parties.owner import Ports
from gridtandem.study.dispatch.plans import Plans
from gridtandem.study.judge import EDGE, broken_limits
from gridtandem.study.results import Violations
from gridtandem.tables import Names, Real, stacked
from gridtandem.units import MVA


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Found:
    """The joined grid under the plans of one period; NaN where it has no load flow."""

    whole: Joined
    nodal: Nodal
    solution: Solution
    exchange: Real  # (interface, 3) [MW, Mvar, pu]
    realised: float  # [currency/h]
    loss_mw: float
    violations: Violations


def found_of(case: Case, plans: Plans, period: int) -> Found:
    """Solve it. Units of transmission that hold voltage hold that of the plan; those of feeders hold their power; ratios of
    transformers stay where the dispatch reckons with them, which is where the tables put them.
    """
    whole = joined(_case_of(case, plans))
    nodal = Nodal.of(whole.network)
    got = Newton.of(nodal, options=Options(taps="hold")).solve()
    s_from, s_to = branch_flows(nodal, got.v, got.ratio)
    through = np.maximum(np.abs(s_from), np.abs(s_to)) * MVA
    ports = Ports.of(whole, nodal, case.interfaces.bus)
    s = ports.drawn(got.v, got.ratio, np.ones(1)) if got.converged else np.full(len(case.interfaces), np.nan, complex)
    injected = _injected(nodal, got)
    broken = [
        broken_limits(nodal, got.v, through, (0, period)),
        _roots_broken(case, np.abs(got.v[ports.at]), period),
        _units_broken(nodal, injected, period),
    ]
    return Found(
        whole=whole, nodal=nodal, solution=got, exchange=np.stack([s.real * MVA, s.imag * MVA, np.abs(got.v[ports.at])], -1),
        realised=float(cost_of(nodal, injected.real).sum()) if got.converged else np.nan, loss_mw=float((s_from + s_to).real.sum()) * MVA,
        violations=stacked(Violations, broken),
    )  # fmt: skip


def _case_of(case: Case, plans: Plans) -> Case:
    """One model for every interface, all with their decisions."""
    models = tuple(replace(p.network, name=f"feeder {k}") for k, p in enumerate(plans.feeders))
    many = len(models)
    table = replace(case.interfaces, model=np.arange(many), count=np.ones(many, np.int64), scale=np.ones(many))
    return replace(case, transmission=plans.transmission.network, models=models, interfaces=table)


def _injected(nodal: Nodal, got: Solution) -> Real:
    """What units inject: as decided, and the first reference unit what is left. [per unit]"""
    u = nodal.units
    s = np.array(u.s)
    held = np.flatnonzero(u.control != 0)
    s[held] = got.unit_s[held]
    s.real = u.s.real
    if len(first := np.flatnonzero(u.control == REFERENCE)):
        s[first[0]] += got.slack
    return np.asarray(s)


def _roots_broken(case: Case, voltage: Real, period: int) -> Violations:
    """Roots of feeders beyond their own band, which no dispatch holds: a voltage at an interface is transmission's to limit.

    Equal ends are no band: they are what a published feeder's own source holds, whose place transmission takes.
    """
    table = case.interfaces
    rows = list(zip(table.model.tolist(), table.root.tolist(), strict=True))
    low, high = (np.array([getattr(case.models[m].buses, side)[r] for m, r in rows], float) for side in ("v_low_pu", "v_high_pu"))
    called = np.array([f"{feeder}/{case.models[m].buses.label(r)}" for feeder, (m, r) in zip(table.feeder.tolist(), rows, strict=True)], str)
    parts = []
    for limit, beyond in ((low, voltage < low * (1 - EDGE)), (high, voltage > high * (1 + EDGE))):
        k = np.flatnonzero(beyond & (low < high))
        parts.append(
            Violations(
                scenario=np.zeros(len(k), np.int64), period=np.full(len(k), period), element=np.full(len(k), "bus"), name=called[k],
                value=voltage[k], limit=limit[k], unit=np.full(len(k), "pu"),
            )
        )  # fmt: skip
    return stacked(Violations, parts)


def _units_broken(nodal: Nodal, s: Real, period: int) -> Violations:
    """Units that the load flow puts beyond their limits."""
    g, u = nodal.network.generators, nodal.units
    name: Names = g.name[u.row]
    looked = []
    for unit, value, low, high in (
        ("MW", s.real * MVA, g.p_low_mw[u.row], g.p_high_mw[u.row]), ("Mvar", s.imag * MVA, g.q_low_mvar[u.row], g.q_high_mvar[u.row]),
    ):  # fmt: skip
        room = EDGE * np.maximum(1.0, np.abs(value))
        looked += [(unit, name, value, low, value < low - room), (unit, name, value, high, value > high + room)]
    rows = [(unit, name[at], value[at], limit[at]) for unit, name, value, limit, at in looked]
    size = [len(r[1]) for r in rows]
    return Violations(
        scenario=np.zeros(sum(size), np.int64), period=np.full(sum(size), period), element=np.full(sum(size), "unit"),
        name=np.concatenate([r[1] for r in rows]), value=np.concatenate([r[2] for r in rows]), limit=np.concatenate([r[3] for r in rows]),
        unit=np.repeat([r[0] for r in rows], size),
    )  # fmt: skip
