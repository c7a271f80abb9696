"""The judge: one merged AC load flow per scenario and period, against which every scheme's plans are held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.flow.newton import Solution
from gridtandem.flow.results import branch_flows, flows
from gridtandem.flow.sums import summed
from gridtandem.grid.elements import Lines, Transformers
from gridtandem.grid.nodal import Nodal
from gridtandem.parties.owner import Owner
from gridtandem.study.plans import Plans
from gridtandem.study.results import BranchResults, BusResults, Checks, InterfaceResults, UnitResults, Violations
from gridtandem.study.roster import Roster, Rows
from gridtandem.tables import Complex, Flag, Names, Real
from gridtandem.units import MVA

CONTRADICTS = 1e-6  # pu; plans that agree to 1e-9 lie within 1e-8 of the joined grid, a wrong one is off by far more
EDGE = 1e-6  # a limit counts as broken beyond this share of itself: solvers stop at 1e-10, readers print four digits


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Verdict:
    """What the judge found."""

    buses: BusResults
    interfaces: InterfaceResults
    branches: BranchResults
    units: UnitResults
    checks: Checks
    violations: Violations
    trouble: tuple[str, ...] = ()  # what the merged load flow says of itself

    def contradicts(self, goal: float) -> float:
        """By how much the AC check contradicts an agreement to within ``goal``. [pu]"""
        apart = float(self.checks.voltage_error_pu.max())
        return 0.0 if apart <= max(CONTRADICTS, 1000 * goal) else apart


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Held:
    """Plans of one scenario and period beside the merged load flow; its numbers are NaN where there is none."""

    plans: Plans
    found: Solution
    exchange: Complex  # (interface) [per unit]
    flow: Real  # (joined branch) apparent power at the busier end [MVA]
    loss: Real  # (joined branch) [MW]

    @staticmethod
    def of(owner: Owner, plans: Plans) -> Held:
        """Solve the joined grid."""
        found = owner.solve(plans.st)
        s_from, s_to = branch_flows(owner.newton.nodal, found.v, found.ratio)
        exchange = owner.exchange(found, plans.st) if found.converged else np.full(len(plans.s), np.nan, np.complex128)
        flow = np.maximum(np.abs(s_from), np.abs(s_to)) * MVA
        return Held(plans=plans, found=found, exchange=exchange, flow=flow, loss=(s_from + s_to).real * MVA)


def judged(owner: Owner, plans: Sequence[Plans]) -> Verdict:
    """Hold the plans of one or more scenarios and periods against the joined grid."""
    held = [Held.of(owner, p) for p in plans]
    buses, violations = _buses(owner, held), [broken_limits(owner.newton.nodal, h.found.v, h.flow, h.plans.st) for h in held]
    through = [flows(p.roster.branches, p.state.v, p.state.ratio) for p in plans]
    apart = np.abs(buses.v_pu - buses.v_checked_pu).reshape(len(held), -1).max(1)
    return Verdict(
        checks=_checks(owner, held, apart, [len(v) for v in violations]), violations=_stacked(violations), buses=buses,
        branches=_branches(plans, through), interfaces=_interfaces(owner, held, through), units=_units(plans),
        trouble=tuple(dict.fromkeys(f"AC check: {h.found.trouble}" for h in held if h.found.converged and h.found.trouble)),
    )  # fmt: skip


def _head(plans: Sequence[Plans], rows: Rows) -> dict[str, Any]:
    """What a table says of its rows before any number, once for each scenario and period."""
    roster, many, size = plans[0].roster, len(plans), len(rows.part)
    told = {"company": roster.company[rows.part], "feeder": roster.feeder[rows.part], **rows.told()}
    scenario, period = (np.repeat([p.st[axis] for p in plans], size) for axis in (0, 1))
    return {"scenario": scenario, "period": period, **{name: np.tile(column, many) for name, column in told.items()}}


def _buses(owner: Owner, held: Sequence[Held]) -> BusResults:
    plans = [h.plans for h in held]
    roster, whole = plans[0].roster, owner.newton.nodal
    node = whole.node[np.concatenate([[0], owner.joined.first_bus])[roster.buses.part] + roster.bus]
    v = np.concatenate([p.state.v[roster.node] for p in plans])
    checked = np.concatenate([np.where(node >= 0, np.abs(h.found.v[node]), np.nan) for h in held])
    return BusResults(**_head(plans, roster.buses), v_pu=np.abs(v), angle_deg=np.degrees(np.angle(v)), v_checked_pu=checked)


def _branches(plans: Sequence[Plans], through: Sequence[tuple[Complex, Complex]]) -> BranchResults:
    s_from, s_to = (MVA * np.concatenate([s[end] for s in through]) for end in (0, 1))
    return BranchResults(
        **_head(plans, plans[0].roster.branch_rows), p_from_mw=s_from.real, q_from_mvar=s_from.imag, p_to_mw=s_to.real, q_to_mvar=s_to.imag,
        loss_mw=(s_from + s_to).real, ratio=np.abs(np.concatenate([p.state.ratio for p in plans])),
    )  # fmt: skip


def _units(plans: Sequence[Plans]) -> UnitResults:
    s, at_limit = MVA * np.concatenate([p.state.unit_s for p in plans]), np.concatenate([p.state.at_limit for p in plans])
    return UnitResults(**_head(plans, plans[0].roster.units), p_mw=s.real, q_mvar=s.imag, at_limit=at_limit % 3)  # −1 → 2, lower


def _interfaces(owner: Owner, held: Sequence[Held], through: Sequence[tuple[Complex, Complex]]) -> InterfaceResults:
    table, roster, many = owner.interfaces, held[0].plans.roster, len(held)
    each = {"name": table.name, "bus": owner.joined.network.buses.name[table.bus], "count": table.count}
    rows = Rows(part=1 + owner.joined.interface_feeder, row=np.arange(len(table)), columns=each)
    plans, lowest = [h.plans for h in held], [_lowest(roster, h.plans.state.v) for h in held]
    loss = [summed(roster.branch_rows.part, (s_from + s_to).real, len(roster.feeder)) for s_from, s_to in through]
    seen, drawn, checked = (MVA * np.concatenate(s) for s in ([p.s for p in plans], [p.drawn for p in plans], [h.exchange for h in held]))
    return InterfaceResults(
        **_head(plans, rows), v_pu=np.abs(np.concatenate([p.above for p in plans])), v_feeder_pu=np.abs(np.concatenate([p.v for p in plans])),
        p_mw=seen.real, q_mvar=seen.imag, p_feeder_mw=drawn.real, q_feeder_mvar=drawn.imag,
        v_checked_pu=np.abs(np.concatenate([h.found.v[owner.ports.at] for h in held])), p_checked_mw=checked.real, q_checked_mvar=checked.imag,
        loss_mw=MVA * np.concatenate([x[rows.part] for x in loss]) * np.tile(table.count / np.bincount(rows.part)[rows.part], many),
        v_low_pu=np.concatenate([v[rows.part] for v, _ in lowest]), v_low_bus=np.concatenate([label[rows.part] for _, label in lowest]),
    )  # fmt: skip


def _lowest(roster: Roster, v: Complex) -> tuple[Real, Names]:
    """Lowest voltage magnitude in each part, and the first bus that has it; NaN and no bus where there is no load flow."""
    size, first = np.abs(v), roster.first_node
    low = np.minimum.reduceat(size, first[:-1])
    at = np.flatnonzero(size == np.repeat(low, np.diff(first)))[::-1]
    known = roster.nodes.columns["label"]
    label = np.zeros(len(low), known.dtype)
    label[np.searchsorted(first, at, side="right") - 1] = known[roster.nodes.row[at]]
    return low, label


def _checks(owner: Owner, held: Sequence[Held], apart: Real, broken: Sequence[int]) -> Checks:
    nodal, inner = owner.newton.nodal, owner.inner
    low = [int(np.argmin(np.abs(h.found.v))) for h in held]
    return Checks(
        scenario=np.array([h.plans.st[0] for h in held]), period=np.array([h.plans.st[1] for h in held]),
        solved=np.array([h.found.converged for h in held]), voltage_error_pu=apart,
        exchange_error_mva=MVA * np.array([np.max(np.abs(h.plans.s - h.exchange), initial=0.0) for h in held]),
        slack_mw=MVA * np.array([h.found.slack for h in held]), transmission_loss_mw=np.array([h.loss[~inner].sum() for h in held]),
        distribution_loss_mw=np.array([h.loss[inner].sum() for h in held]),
        v_low_pu=np.array([np.abs(h.found.v[k]) for h, k in zip(held, low, strict=True)]),
        v_low_bus=np.array([nodal.label[k] if h.found.converged else "" for h, k in zip(held, low, strict=True)]),
        limits_broken=np.array(broken),
    )  # fmt: skip


def broken_limits(nodal: Nodal, voltage: Complex, through: Real, st: tuple[int, ...]) -> Violations:
    """Buses too low, buses too high, lines, transformers, at node voltages and apparent power through branches [MVA]; none where these are NaN."""
    net, b = nodal.network, nodal.network.buses
    live = np.flatnonzero(nodal.node >= 0)
    v = np.abs(voltage[nodal.node[live]])
    looked: list[tuple[str, str, Names, Real, Real, Flag]] = [
        ("bus", "pu", b.name[live], v, b.v_low_pu[live], v < b.v_low_pu[live] * (1 - EDGE)),
        ("bus", "pu", b.name[live], v, b.v_high_pu[live], v > b.v_high_pu[live] * (1 + EDGE)),
    ]
    tables: tuple[Lines | Transformers, ...] = (net.lines, net.transformers)
    for kind, table in enumerate(tables):
        row, flow = nodal.branches.row[nodal.branches.kind == kind], through[nodal.branches.kind == kind]
        rating = table.rating_mva[row]
        looked.append((table.kind.removesuffix("s"), "MVA", table.name[row], flow, rating, flow > rating * (1 + EDGE)))
    count = [int(np.count_nonzero(beyond)) for *_, beyond in looked]
    element, unit = (np.repeat([row[k] for row in looked], count) for k in (0, 1))
    name, value, limit = (np.concatenate([row[k][row[-1]] for row in looked]) for k in (2, 3, 4))
    scenario, period = (np.full(len(name), k) for k in st)
    return Violations(scenario=scenario, period=period, element=element, name=name, value=value, limit=limit, unit=unit)


def _stacked(tables: list[Violations]) -> Violations:
    return Violations(**{c: np.concatenate([getattr(t, c) for t in tables]) for c in Violations.columns()})
