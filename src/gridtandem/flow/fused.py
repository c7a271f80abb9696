r"""Transmission and thousands of radial feeders, solved side by side: one Newton step here, a few sweeps there, until both rest.

For one owner of all models. Each outer step does two things at once: transmission makes its mismatch and the factors of its Jacobian, and every
feeder sweeps in its own frame, at its root's magnitude, on from the voltages it had. Then transmission takes one Newton step. Three things make
few steps enough. Feeders turn with their root, so only :math:`|V|` matters to them. The power a feeder reports is where power goes, demand plus
losses plus shunts,

.. math:: S = \sum_j S_j(|U_j|) + \sum_j z_j |J_j|^2 + \sum_j \overline{y_j} |U_j|^2,

which for constant power behind voltages that are off by a share δ is off by 2δ of its losses, where :math:`V \overline{J_0}` is off by δ of itself.
And it comes with a slope: where the profile of voltages keeps its shape, currents of constant power fall as voltages rise, and losses with their
square,

.. math:: \frac{\partial S}{\partial \ln |V|} \approx 2 \sum_j \overline{y_j} |U_j|^2 - 2 \sum_j z_j |J_j|^2 .

Demand that follows the voltage adds its own slope and weakens that of the losses. Slopes only decide how fast it goes; what is found obeys
Kirchhoff's laws, which is checked at the end with :math:`V \overline{J_0}` in place of S. Source of the sweep: ``flow/sweep.py``; of the equations
of transmission: ``flow/kernels_equations.py``; the sum of powers and its slope are our derivation.

What a Newton step cannot do at once (reactive limits, transformers that move, a shared slack, a poor start) goes in rounds: feeders sweep until
they rest, transmission is solved with their tangents by `gridtandem.flow.newton`, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.flow.abreast import Abreast, Kept
from gridtandem.flow.blocks import Blocks
from gridtandem.flow.draw import Draw
from gridtandem.flow.newton import LOW, Factor, Newton, Solution
from gridtandem.flow.sums import gathered
from gridtandem.flow.sweep import processors
from gridtandem.grid.nodal import Nodal
from gridtandem.kernels import kernel
from gridtandem.tables import Code, Complex, Index, Real

STEPS, ROUNDS = 30, 60  # before it gives up
WORTH = 50_000  # nodes of feeders from which on a second thread is worth its start
SWEEPS = 400  # of a feeder that is to rest in one go
EARLY, ONE, FEW = 0.05, 1, 3  # one sweep per step while transmission still steps farther than this, then a few
CHECKED = 10.0  # times the tolerance: what the check may find; it adds up what all feeders at a node leave over
ASIDE = 1e-4  # of a root voltage: how far to either side a feeder sweeps for its slope in rounds
KEEP = 0.02  # factors serve again where a step left less than this of the mismatch


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Fusion:
    """What was found, per unit; not a number where nothing was."""

    v: Complex  # (transmission node)
    s: Complex  # (interface) power that ONE feeder draws there
    converged: bool
    trouble: str  # a sentence for a person; empty where all is well
    steps: int  # of transmission
    sweeps: int  # of the feeder that took most
    mismatch: float  # largest at a transmission node, with the power that enters at the feeders' roots
    moved: float  # by which one more sweep moved the voltages of feeders, at most
    kept: Kept
    factors: tuple[float, Factor]  # of loads and units
    core: Solution | None = None  # where it was found in rounds


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Fused:
    """Transmission with radial feeders at its nodes, made ready for many solutions."""

    core: Newton  # transmission, and whatever feeders are no trees
    node: Index  # (interface) of the core
    feeders: Abreast
    count: Real  # (interface) identical feeders in parallel

    @staticmethod
    def of(core: Newton, nodals: Sequence[Nodal], *, node: Index, model: Index, root: Index, scale: Real, count: Index) -> Fused:
        """Interface k: ``count[k]`` radial feeders of the model ``model[k]``, hung by its node ``root[k]`` on node ``node[k]`` of the core."""
        return Fused(core=core, node=node, feeders=Abreast.of(nodals, model=model, root=root, scale=scale), count=count.astype(np.float64))

    def solve(self, *, start: Complex | None = None, loads: float = 1.0, units: Factor = 1.0, threads: int = 0) -> Fusion:
        """Load flow with all loads times ``loads`` and the core's units times ``units``; ``threads`` 0 is as many as there are processors.

        Feeders begin flat. Mismatches end at the core's tolerance, voltages of feeders where a sweep moves none by more than that.
        """
        more = min(threads or processors(), len(self.feeders.parts) + 1 if int(self.feeders.nodes.sum()) >= WORTH else 1) - 1
        with ThreadPoolExecutor(more) if more else nullcontext() as pool:
            hands = None if pool is None else (pool, more)
            state = _Exchange.begun(self, self.core.begin if start is None else start, loads, units, hands)
            if state is not None and (steps := state.converge()):
                start = state.voltage()
                if not self._adjusts and (found := state.verified(steps)).converged:
                    return found
            return _rounds(self, start, (loads, units), hands)

    def voltages(self, found: Fusion) -> Complex:
        """Of every feeder's nodes, feeder after feeder in the order of their nodal models."""
        return self.feeders.voltages(found.kept, found.v[self.node])

    def at(self, v: Complex, *, loads: float = 1.0) -> Complex:
        """The same at the core's voltages ``v``, whoever found them; not a number where a feeder has no load flow there."""
        kept, root = Kept.begun(self.feeders, loads), np.abs(v[self.node])
        kept.sweep(root, self.core.options.tol, SWEEPS, None, _idle)
        found = self.feeders.voltages(kept, v[self.node])
        return np.where(np.repeat(kept.far <= self.core.options.tol, self.feeders.nodes), found, np.nan)

    def transmission(self, found: Fusion) -> Solution:
        """The same as a load flow of the core alone, feeders drawing along their tangents."""
        if found.core is not None:
            return found.core
        return self.core.solve(start=found.v, draw=_tangents(self, found.kept), loads=found.factors[0], units=found.factors[1])

    @property
    def _adjusts(self) -> bool:
        """Units or transformers of the core may change what they hold once it is solved."""
        return self.core.options.q_rule == "switch" or (self.core.options.taps == "move" and len(self.core.nodal.taps.branch) > 0)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Exchange:
    """One solution on its way; arrays as the kernels take them, transmission's in the order of elimination."""

    fused: Fused
    blocks: Blocks
    hands: tuple[ThreadPoolExecutor, int] | None
    factors: tuple[float, Factor]
    tol: float
    v: Real
    plan: Real
    kind: Code  # nodes that hold their magnitude
    node: Index  # (interface) place in the order
    root: Real  # (interface) magnitude
    room: tuple[Real, ...]  # extra, slope, e, s, f, a, x, and the next v
    kept: Kept

    @staticmethod
    def begun(fused: Fused, start: Complex, loads: float, units: Factor, hands: tuple[ThreadPoolExecutor, int] | None) -> _Exchange | None:
        """None where a compiled Newton step does not serve."""
        core, blocks, border = fused.core, fused.core.blocks, fused.core.home
        if blocks is None or border is None or border.values is not blocks.values or core.roles.shared:
            return None
        problem, n, m = core.asked(core.held, None, (loads, units)), core.nodal.nodes, len(blocks.factors[1])
        begin = core.roles.begin(core.nodal, start, None)
        v, plan, kind = kernel("flow.kernels_newton", "begun")(begin, problem.scheduled, blocks.drawn, loads, problem.target, blocks.order, None, m)
        entries, fill, node = len(blocks.lines[1]), len(blocks.factors[2]), blocks.place[fused.node]
        room = (*(np.zeros((k, 2)) for k in (n, n, entries, n, m)), np.empty((fill, 4)), np.empty((m, 2)), v.copy())
        return _Exchange(
            fused=fused, blocks=blocks, hands=hands, factors=(loads, units), tol=problem.tol, v=v, plan=plan, kind=kind, node=node,
            root=np.hypot(v[node, 0], v[node, 1]), room=room, kept=Kept.begun(fused.feeders, loads),
        )  # fmt: skip

    def converge(self) -> int:
        """Steps it took; 0 where it did not come to rest."""
        start, diagonal, column, _ = self.blocks.factors
        *_, f, a, x, after = self.room
        rest, before, far, fresh = self.fused.core.options.tol, np.inf, np.inf, True
        for k in range(1, STEPS + 1):
            moved = self._swept(rest, ONE if far > EARLY else FEW, fresh=fresh)
            size = self._mismatch(self.kept.drawn[:, :2])
            if size <= self.tol and moved <= rest:
                return k if float(np.hypot(self.v[:, 0], self.v[:, 1]).min()) >= LOW else 0
            fresh, before = not size < KEEP * before or k == 1, size
            far = kernel("flow.kernels_fused", "step")(self.v, self.node, start, diagonal, column, a, f, x, self.root, after)
            if not (np.isfinite(size) and np.isfinite(far)):
                return 0
            self.v[:] = after
        return 0

    def verified(self, steps: int) -> Fusion:
        """One more sweep, and a balance with what enters feeders at their roots: neither knows how the solution was found."""
        moved = self._swept(0.0, 1, fresh=False)
        size = self._mismatch(self.kept.drawn[:, 2:])
        return _found(self.fused, (self.voltage(), self.factors), self.kept, steps, (size, moved))

    def voltage(self) -> Complex:
        """In the natural order."""
        v = np.empty(len(self.v), np.complex128)
        v[self.blocks.order] = self.v.view(np.complex128)[:, 0]
        return v

    def _swept(self, goal: float, most: int, *, fresh: bool) -> float:
        """Feeders sweep at the voltages there are, while transmission makes its flows and, where ``fresh``, its factors."""
        b, (extra, slope, e, s, f, a, x, _) = self.blocks, self.room
        at, column, slot = b.lines
        before = self.kept.slope.copy()  # feeders make new ones meanwhile

        def transmission() -> None:
            kernel("flow.kernels_fused", "linear")(
                self.v, self.factors[0], *b.law, at, column, *b.values, self.node, self.fused.count, before, self.kind, slot, *b.factors, None, None,
                fresh, extra, slope, e, s, f, a, x,
            )  # fmt: skip

        return self.kept.sweep(self.root, goal, most, self.hands, transmission)

    def _mismatch(self, drawn: Real) -> float:
        extra, _, _, s, f, *_ = self.room
        balance = kernel("flow.kernels_fused", "balance")
        return float(balance(self.node, self.fused.count, drawn, s, self.plan, self.kind, extra, None, f)[0])


def _found(fused: Fused, what: tuple[Complex, tuple[float, Factor]], kept: Kept, steps: int, check: tuple[float, float]) -> Fusion:
    """The solution, if it stands the check."""
    (v, factors), (size, moved) = what, check
    core = fused.core
    good = size <= CHECKED * core.problem.tol and moved <= CHECKED * core.options.tol
    lowest = float(np.abs(v).min()) if good else 1.0
    trouble = "" if good else f"the check failed: Kirchhoff's laws are missed by {size:.3g} pu, and one more sweep moved a voltage by {moved:.3g} pu"
    if lowest < LOW:
        trouble = f"{lowest:.3g} pu is the lowest voltage: no network is run there; this may be a root of low voltage"
    s = kept.drawn[:, :2].copy().view(np.complex128)[:, 0]
    if not good:
        v, s = np.full_like(v, np.nan), np.full_like(s, np.nan)
    sweeps = int(kept.sweeps.max(initial=0))
    return Fusion(v=v, s=s, converged=good, trouble=trouble, steps=steps, sweeps=sweeps, mismatch=size, moved=moved, kept=kept, factors=factors)


def _rounds(fused: Fused, v: Complex | None, factors: tuple[float, Factor], hands: tuple[ThreadPoolExecutor, int] | None) -> Fusion:
    """Feeders rest, transmission takes their tangents, until neither moves. First they only sweep a little: there may be nothing to rest at."""
    core, kept, why = fused.core, Kept.begun(fused.feeders, factors[0]), ""
    v, rest, steps = core.begin if v is None else v, core.options.tol, 0
    for k in range(ROUNDS):
        root = np.abs(v[fused.node])
        moved = kept.sweep(root, rest, SWEEPS if k else 2 * FEW, hands, _idle)
        if k and not moved <= rest:
            why = _restless(fused, kept)
            break
        if k:
            _sloped(kept, rest, hands)
        draw = _tangents(fused, kept)
        found = core.solve(start=v, draw=draw, loads=factors[0], units=factors[1])
        steps += max(found.iterations, 1)
        if not found.converged:
            why = found.trouble
            break
        v, far = found.v, float(np.abs(np.abs(found.v[fused.node]) - root).max(initial=0.0))
        if k and far <= rest:
            return _settled(fused, found, draw, kept, steps)
    why = why or f"feeders and transmission still move each other after {ROUNDS} rounds"
    nowhere = np.full(core.nodal.nodes, complex(np.nan, np.nan))
    return Fusion(
        v=nowhere, s=nowhere[fused.node], converged=False, trouble=why, steps=steps, sweeps=int(kept.sweeps.max(initial=0)), mismatch=np.inf,
        moved=np.inf, kept=kept, factors=factors,
    )  # fmt: skip


def _sloped(kept: Kept, rest: float, hands: tuple[ThreadPoolExecutor, int] | None) -> None:
    """Slopes to eight digits, by resting a little above and a little below, where a feeder does rest; then all is as before."""
    root, told, drawn = kept.before.copy(), kept.slope.copy(), []
    for side in (1 - ASIDE, 1 + ASIDE, 1.0):
        kept.sweep(side * root, rest, SWEEPS, hands, _idle)
        drawn.append(np.where(kept.far[:, None] <= rest, kept.drawn[:, :2], np.nan))
    slope = (drawn[1] - drawn[0]) / (2 * ASIDE)
    kept.slope[:] = np.where(np.isfinite(slope), slope, told)


def _restless(fused: Fused, kept: Kept) -> str:
    """Which feeder did not come to rest, and what that means."""
    k = int(np.argmax(np.where(np.isfinite(kept.far), kept.far, np.inf)))
    where = f"the feeder at {fused.core.nodal.named(fused.node[[k]])}"
    if not kept.far[k] < 1.0:
        return f"{where} has no load flow at {kept.before[k]:.4f} pu"
    return f"{where} still moves after {SWEEPS} sweeps at {kept.before[k]:.4f} pu, close to where its load flows end; take scheme merged or response"


def _tangents(fused: Fused, kept: Kept) -> Draw:
    """What all parallel feeders draw around the root voltages of the last sweep."""
    root = kept.before.copy()
    curve = np.stack([kept.drawn[:, :2], kept.slope / root[:, None]], -1) * fused.count[:, None, None]
    return Draw(node=fused.node, low=root - 1, high=root + 1, c=curve[:, 0] + 1j * curve[:, 1])


def _settled(fused: Fused, found: Solution, draw: Draw, kept: Kept, steps: int) -> Fusion:
    """The same check as of an exchange: one more sweep, and what enters at the roots against what transmission reckons with."""
    root = np.abs(found.v[fused.node])
    moved = kept.sweep(root, 0.0, 1, None, _idle)
    entering = fused.count * kept.drawn[:, 2:].copy().view(np.complex128)[:, 0]
    apart = np.abs(gathered(fused.node, entering - draw.each(root)[0], len(found.v))).max(initial=0.0)
    done = _found(fused, (found.v, (found.loads, found.units)), kept, steps, (found.mismatch + float(apart), moved))
    return replace(done, core=found, trouble=done.trouble or found.trouble)


def _idle() -> None:
    """Nothing beside the feeders."""
