"""The lowest frequency of every hour of a day's plan: in closed form, step by step if reserve comes as promised, and with governors on what they see.

All of each station's power has a governor, which gives no more than the reserve that it was awarded. Fast reserve starts with the loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.frequency.security import Inertia, Security
from gridtandem.frequency.swing import Governors, fall, replay
from gridtandem.frequency.transmission import SecureTransmission
from gridtandem.opf.fast_reserve import UP
from gridtandem.resources.part import Window
from gridtandem.study.experiment import Watch, watched
from gridtandem.study.reserve.day import JointReserve, joint_reserve
from gridtandem.study.reserve.experiment import ASKED, Chart, Findings, ReserveExperiment
from gridtandem.study.reserve.study import DAY, own_inertia
from gridtandem.tables import Flag, Index, Real, Table, column

# column of the table: parameters of turbines that differ from TGOV1
TURBINES = {"tgov1_hz": {}, "deadband_hz": {"deadband_hz": 0.036}, "reheat_hz": {"t2_s": 2.1, "t3_s": 7.0}}
DELIVERIES = {
    "promised_hz": "as promised, closed form", "stepped_hz": "as promised, step by step", "tgov1_hz": "TGOV1",
    "deadband_hz": "TGOV1, deadband 36 mHz", "reheat_hz": "slow reheat",
}  # fmt: skip
BINDING = 1e-6  # relative; so near what is asked for, it is met by nothing to spare


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class NadirTrials(Table):
    """One row per hour, and its lowest frequency by each way of delivery."""

    kind: ClassVar[str] = "reserve_nadir"
    hour: Index = column("hour, counted from 1", dtype="i8")
    inertia_mws: Real = column("energy of the masses that keep turning", unit="MW·s")
    primary_mw: Real = column("primary reserve", unit="MW")
    fast_mw: Real = column("fast reserve", unit="MW")
    binds: Flag = column("yes: with less of either the lowest point as promised would be below its limit", dtype="?")
    promised_hz: Real = column("lowest frequency if reserve comes as promised, in closed form", unit="Hz", finite=False)
    stepped_hz: Real = column("the same step by step", unit="Hz", finite=False)
    tgov1_hz: Real = column("lowest frequency with steam turbines TGOV1", unit="Hz", finite=False)
    deadband_hz: Real = column("with such that wait for 36 mHz", unit="Hz", finite=False)
    reheat_hz: Real = column("with turbines of slow reheat", unit="Hz", finite=False)


def trials(case: Case, watch: Watch | None = None, *, hours: int = DAY, first_hour: int = 1) -> Findings:
    """The plan, and every way of delivery; one loss in each hour."""
    borne = own_inertia(case)
    plan = joint_reserve(case, inertia=borne, hours=hours, first_hour=first_hour)  # which refuses a case that says nothing of its hours
    if borne is None or not len(plan.hours):
        return Findings(table=NadirTrials.empty(), words=plan.trouble, found=False)
    security, h = Security(), plan.hours
    inertia = borne.take(h.hour - 1)
    alone = security.arresting(inertia.inertia_mws, inertia.loss_mw, h.fast_mw[:, None])
    lowest = {name: security.limits.f0_hz - _nadir(name, security, inertia, plan) for name in watched(DELIVERIES, watch)}
    table = NadirTrials(
        hour=h.hour, inertia_mws=inertia.inertia_mws, primary_mw=h.primary_mw, fast_mw=h.fast_mw, binds=h.primary_mw <= alone * (1 + BINDING),
        **lowest,
    )  # fmt: skip
    words = [f"{words}: {lowest[name].min():.4f} to {lowest[name].max():.4f} Hz" for name, words in DELIVERIES.items()]
    words.append(f"the lowest point decides in {table.binds.sum()} of {len(table)} hours")
    return Findings(table=table, words=(*words, *plan.trouble), found=all(np.isfinite(x).all() for x in lowest.values()))


def _nadir(delivery: str, security: Security, inertia: Inertia, plan: JointReserve) -> Real:
    """Below nominal, of each hour. [Hz]"""
    primary, fast = plan.hours.primary_mw, plan.hours.fast_mw[:, None]
    if delivery == "promised_hz":
        return fall(security, inertia, primary, fast).nadir_hz
    if delivery == "stepped_hz":
        services, idle = (security.primary, *security.fast), Governors.of([1.0], [0.0])
        powers = np.column_stack([primary, fast])
        return replay(security.limits, inertia, governors=idle, services=services, service_mw=powers, seconds=security.primary.full_s).fall.nadir_hz
    window = Window(first=int(plan.hours.hour[0]) - 1, periods=len(plan.hours))
    kept = SecureTransmission.of(plan.case.transmission, plan.case.interfaces.bus, window).regulators.row
    power, award = plan.case.transmission.generators.p_high_mw[kept], plan.plan.answer.x[f"tso.{UP}"]
    governors = Governors.of(power, award, **TURBINES[delivery])
    return replay(security.limits, inertia, governors=governors, services=security.fast, service_mw=fast).fall.nadir_hz


EXPERIMENT = ReserveExperiment(
    name="reserve-nadir", title="the lowest frequency of each hour", varied="how reserve comes: as promised, or by governors on what they see",
    held=f"one plan of the whole day; {ASKED}, fast within 1 s; energy of turning masses by hour; droop 5 %; loads give no help", usual="rts24-ffr",
    run=trials,
    charts=(
        Chart(title="Lowest frequency", x="hour", y=tuple(DELIVERIES), names=tuple(DELIVERIES.values()), x_label="hour",
              y_label="lowest frequency [Hz]", level=59.0),
        Chart(title="Hours by lowest frequency", x="hour", y=tuple(DELIVERIES), names=tuple(DELIVERIES.values()), form="histogram",
              x_label="lowest frequency [Hz]", y_label="hours", level=59.0),
    ),
)  # fmt: skip
