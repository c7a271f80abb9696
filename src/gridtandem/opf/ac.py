r"""Least cost of one network under full AC physics: the problem that the classical "AC optimal power flow" is.

.. math:: \min \sum_u c_u(p_u) \quad\text{under the rows of } \texttt{ac\_polar},\;
          \underline p_u \le p_u \le \overline p_u,\; \underline q_u \le q_u \le \overline q_u,\;
          p_u^2 + q_u^2 \le \overline s_u^2,\; |q_u| \le p_u \tan\varphi_u

over all units in service, whatever their control says: voltages are decided, not held. Costs are polynomials or convex piecewise-linear ones
(:math:`y_u \ge a_k + b_k p_u` for each piece); cost is in the currency of the case per hour. Loads follow the voltage; ratios of transformers stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.cases.case import Case
from gridtandem.cases.join import joined
from gridtandem.cases.named import case
from gridtandem.errors import InvalidCase
from gridtandem.flow.start import from_flat
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.opf.ac_faults import ac_faults
from gridtandem.opf.ac_functions import AcFunctions, Polynomials, Toll
from gridtandem.opf.ac_results import AcResult, told
from gridtandem.opf.ac_trouble import explained
from gridtandem.opf.forms.ac_polar import AcPolar, unit_places
from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Places
from gridtandem.program.smooth import Entries, Groups, Smooth, SmoothSolver, Span
from gridtandem.program.solvers.interior import Interior
from gridtandem.tables import Index, Real
from gridtandem.units import MVA

NOWHERE: Index = np.empty(0, np.int64)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pieces:
    """Piecewise-linear costs as straight lines below which they never lie. [currency/h, per unit]"""

    unit: Index  # (line) of which unit
    level: Real
    slope: Real
    priced: Index  # units that have such a cost, in order


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AcOpf:
    """A network's problem, ready to be solved."""

    form: AcPolar
    pieces: Pieces
    polynomials: Real  # (unit, order) [currency/h, per unit]
    program: Smooth

    @staticmethod
    def of(network: Network, ports: Index = NOWHERE, sign: float = -1.0) -> AcOpf:
        """Check and build; `InvalidCase` names what stands against it.

        ``ports`` are buses where power passes to or from somebody else's network: blocks draw_p and draw_q, free unless their bounds say otherwise,
        which enter the balance there with this ``sign``: −1 leaves, +1 enters.
        """
        if faults := [f.at(network.name) for f in ac_faults(network, ports if sign > 0 else NOWHERE)]:
            raise InvalidCase(faults)
        nodal = Nodal.of(network)
        port = nodal.node[ports]
        form = AcPolar.of(nodal, port if sign > 0 else port[:0])
        pieces, polynomials = costs(nodal)
        g, u = network.generators, nodal.units
        p = Span(g.p_low_mw[u.row] / MVA, g.p_high_mw[u.row] / MVA)
        columns = {
            **form.columns(), "p": p, "q": Span(g.q_low_mvar[u.row] / MVA, g.q_high_mvar[u.row] / MVA), "cost": Span.of(len(pieces.priced)),
            "draw_p": Span.of(len(port)), "draw_q": Span.of(len(port)),
        }  # fmt: skip
        capped, factor = np.flatnonzero(np.isfinite(g.s_high_mva[u.row])), np.flatnonzero(g.power_factor_low[u.row] > 0)
        rows = {
            **form.rows(), "capability": Span.of(len(capped), -np.inf, (g.s_high_mva[u.row][capped] / MVA) ** 2),
            "factor": Span.of((2, len(factor)), -np.inf, 0.0), "piece": Span.of(len(pieces.unit), pieces.level),
        }  # fmt: skip
        c, r = Places.of(columns), Places.of(rows)
        steep = np.sqrt(1 / g.power_factor_low[u.row][factor] ** 2 - 1)
        linear = _linear(form, pieces, (c, r), factor, steep) + _drawn(port, sign, (c, r))
        squares = Entries(np.tile(r.slices["capability"].start + np.arange(len(capped)), 2),
                          np.concatenate([c.slices["p"].start + capped, c.slices["q"].start + capped]))  # fmt: skip
        one = Polynomials(
            column=np.concatenate([c.slices["p"].start + np.arange(len(u.row)), np.arange(*c.slices["cost"].indices(c.size))]),
            coefficient=np.concatenate([polynomials, _unit_cost(len(pieces.priced), polynomials.shape[1])]),
        )  # fmt: skip
        draw = np.arange(len(port))
        toll = Toll.none(np.stack([c.slices["draw_p"].start + draw, c.slices["draw_q"].start + draw, c.slices["v"].start + port], -1))
        functions = AcFunctions.of(form, columns, rows, linear=linear, squares=squares, cost=one, toll=toll)
        start = np.concatenate([_start(form, columns, pieces), np.zeros(2 * len(port))])
        groups = _groups(form, pieces, port, r)
        program = Smooth(columns, rows, functions, functions.jacobian, functions.hessian, start, groups)
        return AcOpf(form=form, pieces=pieces, polynomials=polynomials, program=program)

    def solve(self, *, solver: SmoothSolver | None = None, start: AcResult | None = None) -> AcResult:
        """Least cost, from a flat start or from an earlier result of the same network; what stands against it is said where there is none."""
        chosen = Interior() if solver is None else solver
        answer = chosen.solve(self.program, None if start is None or not start.converged else start.answer)
        if answer.status is Status.SOLVED:
            return told(self, answer)
        said, relief = explained(self)
        return told(self, answer, f"{answer.status.value} ({answer.solver}: {answer.said}). {said}", relief)

    def unit_cost(self, answer: Answer) -> Real:
        """Cost of each unit. [currency/h]"""
        p = answer.x["p"]
        at = Polynomials(column=np.arange(len(p)), coefficient=self.polynomials).at(p)
        at[self.pieces.priced] += answer.x["cost"]
        return at


def optimal_power_flow(given: Network | Case | str | Path, *, solver: SmoothSolver | None = None, start: AcResult | None = None) -> AcResult:
    """The cheapest dispatch under full AC physics, with prices of everything that limits it.

    Of a network, or of a case, also by name or folder: there transmission and all feeders are dispatched as one network, by an owner of all
    models. Rows of a feeder are called "feeder/row"; parallel feeders are one of as many times the size. All units in service are dispatched
    within their limits and cost what their cost says; voltages are decided within their limits. Without a solution the tables are empty and
    ``trouble`` says what would have to give way. ``start`` is an earlier result of the same network.
    """
    return AcOpf.of(whole_of(given)).solve(solver=solver, start=start)


def whole_of(given: Network | Case | str | Path) -> Network:
    """As one network."""
    if not isinstance(given, Network | Case | str | Path):
        raise TypeError(f"a network or a case is wanted, or the name of one; this is of type {type(given).__name__}")
    found = case(given) if isinstance(given, str | Path) else given
    if isinstance(found, Network):
        return found
    return joined(found.check()).network if len(found.interfaces) else found.transmission


def cost_of(nodal: Nodal, p: Real) -> Real:
    """What injections (unit) in per unit cost. [currency/h]"""
    pieces, polynomials = costs(nodal)
    out = Polynomials(column=np.arange(len(p)), coefficient=polynomials).at(p)
    most = np.full(len(p), -np.inf)
    np.maximum.at(most, pieces.unit, pieces.level + pieces.slope * p[pieces.unit])
    out[pieces.priced] += most[pieces.priced]
    return out


def costs(nodal: Nodal) -> tuple[Pieces, Real]:
    """Costs of units in service: lines, and polynomial coefficients by order (unit, order), in currency/h over power per unit."""
    net, row = nodal.network, nodal.units.row
    place = np.full(len(net.generators), -1)
    place[row] = np.arange(len(row))
    order = int(net.costs.order.max(initial=1))
    out = np.zeros((len(row), order + 1))
    live = place[net.costs.generator] >= 0
    np.add.at(out, (place[net.costs.generator[live]], net.costs.order[live]), net.costs.coefficient[live] * MVA ** net.costs.order[live])
    unit, level, slope = [], [], []
    points = net.cost_points
    for g in np.unique(points.generator[place[points.generator] >= 0]).tolist():
        here = np.flatnonzero(points.generator == g)
        x, y = points.p_mw[here] / MVA, points.cost_per_h[here]
        steep = np.diff(y) / np.diff(x)
        unit += [place[g]] * len(steep)
        level += (y[:-1] - steep * x[:-1]).tolist()
        slope += steep.tolist()
    which = np.array(unit, np.int64)
    return Pieces(unit=which, level=np.array(level), slope=np.array(slope), priced=np.unique(which)), out


def _unit_cost(count: int, orders: int) -> Real:
    """Columns that are a cost themselves."""
    out = np.zeros((count, orders))
    out[:, 1:2] = 1.0
    return out


def _linear(form: AcPolar, pieces: Pieces, places: tuple[Places, Places], factor: Index, steep: Real) -> sparse.csr_array:
    """What never changes in the rows: injections, angles across branches, power factors, lines of costs."""
    c, r = places
    br, at = form.nodal.branches, unit_places(form.nodal).tocoo()
    k, f, m = np.arange(len(form.angled)), np.arange(len(factor)), np.arange(len(pieces.unit))
    p, q, theta = (c.slices[name].start for name in ("p", "q", "theta"))
    lower = r.slices["factor"].start
    entries = [
        (r.slices["balance"].start + at.row, p + at.col, at.data), (r.slices["balance_q"].start + at.row, q + at.col, at.data),
        (r.slices["angle"].start + k, theta + br.start[form.angled], np.ones(len(k))),
        (r.slices["angle"].start + k, theta + br.end[form.angled], -np.ones(len(k))),
        (lower + f, q + factor, np.ones(len(f))), (lower + f, p + factor, -steep),
        (lower + len(f) + f, q + factor, -np.ones(len(f))), (lower + len(f) + f, p + factor, -steep),
        (r.slices["piece"].start + m, c.slices["cost"].start + np.searchsorted(pieces.priced, pieces.unit), np.ones(len(m))),
        (r.slices["piece"].start + m, p + pieces.unit, -pieces.slope),
    ]  # fmt: skip
    row, column, value = (np.concatenate([e[i] for e in entries]) for i in range(3))
    return sparse.csr_array(sparse.coo_array((value, (row, column)), shape=(r.size, c.size)))


def _drawn(port: Index, sign: float, places: tuple[Places, Places]) -> sparse.csr_array:
    """What passes at ports, in the balances there."""
    (c, r), k = places, np.arange(len(port))
    row = np.concatenate([r.slices[name].start + port for name in ("balance", "balance_q")])
    column = np.concatenate([c.slices[name].start + k for name in ("draw_p", "draw_q")])
    return sparse.csr_array((np.full(len(row), sign), (row, column)), shape=(r.size, c.size))


def _groups(form: AcPolar, pieces: Pieces, port: Index, r: Places) -> Groups:
    """Each node with its voltage, its balances, its units and what passes there."""
    node, unit = np.arange(form.nodal.nodes), form.nodal.units.node
    row = np.zeros(r.size, np.int64)
    row[: 2 * len(node)] = np.tile(node, 2)
    return Groups(unknown=np.concatenate([node, node, unit, unit, unit[pieces.priced], port, port]), row=row)


def _start(form: AcPolar, columns: dict[str, Span], pieces: Pieces) -> Real:
    """Flat voltages, and units in the middle of their boxes."""
    v = from_flat(form.nodal, form.reference, form.v_high)
    middle = {name: np.clip(0.0, s.low, s.high) if not np.isfinite(s.high - s.low).all() else (s.low + s.high) / 2 for name, s in columns.items()}
    p = middle["p"]
    y = np.full(len(pieces.priced), -np.inf)
    np.maximum.at(y, np.searchsorted(pieces.priced, pieces.unit), pieces.level + pieces.slope * p[pieces.unit])
    return np.concatenate([np.angle(v), np.maximum(np.abs(v), form.v_low), p, middle["q"], y])
