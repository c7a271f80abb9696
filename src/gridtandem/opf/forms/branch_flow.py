r"""Branch flow of a radial feeder with losses, its quadratic equation relaxed to a cone.

.. math:: P_j - r_j \ell_j - \sum_{m \text{ below } j} P_m + p_j = 0, \qquad Q_j - x_j \ell_j - \sum_m Q_m + q_j = 0

.. math:: w_j = w_i - 2 (r_j P_j + x_j Q_j) + |z_j|^2 \ell_j, \qquad \ell_j w_i \ge P_j^2 + Q_j^2

with P, Q what enters branch j at its parent i, injections p, q, and :math:`\ell` the squared current. A point is a load flow where the cone is tight.
Where it is not, the relaxation burns power that no network could, which pays as soon as power is worth less than nothing. So currents are bounded
always, a price below `FLOOR` is not asked for, and every point is looked at: `BranchFlow.slack`.

Source: M. Farivar and S. H. Low, "Branch flow model: relaxations and convexification", IEEE Trans. Power Syst. 28(3), 2013. Powers in MW and Mvar,
squared currents in (MVA/pu)², impedances in 1/MW; ratios of transformers are taken out as in `gridtandem.opf.forms.lindist`, shunts inject what they
do at 1 pu.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.grid.forest import plant
from gridtandem.grid.nodal import standing
from gridtandem.opf.feeder import FeederProblem, FeederState
from gridtandem.opf.forms.lindist import branch_above, ratings, voltage_bounds
from gridtandem.program.answer import Answer
from gridtandem.program.arrays import Columns, Cones, Matrix, Program, Rows
from gridtandem.tables import Index, Real
from gridtandem.units import MVA

FLOOR = 0.5  # currency/MWh: no lower price is asked for
TIGHT = 1e-6  # slack of a cone that still is a load flow, relative to its squared flow, or to 1 MVA²
STATES = ("flow_p", "flow_q", "ell", "w")


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BranchFlow:
    """A feeder's problem with losses: resources and demand are those of the lossless problem."""

    feeder: FeederProblem
    node: Index  # (tree position) node; the root first
    parent: Index  # (tree position) tree position of its parent
    branch: Index  # (tree position) first branch above the node; −1 at the root
    scale: Real  # (tree position) squared voltage at the node by that of the tree, of which ratios are taken out
    r: Real  # (tree position) [1/MW]
    x: Real
    root_pu: float
    program: Program

    @staticmethod
    def of(feeder: FeederProblem, *, root_pu: float = 1.0) -> BranchFlow:
        """With the resources, demand, ratings and voltage limits of a feeder; ratings limit apparent power at both ends of a branch."""
        nodal, t = feeder.nodal, feeder.window.periods
        tree = plant([standing(nodal)], np.array([feeder.root]), np.zeros(1, np.int64), np.ones(1))
        g2 = np.abs(tree.turn) ** 2
        z = tree.z / g2 / MVA
        low, high = (bound[tree.node] / g2 for bound in voltage_bounds(nodal))
        low[0] = high[0] = root_pu**2
        rating = ratings(nodal, tree)
        current = np.minimum(rating, _reach(feeder, tree.node, tree.last)) / np.sqrt(np.maximum(low[tree.parent], 0.25))
        size = len(tree.node)
        squared = np.concatenate([[0.0], current[1:] ** 2])
        endless = np.where(np.arange(size) > 0, np.inf, 0.0)  # the root has no branch above
        columns = {
            "flow_p": _columns(t, -endless, endless), "flow_q": _columns(t, np.full(size, -np.inf)),
            "ell": _columns(t, np.zeros(size), squared), "w": _columns(t, low, high),
        }  # fmt: skip
        rows, cones = _physics(tree.parent, z, rating, t)
        balance = _balances(feeder, tree.node, tree.parent, z)
        own = {k: r for k, r in feeder.program.rows.items() if k not in ("balance", "limit")}
        program = Program({**feeder.program.columns, **columns}, {**own, **balance, **rows}, cones, feeder.program.constant)
        return BranchFlow(
            feeder=feeder, node=tree.node, parent=tree.parent, branch=branch_above(nodal, tree), scale=g2, r=z.real, x=z.imag, root_pu=root_pu,
            program=program,
        )  # fmt: skip

    @property
    def problem(self) -> FeederProblem:
        """As a feeder's problem like any other."""
        return replace(self.feeder, program=self.program, physics=self)

    @property
    def least_price(self) -> float:
        """See `FLOOR`."""
        return FLOOR

    def slack(self, answer: Answer) -> Real:
        """How far the worst cone is from a load flow (period): relative to its squared flow, or to 1 MVA²."""
        p, q, ell, w = (answer.x[k][:, 1:] if k != "w" else answer.x[k] for k in STATES)
        squared = p**2 + q**2
        return np.asarray(np.max((ell * w[:, self.parent[1:]] - squared) / np.maximum(squared, 1.0), axis=1, initial=0.0))

    def state(self, answer: Answer) -> FeederState:
        """See `gridtandem.opf.forms.branch_flow_prices`."""
        from gridtandem.opf.forms.branch_flow_prices import state

        return state(self, answer)

    def rents(self, prices: FeederState, dispatch: FeederState) -> Real:
        """The same."""
        from gridtandem.opf.forms.branch_flow_prices import rents

        return rents(self, prices, dispatch)

    def holds(self, answer: Answer, period: int) -> tuple[str, ...]:
        """The same."""
        from gridtandem.opf.forms.branch_flow_prices import holds

        return holds(self, answer, period)

    def losses(self, answer: Answer) -> Real:
        """Active losses (period). [MW]"""
        return np.asarray(answer.x["ell"] @ self.r)


def _columns(periods: int, low: Real, high: Real | float = np.inf) -> Columns:
    return Columns.of((periods, len(low)), low, high)


def _reach(feeder: FeederProblem, node: Index, last: Index) -> Real:
    """More than what can flow above each position: all that its subtree could draw or give, with as much again for losses. [MVA]"""
    total = np.zeros((2, *feeder.p_there.shape))
    for out, there, maps in ((total[0], feeder.p_there, feeder.owned.part.p), (total[1], feeder.q_there, feeder.owned.part.q)):
        out += np.abs(there)
        for name, m in maps.items():
            c = feeder.program.columns[name]
            most = np.maximum(np.abs(c.low), np.abs(c.high)).ravel()
            out += (abs(m) @ most).reshape(out.shape)
    size = np.hypot(*total).max(0)[node]
    ends = np.concatenate([[0.0], np.cumsum(size)])
    return np.asarray(2.0 * (ends[last] - ends[np.arange(len(node))]) + 1e-3)


def _balances(feeder: FeederProblem, node: Index, parent: Index, z: Real) -> dict[str, Rows]:
    """``balance`` and ``balance_q`` (period, node): what comes from above, less losses, less what goes on below, with what is injected."""
    t, n = feeder.p_there.shape
    child = np.arange(1, n)
    enters = sparse.csr_array((np.ones(n - 1), (node[child], child)), shape=(n, n))
    leaves = sparse.csr_array((np.ones(n - 1), (node[parent[child]], child)), shape=(n, n))
    source = sparse.csr_array((np.ones(1), (node[:1], [0])), shape=(n, 1))
    out = {}
    for name, flow, loss, maps, there in (("balance", "flow_p", z.real, feeder.owned.part.p, feeder.p_there),
                                          ("balance_q", "flow_q", z.imag, feeder.owned.part.q, feeder.q_there)):  # fmt: skip
        parts: dict[str, Matrix] = dict(maps)
        parts[flow] = _each(t, enters - leaves)
        parts["ell"] = _each(t, -enters @ sparse.diags_array(loss))
        if name == "balance":
            parts["z"] = _each(t, source)
        else:  # the root takes any reactive power from above
            parts[flow] = parts[flow] + _each(t, sparse.csr_array((np.ones(1), (node[:1], [0])), shape=(n, n)))
        out[name] = Rows.of((t, n), -there, -there, parts)
    return out


def _physics(parent: Index, z: Real, rating: Real, t: int) -> tuple[dict[str, Rows], dict[str, Cones]]:
    """Voltages along branches, cones of currents, and ratings at both ends."""
    n = len(parent)
    some = np.arange(1, n)
    branch = sparse.csr_array((np.ones(n - 1), (some - 1, some)), shape=(n - 1, n))
    above = sparse.csr_array((np.ones(n - 1), (some - 1, parent[some])), shape=(n - 1, n))
    r, x, zz = (branch @ sparse.diags_array(v) for v in (z.real, z.imag, np.abs(z) ** 2))
    rows = {"drop": Rows.of((t, n - 1), 0.0, 0.0, {k: _each(t, m) for k, m in
            (("w", branch - above), ("flow_p", 2 * r), ("flow_q", 2 * x), ("ell", -zz))})}  # fmt: skip
    put = [sparse.csr_array(np.eye(4)[:, i : i + 1]) for i in range(4)]
    current = {
        "ell": _each(t, -sparse.kron(branch, put[0]) + sparse.kron(branch, put[3])),  # entries w + ell, 2 P, 2 Q, w − ell
        "w": _each(t, -sparse.kron(above, put[0]) - sparse.kron(above, put[3])),
        "flow_p": _each(t, -2 * sparse.kron(branch, put[1])), "flow_q": _each(t, -2 * sparse.kron(branch, put[2])),
    }  # fmt: skip
    cones = {"current": Cones.of((t * (n - 1), 4), current)}
    rated = np.flatnonzero(np.isfinite(rating[1:]))
    if len(rated):
        e = [sparse.csr_array(np.eye(3)[:, i : i + 1]) for i in range(3)]
        right = np.zeros((t * len(rated), 3))
        right[:, 0] = np.tile(rating[1:][rated], t)
        mine = branch[rated]
        flows = {"flow_p": sparse.kron(mine, -e[1]), "flow_q": sparse.kron(mine, -e[2])}
        cones["sent"] = Cones.of(right.shape, {k: _each(t, m) for k, m in flows.items()}, right)
        lost = sparse.kron(mine @ sparse.diags_array(z.real), e[1]) + sparse.kron(mine @ sparse.diags_array(z.imag), e[2])
        cones["received"] = Cones.of(right.shape, {k: _each(t, m) for k, m in (flows | {"ell": lost}).items()}, right)
    return rows, cones


def _each(periods: int, m: sparse.sparray) -> Matrix:
    """The same in every period."""
    return sparse.csr_array(sparse.kron(sparse.eye_array(periods), m))
