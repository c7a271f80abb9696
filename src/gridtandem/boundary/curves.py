"""What a letter's curves say at given voltages."""

from __future__ import annotations

import numpy as np

from gridtandem.boundary.letters import PowerCurve
from gridtandem.tables import Real


def curve_at(draw: PowerCurve, v: Real) -> Real:
    """Powers (scenario, period, interface, 2) that curves say at voltages (scenario, period, interface). [MW, Mvar]"""
    low, high, c = _in_force(draw, v)
    u = ((2 * v - low - high) / (high - low))[..., None]
    before, now = np.ones_like(u), u
    out = c[..., 0] * before
    for k in range(1, c.shape[-1]):
        out = out + c[..., k] * now
        before, now = now, 2 * u * now - before
    return np.asarray(out, np.float64)


def _in_force(draw: PowerCurve, v: Real) -> tuple[Real, Real, Real]:
    """Ends and coefficients of the piece in which each voltage lies."""
    bends = draw.bends
    if not len(bends.knot):
        return draw.low, draw.high, draw.c
    row = np.ravel_multi_index((bends.scenario, bends.period, bends.interface), v.shape)
    order = np.lexsort((bends.knot, row))
    row, knot, c = row[order], bends.knot[order], bends.c[order]
    count, first = np.bincount(row, minlength=v.size), np.searchsorted(row, np.arange(v.size))
    passed = np.bincount(row[v.ravel()[row] >= knot], minlength=v.size)
    later, earlier = passed < count, passed > 0
    out = draw.low.ravel().copy(), draw.high.ravel().copy(), draw.c.reshape(v.size, *draw.c.shape[3:]).copy()
    out[0][earlier], out[2][earlier] = knot[(first + passed - 1)[earlier]], c[(first + passed - 1)[earlier]]
    out[1][later] = knot[(first + passed)[later]]
    return out[0].reshape(v.shape), out[1].reshape(v.shape), out[2].reshape(draw.c.shape)
