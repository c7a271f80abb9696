"""HiGHS: linear programs, programs with whole numbers, convex quadratic costs.

A program is handed over once and *held*. Each question states its changes against the original program and starts from the *home* basis, the optimal
one of the original, so an answer depends on the question alone and never on the questions before it. A basis is not all that HiGHS remembers, hence
``clearSolver`` before each start; tests hold the law to the bit.

The ladder, for every question: (0) simplex from the home basis without perturbed costs, which further pivots would have to undo; (1) from nothing,
with HiGHS's own perturbations, also to confirm a verdict other than "optimal"; (2) interior point with crossover. HiGHS's duals have our sign.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from gridtandem.errors import Fault, InvalidCase
from gridtandem.program.answer import Answer, Status, unanswered
from gridtandem.program.arrays import Places, Program, flat
from gridtandem.program.faults import Costs, Numbers, Sides, accepted, checked

if TYPE_CHECKING:
    import highspy

Settings: TypeAlias = Mapping[str, "bool | int | float | str"]
OPTIMAL = 7  # the number of kOptimal; names of its values are slow to get
STEPS_LEAST, STEPS_EACH = 1000, 10  # pivots allowed to a warm start, for each column and row; more means that it goes in circles
CURVATURE = 1e-10  # added to quadratic costs by HiGHS, whose method may go in circles without; moves an optimum of 1e3 by 1e-7 over its curvature
COLD: Settings = {"dual_simplex_cost_perturbation_multiplier": 1.0, "simplex_iteration_limit": 2**31 - 1}  # HiGHS's own
STATUS = {
    "kOptimal": Status.SOLVED, "kModelEmpty": Status.SOLVED, "kInfeasible": Status.INFEASIBLE, "kUnbounded": Status.UNBOUNDED,
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

    __slots__ = ("_blocks", "_chain", "_columns", "_highs", "_home", "_on_the_way", "_options", "_rows", "_version", "_warm", "program")

    def __init__(self, program: Program, *, chain: bool = False, options: Highs = Highs(), presolve: bool = False) -> None:
        """``presolve`` helps a large program that is asked once; there is no home then, as nothing of it may be kept."""
        import highspy

        checked(program, _not_taken)
        self.program, self._options, self._chain, self._on_the_way = program, options, chain, False
        self._columns, self._rows = Places.of(program.columns), Places.of(program.rows)
        wrapper: Any = highspy.Highs  # it has no types
        self._highs = wrapper()
        self._version = f"HiGHS {self._highs.version()}"
        steps = STEPS_LEAST + STEPS_EACH * (self._columns.size + self._rows.size)
        self._warm: Settings = {"dual_simplex_cost_perturbation_multiplier": 0.0, "simplex_iteration_limit": steps}
        self._set(
            {
                "output_flag": False, "threads": 1, "presolve": "choose" if presolve else "off", "simplex_strategy": 0,
                "primal_feasibility_tolerance": options.tolerance, "dual_feasibility_tolerance": options.tolerance,
                "mip_feasibility_tolerance": options.tolerance, "mip_rel_gap": options.gap, "mip_abs_gap": 0.0,
                "qp_regularization_value": CURVATURE, "qp_iteration_limit": steps,
            }
        )  # fmt: skip
        _accept(self._highs.passModel(_model(program)), "the model")
        self._blocks = _Blocks.of(program, self._highs)
        self._home: Any = None  # a basis
        if not (presolve or program.integer or program.quadratic):
            self._highs.run()
            home = self._highs.getBasis()
            self._home = home if home.valid else None
            self._set(self._warm)

    def restart(self) -> None:
        """Go home: the next question of a chain starts as the first one did."""
        self._on_the_way = False

    def solve(self, *, cost: Costs | None = None, right: Sides | None = None, bounds: Sides | None = None) -> Answer:
        """Answer with these costs, sides of rows ``(low, high)`` and bounds of columns ``(low, high)``, all else as in the original program."""
        changes = accepted(self.program, cost=cost, right=right, bounds=bounds)
        self._blocks.set(changes)
        if self._options.seconds < np.inf:
            self._set({"time_limit": self._highs.getRunTime() + self._options.seconds})  # HiGHS counts from its first run
        if self._home is not None and self._from_home() is Status.SOLVED:
            return self._answer(Status.SOLVED, ladder=0)
        status = self._from_nothing()
        if status is not Status.FAILED or self.program.integer or self.program.quadratic:
            return self._answer(status, ladder=1)
        return self._answer(self._by_interior_point(), ladder=2)

    def _from_home(self) -> Status:
        if not (self._chain and self._on_the_way):
            self._highs.clearSolver()
            self._highs.setBasis(self._home)
        self._on_the_way = True
        return self._run()

    def _from_nothing(self) -> Status:
        """As HiGHS would by itself; where its presolve cannot tell which way there is no optimum, without it."""
        self._set(COLD)
        self._highs.clearSolver()
        status = self._run()
        if self._highs.getModelStatus().name == "kUnboundedOrInfeasible":
            self._set({"presolve": "off"})
            status = self._run()
            self._set({"presolve": "choose"})
        self._set(self._warm)
        return status

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

    def _answer(self, status: Status, *, ladder: int) -> Answer:
        said = "" if status is Status.SOLVED else self._highs.modelStatusToString(self._highs.getModelStatus())
        cost = bound = self._highs.getObjectiveValue()
        if self.program.integer:
            bound = self._highs.getInfo().mip_dual_bound
        stopped = status is Status.STOPPED and self.program.integer and np.isfinite(cost)
        if status is not Status.SOLVED and not stopped:
            return unanswered(self.program, status, ladder=ladder, solver=self._version, said=said)
        found = self._highs.getSolution()
        price, reduced = np.array(found.row_dual), np.array(found.col_dual)
        if self.program.integer:
            price, reduced = np.full(self._rows.size, np.nan), np.full(self._columns.size, np.nan)
        return Answer(
            status,
            cost,
            self._columns.split(np.array(found.col_value)),
            self._rows.split(price),
            self._columns.split(reduced),
            bound,
            ladder,
            self._version,
            said,
        )


def _not_taken(program: Program) -> list[Fault]:
    """What HiGHS cannot take."""
    faults = [
        Fault("program", "has cones, which HiGHS does not know", "solve it with Clarabel", "program-020", column=name) for name in program.cones
    ]
    if program.integer and program.quadratic:
        faults.append(Fault("program", "has whole numbers and quadratic costs at once", "write the costs in steps", "program-021"))
    return faults


def _model(program: Program) -> highspy.HighsModel:
    """The arrays as HiGHS wants them."""
    import highspy

    matrix, model = program.matrix(), highspy.HighsModel()
    lp = model.lp_
    lp.num_row_, lp.num_col_ = matrix.shape
    lp.offset_ = program.constant
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = (flat(program.columns, what) for what in ("cost", "low", "high"))
    lp.row_lower_, lp.row_upper_ = (flat(program.rows, what) for what in ("low", "high"))
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    if program.integer:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[c.integer] for c in program.columns.values() for _ in range(c.low.size)]
    if program.quadratic:
        quadratic = flat(program.columns, "quadratic")
        model.hessian_.dim_ = len(quadratic)
        model.hessian_.format_ = highspy.HessianFormat.kTriangular
        model.hessian_.start_ = np.arange(len(quadratic) + 1, dtype=np.int32)
        model.hessian_.index_ = np.arange(len(quadratic), dtype=np.int32)
        model.hessian_.value_ = quadratic
    return model


def _accept(status: highspy.HighsStatus, what: str) -> None:
    if status.name == "kError":
        raise InvalidCase([Fault("program", f"HiGHS refuses {what}", "see whether its version is one of those in the locks", "program-022")])
