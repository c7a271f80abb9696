r"""Least cost where networks only carry: no losses, no voltages, no reactive power, no angles; what is left are units, ratings and connections.

.. math:: \min \sum_u c_u(p_u), \qquad \sum_{u \text{ at } i} p_u + \sum_k a_{ik} f_k = d_i + g_i, \quad |f_k| \le \overline S_k, \quad
          \underline p_u \le p_u \le \overline p_u

with demand d and shunts g at 1 pu, and :math:`a_{ik}` = −1 where branch k leaves node i, +1 where it arrives. It says how much of a cost is due to
units alone; what AC physics adds is the difference to `gridtandem.opf.ac`. "NFA" of C. Coffrin, R. Bent, K. Sundar, Y. Ng, M. Lubin,
"PowerModels.jl: an open-source framework for exploring power flow formulations", PSCC 2018.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from scipy import sparse

from gridtandem.errors import InvalidCase
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.opf.ac import costs
from gridtandem.opf.forms.ac_polar import unit_places
from gridtandem.program.answer import Answer
from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.program.solve import solve
from gridtandem.tables import Names, Real, Table, column
from gridtandem.units import MVA


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class TransportUnits(Table):
    """What units inject."""

    kind: ClassVar[str] = "transport_units"
    name: Names = column("name of the unit", dtype="U")
    bus: Names = column("name of its bus", dtype="U")
    p_mw: Real = column("active injection", unit="MW")
    cost_per_h: Real = column("what it costs", unit="currency/h")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class TransportBranches(Table):
    """What lines and transformers carry."""

    kind: ClassVar[str] = "transport_branches"
    name: Names = column("name of the line or transformer", dtype="U")
    p_mw: Real = column("active power from its from end to its to end; where nothing limits it, one way of many", unit="MW")
    rating_mva: Real = column("what it may carry; inf: no limit", unit="MVA", finite=False)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TransportResult:
    """The cheapest injections that a network could carry if it only carried."""

    name: str
    cost_per_h: float  # [currency/h]
    currency: str
    units: TransportUnits
    branches: TransportBranches
    answer: Answer

    def __repr__(self) -> str:
        return f"transport of {self.name}: {self.cost_per_h:,.2f} {self.currency} per hour, {self.units.p_mw.sum():,.6g} MW without losses"


def carried(net: Network, currency: str = "currency") -> TransportResult:
    """Of one network. Costs are linear, convex in lines, or convex quadratic.

    Raises `errors.Unsolved` where units and ratings cannot serve the demand.
    """
    nodal = Nodal.of(net.check())
    answer = solve(program_of(nodal)).require()
    u, p = nodal.units, answer.x["p"]
    br = nodal.branches
    lines = br.kind == 0
    cost = _quadratic(nodal, p) + np.bincount(costs(nodal)[0].priced, answer.x["cost"], len(p))
    return TransportResult(
        name=net.name, cost_per_h=float(cost.sum()), currency=currency, answer=answer,
        units=TransportUnits(name=net.generators.name[u.row], bus=net.buses.name[net.generators.bus[u.row]], p_mw=MVA * p, cost_per_h=cost),
        branches=TransportBranches(
            name=np.concatenate([net.lines.name[br.row[lines]], net.transformers.name[br.row[~lines]]]), p_mw=MVA * answer.x["flow"],
            rating_mva=MVA * _ratings(nodal),
        ),
    )  # fmt: skip


def program_of(nodal: Nodal) -> Program:
    """The problem, per unit; its balance rows give prices."""
    pieces, polynomial = costs(nodal)
    g, u, br = nodal.network.generators, nodal.units, nodal.branches
    if faults := [g.fault(int(u.row[k]), "name", *CURVED) for k in np.flatnonzero((polynomial[:, 3:] != 0).any(axis=1) | (_bend(polynomial) < 0))]:
        raise InvalidCase(f.at(nodal.name) for f in faults)
    m, one, rating = len(br.start), np.ones(len(br.start)), _ratings(nodal)
    flow = sparse.csr_array((np.concatenate([-one, one]), (np.concatenate([br.start, br.end]), np.tile(np.arange(m), 2))), shape=(nodal.nodes, m))
    demand = nodal.shunt.real + np.bincount(nodal.loads.node, nodal.loads.at(np.ones(len(nodal.loads.node)))[0].real, nodal.nodes)
    at = sparse.csr_array((np.ones(len(pieces.unit)), (np.arange(len(pieces.unit)), np.searchsorted(pieces.priced, pieces.unit))),
                          shape=(len(pieces.unit), len(pieces.priced)))  # fmt: skip
    steep = sparse.csr_array((-pieces.slope, (np.arange(len(pieces.unit)), pieces.unit)), shape=(len(pieces.unit), len(u.row)))
    return Program(
        {
            "p": Columns.of(len(u.row), g.p_low_mw[u.row] / MVA, g.p_high_mw[u.row] / MVA, cost=polynomial[:, 1], quadratic=2 * _bend(polynomial)),
            "flow": Columns.of(m, -rating, rating), "cost": Columns.of(len(pieces.priced), -np.inf, np.inf, cost=1.0),
        },
        {
            "balance": Rows.of(nodal.nodes, demand, demand, {"p": unit_places(nodal), "flow": flow}),
            "piece": Rows.of(len(pieces.unit), pieces.level, np.inf, {"cost": at, "p": steep}),
        },
        constant=float(polynomial[:, 0].sum()),
    )  # fmt: skip


CURVED = (
    "costs by a third power or by a square that falls", "give its cost linearly, in points of rising slope, or by a square that rises", "opf-001",
)  # fmt: skip


def _bend(polynomial: Real) -> Real:
    """Factor of the square."""
    return np.asarray(polynomial[:, 2] if polynomial.shape[1] > 2 else np.zeros(len(polynomial)))


def _quadratic(nodal: Nodal, p: Real) -> Real:
    """Polynomial costs of units. [currency/h]"""
    polynomial = costs(nodal)[1]
    return np.asarray(polynomial[:, 0] + polynomial[:, 1] * p + _bend(polynomial) * p**2)


def _ratings(nodal: Nodal) -> Real:
    """Of each branch. [per unit]"""
    net, br = nodal.network, nodal.branches
    every = np.concatenate([net.lines.rating_mva, net.transformers.rating_mva]) / MVA
    return np.asarray(every[br.row + len(net.lines) * (br.kind != 0)])
