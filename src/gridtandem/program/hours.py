"""A program over a day, hour by hour: every block lies (hour, …), and what ties hours together is a row with entries of two of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy import sparse

from gridtandem.program.arrays import Columns, Cones, Matrix, Program, Rows


def tied(program: Program, hours: int) -> tuple[str, ...]:
    """Blocks of rows or cones that tie hours together."""
    parts = {name: block.parts for name, block in program.rows.items()} | {name: block.parts for name, block in program.cones.items()}
    return tuple(name for name, part in parts.items() if any(_astray(m, hours) for m in part.values()))


def hourly(program: Program, hours: int) -> Iterator[Program]:
    """The program of each hour, without blocks of rows that tie hours together: it allows no less than the day does."""
    ties = tied(program, hours)
    for t in range(hours):
        yield Program(
            {k: _columns(c, t) for k, c in program.columns.items()},
            {k: Rows(r.low[t : t + 1], r.high[t : t + 1], _parts(r, t, hours)) for k, r in program.rows.items() if k not in ties},
            {k: _cones(c, t, hours) for k, c in program.cones.items() if k not in ties},
            program.constant / hours,
        )


def _columns(c: Columns, t: int) -> Columns:
    return replace(c, low=c.low[t : t + 1], high=c.high[t : t + 1], cost=c.cost[t : t + 1], quadratic=c.quadratic[t : t + 1])


def _cones(c: Cones, t: int, hours: int) -> Cones:
    size = len(c.right) // hours
    return Cones(c.right[t * size : (t + 1) * size], _parts(c, t, hours))


def _parts(block: Rows | Cones, t: int, hours: int) -> dict[str, Matrix]:
    return {k: _within(m, t, hours) for k, m in block.parts.items()}


def _within(part: Matrix, t: int, hours: int) -> Matrix:
    height, width = (size // hours for size in part.shape)
    return sparse.csr_array(part[t * height : (t + 1) * height, t * width : (t + 1) * width])


def _astray(part: Matrix, hours: int) -> bool:
    """Whether an entry belongs to two hours."""
    coo = part.tocoo()
    height, width = (max(size // hours, 1) for size in part.shape)
    return any(size % hours for size in part.shape) or bool(np.any(coo.row // height != coo.col // width))
