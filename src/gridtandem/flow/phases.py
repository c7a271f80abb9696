r"""Backward-forward sweep of three-phase feeders: 3×3 matrices along a tree, loads of every connection and law.

Everything that is an admittance (charging, capacitors, no-load branches, guards) is eliminated from the leaves up before the first sweep
(``kernels_phase_tree``), so that a sweep knows currents of demand alone. For a child c of p, with I of loads and generators,

.. math:: V_c = A_c V_p - Z_c J_c, \qquad J_p = I_p(V_p) + \sum_c A_c^T J_c

Without that, the voltage to ground of a side that floats but for its cables would not come to rest. Sources: D. Shirmohammadi, H. W. Hong,
A. Semlyen and G. X. Luo, IEEE Trans. Power Syst. 3(2), 1988; C. S. Cheng and D. Shirmohammadi, "A three-phase power flow method for
real-time distribution system analysis", IEEE Trans. Power Syst. 10(2), 1995.

The derivative by the root's voltage obeys the same equations with currents linearised, per coil at voltage v,

.. math:: \mathrm{d}I = \frac{\overline{s'}}{2|v|}\,\mathrm{d}v
          + \left(\frac{\overline{s'}\,v}{2|v|\,\overline{v}} - \frac{\overline s}{\overline v^2}\right)\overline{\mathrm{d}v}

A row is one feeder at one root voltage and loading; rows share nothing, so that their bits depend neither on each other nor on threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.errors import InvalidCase
from gridtandem.flow.kernels_shared import workspace
from gridtandem.flow.phase_branches import PhaseBranches, phase_branches, reaches_ground
from gridtandem.flow.phase_coils import SortedCoils, coils_of
from gridtandem.flow.sweep import AT_ONCE, processors, shared_out
from gridtandem.grid.phase_tree import PhaseTree, phase_tree
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.kernels import kernel
from gridtandem.tables import Complex, Flag, Index, Real

SWEEPS = 4000  # most; feeders rest after a dozen, and after hundreds where they are close to what sweeps can solve


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SweptPhases:
    """Answers of a three-phase sweep, in per unit of one phase (a third of 100 MVA). NaN where ``ok`` is False."""

    v: Complex  # (…, node, phase); empty where it was not asked for. A phase without supply has no meaning
    s: Complex  # (…, feeder, phase) power out of the source, before its impedance
    ds: Complex  # (…, feeder, phase) derivative of s by the source's voltage magnitude; NaN where it was not asked for
    ok: Flag  # (…, feeder)
    sweeps: Index  # (…, feeder) taken


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ReadyPhases:
    """Three-phase feeders one after the other, admittances eliminated, loads as coils."""

    trees: tuple[PhaseTree, ...]
    start: Index  # (feeder + 1) nodes
    parent: Index  # (node) counted from the feeder's root
    turns: Flag  # (node) A is more than 1
    a: Real  # (3 · node, 8) columns of A as the kernel takes them; without meaning where A is 1
    back: Real  # the same of Aᵀ
    z: Real  # the same of Z
    y_root: Complex  # (feeder, 3, 3) admittance of the whole feeder
    phase: Complex  # (feeder, 3) voltages of the source at 1 pu
    coils: SortedCoils
    wye: Real  # (node, 8) power of phases a, b, c, active and reactive, each with a spare lane

    @staticmethod
    def of(networks: Sequence[ThreePhaseNetwork | PhaseTree]) -> ReadyPhases:
        """Feeders with their taps as they stand; `InvalidCase` with everything that keeps them from being swept."""
        trees = [n if isinstance(n, PhaseTree) else phase_tree(n) for n in networks]
        return ReadyPhases.at(trees, [phase_branches(t, t.network.transformers.tap_from_pu, t.network.transformers.tap_to_pu) for t in trees])

    @staticmethod
    def at(trees: Sequence[PhaseTree], branches: Sequence[PhaseBranches]) -> ReadyPhases:
        """Feeders with these branches."""
        steps = [eliminated(tree, b) for tree, b in zip(trees, branches, strict=True)]
        turns, a, z, y_root, floats = (tuple(part) for part in zip(*steps, strict=True))
        coils = SortedCoils.joined([SortedCoils.of(coils_of(t, f), len(f)) for t, f in zip(trees, floats, strict=True)])
        source = np.array([t.source for t in trees], complex).reshape(-1, 3)
        return ReadyPhases(
            trees=tuple(trees), start=np.cumsum([0, *(len(t.parent) for t in trees)]), parent=np.concatenate([t.parent for t in trees]),
            turns=np.concatenate(turns), a=_columns(a), back=_columns([x.swapaxes(1, 2) for x in a]), z=_columns(z), y_root=np.stack(y_root),
            phase=source / np.abs(source), coils=coils, wye=_vectors(coils.wye[:, None, ::2] + 1j * coils.wye[:, None, 1::2]),
        )  # fmt: skip

    @property
    def v_root(self) -> Real:
        """Voltage of each feeder's source, as its network states it. [per unit]"""
        return np.array([np.abs(t.source[0]) for t in self.trees])

    def sweep(
        self, v_root: Real, loading: Real, *, tol: float = 1e-12, sweeps: int = SWEEPS, slope: bool = True, voltages: bool = True, threads: int = 0
    ) -> SweptPhases:
        """Voltages, and what each feeder draws, at root voltages and loadings (…, feeder) that broadcast. [per unit]

        ``loading`` multiplies loads, not generators. A row rests when no voltage moved by more than ``tol``. ``threads`` 0 is as many as
        there are processors for this process.
        """
        v_root, loading = np.broadcast_arrays(np.asarray(v_root, np.float64), np.asarray(loading, np.float64))
        shape, rows, nodes = v_root.shape, v_root.size, int(self.start[-1])
        out = np.empty((rows // max(len(self.trees), 1) * nodes if voltages else 0, 3), np.complex128)
        s, ds = np.empty((rows, 3), np.complex128), np.empty((rows, 3), np.complex128)
        ok, count = np.zeros(rows, bool), np.zeros(rows, np.int64)
        root, load, c = np.ascontiguousarray(v_root.ravel()), np.ascontiguousarray(loading.ravel()), self.coils
        most = int(np.diff(self.start).max(initial=0))
        coils = int(np.diff(c.first[self.start]).max(initial=0)) if slope else 0

        def some(part: Index) -> None:
            room = workspace((3 if slope else 2) * most + 1)
            kernel("flow.kernels_phase", "sweep_phases")(
                part, self.start, self.parent, self.turns, self.a, self.back, self.z, self.y_root, self.phase, self.wye, c.first, c.ends, c.law,
                root, load, tol, sweeps, slope, room[:most], room[most : 2 * most], room[2 * most : -1], np.empty((coils, 4)), room[-1:],
                out, s, ds, ok, count,
            )  # fmt: skip

        shared_out(self._parts(rows), some, threads or processors())
        v = out.reshape(*shape[:-1], nodes, 3) if voltages else out
        return SweptPhases(v=v, s=s.reshape(*shape, 3), ds=ds.reshape(*shape, 3), ok=ok.reshape(shape), sweeps=count.reshape(shape))

    def _parts(self, rows: int) -> list[Index]:
        """Rows in parts of about `AT_ONCE` phases of nodes."""
        row = np.arange(rows)
        done = np.cumsum(3 * np.diff(self.start)[row % len(self.trees)]) if rows else row
        return np.split(row, np.flatnonzero(np.diff(done // AT_ONCE)) + 1)


def eliminated(tree: PhaseTree, branches: PhaseBranches) -> tuple[Flag, Complex, Complex, Complex, Flag]:
    """Whether A is more than 1, A, Z, the admittance of all, and which nodes float."""
    n, b = len(tree.parent), branches
    turns, floats, a, z, shunt = np.zeros(n, bool), np.zeros(n, bool), np.zeros((n, 3, 3), complex), np.zeros((n, 3, 3), complex), b.shunt.copy()
    eliminate = kernel("flow.kernels_phase_tree", "eliminate")
    at = eliminate(tree.parent, b.z, shunt, b.block, b.nodal, b.common, b.blocks, tree.live, a, z, turns, floats)
    if at >= 0:
        buses, what = tree.network.buses, "stands behind a branch whose admittances cancel, a resonance"
        raise InvalidCase([buses.fault(int(tree.bus[at]), "name", what, "correct its transformer or capacitors", "case-083").at(tree.network.name)])
    for k in range(1, n if floats.any() else 0):
        floats[k] |= floats[tree.parent[k]] and reaches_ground(tree, k)
    return turns, a, z, shunt[0], floats


def _columns(matrices: Sequence[Complex]) -> Real:
    """(node, 3, 3) of all feeders as columns, one vector each."""
    return _vectors(np.concatenate(matrices).swapaxes(1, 2))


def _vectors(x: Complex) -> Real:
    """(…, 3) as vectors of the kernel: real parts and a spare lane, imaginary parts and a spare lane, on cache lines of their own."""
    out = workspace(x.size // 3)
    out[:] = 0.0
    out[:, :3], out[:, 4:7] = x.real.reshape(-1, 3), x.imag.reshape(-1, 3)
    return out
