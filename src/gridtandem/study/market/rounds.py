"""The history of a market run as a table: gap, and lower and upper bound where the scheme keeps them."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from gridtandem.coordinate import Outcome
from gridtandem.study.market.results import MarketRounds
from gridtandem.tables import Real

S = TypeVar("S")


def rounds(outcome: Outcome[S]) -> MarketRounds:
    """One row for each round of the whole run."""
    count = outcome.rounds

    def bound(name: str) -> Real:
        known = np.asarray(getattr(outcome.state, name, ()), float)
        return known if len(known) == count else np.full(count, np.nan)

    return MarketRounds(round=np.arange(1, count + 1), gap=np.asarray(outcome.gaps, float), lower=bound("lower"), upper=bound("upper"))
