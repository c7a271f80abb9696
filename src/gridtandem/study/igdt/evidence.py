r"""What draws of the forecast error say: none inside a band may cross its budget, some outside of it do.

A draw moves every free unit and hour by :math:`\delta = a\, w\, (c\, m + (1 - c)\, u)` of its forecast, with a the level, w the weight of its
technology, m and u uniform between −1 and 1, m once for the whole draw and u for each unit and hour, and :math:`c = 1 - r^2`, r uniform between 0 and
1: from errors that all go one way to errors that have nothing to do with each other. Inside, a is α; outside, it lies between α and twice that.
Demand, where it is uncertain, moves likewise, once for each hour. To cross means to cost more than what robustness keeps, or no more than what
opportunity asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from gridtandem.opf.leader import THETA
from gridtandem.program.between import at
from gridtandem.program.bilevel import best_against
from gridtandem.study.igdt.uncertain import LOWEST, Uncertain
from gridtandem.tables import Real

Draw: TypeAlias = Mapping[str, ArrayLike]
WIDER = 2.0  # times α: how far draws from outside go
CROSSED = 1e-6  # relative to the budget; nearer to it is rounding


def draw(uncertain: Uncertain, level: float, rng: np.random.Generator) -> Draw:
    """A point of the band of that level, as shares of the way to its worse end, by block of the company's program."""
    common, alike = rng.uniform(-1, 1), 1 - rng.uniform() ** 2

    def error(shape: tuple[int, ...]) -> Real:
        """Positive: more."""
        return level / LOWEST * (alike * common + (1 - alike) * rng.uniform(-1, 1, shape))

    shares: dict[str, ArrayLike] = {}
    for g, feeder in enumerate(uncertain.feeders):
        shares[f"feeder{g}.x"] = -error(feeder.program.columns["x"].shape)
        demand = error((feeder.window.periods, 1))
        shares |= {f"feeder{g}.balance": demand[:, 0], f"feeder{g}.limit": demand}
    return shares


def cost_of(uncertain: Uncertain, shares: Draw) -> float:
    """What the company's best strategy costs at a draw."""
    return best_against(at(uncertain.forecast, uncertain.ends[0], shares), THETA, uncertain.cells).require().total


def crossings(uncertain: Uncertain, side: int, radius: tuple[float, float], *, samples: int, rng: np.random.Generator) -> tuple[int, int]:
    """How many of so many draws inside the band cross, and how many of as many from outside; ``radius`` is α and its budget."""
    alpha, budget = radius
    room = CROSSED * max(1.0, abs(budget))
    levels = rng.uniform(alpha, max(min(WIDER * alpha, LOWEST), alpha), samples)
    inside = [cost_of(uncertain, draw(uncertain, min(alpha, LOWEST), rng)) for _ in range(samples)]
    outside = [cost_of(uncertain, draw(uncertain, level, rng)) for level in levels.tolist()]
    if side == 0:
        return sum(c > budget + room for c in inside), sum(c > budget + room for c in outside)
    return sum(c < budget - room for c in inside), sum(c < budget - room for c in outside)
