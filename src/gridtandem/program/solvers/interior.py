r"""Interior: smooth programs by the interior-point method of `gridtandem.program.interior`, which needs no package beyond this one's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Places
from gridtandem.program.faults import Sides, smooth_accepted, smooth_checked
from gridtandem.program.interior import BINDS, NOISY, STEEPEST, Look, Point, Rule, Task, climbed
from gridtandem.program.minimum import beside
from gridtandem.program.newton_system import NewtonSystem
from gridtandem.program.rules import Careful, Free
from gridtandem.program.smooth import Functions, Smooth, Span, sides, unanswered
from gridtandem.tables import Real

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridtandem.program.blocks import Solve

PUSH = 1e-2  # of max(1, |bound|), or of the interval: how far from a bound a search begins
WARM = 1e-4  # the same, and the least product of multiplier and distance, from an earlier answer
LEAST = 1e-12  # distance to a bound: rounding may put an answer on it
LEAVES = 8  # searches that begin beside saddles, at most
BENT = "conditions of first order hold, but no minimum was found from there"
STUCK = 1e-5  # a row missed by more where the search ends has no point nearby that keeps it


@final
@dataclass(frozen=True, slots=True)
class Interior:
    """Options, and the two things one does with a solver."""

    tolerance: float = 1e-8  # of scaled conditions
    steps: int = 200  # of each rung of the ladder

    def solve(self, program: Smooth, start: Answer | None = None) -> Answer:
        """Solve once, from the program's own start or from an earlier answer."""
        return self.hold(program).solve(start=start)

    def hold(self, program: Smooth) -> Held:
        """Keep the program for many questions."""
        return Held(program, options=self)


@final
class Held:
    """A program in the hands of the solver. A question leaves nothing behind."""

    __slots__ = ("_columns", "_options", "_rows", "_sides", "_systems", "_version", "program")

    def __init__(self, program: Smooth, *, options: Interior = Interior()) -> None:
        self.program, self._options = smooth_checked(program), options
        self._columns, self._rows = Places.of(program.columns), Places.of(program.rows)
        self._sides = sides(program.columns), sides(program.rows)
        self._version = f"interior of gridtandem {version('gridtandem')}"
        self._systems: dict[bytes, NewtonSystem] = {}  # by which rows are equations

    def solve(
        self, *, start: Answer | None = None, bounds: Sides | None = None, right: Sides | None = None, functions: Functions | None = None
    ) -> Answer:
        """Answer with these bounds of columns and sides of rows ``(low, high)``, and with other numbers in functions of the same pattern.

        The search begins where an earlier answer stands, or at the program's own start.
        """
        task = self._task(bounds, right, functions)
        least, tried = self._options.tolerance / 10, 0
        rungs: tuple[tuple[Rule, Answer | None], ...] = ((Free(least), start), (Careful(least), None))
        for ladder, (rule, begin) in enumerate(rungs):
            point, steps, wrong = self._climbed(task, self._begin(task, begin), rule)
            tried += steps
            if wrong <= self._enough:
                point, steps, wrong, said = self._settled(task, point, wrong)
                tried += steps
                rounding = f"rounding ended it at errors of {wrong:.1g}" if wrong > self._options.tolerance else ""
                return self._answer(task, point, ladder=ladder, steps=tried, said=said or rounding)
        with np.errstate(over="ignore", invalid="ignore"):
            missed = float(np.abs(Look.at(task, point.t).missed).max(initial=0.0))
        status = Status.NEARBY if missed > STUCK else Status.STOPPED if steps >= self._options.steps else Status.FAILED
        said = f"largest miss of a row {missed:.2g}"
        return unanswered(self.program, status, ladder=ladder, steps=tried, solver=self._version, said=said)

    @property
    def _enough(self) -> float:
        """An error that ends a search."""
        return NOISY * self._options.tolerance

    def _climbed(self, task: Task, begin: Point, rule: Rule) -> tuple[Point, int, float]:
        with np.errstate(over="ignore", invalid="ignore"):  # a search that runs away is seen by its errors
            return climbed(task, begin, rule, tolerance=self._options.tolerance, steps=self._options.steps)

    def _settled(self, task: Task, point: Point, wrong: float) -> tuple[Point, int, float, str]:
        """The point itself where it is a minimum; else the cheapest that is found on the ways down from there, or from the program's own start."""
        if not (ways := list(beside(task, point))):
            return point, 0, wrong, ""
        ways.append(self._begin(task, None))
        least, tried, n = self._options.tolerance / 10, 0, task.system.size
        best, cost, said = (point, wrong), np.inf, BENT
        for way in ways:  # which grow while saddles are met
            end, steps, missed = self._climbed(task, way, Careful(least))
            tried += steps
            if missed > self._enough:
                continue
            if more := beside(task, end):
                ways += more[: max(LEAVES - len(ways), 0)]
            elif (found := task.functions.values(end.t[:n])[0]) < cost:
                best, cost, said = (end, missed), found, ""
        return best[0], tried, best[1], said

    def bent(self, answer: Answer, *, bounds: Sides | None = None, functions: Functions | None = None) -> Solve:
        """How an answer moves: its optimality system, with multipliers over distances for whatever is bounded, ready for right-hand sides.

        What is asked are changes of the gradient by unknowns and of equations by row, as columns; the answers are changes of both.
        """
        task, n = replace(self._task(bounds, None, functions), scale=1.0), len(self.program.start)
        x, price = _flat(answer.x, self._columns), _flat(answer.price, self._rows)
        values, jacobian, s = task.functions.values(x)[1], task.functions.slopes(x)[1], task.system
        near, far = task.distances(np.concatenate([x, values[s.ranges]]))
        pull = np.concatenate([_flat(answer.reduced, self._columns), price[s.ranges]])
        sigma = task.has_low * np.maximum(pull, 0.0) / np.maximum(near, LEAST) + task.has_high * np.maximum(-pull, 0.0) / np.maximum(far, LEAST)
        numbers = task.functions.curvature(x, 1.0, -price), jacobian, sigma[:n], sigma[n:], task.fixed

        def solve(right: Real) -> Real:
            found = s.answered(numbers, right, sigma > BINDS)
            if found is None:
                raise ArithmeticError("the optimality system of an answer is singular")
            return found

        return solve

    def _task(self, bounds: Sides | None, right: Sides | None, functions: Functions | None) -> Task:
        """The question in the form of the iteration."""
        changes = smooth_accepted(self.program, bounds or {}, right or {})
        (low, high), (row_low, row_high) = (_with(*sides) for sides in zip(self._sides, changes, (self._columns, self._rows), strict=True))
        equal = row_low == row_high
        bounded = ~equal & (np.isfinite(row_low) | np.isfinite(row_high))
        key = np.concatenate([equal, bounded]).tobytes()
        if key not in self._systems:
            found = NewtonSystem.of(self.program, np.flatnonzero(equal), np.flatnonzero(bounded))
            self._systems[key] = found
        system, fixed = self._systems[key], low == high
        t_low, t_high = np.concatenate([low, row_low[bounded]]), np.concatenate([high, row_high[bounded]])
        both = np.concatenate([fixed, np.zeros(int(bounded.sum()), bool)])
        has_low, has_high = np.isfinite(t_low) & ~both, np.isfinite(t_high) & ~both
        chosen = functions or self.program.functions
        x = np.where(fixed, low, self.program.start)
        steepest = float(np.abs(chosen.slopes(x)[0]).max(initial=0.0))
        return Task(
            functions=chosen, system=system, low=np.where(has_low | both, t_low, 0.0),
            high=np.where(has_high, t_high, 0.0), has_low=has_low, has_high=has_high, fixed=fixed, rows=self._rows.size, right=row_low[equal],
            scale=min(1.0, STEEPEST / max(steepest, 1e-300)),
        )  # fmt: skip

    def _begin(self, task: Task, start: Answer | None) -> Point:
        """Pushed inside the bounds, slacks at what the rows are."""
        s = task.system
        x = self.program.start if start is None else _flat(start.x, self._columns)
        push = PUSH if start is None else WARM
        n = s.size
        x = np.where(task.fixed, task.low[:n], _pushed(task, x, slice(0, n), push))
        values = task.functions.values(x)[1]
        t = np.concatenate([x, _pushed(task, values[s.ranges], slice(n, None), push)])
        near, far = task.distances(t)
        if start is None:
            return Point(
                t=t, y=np.zeros(len(s.equations) + len(s.ranges)), low=task.has_low.astype(np.float64), high=task.has_high.astype(np.float64)
            )
        price = _flat(start.price, self._rows)
        y = -task.scale * np.concatenate([price[s.equations], price[s.ranges]])
        reduced = task.scale * np.concatenate([_flat(start.reduced, self._columns), price[s.ranges]])
        low, high = np.maximum(reduced, push / near), np.maximum(-reduced, push / far)
        return Point(t=t, y=y, low=low * task.has_low, high=high * task.has_high)

    def _answer(self, task: Task, point: Point, *, ladder: int, steps: int, said: str) -> Answer:
        look, n = Look.at(task, point.t), task.system.size
        price = np.zeros(self._rows.size)
        price[np.concatenate([task.system.equations, task.system.ranges])] = -point.y / task.scale
        total = look.gradient + task.transposed(look, point.y)
        reduced = np.where(task.fixed, total, (point.low - point.high)[:n]) / task.scale
        x, reduced_cost = self._columns.split(point.t[:n].copy()), self._columns.split(reduced)
        return Answer(Status.SOLVED, look.cost, x, self._rows.split(price), reduced_cost, -np.inf, ladder, self._version, said, steps)


def _pushed(task: Task, t: Real, where: slice, push: float) -> Real:
    """Inside the bounds by at least a share of them."""
    low, high = np.where(task.has_low[where], task.low[where], -np.inf), np.where(task.has_high[where], task.high[where], np.inf)
    width = np.where(np.isfinite(high - low), high - low, np.inf)

    def share(bound: Real) -> Real:
        return push * np.minimum(np.maximum(1.0, np.abs(np.where(np.isfinite(bound), bound, 0.0))), width)

    return np.clip(t, low + share(low), high - share(high))


def _with(both: tuple[Real, Real], changes: Mapping[str, Span], places: Places) -> tuple[Real, Real]:
    """Lower and upper sides of all blocks, some of them changed."""
    if not changes:
        return both
    low, high = both[0].copy(), both[1].copy()
    for name, span in changes.items():
        low[places.slices[name]], high[places.slices[name]] = span.low.ravel(), span.high.ravel()
    return low, high


def _flat(blocks: Mapping[str, Real], places: Places) -> Real:
    """Blocks one after the other."""
    return np.concatenate([np.empty(0), *(blocks[name].ravel() for name in places.shapes)])
