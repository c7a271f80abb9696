"""Sums by place: many loads, units or branches gathered at their nodes."""

from __future__ import annotations

import numpy as np

from gridtandem.tables import Complex, Flag, Index, Real


def summed(place: Index, values: Real | Flag, size: int) -> Real:
    """Values added up by place, in the order in which they stand."""
    return np.asarray(np.bincount(place, values, size), np.float64)


def gathered(place: Index, values: Complex, size: int) -> Complex:
    """Complex values added up by place."""
    return np.asarray(summed(place, values.real, size) + 1j * summed(place, values.imag, size), np.complex128)
