r"""Regulators that step the taps of a three-phase feeder until every compensated voltage lies in its band.

As OpenDSS does it with controls *static*: the feeder is solved; every control outside its band wants, with the tap increment
:math:`\Delta` of its winding,

.. math:: n = \max(1, \lfloor 0.7 m \rfloor) \text{ steps}, \qquad m = \mathrm{round}\, \frac{|v_{target} - v|\, n_{PT}}{v_{rated}\, \Delta}

(less than what is missing, since all step at once), at most ``most_steps``, and none where m = 0; of those that want a step, the ones with
the least delay make theirs, all at once; and so on until none wants one or can. Source: OpenDSS, ``RegControl``, static mode; tests hold
every tap of four IEEE feeders against its engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.flow.phase_branches import phase_branches, retapped
from gridtandem.flow.phases import SWEEPS, ReadyPhases, SweptPhases
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.phase_admittance import element_admittance, rated_kv
from gridtandem.grid.phase_tree import PhaseTree
from gridtandem.tables import Complex, Index, Real

SHARE = 0.7  # of the missing steps that one move makes
ROUNDS = 100  # of solving and stepping
END = 1e-9  # per unit; how near to its last position a tap is there


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Regulated:
    """Where the taps came to rest, and the sweep there."""

    tap_from: Real  # (transformer)
    tap_to: Real
    control_v: Real  # (regulator) compensated voltage [V]; NaN where there is no solution
    swept: SweptPhases
    rounds: int  # how often taps were stepped
    trouble: str  # why there is no answer; empty where there is


def regulate(tree: PhaseTree, v_root: float, loading: float) -> Regulated:
    """Solve and step, from the taps of the network on. Taps that come back to where they were before hunt, and have no answer."""
    t, taps = tree.network.transformers, np.stack([tree.network.transformers.tap_from_pu, tree.network.transformers.tap_to_pu])
    branches, seen = phase_branches(tree, taps[0], taps[1]), {_key(taps)}
    trouble = ""
    for step in range(ROUNDS + 1):
        swept = ReadyPhases.at([tree], [branches]).sweep(np.array([v_root]), np.array([loading]), slope=False)
        control = control_voltages(tree, taps, swept.v)
        moves = _moves(tree, taps, control) if swept.ok[0] else np.zeros_like(taps)
        if not swept.ok[0] or not moves.any():
            trouble = unsolved(swept)
            break
        taps, moved = taps + moves, np.flatnonzero(moves.any(axis=0))
        if _key(taps) in seen or step == ROUNDS:
            trouble = f"regulators of {', '.join(t.name[moved].tolist())} hunt: their steps lead back to where they were; widen the band"
            break
        seen.add(_key(taps))
        branches = retapped(tree, branches, moved, taps[0], taps[1])
    return Regulated(tap_from=taps[0], tap_to=taps[1], control_v=control, swept=swept, rounds=step, trouble=trouble)


def _key(taps: Real) -> bytes:
    """The same for taps that differ by rounding."""
    return np.rint(taps / END).tobytes()


def unsolved(swept: SweptPhases) -> str:
    """Why a row has no answer; empty where it has. Close to the limit of a feeder sweeps may miss a solution that is there."""
    if swept.ok.all():
        return ""
    count = int(swept.sweeps.max())
    how = f"did not come to rest in {count:,} sweeps" if count >= SWEEPS else f"ran away in {count:,} sweep{'s' * (count != 1)}"
    return (
        f"no load flow found: voltages {how}; there may be none, or one that sweeps do not find; "
        "lower the loading, raise the root voltage, or look for impedances and powers in the wrong unit"
    )


def control_voltages(tree: PhaseTree, taps: Real, v: Complex) -> Real:
    """What each regulator sees, compensated. [V]"""
    reg, t = tree.network.regulators, tree.network.transformers
    kv = v * tree.v_base[:, None]
    out = np.full(len(reg), np.nan)
    for k, (row, side, coil) in enumerate(zip(reg.transformer.tolist(), reg.side.tolist(), reg.coil.tolist(), strict=True)):
        nodes = tree.node[[t.from_bus[row], t.to_bus[row]]]
        if (nodes >= 0).all() and t.closed[row]:
            a, b = tree.coils(row)[side][coil - 1]
            here = np.concatenate([[0.0], kv[nodes[side]]])
            into = element_admittance(tree, row, taps[:, row]) @ kv[nodes].ravel()  # kA
            drop = (reg.r_drop_v[k] + 1j * reg.x_drop_v[k]) * into[3 * side + a - 1] * 1e3 / reg.ct_primary_a[k]
            out[k] = abs((here[a] - here[b]) * 1e3 / reg.pt_ratio[k] + drop)
    return out


def ranges(t: pe.PhaseTransformers) -> tuple[Real, Real, Real]:
    """Least and most tap, and one step, of (side, transformer)."""
    low, high = np.stack([t.tap_from_low_pu, t.tap_to_low_pu]), np.stack([t.tap_from_high_pu, t.tap_to_high_pu])
    return low, high, (high - low) / np.maximum(np.stack([t.steps_from, t.steps_to]), 1)


def _moves(tree: PhaseTree, taps: Real, control: Real) -> Real:
    """(side, transformer): change of every tap now."""
    reg, wanted = tree.network.regulators, _wanted(tree, control)
    low, high, step = ranges(tree.network.transformers)
    side, row = reg.side.astype(np.int64), reg.transformer
    here = taps[side, row]
    there = np.clip(here + wanted * step[side, row], low[side, row], high[side, row])
    able = (wanted != 0) & (np.abs(there - here) > END)
    out = np.zeros_like(taps)
    if able.any():
        first = able & (reg.delay_s == reg.delay_s[able].min())
        out[side[first], row[first]] = (there - here)[first]
    return out


def _wanted(tree: PhaseTree, control: Real) -> Index:
    """Steps that each regulator wants."""
    reg = tree.network.regulators
    step = ranges(tree.network.transformers)[2][reg.side.astype(np.int64), reg.transformer]
    rated = np.array([rated_kv(tree, row)[side] for row, side in zip(reg.transformer.tolist(), reg.side.tolist(), strict=True)])
    short = reg.v_target_v - control
    with np.errstate(invalid="ignore"):
        missing = np.rint(np.abs(short) * reg.pt_ratio / (1e3 * rated) / step)
        steps = np.clip(np.trunc(SHARE * (missing * step) / step), 1, np.maximum(reg.most_steps, 1))  # in the order in which the engine rounds
        return np.where((np.abs(short) > reg.band_v / 2) & (missing > 0), np.sign(short) * steps, 0).astype(np.int64)
