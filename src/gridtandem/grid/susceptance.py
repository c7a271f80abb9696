r"""What a DC network is made of: one susceptance for each branch, :math:`b = 1 / (x\,m)` with reactance x and ratio m. [per unit]"""

from __future__ import annotations

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Real


def susceptance(nodal: Nodal) -> Real:
    """Susceptance b of each branch; the magnitude of the ratio counts, its angle is the shift. [per unit]"""
    br = nodal.branches
    if len(bad := np.flatnonzero(br.z.imag == 0)):
        kind = np.where(br.kind[bad] == 0, "line", "transformer")
        said = [f"{k} in row {r + 1} has no reactance" for k, r in zip(kind, br.row[bad], strict=True)]
        raise InvalidCase([Fault("branches", s, "DC flow needs one; use the AC load flow, or a tie", "case-034", place=nodal.name) for s in said])
    return np.asarray(1 / (br.z.imag * abs(br.ratio)))
