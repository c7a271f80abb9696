r"""A distribution company as one program: all of its feeders, and what they take together at each place where transmission's price is made.

.. math:: \min \sum_g m_g\, V_g(z_g) \quad\text{s.t.}\quad \theta_{tb} = \sum_{g \text{ at } b} m_g\, z_{gt}, \quad
          \underline\theta \le \theta \le \overline\theta

A group g is m_g feeders built alike at one place b. Where its cost is convex in what each of them takes, the sum over copies is least where all
take the same (Jensen), so one program stands for all. Where it is not (prices posted to units, `gridtandem.opf.posted`), that all take the same is a
restriction: equal offers to like feeders. θ, block ``theta``, is what a market operator sees, in MW; what it costs there is no part of
this program: `gridtandem.program.bilevel` adds it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.limits import signed
from gridtandem.program.arrays import Columns, Matrix, Program, Rows
from gridtandem.tables import Index, Real

THETA = "theta"


@final
@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Feeders built alike, at one place."""

    program: Program  # of one of them, with a block ``z`` (period)
    count: int
    place: int


@final
@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """Where the total of each period and place stands in θ: a market of one period is moved by a row of it, one of coupled periods by all."""

    shape: tuple[int, int]  # of θ: markets, numbers of each
    at: Index  # (period, place) in C order

    @staticmethod
    def by_period(periods: int, places: int) -> Slots:
        """One market for each period."""
        return Slots((periods, places), np.arange(periods * places).reshape(periods, places))


def leader(groups: Sequence[Group], slots: Slots, bounds: tuple[Real, Real]) -> Program:
    """The company's program; blocks of the g-th group are called ``feeder{g}.…``. ``bounds`` are those of θ, in its shape."""
    made = Program.beside({f"feeder{g}": times(group.program, group.count) for g, group in enumerate(groups)})
    size, periods = slots.shape[0] * slots.shape[1], np.arange(len(slots.at))
    parts: dict[str, Matrix] = {THETA: sparse.csr_array(sparse.eye_array(size))}
    for g, group in enumerate(groups):
        value = np.full(len(periods), -float(group.count))
        parts[f"feeder{g}.z"] = sparse.csr_array((value, (slots.at[:, group.place], periods)), shape=(size, len(periods)))
    together = Rows.of(slots.shape, 0.0, 0.0, parts)
    return replace(made, columns={**made.columns, THETA: Columns.of(slots.shape, *bounds)}, rows={**made.rows, "together": together})


def times(program: Program, count: int) -> Program:
    """The cost of so many copies that decide alike; decisions stay those of one."""
    columns = {name: replace(c, cost=c.cost * count, quadratic=c.quadratic * count) for name, c in program.columns.items()}
    return replace(program, columns=columns, constant=program.constant * count)


def of_group(x: Mapping[str, Real], g: int) -> dict[str, Real]:
    """Decisions of one feeder of the g-th group."""
    name = f"feeder{g}."
    return {k.removeprefix(name): v for k, v in x.items() if k.startswith(name)}


def cost_by_period(problem: FeederProblem, x: Mapping[str, Real]) -> Real:
    """Cost of a feeder's own decisions (period); every block of a feeder lies by period. [currency]"""
    periods = problem.window.periods
    out = np.full(periods, problem.program.constant / periods)
    for name, c in problem.program.columns.items():
        if name != "z":
            out = out + (c.cost * x[name] + 0.5 * c.quadratic * x[name] ** 2).reshape(periods, -1).sum(-1)
    return out


def alike(problems: Sequence[FeederProblem]) -> tuple[FeederProblem, ...]:
    """Problems of one feeder that differ in numbers alone, with the same rows: those limits that any of them can reach."""
    first = problems[0]
    sides = [signed(f.form.limits.parts(f.owned.part, f.window.periods)) for f in problems]
    keep = [f.form.limits.within_reach(f.owned.part, s, f.p_there, f.q_there) for f, s in zip(problems, sides, strict=True)]
    limits = first.form.limits.take(np.any(keep, axis=0))
    out = []
    for f in problems:
        rows = limits.rows(limits.parts(f.owned.part, f.window.periods), f.p_there, f.q_there)
        out.append(replace(f, limits=limits, program=replace(f.program, rows={**f.program.rows, "limit": rows})))
    return tuple(out)
