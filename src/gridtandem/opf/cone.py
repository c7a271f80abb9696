r"""The least cost that any AC dispatch of a network can have, from below: its optimal power flow relaxed to second-order cones.

.. math:: \min \sum_u c_u(p_u) - \sum_i \theta_i \cdot y_i \quad\text{under the rows and cones of } \texttt{ac\_cone} \text{ and the limits of units},

with what passes at ports, :math:`y_i = (p_i, q_i, w_i)`, free and paid for. The problem is convex: multipliers of its solver give a number that no
point costs less than (`gridtandem.program.floor`), whatever the solver leaves of its conditions. Quadratic costs stay as they are; costs of higher
order, and those that bend downwards, are replaced by lines below them.

Voltages above `gridtandem.opf.forms.ac_cone.HIGHEST` are left out where a bus has no limit; that is all that is assumed beyond the network's limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.cases.case import Case
from gridtandem.errors import InvalidCase, Unsolved
from gridtandem.grid.network import Network
from gridtandem.opf.ac import NOWHERE, whole_of
from gridtandem.opf.cone_costs import Bowls
from gridtandem.opf.forms.ac_cone import AcCone, places
from gridtandem.opf.forms.cone_reach import takes
from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Columns, Cones, Matrix, Program, Rows
from gridtandem.program.floor import floor, unpaid
from gridtandem.program.solvers.clarabel import Clarabel, Held
from gridtandem.tables import Flag, Index, Real
from gridtandem.units import MVA

Range = tuple[Real, Real]
DRAWS = ("draw_p", "draw_q")
NEAR, ROUGH = 1e-7, 1e-5  # of residuals and gap; feeders of 1 MVA on 100 MVA are not always solved to 1e-8, and what is left is corrected for


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Floored:
    """What a relaxation says under prices: NaN where it has no answer, −inf where that bounds nothing."""

    least: float  # no dispatch costs less, what is paid for passing included; NaN without answer [currency/h]
    y: Real  # (port, 3) p, q, w of the relaxed answer [per unit]
    answer: Answer


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ConeOpf:
    """A network's relaxed problem in the hands of a solver; answers are functions of the question alone."""

    form: AcCone
    program: Program
    held: Held
    box: dict[str, Range]
    port: Index  # node

    @staticmethod
    def of(network: Network, ports: Index = NOWHERE, sign: float = -1.0) -> ConeOpf:
        """Check and build. What passes at ``ports`` (buses, no two of them one node) enters their balance with this sign: −1 leaves, +1 enters."""
        from gridtandem.grid.nodal import Nodal
        from gridtandem.opf.ac import costs

        nodal = Nodal.of(network.check())
        port = nodal.node[ports]
        form = AcCone.of(nodal, port, port if sign > 0 else port[:0])
        p, q = _ranges(form)
        bowls = Bowls.of(*costs(nodal), *p)
        columns = {
            **form.columns(), "p": Columns.of(len(p[0]), *p, cost=bowls.slope, quadratic=bowls.bend), "q": Columns.of(len(q[0]), *q),
            "cost": Columns.of(len(bowls.low), bowls.low, bowls.high, cost=1.0),
            "draw_p": Columns.of(len(port)), "draw_q": Columns.of(len(port)),
        }  # fmt: skip
        balances = _balances(form, port, sign)
        box = _boxes(form, columns, balances)
        if sign < 0:  # where a question will say more about what passes
            columns |= {k: Columns.of(len(port), *box[k]) for k in DRAWS}
        rows = {**balances, **form.rows(), **_factors(form), "piece": bowls.rows()}
        program = Program(columns, rows, {**form.cones(), **_capability(form)}, bowls.constant)
        return ConeOpf(form=form, program=program, held=Clarabel(tolerance=NEAR).hold(program), box=box, port=port)

    def under(self, price: Real | None = None, *, w: Range | None = None, room: Range | None = None) -> Floored:
        """At prices (port, 3) that the network earns with what passes, with limits of w at ports in place of its own, and of p and q (port, 2) there.

        Per unit.
        """
        costs = {} if price is None else self._costs(price)
        bounds: dict[str, Range] = {} if w is None else {"w": self._limits(w)}
        if room is not None:
            bounds |= {k: (np.maximum(room[0][:, j], self.box[k][0]), np.minimum(room[1][:, j], self.box[k][1])) for j, k in enumerate(DRAWS)}
        columns = {k: replace(c, cost=costs.get(k, c.cost)) for k, c in self.program.columns.items()}
        columns |= {k: replace(columns[k], low=low, high=high) for k, (low, high) in bounds.items()}
        asked = replace(self.program, columns=columns)
        answer = self.held.solve(cost=costs, bounds=bounds)
        if answer.status not in (Status.SOLVED, Status.INFEASIBLE):
            answer = Clarabel(tolerance=ROUGH).solve(asked)
        if answer.status is not Status.SOLVED:
            return Floored(least=np.nan, y=np.full((len(self.port), 3), np.nan), answer=answer)
        least = floor(asked, _mended(asked, answer.price), {**self.box, **bounds})
        y = np.stack([answer.x["draw_p"], answer.x["draw_q"], answer.x["w"][self.port]], -1)
        return Floored(least=least, y=y, answer=answer)

    def _costs(self, price: Real) -> dict[str, Real]:
        w = np.zeros(len(self.form.w_low))
        np.add.at(w, self.port, -price[:, 2])
        return {"draw_p": -price[:, 0], "draw_q": -price[:, 1], "w": w}

    def room(self, w: Range) -> Range:
        """Least and most that can pass at the only port (1, 2), with these limits of w there, as far as it is known. [per unit]"""
        form = self.form
        low, high = takes(form.polar.nodal, form.demand, self._limits(w), (form.e_high * form.sigma**2)[form.pair])
        return low[None], high[None]

    def _limits(self, w: Range) -> Range:
        low, high = self.form.w_low.copy(), self.form.w_high.copy()
        low[self.port], high[self.port] = np.maximum(low[self.port], w[0]), np.minimum(high[self.port], w[1])
        return low, high


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LowerBound:
    """No AC dispatch of the network costs less."""

    name: str
    bound_per_h: float
    relaxed_per_h: float  # what the relaxed dispatch costs to the solver's tolerance; the bound is this less what the solver leaves

    def __repr__(self) -> str:
        return f"Cone bound of {self.name}: no AC dispatch costs less than {np.floor(100 * self.bound_per_h) / 100:.2f} per hour"


def _mended(program: Program, price: Mapping[str, Real]) -> dict[str, Real]:
    r"""The same prices, but that a, b and e of pairs, whose ranges are wide, are paid for to the last digit by their cones.

    With multipliers (α, β, μ, ν) of u, e, 2a and 2b in :math:`a^2 + b^2 \le u e`, where :math:`\alpha \beta \ge \mu^2 + \nu^2`: what is unpaid
    goes to β, μ and ν, and α, which w of a narrow range pays for, grows as far as it must.
    """
    left, z = unpaid(program, price), -price["product"]
    beta, mu, nu = z[:, 0] - z[:, 3] + left["e"], z[:, 1] + left["a"] / 2, z[:, 2] + left["b"] / 2
    able = beta > 0
    alpha = np.maximum(z[:, 0] + z[:, 3], (mu**2 + nu**2) / np.where(able, beta, 1.0) * (1 + 1e-15))
    mended = np.stack([(alpha + beta) / 2, mu, nu, (alpha - beta) / 2], -1)
    return {**price, "product": -np.where(able[:, None], mended, z)}


def cone_bound(given: Network | Case | str | Path) -> LowerBound:
    """A cost below that of every AC dispatch of a network, or of a case as one network; see `gridtandem.optimal_power_flow`.

    From a relaxation to second-order cones, whose dual answer is corrected for what the solver leaves: the bound holds but for rounding.
    """
    net = whole_of(given)
    found = ConeOpf.of(net).under()
    if not np.isfinite(found.least):
        raise Unsolved(f"cone bound of {net.name}: {found.answer.status.value} ({found.answer.solver}: {found.answer.said})")
    return LowerBound(name=net.name, bound_per_h=found.least, relaxed_per_h=found.answer.cost)


def _ranges(form: AcCone) -> tuple[Range, Range]:
    """Of active and reactive power of units; reactive ones narrowed by what caps them. A range of p without end is refused."""
    nodal = form.polar.nodal
    g, row = nodal.network.generators, nodal.units.row
    s = g.s_high_mva[row] / MVA
    p = np.maximum(g.p_low_mw[row] / MVA, -s), np.minimum(g.p_high_mw[row] / MVA, s)
    if len(bad := np.flatnonzero(~np.isfinite(p[0]) | ~np.isfinite(p[1]))):
        what, mend = "has no least or most active power, without which its cost has no bound", "give p_low_mw and p_high_mw, or s_high_mva"
        raise InvalidCase(g.fault(int(row[k]), "p_high_mw", what, mend, "case-155").at(nodal.name) for k in bad)
    steep = _steep(form)
    cap = np.minimum(s, np.where(np.isfinite(steep), np.maximum(p[1], 0.0) * np.where(np.isfinite(steep), steep, 0.0), np.inf))
    return p, (np.maximum(g.q_low_mvar[row] / MVA, -cap), np.minimum(g.q_high_mvar[row] / MVA, cap))


def _steep(form: AcCone) -> Real:
    """Most reactive by active power of each unit."""
    factor = form.polar.nodal.network.generators.power_factor_low[form.polar.nodal.units.row]
    return np.where(factor > 0, np.sqrt(1 / np.where(factor > 0, factor, 1.0) ** 2 - 1), np.inf)


def _balances(form: AcCone, port: Index, sign: float) -> dict[str, Rows]:
    """What units inject and what passes, less what the network takes: nothing is left."""
    nodal = form.polar.nodal
    *taken, constant = form.balances()
    unit, draw = places(nodal.units.node, nodal.nodes).T, sign * places(port, nodal.nodes).T
    return {
        name: Rows.of(nodal.nodes, constant[k], constant[k], {**{c: -m for c, m in taken[k].items()}, "pq"[k]: unit, f"draw_{'pq'[k]}": draw})
        for k, name in enumerate(("balance", "balance_q"))
    }


def _factors(form: AcCone) -> dict[str, Rows]:
    """|q| ≤ steep · p."""
    steep, units = _steep(form), len(form.polar.nodal.units.row)
    capped = np.flatnonzero(np.isfinite(steep))
    own = places(capped, units)
    p = sparse.csr_array(sparse.diags_array(steep[capped]) @ own)
    return {name: Rows.of(len(capped), 0.0, np.inf, {"p": p, "q": way * own}) for name, way in (("factor_low", 1.0), ("factor_high", -1.0))}


def _capability(form: AcCone) -> dict[str, Cones]:
    """p² + q² ≤ s²."""
    nodal = form.polar.nodal
    s = nodal.network.generators.s_high_mva[nodal.units.row] / MVA
    capped = np.flatnonzero(np.isfinite(s))
    own, right = places(capped, len(s)), np.zeros((len(capped), 3))
    right[:, 0] = s[capped]
    second, third = (np.eye(3)[:, k : k + 1] for k in (1, 2))
    return {"capability": Cones.of(right.shape, {"p": -sparse.kron(own, second), "q": -sparse.kron(own, third)}, right)}


def _boxes(form: AcCone, columns: dict[str, Columns], balances: dict[str, Rows]) -> dict[str, Range]:
    """Finite ranges that follow for products, and from the balances for what passes and for units without reactive limits.

    Units of one node without limits need no more than what can leave it: how they share it changes no cost.
    """
    out = form.box()
    for name, own, draw in (("balance", "p", "draw_p"), ("balance_q", "q", "draw_q")):
        rows, most = balances[name], np.zeros(len(form.w_low))
        for k, part in rows.parts.items():
            low, high = out.get(k, (columns[k].low, columns[k].high))
            reach = np.maximum(np.abs(low), np.abs(high))
            most += np.asarray(abs(part) @ np.where(np.isfinite(reach), reach, 0.0))
        most += np.abs(rows.low)
        endless = ~np.isfinite(columns[own].low) | ~np.isfinite(columns[own].high)
        lost = _any(rows.parts[own], endless)
        at = _node_of(rows.parts[draw])
        wide = np.where(lost[at], np.inf, most[at])
        out[draw] = (-wide, wide)
        spread = most + np.asarray(abs(rows.parts[own]) @ _finite(columns[own]))
        room = np.where(_any(rows.parts[draw], np.ones(len(at), bool)), np.inf, spread)[_node_of(rows.parts[own])]
        out[own] = (np.maximum(columns[own].low, -room), np.minimum(columns[own].high, room))
    return out


def _any(part: Matrix, which: Flag) -> Flag:
    """Which nodes have some of these columns."""
    return np.asarray(abs(part) @ which.astype(float)) > 0


def _node_of(part: Matrix) -> Index:
    """The node of each column."""
    return np.asarray(part.tocsc().indices, np.int64)


def _finite(column: Columns) -> Real:
    """Sizes of all finite limits."""
    return np.asarray(sum(np.where(np.isfinite(x), np.abs(x), 0.0) for x in (column.low, column.high)))
