r"""The power-flow equations and their derivatives as flat arrays.

.. math:: S_i = V_i \sum_j \overline{Y_{ij} V_j}, \qquad e_{ij} = V_i \overline{Y_{ij} V_j}

.. math::
    \frac{\partial S_i}{\partial \theta_j} = -\mathrm{j}\, e_{ij} + [i=j]\,\mathrm{j}\, S_i, \qquad
    \frac{\partial S_i}{\partial |V_j|} = \frac{e_{ij}}{|V_j|} + [i=j]\,\frac{S_i}{|V_i|}

What does not change with the numbers (which entry goes where) is found once per `Pattern`; the rest is gathers and sums. Source:
R. D. Zimmerman, "AC power flows, generalized OPF costs and their derivatives using complex matrix notation", MATPOWER Technical Note 2, 2010.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.flow.sums import gathered
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Complex, Index, Real

if TYPE_CHECKING:
    from scipy import sparse

NONE: Index = np.empty(0, np.int64)
DENSE = 130  # unknowns below which a dense factorisation is the faster one (measured on case14 to case300)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Wiring:
    """Entries of the admittance matrix, and what adds up to each."""

    row: Index
    col: Index
    diagonal: Index  # entry (i, i) of each node i
    place: Index  # entry to which each contribution belongs

    @staticmethod
    def of(nodal: Nodal) -> Wiring:
        """Every diagonal is an entry, whether something lies there or not."""
        br, own, n = nodal.branches, np.arange(nodal.nodes), nodal.nodes
        rows = np.concatenate([br.start, br.start, br.end, br.end, own])
        cols = np.concatenate([br.start, br.end, br.start, br.end, own])
        key, place = np.unique(rows * n + cols, return_inverse=True)
        return Wiring(row=key // n, col=key % n, diagonal=np.searchsorted(key, own * (n + 1)), place=place)

    def admittance(self, nodal: Nodal, ratio: Complex, *, without: Index = NONE) -> Complex:
        """Values of the entries for these ratios, of all branches but those ``without``. [per unit]"""
        return gathered(self.place, self.parts(nodal, ratio, without=without), len(self.row))

    def parts(self, nodal: Nodal, ratio: Complex, *, without: Index = NONE) -> Complex:
        """What adds up to them: four contributions of each branch, then shunts. [per unit]"""
        y, half = 1 / nodal.branches.z, 0.5j * nodal.branches.b
        if len(without):
            y[without], half[without] = 0.0, 0.0
        return np.concatenate([(y + half) / abs(ratio) ** 2, -y / ratio.conj(), -y / ratio, y + half, nodal.shunt])


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pattern:
    """Which equations are asked of which unknowns, and where each derivative goes in their Jacobian.

    Rows: active power at ``p_rows``, reactive power at ``q_rows``. Columns: angles at ``turn``, magnitudes at ``lift``, one common move of
    the ratios of each group of free transformers, and the shared slack where there is one.
    """

    p_rows: Index
    q_rows: Index
    turn: Index
    lift: Index
    tap: Index  # branch of each free transformer
    group: Index  # its column, counted from 0
    groups: int
    share: Real  # (node) part of the shared slack; empty where one reference takes it all
    keep: tuple[Index, ...]  # entries of the admittance kept in each of the four blocks
    tap_keep: tuple[Index, Index]
    slot: Index
    indices: Index
    pointers: Index

    @property
    def shape(self) -> tuple[int, int]:
        """Equations and unknowns."""
        return len(self.p_rows) + len(self.q_rows), len(self.turn) + len(self.lift) + self.groups + (len(self.share) > 0)

    @staticmethod
    def of(
        nodal: Nodal, wiring: Wiring, rows: tuple[Index, Index], columns: tuple[Index, Index], *, tap: Index, group: Index, share: Real
    ) -> Pattern:
        """``rows`` = (p_rows, q_rows), ``columns`` = (turn, lift)."""
        n, groups = nodal.nodes, int(group.max(initial=-1)) + 1
        (p, q), (turn, lift) = rows, columns
        row_of, col_of = (_numbers(n, p, 0), _numbers(n, q, len(p))), (_numbers(n, turn, 0), _numbers(n, lift, len(turn)))
        pairs = [(r[wiring.row], c[wiring.col]) for r in row_of for c in col_of]
        keep = tuple(np.flatnonzero((r >= 0) & (c >= 0)) for r, c in pairs)
        row = [r[k] for (r, _), k in zip(pairs, keep, strict=True)]
        col = [c[k] for (_, c), k in zip(pairs, keep, strict=True)]
        ends = np.concatenate([nodal.branches.start[tap], nodal.branches.end[tap]])
        tap_keep = (np.flatnonzero(row_of[0][ends] >= 0), np.flatnonzero(row_of[1][ends] >= 0))
        for numbers, k in zip(row_of, tap_keep, strict=True):
            row.append(numbers[ends[k]])
            col.append(len(turn) + len(lift) + np.concatenate([group, group])[k])
        if len(share):
            row.append(row_of[0][p])
            col.append(np.full(len(p), len(turn) + len(lift) + groups))
        shape = len(p) + len(q), len(turn) + len(lift) + groups + (len(share) > 0)
        key, slot = np.unique(np.concatenate(col) * shape[0] + np.concatenate(row), return_inverse=True)
        return Pattern(
            p_rows=p, q_rows=q, turn=turn, lift=lift, tap=tap, group=group, groups=groups, share=share, keep=keep, tap_keep=tap_keep,
            slot=slot, indices=key % max(shape[0], 1), pointers=np.searchsorted(key, np.arange(shape[1] + 1) * shape[0]),
        )  # fmt: skip

    def everything(self, nodal: Nodal, wiring: Wiring, tap: Index | None = None) -> Pattern:
        """All angles and magnitudes against all powers, with the same further columns (or one for each of ``tap``): for sensitivities."""
        every = np.arange(nodal.nodes)
        taps, group = (self.tap, self.group) if tap is None else (tap, np.arange(len(tap)))
        return Pattern.of(nodal, wiring, (every, every), (every, every), tap=taps, group=group, share=self.share)

    def inside(self, nodes: int) -> tuple[Index, Index]:
        """Rows and columns of this pattern among those of `everything`."""
        further = np.arange(self.groups + (len(self.share) > 0))
        return np.concatenate([self.p_rows, nodes + self.q_rows]), np.concatenate([self.turn, nodes + self.lift, 2 * nodes + further])


def _numbers(n: int, members: Index, first: int) -> Index:
    out = np.full(n, -1, np.int64)
    out[members] = first + np.arange(len(members))
    return out


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Point:
    """Where the equations are evaluated."""

    v: Complex  # (node)
    y: Complex  # (entry)
    ratio: Complex  # (branch)

    @staticmethod
    def of(nodal: Nodal, wiring: Wiring, v: Complex, ratio: Complex) -> Point:
        """The admittance follows from the ratios."""
        return Point(v=v, y=wiring.admittance(nodal, ratio), ratio=ratio)

    def flows(self, wiring: Wiring) -> tuple[Complex, Complex]:
        """The terms e of each entry, and their sums S, the power that leaves each node into the network."""
        e = self.v[wiring.row] * (self.y * self.v[wiring.col]).conj()
        return e, gathered(wiring.row, e, len(self.v))


def jacobian(nodal: Nodal, wiring: Wiring, pattern: Pattern, point: Point, slope: Complex) -> sparse.csc_array:
    """Derivatives of (power into the network + power drawn) by the unknowns; ``slope`` is what is drawn, by |V|."""
    from scipy import sparse

    (e, s), vm, at = point.flows(wiring), abs(point.v), wiring.diagonal
    by_angle, by_vm = -1j * e, e / vm[wiring.col]
    by_angle[at] += 1j * s
    by_vm[at] += s / vm + slope
    blocks = (by_angle.real, by_vm.real, by_angle.imag, by_vm.imag)
    values = [block[k] for block, k in zip(blocks, pattern.keep, strict=True)]
    by_ratio = _by_ratio(nodal, pattern.tap, point)
    values += [by_ratio.real[pattern.tap_keep[0]], by_ratio.imag[pattern.tap_keep[1]]]
    if len(pattern.share):
        values.append(-pattern.share[pattern.p_rows])
    data = np.bincount(pattern.slot, np.concatenate(values), len(pattern.indices))
    return sparse.csc_array((data, pattern.indices, pattern.pointers), shape=pattern.shape)


def _by_ratio(nodal: Nodal, tap: Index, point: Point) -> Complex:
    r"""Derivative by the ratio's magnitude m of the power entering each branch at its from ends, then at its to ends.

    .. math::
        S_f = \overline{(y + \tfrac{\mathrm{j}b}{2})}\frac{|V_f|^2}{m^2} + V_f \overline{y_{ft} V_t}, \quad y_{ft}, y_{tf} \propto 1/m
    """
    br, m = nodal.branches, point.ratio[tap]
    y, half = 1 / br.z[tap], 0.5j * br.b[tap]
    vf, vt = point.v[br.start[tap]], point.v[br.end[tap]]
    own = abs(vf) ** 2 * ((y + half) / abs(m) ** 2).conj()
    across, back = vf * (-y / m.conj() * vt).conj(), vt * (-y / m * vf).conj()
    return np.concatenate([(-2 * own - across) / abs(m), -back / abs(m)])


def solver(matrix: sparse.csc_array) -> Callable[[Real], Real]:
    """Factors of a square matrix, ready for right-hand sides; `ArithmeticError` where it is singular."""
    from scipy import linalg
    from scipy.sparse.linalg import splu

    size = matrix.shape[0]
    if size == 0:
        return lambda b: b
    if not np.isfinite(matrix.data).all():
        raise ArithmeticError("not finite")
    try:
        if size < DENSE:
            lu, pivots, info = linalg.lapack.dgetrf(matrix.toarray(order="F"), overwrite_a=True)
            if info != 0:
                raise ArithmeticError("singular")
            return lambda b: np.asarray(linalg.lapack.dgetrs(lu, pivots, b)[0])
        factors = splu(matrix)
    except RuntimeError as e:
        raise ArithmeticError("singular") from e
    return lambda b: np.asarray(factors.solve(b))
