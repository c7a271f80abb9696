r"""What a plan of a feeder does to its network, by load flow: as it stands, and with all fast reserve called.

The branch-flow equations of `gridtandem.opf.forms.branch_flow` with :math:`\ell w = P^2 + Q^2`, solved by sweeps for the injections of the plan. A
plan that was made without the network, or without its called state, shows here what it would break and what transmission would really feel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.grid.forest import plant
from gridtandem.grid.nodal import standing
from gridtandem.opf.fast_reserve import STATES, FastFeeder
from gridtandem.opf.forms.branch_flow import BranchFlow
from gridtandem.opf.forms.lindist import ratings, voltage_bounds
from gridtandem.program.answer import Answer
from gridtandem.tables import Code, Index, Real, Table, column

SWEEPS, SETTLED = 200, 1e-13  # at most; largest change of a squared voltage [pu]
WORDS = ("standing", "called")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Replayed(Table):
    """One row for each period and state. NaN where there is no load flow."""

    kind: ClassVar[str] = "replayed"
    period: Index = column("period of the window, counted from 1", dtype="i8")
    state: Code = column("as the network stands, or with all fast reserve called", dtype="i8", choices=WORDS)
    z_mw: Real = column("taken from transmission", unit="MW")
    award_mw: Real = column("fast reserve that is sold", unit="MW")
    felt_mw: Real = column("by how much less is taken when it is called; 0 as the network stands", unit="MW")
    loss_mw: Real = column("losses", unit="MW")
    v_low_pu: Real = column("lowest voltage", unit="pu")
    v_high_pu: Real = column("highest voltage", unit="pu")
    beyond_pu: Real = column("most that a voltage is beyond its limit; 0: none is", unit="pu")
    loading: Real = column("largest apparent power by rating; 0 where nothing is rated")


def replayed(fast: FastFeeder, answer: Answer, *, root_pu: float = 1.0) -> Replayed:
    """Load flows of an answer to the feeder's program, whatever model of the network it was made with."""
    grid = fast.network or BranchFlow.of(fast.feeder, root_pu=root_pu)
    rows = [_state(grid, *fast.injected(answer, state)) for state in STATES]
    felt = rows[0]["z_mw"] - rows[1]["z_mw"]
    t = len(felt)
    each = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    return Replayed(
        period=np.tile(np.arange(1, t + 1), 2), state=np.repeat([0, 1], t), award_mw=np.tile(answer.x["award"], 2),
        felt_mw=np.concatenate([0.0 * felt, felt]), **each,
    )  # fmt: skip


def swept(grid: BranchFlow, p: Real, q: Real) -> tuple[Real, Real, Real]:
    """Flow into each branch at its parent, squared current and squared voltage (period, tree position) for injections (period, node)."""
    below, parent = range(len(grid.node) - 1, 0, -1), grid.parent
    s, z = p[:, grid.node] + 1j * q[:, grid.node], grid.r + 1j * grid.x
    w, ell, flow = np.full(s.shape, grid.root_pu**2), np.zeros(s.shape), -s
    for _ in range(SWEEPS):
        flow = z * ell - s
        for j in below:
            flow[:, parent[j]] += flow[:, j]
        before = w.copy()
        for j in range(1, len(grid.node)):
            w[:, j] = w[:, parent[j]] - 2 * (z[j].conjugate() * flow[:, j]).real + abs(z[j]) ** 2 * ell[:, j]
        ell[:, 1:] = np.abs(flow[:, 1:]) ** 2 / np.maximum(w[:, parent[1:]], 1e-6)
        done = np.abs(w - before).max(axis=1) <= SETTLED
        if done.all():
            break
    nowhere = ~done
    flow[nowhere], ell[nowhere], w[nowhere] = np.nan, np.nan, np.nan
    return flow, ell, w


def _state(grid: BranchFlow, p: Real, q: Real) -> dict[str, Real]:
    nodal, (flow, ell, w) = grid.feeder.nodal, swept(grid, p, q)
    v = np.sqrt(w * grid.scale)
    tree = plant([standing(nodal)], np.array([grid.feeder.root]), np.zeros(1, np.int64), np.ones(1))
    size = np.maximum(np.abs(flow), np.abs(flow - (grid.r + 1j * grid.x) * ell))
    low, high = (np.sqrt(side[grid.node]) for side in voltage_bounds(nodal))
    beyond = np.maximum(np.maximum(low - v, v - high), 0.0)[:, 1:]
    return {
        "z_mw": flow[:, 0].real, "loss_mw": ell @ grid.r, "v_low_pu": v.min(1), "v_high_pu": v.max(1), "beyond_pu": beyond.max(1, initial=0.0),
        "loading": (size / ratings(nodal, tree))[:, 1:].max(1, initial=0.0),
    }  # fmt: skip
