"""The judge: one merged AC load flow per scenario and period, against which every scheme's plans are held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.flow.newton import Solution
from gridtandem.flow.results import branch_flows, branch_results, unit_results
from gridtandem.grid.elements import Lines, Transformers
from gridtandem.parties.owner import Owner
from gridtandem.study.plans import Plan, Plans
from gridtandem.study.results import BranchResults, BusResults, Checks, InterfaceResults, UnitResults, Violations
from gridtandem.tables import Complex, Real, Table
from gridtandem.units import MVA

EDGE = 1e-6  # a limit counts as broken beyond this share of itself: solvers stop at 1e-10, readers print four digits


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Verdict:
    """What the judge found."""

    checks: Checks
    violations: Violations
    buses: BusResults
    branches: BranchResults
    interfaces: InterfaceResults
    units: UnitResults
    trouble: tuple[str, ...] = ()  # what the merged load flow says of itself


def judged(owner: Owner, plans: tuple[Plans, ...]) -> Verdict:
    """Hold all plans against the joined grid."""
    parts: dict[str, list[Table]] = {name: [] for name in ("checks", "violations", "buses", "branches", "interfaces", "units")}
    said: list[str] = []
    for p in plans:
        found = owner.solve(p.st)
        said += [f"AC check: {found.trouble}"] if found.converged and found.trouble else []
        exchange = owner.exchange(found, p.st) if found.converged else np.full(len(owner.at), np.nan, complex)
        parts["buses"] += [_buses(p.st, plan, _checked(owner, found, k)) for k, plan in enumerate((p.transmission, *p.feeders))]
        parts["branches"] += [_branches(p.st, plan) for plan in (p.transmission, *p.feeders)]
        parts["units"] += [_units(p.st, plan) for plan in (p.transmission, *p.feeders)]
        parts["interfaces"].append(_interfaces(owner, p, found, exchange))
        parts["violations"].append(_violations(owner, p.st, found))
        parts["checks"].append(_check(owner, p, found, exchange, parts))
    return Verdict(**{name: _stacked(tables) for name, tables in parts.items()}, trouble=tuple(dict.fromkeys(said)))


def _checked(owner: Owner, found: Solution, part: int) -> Real:
    """Checked voltage magnitude at the buses of transmission (part 0) or of feeder ``part − 1``."""
    first = 0 if part == 0 else int(owner.joined.first_bus[part - 1])
    node = owner.newton.nodal.node[first:]
    return np.where(node >= 0, np.abs(found.v[node]), np.nan)


def _buses(st: tuple[int, int], plan: Plan, checked: Real) -> BusResults:
    live = np.flatnonzero(plan.nodal.node >= 0)
    v = plan.v[plan.nodal.node[live]]
    return BusResults(
        **_head(st, plan, len(live)), bus=plan.network.buses.name[live], nominal_kv=plan.network.buses.nominal_kv[live], v_pu=np.abs(v),
        angle_deg=np.degrees(np.angle(v)), v_checked_pu=checked[live],
    )  # fmt: skip


def _branches(st: tuple[int, int], plan: Plan) -> BranchResults:
    b, name, br, net = branch_results(plan.nodal, plan), plan.network.buses.name, plan.nodal.branches, plan.network
    lines, transformers = net.lines.take(br.row[br.kind == 0]), net.transformers.take(br.row[br.kind == 1])
    from_bus, to_bus = (np.concatenate([getattr(t, end) for t in (lines, transformers)]) for end in ("from_bus", "to_bus"))
    same = {c: getattr(b, c) for c in ("p_from_mw", "q_from_mvar", "p_to_mw", "q_to_mvar", "loss_mw", "rating_mva", "ratio")}
    words = np.array(b.columns()["kind_of_branch"].choices)
    return BranchResults(
        **_head(st, plan, len(b)), element=words[b.kind_of_branch], branch=b.name, from_bus=name[from_bus], to_bus=name[to_bus], **same
    )


def _units(st: tuple[int, int], plan: Plan) -> UnitResults:
    u = unit_results(plan.nodal, plan)
    return UnitResults(**_head(st, plan, len(u)), unit=u.name, bus=u.bus, p_mw=u.p_mw, q_mvar=u.q_mvar, at_limit=u.at_limit.astype(np.int64))


def _interfaces(owner: Owner, p: Plans, found: Solution, exchange: Complex) -> InterfaceResults:
    table = owner.interfaces
    seen, checked = p.s * MVA, exchange * MVA
    lowest, ports = [_lowest(p.feeders[k]) for k in p.feeder], np.bincount(p.feeder)[p.feeder]
    loss = np.array([_loss(plan) for plan in p.feeders])[p.feeder] if len(p.feeder) else np.empty(0)
    return InterfaceResults(
        scenario=np.full(len(table), p.st[0]), period=np.full(len(table), p.st[1]), name=table.name, company=table.company, feeder=table.feeder,
        bus=owner.joined.network.buses.name[table.bus], count=table.count, v_pu=np.abs(p.transmission.v[p.transmission.nodal.node[table.bus]]),
        v_feeder_pu=np.abs(p.v), p_mw=seen.real, q_mvar=seen.imag, p_feeder_mw=p.drawn.real * MVA, q_feeder_mvar=p.drawn.imag * MVA,
        v_checked_pu=np.abs(found.v[owner.at]), p_checked_mw=checked.real, q_checked_mvar=checked.imag,
        loss_mw=loss * table.count / ports, v_low_pu=np.array([v for v, _ in lowest]),
        v_low_bus=np.array([b for _, b in lowest], dtype=str),
    )  # fmt: skip


def _check(owner: Owner, p: Plans, found: Solution, exchange: Complex, parts: dict[str, list[Table]]) -> Checks:
    buses = [t for t in parts["buses"] if isinstance(t, BusResults) and (t.scenario[0], t.period[0]) == p.st]
    apart = np.concatenate([np.abs(t.v_pu - t.v_checked_pu) for t in buses])
    nodal, names = owner.newton.nodal, owner.joined.network.buses.name
    low = int(np.argmin(np.abs(found.v))) if found.converged else -1
    inner = nodal.branches.row >= np.where(nodal.branches.kind == 0, *owner.first_feeder_branch)
    loss = np.full(len(inner), np.nan)
    if found.converged:
        s_from, s_to = branch_flows(nodal, found.v, found.ratio)
        loss = (s_from + s_to).real * MVA
    broken = parts["violations"][-1]
    return Checks(
        scenario=np.array([p.st[0]]), period=np.array([p.st[1]]), solved=np.array([found.converged]), voltage_error_pu=np.array([np.max(apart)]),
        exchange_error_mva=np.array([np.max(np.abs(p.s - exchange), initial=0.0) * MVA]), slack_mw=np.array([found.slack * MVA]),
        transmission_loss_mw=np.array([loss[~inner].sum()]), distribution_loss_mw=np.array([loss[inner].sum()]),
        v_low_pu=np.array([np.abs(found.v[low])]) if low >= 0 else np.array([np.nan]),
        v_low_bus=np.array([names[nodal.bus[low]] if low >= 0 else ""]), limits_broken=np.array([len(broken)]),
    )  # fmt: skip


def _violations(owner: Owner, st: tuple[int, int], found: Solution) -> Violations:
    rows = list(_broken(owner, found)) if found.converged else []
    columns = list(zip(*rows, strict=True)) if rows else [()] * 5
    words = [np.array(columns[k], dtype=str) for k in (0, 1, 4)]
    numbers = [np.array(columns[k], dtype=float) for k in (2, 3)]
    size = len(rows)
    return Violations(
        scenario=np.full(size, st[0]), period=np.full(size, st[1]), element=words[0], name=words[1], value=numbers[0], limit=numbers[1], unit=words[2]
    )


def _broken(owner: Owner, found: Solution) -> Iterator[tuple[str, str, float, float, str]]:
    net, nodal = owner.joined.network, owner.newton.nodal
    b = net.buses
    live = np.flatnonzero(nodal.node >= 0)
    v = np.abs(found.v[nodal.node[live]])
    for limit, beyond in ((b.v_low_pu[live], v < b.v_low_pu[live] * (1 - EDGE)), (b.v_high_pu[live], v > b.v_high_pu[live] * (1 + EDGE))):
        for k in np.flatnonzero(beyond):
            yield "bus", str(b.name[live[k]]), float(v[k]), float(limit[k]), "pu"
    flow = np.max([np.abs(s) for s in branch_flows(nodal, found.v, found.ratio)], axis=0) * MVA
    branches: tuple[Lines | Transformers, ...] = (net.lines, net.transformers)
    for kind, table in enumerate(branches):
        rows = np.flatnonzero(nodal.branches.kind == kind)
        rating = table.rating_mva[nodal.branches.row[rows]]
        for k in np.flatnonzero(flow[rows] > rating * (1 + EDGE)):
            yield table.kind.removesuffix("s"), table.label(int(nodal.branches.row[rows[k]])), float(flow[rows[k]]), float(rating[k]), "MVA"


def _loss(plan: Plan) -> float:
    s_from, s_to = branch_flows(plan.nodal, plan.v, plan.ratio)
    return float((s_from + s_to).real.sum() * MVA)


def _lowest(plan: Plan) -> tuple[float, str]:
    if not np.isfinite(plan.v).all():
        return np.nan, ""
    k = int(np.argmin(np.abs(plan.v)))
    return float(np.abs(plan.v[k])), plan.network.buses.label(int(plan.nodal.bus[k]))


def _head(st: tuple[int, int], plan: Plan, size: int) -> dict[str, Any]:
    feeder = np.full(size, plan.feeder) if size else np.empty(0, dtype=str)
    company = np.full(size, plan.company) if size else np.empty(0, dtype=str)
    return {"scenario": np.full(size, st[0]), "period": np.full(size, st[1]), "company": company, "feeder": feeder}


def _stacked(tables: list[Table]) -> Any:
    first = tables[0]
    return type(first)(**{c: np.concatenate([getattr(t, c) for t in tables]) for c in first.columns()})
