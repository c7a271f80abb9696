"""What feeders sell if their networks are looked at as they stand and called, only as they stand, or not at all; and what a load flow says of it.

A plan that leaves networks out sells more than feeders deliver. The load flow of each plan, all reserve called, tells by how much, and what breaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import ClassVar, final

import numpy as np

from gridtandem.cases.altered import each_feeder, with_device_size, with_highest_voltage
from gridtandem.cases.case import Case
from gridtandem.opf.fast_reserve import MODELS
from gridtandem.study.experiment import Watch, of_rows, watched
from gridtandem.study.reserve.broken import BEYOND
from gridtandem.study.reserve.day import JointReserve, joint_reserve
from gridtandem.study.reserve.experiment import ASKED, Chart, Findings, ReserveExperiment
from gridtandem.study.reserve.study import DAY
from gridtandem.study.reserve.tables import FELT
from gridtandem.tables import Index, Names, Real, Table, column

SIZES = (1.0, 2.0, 4.0)
HIGHEST_PU = (1.05, 1.02)
FULL = MODELS[0]


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class LimitTrials(Table):
    """One row per size of devices, highest voltage and model of the networks; NaN where there is no plan."""

    kind: ClassVar[str] = "reserve_feeder_limits"
    setting: Names = column("size of devices and highest voltage in words", dtype="U")
    feeders: Names = column("how networks count", dtype="U")
    size: Real = column("factor on the devices of feeders")
    v_high_pu: Real = column("highest voltage", unit="pu")
    sold_mw: Real = column("fast reserve sold, mean over the hours", unit="MW", finite=False)
    oversold_percent: Real = column("by how much that is more than with networks as they are", unit="%", finite=False)
    missing_mw: Real = column("most that all feeders at an interface bring less than was sold, by load flow", unit="MW", finite=False)
    beyond_pu: Real = column("most that a voltage is beyond its limit, by load flow; 0: none is", unit="pu", finite=False)
    loading: Real = column("largest apparent power by rating, by load flow", finite=False)
    broken: Index = column("hours and interfaces with less than was sold, or a voltage or a flow beyond its limit", dtype="i8")
    looked_at: Index = column("all of them", dtype="i8")
    cost: Real = column("what the plan says it costs", unit="currency", finite=False)


def trials(
    case: Case, watch: Watch | None = None, *, sizes: Sequence[float] = SIZES, highest: Sequence[float] = HIGHEST_PU, hours: int = DAY,
    first_hour: int = 1,
) -> Findings:  # fmt: skip
    """Every size and highest voltage, by each model of the networks."""
    rows, beware, full = [], list[str](), np.nan
    for size, v_high, model in watched(product(sizes, highest, MODELS), watch):
        plan = joint_reserve(_altered(case, size, v_high), hours=hours, first_hour=first_hour, feeders=model)
        sold = float(plan.hours.fast_mw.mean()) if len(plan.hours) else np.nan
        full = sold if model == FULL else full
        setting = f"{size:g} ×, {v_high:g} pu"
        beware += [f"{setting}, {model}: {word}" for word in plan.trouble if model == FULL]
        rows.append((setting, model, size, v_high, sold, 100 * (sold / full - 1), *_broken(plan), plan.cost))
    table = of_rows(LimitTrials, rows)
    return Findings(table=table, words=(*_said(table), *beware), found=bool(np.isfinite(table.sold_mw).all()))


def _altered(case: Case, size: float, v_high_pu: float) -> Case:
    return each_feeder(case, lambda feeder: with_highest_voltage(with_device_size(feeder, size), v_high_pu))


def _broken(plan: JointReserve) -> tuple[float, float, float, int, int]:
    """Most that is missing, most beyond, largest loading, and in how many rows of awards anything is broken."""
    if not (many := len(plan.awards)):
        return np.nan, np.nan, np.nan, 0, 0
    a = plan.awards
    missing = np.maximum(a.award_mw - a.felt_mw, 0.0)
    wrong = ~((missing <= FELT) & (a.beyond_pu <= BEYOND) & (a.loading <= 1 + BEYOND))  # NaN, no load flow, is wrong too
    return float(missing.max()), float(a.beyond_pu.max()), float(a.loading.max()), int(wrong.sum()), many


def _said(table: LimitTrials) -> list[str]:
    """What leaving networks out comes to."""
    told = []
    for model in MODELS:
        mine = table.take((table.feeders == model) & np.isfinite(table.sold_mw))
        if not len(mine):
            continue
        wrong, of = int(mine.broken.sum()), int(mine.looked_at.sum())
        worst = f"voltages up to {mine.beyond_pu.max():.4f} pu beyond, up to {mine.missing_mw.max():.3f} MW missing"
        share = mine.oversold_percent[np.isfinite(mine.oversold_percent)]
        over = f"oversold by {share.min():.1f} to {share.max():.1f} %, " if model != FULL and len(share) else ""
        told.append(f"feeders {model}: {over}broken in {wrong} of {of} hours at interfaces" + (f": {worst}" if wrong else ""))
    return told


EXPERIMENT = ReserveExperiment(
    name="reserve-feeder-limits", title="what networks of feeders allow",
    varied="size of all devices in feeders; highest voltage; networks: full, base-only (as they stand), none",
    held=f"the whole day; {ASKED}, fast within 1 s; energy of turning masses by hour, loads and prices as they are",
    run=trials,
    charts=(
        Chart(title="Sold", x="setting", y=("sold_mw",), by="feeders", form="bars", x_label="size of devices, highest voltage",
              y_label="fast reserve, mean of hours [MW]"),
        Chart(title="Beyond limits when called, by load flow", x="setting", y=("beyond_pu",), by="feeders", form="bars",
              x_label="size of devices, highest voltage", y_label="worst voltage beyond its limit [pu]"),
    ),
)  # fmt: skip
