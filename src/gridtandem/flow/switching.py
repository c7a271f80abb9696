"""A load flow whose interfaces draw along curves with knots: which piece of each is in force.

Written rule. Newton solves with one piece of each curve, which goes on along its tangents beyond its ends. Then every interface whose voltage lies
beyond an end of its piece takes the neighbour on that side, and Newton goes on from where it stands. It ends when every voltage lies in its piece.

An interface whose two solutions on both sides of a knot are less than `SAME` apart stands on the knot, and either piece says the same. One that has
turned back `TURNS` times stays where it is: where a draw jumps, there may be no voltage that satisfies both sides, and that is the answer then. Every
interface walks past each piece at most once between two turns, so the rule ends.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridtandem.flow.draw import Draw, Pieces
from gridtandem.flow.newton import Newton, Solution
from gridtandem.tables import Complex, Index, Real
from gridtandem.units import MVA

SAME = 1e-9  # per unit; voltages closer than this are one
TURNS = 4  # times an interface may turn back; others may have pushed it


def settled(newton: Newton, pieces: Pieces, start: Complex | None, *, loads: float, units: float | Real) -> Solution:
    """Load flow with the pieces in which voltages lie, the first of them chosen at ``start``. Not converged where a draw jumps past every answer."""
    piece = pieces.at(np.abs((newton.begin if start is None else start)[pieces.node]))
    way, turned, before = np.zeros(len(piece), np.int64), np.zeros(len(piece), np.int64), np.full(len(piece), np.nan)
    while True:
        found = newton.solve(start=start, draw=pieces.draw(piece), loads=loads, units=units)
        if not found.converged:
            return found
        v = np.abs(found.v[pieces.node])
        wish = np.sign(pieces.at(v) - piece)
        back = wish * way < 0
        wish[back & (np.abs(v - before) <= SAME)] = 0
        turned += back & (wish != 0)
        go = (wish != 0) & (turned < TURNS)
        if not go.any():
            return found if not wish.any() else _nowhere(newton, found, pieces, (piece, wish))
        piece, way, before, start = piece + wish * go, np.where(go, wish, way), v, found.v


def _nowhere(newton: Newton, found: Solution, pieces: Pieces, stuck: tuple[Index, Index]) -> Solution:
    """No solution, and the sentence that says where the first jump is; ``stuck``: pieces in force, and which neighbours they ask for."""
    piece, wish = stuck
    i = int(np.flatnonzero(wish)[0])
    here, there = int(piece[i]), int(piece[i] + wish[i])
    knot = float(pieces.low[max(here, there)])
    below, above = (Draw(node=pieces.node[[i]], low=pieces.low[[k]], high=pieces.high[[k]], c=pieces.c[[k]]) for k in sorted((here, there)))
    jump = complex((above.each(np.array([knot]))[0] - below.each(np.array([knot]))[0])[0]) * MVA
    said = (
        f"at {newton.nodal.named(pieces.node[[i]])} what the feeder draws jumps by {jump.real:.3g} MW and {jump.imag:.3g} Mvar where the voltage "
        f"passes {knot:.6g} pu, and the voltage lies on the other side whichever draw is taken; hold the taps (taps = hold), or take scheme merged, "
        f"where a transformer keeps its position within its dead band"
    )
    nowhere = {name: np.full_like(getattr(found, name), np.nan) for name in ("v", "unit_s", "ratio", "fixed_s")}
    return replace(found, **nowhere, converged=False, mismatch=np.inf, slack=np.nan, trouble=said)
