r"""Moves of a feeder's steps that mend broken limits, several aims one after the other, all periods in one program.

.. math:: \min\ (c_1, c_2, \dots)\ \text{in this order} \quad\text{s.t.}\quad
    \underline b - m^- \le b + H (y + u - d) + H^s s \le \overline b + m^+, \quad 0 \le u \le \overline y - y,\ 0 \le d \le y - \underline y

with u and d the steps' moves up and down, s load that is cut and m what stays broken, whose sum is always the first aim. A later aim may not worsen
an earlier one in any period. Only periods in which something is broken take part, and only limits that moves can bring to their sides.

A move has a *reason*. At the answer for an aim with prices μ of the limits, a step that moves up at cost 1 has :math:`\sum_r H_{rj} \mu_r \ge 1`,
whoever among several equal answers moves; the limit with the largest term is the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias, final

import numpy as np
from scipy import sparse

from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Columns, Matrix, Program, Rows
from gridtandem.program.solvers.highs import Highs
from gridtandem.tables import Index, Real

if TYPE_CHECKING:
    from gridtandem.architecture.simulation.day import Wires

HELD = 1e-7  # MW; limits broken by less hold
ROOM = (1e-9, 1e-8, 1e-7, 1e-6)  # relative; by which a later aim may worsen an earlier one, where a solver finds no point otherwise
NOTHING = 1e-8  # MW; moves smaller than that are what a solver leaves of none
Aim: TypeAlias = Mapping[str, Real]  # costs of the blocks up, down, shed and missed, (period, …) or what spreads to it


@final
@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """What moves, and why."""

    change: Real  # (period, step) [MW]
    shed: Real  # (period, load node) [MW]
    missed: Real  # (period) what stays broken, all limits together [MW]
    reason: Index  # (period, step) limit for whose sake; −1: does not move
    shed_reason: Index  # (period, load node)


def moves(wires: Wires, here: Real, bounds: tuple[Real, Real], aims: Sequence[Aim], *, shed: Real | None = None, why: int = 0) -> Moves:
    """Least moves from here by these aims in turn; ``why`` is the aim that tells the reasons of steps. No load is cut unless ``shed`` allows it."""
    periods = len(here)
    broken = np.flatnonzero(wires.beyond(here).max(axis=1, initial=0.0) > HELD)
    cut = np.zeros((periods, wires.h_shed.shape[1])) if shed is None else shed
    out = Moves(np.zeros_like(here), np.zeros_like(cut), np.zeros(periods), np.full(here.shape, -1), np.full(cut.shape, -1))
    if not len(broken):
        return out
    some, sides = replace(wires, there=wires.there[broken]), (bounds[0][broken], bounds[1][broken])
    rows = _within_reach(some, here[broken], sides, cut[broken])
    program = _program(_rows_of(some, rows), here[broken], sides, cut[broken])
    answers = in_turn(program, [{"missed": np.ones(1)}, *({k: _some(c, broken, periods) for k, c in aim.items()} for aim in aims)])
    x = answers[-1].x
    change = x["up"] - x["down"]
    change[np.abs(change) < NOTHING] = 0.0
    lost = np.where(x["shed"] < NOTHING, 0.0, x["shed"])
    told = [answers[1 + why].price["limit"], answers[1].price["limit"]]
    out.change[broken], out.shed[broken], out.missed[broken] = change, lost, x["missed"].sum((1, 2))
    out.reason[broken] = _reasons(wires.h[rows], told[0], np.sign(change), rows)
    out.shed_reason[broken] = _reasons(wires.h_shed[rows], told[1], np.sign(lost), rows)
    return out


def in_turn(program: Program, aims: Sequence[Aim]) -> list[Answer]:
    """The answers for one aim after the other; blocks have periods first, and what an aim reached in a period stays reached.

    Many aims of one optimum leave a solver no room but its own tolerance; where it finds none, what was reached is kept a little less tightly.
    """
    held, answers = Highs().hold(program), list[Answer]()
    before: list[tuple[Real, Mapping[str, Matrix]]] = []
    for aim in aims:
        whole = {name: np.broadcast_to(_wide(aim.get(name, np.zeros(1)), c.shape), c.shape) for name, c in program.columns.items()}
        answer = held.solve(cost=whole, more=_kept(before, 0.0))
        for room in ROOM:
            if answer.status is Status.SOLVED:
                break
            answer = held.solve(cost=whole, more=_kept(before, room))
        answers.append(answer.require())
        reached = sum((whole[name] * answer.x[name]).reshape(len(answer.x[name]), -1).sum(1) for name in aim)
        before.append((np.asarray(reached), {name: _by_period(whole[name]) for name in aim}))
    return answers


def _kept(before: Sequence[tuple[Real, Mapping[str, Matrix]]], room: float) -> dict[str, Rows]:
    """What earlier aims reached (period), with so much room."""
    sides = [reached + room * np.maximum(1.0, np.abs(reached)) for reached, _ in before]
    return {f"aim {k}": Rows.of(most.shape, -np.inf, most, parts) for k, (most, (_, parts)) in enumerate(zip(sides, before, strict=True))}


def by_period(matrix: Real, periods: int) -> Matrix:
    """The same matrix in every period."""
    return sparse.csr_array(sparse.kron(sparse.eye_array(periods), sparse.csr_array(matrix)))


def _program(wires: Wires, here: Real, bounds: tuple[Real, Real], shed: Real) -> Program:
    periods, rows = wires.there.shape
    value = wires.values(here)
    h = by_period(wires.h, periods)
    either = sparse.kron(sparse.eye_array(periods), np.hstack([-np.eye(rows), np.eye(rows)]))
    columns = {
        "up": Columns.of(here.shape, 0.0, np.maximum(bounds[1] - here, 0.0)), "down": Columns.of(here.shape, 0.0, np.maximum(here - bounds[0], 0.0)),
        "shed": Columns.of(shed.shape, 0.0, shed), "missed": Columns.of((periods, 2, rows), 0.0, np.inf, cost=1.0),
    }  # fmt: skip
    limit = Rows.of(
        (periods, rows), wires.low - value, wires.high - value,
        {"up": h, "down": -h, "shed": by_period(wires.h_shed, periods), "missed": either},
    )  # fmt: skip
    return Program(columns, {"limit": limit})


def _within_reach(wires: Wires, here: Real, bounds: tuple[Real, Real], shed: Real) -> Index:
    """Limits that some moves break, or that are broken."""
    up, down = np.maximum(wires.h, 0.0), np.minimum(wires.h, 0.0)
    value = wires.values(here)
    rise, fall = bounds[1] - here, bounds[0] - here
    highest = value + rise @ up.T + fall @ down.T + shed @ np.maximum(wires.h_shed, 0.0).T
    lowest = value + fall @ up.T + rise @ down.T + shed @ np.minimum(wires.h_shed, 0.0).T
    return np.flatnonzero(((highest > wires.high) | (lowest < wires.low)).any(0))


def _rows_of(wires: Wires, rows: Index) -> Wires:
    return replace(
        wires, h=wires.h[rows], there=wires.there[:, rows], low=wires.low[rows], high=wires.high[rows], h_shed=wires.h_shed[rows],
        label=tuple(wires.label[k] for k in rows.tolist()),
    )  # fmt: skip


def _reasons(h: Real, price: Real, sign: Real, rows: Index) -> Index:
    """Limit (period, step) whose price pulls most in the direction of the move."""
    best = np.full(sign.shape, -1)
    for t, j in zip(*np.nonzero(sign), strict=True):
        best[t, j] = rows[int(np.argmax(sign[t, j] * h[:, j] * price[t]))]
    return best


def _some(cost: Real, broken: Index, periods: int) -> Real:
    return cost[broken] if cost.ndim > 1 and len(cost) == periods else cost


def _wide(cost: Real, shape: tuple[int, ...]) -> Real:
    return cost if cost.ndim == len(shape) else cost.reshape((1,) * (len(shape) - 1) + (-1,))


def _by_period(cost: Real) -> Matrix:
    flat = cost.reshape(len(cost), -1)
    many = flat.shape[1]
    return sparse.csr_array((flat.ravel(), np.arange(flat.size), many * np.arange(len(flat) + 1)), shape=(len(flat), flat.size))
