"""How the schedule grows with feeders: one hour of the RTS and of the 118-bus system, feeders at their largest loads, one at each bus.

The gap is the relaxation's own bound against what the plan costs as load flows. Times are of this machine and of one run: trust ratios.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import process_time
from typing import ClassVar, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.generate import bus_load
from gridtandem.cases.ieee118_ffr import Ieee118Ffr
from gridtandem.cases.market_systems import LIMITS_118
from gridtandem.cases.rts24_ffr import Rts24Ffr
from gridtandem.grid.network import Network
from gridtandem.study.experiment import Watch, of_rows, watched
from gridtandem.study.reserve.day import joint_reserve
from gridtandem.study.reserve.experiment import ASKED, HOUR, Chart, Findings, ReserveExperiment
from gridtandem.tables import Index, Names, Real, Table, column

FEEDERS = (1, 2, 4, 8, 16)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ScalingTrials(Table):
    """One row per transmission system and number of feeders; NaN where there is no plan."""

    kind: ClassVar[str] = "reserve_scaling"
    system: Names = column("transmission", dtype="U")
    feeders: Index = column("feeders, each at a bus of its own", dtype="i8")
    hours: Index = column("hours together", dtype="i8")
    buses: Index = column("buses of all networks", dtype="i8")
    fast_mw: Real = column("fast reserve, mean over the hours", unit="MW", finite=False)
    cost: Real = column("cost of the plan", unit="currency", finite=False)
    gap_percent: Real = column("by how much a plan could cost less at most", unit="%", finite=False)
    took_s: Real = column("processor time: building, solving, and load flows of all feeders", unit="s")


def trials(
    case: Case, watch: Watch | None = None, *, feeders: Sequence[int] = FEEDERS, hours: int = 1, first_hour: int = HOUR
) -> Findings:  # fmt: skip
    """Every number of feeders in both systems; the case itself first, so that the first time is none of a cold start."""
    joint_reserve(case, hours=1, first_hour=first_hour)
    rows, beware = [], list[str]()
    for system, many in watched([(s, k) for s in SYSTEMS for k in feeders], watch):
        made = SYSTEMS[system](many)
        begin = process_time()
        plan = joint_reserve(made, hours=hours, first_hour=first_hour)
        took = process_time() - begin
        fast = float(plan.hours.fast_mw.mean()) if len(plan.hours) else np.nan
        buses = len(made.transmission.buses) + many * len(made.models[0].buses)
        beware += [f"{system}, {many} feeders: {word}" for word in plan.trouble]
        rows.append((system, many, hours, buses, fast, plan.cost, max(100 * (1 - plan.bound / plan.cost), 0.0), took))
    table = of_rows(ScalingTrials, rows)
    last = [table.take(table.system == s) for s in SYSTEMS]
    told = [f"{t.system[-1]}: {t.took_s[-1]:.2f} s with {t.feeders[-1]} feeders, gap at most {t.gap_percent.max():.4f} %" for t in last]
    return Findings(table=table, words=(*told, *beware), found=bool(np.isfinite(table.cost).all()))


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
    name="reserve-scaling", title="a schedule that grows", varied="feeders at as many buses, 33 buses each; transmission: RTS, 118 buses",
    held=f"hour {HOUR} by itself; {ASKED}, fast within 1 s; feeders built alike, in place of load; both systems whatever the case", usual="rts24-ffr",
    run=trials,
    charts=(
        Chart(title="Time", x="feeders", y=("took_s",), by="system", x_label="feeders", y_label="processor time [s]"),
        Chart(title="What the bound leaves open", x="feeders", y=("gap_percent",), by="system", x_label="feeders", y_label="gap [%]"),
    ),
)  # fmt: skip
