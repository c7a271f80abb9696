"""Costs of days against the ideal one: which are the same, who comes where, and how far each lies above it."""

from __future__ import annotations

import numpy as np

from gridtandem.tables import Index, Real

SAME_COST = 1e-6  # of the ideal cost; less is no difference
ROUNDED = 1e-12  # of the ideal cost; what the sum of a day in another order leaves


def ranked_by_cost(cost: Real, ideal: Real) -> Index:
    """1 the cheapest; costs that are the same share a rank, and so do those that are no number, behind all others."""
    told = np.where(np.isnan(cost), np.inf, cost)
    return np.asarray(1 + (told < (told - SAME_COST * np.abs(ideal))[:, None]).sum(1), np.int64)


def above_ideal(cost: Real, ideal: Real) -> Real:
    """How far each cost lies above the ideal one; what comes of rounding alone is 0."""
    above = np.asarray(cost - ideal)
    return np.where(np.abs(above) <= ROUNDED * np.abs(ideal), 0.0, above)
