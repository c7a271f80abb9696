"""What a letter's curves say at given voltages, and their further pieces by scenario."""

from __future__ import annotations

import numpy as np

from gridtandem.boundary.letters import Bends, PowerCurve
from gridtandem.tables import Flag, Index, Real


def curve_at(draw: PowerCurve, v: Real) -> Real:
    """Powers (scenario, period, interface, 2) that curves say at voltages (scenario, period, interface). [MW, Mvar]"""
    low, high, c = in_force(draw, v)
    u = ((2 * v - low - high) / (high - low))[..., None]
    before, now = np.ones_like(u), u
    out = c[..., 0] * before
    for k in range(1, c.shape[-1]):
        out = out + c[..., k] * now
        before, now = now, 2 * u * now - before
    return np.asarray(out, np.float64)


def in_force(draw: PowerCurve, v: Real) -> tuple[Real, Real, Real]:
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


def scenarios(bends: Bends, rows: Index) -> Bends:
    """Pieces of these scenarios, numbered as they stand in ``rows``."""
    at = [np.flatnonzero(bends.scenario == r) for r in rows.tolist()] if len(bends.knot) else []
    where = np.concatenate([np.empty(0, np.int64), *at])
    number = np.repeat(np.arange(len(at)), [len(k) for k in at])
    return _ordered(Bends(number, bends.period[where], bends.interface[where], bends.knot[where], bends.c[where]))


def overlaid(old: Bends, new: Bends, rows: Index) -> Bends:
    """The old pieces with those of these scenarios from the new ones."""
    stay, come = ~np.isin(old.scenario, rows), np.isin(new.scenario, rows)
    if not come.any() or not stay.any():
        return _taken(new, come) if come.any() else _taken(old, stay)
    a, b = _taken(old, stay), _taken(new, come)
    scenario, period, interface = (np.concatenate(n) for n in ((a.scenario, b.scenario), (a.period, b.period), (a.interface, b.interface)))
    return _ordered(Bends(scenario, period, interface, np.concatenate([a.knot, b.knot]), np.concatenate([a.c, b.c])))


def _taken(b: Bends, which: Index | Flag) -> Bends:
    return Bends(b.scenario[which], b.period[which], b.interface[which], b.knot[which], b.c[which])


def _ordered(b: Bends) -> Bends:
    return _taken(b, np.lexsort((b.knot, b.period, b.scenario, b.interface)))
