"""Least cost of a small feeder for every exchange: the walk along its curve beside ppopt, which divides the range of a parameter into regions.

ppopt asks for gurobipy, whose free licence is for small programs, so it lives in an environment of its own and is handed the arrays that the walk is
(`bench/ppopt_side.py`). Its methods differ widely and none solves everything; one that gives no answer, or leaves gaps, is told as such.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import final

import numpy as np

from bench import markets
from bench.apart import elsewhere
from gridtandem.cases.named import case
from gridtandem.grid.devices import Flexible, Follows, Profiles
from gridtandem.grid.network import Network
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.forms.lindist import Flow
from gridtandem.opf.swept import Reduced, swept
from gridtandem.resources.part import Window
from gridtandem.tables import Real

SIDE = Path(__file__).with_name("ppopt_side.py")
METHODS = ("geometric", "combinatorial", "graph")
NIGHT = 0.5  # of the load; at the peak these units alone cannot hold voltages
LIMIT_S, SMOKE_S = 30, 3  # of processor time, for a method and run; where it only has to be seen to work
LOOKS = 1001  # exports at which answers are compared
Later = Callable[[], Callable[[], Callable[[], Real]]]


@final
@dataclass(frozen=True, slots=True)
class Regions:
    """ppopt on a feeder's arrays."""

    problem: Callable[[], Reduced]
    method: str
    peer: str = "ppopt"

    def measured(self, python: Path | None, repeat: int) -> tuple[list[float], Real, str]:
        """Milliseconds of each run, least costs, version."""
        r = self.problem()
        found = elsewhere(python, SIDE, given(r), {"method": self.method, "limit_s": LIMIT_S if repeat > 1 else SMOKE_S, "repeat": repeat})
        return found["ms"].tolist(), found["v"] + r.constant, str(found["version"])


def given(r: Reduced) -> dict[str, Real]:
    """What both are handed."""
    sides = {"cost": r.cost[0], "low": r.low[0], "high": r.high[0], "row_low": r.row_low[0], "row_high": r.row_high[0]}
    return {**sides, "matrix": r.matrix, "give": r.give, "there": r.there[:1], "export": _exports(r)}


def contenders(net: Callable[[], Network], flow: Flow = "apparent") -> dict[str, Later | Regions]:
    """The walk, and the methods of the peer."""
    arrays = partial(problem, net, flow)
    return {"walk": partial(_walk, arrays), **{f"ppopt {method}": Regions(arrays, method) for method in METHODS}}


def problem(net: Callable[[], Network], flow: Flow = "apparent") -> Reduced:
    """One hour of a feeder."""
    found = Reduced.of(FeederProblem.of(net(), 0, Window(), flow=flow))
    assert found is not None
    return found


def golden(model: int) -> Network:
    """A feeder of the small market case."""
    return case("golden-3bus").models[model]


def with_units(units: int) -> Network:
    """The 33-node feeder at night, with its first units alone."""
    net = markets.small()
    points, loads = net.cost_points, net.loads
    return replace(
        net, generators=net.generators.take(np.arange(units + 1)), cost_points=points.take(points.generator <= units), flexible=Flexible.empty(),
        loads=replace(loads, p_mw=NIGHT * loads.p_mw, q_mvar=NIGHT * loads.q_mvar), profiles=Profiles.empty(), follows=Follows.empty(),
    )  # fmt: skip


def _walk(problem: Callable[[], Reduced]) -> Callable[[], Callable[[], Real]]:
    given = problem()
    at = _exports(given)

    def work() -> Callable[[], Real]:
        found = swept(given)
        count = int(found.count[0])
        return lambda: np.interp(at, found.export[0, :count], found.cost[0, :count])

    return work


def _exports(problem: Reduced) -> Real:
    """Where answers are compared: all along the curve, without its ends."""
    found = swept(problem)
    return np.linspace(found.export[0, 0], found.export[0, found.count[0] - 1], LOOKS + 2)[1:-1]
