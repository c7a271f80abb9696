"""Energy, primary and fast reserve of a day at least cost, seen by one owner of all models; and what the plan does to each feeder, by load flow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.folder.csv_text import parsed
from gridtandem.cases.named import case as named
from gridtandem.cases.text_file import read_text
from gridtandem.errors import Fault, InvalidCase
from gridtandem.frequency.schedule import Hung, JointPlan, JointSchedule
from gridtandem.frequency.security import Inertia, Limits, Security
from gridtandem.frequency.swing import fall
from gridtandem.frequency.transmission import SecureTransmission
from gridtandem.opf.fast_replay import Replayed, replayed
from gridtandem.opf.fast_reserve import MODELS, UP, FastFeeder
from gridtandem.opf.fast_reserve import Model as Model
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.leader import of_group
from gridtandem.program.answer import Status
from gridtandem.resources.day import faults as resource_faults
from gridtandem.resources.part import Window
from gridtandem.tables import Index, Names, Real, Table, column, stacked

DAY = 24
FELT, BEYOND = 1e-3, 1e-3  # MW and pu; less is not told as broken


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ReserveHours(Table):
    """What each hour needs and gets. Prices are d cost / d reserve that somebody would have to bring."""

    kind: ClassVar[str] = "reserve_hours"
    hour: Index = column("hour, counted from 1", dtype="i8")
    without_mw: Real = column("primary reserve that the hour would need without fast reserve", unit="MW")
    primary_mw: Real = column("primary reserve", unit="MW")
    fast_mw: Real = column("fast reserve", unit="MW")
    lowest_hz: Real = column("lowest frequency after the worst loss, if reserve comes as promised", unit="Hz")
    energy_per_mwh: Real = column("price of energy, mean over loads", unit="currency/MWh")
    primary_per_mw: Real = column("price of primary reserve, for an hour", unit="currency/MW")
    fast_per_mw: Real = column("price of fast reserve, for an hour", unit="currency/MW")
    short_mw: Real = column("primary reserve that is missing", unit="MW")
    shed_mw: Real = column("demand not served", unit="MW")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ReserveAwards(Table):
    """What the feeders at an interface take and keep, all together, and what one of them does to its network."""

    kind: ClassVar[str] = "reserve_awards"
    hour: Index = column("hour, counted from 1", dtype="i8")
    interface: Names = column("name of the interface", dtype="U")
    feeders: Index = column("feeders built alike", dtype="i8")
    z_mw: Real = column("taken from transmission", unit="MW")
    award_mw: Real = column("fast reserve that is sold", unit="MW")
    felt_mw: Real = column("by how much less is taken when it is called, by load flow", unit="MW")
    energy_per_mwh: Real = column("price of energy at the bus", unit="currency/MWh")
    beyond_pu: Real = column("most that a voltage is beyond its limit in either state, by load flow; 0: none is", unit="pu")
    loading: Real = column("largest apparent power by rating in either state, by load flow")


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class JointReserve:
    """A day's plan. ``trouble`` says why there is none, or what is wrong with it."""

    case: Case
    feeders: Model
    cost: float  # [currency]
    bound: float  # no plan costs less [currency]
    hours: ReserveHours
    awards: ReserveAwards
    trouble: tuple[str, ...]
    plan: JointPlan
    schedule: JointSchedule  # what was asked

    def __repr__(self) -> str:
        money, h = self.case.currency, self.hours
        if not len(h):
            return f"Joint reserve of {self.case.name}: no plan; {'; '.join(self.trouble)}"
        saved = 100 * (1 - (h.primary_mw + h.fast_mw).sum() / h.without_mw.sum())
        lines = [
            f"Joint reserve of {self.case.name}, {len(h)} h, feeders {self.feeders}",
            f"  cost      {self.cost:,.2f} {money}, at most {max(self.cost - self.bound, 0.0):,.2f} more than the least",
            f"  primary   {_range(h.primary_mw)} MW; without fast reserve {_range(h.without_mw)} MW",
            f"  fast      {_range(h.fast_mw)} MW; both together {saved:.1f} % less than primary reserve alone",
            f"  lowest    {_range(h.lowest_hz, 3)} Hz if reserve comes as promised",
            f"  prices    energy {_range(h.energy_per_mwh)}, primary {_range(h.primary_per_mw)}, fast {_range(h.fast_per_mw)} {money}",
        ]
        return "\n".join([*lines, *(f"  beware    {word}" for word in self.trouble)])


def joint_reserve(
    given: Case | str | Path, *, inertia: Inertia | str | Path | None = None, hours: int = DAY, first_hour: int = 1, feeders: Model = "full",
    security: Security | None = None,
) -> JointReserve:  # fmt: skip
    """Least cost of energy, primary and fast reserve over some hours, secure in frequency against each loss of ``inertia``.

    ``inertia`` is a table or a CSV file with the columns hour, inertia_mws and loss_mw, and perhaps lost; the cases rts24-ffr and noh-reduced have
    one of their own. Offers of regulation up are offers of primary reserve in transmission and of fast reserve in feeders. ``feeders`` says how their
    networks count: full, base-only or none. ``security`` has limits and delivery times; usual: 60 Hz, at most 1 Hz below it, 10 s for primary and
    1 s for fast reserve.
    """
    case = given if isinstance(given, Case) else named(given)
    window = Window(first=first_hour - 1, periods=hours)
    table = _inertia(case, inertia)
    if found := [*case.faults(), *_faults(case, window, feeders)]:
        raise InvalidCase(found)
    made: dict[tuple[int, int], FastFeeder] = {}
    hung = []
    links = case.interfaces
    for model, root, count in zip(links.model.tolist(), links.root.tolist(), links.count.tolist(), strict=True):
        if (model, root) not in made:
            made[model, root] = FastFeeder.of(FeederProblem.of(case.models[model], root, window), feeders)
        hung.append(Hung(feeder=made[model, root], count=count))
    schedule = JointSchedule.of(SecureTransmission.of(case.transmission, links.bus, window), hung, table, security)
    return _told(case, feeders, schedule, schedule.solve())


def read_inertia(path: str | Path) -> Inertia:
    """From a CSV file with the columns ``hour, inertia_mws, loss_mw`` and perhaps ``lost``."""
    text = read_text(Path(path), "a CSV file with columns hour, inertia_mws, loss_mw")
    read = parsed(Inertia, text, {})
    loose = Security(limits=Limits(rocof_hz_per_s=1e9))  # numbers alone: what limits say is told hour by hour
    if found := [*read.faults, *read.news(read.table.faults()), *loose.faults(read.table)]:
        raise InvalidCase([f.at(Path(path).name) for f in found])
    return read.table


def _inertia(case: Case, given: Inertia | str | Path | None) -> Inertia:
    if isinstance(given, Inertia):
        return given
    if given is not None:
        return read_inertia(given)
    from gridtandem.cases.rts24 import LOAD_MW
    from gridtandem.cases.rts24_ffr import CALIBRATED, inertia_of_day

    if case.name not in CALIBRATED:
        what, mend = "is not given", "give a table or a CSV file with hour, inertia_mws and loss_mw"
        raise InvalidCase([Fault("inertia", what, mend, "frequency-043", place=case.name)])
    return Inertia.of(inertia_of_day(LOAD_MW))


def _faults(case: Case, window: Window, model: str) -> Iterator[Fault]:
    """What keeps a case from a plan."""
    if model not in MODELS:
        yield Fault("study", f"is {model!r}", f"take one of {', '.join(MODELS)}", "frequency-044", column="feeders")
    if window.first < 0 or window.periods < 1:
        yield Fault("study", f"are {window.periods} from {window.first + 1}", "give 1 or more, from 1 on", "frequency-045", column="hours")
        return
    for k in np.flatnonzero(case.ports > 1).tolist():
        what, mend = f"{str(case.interfaces.feeder[k])!r}: fed from more than one transmission bus", "give each port a feeder of its own"
        yield Fault("interfaces", what, mend, "study-022", column="feeder", place=case.name)
    for k in np.flatnonzero(case.interfaces.scale != 1).tolist():
        what, mend = f"is {case.interfaces.scale[k]:g}", "give feeders of the size they have (scale 1), and their number as count"
        yield Fault("interfaces", what, mend, "frequency-046", column="scale", row=k, place=case.name)
    for k, net in enumerate((case.transmission, *case.models)):
        yield from (f.at(net.name) for f in resource_faults(net, window.end, source=k == 0))


def _told(case: Case, model: Model, schedule: JointSchedule, plan: JointPlan) -> JointReserve:
    if plan.answer.status is not Status.SOLVED:
        words = (plan.answer.status.value,)
        return JointReserve(
            case=case, feeders=model, cost=np.nan, bound=np.nan, hours=ReserveHours.empty(), awards=ReserveAwards.empty(), trouble=words, plan=plan,
            schedule=schedule,
        )  # fmt: skip
    window, table = schedule.transmission.window, schedule.inertia
    without = np.full(window.periods, -np.inf)
    np.maximum.at(without, table.hour - 1 - window.first, schedule.security.needed(table.inertia_mws, table.loss_mw, np.zeros((len(table), 1))))
    load = schedule.transmission.owned.p_load
    hours = ReserveHours(
        hour=np.arange(window.first, window.end) + 1, without_mw=without, primary_mw=plan.primary, fast_mw=plan.fast,
        lowest_hz=_lowest(schedule, plan),
        energy_per_mwh=(plan.energy * load).sum(-1) / load.sum(-1), primary_per_mw=plan.primary_price, fast_per_mw=plan.fast_price,
        short_mw=np.maximum(plan.short, 0.0), shed_mw=np.maximum(plan.shed, 0.0),
    )  # fmt: skip
    shown = [replayed(h.feeder, replace(plan.answer, x=of_group(plan.answer.x, k))) for k, h in enumerate(plan.feeders)]
    awards = stacked(ReserveAwards, [_awards(schedule, plan, case, k, one) for k, one in enumerate(shown)]) if shown else ReserveAwards.empty()
    trouble = tuple(_trouble(plan, hours, awards))
    return JointReserve(
        case=case, feeders=model, cost=plan.cost, bound=plan.bound, hours=hours, awards=awards, trouble=trouble, plan=plan, schedule=schedule
    )


def _lowest(schedule: JointSchedule, plan: JointPlan) -> Real:
    """In time, in closed form (period); what a lost unit keeps does not come. [Hz]"""
    security, at = schedule.security, schedule.period
    primary = plan.primary[at] - (plan.answer.x[f"tso.{UP}"][at] * schedule.lost).sum(-1)
    deep = fall(security, schedule.inertia, primary, plan.fast[at][:, None]).nadir_hz
    out = np.full(schedule.transmission.window.periods, np.inf)
    np.minimum.at(out, at, security.limits.f0_hz - deep)
    return out


def _range(values: Real, digits: int = 2) -> str:
    low, high = f"{values.min():,.{digits}f}", f"{values.max():,.{digits}f}"
    return low if low == high else f"{low} to {high}"


def _awards(schedule: JointSchedule, plan: JointPlan, case: Case, k: int, one: Replayed) -> ReserveAwards:
    t, at = schedule.transmission.window.periods, int(schedule.transmission.at[k])
    count = int(case.interfaces.count[k])
    return ReserveAwards(
        hour=np.arange(t) + schedule.transmission.window.first + 1, interface=np.full(t, case.interfaces.name[k]), feeders=np.full(t, count),
        z_mw=plan.given[:, k], award_mw=plan.award[:, k], felt_mw=count * one.felt_mw[t:], energy_per_mwh=plan.energy[:, at],
        beyond_pu=one.beyond_pu.reshape(2, t).max(0), loading=one.loading.reshape(2, t).max(0),
    )  # fmt: skip


def _trouble(plan: JointPlan, hours: ReserveHours, awards: ReserveAwards) -> Iterator[str]:
    if not plan.tight:
        yield f"cones are loose by {np.nanmax(plan.slack):.2g}: the cost is that of a relaxation, and no network has such flows"
    if (short := float(hours.short_mw.max(initial=0.0))) > FELT:
        yield f"primary reserve is short by up to {short:,.2f} MW: prices are those of scarcity"
    if (shed := float(hours.shed_mw.max(initial=0.0))) > FELT:
        yield f"up to {shed:,.2f} MW of demand are not served: prices are those of scarcity"
    if (less := float((awards.award_mw - awards.felt_mw).max(initial=0.0))) > FELT:
        yield f"when called, feeders at an interface bring up to {less:,.3f} MW less than was sold"
    if (beyond := float(awards.beyond_pu.max(initial=0.0))) > BEYOND:
        yield f"when called, voltages are up to {beyond:.4f} pu beyond their limits"
    if (loading := float(awards.loading.max(initial=0.0))) > 1 + BEYOND:
        yield f"branches carry up to {100 * loading:.0f} % of their rating"
