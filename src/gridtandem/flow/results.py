"""Load-flow results as tables: MW, Mvar, kV and degrees, rows named as in the network.

Every bus in service appears, also those that closed ties make one node: they share a voltage, and each shows the load, units and shunts
of its own. What is out of service does not appear. A load flow without solution has empty tables: numbers are absent, not stale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol, final

import numpy as np

from gridtandem.flow.newton import Newton, Solution
from gridtandem.flow.options import Options
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Branches, Nodal
from gridtandem.tables import Code, Complex, Names, Real, Table, column
from gridtandem.units import MVA


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class BusResults(Table):
    """Voltages and powers at buses."""

    kind: ClassVar[str] = "bus_results"
    bus: Names = column("name of the bus", dtype="U")
    v_pu: Real = column("voltage magnitude", unit="pu")
    v_kv: Real = column("voltage magnitude, line to line", unit="kV")
    angle_deg: Real = column("voltage angle", unit="deg")
    p_mw: Real = column("active power that units inject", unit="MW")
    q_mvar: Real = column("reactive power that units inject", unit="Mvar")
    load_p_mw: Real = column("active demand at this voltage", unit="MW")
    load_q_mvar: Real = column("reactive demand at this voltage", unit="Mvar")
    shunt_p_mw: Real = column("active power drawn by shunts at this voltage", unit="MW")
    shunt_q_mvar: Real = column("reactive power drawn by shunts at this voltage", unit="Mvar")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class BranchResults(Table):
    """Flows through lines and transformers; both ends count into the branch."""

    kind: ClassVar[str] = "branch_results"
    kind_of_branch: Code = column("what it is", dtype="i8", choices=("line", "transformer"))
    name: Names = column("name of the branch", dtype="U")
    p_from_mw: Real = column("active power into it at the from end", unit="MW")
    q_from_mvar: Real = column("reactive power into it at the from end", unit="Mvar")
    p_to_mw: Real = column("active power into it at the to end", unit="MW")
    q_to_mvar: Real = column("reactive power into it at the to end", unit="Mvar")
    loss_mw: Real = column("active power lost in it", unit="MW")
    loss_mvar: Real = column("reactive power lost in it; negative: it generates", unit="Mvar")
    ratio: Real = column("ratio after control; 1 for lines", unit="pu")
    rating_mva: Real = column("limit for normal operation; inf: no limit", unit="MVA", finite=False)
    loading_percent: Real = column("larger apparent power of the two ends over the rating; 0 where there is no limit", unit="%")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class UnitResults(Table):
    """Injections of units in service."""

    kind: ClassVar[str] = "unit_results"
    name: Names = column("name of the unit", dtype="U")
    bus: Names = column("name of its bus", dtype="U")
    p_mw: Real = column("active injection", unit="MW")
    q_mvar: Real = column("reactive injection", unit="Mvar")
    at_limit: Code = column("reactive limit it sits at", dtype="i8", choices=("within", "upper", "lower"))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FlowResults:
    """All tables of one load flow, with its totals."""

    buses: BusResults
    branches: BranchResults
    units: UnitResults
    converged: bool
    trouble: str

    @property
    def loss_mw(self) -> float:
        """Active power lost in lines and transformers; NaN where there is no solution."""
        return float(self.branches.loss_mw.sum()) if self.converged else np.nan


def results(newton: Newton, solution: Solution) -> FlowResults:
    """The tables of a solution of ``newton``."""
    if solution.converged:
        nodal = newton.nodal
        tables = bus_results(nodal, solution), branch_results(nodal, solution), unit_results(nodal, solution)
    else:
        tables = BusResults.empty(), BranchResults.empty(), UnitResults.empty()
    return FlowResults(buses=tables[0], branches=tables[1], units=tables[2], converged=solution.converged, trouble=solution.trouble)


def load_flow(network: Network, options: Options | None = None) -> FlowResults:
    """The load flow of one network by itself, as tables; without a solution they are empty and ``trouble`` says why."""
    if not hasattr(network, "buses"):
        raise TypeError(f'load_flow takes a Network, not {network!r}; published ones by name: gt.load_flow(gt.network("case14"))')
    newton = Newton.of(Nodal.of(network.check()), options=options)
    return results(newton, newton.solve())


class Solved(Protocol):
    """What the tables need of a solution. [per unit]"""

    @property
    def v(self) -> Complex: ...
    @property
    def ratio(self) -> Complex: ...
    @property
    def unit_s(self) -> Complex: ...
    @property
    def at_limit(self) -> Code: ...


def bus_results(nodal: Nodal, solution: Solution) -> BusResults:
    """One row per bus in service, in the order of the network; power of interfaces (`Draw`) is nobody's load here."""
    network, live = nodal.network, np.flatnonzero(nodal.node >= 0)
    v, size = solution.v[nodal.node[live]], len(network.buses)
    vm, law, shunt = np.abs(v), nodal.loads, network.shunts
    drawn, on = np.zeros(size, complex), network.shunts.live & (nodal.node[network.shunts.bus] >= 0)
    in_service = network.loads.bus[network.loads.live & (nodal.node[network.loads.bus] >= 0)]
    np.add.at(drawn, in_service, solution.loads * law.at(np.abs(solution.v)[law.node])[0])
    made, taken = np.zeros(size, complex), np.zeros(size, complex)
    np.add.at(made, network.generators.bus[nodal.units.row], solution.unit_s)
    np.add.at(taken, shunt.bus[on], (shunt.g_mw - 1j * shunt.b_mvar)[on] / MVA)
    made, drawn, taken = MVA * made[live], MVA * drawn[live], MVA * taken[live] * vm**2
    return BusResults(
        bus=network.buses.name[live], v_pu=vm, v_kv=vm * network.buses.nominal_kv[live], angle_deg=np.degrees(np.angle(v)),
        p_mw=made.real, q_mvar=made.imag, load_p_mw=drawn.real, load_q_mvar=drawn.imag, shunt_p_mw=taken.real, shunt_q_mvar=taken.imag,
    )  # fmt: skip


def branch_flows(nodal: Nodal, v: Complex, ratio: Complex) -> tuple[Complex, Complex]:
    """Power into each branch of a network at its from and to ends. [per unit]"""
    return flows(nodal.branches, v, ratio)


def flows(br: Branches, v: Complex, ratio: Complex) -> tuple[Complex, Complex]:
    r"""Power into each branch at its from and to ends. [per unit]

    .. math:: S_f = \frac{V_f}{m}\,\overline{\left(y\,(\tfrac{V_f}{m} - V_t) + \tfrac{\mathrm{j}b}{2}\tfrac{V_f}{m}\right)}, \qquad
        S_t = V_t\,\overline{\left(y\,(V_t - \tfrac{V_f}{m}) + \tfrac{\mathrm{j}b}{2}V_t\right)}

    with the complex ratio m at the from end.
    """
    with np.errstate(invalid="ignore"):  # where there is no solution, NaN stays NaN
        y, half, inner, end = 1 / br.z, 0.5j * br.b, v[br.start] / ratio, v[br.end]
    through = y * (inner - end)
    return inner * (through + half * inner).conj(), end * (half * end - through).conj()


def ratings(nodal: Nodal) -> Real:
    """Of each branch, for normal operation; infinite where there is none. [MVA]"""
    net, br = nodal.network, nodal.branches
    return np.concatenate([net.lines.rating_mva[br.row[br.kind == 0]], net.transformers.rating_mva[br.row[br.kind == 1]]])


def branch_results(nodal: Nodal, solution: Solved) -> BranchResults:
    """Lines first, then transformers, each in the order of their table."""
    network, br = nodal.network, nodal.branches
    s_from, s_to = (MVA * s for s in branch_flows(nodal, solution.v, solution.ratio))
    loss, lines, transformers, rating = s_from + s_to, br.row[br.kind == 0], br.row[br.kind == 1], ratings(nodal)
    name = np.concatenate([network.lines.name[lines], network.transformers.name[transformers]])
    return BranchResults(
        kind_of_branch=br.kind, name=name, p_from_mw=s_from.real, q_from_mvar=s_from.imag, p_to_mw=s_to.real, q_to_mvar=s_to.imag,
        loss_mw=loss.real, loss_mvar=loss.imag, ratio=np.abs(solution.ratio), rating_mva=rating,
        loading_percent=100 * np.maximum(abs(s_from), abs(s_to)) / rating,
    )  # fmt: skip


def unit_results(nodal: Nodal, solution: Solved) -> UnitResults:
    """One row per unit in service."""
    network, rows, s = nodal.network, nodal.units.row, MVA * solution.unit_s
    g = network.generators
    return UnitResults(
        name=g.name[rows], bus=network.buses.name[g.bus[rows]], p_mw=s.real, q_mvar=s.imag, at_limit=solution.at_limit % 3
    )  # −1 → 2, lower
