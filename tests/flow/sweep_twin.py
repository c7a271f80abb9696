r"""Backward-forward sweep over a whole forest of radial feeders at once.

Ratios are taken out first. With :math:`g_j` the product of 1/ratio from the root down, :math:`V_j = g_j U_j` and
:math:`J_j = \overline{g_j} I_j` obey, for a child j of i,

.. math:: U_j = U_i - \frac{z_j}{|g_j|^2} J_j, \qquad
          J_j = \overline{S_j(|g_j||U_j|) / U_j} + |g_j|^2 y_j U_j + \sum_{\text{children}} J_k

so that a sweep knows impedances only: sum the currents towards the root, subtract the drops away from it. Source: D. Shirmohammadi, H. W. Hong,
A. Semlyen and G. X. Luo, "A compensation-based power flow method for weakly meshed distribution and transmission networks", IEEE Trans. Power
Syst. 3(2), 1988.

The derivative by the root voltage obeys the same equations with the linearised current, and is found by the same sweeps.

Each row (one feeder at one root voltage and loading) is a tree of its own: nothing is added up across rows, and a row's numbers are taken at the
sweep where it comes to rest. Answers are therefore the same bits whichever rows are swept together. Products of two complex numbers are spelled
out in real ones (`times`): numpy's own round differently in fused and in plain instructions, and chooses by the size of the arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, TypeVar, final

import numpy as np

from gridtandem.grid.forest import Forest, slices
from gridtandem.tables import Complex, Flag, Index, Real

AT_ONCE = 200_000  # nodes swept together; more only fills memory
FAR = 1.0  # a voltage that still moves by 1 pu will not rest


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Swept:
    """Answers of a sweep, per unit, in each feeder's own frame (root at angle 0). NaN where ``ok`` is False."""

    v: Complex  # (…, node)
    s: Complex  # (…, feeder) power drawn at the root, its own load included
    ds: Complex  # (…, feeder) derivative of s by the root's voltage magnitude; NaN where it was not asked for
    ok: Flag  # (…, feeder)
    sweeps: Index  # (…, feeder) taken; all that were allowed, where a row was still on its way; fewer and not ``ok``, where it ran away


def sweep(forest: Forest, v_root: Real, loading: Real, *, tol: float = 1e-12, sweeps: int = 400, slope: bool = True) -> Swept:
    r"""Voltages of every node, and what each feeder draws, at root voltages and loadings (…, feeder) that broadcast. [per unit]

    ``loading`` multiplies loads, not units. A row rests when no voltage moved by more than ``tol``; a row that does not rest within ``sweeps``
    has no solution or lies too close to where solutions end. Power is summed where it goes,

    .. math:: S = \sum_j S_j + \sum_j z_j |I_j|^2 + \sum_j \overline{y_j} |V_j|^2, \qquad
              \frac{\mathrm{d}S}{\mathrm{d}V} = \overline{I_0} + V \overline{\frac{\mathrm{d}I_0}{\mathrm{d}V}}
    """
    v_root, loading = np.broadcast_arrays(np.asarray(v_root, np.float64), np.asarray(loading, np.float64))
    model, shape, sizes = _Model.of(forest), v_root.shape, np.diff(forest.start)
    feeder = np.tile(np.arange(forest.feeders), v_root.size // max(forest.feeders, 1))
    root, load, size = v_root.ravel(), loading.ravel(), sizes[feeder]
    end = np.cumsum(size)
    v = np.full(int(size.sum()), np.nan, np.complex128)
    s, ds = np.full(len(feeder), np.nan, np.complex128), np.full(len(feeder), np.nan, np.complex128)
    ok, count = np.zeros(len(feeder), bool), np.zeros(len(feeder), np.int64)
    with np.errstate(all="ignore"):  # rows without a solution overflow on their way out
        for rows in np.split(np.arange(len(feeder)), _cuts(end)):
            trees, law, node = model.rows(feeder[rows], load[rows])
            u, ok[rows], count[rows] = _settle(trees, law, root[rows], tol=tol, sweeps=sweeps)
            here = slices(end[rows] - size[rows], size[rows])
            v[here[trees.source]] = times(model.turn[node], u)
            s[rows] = _drawn(trees, law, u)
            if slope:
                ds[rows], rests = _slope(trees, law, u, tol=tol, sweeps=2 * sweeps)
                count[rows[ok[rows] & ~rests]] = sweeps
                ok[rows] &= rests
        lost = ~ok
        s[lost], ds[lost], v[np.repeat(lost, size)] = np.nan, np.nan, np.nan
    return Swept(v=v.reshape(*shape[:-1], -1), s=s.reshape(shape), ds=ds.reshape(shape), ok=ok.reshape(shape), sweeps=count.reshape(shape))


def times(a: Complex, b: Complex) -> Complex:
    """The product, element by element, in the same rounding whatever the size of the arrays."""
    out = np.empty(a.shape, np.complex128)
    out.real = a.real * b.real - a.imag * b.imag
    out.imag = a.real * b.imag + a.imag * b.real
    return out


def _cuts(end: Index) -> Index:
    """Where rows are split so that no part has many more than `AT_ONCE` nodes."""
    return np.flatnonzero(np.diff(end // AT_ONCE)) + 1


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Trees:
    """Rows in order of level, so that a level is one slice."""

    row: Index  # (node)
    parent: Index  # (node), −1 at a root
    ends: Index  # where each level ends
    z: Complex
    source: Index  # (node) its place when all rows lie one after another

    def gather(self, j: Complex) -> Complex:
        """Currents of whole subtrees, from those of nodes."""
        j = j.copy()
        for a, b in zip(self.ends[-2::-1], self.ends[:0:-1], strict=True):
            np.add.at(j, self.parent[a:b], j[a:b].copy())
        return j

    def drop(self, root: Real, j: Complex) -> Complex:
        """Voltages under these branch currents."""
        u, fall = root[self.row].astype(np.complex128), times(self.z, j)
        for a, b in zip(self.ends[:-1], self.ends[1:], strict=True):
            u[a:b] = u[self.parent[a:b]] - fall[a:b]
        return u

    def keep(self, nodes: Flag) -> _Trees:
        """Some rows only."""
        before = np.concatenate([[0], np.cumsum(nodes)])
        parent = self.parent[nodes]
        parent = np.where(parent < 0, -1, before[parent])
        ends = before[self.ends]
        alive = np.concatenate([[True], np.diff(ends) > 0])
        return _Trees(row=self.row[nodes], parent=parent, ends=ends[alive], z=self.z[nodes], source=self.source[nodes])


class _Law(Protocol):
    """Current of each node as a function of its voltage."""

    def current(self, u: Complex) -> Complex: ...
    def keep(self: L, nodes: Flag) -> L: ...


L = TypeVar("L", bound=_Law)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Demand:
    """S(|U|) = c₀ + c₁|U| + c₂|U|² + Σ c|U|ⁿ at each node, and an admittance."""

    y: Complex
    c: tuple[Complex, Complex, Complex]
    at: Index  # (term) node
    factor: Complex  # (term) c
    exponent: Real  # (term) n

    def power(self, u: Real) -> Complex:
        s = self.c[0] + self.c[1] * u + self.c[2] * (u * u)
        if len(self.at):
            np.add.at(s, self.at, self.factor * self.powers(u[self.at]))
        return s

    def slope(self, u: Real) -> Complex:
        s = self.c[1] + 2 * self.c[2] * u
        if len(self.at):
            here = u[self.at]
            np.add.at(s, self.at, self.factor * self.exponent * (self.powers(here) / here))
        return s

    def powers(self, u: Real) -> Real:
        return np.asarray(np.power(u, self.exponent), np.float64)

    def current(self, u: Complex) -> Complex:
        return np.conj(self.power(_size(u)) / u) + times(self.y, u)

    def keep(self, nodes: Flag) -> _Demand:
        terms = nodes[self.at]
        at = (np.cumsum(nodes) - 1)[self.at[terms]]
        c0, c1, c2 = self.c
        return _Demand(y=self.y[nodes], c=(c0[nodes], c1[nodes], c2[nodes]), at=at, factor=self.factor[terms], exponent=self.exponent[terms])


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Tangent:
    """dJ = a dU + b conj(dU)."""

    a: Complex
    b: Complex

    def current(self, u: Complex) -> Complex:
        return times(self.a, u) + times(self.b, np.conj(u))

    def keep(self, nodes: Flag) -> _Tangent:
        return _Tangent(a=self.a[nodes], b=self.b[nodes])


def _settle(trees: _Trees, law: _Law, root: Real, *, tol: float, sweeps: int) -> tuple[Complex, Flag, Index]:
    """Sweep until each row rests: voltages (NaN where it does not), whether it rests, and the sweeps it took.

    Rows at rest are dropped once they are half of all, so that stragglers do not make the others be swept again and again.
    """
    out, place = np.full(len(trees.row), np.nan, np.complex128), np.arange(len(trees.row))
    ok, count = np.zeros(len(root), bool), np.zeros(len(root), np.int64)
    going, present = np.ones(len(root), bool), len(root)
    u = root[trees.row].astype(np.complex128)
    for k in range(1, sweeps + 1):
        new = trees.drop(root, trees.gather(law.current(u)))
        moved = np.zeros(len(root))
        np.maximum.at(moved, trees.row, np.abs(new - u))
        u, rests = new, going & (moved <= tol)
        count[going] = k
        if rests.any():
            here = rests[trees.row]
            out[place[here]] = u[here]
            ok |= rests
        going &= (moved > tol) & (moved < FAR)  # NaN is neither
        left = int(going.sum())
        if not left:
            break
        if 2 * left <= present:
            nodes, present = going[trees.row], left
            trees, law, u, place = trees.keep(nodes), law.keep(nodes), u[nodes], place[nodes]
    return out, ok, count


def _size(u: Complex) -> Real:
    return np.asarray(np.abs(u), np.float64)


def _by_row(trees: _Trees, x: Complex, rows: int) -> Complex:
    total = np.zeros(rows, np.complex128)
    np.add.at(total, trees.row, x)
    return total


def _drawn(trees: _Trees, law: _Demand, u: Complex) -> Complex:
    """Demand, losses and shunts of each row."""
    size, j = _size(u), trees.gather(law.current(u))
    parts = law.power(size) + trees.z * (j.real**2 + j.imag**2) + np.conj(law.y) * (size * size)
    return _by_row(trees, parts, int(trees.ends[0]))


def _slope(trees: _Trees, law: _Demand, u: Complex, *, tol: float, sweeps: int) -> tuple[Complex, Flag]:
    r"""Derivative of the power drawn by the root's voltage, and whether its sweeps came to rest. With s = S(|U|), s' = S'(|U|),

    .. math:: \mathrm{d}J = \left(y + \frac{\overline{s'}}{2|U|}\right) \mathrm{d}U
              + \left(\frac{\overline{s'} U}{2|U|\overline{U}} - \frac{\overline{s}}{\overline{U}^2}\right) \overline{\mathrm{d}U}
    """
    rows, size, back = int(trees.ends[0]), _size(u), np.conj(u)
    half = np.asarray(np.conj(law.slope(size)) / (2 * size), np.complex128)
    tangent = _Tangent(a=law.y + half, b=times(half, u) / back - np.conj(law.power(size)) / back / back)
    du, ok, _ = _settle(trees, tangent, np.ones(rows), tol=tol, sweeps=sweeps)
    j, dj = trees.gather(law.current(u))[:rows], trees.gather(tangent.current(du))[:rows]
    return np.conj(j) + times(u[:rows], np.conj(dj)), ok


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Model:
    """A forest with its ratios taken out and its loads added up by node."""

    forest: Forest
    turn: Complex
    z: Complex
    law: _Demand  # demand at loading 1, without units
    first_term: Index  # (feeder + 1)

    @staticmethod
    def of(forest: Forest) -> _Model:
        """Exponents 0, 1 and 2 go to the polynomial of their node, others are terms; P and Q are terms of their own."""
        loads, n, size = forest.loads, len(forest.parent), np.abs(forest.turn)
        u, rest = size[loads.node] / loads.v0, 1.0 - loads.z_share - loads.i_share
        part: Complex = np.stack([loads.s.real + 0j, 1j * loads.s.imag], -1)
        plain = [(loads.exponent == k) * rest for k in range(3)]
        c = [np.zeros(n, np.complex128) for _ in range(3)]
        for k, share in enumerate((plain[0], plain[1] + loads.i_share, plain[2] + loads.z_share)):
            np.add.at(c[k], loads.node, (part * share).sum(-1) * u**k)
        load, pq = np.nonzero((rest - plain[0] - plain[1] - plain[2]) * part)
        exponent = loads.exponent[load, pq]
        factor: Complex = part[load, pq] * rest[load, pq] * u[load] ** exponent
        law = _Demand(
            y=forest.shunt * size**2, c=(c[0], c[1], c[2]), at=loads.node[load], factor=factor, exponent=exponent,
        )  # fmt: skip
        return _Model(
            forest=forest, turn=forest.turn, z=forest.z / size**2, law=law, first_term=np.searchsorted(load, forest.first_load),
        )  # fmt: skip

    def rows(self, feeder: Index, loading: Real) -> tuple[_Trees, _Demand, Index]:
        """Trees of these feeders at these loadings, their demand, and the forest's node behind each of their nodes."""
        forest, law = self.forest, self.law
        size = np.diff(forest.start)[feeder]
        every, shift = slices(forest.start[feeder], size), np.cumsum(size) - size - forest.start[feeder]
        source = np.argsort(forest.level[every], kind="stable")
        node, row = every[source], np.repeat(np.arange(len(feeder)), size)[source]
        new = np.empty_like(source)
        new[source] = np.arange(len(source))
        inner = forest.parent[node] >= 0
        parent = np.where(inner, new[np.where(inner, forest.parent[node] + shift[row], 0)], -1)
        trees = _Trees(row=row, parent=parent, ends=np.cumsum(np.bincount(forest.level[node])), z=self.z[node], source=source)
        count = np.diff(self.first_term)[feeder]
        term, term_row = slices(self.first_term[feeder], count), np.repeat(np.arange(len(feeder)), count)
        c0, c1, c2 = (x[node] * loading[row] for x in law.c)
        demand = replace(
            law, y=law.y[node], c=(c0 - forest.injection[node], c1, c2), at=new[law.at[term] + shift[term_row]],
            factor=law.factor[term] * loading[term_row], exponent=law.exponent[term],
        )  # fmt: skip
        return trees, demand, node
