r"""A traffic light at every feeder, around whatever procedure an architecture has: what markets left is mended before the day, what then is broken is
commanded.

The light reckons with forecasts that err evenly within :math:`\pm\sqrt 3` times the spread that the scenario of wrong forecasts has. It buys from
and commands those whom the distribution operator reaches; all others stay as markets left them. What it bought in amber is told upwards, so that the
bulk market reckons with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.architecture.simulation.chance import Band
from gridtandem.architecture.simulation.clearing import followed
from gridtandem.architecture.simulation.colours import GREEN, RED, Light
from gridtandem.architecture.simulation.conduct import Planned
from gridtandem.architecture.simulation.day import Feeder
from gridtandem.architecture.simulation.fleet import Fleet
from gridtandem.architecture.simulation.light import Lit, lit
from gridtandem.architecture.simulation.offered import Offered
from gridtandem.architecture.simulation.scene import LOAD_ERROR, SUN_ERROR, Scene
from gridtandem.architecture.simulation.signals import Watch, watch_over
from gridtandem.tables import Flag, Real

LIGHTS = {"two": Light(colours=(GREEN, RED)), "three": Light()}
EVEN = np.sqrt(3.0)  # half width of an even distribution, of its standard deviation


@final
@dataclass(frozen=True, slots=True, eq=False)
class Lights:
    """All feeders' lights over the day, and what their operators planned for after them."""

    planned: Planned
    lit: tuple[Lit, ...]  # (feeder)


def under_lights(fleet: Fleet, scene: Scene, planned: Planned, light: Light) -> Lights:
    """The plan after all lights; the exchange is told upwards where links are up."""
    found = tuple(lit(light, watch_of(fleet, scene, planned, light, k)) for k in range(len(scene.network.feeders)))
    y = tuple(each.y for each in found)
    told = np.stack([np.where(scene.lost, 0.0, each.bought.sum(1)) for each in found], -1)
    plan = followed(scene.network, planned.plan.z - told)
    changed = sum(float((scene.asked_here[k] * (a - b)).sum()) for k, (a, b) in enumerate(zip(y, planned.y, strict=True))) * scene.network.hours
    paper = planned.paper - planned.plan.cost + plan.cost + changed
    bought, commanded = tuple(each.bought for each in found), sum(each.measures.red_mwh for each in found)
    after = replace(planned, y=y, plan=replace(plan, y=planned.plan.y), paper=paper, commanded=commanded, bought=bought)
    return Lights(after, found)


def watch_of(fleet: Fleet, scene: Scene, planned: Planned, light: Light, k: int) -> Watch:
    """What one feeder's light looks at."""
    f, actual = scene.network.feeders[k], scene.actual.feeders[k]
    mine = reached(fleet)[fleet.unit_of[k]]
    here = np.clip(planned.y[k], f.steps.least, f.steps.most)
    offered = Offered(np.where(mine, f.steps.least, here), np.where(mine, f.steps.most, here), scene.asked_here[k], f.steps.unit)
    seen = watch_over(
        f, actual, here, asked=np.zeros_like(here), energy=planned.plan.price[:, k], light=light, hours=scene.network.hours
    )  # fmt: skip
    return replace(seen, offered=offered, band=band_of(f, here))


def reached(fleet: Fleet) -> Flag:
    """Units (unit) that the distribution operator instructs, by dispatch or control."""
    nodes = [c.customer for c in fleet.play.classes if c.network or c.control or c.through]
    return np.isin(fleet.node, nodes)


def band_of(f: Feeder, here: Real) -> Band:
    """Errors of forecasts: all loads of a feeder together, and whatever sun or wind drives by itself, which can only fall short of its set-point."""
    load = f.sheddable.sum(1)
    share = f.sheddable.sum(0) / max(float(f.sheddable.sum()), 1e-12)
    free = np.flatnonzero((f.steps.price == 0) & (f.steps.most > 0).any(0))
    h = np.concatenate([-(f.wires.h_shed @ share)[:, None], f.wires.h[:, free]], axis=1)
    width = EVEN * LOAD_ERROR * load[:, None]
    short = EVEN * SUN_ERROR * np.maximum(here[:, free], 0.0)
    return Band(h, np.concatenate([-width, -short], axis=1), np.concatenate([width, np.zeros_like(short)], axis=1))
