"""Bases, and per unit there and back. Edge: MW, Mvar, kV, ohm. Inside: per unit on one base of 100 MVA."""

from __future__ import annotations

import numpy as np

from gridtandem.tables import Complex, Real

MVA = 100.0  # the one base inside; a network's own ``base_mva`` matters only to files


def ohm_base(kv: Real) -> Real:
    """Impedance that is 1 per unit at a nominal voltage of ``kv``. [ohm]"""
    return kv**2 / MVA


def power(p_mw: Real, q_mvar: Real) -> Complex:
    """Complex power. [per unit]"""
    return np.asarray((p_mw + 1j * q_mvar) / MVA, np.complex128)


def polar(magnitude: Real, angle: Real) -> Complex:
    """Magnitude · e^(j angle), angle in radians."""
    return np.asarray(magnitude * np.exp(1j * angle), np.complex128)
