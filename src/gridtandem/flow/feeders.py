"""What feeders draw at a root voltage: each served by the method that fits, answers depending on the question alone.

Radial feeders without voltage control go into one forest and are swept together; all others are solved one by one by Newton. So are the rare
rows of swept feeders that are still on their way after `SWEEPS` sweeps (close to where solutions end). A sweep that runs away has no solution
where demand is constant power: the fixed point it looks for is stable wherever there is one. With loads that depend on voltage it may also run
away from a solution, where impedances alone take half of the voltage; there Newton has the last word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np

from gridtandem.errors import InvalidCase
from gridtandem.flow.newton import Newton, Options, Solution
from gridtandem.flow.sensitivity import power_slope
from gridtandem.flow.states import States
from gridtandem.flow.sweep import Ready, times
from gridtandem.grid.forest import plant, slices
from gridtandem.grid.loops import radial_faults
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Complex, Flag, Index, Real

SWEEPS = 400
EDGE = 1e-6  # to which the end of solvability is found
HIGHEST = 2.0  # root voltage above which no feeder is tried [per unit]

Method = Literal["auto", "sweep", "newton"]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Drawn:
    """Power drawn by ONE feeder behind each interface, per unit; NaN where ``ok`` is False."""

    s: Complex  # (scenario, period, interface)
    ds: Complex  # its derivative by the root's voltage magnitude; NaN where it was not asked for
    ok: Flag


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Single:
    """One feeder, solved by Newton with the voltages of its roots given: one, or several where it is fed from several buses."""

    newton: Newton
    home: Complex  # (node, root) voltages without load, per volt at each root: where every solution begins

    @staticmethod
    def of(nodal: Nodal, roots: Index, scale: float, options: Options) -> Single:
        """The feeder with its loads and units times ``scale``."""
        from scipy.sparse.linalg import spsolve

        newton = Newton.of(scaled(nodal, scale), roots, options)
        home = np.ones((nodal.nodes, len(roots)), np.complex128) / len(roots)
        if not len(newton.lost):
            home[roots] = np.eye(len(roots))
            y, inner = nodal.admittance().tocsc(), ~newton.roles.given
            home[inner] = spsolve(y[inner][:, inner], -y[inner][:, roots].toarray()).reshape(-1, len(roots)) if inner.any() else home[inner]
        return Single(newton=newton, home=home)

    def solve(self, v: Complex, loading: float, start: Complex | None = None) -> Solution:
        """Load flow at these root voltages, all loads times ``loading``, units on schedule."""
        return self.newton.solve(start=(self.home * v).sum(-1) if start is None else start, fixed_v=v, loads=loading)

    def loadable(self, v: Complex, loading: float) -> float:
        """Largest share in [0, 1] of this loading that solves at these root voltages, within 1e-6; 0 also where not even none does."""

        def attempt(share: float, start: Complex | None) -> Complex | None:
            return _voltages(self.solve(v, share * loading, start))

        if attempt(1.0, None) is not None:
            return 1.0
        return 0.0 if (begin := attempt(0.0, None)) is None else _edge(attempt, 0.0, 1.0, begin)


def scaled(nodal: Nodal, scale: float) -> Nodal:
    """Loads, and schedules and reactive limits of units, times ``scale``; no limit stays none."""
    u = nodal.units
    low, high = (np.where(np.isfinite(q), q, 0.0) * scale + np.where(np.isfinite(q), 0.0, q) for q in (u.q_low, u.q_high))
    return replace(nodal, loads=replace(nodal.loads, s=nodal.loads.s * scale), units=replace(u, s=u.s * scale, q_low=low, q_high=high))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Feeders:
    """Any number of feeders, one behind each interface; parallel ones are counted elsewhere."""

    nodals: tuple[Nodal, ...]
    root: Index  # (interface) node
    model: Index  # (interface) nodal model
    scale: Real  # (interface) factor of loads and units
    options: Options
    ready: Ready | None  # the swept ones; None: there are none
    node: Index  # (swept node) its number in the nodal model
    swept: Index  # (swept feeder) interface, ascending
    bends: Flag  # (swept feeder) has loads that depend on voltage
    singles: tuple[Single, ...]  # one for each different feeder that Newton serves
    single: Index  # (interface) which of them; −1: swept

    @staticmethod
    def of(nodals: Sequence[Nodal], *, root: Index, model: Index, scale: Real, method: Method = "auto", options: Options | None = None) -> Feeders:
        """``method`` auto: sweep what can be swept; sweep: `InvalidCase` with everything that speaks against it; newton: no sweeps."""
        options = Options() if options is None else options
        kinds, kind = np.unique(np.stack([model, root], -1), axis=0, return_inverse=True)
        faults = [radial_faults(nodals[m], r) for m, r in kinds.tolist()] if method != "newton" else [[]] * len(kinds)
        if method == "sweep" and any(faults):
            raise InvalidCase(f for found in faults for f in found)
        radial = np.array([method != "newton" and not f for f in faults], bool)[kind.ravel()]
        swept, others = np.flatnonzero(radial), np.flatnonzero(~radial)
        bends = np.array([_bends(nodal) for nodal in nodals], bool)
        different, which = np.unique(np.stack([model[others], root[others], scale[others]], -1), axis=0, return_inverse=True)
        single = np.full(len(root), -1, np.int64)
        single[others] = which.ravel()
        forest = plant(nodals, root[swept], model[swept], scale[swept]) if len(swept) else None
        return Feeders(
            nodals=tuple(nodals), root=root, model=model, scale=scale, options=options,
            ready=None if forest is None else Ready.of(forest), node=np.empty(0, np.int64) if forest is None else forest.node, swept=swept,
            bends=bends[model[swept]],
            singles=tuple(Single.of(nodals[int(m)], np.array([int(r)]), k, options) for m, r, k in different.tolist()), single=single,
        )  # fmt: skip

    def take(self, interfaces: Index) -> Feeders:
        """The feeders behind these interfaces only, in this order."""
        swept = np.flatnonzero(self.single[interfaces] < 0)
        feeders, ready, node = np.searchsorted(self.swept, interfaces[swept]), None, self.node[:0]
        if self.ready is not None and len(swept):
            ready = self.ready.take(feeders)
            node = self.node[slices(self.ready.start[feeders], np.diff(ready.start))]
        return replace(
            self, root=self.root[interfaces], model=self.model[interfaces], scale=self.scale[interfaces], ready=ready, node=node, swept=swept,
            bends=self.bends[feeders], single=self.single[interfaces],
        )  # fmt: skip

    def draw(self, v: Real, loading: Real, *, slope: bool) -> Drawn:
        """Power drawn at root voltages and loadings (scenario, period, interface), and on wish its derivative. [per unit]"""
        v, loading = np.broadcast_arrays(np.asarray(v, np.float64), np.asarray(loading, np.float64))
        s, ds, ok = np.full(v.shape, np.nan, np.complex128), np.full(v.shape, np.nan, np.complex128), np.zeros(v.shape, bool)
        rest = np.broadcast_to(self.single >= 0, v.shape).copy()
        asked = np.where(v > 0, v, np.nan)
        if self.ready is not None:
            found = self.ready.sweep(asked[..., self.swept], loading[..., self.swept], sweeps=SWEEPS, slope=slope, voltages=False)
            s[..., self.swept], ds[..., self.swept], ok[..., self.swept] = found.s, found.ds, found.ok
            rest[..., self.swept] = ~found.ok & (self.bends | (found.sweeps >= SWEEPS))
        rows = [tuple(row) for row in np.argwhere(rest & np.isfinite(asked) & np.isfinite(loading)).tolist()]
        singles = {i: self._single(i) for i in {row[-1] for row in rows}}
        for row in rows:
            feeder = singles[row[-1]]
            solution = feeder.solve(np.array([v[row]], np.complex128), float(loading[row]))
            ok[row], s[row] = solution.converged, solution.fixed_s[0]
            if solution.converged and slope:
                ds[row] = power_slope(feeder.newton, solution)[0][0, 0]
        return Drawn(s=s, ds=ds, ok=ok)

    @property
    def controlled(self) -> Flag:
        """(interface) Has units or transformers that switch; only such feeders can have curves with knots."""
        return np.append(np.array([_switches(single.newton) for single in self.singles], bool), False)[self.single]

    def answer(self, interface: int, loading: float) -> Callable[[float], tuple[complex, bytes]]:
        """Of a controlled feeder: power drawn at a root voltage, NaN where there is no solution, and a mark of what is at a limit there."""
        feeder = self._single(interface)

        def drawn(v: float) -> tuple[complex, bytes]:
            found = feeder.solve(np.array([v], np.complex128), loading)
            return (complex(found.fixed_s[0]), found.held.mark(feeder.newton.nodal)) if found.converged else (complex(np.nan, np.nan), b"")

        return drawn

    def states(self, v: Complex, loading: Real) -> States:
        """Every feeder at complex root voltages (interface), in the order of its nodal model."""
        size, out = np.where(np.abs(v) > 0, np.abs(v), np.nan), States.unsolved(self.nodals, self.model, self.scale)
        rest = self.single >= 0
        if self.ready is not None:
            at, start = self.swept, self.ready.start
            found = self.ready.sweep(size[at], loading[at], sweeps=SWEEPS, slope=False)
            nodes = np.repeat(out.first[0][at], np.diff(start)) + self.node
            out.all.v[nodes] = times(found.v, np.repeat(v[at] / size[at], np.diff(start)))
            out.s[at] = found.s
            rest[at] = ~found.ok & (self.bends | (found.sweeps >= SWEEPS))
        for i in np.flatnonzero(rest & np.isfinite(size) & np.isfinite(loading)).tolist():
            solution, own = self._single(i).solve(size[i : i + 1].astype(np.complex128), float(loading[i])), out[i]  # views
            own.v[:] = times(solution.v, np.full(len(own.v), v[i] / size[i]))
            own.ratio[:], own.unit_s[:], own.at_limit[:] = solution.ratio, solution.unit_s, solution.at_limit
            out.s[i] = solution.fixed_s[0]
        return out

    def loadable(self, v: float, interface: int, loading: float) -> float:
        """Largest share in [0, 1] of this loading that solves at root voltage ``v``, within 1e-6; 0 also where not even none does."""
        return self._single(interface).loadable(np.array([v], np.complex128), loading)

    def lowest_voltage(self, interface: int, loading: float) -> float:
        """Root voltage below which this feeder has no solution, within 1e-6; inf where it has none up to 2. [per unit]"""
        feeder = self._single(interface)

        def attempt(v: float, start: Complex | None) -> Complex | None:
            return _voltages(feeder.solve(np.array([v], np.complex128), loading, start))

        for high in (1.0, np.sqrt(HIGHEST), HIGHEST):
            if (begin := attempt(high, None)) is not None:
                return _edge(attempt, high, 0.0, begin)
        return np.inf

    def _single(self, interface: int) -> Single:
        if self.single[interface] >= 0:
            return self.singles[int(self.single[interface])]
        nodal, scale = self.nodals[self.model[interface]], float(self.scale[interface])
        return Single.of(nodal, self.root[interface : interface + 1], scale, self.options)


def _bends(nodal: Nodal) -> bool:
    loads = nodal.loads
    return bool((loads.exponent != 0).any() or (loads.z_share != 0).any() or (loads.i_share != 0).any())


def _switches(newton: Newton) -> bool:
    """Whether limits may come into force: transformers that move, units that let go of their voltage."""
    roles, options = newton.roles, newton.options
    lets_go = roles.holds & (np.isfinite(roles.q_low) | np.isfinite(roles.q_high))
    return (options.taps == "move" and len(newton.nodal.taps.branch) > 0) or (options.q_rule == "switch" and bool(lets_go.any()))


def _voltages(solution: Solution) -> Complex | None:
    return solution.v if solution.converged else None


def _edge(attempt: Callable[[float, Complex | None], Complex | None], good: float, bad: float, start: Complex) -> float:
    """The last value known to solve between one that does and one that does not; each try begins at the last solution, to stay on its branch."""
    while abs(bad - good) > EDGE:
        middle = (good + bad) / 2
        found = attempt(middle, start)
        if found is None:
            bad = middle
        else:
            good, start = middle, found
    return good
