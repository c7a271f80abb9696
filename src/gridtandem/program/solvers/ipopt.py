r"""Ipopt, by the door of CasADi: a second opinion on smooth programs, where the package `casadi` is installed (extra ``ipopt``).

CasADi's wheel brings Ipopt with MUMPS for every platform; its functions call ours, so that both solvers see the same numbers. Costs stay as they are:
Ipopt scales by itself. Why this is not the first choice: `docs/explanation/decisions/an-interior-point-method-of-our-own.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.errors import need
from gridtandem.program.answer import Answer, Status
from gridtandem.program.faults import smooth_checked
from gridtandem.program.smooth import Smooth, answered, sides, unanswered
from gridtandem.tables import Real

STATUS = {
    "Solve_Succeeded": Status.SOLVED, "Infeasible_Problem_Detected": Status.NEARBY, "Maximum_Iterations_Exceeded": Status.STOPPED,
    "Maximum_CpuTime_Exceeded": Status.STOPPED, "Diverging_Iterates": Status.UNBOUNDED,
}  # fmt: skip


@final
@dataclass(frozen=True, slots=True)
class Ipopt:
    """Options, and what one does with it. An answer at Ipopt's acceptable level only counts as failed."""

    tolerance: float = 1e-8
    steps: int = 3000

    def solve(self, program: Smooth, start: Answer | None = None) -> Answer:
        """Solve once, from the program's own start or from an earlier answer."""
        ca = need("casadi", purpose="Solving with Ipopt", extra="ipopt")
        smooth_checked(program)
        (low, high), (row_low, row_high) = sides(program.columns), sides(program.rows)
        kept = _functions(ca, program, len(low), len(row_low))
        options = {
            "no_nlp_grad": True, "print_time": 0, **{name: kept[name] for name in ("grad_f", "jac_g", "hess_lag")},
            "ipopt": {"tol": self.tolerance, "max_iter": self.steps, "print_level": 0, "sb": "yes"},
        }  # fmt: skip
        solver = ca.nlpsol("solver", "ipopt", kept["nlp"], options)
        begin: dict[str, Any] = {"x0": program.start}
        if start is not None:
            begin["x0"] = _flat(start.x)
            begin |= {"lam_g0": -_flat(start.price), "lam_x0": -_flat(start.reduced)}
        found = solver(**begin, lbx=low, ubx=high, lbg=row_low, ubg=row_high)
        told = solver.stats()
        status, said = STATUS.get(told["return_status"], Status.FAILED), str(told["return_status"]).replace("_", " ")
        name, steps = f"Ipopt by CasADi {ca.__version__}", int(told["iter_count"])
        if status is not Status.SOLVED:
            return unanswered(program, status, ladder=1, steps=steps, solver=name, said=said)
        x, price, reduced = (np.array(found[k]).ravel() for k in ("x", "lam_g", "lam_x"))
        return answered(program, x, cost=float(found["f"]), price=-price, reduced=-reduced, ladder=1, steps=steps, solver=name)


def _flat(blocks: Any) -> Real:
    return np.concatenate([np.empty(0), *(b.ravel() for b in blocks.values())])


def _functions(ca: Any, program: Smooth, n: int, m: int) -> dict[str, Any]:
    """The program as CasADi calls it; matrices by columns, the Hessian as its upper triangle."""
    functions, j, h = program.functions, program.jacobian, program.hessian
    by_column, by_row = np.lexsort((j.row, j.column)), np.lexsort((h.column, h.row))
    dense, nothing = ca.Sparsity.dense, ca.Sparsity(0, 0)
    jacobian = ca.Sparsity.triplet(m, n, j.row.tolist(), j.column.tolist())
    hessian = ca.Sparsity.triplet(n, n, h.column.tolist(), h.row.tolist())
    x = ("x", dense(n)), ("p", nothing)

    def values(at: Any, _: Any) -> list[Any]:
        cost, rows = functions.values(_array(at))
        return [ca.DM(cost), ca.DM(rows)]

    def gradient(at: Any, _: Any) -> list[Any]:
        point = _array(at)
        return [ca.DM(functions.values(point)[0]), ca.DM(functions.slopes(point)[0])]

    def slopes(at: Any, _: Any) -> list[Any]:
        point = _array(at)
        return [ca.DM(functions.values(point)[1]), ca.DM(jacobian, functions.slopes(point)[1][by_column])]

    def curvature(at: Any, _: Any, weight: Any, multiplier: Any) -> list[Any]:
        return [ca.DM(hessian, functions.curvature(_array(at), float(weight), _array(multiplier))[by_row])]

    return {
        "nlp": _called(ca, "nlp", x, (("f", dense(1)), ("g", dense(m))), values),
        "grad_f": _called(ca, "grad_f", x, (("f", dense(1)), ("grad_f_x", dense(n))), gradient),
        "jac_g": _called(ca, "jac_g", x, (("g", dense(m)), ("jac_g_x", jacobian)), slopes),
        "hess_lag": _called(ca, "hess_lag", (*x, ("lam_f", dense(1)), ("lam_g", dense(m))), (("hess", hessian),), curvature),
    }


def _array(matrix: Any) -> Real:
    return np.array(matrix.nonzeros(), np.float64)


def _called(ca: Any, name: str, given: tuple[tuple[str, Any], ...], told: tuple[tuple[str, Any], ...], function: Callable[..., list[Any]]) -> Any:
    """A function of ours as an object of CasADi's kind."""

    @final
    class Called(ca.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            ca.Callback.__init__(self)
            self.construct(name, {})

        def get_n_in(self) -> int:
            return len(given)

        def get_n_out(self) -> int:
            return len(told)

        def get_name_in(self, k: int) -> str:
            return given[k][0]

        def get_name_out(self, k: int) -> str:
            return told[k][0]

        def get_sparsity_in(self, k: int) -> Any:
            return given[k][1]

        def get_sparsity_out(self, k: int) -> Any:
            return told[k][1]

        def eval(self, arguments: list[Any]) -> list[Any]:
            return function(*arguments)

    return Called()
