"""Units of AC dispatch at the edge and inside: exchanges in MW, Mvar and pu, prices of each, second derivatives; per unit on 100 MVA inside."""

from __future__ import annotations

import numpy as np

from gridtandem.tables import Real
from gridtandem.units import MVA

BASE = np.array([MVA, MVA, 1.0])  # of an exchange (p, q, v)


def priced(price: Real) -> Real:
    """Prices (…, 3) by per unit."""
    return np.asarray(price * BASE)


def unpriced(price: Real) -> Real:
    """Prices (…, 3) by MW, Mvar and pu."""
    return np.asarray(price / BASE)


def outer(base: Real) -> Real:
    """Units of pairs of components."""
    return np.asarray(np.multiply.outer(base, base))


def weighed(bend: Real) -> Real:
    """Second derivatives (…, 3, 3) by per unit."""
    return np.asarray(bend * outer(BASE))
