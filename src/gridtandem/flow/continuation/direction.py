r"""What grows, and how fast: power of loads and units as a function of the growth λ.

.. math:: S_i(\lambda, |V|) = (S_{i0} + \lambda\,\Delta S_i)\,(|V|/V_0)^{n}, \qquad P_g(\lambda) = P_{g0} + \lambda\,\Delta P_g

The usual case is :math:`\Delta S = k S_0`: loads times (1 + λk).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from gridtandem.errors import Fault
from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Complex, Real

Generation = Literal["grows", "stays", "shared"]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Direction:
    """Growth for each unit of λ. [per unit]"""

    loads: Complex  # (load) at its calibration voltage
    units: Real  # (unit) scheduled active power

    @staticmethod
    def of(nodal: Nodal, *, loads: float | Real = 1.0, units: float | Real = 1.0, generation: Generation = "grows", others: float = 0.0) -> Direction:
        """Loads and schedules times (1 + λ k), with k ``loads`` and ``units``, each one for all or one each.

        ``generation`` stays: only the balance grows; shared: units take the growth of loads in proportion to ``units`` times what they are
        scheduled for, that of ``others`` elsewhere too; the reference unit takes its part of it and of the losses.
        """
        s, u = np.asarray(nodal.loads.s * np.asarray(loads), np.complex128), nodal.units
        p = np.asarray(u.s.real * np.asarray(units), np.float64)
        if generation == "stays":
            p = np.zeros_like(p)
        elif generation == "shared":
            part = np.maximum(p, 0.0)
            p = part * ((s.real.sum() + others) / part.sum() if part.any() else 0.0)
        return Direction(loads=s, units=p)

    def faults(self, nodal: Nodal, *, elsewhere: bool = False) -> Iterator[Fault]:
        """What speaks against a continuation of this network this way; ``elsewhere``: loads of others grow, which are followed together with it."""
        place = nodal.name
        moving = (nodal.units.control != REFERENCE) & (self.units != 0)
        if not (elsewhere or np.abs(self.loads).any() or moving.any()):
            yield Fault("loads", "do not grow: the direction is zero", "let some load or unit grow", "margin-001", place=place)
        if not (np.isfinite(self.loads).all() and np.isfinite(self.units).all()):
            yield Fault("loads", "grow by something that is not a number", "give finite factors", "margin-002", place=place)
        yield from law_faults(nodal)


def law_faults(nodal: Nodal) -> Iterator[Fault]:
    """Loads that no continuation can take."""
    law = nodal.loads
    rows = np.flatnonzero((law.exponent < 0).any(-1) & (np.abs(law.s) > 0))
    if len(rows):
        mend = "a load that takes more as its voltage falls has no margin; give exponents of 0 or more"
        yield Fault("loads", f"at {nodal.named(law.node[rows])}: negative exponent", mend, "margin-003", place=nodal.name)
