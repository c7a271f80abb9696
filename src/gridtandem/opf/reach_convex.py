r"""How far a feeder can go by a convex form of its network equations, at a voltage that transmission holds.

`gridtandem.opf.forms.branch_flow` relaxes the AC equations: every exchange that the feeder can have lies inside, so that this outline is an outer
bound, wherever the form has the feeder as it is: `outer`. Where power is to be drawn it may promise losses that no network has.
`gridtandem.opf.forms.lindist` leaves losses out and takes circles for polygons inside: neither inner nor outer, but near and quick.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np

from gridtandem.grid.network import Network
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.forms.branch_flow import TIGHT, BranchFlow
from gridtandem.opf.reach import Touch
from gridtandem.opf.reach_ac import uncosted
from gridtandem.program.answer import Status
from gridtandem.program.arrays import Columns, Matrix, Program
from gridtandem.program.solve import Holding, hold
from gridtandem.resources.part import Window
from gridtandem.tables import Real

Form = Literal["lindist", "branch-flow"]
LEAST = 0.5  # pu; below this voltage branch flow bounds currents by more than it knows


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ConvexReach:
    """A feeder at a voltage; implements `gridtandem.opf.reach.Asks`. The exchange is linear in the unknowns."""

    problem: FeederProblem
    held: Holding
    weight: tuple[Mapping[str, Real], Mapping[str, Real]]  # of the unknowns in P and Q
    constant: Real  # (2) [MW, Mvar]

    @staticmethod
    def of(network: Network, root: int, voltage_pu: float, *, form: Form, period: int = 0) -> ConvexReach:
        """Of a feeder in a period, from 0."""
        problem = FeederProblem.of(uncosted(network), root, Window(first=period), root_pu=voltage_pu)
        inner, constant = problem.owned.part.q, np.zeros(2)
        if form == "branch-flow":
            flow = BranchFlow.of(problem, root_pu=voltage_pu)
            problem, here = flow.problem, slice(problem.root, problem.root + 1)
            q = {name: _weights(m[here]) for name, m in inner.items()} | {"flow_q": np.where(flow.parent == 0, 1.0, 0.0)}
            constant[1] = -problem.q_there[0, problem.root]
        else:
            q = {name: _weights(m) for name, m in inner.items()}
            constant[1] = -problem.q_there.sum()
        return ConvexReach(problem=problem, held=hold(_free(problem.program)), weight=({"z": np.ones(1)}, q), constant=constant)

    def farthest(self, way: Real, start: Touch | None, fixed: tuple[int, float] | None = None) -> Touch | None:  # noqa: ARG002 — a convex set is asked for support alone
        """See `gridtandem.opf.reach.Asks`; nothing can be fixed."""
        assert fixed is None
        cost = {name: np.zeros(c.shape) for name, c in self.problem.program.columns.items()}
        for component, weight in zip(way, self.weight, strict=True):
            for name, w in weight.items():
                cost[name] = cost[name] - component * w.reshape(cost[name].shape)
        answer = self.held.solve(cost=cost)
        if answer.status is not Status.SOLVED:
            return None
        point = self.constant + [sum(float(w @ answer.x[name].ravel()) for name, w in weight.items()) for weight in self.weight]
        form = self.problem.physics
        real = form is not None and bool(form.slack(answer).max() <= TIGHT)
        stops = self.problem.binding(answer, 0) if real or form is None else ()  # what no network can do is stopped by no limit of one
        return Touch(point=point, way=way, stops=stops, answer=answer, real=real)


def outer(network: Network, root: int) -> bool:
    """Whether branch flow has this feeder as it is: loads that do not follow the voltage, nothing to earth, lower limits of voltage."""
    d, buses = network.loads, network.buses
    follows = (d.p_exponent != 0) | (d.q_exponent != 0)
    for share in (d.p_z_share, d.p_i_share, d.q_z_share, d.q_i_share):
        follows |= share != 0
    to_earth = network.lines.b_us[network.lines.closed].any() or network.transformers.b_pu[network.transformers.closed].any()
    bare = not to_earth and not network.shunts.live.any()
    low = (buses.v_low_pu >= LEAST) | ~buses.live | (np.arange(len(buses)) == root)
    return bool(bare and not (d.live & follows).any() and low.all())


def _weights(injected: Matrix) -> Real:
    """Of unknowns in what is drawn, from what they inject."""
    return np.asarray(-injected.sum(0), np.float64).ravel()


def _free(program: Program) -> Program:
    """At no cost."""
    columns: dict[str, Columns] = {k: replace(c, cost=np.zeros(c.shape), quadratic=np.zeros(c.shape)) for k, c in program.columns.items()}
    return replace(program, columns=columns, constant=0.0)
