"""Where a plan of feeders breaks limits of their networks, by load flow: as they stand, and with all fast reserve called."""

from __future__ import annotations

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.grid.forest import plant
from gridtandem.grid.nodal import standing
from gridtandem.opf.fast_replay import WORDS, swept
from gridtandem.opf.fast_reserve import STATES, FastFeeder
from gridtandem.opf.forms.branch_flow import BranchFlow
from gridtandem.opf.forms.lindist import ratings, voltage_bounds
from gridtandem.program.answer import Answer
from gridtandem.study.results import Violations
from gridtandem.tables import Real, stacked

BEYOND = 1e-3  # pu of voltage, or share of a rating; less is not told as broken
ELEMENTS = ("line", "transformer")


def broken(case: Case, fast: FastFeeder, answer: Answer, k: int) -> Violations:
    """Buses and branches of one feeder at the k-th interface."""
    grid = fast.network or BranchFlow.of(fast.feeder)
    return stacked(Violations, [_of_state(str(case.interfaces.feeder[k]), grid, fast, answer, s) for s in range(len(STATES))])


def apart(fast: FastFeeder, answer: Answer) -> Real:
    """Largest difference of voltage magnitude to load flow (period), over the states that the plan has a network in; NaN where none. [pu]"""
    out = np.full(fast.feeder.window.periods, np.nan)
    if fast.network is None:
        return out
    for state in fast.states:
        _, _, w = swept(fast.network, *fast.injected(answer, state))
        scale = fast.network.scale
        out = np.fmax(out, np.abs(np.sqrt(w * scale) - np.sqrt(np.maximum(answer.x["w" + state], 0.0) * scale)).max(1))
    return out


def _of_state(feeder: str, grid: BranchFlow, fast: FastFeeder, answer: Answer, s: int) -> Violations:
    nodal, first = grid.feeder.nodal, grid.feeder.window.first + 1
    flow, ell, w = swept(grid, *fast.injected(answer, STATES[s]))
    v = np.sqrt(w * grid.scale)
    low, high = (np.sqrt(side[grid.node]) for side in voltage_bounds(nodal))
    rated = ratings(nodal, plant([standing(nodal)], np.array([grid.feeder.root]), np.zeros(1, np.int64), np.ones(1)))
    size = np.maximum(np.abs(flow), np.abs(flow - (grid.r + 1j * grid.x) * ell))
    net, br = nodal.network, nodal.branches
    bus = [(str(nodal.label[n]), "bus", "pu") for n in grid.node.tolist()]
    branch = [("", "", "")] + [
        (str((net.lines, net.transformers)[int(br.kind[b])].name[br.row[b]]), ELEMENTS[int(br.kind[b])], "MVA") for b in grid.branch[1:].tolist()
    ]
    looked = ((v, low, v < low - BEYOND, bus), (v, high, v > high + BEYOND, bus), (size, rated, size > rated * (1 + BEYOND), branch))
    rows = []
    for value, limit, beyond, whose in looked:
        for t, j in zip(*np.nonzero(beyond), strict=True):
            if j:  # the root is transmission's
                name, element, unit = whose[j]
                rows.append((0, first + int(t), element, f"{feeder}.{name}, {WORDS[s]}", float(value[t, j]), float(limit[j]), unit))
    return Violations.of(dict(zip(Violations.columns(), zip(*rows, strict=True), strict=True))) if rows else Violations.empty()
