"""AC optimal power flow beside Ipopt: the same functions by both solvers, and the model as people write it in CasADi; answers are log costs."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.join import joined
from gridtandem.cases.named import case
from gridtandem.opf.ac import AcOpf
from gridtandem.program.smooth import sides
from gridtandem.program.solvers.interior import Interior
from gridtandem.program.solvers.ipopt import Ipopt
from gridtandem.tables import Index, Real

Prepare = Callable[[], Callable[[], Real]]
TOL = 1e-8


def problem(name: str) -> AcOpf:
    """A case by name as one network, or a feeder by itself."""
    found: Case = case(name)
    return AcOpf.of(joined(found).network if len(found.interfaces) else found.transmission)


def interior(name: str) -> Prepare:
    """Ours from a flat start; places are found before, as Ipopt's peers derive before."""

    def prepare() -> Callable[[], Real]:
        held = Interior(tolerance=TOL).hold(problem(name).program)
        return lambda: np.log([held.solve().require().cost])

    return prepare


def whole(name: str) -> Prepare:
    """Ours with everything from tables to prices: what a feeder's party does when its loads change."""

    def prepare() -> Callable[[], Real]:
        network = problem(name).form.nodal.network
        return lambda: np.log([AcOpf.of(network).solve(solver=Interior(tolerance=TOL)).require().cost_per_h])

    return prepare


def ipopt(name: str) -> Prepare:
    """Ipopt with our functions, through CasADi."""

    def prepare() -> Callable[[], Real]:
        import_module("casadi")
        program = problem(name).program
        return lambda: np.log([Ipopt(tolerance=TOL).solve(program).require().cost])

    return prepare


def casadi(name: str) -> Prepare:
    """The model in CasADi's own expressions; derivation is preparation, the solve is timed. For loads of constant power and polynomial costs.

    Scalar expressions (SX), hence the quickest functions it has without a compiler, exact Hessian, MUMPS; other settings of Ipopt's
    (adaptive barrier, pivots, scaling by MUMPS) moved its time on 1354 buses by 6 % at most.
    """

    def prepare() -> Callable[[], Real]:
        ca: Any = import_module("casadi")
        given = problem(name)
        solver = ca.nlpsol("s", "ipopt", _model(ca, given), {"ipopt": {"tol": TOL, "print_level": 0, "sb": "yes"}, "print_time": 0})
        (low, high), (row_low, row_high) = sides(given.program.columns), sides(given.program.rows)
        return lambda: np.log([float(solver(x0=given.program.start, lbx=low, ubx=high, lbg=row_low, ubg=row_high)["f"])])

    return prepare


def derived(name: str) -> Prepare:
    """The same with everything in it: expressions, derivation, solve."""

    def prepare() -> Callable[[], Real]:
        import_module("casadi")
        return lambda: casadi(name)()()

    return prepare


def _model(ca: Any, given: AcOpf) -> dict[str, Any]:
    """Unknowns, cost and rows in the order of ours."""
    form, nodal = given.form, given.form.nodal
    br, n, units, loads = nodal.branches, nodal.nodes, nodal.units, nodal.loads
    x = ca.SX.sym("x", len(given.program.start))
    theta, v, p, q = x[:n], x[n : 2 * n], x[2 * n : 2 * n + len(units.row)], x[2 * n + len(units.row) : 2 * n + 2 * len(units.row)]
    start, end = br.start.tolist(), br.end.tolist()
    delta = theta[start] - theta[end] - ca.DM(form.shift)
    flow = [
        ca.DM(form.pi[:, k, 0]) * (v[start] if k < 2 else v[end]) ** 2
        + v[start] * v[end] * (ca.DM(form.pi[:, k, 1]) * ca.cos(delta) + ca.DM(form.pi[:, k, 2]) * ca.sin(delta))
        for k in range(4)
    ]

    def at(node: Index) -> Any:
        return ca.DM.triplet(node.tolist(), list(range(len(node))), ca.DM.ones(len(node)), n, len(node))

    drawn = np.zeros(n, complex)
    np.add.at(drawn, loads.node, loads.s)
    first, last, unit = at(br.start), at(br.end), at(units.node)
    active = unit @ p - ca.DM(drawn.real) - ca.DM(nodal.shunt.real) * v**2 - first @ flow[0] - last @ flow[2]
    reactive = unit @ q - ca.DM(drawn.imag) + ca.DM(nodal.shunt.imag) * v**2 - first @ flow[1] - last @ flow[3]
    rated, angled = form.rated.tolist(), form.angled.tolist()
    rows = [
        active, reactive, flow[0][rated] ** 2 + flow[1][rated] ** 2, flow[2][rated] ** 2 + flow[3][rated] ** 2,
        theta[br.start[angled].tolist()] - theta[br.end[angled].tolist()],
    ]  # fmt: skip
    cost = sum(ca.dot(ca.DM(given.polynomials[:, k]), p**k) for k in range(given.polynomials.shape[1]))
    return {"x": x, "f": cost, "g": ca.vertcat(*rows)}
