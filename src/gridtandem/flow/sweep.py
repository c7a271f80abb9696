r"""Backward-forward sweep over a whole forest of radial feeders, eight rows at a time in compiled lanes.

Ratios are taken out first. With :math:`g_j` the product of 1/ratio from the root down, :math:`V_j = g_j U_j` and
:math:`J_j = \overline{g_j} I_j` obey, for a child j of i,

.. math:: U_j = U_i - \frac{z_j}{|g_j|^2} J_j, \qquad
          J_j = \overline{S_j(|g_j||U_j|) / U_j} + |g_j|^2 y_j U_j + \sum_{\text{children}} J_k

so that a sweep knows impedances only: sum the currents towards the root, subtract the drops away from it. Source: D. Shirmohammadi, H. W. Hong,
A. Semlyen and G. X. Luo, "A compensation-based power flow method for weakly meshed distribution and transmission networks", IEEE Trans. Power
Syst. 3(2), 1988.

The derivative by the root voltage obeys the same equations with the current linearised, and is found by the same sweeps. With s = S(|U|),
s' = S'(|U|),

.. math:: \mathrm{d}J = \left(y + \frac{\overline{s'}}{2|U|}\right) \mathrm{d}U
          + \left(\frac{\overline{s'} U}{2|U|\overline{U}} - \frac{\overline{s}}{\overline{U}^2}\right) \overline{\mathrm{d}U}

Each row (one feeder at one root voltage and loading) is a tree of its own: nothing is added up across rows, and a row's numbers are taken at the
sweep where it comes to rest. Answers are therefore the same bits whichever rows are swept together, and by however many threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar, final

import numpy as np

from gridtandem.flow.kernels_shared import workspace
from gridtandem.grid.forest import Forest, slices
from gridtandem.kernels import kernel
from gridtandem.tables import Code, Complex, Flag, Index, Real

T = TypeVar("T")

LANES = 8  # rows swept side by side
FEW = 2  # rows of one kind that may be swept beside rows of other kinds, which takes `MIXED` times as long as eight of one kind (measured)
MIXED = 3
AT_ONCE = 200_000  # nodes swept by one thread before it asks for more: a millisecond of work


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Swept:
    """Answers of a sweep, per unit, in each feeder's own frame (root at angle 0). NaN where ``ok`` is False."""

    v: Complex  # (…, node); empty where it was not asked for
    s: Complex  # (…, feeder) power drawn at the root, its own load included
    ds: Complex  # (…, feeder) derivative of s by the root's voltage magnitude; NaN where it was not asked for
    ok: Flag  # (…, feeder)
    sweeps: Index  # (…, feeder) taken; all that were allowed, where a row was still on its way; fewer and not ``ok``, where it ran away


def sweep(forest: Forest, v_root: Real, loading: Real, *, tol: float = 1e-12, sweeps: int = 400, slope: bool = True) -> Swept:
    """See `Ready.sweep`."""
    return Ready.of(forest).sweep(v_root, loading, tol=tol, sweeps=sweeps, slope=slope)


def times(a: Complex, b: Complex) -> Complex:
    """The product, element by element, in the same rounding whatever the size of the arrays (numpy's own depends on it)."""
    out = np.empty(a.shape, np.complex128)
    out.real = a.real * b.real - a.imag * b.imag
    out.imag = a.real * b.imag + a.imag * b.real
    return out


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ready:
    """A forest with its ratios taken out, its loads added up by node, and feeders of one kind recognised."""

    start: Index  # (feeder + 1)
    like: Index  # (feeder) the first feeder with the same parents, impedances, admittances and exponents
    bends: Flag  # (feeder) has loads that depend on voltage
    parent: Index  # (node) counted from the feeder's root; −1 at a root
    line: Real  # (node, 4) r, x above, g, b at the node
    demand: Real  # (node, 4) injection and S₀ of S(|U|) = S₀ + S₁|U| + S₂|U|² + Σ factor |U|ⁿ, real and imaginary
    curved: Real  # (node, 4) S₁ and S₂
    first_term: Index  # (node + 1)
    part: Code  # (term) 0: active, 1: reactive
    factor: Real
    exponent: Real
    turn: Real  # (node, 2) product of 1/ratio from the root down

    @staticmethod
    def of(forest: Forest) -> Ready:
        """Exponents 0, 1 and 2 go to the polynomial of their node, others are terms; P and Q are terms of their own."""
        loads, n, size = forest.loads, len(forest.parent), np.abs(forest.turn)
        u, rest = size[loads.node] / loads.v0, 1.0 - loads.z_share - loads.i_share
        part: Complex = np.stack([loads.s.real + 0j, 1j * loads.s.imag], -1)
        plain = [(loads.exponent == k) * rest for k in range(3)]
        c = [forest.injection.copy(), *(np.zeros(n, np.complex128) for _ in range(3))]
        for k, share in enumerate((plain[0], plain[1] + loads.i_share, plain[2] + loads.z_share)):
            np.add.at(c[k + 1], loads.node, (part * share).sum(-1) * u**k)
        load, pq = np.nonzero((rest - plain[0] - plain[1] - plain[2]) * loads.s.view(np.float64).reshape(-1, 2))
        node, exponent, part_of = loads.node[load], loads.exponent[load, pq], loads.s.view(np.float64).reshape(-1, 2)[load, pq]
        of_term = part_of * rest[load, pq] * u[load] ** exponent
        (node, pq, exponent), factor = _merged((node, pq, exponent), of_term)
        line, demand, curved = _reals(forest.z / size**2, forest.shunt * size**2), _reals(*c[:2]), _reals(*c[2:])
        first = np.searchsorted(node, np.arange(n + 1))
        parent = np.where(forest.parent < 0, -1, forest.parent - forest.start[forest.feeder])
        bent = (curved != 0).any(-1) | (np.diff(first) > 0)
        like = _alike(forest.start, first, (parent, line, bent, np.diff(first)), (pq, exponent))
        return Ready(
            start=forest.start, like=like, bends=np.bincount(forest.feeder[bent], minlength=forest.feeders) > 0, parent=parent, line=line,
            demand=demand, curved=curved, first_term=first, part=pq.astype(np.int8), factor=factor, exponent=exponent, turn=_reals(forest.turn),
        )  # fmt: skip

    def take(self, feeders: Index) -> Ready:
        """These feeders only, in this order."""
        begin, size = self.start[feeders], np.diff(self.start)[feeders]
        nodes, first = slices(begin, size), self.first_term[begin]
        terms = slices(first, self.first_term[begin + size] - first)
        _, same, like = np.unique(self.like[feeders], return_index=True, return_inverse=True)
        return Ready(
            start=np.concatenate([[0], np.cumsum(size)]), like=same[like], bends=self.bends[feeders], parent=self.parent[nodes],
            line=self.line[nodes], demand=self.demand[nodes], curved=self.curved[nodes],
            first_term=np.concatenate([[0], np.cumsum(self.first_term[nodes + 1] - self.first_term[nodes])]), part=self.part[terms],
            factor=self.factor[terms], exponent=self.exponent[terms], turn=self.turn[nodes],
        )  # fmt: skip

    def sweep(
        self, v_root: Real, loading: Real, *, tol: float = 1e-12, sweeps: int = 400, slope: bool = True, voltages: bool = True, threads: int = 0
    ) -> Swept:
        r"""Voltages of every node, and what each feeder draws, at root voltages and loadings (…, feeder) that broadcast. [per unit]

        ``loading`` multiplies loads, not units. A row rests when no voltage moved by more than ``tol``; a row that does not rest within
        ``sweeps`` has no solution or lies too close to where solutions end. ``threads`` 0 is as many as there are processors for this process.
        Power is summed where it goes,

        .. math:: S = \sum_j S_j + \sum_j z_j |I_j|^2 + \sum_j \overline{y_j} |V_j|^2, \qquad
                  \frac{\mathrm{d}S}{\mathrm{d}V} = \overline{I_0} + V \overline{\frac{\mathrm{d}I_0}{\mathrm{d}V}}
        """
        v_root, loading = np.broadcast_arrays(np.asarray(v_root, np.float64), np.asarray(loading, np.float64))
        shape, rows, feeders, nodes = v_root.shape, v_root.size, len(self.like), int(self.start[-1])
        wide = rows // max(feeders, 1) * nodes if voltages else 0
        v, s, ds = np.empty((wide, 2)), np.empty((rows, 2)), np.empty((rows, 2))
        ok, count = np.zeros(rows, bool), np.zeros(rows, np.int64)
        root, load = np.ascontiguousarray(v_root.ravel()), np.ascontiguousarray(loading.ravel())
        n, terms = (int(x.max(initial=0)) for x in (np.diff(self.start), np.diff(self.first_term[self.start])))
        demand = self.demand, self.curved, self.first_term, self.part, self.factor, self.exponent, self.turn, root, load, tol, sweeps, slope

        def alike(groups: Index) -> None:
            room, bent = workspace(14 * n + terms + 6), self.bends[groups[:, 0] % feeders]
            for curved, some in ((None, groups[~bent]), (self.curved, groups[bent])):
                if len(some):
                    kernel("flow.kernels_sweep", "sweep_groups")(
                        some, self.start, self.like, self.parent, self.line, self.demand, curved, *demand[2:], room[: 4 * n], room[4 * n : 10 * n],
                        room[10 * n : 14 * n], room[14 * n : -6], room[-6:], np.zeros((2, LANES), np.int64), v, s, ds, ok, count,
                    )  # fmt: skip

        def mixed(groups: Index) -> None:
            wide = n * int(np.diff(self.first_term).max(initial=0))  # terms, if every node had as many as one has
            room, marks = workspace(18 * n + 2 * wide + 6), np.zeros((5, max(wide, n + 1)), np.int64)
            kernel("flow.kernels_mixed", "mixed_groups")(
                groups, self.start, self.parent, self.line, self.bends, *demand, room[: 4 * n], room[4 * n : 10 * n], room[10 * n : 14 * n],
                room[14 * n : 18 * n], room[18 * n : -6], room[-6:], np.zeros((2, n, LANES), np.int64), marks,
                np.zeros((3, LANES), np.int64), v, s, ds, ok, count,
            )  # fmt: skip

        of_kinds, of_all = self._groups(rows)
        work = [(alike, part) for part in self._parts(of_kinds)] + [(mixed, part) for part in self._parts(of_all)]
        shared_out(work, lambda each: each[0](each[1]), threads or processors())
        v_, s_, ds_ = (x.view(np.complex128).ravel() for x in (v, s, ds))
        v_ = v_.reshape(*shape[:-1], -1) if wide else v_
        return Swept(v=v_, s=s_.reshape(shape), ds=ds_.reshape(shape), ok=ok.reshape(shape), sweeps=count.reshape(shape))

    def _groups(self, rows: int) -> tuple[Index, Index]:
        """Rows in groups of eight (−1: none), first those of one kind, then those of several: kinds that have few left, the like in size together."""
        feeders = len(self.like)
        like = self.like[np.arange(rows) % feeders]
        order, count = np.argsort(like, kind="stable"), np.bincount(like)
        rest = count % LANES
        few = (rest > 0) & (rest <= FEW)
        rank = np.arange(rows) - np.repeat(np.cumsum(count) - count, count)
        left = few[like[order]] & (rank >= (count - rest)[like[order]])
        loose = order[left]
        loose = loose[np.lexsort((np.diff(self.start)[loose % feeders], self.bends[loose % feeders]))]
        of_all = _eights(self.bends[loose % feeders].astype(np.int64), loose)
        if MIXED * len(of_all) >= few.sum():
            return _eights(like[order], order), of_all[:0]
        return _eights(like[order[~left]], order[~left]), of_all

    def _parts(self, groups: Index) -> list[Index]:
        """Groups cut into parts of about `AT_ONCE` nodes."""
        done = np.cumsum(np.diff(self.start)[groups[:, 0] % len(self.like)] * LANES)
        return np.split(groups, np.flatnonzero(np.diff(done // AT_ONCE)) + 1) if len(groups) else []


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def shared_out(parts: Sequence[T], work: Callable[[T], None], threads: int) -> None:
    """Do the work of all parts, on as many threads."""
    if min(threads, len(parts)) < 2:
        for part in parts:
            work(part)
        return
    with ThreadPoolExecutor(min(threads, len(parts))) as pool:
        for _ in pool.map(work, parts):
            pass


def _eights(key: Index, rows: Index) -> Index:
    """Rows, which lie in the order of their keys, in groups of eight of one key; −1: none."""
    count = np.bincount(key)
    groups = -(-count // LANES)
    out = np.full((int(groups.sum()), LANES), -1, np.int64)
    out.ravel()[slices((np.cumsum(groups) - groups) * LANES, count)] = rows
    return out


def _reals(*columns: Complex) -> Real:
    """Real and imaginary part of each column, beside each other."""
    return np.ascontiguousarray(np.stack([x for c in columns for x in (c.real, c.imag)], -1))


def _merged(keys: tuple[np.ndarray, ...], values: Real) -> tuple[tuple[np.ndarray, ...], Real]:
    """Values of equal keys added up, in the order of the keys."""
    order = np.lexsort(keys[::-1])
    keys = tuple(key[order] for key in keys)
    new = np.ones(len(order), bool)
    new[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return tuple(key[new] for key in keys), np.add.reduceat(values[order], np.flatnonzero(new)) if len(order) else values


def _alike(start: Index, first_term: Index, of_nodes: tuple[np.ndarray, ...], of_terms: tuple[np.ndarray, ...]) -> Index:
    """The first feeder that has the same rows of nodes and of terms, for each."""
    seen: dict[bytes, int] = {}
    like = []
    for f, (a, b) in enumerate(zip(start[:-1].tolist(), start[1:].tolist(), strict=True)):
        t = slice(int(first_term[a]), int(first_term[b]))
        key = b"".join([*(x[a:b].tobytes() for x in of_nodes), *(x[t].tobytes() for x in of_terms)])
        like.append(seen.setdefault(key, f))
    return np.array(like, np.int64)
