"""How a day of reserve grows with feeders: one hour of the RTS and of the 118-bus system, feeders at their largest loads, one at each bus.

Everybody together is one convex program, and companies that lead a search among the pieces of transmission's cost. Gaps are those of the plan as load
flows against the bound that each of them has by itself: on the cost of all, and on that of the companies. Times are of one run: trust ratios.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import process_time
from typing import ClassVar, TypeAlias, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.generate import bus_load
from gridtandem.cases.ieee118_ffr import Ieee118Ffr
from gridtandem.cases.market_systems import LIMITS_118
from gridtandem.cases.rts24_ffr import Rts24Ffr
from gridtandem.grid.network import Network
from gridtandem.schemes.joint_reserve_strategic import JointReserveStrategic
from gridtandem.study.experiment import Watch, of_rows, watched
from gridtandem.study.reserve.day import joint_reserve
from gridtandem.study.reserve.experiment import ASKED, HOUR, Chart, Findings, ReserveExperiment
from gridtandem.study.reserve.run import keep
from gridtandem.study.reserve.study import ReserveStudy
from gridtandem.tables import Index, Names, Real, Table, column

FEEDERS, LEADING = (1, 2, 4, 8, 16), (1, 2, 4, 8)  # together; companies that lead, whose search grows faster
TOGETHER, LEAD = "together", "companies lead"
Measured: TypeAlias = tuple[float, float, float, tuple[str, ...]]  # cost, fast reserve, what the bound leaves open, trouble


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ScalingTrials(Table):
    """One row per transmission system and number of feeders; NaN where there is no plan."""

    kind: ClassVar[str] = "reserve_scaling"
    line: Names = column("scheme and transmission in words", dtype="U")
    scheme: Names = column("who decides", dtype="U")
    system: Names = column("transmission", dtype="U")
    feeders: Index = column("feeders, each at a bus of its own", dtype="i8")
    hours: Index = column("hours together", dtype="i8")
    buses: Index = column("buses of all networks", dtype="i8")
    fast_mw: Real = column("fast reserve, mean over the hours", unit="MW", finite=False)
    cost: Real = column("cost of the plan", unit="currency", finite=False)
    gap_percent: Real = column("by how much who decides could pay less at most, of the cost of all", unit="%", finite=False)
    took_s: Real = column("processor time, with load flows of all feeders; where companies lead also everybody together, to judge them", unit="s")


def trials(
    case: Case, watch: Watch | None = None, *, feeders: Sequence[int] = FEEDERS, leading: Sequence[int] = LEADING, hours: int = 1,
    first_hour: int = HOUR,
) -> Findings:  # fmt: skip
    """Every number of feeders in both systems and schemes; one plan of the case itself first, so that no time is that of a cold start."""
    joint_reserve(case, hours=1, first_hour=first_hour)
    rows, beware = [], list[str]()
    for scheme, system, many in watched([(t, s, k) for t, sizes in ((TOGETHER, feeders), (LEAD, leading)) for s in SYSTEMS for k in sizes], watch):
        made = SYSTEMS[system](many)
        begin = process_time()
        cost, fast, gap, trouble = MEASURED[scheme](made, hours, first_hour)
        took = process_time() - begin
        beware += [f"{scheme}, {system}, {many} feeders: {word}" for word in trouble]
        buses = len(made.transmission.buses) + many * len(made.models[0].buses)
        rows.append((f"{scheme}, {system}", scheme, system, many, hours, buses, fast, cost, max(100 * gap / cost, 0.0), took))
    table = of_rows(ScalingTrials, rows)
    last = [table.take(table.line == line) for line in dict.fromkeys(table.line.tolist())]
    told = [f"{t.line[-1]}: {t.took_s[-1]:.2f} s with {t.feeders[-1]} feeders, gap at most {t.gap_percent.max():.4f} %" for t in last]
    return Findings(table=table, words=(*told, *beware), found=bool(np.isfinite(table.cost).all()))


def _together(case: Case, hours: int, first_hour: int) -> Measured:
    plan = joint_reserve(case, hours=hours, first_hour=first_hour)
    return plan.cost, float(plan.hours.fast_mw.mean()) if len(plan.hours) else np.nan, plan.cost - plan.bound, plan.trouble


def _lead(case: Case, hours: int, first_hour: int) -> Measured:
    run = keep(ReserveStudy(case=case, scheme=JointReserveStrategic(), first=first_hour, hours=hours))
    state = run.outcome.state
    if state is None or state.best is None or not len(run.tables.hours):
        return np.nan, np.nan, np.nan, run.trouble
    best = state.best
    own = float((best.value + best.price * best.z - best.fast_price * best.award).sum())  # hours of one hour each
    return run.tables.cost, float(run.tables.hours.fast_mw.mean()), own - best.bound, run.trouble


MEASURED: Mapping[str, Callable[[Case, int, int], Measured]] = {TOGETHER: _together, LEAD: _lead}


def rts24(many: int) -> Case:
    """The RTS market with so many feeders, inertia as in rts24-ffr."""
    made = Rts24Ffr()
    return replace(made, feeders=_largest(made.market.network(), many)).case("rts24-ffr")


def ieee118(many: int) -> Case:
    """The 118-bus market with so many feeders, inertia as in rts24-ffr."""
    made = Ieee118Ffr(limits=LIMITS_118)
    return replace(made, feeders=_largest(made.network(), many)).case("ieee118-ffr")


SYSTEMS: Mapping[str, Callable[[int], Case]] = {"RTS, 24 buses": rts24, "118 buses": ieee118}


def _largest(net: Network, many: int) -> tuple[tuple[str, int], ...]:
    """One feeder at each of so many buses with the most load."""
    order = np.argsort(-bus_load(net).real, kind="stable")[:many]
    return tuple((str(net.buses.name[k]), 1) for k in order.tolist())


EXPERIMENT = ReserveExperiment(
    name="reserve-scaling", title="a schedule that grows", varied="feeders at as many buses, 33 buses each; who decides; RTS, 118 buses",
    held=f"hour {HOUR} by itself; {ASKED}, fast within 1 s; feeders built alike, in place of load; both systems whatever the case", usual="rts24-ffr",
    run=trials,
    charts=(
        Chart(title="Time", x="feeders", y=("took_s",), by="line", x_label="feeders", y_label="processor time [s]", logarithmic=True),
        Chart(title="What the bound leaves open", x="feeders", y=("gap_percent",), by="line", x_label="feeders", y_label="gap [%]"),
    ),
)  # fmt: skip
