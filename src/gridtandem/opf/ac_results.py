r"""What an AC optimal power flow found, as tables: MW, Mvar, kV, degrees and currency, rows named as in the network.

Every price is d cost / d of the number it belongs to: of demand at a bus (at least 0 where more demand costs more), of a limit (at most 0 where more
room saves money at an upper limit, at least 0 at a lower one), 0 where a limit does not bind. A problem without solution has empty tables, and one of
the limits that would have to give way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from gridtandem.flow.results import branch_flows
from gridtandem.opf.ac_trouble import Relief
from gridtandem.program.answer import Answer
from gridtandem.tables import Code, Names, Real, Table, column
from gridtandem.units import MVA, polar

if TYPE_CHECKING:
    from gridtandem.opf.ac import AcOpf

PRICE = "currency/MWh"


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class OpfBuses(Table):
    """Voltages and prices at buses."""

    kind: ClassVar[str] = "opf_buses"
    bus: Names = column("name of the bus", dtype="U")
    v_pu: Real = column("voltage magnitude", unit="pu")
    v_kv: Real = column("voltage magnitude, line to line", unit="kV")
    angle_deg: Real = column("voltage angle", unit="deg")
    load_p_mw: Real = column("active demand at this voltage", unit="MW")
    load_q_mvar: Real = column("reactive demand at this voltage", unit="Mvar")
    price_per_mwh: Real = column("price of active power: d cost / d demand", unit=PRICE)
    price_per_mvarh: Real = column("price of reactive power: d cost / d demand", unit="currency/Mvarh")
    v_limit_price: Real = column("d cost / d voltage limit of its node; 0: none binds", unit="currency/h/pu")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class OpfBranches(Table):
    """Flows through lines and transformers, and what their limits cost; both ends count into the branch."""

    kind: ClassVar[str] = "opf_branches"
    kind_of_branch: Code = column("what it is", dtype="i8", choices=("line", "transformer"))
    name: Names = column("name of the branch", dtype="U")
    p_from_mw: Real = column("active power into it at the from end", unit="MW")
    q_from_mvar: Real = column("reactive power into it at the from end", unit="Mvar")
    p_to_mw: Real = column("active power into it at the to end", unit="MW")
    q_to_mvar: Real = column("reactive power into it at the to end", unit="Mvar")
    loss_mw: Real = column("active power lost in it", unit="MW")
    rating_mva: Real = column("limit of apparent power at either end; inf: no limit", unit="MVA", finite=False)
    loading_percent: Real = column("larger apparent power of the two ends over the rating; 0 where there is no limit", unit="%")
    rating_price: Real = column("d cost / d rating, both ends together", unit="currency/MVAh")
    angle_deg: Real = column("angle difference, from minus to", unit="deg")
    angle_limit_price: Real = column("d cost / d limit of the angle difference", unit="currency/h/deg")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class OpfUnits(Table):
    """What units inject, what it costs, what their limits cost."""

    kind: ClassVar[str] = "opf_units"
    name: Names = column("name of the unit", dtype="U")
    bus: Names = column("name of its bus", dtype="U")
    p_mw: Real = column("active injection", unit="MW")
    q_mvar: Real = column("reactive injection", unit="Mvar")
    cost_per_h: Real = column("what the active injection costs", unit="currency/h")
    p_limit_price: Real = column("d cost / d limit of active power", unit=PRICE)
    q_limit_price: Real = column("d cost / d limit of reactive power", unit="currency/Mvarh")
    s_limit_price: Real = column("d cost / d limit of apparent power", unit="currency/MVAh")


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AcResult:
    """Everything about one AC optimal power flow."""

    name: str
    converged: bool
    trouble: str  # a sentence for a person; empty where all is well
    cost_per_h: float  # NaN without solution
    buses: OpfBuses
    branches: OpfBranches
    units: OpfUnits
    relief: Relief  # without solution, the limits that would have to give way
    answer: Answer  # per unit, as a later solve may start from it

    @property
    def loss_mw(self) -> float:
        """Active power lost in lines and transformers; NaN without solution."""
        return float(self.branches.loss_mw.sum()) if self.converged else np.nan

    def require(self) -> AcResult:
        """The result itself where there is one; otherwise `errors.Unsolved`."""
        from gridtandem.errors import Unsolved

        if not self.converged:
            raise Unsolved(f"optimal power flow of {self.name}: {self.trouble}")
        return self

    def __repr__(self) -> str:
        if not self.converged:
            return f"AC optimal power flow of {self.name}: {self.trouble}"
        low, high = self.buses.price_per_mwh.min(), self.buses.price_per_mwh.max()
        free = int(np.isinf(self.branches.rating_mva).sum())
        unlimited = f", {free} of {len(self.branches)} branches without a rating" if free else ""
        return (
            f"AC optimal power flow of {self.name}: {self.cost_per_h:.2f} per hour, losses {self.loss_mw:.4g} MW, prices {low:.4g} to {high:.4g} per"
            f" MWh, {self.answer.steps} steps{unlimited}"
        )


def told(problem: AcOpf, answer: Answer, trouble: str = "", relief: Relief | None = None) -> AcResult:
    """The tables of an answer."""
    if trouble:
        tables = OpfBuses.empty(), OpfBranches.empty(), OpfUnits.empty()
    else:
        tables = _buses(problem, answer), _branches(problem, answer), _units(problem, answer)
    return AcResult(
        name=problem.form.nodal.name, converged=not trouble, trouble=trouble, cost_per_h=answer.cost, buses=tables[0], branches=tables[1],
        units=tables[2], relief=Relief.empty() if relief is None else relief, answer=answer,
    )  # fmt: skip


def _buses(problem: AcOpf, answer: Answer) -> OpfBuses:
    nodal = problem.form.nodal
    net, live = nodal.network, np.flatnonzero(nodal.node >= 0)
    node, vm = nodal.node[live], answer.x["v"]
    drawn = np.zeros(len(net.buses), complex)
    in_service = net.loads.bus[net.loads.live & (nodal.node[net.loads.bus] >= 0)]
    np.add.at(drawn, in_service, nodal.loads.at(vm[nodal.loads.node])[0])
    drawn = MVA * drawn[live]
    return OpfBuses(
        bus=net.buses.name[live], v_pu=vm[node], v_kv=vm[node] * net.buses.nominal_kv[live], angle_deg=np.degrees(answer.x["theta"][node]),
        load_p_mw=drawn.real, load_q_mvar=drawn.imag, price_per_mwh=answer.price["balance"][node] / MVA,
        price_per_mvarh=answer.price["balance_q"][node] / MVA, v_limit_price=answer.reduced["v"][node],
    )  # fmt: skip


def _branches(problem: AcOpf, answer: Answer) -> OpfBranches:
    form = problem.form
    nodal, br, net = form.nodal, form.nodal.branches, form.nodal.network
    theta = answer.x["theta"]
    s_from, s_to = (MVA * s for s in branch_flows(nodal, polar(answer.x["v"], theta), br.ratio))
    rating, paid, angle_paid = np.full(len(br.row), np.inf), np.zeros(len(br.row)), np.zeros(len(br.row))
    rating[form.rated] = MVA * form.rating
    paid[form.rated] = (answer.price["flow_from"] + answer.price["flow_to"]) * 2 * form.rating / MVA
    angle_paid[form.angled] = np.radians(answer.price["angle"])
    lines = br.kind == 0
    return OpfBranches(
        kind_of_branch=br.kind, name=np.concatenate([net.lines.name[br.row[lines]], net.transformers.name[br.row[~lines]]]),
        p_from_mw=s_from.real, q_from_mvar=s_from.imag, p_to_mw=s_to.real, q_to_mvar=s_to.imag, loss_mw=(s_from + s_to).real, rating_mva=rating,
        loading_percent=100 * np.maximum(abs(s_from), abs(s_to)) / rating, rating_price=paid,
        angle_deg=np.degrees(theta[br.start] - theta[br.end]), angle_limit_price=angle_paid,
    )  # fmt: skip


def _units(problem: AcOpf, answer: Answer) -> OpfUnits:
    nodal = problem.form.nodal
    net, row = nodal.network, nodal.units.row
    g, capped = net.generators, np.isfinite(net.generators.s_high_mva[row])
    s_paid = np.zeros(len(row))
    s_paid[capped] = answer.price["capability"] * 2 * g.s_high_mva[row][capped] / MVA**2
    return OpfUnits(
        name=g.name[row], bus=net.buses.name[g.bus[row]], p_mw=MVA * answer.x["p"], q_mvar=MVA * answer.x["q"], cost_per_h=problem.unit_cost(answer),
        p_limit_price=answer.reduced["p"] / MVA, q_limit_price=answer.reduced["q"] / MVA, s_limit_price=s_paid,
    )  # fmt: skip
