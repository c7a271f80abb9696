r"""What the day would cost in one market that sees every network, against which every scheme is held.

Prices alone can prove it. With any prices λ of the exchange z, transmission and feeders left to them bear together

.. math:: \underline c(\lambda) = \min_{z, x_T} \bigl(c_T - \lambda^\top z\bigr) + \sum_d \min_{z_d, x_d} \bigl(c_d + \lambda_d^\top z_d\bigr),

and no plan of the joint market costs less (weak duality: z drops out where both sides agree on it). What plans cost beyond that is the sum of what
each company regrets at its prices. Where that is nothing, the plans are an optimum of the joint market and its program need not be solved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from gridtandem.parties.pool import Pool
from gridtandem.program.answer import Status
from gridtandem.tables import Real

PROVED = 1e-9  # of the cost: regret below which plans are an optimum

Benchmark = Literal["prices", "joint"]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Ideal:
    """An optimum of the joint market; NaN where there is none."""

    cost: float
    z: Real  # (period, interface) [MW]
    price: Real
    slack: float = 0.0  # how far feeders with losses are from a load flow there


def proved(cost: float, regret: Sequence[float], z: Real, price: Real) -> Ideal | None:
    """By prices; None where they leave a gap. The cost is the lower bound."""
    beyond = float(np.sum(regret))
    return Ideal(cost - max(beyond, 0.0), z, price) if abs(beyond) <= PROVED * max(1.0, abs(cost)) else None


def joint(pool: Pool) -> Ideal:
    """By the program of everything."""
    found, w = pool.solve(), pool.wholesale
    if found.status is not Status.SOLVED:
        nowhere = np.full((w.window.periods, len(pool.feeders)), np.nan)
        return Ideal(np.nan, nowhere, nowhere)
    slack = [float(f.physics.slack(pool.part(found, i)).max()) for i, f in enumerate(pool.feeders) if f.physics is not None]
    return Ideal(found.cost, found.x["tso.z"], found.price["tso.balance"][:, w.at] / w.window.hours, max(slack, default=0.0))
