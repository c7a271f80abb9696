"""The compiled Newton iteration made ready for one topology: order of elimination, pattern of the factors, numbers of the network.

Equations belong to one node each and couple neighbours; what couples further stands in a border (`gridtandem.flow.border`). An iteration whose
pivots fail goes the general way (`gridtandem.flow.iteration`), as does one with too wide a border.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from gridtandem.flow import kernels_shared as ends
from gridtandem.flow.border import Border
from gridtandem.flow.iteration import DIVERGES, STUCK, Problem, Trial, slow
from gridtandem.flow.jacobian import Pattern, Wiring
from gridtandem.flow.roles import Roles
from gridtandem.flow.sums import gathered
from gridtandem.grid.graph import minimum_degree
from gridtandem.grid.nodal import LoadLaw, Nodal
from gridtandem.kernels import kernel
from gridtandem.tables import Complex, Index, Real

Small = NDArray[np.int32]  # half the memory of an Index, read once per product


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Blocks:
    """Arrays as `gridtandem.flow.kernels_newton` takes them; ``place`` of a node in the elimination, given nodes last."""

    order: Index  # node at each place
    place: Index
    entry: Index  # of the admittance, for each entry off the diagonal
    diagonal: Index  # of the admittance, for each place
    lines: tuple[Index, Small, Small]  # at, column, slot
    factors: tuple[Index, Index, Small, Small]  # start, diagonal, column, tape
    ratio: Complex  # for which ``values`` hold
    values: tuple[Real, Real]  # admittance off and on the diagonal
    drawn: Complex  # (node) by loads that know no voltage
    law: tuple[Index, Real]  # place of each other load; its law

    @staticmethod
    def of(nodal: Nodal, wiring: Wiring, roles: Roles) -> Blocks:
        """Symbolic work."""
        inner = np.flatnonzero(~roles.given)
        inner = inner[_elimination(wiring, inner, nodal.nodes)]
        order, m = np.concatenate([inner, np.flatnonzero(roles.given)]), len(inner)
        place = np.empty(nodal.nodes, np.int64)
        place[order] = np.arange(nodal.nodes)
        row, col = place[wiring.row], place[wiring.col]
        entry = np.lexsort((col, row))
        entry = entry[row[entry] != col[entry]]
        row, col = row[entry], col[entry]
        factors = _symbolic(row, col, m)
        inside = (row < m) & (col < m)
        slot = np.zeros(len(row), np.int32)
        held = np.repeat(np.arange(m), np.diff(factors[0])) * m + factors[2]  # row and column as one number, ascending
        slot[inside] = np.searchsorted(held, row[inside] * m + col[inside])
        first = np.searchsorted(row, np.arange(nodal.nodes + 1))
        at = np.stack([first, first + np.bincount(row[col < m], minlength=nodal.nodes + 1)], -1)
        constant, varying = _split(nodal.loads)
        here = (entry, wiring.diagonal[order])
        return Blocks(
            order=order, place=place, entry=here[0], diagonal=here[1], lines=(at, col.astype(np.int32), slot), factors=factors,
            ratio=nodal.branches.ratio, values=_values(wiring.admittance(nodal, nodal.branches.ratio), here),
            drawn=gathered(nodal.loads.node[constant], nodal.loads.s[constant], nodal.nodes),
            law=(place[nodal.loads.node[varying]], _columns(nodal.loads, varying)),
        )  # fmt: skip

    def loaded(self, nodal: Nodal) -> Blocks:
        """The same with the powers of these loads."""
        constant, varying = _split(nodal.loads)
        drawn = gathered(nodal.loads.node[constant], nodal.loads.s[constant], nodal.nodes)
        return replace(self, drawn=drawn, law=(self.place[nodal.loads.node[varying]], _columns(nodal.loads, varying)))

    def admittance(self, nodal: Nodal, wiring: Wiring, ratio: Complex, *, without: Index) -> tuple[Real, Real]:
        """Off and on the diagonal, of all branches but those ``without``."""
        return _values(wiring.admittance(nodal, ratio, without=without), (self.entry, self.diagonal))

    def line(self, row: Index, column: Index) -> Index:
        """Where the entries of these places stand in ``lines``."""
        at, columns, _ = self.lines
        n = len(self.order)
        return np.searchsorted(np.repeat(np.arange(n), np.diff(at[:, 0])) * n + columns, row * n + column)

    def iterate(self, problem: Problem, border: Border, v: Complex, ratio: Complex, *, damped: bool) -> Trial | str:
        """As `gridtandem.flow.iteration.iterate`; or why that must serve instead."""
        if len(border.edge[0]) > MOST:
            return f"{len(border.edge[0])} transformers hold voltages of buses they do not end at, and the compiled iteration takes {MOST}"
        out, needed, size = np.empty(len(v), np.complex128), np.empty(len(v), np.complex128), abs(ratio[border.tap])
        why, steps, mismatch, worst, slack = kernel("flow.kernels_newton", "newton")(
            *self._given(problem, border, v), size, problem.tol, problem.iterations, damped, problem.factors == "kept", out, needed
        )
        if why in (ends.SINGULAR, ends.INACCURATE):
            return PIVOTS
        said = {ends.SOLVED: "", ends.DIVERGED: DIVERGES, ends.STUCK: STUCK, ends.SLOW: slow(steps)}
        if len(border.tap):
            ratio = ratio.copy()
            ratio[border.tap] = size * border.moving[3]
        return Trial(
            v=out, ratio=ratio, slack=slack, iterations=steps, damped=damped, mismatch=mismatch, worst=worst if np.isfinite(mismatch) else -1,
            why=said[why], needed=needed, exchanged="",
        )  # fmt: skip

    def back(self, problem: Problem, border: Border, pattern: Pattern, v: Complex, ratio: Complex) -> Callable[[Real], Real]:
        """Solves with the Jacobian of ``pattern`` at ``v``, for one right-hand side or many; not checked."""
        answered, factored = kernel("flow.kernels_newton", "answered"), kernel("flow.kernels_newton", "factored")
        now, work = factored(*self._given(problem, border, v), abs(ratio[border.tap]))
        couples = border.couples
        m, place = len(self.factors[1]), self.place
        node, part, _, _ = border.edge
        p_place, q_place = place[pattern.p_rows], place[pattern.q_rows]
        inner, afar = np.flatnonzero(p_place < m), np.isin(q_place, node[part == 1])

        def solve(b: Real) -> Real:
            many = b.reshape(len(b), -1)
            p, q = many[: len(p_place)], many[len(p_place) :]
            x, rest = np.zeros((m, 2, many.shape[1])), np.zeros((len(node), many.shape[1]))
            x[p_place[inner], 0], x[q_place[~afar], 1] = p[inner], q[~afar]
            for k, (i, c) in enumerate(zip(node, part, strict=True)):
                rest[k] = (q[q_place == i] if c else p[p_place == i])[0]
            d = np.zeros((len(border.moving[5]) + 1, many.shape[1]))
            answered(now, work, self.lines, self.factors, *couples, x, rest, d)
            lifted = x[place[pattern.lift], 1] * abs(v[pattern.lift])[:, None]
            return np.concatenate([x[place[pattern.turn], 0], lifted, d[: pattern.groups + (len(pattern.share) > 0)]]).reshape(b.shape)

        return solve

    def _given(self, problem: Problem, border: Border, v: Complex) -> tuple[object, ...]:
        """What every kernel takes."""
        draw = problem.draw
        curves = NO_CURVES if draw is None else (self.place[draw.node], np.stack([draw.low, draw.high], -1), draw.c)
        return (
            v, problem.scheduled, self.drawn, problem.loads, problem.target, self.order, self.lines, border.values, self.factors,
            (*self.law, *curves), *border.couples,
        )  # fmt: skip


MOST = 64  # equations in a border; each costs one substitution per step and a column of numbers
FEW = 200  # nodes that are put in order here, in a millisecond or two; scipy takes longer to load than that
PIVOTS = "the pivots of the compiled iteration failed"
NO_CURVES = np.empty(0, np.int64), np.empty((0, 2)), np.empty((0, 1), np.complex128)


def _values(y: Complex, at: tuple[Index, Index]) -> tuple[Real, Real]:
    off, on = (y[k].view(np.float64).reshape(-1, 2) for k in at)
    return off, on


def _elimination(wiring: Wiring, inner: Index, nodes: int) -> Index:
    """An order of these nodes in which few products arise: minimum degree, in large networks as SuperLU finds it. Numbers do not matter to it."""
    if not len(inner):
        return inner
    number = np.full(nodes, -1, np.int64)
    number[inner] = np.arange(len(inner))
    row, col = number[wiring.row], number[wiring.col]
    kept = (row >= 0) & (col >= 0)
    if len(inner) <= FEW:
        return minimum_degree(len(inner), row[kept], col[kept])
    from scipy import sparse
    from scipy.sparse.linalg import splu

    heavy = np.where(row == col, float(nodes), 1.0)[kept]
    matrix = sparse.csc_array((heavy, (row[kept], col[kept])), shape=(len(inner), len(inner)))
    return np.argsort(splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}).perm_c)


def _symbolic(row: Index, col: Index, m: int) -> tuple[Index, Index, Small, Small]:
    """Pattern of the factors and tape of the elimination; entries sorted by row."""
    tree, lower, whole, tape_of = (kernel("flow.kernels_block", name) for name in ("tree", "lower", "whole", "tape_of"))
    kept = (row < m) & (col < m)
    pointer, column = np.searchsorted(row[kept], np.arange(m + 1)), col[kept]
    start, diagonal, column = whole(*lower(pointer, column, tree(pointer, column)))
    return start, diagonal, column, tape_of(start, diagonal, column)


def _split(law: LoadLaw) -> tuple[Index, Index]:
    """Loads that draw the same at every voltage, and the others."""
    varies = ((law.exponent != 0) | (law.z_share != 0) | (law.i_share != 0)).any(-1)
    return np.flatnonzero(~varies), np.flatnonzero(varies)


def _columns(law: LoadLaw, rows: Index) -> Real:
    parts = law.s.real[:, None], law.s.imag[:, None], law.exponent, law.z_share, law.i_share, law.v0[:, None]
    return np.ascontiguousarray(np.concatenate(parts, axis=1)[rows])
