"""HiGHS: linear programs and programs with whole numbers.

A program is handed over once and *held*. Each question states its changes against the original program and starts from the *home* basis, the optimal
one of the original, so an answer depends on the question alone and never on the questions before it. A basis is not all that HiGHS remembers, hence
``clearSolver`` before each start; tests hold the law to the bit.

The ladder, for every question: (0) simplex from the home basis without perturbed costs, which further pivots would have to undo; (1) from nothing,
with HiGHS's own perturbations, also to confirm a verdict other than "optimal"; (2) interior point with crossover. HiGHS's duals have our sign.

The way back from a presolved linear program can end on a point that is no optimum (version 1.15.1: 3e-7 too dear, with huge prices
that miss the costs by 6e-5), and is called optimal. So c = Aᵀy + r is tested of what presolve found, and where it fails HiGHS solves again
without. With whole numbers that way back ended 0.8 % above the bound, which is the true optimum, at a reported gap of 0 (the same version): a point
that misses its bound is solved again too.

Quadratic costs are refused: HiGHS's method for them called 2 of 400 small bounded programs unbounded, and ended on some only after bending the cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from gridtandem.errors import Fault, InvalidCase
from gridtandem.program.answer import Answer, Status, unanswered
from gridtandem.program.arrays import Places, Program, Rows, flat, stacked
from gridtandem.program.faults import Costs, Numbers, Sides, accepted, checked, extended

if TYPE_CHECKING:
    import highspy

Settings: TypeAlias = Mapping[str, "bool | int | float | str"]
FEASIBLE = 2  # what HiGHS calls a point that keeps all rows
OPTIMAL = 7  # the number of kOptimal; names of its values are slow to get
NOISE = 1e-12  # entries up to this size are left out, which is below the tolerance for unknowns up to 1e3; HiGHS cannot be told to keep them
LARGEST = 1e15  # entries that HiGHS can hold
STATIONARY = 1e-9  # of the largest cost; what simplex leaves is some 1e-13
UNPROVED = 1e-7  # relative to the cost, beyond the gap asked for: a point farther from its bound is not the one that was found
STEPS_LEAST, STEPS_EACH = 1000, 10  # pivots allowed to a warm start, for each column and row; more means that it goes in circles
COLD: Settings = {"dual_simplex_cost_perturbation_multiplier": 1.0, "simplex_iteration_limit": 2**31 - 1}  # HiGHS's own
STATUS = {
    "kOptimal": Status.SOLVED, "kInfeasible": Status.INFEASIBLE, "kUnbounded": Status.UNBOUNDED,
    "kTimeLimit": Status.STOPPED, "kIterationLimit": Status.STOPPED, "kSolutionLimit": Status.STOPPED, "kInterrupt": Status.STOPPED,
}  # fmt: skip


@final
@dataclass(frozen=True, slots=True)
class Highs:
    """Options, and the two things one does with a solver."""

    tolerance: float = 1e-9  # of bounds, rows and reduced costs, absolute
    gap: float = 1e-9  # relative distance of bound and cost at which a search among whole numbers ends
    seconds: float = np.inf  # per question; where this limit comes first, answers depend on the machine

    def solve(self, program: Program) -> Answer:
        """Solve once."""
        return Held(program, options=self, presolve=True).solve()

    def hold(self, program: Program, *, chain: bool = False) -> Held:
        """Keep the program for many questions."""
        return Held(program, options=self, chain=chain)


@final
@dataclass(frozen=True, slots=True)
class _Blocks:
    """How numbers of blocks are sent, by kind: the call, the original numbers, their positions; and which of them are not the original ones now."""

    send: Mapping[str, Callable[..., object]]
    original: Mapping[str, Numbers]
    positions: Mapping[str, Mapping[str, NDArray[np.int32]]]
    changed: dict[str, set[str]]

    @staticmethod
    def of(program: Program, highs: Any) -> _Blocks:
        columns, rows = (
            {k: np.arange(s.start, s.stop, dtype=np.int32) for k, s in Places.of(b).slices.items()} for b in (program.columns, program.rows)
        )
        cost = {k: (c.cost.ravel(),) for k, c in program.columns.items()}
        bounds = {k: (c.low.ravel(), c.high.ravel()) for k, c in program.columns.items()}
        right = {k: (r.low.ravel(), r.high.ravel()) for k, r in program.rows.items()}
        return _Blocks(
            {"cost": highs.changeColsCost, "bounds": highs.changeColsBounds, "right": highs.changeRowsBounds},
            {"cost": cost, "bounds": bounds, "right": right},
            {"cost": columns, "bounds": columns, "right": rows},
            {"cost": set(), "bounds": set(), "right": set()},
        )

    def set(self, changes: Mapping[str, Numbers]) -> None:
        """Original numbers but for these."""
        for kind, wanted in changes.items():
            for name in sorted(self.changed[kind] | wanted.keys()):
                positions = self.positions[kind][name]
                self.send[kind](len(positions), positions, *wanted.get(name, self.original[kind][name]))
            self.changed[kind] = set(wanted)


@final
class Held:
    """A program in the hands of HiGHS. Not for several threads at once: hold it once for each.

    With ``chain``, consecutive questions go on from the last basis, for searches inside one answer; `restart` goes home.
    """

    __slots__ = ("_blocks", "_chain", "_columns", "_highs", "_home", "_on_the_way", "_options", "_presolve", "_rows", "_version", "_warm", "program")

    def __init__(self, program: Program, *, chain: bool = False, options: Highs = Highs(), presolve: bool = False) -> None:
        """``presolve`` helps a large program that is asked once; there is no home then."""
        import highspy

        checked(program, _not_taken)
        self.program, self._options, self._chain, self._on_the_way = program, options, chain, False
        self._columns, self._rows = Places.of(program.columns), Places.of(program.rows)
        wrapper: Any = highspy.Highs  # it has no types
        self._highs = wrapper()
        self._version = f"HiGHS {self._highs.version()}"
        steps = STEPS_LEAST + STEPS_EACH * (self._columns.size + self._rows.size)
        self._presolve = "choose" if presolve or program.integer else "off"
        self._warm: Settings = {"dual_simplex_cost_perturbation_multiplier": 0.0, "simplex_iteration_limit": steps}
        self._set(
            {
                "output_flag": False, "threads": 1, "presolve": self._presolve, "simplex_strategy": 0,
                "primal_feasibility_tolerance": options.tolerance, "dual_feasibility_tolerance": options.tolerance,
                "mip_feasibility_tolerance": options.tolerance, "mip_rel_gap": options.gap, "mip_abs_gap": 0.0,
                "small_matrix_value": NOISE,
            }
        )  # fmt: skip
        _accept(_passed(self._highs, program), "the model")
        self._blocks = _Blocks.of(program, self._highs)
        self._home: Any = None  # a basis
        if self._presolve == "off":
            self._highs.run()
            home = self._highs.getBasis()
            self._home = home if home.valid else None
            self._set(self._warm)

    def restart(self) -> None:
        """Go home: the next question of a chain starts as the first one did."""
        self._on_the_way = False

    def solve(
        self, *, cost: Costs | None = None, right: Sides | None = None, bounds: Sides | None = None, more: Mapping[str, Rows] | None = None
    ) -> Answer:
        """Answer with these costs, sides of rows ``(low, high)`` and bounds of columns ``(low, high)``, all else as in the original program.

        ``more`` are rows for this question only, such as cuts; they cost less than a new program.
        """
        program = extended(self.program, more, _out_of_range)
        self._blocks.set(accepted(self.program, cost=cost, right=right, bounds=bounds))
        if self._options.seconds < np.inf:
            self._set({"time_limit": self._highs.getRunTime() + self._options.seconds})  # HiGHS counts from its first run
        if not more:
            return self._climbed(program, self._home)
        added = self._add(more)
        self._on_the_way = False
        try:
            return self._climbed(program, self._home and _longer(self._home, len(added)))
        finally:
            _accept(self._highs.deleteRows(len(added), added), "fewer rows")
            self._on_the_way = False

    def _add(self, more: Mapping[str, Rows]) -> NDArray[np.int32]:
        matrix = stacked(more, self._columns)
        low, high = flat(more, "low"), flat(more, "high")
        _accept(self._highs.addRows(len(low), low, high, matrix.nnz, matrix.indptr[:-1], matrix.indices, matrix.data), "more rows")
        return np.arange(self._rows.size, self._rows.size + len(low), dtype=np.int32)

    def _climbed(self, program: Program, home: Any) -> Answer:
        """The ladder."""
        if home is not None and self._from(home) is Status.SOLVED:
            return self._answer(program, Status.SOLVED, ladder=0)
        status = self._from_nothing(program)
        if status is not Status.FAILED or program.integer:
            return self._answer(program, status, ladder=1)
        return self._answer(program, self._by_interior_point(), ladder=2)

    def _from(self, home: Any) -> Status:
        if not (self._chain and self._on_the_way):
            self._highs.clearSolver()
            self._highs.setBasis(home)
        self._on_the_way = True
        return self._run()

    def _from_nothing(self, program: Program) -> Status:
        """As HiGHS would by itself; without its presolve where that cannot tell which way there is no optimum, or found none."""
        self._set(COLD)
        self._highs.clearSolver()
        status = self._run()
        lost = status is Status.SOLVED and self._presolve != "off"
        lost = lost and not (_bounded(self._highs, self._options.gap) if program.integer else self._stationary(program))
        if lost or self._highs.getModelStatus().name == "kUnboundedOrInfeasible":
            self._set({"presolve": "off"})
            self._highs.clearSolver()
            status = self._run()
            self._set({"presolve": self._presolve})
        self._set(self._warm)
        return status

    def _stationary(self, program: Program) -> bool:
        """Whether prices add up to the costs, c = Aᵀy + r. Prices without measure are what is to be found, so nothing but costs sets the scale."""
        found, lp = self._highs.getSolution(), self._highs.getLp()
        cost, price, reduced = np.array(lp.col_cost_)[: self._columns.size], np.array(found.row_dual), np.array(found.col_dual)[: self._columns.size]
        size = max(1.0, float(np.abs(cost).max(initial=0.0)))
        return bool((np.abs(cost - program.matrix().T @ price - reduced) <= STATIONARY * size).all())

    def _by_interior_point(self) -> Status:
        self._highs.clearSolver()
        self._set({"solver": "ipm"})
        status = self._run()
        self._set({"solver": "choose"})
        return status

    def _run(self) -> Status:
        self._highs.run()
        found = self._highs.getModelStatus()
        return Status.SOLVED if int(found) == OPTIMAL else STATUS.get(found.name, Status.FAILED)

    def _set(self, settings: Settings) -> None:
        for name, value in settings.items():
            _accept(self._highs.setOptionValue(name, value), name)

    def _answer(self, program: Program, status: Status, *, ladder: int) -> Answer:
        said = "" if status is Status.SOLVED else self._highs.modelStatusToString(self._highs.getModelStatus())
        cost = bound = self._highs.getObjectiveValue()
        stopped = False
        if program.integer:
            info = self._highs.getInfo()
            bound, stopped = info.mip_dual_bound, status is Status.STOPPED and info.primal_solution_status == FEASIBLE
        if status is not Status.SOLVED and not stopped:
            return unanswered(program, status, ladder=ladder, solver=self._version, said=said)
        rows = self._rows if program is self.program else Places.of(program.rows)
        found = self._highs.getSolution()
        price, reduced = np.array(found.row_dual), np.array(found.col_dual)
        if program.integer:
            price, reduced = np.full(rows.size, np.nan), np.full(self._columns.size, np.nan)
        x = self._columns.split(np.array(found.col_value))
        return Answer(status, cost, x, rows.split(price), self._columns.split(reduced), bound, ladder, self._version, said)


def _bounded(highs: Any, gap: float) -> bool:
    """Whether a point is as good as its bound says; whole numbers have no prices to tell it by."""
    cost = highs.getObjectiveValue()
    return bool(cost - highs.getInfo().mip_dual_bound <= (gap + UNPROVED) * max(1.0, abs(cost)))


def _longer(home: Any, count: int) -> Any:
    """A basis with rows added that do not hold yet."""
    import highspy

    longer = highspy.HighsBasis()
    longer.valid, longer.col_status = True, home.col_status
    longer.row_status = [*home.row_status, *[highspy.HighsBasisStatus.kBasic] * count]
    return longer


def _not_taken(program: Program) -> list[Fault]:
    """What HiGHS cannot take."""
    faults = [
        Fault("program", "has cones, which HiGHS does not know", "solve it with Clarabel, or SCIP", "program-020", column=name)
        for name in program.cones
    ]
    if program.quadratic:
        mend = "solve it with Clarabel; where numbers are whole with SCIP, or write the costs in steps"
        faults.append(Fault("program", "has quadratic costs, which HiGHS does not solve reliably", mend, "program-021"))
    for name, rows in program.rows.items():
        faults += _out_of_range(name, rows)
    return faults


def _out_of_range(name: str, rows: Rows) -> Iterator[Fault]:
    """HiGHS cannot hold huge entries."""
    for block, part in rows.parts.items():
        if (np.abs(part.data) > LARGEST).any():
            mend = f"write the row in units that bring its entries below {LARGEST:g}"
            yield Fault("program", f"has a part for {block!r} with entries that HiGHS cannot hold", mend, "program-024", column=name)


def _passed(highs: Any, program: Program) -> highspy.HighsStatus:
    """The arrays as HiGHS wants them, without a model object, whose lists would be filled entry by entry."""
    import highspy

    matrix = program.matrix()
    height, width = matrix.shape[0], max(1, matrix.shape[1])  # of a program without unknowns HiGHS would read no row
    cost, low, high = (flat(program.columns, what) if matrix.shape[1] else np.zeros(1) for what in ("cost", "low", "high"))
    whole = np.concatenate([np.zeros(0, np.int32), *(np.full(c.low.size, c.integer, np.int32) for c in program.columns.values())])
    done: highspy.HighsStatus = highs.passModel(
        width, height, matrix.nnz, int(highspy.MatrixFormat.kRowwise), int(highspy.ObjSense.kMinimize), program.constant, cost, low, high,
        flat(program.rows, "low"), flat(program.rows, "high"), matrix.indptr, matrix.indices, matrix.data,
        whole if matrix.shape[1] else np.zeros(1, np.int32),
    )  # fmt: skip
    return done


def _accept(status: highspy.HighsStatus, what: str) -> None:
    if status.name == "kError":
        raise InvalidCase([Fault("program", f"HiGHS refuses {what}", "see whether its version is one of those in the locks", "program-022")])
