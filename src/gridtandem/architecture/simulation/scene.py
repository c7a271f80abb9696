"""A scenario: what is, what each side believes, what links do, and whom somebody has broken into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.architecture.simulation.day import Day
from gridtandem.study.market.study import MarketStudy
from gridtandem.tables import Flag, Real

LOAD_ERROR, SUN_ERROR = 0.10, 0.20  # spread of what comes about what was forecast, by feeder and hour
FULL_ACTIVATION_S = 750.0  # by when an instruction must be carried out: full activation of manual frequency restoration reserve in Europe


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Scene:
    """One day as it comes, and as it is seen. Units and steps are the same in all three."""

    name: str
    actual: Day
    network: Day  # what distribution operators plan with
    physical: MarketStudy  # the grid itself, on which it is judged
    bulk: Day  # models of distribution as who clears the bulk market holds them, where they reach it
    asked: tuple[Real, ...]  # (feeder)(period, step) prices asked of whoever buys from afar [currency/MWh]
    asked_here: tuple[Real, ...]  # the same, of a distribution operator that has nobody else
    lost: Flag  # (period) links between tiers 1 and 2 are down
    heavy: bool = False  # delays in the hands of tier 3 have a heavy tail
    broken_into: bool = False  # the worst node of tier 3 or 4 is in foreign hands
    loads: Real | float = 1.0  # (period, transmission and feeders) what loads come to, of their forecast
    ideal: float = float("nan")  # least cost that one owner of all models reaches on the day as it comes [currency]
    ideal_size: int = 0  # unknowns and rows of his problem
    seed: int = 0

    @staticmethod
    def nominal(day: Day, physical: MarketStudy | None = None, *, seed: int = 0) -> Scene:
        """Everybody knows what is."""
        asked = tuple(np.broadcast_to(f.steps.price, f.steps.least.shape) for f in day.feeders)
        nothing = np.zeros(day.periods, bool)
        return Scene(
            name="nominal",
            actual=day,
            network=day,
            bulk=day,
            physical=day.study if physical is None else physical,
            asked=asked,
            asked_here=asked,
            lost=nothing,
            seed=seed,
        )
