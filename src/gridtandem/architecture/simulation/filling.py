r"""Progressive filling: everybody grows at one speed until a limit stops him; who is stopped stays, the others go on.

For widths w of ways to grow, limits that they only ever use up, and room,

.. math:: A w \le s, \quad 0 \le w \le \overline w, \qquad A \ge 0,

the result is max-min fair: no width can grow without making a smaller or equal one smaller. Steps that may go up and down are two ways each; a limit
on :math:`H y` from above is used up by going up where :math:`H > 0` and by going down where :math:`H < 0`, so effects of mixed sign need no other
arithmetic, and the corner of a box that is worst for a limit is the one that its row of A adds up.

Source: D. Bertsekas, R. Gallager, "Data Networks", 2nd ed., Prentice Hall 1992, §6.5.2. Newton's method finds the level at which the next limit is
reached: use rises ever more slowly with the level, as ways run out of room, so each step stays before the limit and the last one meets it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridtandem.tables import Flag, Real

if TYPE_CHECKING:
    from gridtandem.architecture.simulation.day import Wires

TIGHT = 1e-10  # MW of growth for all; a limit that allows no more is reached


def filled(a: Real, slack: Real, room: Real) -> Real:
    """Widths (period, way) for limits a (limit, way) with slack (period, limit) and room (period, way)."""
    width, level = np.zeros_like(room), np.zeros(len(room))
    slack, uses, still = np.maximum(slack, 0.0), a > 0, room > 0
    while still.any():
        width = np.where(still, np.minimum(room, level[:, None]), width)
        left, rate = slack - width @ a.T, still @ a.T
        tight = (left <= TIGHT * np.maximum(1.0, rate)) & (rate > 0)
        still = still & (width < room) & ~(tight @ uses)
        rate = still @ a.T
        way = np.divide(left, rate, out=np.full_like(left, np.inf), where=rate > 0)
        level = level + np.maximum(way.min(axis=1, initial=np.inf), 0.0)
    return width


def both_ways(h: Real) -> Real:
    """Use of (upper sides, then lower sides) by (going up, then going down), for effects (row, step)."""
    up, down = np.maximum(h, 0.0), np.maximum(-h, 0.0)
    return np.block([[up, down], [down, up]])


def slack_of(wires: Wires, value: Real) -> Real:
    """How far rows (period, row) are from their upper and then from their lower sides."""
    return np.concatenate([wires.high - value, value - wires.low], axis=1)


def grown(h: Real, slack: Real, box: tuple[Real, Real], within: tuple[Real, Real], *, frozen: Flag | None = None) -> tuple[Real, Real]:
    """A box (lowest, highest) grown within bounds, with this slack at its worst corners; ``frozen`` (period, both ways) do not grow."""
    (low, high), (least, most) = box, within
    room = np.maximum(np.concatenate([most - high, low - least], axis=1), 0.0)
    up, down = np.split(filled(both_ways(h), slack, room if frozen is None else np.where(frozen, 0.0, room)), 2, axis=1)
    return np.maximum(low - down, least), np.minimum(high + up, most)
