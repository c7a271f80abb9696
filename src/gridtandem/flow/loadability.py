"""How much load a network can carry: the largest factor λ for which the load flow with all loads times λ has a solution.

Found by growing from the heaviest loading solved so far. Each try starts where a straight line through the last two solutions leads; a
step that fails is halved. Near the end voltages move like the root of the distance, so what is left undone shrinks with the step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from gridtandem.flow.draw import Draw
from gridtandem.flow.newton import Newton
from gridtandem.tables import Complex, Real

TOL = 1e-6  # of λ, relative
FIRST = 1 / 4  # first step, of the ceiling


def largest_loading(
    newton: Newton,
    *,
    draw: Draw | None = None,
    fixed_v: Complex | None = None,
    ceiling: float = 1.0,
    generation: Literal["grows", "stays"] = "grows",
    units: Callable[[float], float | Real] | None = None,
) -> float:
    """Largest λ in [0, ceiling] with a load flow, to 1e-6 relative; NaN where not even the unloaded network has one.

    ``generation``: the scheduled active power of units grows with the loads, or stays; ``units`` says it in full, as a factor for all or for
    each at a loading. The rest comes from where the voltage is given.
    Interfaces draw along their curves at every λ. A λ returned below the ceiling was solved; the next step, however short, was not.
    """

    def solved(loading: float, start: Complex | None) -> Complex | None:
        factor = units(loading) if units is not None else loading if generation == "grows" else 1.0
        found = newton.solve(start=start, fixed_v=fixed_v, draw=draw, loads=loading, units=factor)
        return found.v if found.converged else None

    if solved(ceiling, None) is not None:
        return ceiling
    if (v := solved(0.0, None)) is None:
        return np.nan
    reached, step, growth = 0.0, FIRST * ceiling, np.zeros_like(v)
    while step > TOL * max(reached, TOL):
        loading = min(reached + step, ceiling)
        further = solved(loading, v + growth * (loading - reached))
        if further is None:
            step /= 2
        elif loading == ceiling:
            return ceiling
        else:
            growth = (further - v) / (loading - reached)
            reached, v = loading, further
    return reached


def carried(who: str, most: float, loading: float) -> str:
    """How much of a loading can be served, grown from nothing; feeders' own units keep their schedule."""
    if not most > 0:
        return f"{who} has none without any load either: look at the schedule of units"
    if most >= loading:
        return f"{who} does have one when the load is grown step by step from nothing: it lies close to the limit"
    return f"{who} carries at most λ = {most / loading:#.4g} of this loading"
