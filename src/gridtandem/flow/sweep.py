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
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.grid.forest import Forest, slices
from gridtandem.tables import Code, Complex, Flag, Index, Real

LANES = 8  # rows swept side by side
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
        by_node = np.argsort(loads.node[load], kind="stable")
        load, pq = load[by_node], pq[by_node]
        exponent = loads.exponent[load, pq]
        factor = loads.s.view(np.float64).reshape(-1, 2)[load, pq] * rest[load, pq] * u[load] ** exponent
        line, demand, curved = _reals(forest.z / size**2, forest.shunt * size**2), _reals(*c[:2]), _reals(*c[2:])
        first = np.searchsorted(loads.node[load], np.arange(n + 1))
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
        from gridtandem.flow.kernels_lanes import workspace
        from gridtandem.flow.kernels_sweep import sweep_groups

        v_root, loading = np.broadcast_arrays(np.asarray(v_root, np.float64), np.asarray(loading, np.float64))
        shape, rows, feeders, nodes = v_root.shape, v_root.size, len(self.like), int(self.start[-1])
        wide = rows // max(feeders, 1) * nodes if voltages else 0
        v, s, ds = np.empty((wide, 2)), np.empty((rows, 2)), np.empty((rows, 2))
        ok, count = np.zeros(rows, bool), np.zeros(rows, np.int64)
        root, load = np.ascontiguousarray(v_root.ravel()), np.ascontiguousarray(loading.ravel())
        n, terms = (int(x.max(initial=0)) for x in (np.diff(self.start), np.diff(self.first_term[self.start])))

        def some(groups: Index) -> None:
            room = workspace(14 * n + terms + 6)
            sweep_groups(
                groups, self.start, self.like, self.parent, self.line, self.bends, self.demand, self.curved, self.first_term, self.part, self.factor,
                self.exponent, self.turn, root, load, tol, sweeps, slope,
                room[: 4 * n], room[4 * n : 10 * n], room[10 * n : 14 * n], room[14 * n : -6], room[-6:], np.zeros((2, LANES), np.int64),
                v, s, ds, ok, count,
            )  # fmt: skip

        shared_out(self._parts(rows), some, threads or processors())
        v_, s_, ds_ = (x.view(np.complex128).ravel() for x in (v, s, ds))
        v_ = v_.reshape(*shape[:-1], -1) if wide else v_
        return Swept(v=v_, s=s_.reshape(shape), ds=ds_.reshape(shape), ok=ok.reshape(shape), sweeps=count.reshape(shape))

    def _parts(self, rows: int) -> list[Index]:
        """Rows in groups of eight of one kind (−1: none), cut into parts of about `AT_ONCE` nodes."""
        feeders = len(self.like)
        row = np.arange(rows)
        like = self.like[row % feeders]
        order = np.argsort(like, kind="stable")
        count = np.bincount(like)
        groups = -(-count // LANES)
        place = slices((np.cumsum(groups) - groups) * LANES, count)
        out = np.full((int(groups.sum()), LANES), -1, np.int64)
        out.ravel()[place] = order
        done = np.cumsum(np.diff(self.start)[out[:, 0] % feeders] * LANES)
        return np.split(out, np.flatnonzero(np.diff(done // AT_ONCE)) + 1)


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def shared_out(parts: list[Index], work: Callable[[Index], None], threads: int) -> None:
    """Do the work of all parts, on as many threads."""
    if min(threads, len(parts)) < 2:
        for part in parts:
            work(part)
        return
    with ThreadPoolExecutor(min(threads, len(parts))) as pool:
        for _ in pool.map(work, parts):
            pass


def _reals(*columns: Complex) -> Real:
    """Real and imaginary part of each column, beside each other."""
    return np.ascontiguousarray(np.stack([x for c in columns for x in (c.real, c.imag)], -1))


def _alike(start: Index, first_term: Index, of_nodes: tuple[np.ndarray, ...], of_terms: tuple[np.ndarray, ...]) -> Index:
    """The first feeder that has the same rows of nodes and of terms, for each."""
    seen: dict[bytes, int] = {}
    like = []
    for f, (a, b) in enumerate(zip(start[:-1].tolist(), start[1:].tolist(), strict=True)):
        t = slice(int(first_term[a]), int(first_term[b]))
        key = b"".join([*(x[a:b].tobytes() for x in of_nodes), *(x[t].tobytes() for x in of_terms)])
        like.append(seen.setdefault(key, f))
    return np.array(like, np.int64)
