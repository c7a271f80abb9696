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
from scipy.sparse.linalg import spsolve

from gridtandem.errors import InvalidCase
from gridtandem.flow.newton import Newton, Options, Solution
from gridtandem.flow.sensitivity import power_slope
from gridtandem.flow.sweep import Ready, times
from gridtandem.grid.forest import Forest, plant
from gridtandem.grid.loops import radial_faults
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Code, Complex, Flag, Index, Real

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
class State:
    """One solved feeder, per unit; voltages are NaN where there is no solution."""

    v: Complex  # (node)
    ratio: Complex  # (branch) after control
    unit_s: Complex  # (unit) injection
    at_limit: Code  # (unit) −1 at its lower reactive limit, 1 at its upper, 0 within

    @staticmethod
    def unsolved(nodal: Nodal, scale: float) -> State:
        """A feeder with its units on schedule, before its voltages are known."""
        units, nowhere = nodal.units, np.full(nodal.nodes, np.nan, np.complex128)
        return State(v=nowhere, ratio=nodal.branches.ratio, unit_s=units.s * scale, at_limit=np.zeros(len(units.row), np.int8))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Single:
    """One feeder, solved by Newton with the voltage of its root given."""

    newton: Newton
    home: Complex  # voltages without load, per volt at the root: where every solution begins

    @staticmethod
    def of(nodal: Nodal, root: int, scale: float, options: Options) -> Single:
        """The feeder with its loads and units times ``scale``."""
        newton = Newton.of(scaled(nodal, scale), np.array([root]), options)
        home = np.ones(nodal.nodes, np.complex128)
        if not len(newton.lost):
            y, inner = nodal.admittance().tocsc(), np.arange(nodal.nodes) != root
            home[inner] = spsolve(y[inner][:, inner], -y[inner][:, [root]].toarray().ravel()) if inner.any() else home[inner]
        return Single(newton=newton, home=home)

    def solve(self, v: complex, loading: float, start: Complex | None = None) -> Solution:
        """Load flow at this root voltage, all loads times ``loading``, units on schedule."""
        return self.newton.solve(start=v * self.home if start is None else start, fixed_v=np.array([v], np.complex128), loads=loading)


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
    forest: Forest | None  # of the swept ones; None: there are none
    ready: Ready | None  # the same, made ready for sweeping
    swept: Index  # (feeder of the forest) interface
    bends: Flag  # (feeder of the forest) has loads that depend on voltage
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
            forest=forest, ready=None if forest is None else Ready.of(forest), swept=swept, bends=bends[model[swept]],
            singles=tuple(Single.of(nodals[int(m)], int(r), k, options) for m, r, k in different.tolist()), single=single,
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
            solution = feeder.solve(complex(v[row]), float(loading[row]))
            ok[row], s[row] = solution.converged, solution.fixed_s[0]
            if solution.converged and slope:
                ds[row] = power_slope(feeder.newton, solution)[0][0, 0]
        return Drawn(s=s, ds=ds, ok=ok)

    @property
    def controlled(self) -> Flag:
        """(interface) Has units or transformers that switch; only such feeders can have curves with knots."""
        mine = np.array([_switches(single.newton) for single in self.singles], bool)
        return np.array([k >= 0 and mine[k] for k in self.single.tolist()], bool)

    def answer(self, interface: int, loading: float) -> Callable[[float], tuple[complex, bytes]]:
        """Of a controlled feeder: power drawn at a root voltage, NaN where there is no solution, and a mark of what is at a limit there."""
        feeder = self._single(interface)

        def drawn(v: float) -> tuple[complex, bytes]:
            found = feeder.solve(complex(v), loading)
            return (complex(found.fixed_s[0]), found.held.mark(feeder.newton.nodal)) if found.converged else (complex(np.nan, np.nan), b"")

        return drawn

    def states(self, v: Complex, loading: Real) -> tuple[State, ...]:
        """Every feeder at complex root voltages (interface), in the order of its nodal model."""
        size = np.where(np.abs(v) > 0, np.abs(v), np.nan)
        out = [State.unsolved(self.nodals[m], k) for m, k in zip(self.model.tolist(), self.scale.tolist(), strict=True)]
        rest = self.single >= 0
        if self.forest is not None and self.ready is not None:
            forest, at = self.forest, self.swept
            found = self.ready.sweep(size[at], loading[at], sweeps=SWEEPS, slope=False)
            turned = times(found.v, np.repeat(v[at] / size[at], np.diff(forest.start)))
            for i, a, b in zip(at.tolist(), forest.start[:-1].tolist(), forest.start[1:].tolist(), strict=True):
                out[i].v[forest.node[a:b]] = turned[a:b]
            rest[at] = ~found.ok & (self.bends | (found.sweeps >= SWEEPS))
        for i in np.flatnonzero(rest & np.isfinite(size) & np.isfinite(loading)).tolist():
            found_i = self._single(i).solve(complex(v[i]), float(loading[i]))
            out[i] = State(v=found_i.v, ratio=found_i.ratio, unit_s=found_i.unit_s, at_limit=found_i.at_limit)
        return tuple(out)

    def loadable(self, v: float, interface: int, loading: float) -> float:
        """Largest share in [0, 1] of this loading that solves at root voltage ``v``, within 1e-6; 0 also where not even none does."""
        feeder = self._single(interface)

        def attempt(share: float, start: Complex | None) -> Complex | None:
            return _voltages(feeder.solve(v, share * loading, start))

        if attempt(1.0, None) is not None:
            return 1.0
        return 0.0 if (begin := attempt(0.0, None)) is None else _edge(attempt, 0.0, 1.0, begin)

    def lowest_voltage(self, interface: int, loading: float) -> float:
        """Root voltage below which this feeder has no solution, within 1e-6; inf where it has none up to 2. [per unit]"""
        feeder = self._single(interface)

        def attempt(v: float, start: Complex | None) -> Complex | None:
            return _voltages(feeder.solve(v, loading, start))

        for high in (1.0, np.sqrt(HIGHEST), HIGHEST):
            if (begin := attempt(high, None)) is not None:
                return _edge(attempt, high, 0.0, begin)
        return np.inf

    def _single(self, interface: int) -> Single:
        if self.single[interface] >= 0:
            return self.singles[int(self.single[interface])]
        nodal, scale = self.nodals[self.model[interface]], float(self.scale[interface])
        return Single.of(nodal, int(self.root[interface]), scale, self.options)


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
