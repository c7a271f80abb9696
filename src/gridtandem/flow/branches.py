"""Flows in branches, from voltages."""

from __future__ import annotations

import numpy as np

from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Complex


def branch_power(nodal: Nodal, v: Complex, ratio: Complex | None = None) -> tuple[Complex, Complex]:
    r"""Power into every branch at its from and its to end, ``ratio`` as after control. [per unit]

    .. math:: S_f = V_f \overline{\left[(y + jb/2) V_f / |t|^2 - y V_t / \bar t\right]}, \qquad
              S_t = V_t \overline{\left[(y + jb/2) V_t - y V_f / t\right]}

    Source: MATPOWER User's Manual, branch model.
    """
    br = nodal.branches
    t = br.ratio if ratio is None else ratio
    y, own = 1 / br.z, 1 / br.z + 0.5j * br.b
    a, b = v[br.start], v[br.end]
    s_from = a * np.conj(own * a / np.abs(t) ** 2 - y * b / t.conj())
    s_to = b * np.conj(own * b - y * a / t)
    return np.asarray(s_from, np.complex128), np.asarray(s_to, np.complex128)
