"""Scenarios by name: what goes wrong in them, and what each side then believes.

The size of what goes wrong is ours and stated here. Draws are seeded by scenario, never by architecture: all architectures meet the same day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import final
from zlib import crc32

import numpy as np

from gridtandem.architecture.simulation.clearing import SHORT, Shown, cleared_bulk, cleared_feeder, effort, shown_of
from gridtandem.architecture.simulation.conduct import Choices
from gridtandem.architecture.simulation.day import Day, Feeder
from gridtandem.architecture.simulation.scene import LOAD_ERROR, SUN_ERROR, Scene
from gridtandem.cases.case import Case
from gridtandem.cases.variants import planned, reconfigured, split
from gridtandem.errors import Fault, InvalidCase, UnknownName
from gridtandem.opf.forms.lindist import Flow
from gridtandem.schemes.ideal import Ideal
from gridtandem.study.market.study import MarketStudy

STALE = 3  # periods by which models of distribution are late at who clears the bulk market
LOST = (0.5, 0.75)  # part of the day in which links between tiers 1 and 2 are down
MARKUP = 1.15  # of every bid
PIVOTAL = 2.0  # of bids of units without which a feeder cannot keep its limits


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Setting:
    """A grid, a day of it, and what graphs leave open."""

    case: Case
    flow: Flow = "apparent"
    first: int = 1  # period of the case's day, counted from 1
    hours: int = 0  # periods; 0: all from there
    margin_pu: float = 0.003  # by which operators plan within limits of voltage, for LinDistFlow does not see losses
    choices: Choices = field(default_factory=Choices)
    seed: int = 0

    def digest(self) -> str:
        """Equal digests give equal results."""
        sizes = (STALE, LOST, LOAD_ERROR, SUN_ERROR, MARKUP, PIVOTAL)
        told = f"{self.case.digest()} {self.flow} {self.first} {self.hours} {self.margin_pu} {self.choices} {self.seed} {sizes}"
        return hashlib.sha256(told.encode()).hexdigest()

    def study(self, case: Case | None = None) -> MarketStudy:
        """The grid itself, or a variant of it."""
        return MarketStudy(case=self.case if case is None else case, scheme=Ideal(), flow=self.flow, first=self.first, hours=self.hours)

    def day(self, case: Case | None = None) -> Day:
        """The same as operators plan with it."""
        study = self.study(case)
        return Day.of(replace(study, case=planned(study.case, voltage_pu=self.margin_pu, rating=0.0)))

    def nominal(self, case: Case | None = None) -> Scene:
        """A day on which everybody knows what is."""
        return Scene.nominal(self.day(case), self.study(case))


def scene_of(setting: Setting, scenario: str) -> Scene:
    """The day of a scenario."""
    if scenario not in SCENARIOS:
        raise UnknownName("scenario", scenario, tuple(SCENARIOS))
    return _with_ideal(replace(SCENARIOS[scenario](setting), name=scenario, seed=setting.seed))


def _with_ideal(scene: Scene) -> Scene:
    """With the least cost that one owner of all models reaches on the day as it comes; he too cuts load where limits cannot be held otherwise."""
    day = scene.actual
    found = cleared_bulk(day, [_with_load(f, s) for f, s in zip(day.feeders, shown_of(day, limits=True), strict=True)])
    steps = [f.steps.least.shape[1] for f in day.feeders]
    cut = sum(float(y[:, n:].sum()) for y, n in zip(found.y, steps, strict=True)) + float((found.short + found.spilled).sum())
    cost = found.cost + day.constant + day.cost(tuple(y[:, :n] for y, n in zip(found.y, steps, strict=True))) + SHORT * cut * day.hours
    return replace(scene, ideal=cost, ideal_size=found.variables + found.rows)


def _with_load(feeder: Feeder, shown: Shown) -> Shown:
    """Load that may be cut stands behind the steps, at the price of load that is not served."""
    most, wires = feeder.sheddable, feeder.wires
    sides = ((shown.least, np.zeros(most.shape)), (shown.most, most), (np.asarray(shown.price), np.full(most.shape, SHORT)))
    least, high, price = (np.concatenate(pair, axis=1) for pair in sides)
    return Shown(least, high, price, shown.draw, replace(wires, h=np.concatenate([wires.h, wires.h_shed], axis=1)))


def _nominal(setting: Setting) -> Scene:
    return setting.nominal()


def _stale(setting: Setting) -> Scene:
    scene = _nominal(setting)
    return replace(scene, bulk=scene.bulk.late(STALE))


def _lost(setting: Setting) -> Scene:
    scene = _nominal(setting)
    at = np.arange(scene.actual.periods) / scene.actual.periods
    lost = (at >= LOST[0]) & (at < LOST[1]) if scene.actual.periods > 1 else np.ones(1, bool)
    return replace(scene, lost=lost)


def _slow(setting: Setting) -> Scene:
    return replace(_nominal(setting), heavy=True)


def _compromised(setting: Setting) -> Scene:
    return replace(_nominal(setting), broken_into=True)


def _split(times: int) -> Callable[[Setting], Scene]:
    def made(setting: Setting) -> Scene:
        case = setting.case
        return setting.nominal(replace(case, models=tuple(split(m, times) for m in case.models)))

    return made


def _strategic(setting: Setting) -> Scene:
    """Everybody asks more; who is needed where he stands asks twice his cost of the one buyer who needs him."""
    scene = _nominal(setting)
    asked, here = [], []
    for k, f in enumerate(scene.actual.feeders):
        dear = np.where(f.steps.most > 0, MARKUP, 2 - MARKUP) * scene.asked[k]
        size = effort(f.steps, np.broadcast_to(f.steps.price, f.steps.least.shape), 0.0)
        need = cleared_feeder(scene.actual, Shown(f.steps.least, f.steps.most, size, f.draw, f.wires)).y
        forced = (np.abs(need - f.steps.idle) > 1e-6) & (f.steps.most > 0)
        asked.append(dear)
        here.append(np.where(forced, PIVOTAL * scene.asked[k], dear))
    return replace(scene, asked=tuple(asked), asked_here=tuple(here))


def _forecast(setting: Setting) -> Scene:
    scene = _nominal(setting)
    draws = np.random.default_rng([setting.seed, crc32(b"forecast-error")])
    shape = (scene.actual.periods, len(scene.actual.feeders))
    loads = np.clip(1 + LOAD_ERROR * draws.standard_normal(shape), 0.5, 1.5)
    sun = np.clip(1 + SUN_ERROR * draws.standard_normal(shape), 0.2, 1.5)
    return replace(scene, actual=scene.actual.seen(loads, sun), loads=np.concatenate([np.ones((shape[0], 1)), loads], axis=1))


def _reconfigured(setting: Setting) -> Scene:
    """Feeders stand switched otherwise than who clears the bulk market believes; their operators know."""
    scene, models = _nominal(setting), [reconfigured(m) for m in setting.case.models]
    if all(m is None for m in models):
        what = "has no feeder with a line that could be closed"
        raise InvalidCase([Fault("case", what, "take a case with tie lines, or leave out the scenario reconfigured", "arch-120")])
    now = [a if b is None else b for a, b in zip(setting.case.models, models, strict=True)]
    case = replace(setting.case, models=tuple(now))
    day = setting.day(case)
    return replace(scene, actual=day, network=day, physical=setting.study(case))


SCENARIOS: Mapping[str, Callable[[Setting], Scene]] = {
    "nominal": _nominal, "stale-model": _stale, "lost-link": _lost, "slow-aggregator": _slow, "compromised": _compromised,
    "der-x10": _split(10), "der-x100": _split(100), "strategic": _strategic, "forecast-error": _forecast, "reconfigured": _reconfigured,
}  # fmt: skip
MEANINGS: Mapping[str, str] = {
    "nominal": "everybody knows what is",
    "stale-model": f"models of distribution are {STALE} intervals late at who clears the bulk market",
    "lost-link": f"links between transmission and distribution are down from {LOST[0]:.0%} to {LOST[1]:.0%} of the day",
    "slow-aggregator": "delays in the hands of tier 3 have a heavy tail",
    "compromised": "the node of tier 3, or else 4, through which most power is instructed is in foreign hands",
    "der-x10": "every DER in ten parts", "der-x100": "every DER in a hundred parts",
    "strategic": f"all bid {MARKUP - 1:.0%} above cost, and {PIVOTAL:g} times cost where a feeder needs them",
    "forecast-error": f"loads come {LOAD_ERROR:.0%} and sun and wind {SUN_ERROR:.0%} off the forecast (standard deviation)",
    "reconfigured": "feeders are switched otherwise than who clears the bulk market believes",
}  # fmt: skip


def unknown(names: Sequence[str]) -> list[Fault]:
    """Scenarios that are none."""
    return [Fault("scenario", f"{n!r} is not one", f"take of {', '.join(SCENARIOS)}", "arch-121") for n in names if n not in SCENARIOS]
