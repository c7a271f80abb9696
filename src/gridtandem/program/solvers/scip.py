r"""SCIP: whole numbers beside cones or quadratic costs, and pairs of numbers of which one is zero (extra ``scip``).

A program is built anew for each question. Cones become :math:`\lVert (s_1, s_2, \dots) \rVert_2^2 \le s_0^2`, :math:`s_0 \ge 0`, in columns of their
own, a quadratic cost one column above it. SCIP enforces both by cuts, hence to its tolerance and no closer; `Program.fixed` solved by another gives
the last digits, and the prices, which this adapter never tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from gridtandem.errors import Fault, InvalidCase, need
from gridtandem.program.answer import Answer, Status, unanswered
from gridtandem.program.arrays import Matrix, Places, Program, Rows, flat
from gridtandem.program.faults import Costs, Sides, accepted, checked, extended
from gridtandem.tables import Real

STATUS = {
    "optimal": Status.SOLVED, "gaplimit": Status.SOLVED, "infeasible": Status.INFEASIBLE, "unbounded": Status.UNBOUNDED,
    "inforunbd": Status.UNBOUNDED, "timelimit": Status.STOPPED, "userinterrupt": Status.STOPPED,
}  # fmt: skip
Pairs = Sequence[tuple[str, str]]


@final
@dataclass(frozen=True, slots=True)
class Scip:
    """Options, and what one does with a solver."""

    tolerance: float = 1e-6  # of rows and cones, relative: its own; its linear programs fail at smaller ones
    gap: float = 1e-9  # relative distance of bound and cost at which the search ends
    seconds: float = np.inf  # where this limit comes first, answers depend on the machine

    def solve(self, program: Program, pairs: Pairs = ()) -> Answer:
        """Solve once. Of each element of the first block of a pair and the same element of the second, one is zero."""
        scip = need("pyscipopt", purpose="Solving whole numbers with cones, or pairs of which one is zero,", extra="scip")
        checked(program, lambda p: _unpaired(p, pairs))
        model = scip.Model()
        model.hideOutput()
        settings = {"numerics/feastol": self.tolerance, "limits/gap": self.gap, "parallel/maxnthreads": 1}
        for name, value in {**settings, **({"limits/time": self.seconds} if self.seconds < np.inf else {})}.items():
            model.setParam(name, value)
        x = _columns(model, program)
        _rows(scip, model, program.matrix(), (flat(program.rows, "low"), flat(program.rows, "high")), x)
        _cones(scip, model, program, x)
        places = Places.of(program.columns)
        for a, b in pairs:
            for first, second in zip(x[places.slices[a]], x[places.slices[b]], strict=True):
                model.addConsSOS1([first, second])
        solver = f"SCIP {model.version()}"
        try:
            model.optimize()
        except Exception as e:  # its wrapper raises nothing more special
            return unanswered(program, Status.FAILED, ladder=1, solver=solver, said=str(e))
        return _answer(model, program, x, solver)

    def hold(self, program: Program) -> Held:
        """Keep the program for many questions, each of which is solved from nothing."""
        return Held(program, self)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A program, kept."""

    program: Program
    options: Scip

    def solve(
        self, *, cost: Costs | None = None, right: Sides | None = None, bounds: Sides | None = None, more: Mapping[str, Rows] | None = None
    ) -> Answer:
        """Answer with these numbers of whole blocks in place of the original ones, and with more rows."""
        changed = accepted(self.program, cost=cost, right=right, bounds=bounds)
        columns, rows = dict(self.program.columns), dict(self.program.rows)
        for name, (given,) in changed["cost"].items():
            columns[name] = replace(columns[name], cost=given.reshape(columns[name].shape))
        for name, (low, high) in changed["bounds"].items():
            columns[name] = replace(columns[name], low=low.reshape(columns[name].shape), high=high.reshape(columns[name].shape))
        for name, (low, high) in changed["right"].items():
            rows[name] = replace(rows[name], low=low.reshape(rows[name].shape), high=high.reshape(rows[name].shape))
        return self.options.solve(extended(replace(self.program, columns=columns, rows=rows), more))


def _unpaired(program: Program, pairs: Pairs) -> list[Fault]:
    """Pairs of blocks that do not fit."""
    sizes = {name: c.low.size for name, c in program.columns.items()}
    return [
        Fault("program", f"has no pair {a!r}, {b!r} of equally large blocks", f"columns are: {', '.join(sizes)}", "program-025")
        for a, b in pairs if sizes.get(a, -1) != sizes.get(b, -2)
    ]  # fmt: skip


def _columns(model: Any, program: Program) -> list[Any]:
    whole = np.concatenate([np.zeros(0, bool), *(np.full(c.low.size, c.integer) for c in program.columns.values())])
    numbers = zip(flat(program.columns, "low"), flat(program.columns, "high"), flat(program.columns, "cost"), whole, strict=True)
    x = [model.addVar(vtype="I" if integer else "C", lb=_side(low), ub=_side(high), obj=float(cost)) for low, high, cost, integer in numbers]
    model.addObjoffset(program.constant)
    quadratic = flat(program.columns, "quadratic")
    if bent := np.flatnonzero(quadratic).tolist():
        above = model.addVar(lb=None, obj=1.0)
        total = sum((0.5 * float(quadratic[k]) * x[k] * x[k] for k in bent[1:]), 0.5 * float(quadratic[bent[0]]) * x[bent[0]] * x[bent[0]])
        model.addCons(total <= above)
    return x


def _rows(scip: Any, model: Any, matrix: Matrix, sides: tuple[Real, Real], x: list[Any]) -> None:
    for k, (low, high) in enumerate(zip(*sides, strict=True)):
        where = slice(matrix.indptr[k], matrix.indptr[k + 1])
        terms = [float(a) * x[j] for a, j in zip(matrix.data[where], matrix.indices[where], strict=True)]
        if not terms:
            if low > 0 or high < 0:
                raise InvalidCase([Fault("program", "has a row without columns that cannot hold", "see its sides", "program-026", row=k)])
            continue
        total = scip.quicksum(terms)
        if low == high:
            model.addCons(total == float(low))
            continue
        if np.isfinite(low):
            model.addCons(total >= float(low))
        if np.isfinite(high):
            model.addCons(total <= float(high))


def _cones(scip: Any, model: Any, program: Program, x: list[Any]) -> None:
    matrix, right = program.cone_matrix(), flat(program.cones, "right")
    entry = [model.addVar(lb=None) for _ in right]
    places = Places.of(program.cones)
    ones = np.arange(len(right))
    for k in ones.tolist():
        where = slice(matrix.indptr[k], matrix.indptr[k + 1])
        terms = [float(a) * x[j] for a, j in zip(matrix.data[where], matrix.indices[where], strict=True)]
        model.addCons(scip.quicksum([*terms, entry[k]]) == float(right[k]))
    for name, block in program.cones.items():
        for cone in ones[places.slices[name]].reshape(block.shape).tolist():
            model.chgVarLb(entry[cone[0]], 0.0)
            if len(cone) > 1:
                model.addCons(scip.quicksum([entry[k] * entry[k] for k in cone[1:]]) <= entry[cone[0]] * entry[cone[0]])


def _side(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None


def _answer(model: Any, program: Program, x: list[Any], version: str) -> Answer:
    said = str(model.getStatus())
    status = STATUS.get(said, Status.FAILED)
    empty = unanswered(program, status, ladder=1, solver=version, said=said)
    if status not in (Status.SOLVED, Status.STOPPED) or model.getNSols() == 0:
        return empty
    values = np.array([model.getVal(v) for v in x])
    return replace(empty, cost=model.getObjVal(), bound=model.getDualbound(), x=Places.of(program.columns).split(values))
