r"""A traffic light on one feeder over a day: colours, what they make of the plan, and what they cost.

Before the gate of each interval a colour is due. Red: something was broken when last measured, or the plan would break a limit and amber cannot mend
it, or telemetry has been silent for too many polls. Amber: the plan would break a limit, or is near one, or passes one with more than a small chance.
Else green. A better colour than the one that shows is due only if what was measured last would not have been broken under it, commands left out and
wishes granted: else a light that mends would forget why. Colours then follow with hysteresis (`gridtandem.architecture.simulation.colours`), and each
means what `gridtandem.architecture.simulation.signals` says.

Periods stand for themselves but for their colours. So all three colours are worked out for the whole day at once, and the light walks through them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.architecture.simulation.signals import Acted, Watch, amber, at_risk, flexibility, green, red
from gridtandem.architecture.simulation.colours import AMBER, GREEN, RED, Light, shown
from gridtandem.architecture.simulation.filling import slack_of
from gridtandem.architecture.simulation.moving import HELD
from gridtandem.architecture.simulation.repair import Instruction
from gridtandem.tables import Code, Flag, Real


@final
@dataclass(frozen=True, slots=True)
class Measures:
    """What a day with a light comes to."""

    hours: tuple[float, float, float]  # green, amber, red [h]
    amber_cost: float  # paid for flexibility beside energy [currency]
    amber_mwh: float  # moved by purchase
    red_mwh: float  # moved by command
    shed_mwh: float  # load that was cut
    refused_mwh: float  # of what transmission asked for
    false_amber_h: float  # amber where the plan comes near no limit in truth
    missed_red_h: float  # a limit broken while the light is not red


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Lit:
    """A day under a light."""

    colour: Code  # (period)
    y: Real  # (period, step) in the end [MW]
    bought: Real  # (period, step) in amber [MW]
    commanded: Real  # (period, step) in red [MW]
    shed: Real  # (period, load node) [MW]
    low: Real  # (period, step) range that was told [MW]
    high: Real
    accepted: Real  # (period, step) of what transmission asked for [MW]
    exchange_change: Real  # (period) told to transmission: change of what the feeder draws by purchase and command [MW]
    left: Real  # (period, row) by which limits are broken in truth [MW]
    instructions: tuple[Instruction, ...]
    measures: Measures


def lit(light: Light, watch: Watch) -> Lit:
    """The day under the light."""
    watch.checked()
    risk, silent = at_risk(light, watch), _silent(watch.told, light.silent_after)
    acted = (green(watch), amber(watch), red(watch, risk, silent))
    ends = np.stack([a.after(watch) for a in acted])
    left = np.stack([_left(watch, y, a.shed) for y, a in zip(ends, acted, strict=True)])
    colour = shown(light, len(risk), _due(light, watch, acted, np.asarray(risk.any(1)), silent, left=left))
    every = np.arange(len(colour))
    pick = colour, every
    change = np.stack([a.change for a in acted])[pick]
    shed = np.stack([a.shed for a in acted])[pick]
    bought, commanded = (np.where((colour == c)[:, None], change, 0.0) for c in (AMBER, RED))
    accepted = np.stack([a.accepted(watch) for a in acted])[pick]
    return Lit(
        colour=colour, y=ends[pick], bought=bought, commanded=commanded, shed=shed, low=np.stack([a.low for a in acted])[pick],
        high=np.stack([a.high for a in acted])[pick], accepted=accepted, exchange_change=-change.sum(1) - shed.sum(1), left=left[pick],
        instructions=tuple(i for i in acted[RED].instructions if colour[i.period] == RED),
        measures=_measures(watch, colour, bought, commanded, shed=shed, accepted=accepted, left=left[pick]),
    )  # fmt: skip


def _due(light: Light, watch: Watch, acted: tuple[Acted, ...], risk: Flag, silent: Flag, *, left: Real) -> Callable[[int, int], int]:
    breaks, broken = acted[GREEN].failed, left.max(axis=2, initial=0.0) > HELD

    def due(t: int, before: int) -> int:
        heard = t > 0 and bool(watch.told[t])
        if (heard and broken[before, t - 1]) or silent[t] or (breaks[t] and (AMBER not in light.colours or acted[AMBER].failed[t])):
            return RED
        wanted = AMBER if risk[t] and AMBER in light.colours else GREEN
        return before if wanted < before and heard and broken[light.better(before), t - 1] else wanted

    return due


def _silent(told: Flag, after: int) -> Flag:
    """Where telemetry has been missing for more polls than that."""
    polls = np.arange(len(told))
    last = np.maximum.accumulate(np.where(told, polls, -1))
    return np.asarray(polls - last > after)


def _left(watch: Watch, y: Real, shed: Real) -> Real:
    value = watch.actual.values(y) + shed @ watch.actual.h_shed.T
    return np.asarray(np.maximum(-slack_of(watch.actual, value), 0.0).reshape(len(y), 2, -1).max(1))


def _measures(watch: Watch, colour: Code, bought: Real, commanded: Real, *, shed: Real, accepted: Real, left: Real) -> Measures:
    up, down = flexibility(watch)
    near = (slack_of(watch.actual, watch.actual.values(watch.plan)) < watch.margin - HELD).any(1)
    broken = left.max(axis=1, initial=0.0) > HELD
    here = watch.plan + bought + commanded
    asked = np.clip(watch.asked, watch.offered.least - here, watch.offered.most - here)
    refused = np.abs(asked - accepted)[colour != GREEN].sum()
    counts = [float((colour == c).sum()) for c in (GREEN, AMBER, RED)]
    h = watch.hours
    return Measures(
        hours=(counts[0] * h, counts[1] * h, counts[2] * h),
        amber_cost=float((up * np.maximum(bought, 0.0) + down * np.maximum(-bought, 0.0)).sum()) * h,
        amber_mwh=float(np.abs(bought).sum()) * h, red_mwh=float(np.abs(commanded).sum()) * h, shed_mwh=float(shed.sum()) * h,
        refused_mwh=float(refused) * h, false_amber_h=float(((colour == AMBER) & ~near).sum()) * h,
        missed_red_h=float(((colour != RED) & broken).sum()) * h,
    )  # fmt: skip
