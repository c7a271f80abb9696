"""Architectures: judging all published ones, simulating many of them, and one of each family with more and more DERs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from gridtandem.architecture.catalogue import architecture, published
from gridtandem.architecture.simulation.campaign import Campaign
from gridtandem.architecture.simulation.derived import derived
from gridtandem.architecture.simulation.physics import Judge
from gridtandem.architecture.simulation.run import One, judge_of, simulated
from gridtandem.architecture.simulation.scenarios import Setting, scene_of
from gridtandem.architecture.simulation.scene import Scene
from gridtandem.architecture.verdicts.judged import judge
from gridtandem.cases.named import case
from gridtandem.tables import Real

Work = Callable[[], Real]
Prepare = Callable[[], Work]
CASE = "four-feeders"
SCENARIOS = ("nominal", "stale-model", "lost-link", "compromised", "der-x10")
MANY = 20
DRAWS = 300
NOON = 13  # period in which units are many
FAMILIES = {"TotalTSO": "R1", "Hybrid": "AU4", "TotalDSO": "R3", "Market": "UK5", "Merged": "JP1"}
TIMES = {1: "nominal", 10: "der-x10", 100: "der-x100"}


def judged() -> Work:
    """All verdicts of all published architectures with draws; answers their scores."""
    graphs = published()

    def work() -> Real:
        return np.array([v.score for g in graphs for v in judge(g, draws=DRAWS).verdicts.values()])

    return work


def days() -> Work:
    """Architectures of all families under all scenarios of the usual five over a day; answers costs."""
    every = published()
    graphs = tuple(every[round(k)] for k in np.linspace(0, len(every) - 1, MANY).tolist())
    campaign = Campaign(setting=Setting(case=case(CASE)), architectures=graphs, scenarios=SCENARIOS)
    return lambda: campaign.run().results.cost


@cache
def hour(times: int) -> tuple[Scene, Judge]:
    """One hour of the grid with every DER in so many parts."""
    scene = scene_of(Setting(case=case(CASE), first=NOON, hours=1), TIMES[times])
    return scene, judge_of(scene)


def one(name: str, times: int) -> Callable[[], One]:
    """One architecture in that hour."""
    (scene, ac), play = hour(times), derived(architecture(name))
    return lambda: simulated(play, scene, ac)


def parts(name: str, times: int) -> Prepare:
    """The same as a contender; answers its cost."""

    def prepare() -> Work:
        work = one(name, times)
        return lambda: work().result.cost

    return prepare
