"""Tables of a dispatch: plans of every company, beside the AC check and the dispatch of one owner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from gridtandem.boundary.opf_letters import Dispatch
from gridtandem.boundary.taken_home import Schedule
from gridtandem.coordinate import Outcome
from gridtandem.opf.ac import cost_of
from gridtandem.study.dispatch.check import Found, found_of
from gridtandem.study.dispatch.day import schedule_of
from gridtandem.study.dispatch.plans import Plan, Plans, plans_of
from gridtandem.study.dispatch.results import Bounds, BusPrices, Decisions, DispatchChecks, Exchanges
from gridtandem.study.dispatch.study import DispatchSeats, DispatchStudy
from gridtandem.study.result import letters_table, nothing
from gridtandem.study.results import Letters, Violations
from gridtandem.tables import Real, stacked
from gridtandem.units import MVA

CONTRADICTS = 1e-4  # pu; schemes agree to 1e-6, and what is left of an exchange moves voltages by less than this


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Told:
    """Everything a dispatch tells. Empty where nothing was agreed."""

    exchanges: Exchanges
    decisions: Decisions
    prices: BusPrices
    checks: DispatchChecks
    violations: Violations
    bounds: Bounds  # empty where none was asked for
    bound_letters: Letters

    @property
    def promised(self) -> float:
        """Cost of all plans over all periods, one hour each; NaN where a period has none. [currency]"""
        return self._sum("promised_per_h")

    @property
    def realised(self) -> float:
        """What they really cost. [currency]"""
        return self._sum("realised_per_h")

    @property
    def central(self) -> float:
        """What one owner would pay. [currency]"""
        return self._sum("central_per_h")

    @property
    def gap(self) -> float:
        """What the plans cost more than the dispatch of one owner, relative to it."""
        return self.gap_to(self.central)

    @property
    def bound(self) -> float:
        """What no dispatch of these periods costs less than: the cone bound; NaN where none was asked for. [currency]"""
        return self._sum("bound_per_h")

    @property
    def gap_to_bound(self) -> float:
        """What the plans cost more than that, relative to it: no dispatch is cheaper than they are by more."""
        return self.gap_to(self.bound)

    def gap_to(self, cost: float) -> float:
        """What the plans cost more than something else, relative to it."""
        return (self.promised - cost) / max(1.0, abs(cost))

    def contradicts(self, goal: float) -> float:  # noqa: ARG002 — asked alike of every kind
        """By how much the AC check contradicts an agreement. [pu]"""
        apart = float(np.max(self.checks.voltage_error_pu[self.checks.solved], initial=0.0))
        return 0.0 if apart <= CONTRADICTS else apart

    def _sum(self, name: str) -> float:
        column: Real = getattr(self.checks, name)
        return float(column.sum()) if len(column) else np.nan


def told(seats: DispatchSeats, study: DispatchStudy, outcome: Outcome[Any]) -> tuple[Told, tuple[str, ...]]:
    """All periods that have plans; and a sentence for each that has none."""
    if not outcome.answered or outcome.state is None:
        return nothing(Told), ()
    schedule, best = schedule_of(study, outcome.state), _best(seats, study)
    bounds, bound_letters, missing = _bounded(seats, study, schedule)
    least = bounds.bound_per_h[-study.hours :] if len(bounds) else np.full(study.hours, np.nan)
    exchanges, decisions, prices, checks, violations = [], [], [], [], []
    for t in range(study.hours):
        period = study.first + t
        plans = plans_of(seats, schedule, t) if np.isfinite(schedule.y[0, t]).all() else None
        if plans is None:
            missing.append(f"period {period}: a company has no dispatch for what was agreed")
            checks.append(_unplanned(period, best.whole[t], least[t]))
            continue
        found = found_of(seats.cases[t], plans, period)
        exchanges.append(_exchanges(seats, plans, found, best.dispatch, period))
        decisions += [_decisions(p, who, period) for p, who in _everybody(seats, plans)]
        buses = [_buses(p, who, period, _checked(seats, found, k)) for k, (p, who) in enumerate(_everybody(seats, plans))]
        prices += buses
        apart = max(float(np.abs(b.v_pu - b.v_checked_pu).max(initial=0.0)) for b in buses)
        checks.append(replace(_check(plans, found, (period, apart)), central_per_h=best.whole[[t]], bound_per_h=least[[t]]))
        violations.append(found.violations)
    return Told(
        exchanges=stacked(Exchanges, exchanges), decisions=stacked(Decisions, decisions), prices=stacked(BusPrices, prices),
        checks=stacked(DispatchChecks, checks), violations=stacked(Violations, violations), bounds=bounds, bound_letters=bound_letters,
    ), tuple(missing)  # fmt: skip


def _everybody(seats: DispatchSeats, plans: Plans) -> Iterator[tuple[Plan, tuple[str, str]]]:
    """Plans with company and feeder, transmission first."""
    table = seats.cases[0].interfaces
    yield plans.transmission, ("tso", "")
    yield from ((p, (str(table.company[k]), str(table.feeder[k]))) for k, p in enumerate(plans.feeders))


def _exchanges(seats: DispatchSeats, plans: Plans, found: Found, best: Dispatch, period: int) -> Exchanges:
    case, t = seats.cases[plans.t], plans.t
    table, above = case.interfaces, plans.transmission.exchange
    below = np.array([p.exchange[0] for p in plans.feeders]).reshape(-1, 3)
    return Exchanges(
        period=np.full(len(table), period), interface=table.name, company=table.company, bus=case.transmission.buses.name[table.bus],
        **_named(above, "p_mw", "q_mvar", "v_pu"), **_named(plans.price, "price_per_mwh", "price_per_mvarh", "price_per_pu"),
        **_named(below, "p_feeder_mw", "q_feeder_mvar", "v_feeder_pu"), **_named(found.exchange, "p_checked_mw", "q_checked_mvar", "v_checked_pu"),
        p_central_mw=best.y[0, t, :, 0], price_central_per_mwh=best.price[0, t, :, 0],
    )  # fmt: skip


def _named(columns: Real, *names: str) -> dict[str, Real]:
    return {name: columns[:, k] for k, name in enumerate(names)}


def _decisions(plan: Plan, who: tuple[str, str], period: int) -> Decisions:
    nodal, x = plan.at.problem.form.nodal, plan.answer.x
    g, u = nodal.network.generators, nodal.units
    return Decisions(
        period=np.full(len(u.row), period), **_whose(who, len(u.row)), unit=g.name[u.row], bus=nodal.network.buses.name[g.bus[u.row]],
        p_mw=x["p"] * MVA, q_mvar=x["q"] * MVA, cost_per_h=cost_of(nodal, x["p"]),
    )  # fmt: skip


def _buses(plan: Plan, who: tuple[str, str], period: int, checked: Real) -> BusPrices:
    nodal, answer = plan.at.problem.form.nodal, plan.answer
    live = np.flatnonzero(nodal.node >= 0)
    node = nodal.node[live]
    return BusPrices(
        period=np.full(len(live), period), **_whose(who, len(live)), bus=nodal.network.buses.name[live], v_pu=answer.x["v"][node],
        v_checked_pu=checked[live], price_per_mwh=answer.price["balance"][node] / MVA, price_per_mvarh=answer.price["balance_q"][node] / MVA,
    )  # fmt: skip


def _whose(who: tuple[str, str], size: int) -> dict[str, Any]:
    return {"company": np.full(size, who[0]), "feeder": np.full(size, who[1])}


def _checked(seats: DispatchSeats, found: Found, k: int) -> Real:
    """Voltage of the AC check at every bus of the k-th network: transmission, then feeders by interface; NaN where a bus is dead."""
    case = seats.cases[0]
    size = len(case.transmission.buses) if k == 0 else len(case.models[case.interfaces.model[k - 1]].buses)
    first = 0 if k == 0 else int(found.whole.first_bus[found.whole.interface_feeder[k - 1]])
    node = found.nodal.node[first + np.arange(size)]
    return np.where(node >= 0, np.abs(found.solution.v[node]), np.nan)


def _check(plans: Plans, found: Found, seen: tuple[int, float]) -> DispatchChecks:
    v, ok = np.abs(found.solution.v), found.solution.converged
    low, high = int(np.argmin(v)), int(np.argmax(v))
    gap = np.hypot(*(plans.transmission.exchange - found.exchange)[:, :2].T)
    label = found.nodal.label
    return DispatchChecks(
        period=np.array([seen[0]]), solved=np.array([ok]), promised_per_h=np.array([plans.promised]),
        realised_per_h=np.array([found.realised]), central_per_h=np.array([np.nan]), bound_per_h=np.array([np.nan]),
        voltage_error_pu=np.array([seen[1]]),
        exchange_error_mva=np.array([np.max(gap, initial=0.0)]), slack_mw=np.array([found.solution.slack * MVA]), loss_mw=np.array([found.loss_mw]),
        v_low_pu=v[[low]], v_low_bus=np.array([str(label[low]) if ok else ""]), v_high_pu=v[[high]],
        v_high_bus=np.array([str(label[high]) if ok else ""]), limits_broken=np.array([len(found.violations)]),
    )  # fmt: skip


def _unplanned(period: int, central: float, bound: float) -> DispatchChecks:
    """The row of a period without plans."""
    rest = {name: np.array(["" if spec.dtype == "U" else np.nan]) for name, spec in DispatchChecks.columns().items()}
    return DispatchChecks(**rest | {
        "period": np.array([period]), "solved": np.array([False]), "central_per_h": np.array([central]), "bound_per_h": np.array([bound]),
        "limits_broken": np.zeros(1, np.int64),
    })  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Best:
    """The dispatch of one owner; NaN where nobody is one."""

    dispatch: Dispatch
    whole: Real  # (period) [currency/h]


def _best(seats: DispatchSeats, study: DispatchStudy) -> _Best:
    if study.certificate == "owner":
        found = seats.owner.solve()
        return _Best(dispatch=seats.owner.told(found), whole=np.array([answer.cost for answer in found]))
    unknown = np.full((1, study.hours, len(study.case.interfaces), 3), np.nan)
    whole = np.full(study.hours, np.nan)
    return _Best(dispatch=Dispatch(unknown, unknown, np.zeros(unknown.shape[:3], np.int8), whole[None]), whole=whole)


def _bounded(seats: DispatchSeats, study: DispatchStudy, schedule: Schedule) -> tuple[Bounds, Letters, list[str]]:
    """The cone bound, where it is what costs are held against."""
    if study.certificate == "owner":
        return Bounds.empty(), Letters.empty(), []
    from gridtandem.study.dispatch.bound import bounded, bounds_table, missing

    outcome = bounded(seats, schedule)
    return bounds_table(outcome, study.first), letters_table(outcome.ledger), list(missing(outcome, study.first))
