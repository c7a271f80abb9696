"""From a plan of energy and reserve to its tables: hours, awards, stations, devices, checks and books."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.frequency.schedule import JointPlan, JointSchedule
from gridtandem.frequency.swing import fall
from gridtandem.opf.fast_replay import Replayed, replayed
from gridtandem.opf.fast_reserve import UP
from gridtandem.opf.leader import of_group
from gridtandem.program.answer import Answer
from gridtandem.resources.dispatch import Dispatch, dispatched
from gridtandem.resources.regulation import Regulators
from gridtandem.study.market.results import Books
from gridtandem.study.reserve.books import books, companies_cost, station_price
from gridtandem.study.reserve.broken import BEYOND, apart, broken
from gridtandem.study.reserve.certificate import ReserveCertificates
from gridtandem.study.reserve.results import ReserveAwards, ReserveChecks, ReserveDevices, ReserveHours, ReserveStations
from gridtandem.study.results import Violations
from gridtandem.tables import Real, stacked
from gridtandem.units import MVA

FELT = 1e-3  # MW; less is not told as missing
CONTRADICTS = 1e-4  # pu; cones that are as tight as they are held move voltages by less


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Told:
    """Everything a day of energy and reserve tells. Empty where nothing was found."""

    hours: ReserveHours
    awards: ReserveAwards
    stations: ReserveStations
    devices: ReserveDevices
    checks: ReserveChecks
    books: Books
    violations: Violations
    certificates: ReserveCertificates
    cost: float  # of everybody [currency]
    bound: float  # no plan of this kind costs less [currency]
    cooperative: float  # what one owner of everything would pay [currency]
    companies: float  # what exchange and devices cost distribution companies, less what fast reserve earns [currency]
    companies_exact: float  # the same with fast reserve paid by the exact requirement at these quantities [currency]
    search: float = np.nan  # how far the search of leading companies was from its bound when it ended, relative; NaN where nobody leads

    @property
    def gap(self) -> float:
        """What the day costs more than the plan of one owner, relative to it."""
        return (self.cost - self.cooperative) / max(1.0, abs(self.cooperative))

    def contradicts(self, goal: float) -> float:  # noqa: ARG002 — asked alike of every kind
        """By how much load flow contradicts the plan: its voltages, limits in either state, or reserve that is not felt (of 100 MVA). [pu]"""
        c = self.checks
        apart = ((c.voltage_error_pu, CONTRADICTS), (c.beyond_pu, BEYOND), (c.loading - 1, BEYOND), (c.undelivered_mw / MVA, FELT / MVA))
        return max((most for values, least in apart if (most := float(np.nanmax(values, initial=0.0))) > least), default=0.0)


def told(case: Case, schedule: JointSchedule, plan: JointPlan, cooperative: JointPlan, proof: ReserveCertificates) -> tuple[Told, tuple[str, ...]]:
    """All tables, and what is wrong with the plan."""
    each = [replace(plan.answer, x=of_group(plan.answer.x, k)) for k in range(len(plan.feeders))]
    shown = [replayed(h.feeder, one) for h, one in zip(plan.feeders, each, strict=True)]
    hours = hours_of(schedule, plan)
    awards = stacked(ReserveAwards, [_awards(schedule, plan, case, k, one) for k, one in enumerate(shown)])
    violations = stacked(Violations, [broken(case, h.feeder, one, k) for k, (h, one) in enumerate(zip(plan.feeders, each, strict=True))])
    checks = _checks(plan, hours, shown, violations, each)
    tables = Told(
        hours=hours, awards=awards, stations=_stations(schedule, plan),
        devices=stacked(ReserveDevices, [_devices(plan, case, k, one) for k, one in enumerate(each)]), checks=checks,
        books=books(case, schedule, plan), violations=violations, certificates=proof,
        cost=plan.cost, bound=cooperative.bound, cooperative=cooperative.cost,
        companies=companies_cost(plan, schedule), companies_exact=companies_cost(replace(plan, fast_price=plan.exact_fast_price), schedule),
    )  # fmt: skip
    return tables, (*beware(plan, checks), *_unproved(proof))


def _unproved(proof: ReserveCertificates) -> Iterator[str]:
    """Hours whose certificate fails."""
    if not proof.holds.all():
        first = proof.take(~proof.holds)
        what = "scarcity made its prices" if first.penalty_mw[0] > FELT else "the prices that companies were told are not those of the market there"
        yield f"certificate fails in {len(first)} of {len(proof)} hours, first in hour {first.hour[0]}: {what}"


def hours_of(schedule: JointSchedule, plan: JointPlan) -> ReserveHours:
    """What each hour needs and gets."""
    window, table = schedule.transmission.window, schedule.inertia
    without = np.full(window.periods, -np.inf)
    alone = schedule.security.needed(table.inertia_mws, table.loss_mw, np.zeros((len(table), 1)))
    np.maximum.at(without, schedule.period, alone)
    load = schedule.transmission.owned.p_load
    load = np.where(load.sum(-1, keepdims=True) > 0, load, 1.0)
    return ReserveHours(
        hour=np.arange(window.first, window.end) + 1, without_mw=without, primary_mw=plan.primary, fast_mw=plan.fast,
        lowest_hz=_lowest(schedule, plan), energy_per_mwh=(plan.energy * load).sum(-1) / load.sum(-1),
        feeders_energy_per_mwh=_at_feeders(schedule, plan), primary_per_mw=plan.primary_price,
        fast_per_mw=plan.fast_price, fast_exact_per_mw=plan.exact_fast_price,
        short_mw=np.maximum(plan.short, 0.0), shed_mw=np.maximum(plan.shed, 0.0),
    )  # fmt: skip


def _at_feeders(schedule: JointSchedule, plan: JointPlan) -> Real:
    """Price of energy at the feeders' buses, mean over what they exchange (period); NaN where they exchange nothing."""
    size = np.abs(plan.given)
    total = size.sum(-1)
    return np.where(total > FELT, (plan.energy[:, schedule.transmission.at] * size).sum(-1) / np.where(total > FELT, total, 1.0), np.nan)


def _lowest(schedule: JointSchedule, plan: JointPlan) -> Real:
    """In time, in closed form (period); what a lost unit keeps does not come. [Hz]"""
    security, at = schedule.security, schedule.period
    primary = plan.primary[at] - (plan.answer.x[f"tso.{UP}"][at] * schedule.lost).sum(-1)
    deep = fall(security, schedule.inertia, primary, plan.fast[at][:, None]).nadir_hz
    out = np.full(schedule.transmission.window.periods, np.inf)
    np.minimum.at(out, at, security.limits.f0_hz - deep)
    return out


def _awards(schedule: JointSchedule, plan: JointPlan, case: Case, k: int, one: Replayed) -> ReserveAwards:
    t, at = schedule.transmission.window.periods, int(schedule.transmission.at[k])
    count = int(case.interfaces.count[k])
    return ReserveAwards(
        hour=np.arange(t) + schedule.transmission.window.first + 1, interface=np.full(t, case.interfaces.name[k]), feeders=np.full(t, count),
        z_mw=plan.given[:, k], award_mw=plan.award[:, k], felt_mw=count * one.felt_mw[t:], energy_per_mwh=plan.energy[:, at],
        beyond_pu=one.beyond_pu.reshape(2, t).max(0), loading=one.loading.reshape(2, t).max(0),
    )  # fmt: skip


def _stations(schedule: JointSchedule, plan: JointPlan) -> ReserveStations:
    tso, x = schedule.transmission, of_part(plan.answer, "tso.")
    price, own = plan.energy, station_price(schedule, plan)
    rows = []
    for d in dispatched(tso.network, tso.owned.steps, x, tso.window, source=True):
        kept, kept_cost, paid = (_of_offers(d, tso.regulators, each) for each in (x[UP], x[UP] * tso.regulators.price[0], own))
        here, h = price[:, tso.nodal.node[d.bus]], tso.window.hours
        rows.append(ReserveStations(
            hour=np.repeat(np.arange(tso.window.first, tso.window.end) + 1, len(d.row)), station=np.tile(_named(d, tso.network), len(price)),
            bus=np.tile(tso.network.buses.name[d.bus], len(price)), energy_mw=d.p.ravel(), primary_mw=kept.ravel(), energy_per_mwh=here.ravel(),
            primary_per_mw=paid.ravel(), paid=((here * d.p + paid * kept) * h).ravel(), cost=(d.cost + kept_cost * h).ravel(),
        ))  # fmt: skip
    return stacked(ReserveStations, rows)


def _devices(plan: JointPlan, case: Case, k: int, one: Answer) -> ReserveDevices:
    fast = plan.feeders[k].feeder
    problem, made = fast.feeder, fast.regulators
    net, window, rows = problem.network, problem.window, []
    for d in dispatched(net, problem.owned.steps, one.x, window, source=False):
        kept, kept_cost = (_of_offers(d, made, each) for each in (one.x[UP], one.x[UP] * made.price[0]))
        size = window.periods * len(d.row)
        rows.append(ReserveDevices(
            hour=np.repeat(np.arange(window.first, window.end) + 1, len(d.row)), interface=np.full(size, case.interfaces.name[k]),
            device=np.tile(_named(d, net), window.periods), bus=np.tile(net.buses.name[d.bus], window.periods), energy_mw=d.p.ravel(),
            fast_mw=kept.ravel(), cost=(d.cost + kept_cost * window.hours).ravel(),
        ))  # fmt: skip
    return stacked(ReserveDevices, rows)


def _checks(plan: JointPlan, hours: ReserveHours, shown: list[Replayed], violations: Violations, each: list[Answer]) -> ReserveChecks:
    t = len(hours)
    beyond, loading = (np.array([getattr(s, name) for s in shown]).reshape(-1, t) for name in ("beyond_pu", "loading"))
    lacking = plan.award.T - np.array([h.count * s.felt_mw[t:] for h, s in zip(plan.feeders, shown, strict=True)]).reshape(-1, t)
    wrong = np.array([apart(h.feeder, one) for h, one in zip(plan.feeders, each, strict=True)]).reshape(-1, t)
    return ReserveChecks(
        hour=hours.hour, solved=np.isfinite(beyond).all(0), lowest_hz=hours.lowest_hz, undelivered_mw=np.maximum(lacking, 0.0).max(0, initial=0.0),
        voltage_error_pu=_most(wrong, t), beyond_pu=beyond.max(0, initial=0.0), loading=loading.max(0, initial=0.0),
        slack=_most(plan.slack.reshape(-1, t), t), short_mw=hours.short_mw, shed_mw=hours.shed_mw,
        limits_broken=np.array([int((violations.period == hour).sum()) for hour in hours.hour.tolist()], np.int64),
    )  # fmt: skip


def beware(plan: JointPlan, checks: ReserveChecks) -> Iterator[str]:
    """What is wrong with a plan, in sentences."""
    if plan.cut is not None:
        most, hours = float(np.nanmax(plan.cut)), ", ".join(map(str, checks.hour[np.isfinite(plan.cut).any(-1)].tolist()))
        yield f"repaired: cones stay loose in hours {hours}, so feeders do there what load flow says, with up to {most:,.3f} MW less fast reserve"
    if not plan.tight:
        yield f"cones are loose by {np.nanmax(plan.slack):.2g}: the cost is that of a relaxation, and no network has such flows"
    if (short := float(checks.short_mw.max(initial=0.0))) > FELT:
        yield f"primary reserve is short by up to {short:,.2f} MW{_in(checks, 'short_mw')}: prices are those of scarcity"
    if (shed := float(checks.shed_mw.max(initial=0.0))) > FELT:
        yield f"up to {shed:,.2f} MW of demand are not served{_in(checks, 'shed_mw')}: prices are those of scarcity"
    if not checks.solved.all():
        yield f"feeders have no load flow in hour {checks.hour[~checks.solved].tolist()}"
    if (less := float(checks.undelivered_mw.max(initial=0.0))) > FELT:
        yield f"when called, feeders at an interface bring up to {less:,.3f} MW less than was sold{_in(checks, 'undelivered_mw')}"
    if (beyond := float(checks.beyond_pu.max(initial=0.0))) > BEYOND:
        yield f"voltages in feeders are up to {beyond:.4f} pu beyond their limits, as they stand or when called{_in(checks, 'beyond_pu')}"
    if (loading := float(checks.loading.max(initial=0.0))) > 1 + BEYOND:
        yield f"branches of feeders carry up to {100 * loading:.0f} % of their rating{_in(checks, 'loading')}"


def of_part(answer: Answer, prefix: str) -> dict[str, Real]:
    """Decisions of one part, by the names of its own program."""
    return {name.removeprefix(prefix): x for name, x in answer.x.items() if name.startswith(prefix)}


def _in(checks: ReserveChecks, name: str) -> str:
    """In which hour it is worst."""
    return f" (hour {checks.hour[int(np.argmax(getattr(checks, name)))]})"


def _most(values: Real, periods: int) -> Real:
    """Largest over feeders and states (period); NaN where nobody has one."""
    seen = np.isfinite(values)
    return np.where(seen.any(0), np.where(seen, values, -np.inf).max(0, initial=-np.inf), np.nan) if len(values) else np.full(periods, np.nan)


def _of_offers(d: Dispatch, made: Regulators, each: Real) -> Real:
    """Numbers of (period, offer) at the resources of a dispatch; 0 where nothing is offered."""
    kinds = ("generators", "flexible", "storages")
    out = np.zeros(d.p.shape)
    for k in np.flatnonzero(made.kind == (kinds.index(d.kind) if d.kind in kinds else -1)).tolist():
        out[:, np.flatnonzero(d.row == made.row[k])] = each[:, [k]]
    return out


def _named(d: Dispatch, net: object) -> Real:
    names: Real = getattr(net, d.kind).name[d.row]
    return names
