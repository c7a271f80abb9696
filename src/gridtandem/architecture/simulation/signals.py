r"""What each colour of a traffic light means for a feeder: who may still move how far, what the distribution operator buys, what it commands.

Green: everybody within his own bounds. Amber: the plan is mended where it would break a limit, at least cost of flexibility, with bids in the feeder,

.. math:: \min \sum_i (c_i - \pi)^+ u_i + (\pi - c_i)^+ d_i \quad\text{s.t. limits hold at what is expected}

(who goes up at a cost above the price of energy loses the difference, and so does who goes down at a cost below it; nobody is moved because it would
be cheaper elsewhere). From there all may go where no limit is at risk, and towards limits by equal shares of what is left of them, so that no
combination of moves breaks one. Red: commands (`gridtandem.architecture.simulation.repair`) by what is measured, or by the forecast where nothing is
heard; no move towards a side at risk; else shares as in amber.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.architecture.simulation.chance import Band, chances
from gridtandem.architecture.simulation.colours import Light
from gridtandem.architecture.simulation.envelopes import around
from gridtandem.architecture.simulation.filling import slack_of
from gridtandem.architecture.simulation.moving import HELD, moves
from gridtandem.architecture.simulation.offered import Offered
from gridtandem.architecture.simulation.repair import Instruction, in_order, repaired
from gridtandem.errors import Fault, InvalidCase
from gridtandem.opf.limits import KINDS
from gridtandem.tables import Flag, Real

if TYPE_CHECKING:
    from gridtandem.architecture.simulation.day import Feeder, Wires


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Watch:
    """A day of one feeder, as it is expected and as it comes. Both have the same limits."""

    wires: Wires  # as forecast
    offered: Offered
    plan: Real  # (period, step) what markets left [MW]
    asked: Real  # (period, step) changes that transmission asks for after the gate [MW]
    margin: Real  # (upper and then lower side) within which a limit is near [MW]
    band: Band
    energy: Real  # (period) price of energy [currency/MWh]
    actual: Wires
    told: Flag  # (period) telemetry arrived
    sheddable: Real  # (period, load node) load that may be cut [MW]
    hours: float

    def checked(self) -> Watch:
        """The day itself, unless its parts do not fit."""
        self.offered.checked(self.wires)
        shape, sides = self.plan.shape, (2 * len(self.wires.low),)
        right = {"plan": self.offered.least.shape, "asked": shape, "margin": sides, "energy": shape[:1], "told": shape[:1]}
        faults = [
            Fault("light", f"has {name} in {getattr(self, name).shape} numbers", f"give {size}", "arch-131", column=name)
            for name, size in right.items()
            if getattr(self, name).shape != size
        ]
        if self.actual.h.shape != self.wires.h.shape or self.actual.there.shape != self.wires.there.shape:
            faults.append(Fault("light", "forecast and day have other limits", "give both the same rows and steps", "arch-132", column="actual"))
        if self.band.h.shape[0] != len(self.wires.h) or not (self.band.low <= self.band.high).all():
            faults.append(Fault("light", "is no band of these limits", "give effects by row and source, low at most high", "arch-133", column="band"))
        if not faults and ((self.plan < self.offered.least - HELD) | (self.plan > self.offered.most + HELD)).any():
            faults.append(Fault("light", "leaves the bounds of offers", "give least ≤ plan ≤ most", "arch-134", column="plan"))
        faults += [
            Fault("light", "holds what is no finite number", "give finite numbers", "arch-136", column=name)
            for name, arrays in self._numbers().items()
            if not all(np.isfinite(each).all() for each in arrays)
        ]
        if not 0 < self.hours < np.inf:
            faults.append(Fault("light", f"is {self.hours!r}", "give the length of a period, above 0 h", "arch-137", column="hours"))
        if faults:
            raise InvalidCase(faults)
        return self

    def _numbers(self) -> dict[str, tuple[Real, ...]]:
        """All that is to be finite beside what offers and forecasts check themselves."""
        band, actual = self.band, self.actual
        return {
            "plan": (self.plan,), "asked": (self.asked,), "margin": (self.margin,), "energy": (self.energy,), "sheddable": (self.sheddable,),
            "band": (band.h, band.low, band.high), "actual": (actual.h, actual.there, actual.h_shed),
        }  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Acted:
    """What a colour would mean, in every period."""

    change: Real  # (period, step) bought or commanded [MW]
    shed: Real  # (period, load node) [MW]
    low: Real  # (period, step) range that is told
    high: Real
    failed: Flag  # (period) limits cannot be held by what was expected
    instructions: tuple[Instruction, ...] = ()

    def accepted(self, watch: Watch) -> Real:
        """What transmission is given of what it asks for (period, step)."""
        here = _within(watch, self.change)
        return np.asarray(np.clip(watch.asked, np.minimum(self.low - here, 0.0), np.maximum(self.high - here, 0.0)))

    def after(self, watch: Watch) -> Real:
        """Where steps end (period, step)."""
        here = _within(watch, self.change)
        return np.asarray(np.clip(here + watch.asked, np.minimum(self.low, here), np.maximum(self.high, here)))


def watch_over(
    expected: Feeder, actual: Feeder, plan: Real, *, asked: Real, energy: Real, light: Light, hours: float, price: Real | None = None,
    load_error: float = 0.0,
) -> Watch:  # fmt: skip
    """One feeder of a day: as its operator expects it, and as it comes. Each load may be off the forecast by ``load_error`` (standard
    deviation, of itself), evenly and by itself; all telemetry arrives.
    """
    reach = np.sqrt(3.0) * load_error * expected.sheddable
    return Watch(
        wires=expected.wires, offered=Offered.of(expected.steps, price=price), plan=plan, asked=asked, margin=margins(expected, light),
        band=Band(-expected.wires.h_shed, -reach, reach), energy=energy, actual=actual.wires, told=np.ones(len(plan), bool),
        sheddable=expected.sheddable, hours=hours,
    )  # fmt: skip


def margins(feeder: Feeder, light: Light) -> Real:
    """What counts as near to each upper and then each lower side of a feeder's limits. [MW]"""
    limits, wires = feeder.problem.limits, feeder.wires
    volts = limits.kind == KINDS.index("voltage")
    with np.errstate(invalid="ignore", divide="ignore"):
        upper, lower = (np.sqrt(np.maximum(side, 0.0)) for side in (limits.high, limits.low))
        inside = wires.high * (1 - (1 - light.voltage_margin / upper) ** 2), wires.low * ((1 + light.voltage_margin / lower) ** 2 - 1)
    each = [np.where(volts, v, light.flow_margin * np.abs(side)) for v, side in zip(inside, (wires.high, wires.low), strict=True)]
    return np.concatenate([np.where(np.isfinite(x), x, 0.0) for x in each])


def at_risk(light: Light, watch: Watch) -> Flag:
    """Sides (period, upper and then lower) that are passed more likely than is safe, or near to which the plan is."""
    slack = slack_of(watch.wires, watch.wires.values(watch.plan))
    return np.asarray((chances(watch.wires, watch.plan, watch.band) > light.chance) | (slack < watch.margin - HELD))


def green(watch: Watch) -> Acted:
    """Nobody is bounded."""
    nothing = np.zeros_like(watch.plan)
    failed = watch.wires.beyond(watch.plan).max(axis=1, initial=0.0) > HELD
    return Acted(change=nothing, shed=np.zeros_like(watch.sheddable), low=watch.offered.least, high=watch.offered.most, failed=failed)


def amber(watch: Watch) -> Acted:
    """What is bought, and shares of what is left. Where limits cannot be held so, nothing is bought."""
    up, down = flexibility(watch)
    size = {"up": np.ones(1), "down": np.ones(1)}
    aims = [{"up": up, "down": down}, size, in_order(up.shape[1])]
    found = moves(watch.wires, watch.plan, (watch.offered.least, watch.offered.most), aims, why=1)
    failed = found.missed > HELD
    change = np.where(failed[:, None], 0.0, found.change)
    low, high = around(watch.wires, watch.offered, _within(watch, change))
    return Acted(change=change, shed=np.zeros_like(watch.sheddable), low=low, high=high, failed=failed)


def red(watch: Watch, risk: Flag, silent: Flag) -> Acted:
    """Commands by what is seen; without telemetry by the forecast, and as if every side were at risk."""
    value = np.where(watch.told[:, None], watch.actual.values(watch.plan), watch.wires.values(watch.plan))
    seen = replace(watch.wires, there=value - watch.plan @ watch.wires.h.T)
    found = repaired(seen, watch.offered, watch.plan, watch.sheddable)
    broken = slack_of(seen, value) < -HELD
    after = replace(seen, there=seen.there + found.shed @ watch.wires.h_shed.T)
    low, high = around(after, watch.offered, _within(watch, found.change), frozen=risk | broken | silent[:, None])
    return Acted(change=found.change, shed=found.shed, low=low, high=high, failed=found.left > HELD, instructions=found.instructions)


def flexibility(watch: Watch) -> tuple[Real, Real]:
    """What going up and going down costs beside energy (period, step). [currency/MWh]"""
    loss = watch.offered.price - watch.energy[:, None]
    return np.maximum(loss, 0.0), np.maximum(-loss, 0.0)


def _within(watch: Watch, change: Real) -> Real:
    return np.asarray(np.clip(watch.plan + change, watch.offered.least, watch.offered.most))
