r"""Exact cost curves of all periods of a feeder at once, by `gridtandem.opf.kernels_curve`.

A feeder whose periods do not hang together has the same matrix in each of them: resources by the rows of their own and by the limits within reach.
Bounds, sides of rows and costs differ and lie as arrays (period, …). Exchange is left out, since export is what resources give less what is drawn
in any case:

.. math:: e_t = a^\top x_t + \sum_n (p^{fixed} - p^{load})_{tn}

Curves that the walk gives up, or that its certificate leaves open by more than `EXACT`, are None and counted by the caller, who searches them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from typing import final

import numpy as np

from gridtandem.kernels import kernel
from gridtandem.opf.common import names
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.value_curve import EXACT
from gridtandem.program.arrays import Matrix, Program, Rows
from gridtandem.tables import Code, Flag, Index, Real

POINTS = 8  # of a curve, for each unknown and 8 besides: room, not a limit of the method


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Reduced:
    """A feeder without its exchange: rows scaled to a largest entry of 1, the first for bounds of the exchange itself."""

    matrix: Real  # (row, unknown)
    give: Real  # (unknown) export of one unit
    cost: Real  # (period, unknown) [currency/h]
    low: Real
    high: Real
    row_low: Real  # (period, row)
    row_high: Real
    there: Real  # (period) export when all unknowns are 0 [MW]
    constant: float  # [currency/h]

    @staticmethod
    def of(problem: FeederProblem) -> Reduced | None:
        """None where periods hang together, are not alike in their matrix, or cost rises within a step."""
        program, periods, hours = problem.program, problem.window.periods, problem.window.hours
        if problem.owned.coupled or program.quadratic or program.cones:
            return None
        columns = {k: c for k, c in program.columns.items() if k != "z"}
        rows = {k: r for k, r in program.rows.items() if k != "balance"}
        sizes = tuple((k, c.low.size // periods) for k, c in columns.items())
        key = ("wide", periods, sizes, *((k, r.low.size, names(r.parts)) for k, r in program.rows.items()))
        found = problem.common.once(key, lambda: _wide(program, dict(sizes), periods), program)
        if found is None:
            return None
        matrix, give, scale = found

        def side(what: str, blocks: Sequence[object]) -> Real:
            return np.concatenate([np.empty((periods, 0)), *(getattr(b, what).reshape(periods, -1) for b in blocks)], axis=1)

        there, z = problem.p_there.sum(-1), program.columns["z"]
        unknowns, held = list(columns.values()), [Rows.of((periods, 1), -(z.high + there)[:, None], -(z.low + there)[:, None], {}), *rows.values()]
        return Reduced(
            matrix=matrix, give=give, cost=side("cost", unknowns) / hours,
            low=side("low", unknowns), high=side("high", unknowns), row_low=side("low", held) * scale, row_high=side("high", held) * scale,
            there=there, constant=problem.owned.steps.constant,
        )  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Swept:
    """Curves of all periods of a feeder as the kernel leaves them (period, point)."""

    export: Real  # [MW]
    cost: Real  # [currency/h]
    count: Index  # (period) points
    error: Real  # (period) certified, relative to max(1, size of cost)
    miss: Real  # (period) by which a bound or a scaled row is missed
    status: Code  # (period) see `gridtandem.opf.kernels_curve`
    steps: Index  # (period) pivots and flips

    @property
    def certified(self) -> Flag:
        """Which curves can be relied on."""
        return np.asarray((self.status == 0) & (self.error <= EXACT) & (self.miss <= EXACT))


def swept(problem: Reduced) -> Swept:
    """Walk all periods."""
    (periods, size), rows = problem.low.shape, len(problem.matrix)
    room = POINTS * (size + 8)
    export, cost = np.zeros((periods, room)), np.zeros((periods, room))
    count, steps, status = np.zeros(periods, np.int64), np.zeros(periods, np.int64), np.zeros(periods, np.int8)
    error, miss = np.zeros(periods), np.zeros(periods)
    turned = np.ascontiguousarray(problem.matrix.T).reshape(size, rows)
    kernel("opf.kernels_curve", "walk_all")(
        problem.matrix, turned, problem.give, problem.cost, problem.low, problem.high, problem.row_low, problem.row_high,
        export, cost, count, error, miss, status, steps,
    )  # fmt: skip
    export += problem.there[:, None]
    cost += problem.constant
    return Swept(export=export, cost=cost, count=count, error=error, miss=miss, status=status, steps=steps)


def swept_all(problems: Sequence[FeederProblem], *, threads: int = 0) -> Iterator[Swept | None]:
    """Many feeders on several threads (0: one for each processor); the same bits for any number. None where a feeder is not one for the walk."""
    count = threads or cpu_count() or 1
    if count == 1 or len(problems) == 1:
        yield from map(_one, problems)
        return
    with ThreadPoolExecutor(count) as pool:
        yield from pool.map(_one, problems)


def _one(problem: FeederProblem) -> Swept | None:
    reduced = Reduced.of(problem)
    return None if reduced is None else swept(reduced)


def _wide(program: Program, sizes: Mapping[str, int], periods: int) -> tuple[Real, Real, Real] | None:
    """Scaled matrix of a period, export of one unit, and the scale of each row; None where periods are not alike."""
    blocks = {k: {name: _first(m, periods) for name, m in r.parts.items() if name != "z"} for k, r in program.rows.items()}
    if any(m is None for parts in blocks.values() for m in parts.values()):
        return None

    def wide(name: str) -> Real:
        height, parts = program.rows[name].low.size // periods, blocks[name]
        every = [np.zeros((height, size)) if (m := parts.get(k)) is None else m for k, size in sizes.items()]
        return np.concatenate([np.empty((height, 0)), *every], axis=1)

    give = wide("balance")[0]
    matrix = np.concatenate([give[None], *(wide(k) for k in program.rows if k != "balance")])
    largest = np.abs(matrix).max(1, initial=0.0)
    scale = np.where(largest > 0, 1 / np.where(largest > 0, largest, 1.0), 1.0)
    return np.ascontiguousarray(matrix * scale[:, None]), give, scale


def _first(m: Matrix, periods: int) -> Real | None:
    """The block of the first period of a matrix that has the same in each, and nothing beside; None where it has not."""
    height, width = m.shape[0] // periods, m.shape[1] // periods
    if m.nnz % periods:
        return None
    m = m if m.has_sorted_indices else m.sorted_indices()
    entries = np.diff(m.indptr).reshape(periods, height)
    column, value = m.indices.reshape(periods, -1) - width * np.arange(periods)[:, None], m.data.reshape(periods, -1)
    alike = (entries == entries[0]).all() and (column == column[0]).all() and (value == value[0]).all()
    if not alike or (column[0] < 0).any() or (column[0] >= width).any():
        return None
    out = np.zeros((height, width))
    out[np.repeat(np.arange(height), entries[0]), column[0]] = value[0]
    return out
