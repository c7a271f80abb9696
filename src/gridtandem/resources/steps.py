r"""Units and flexible demand: power in steps, each with a price and perhaps a slope.

A unit with cost points is a fixed power at its first point and a step to each next one; a unit with a polynomial is one step with

.. math:: c(p) = c_1 p + c_2 p^2

per hour (the constant is paid in any case and counted once). Demand that gives way injects at its price; demand that buys injects −x at the cost of
minus its worth. Steps of rising price fill in their order by themselves; falling prices (a cost that is not convex) are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from scipy import sparse

from gridtandem.errors import Fault
from gridtandem.grid.devices import TAKES
from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.network import Network
from gridtandem.program.arrays import Columns, Rows
from gridtandem.resources.part import Part, Window, at_nodes
from gridtandem.tables import Code, Flag, Index, Real

UNIT, FLEXIBLE = 0, 1  # where a step comes from


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PricedSteps:
    """All steps of a network, side by side: 0 ≤ low ≤ x ≤ high, at price x + ½ slope x², injecting sign · x."""

    source: Code  # (step) unit or flexible demand
    row: Index  # (step) its row there
    bus: Index
    sign: Real  # 1 injects, −1 draws
    low: Real  # (period, step) [MW]
    high: Real
    price: Real  # (step) of the unknown: minus the worth for demand [currency/MWh]
    slope: Real  # [currency/MWh/MW]
    q_share: Real  # (step) reactive injection by x [Mvar/MW]
    base: Real  # (unit) power below its first step [MW]
    constant: float  # cost in any case [currency/h]

    @staticmethod
    def of(net: Network, window: Window, *, source: bool) -> PricedSteps:
        """Everything in service. ``source`` False leaves out the reference unit: at a feeder transmission stands in its place."""
        units = _units(net, window, source=source)
        demand = _flexible(net, window)
        base, constant = units.pop("base"), units.pop("constant")
        merged: dict[str, Any] = {k: np.concatenate([units[k], demand[k]], axis=-1) for k in units}
        return PricedSteps(**merged, base=base, constant=float(constant))

    def part(self, nodes: int, node: Index, unit_bus: Index, hours: float) -> Part:
        """Block ``x`` (period, step); ``node`` is the node of each bus."""
        periods = len(self.low)
        x = Columns.of(self.low.shape, self.low, self.high, cost=self.price * hours, quadratic=self.slope * hours)
        fixed = np.zeros(nodes)
        np.add.at(fixed, node[unit_bus], self.base)
        p = at_nodes(node[self.bus], periods, nodes, self.sign)
        q = {"x": at_nodes(node[self.bus], periods, nodes, self.q_share)} if self.q_share.any() else {}
        return Part(columns={"x": x}, p={"x": p}, q=q, p_fixed=np.broadcast_to(fixed, (periods, nodes)))

    def power(self, x: Real, units: int) -> Real:
        """Injection (period, unit) of the units for steps x (period, step). [MW]"""
        out = np.zeros((len(x), units))
        mine = self.source == UNIT
        np.add.at(out.T, self.row[mine], x.T[mine])
        return out + self.base


def _units(net: Network, window: Window, *, source: bool) -> dict[str, Any]:
    g = net.generators
    live, pointed = _taking_part(net, source=source)
    factor = window.of(net.factors("generators", window.end))
    low, high = (np.where(np.isfinite(p), np.where(np.isfinite(p), p, 0.0) * factor, p) for p in (g.p_low_mw, g.p_high_mw))
    low = np.where(low > 0, np.minimum(low, high), low)
    plain = np.flatnonzero(live & ~pointed)
    c = _coefficients(net)
    unit, start, width, price = _segments(net, pointed)
    base = np.where(pointed, _first_point(net, len(g)), 0.0)
    cut_low, cut_high = (np.clip(limit[:, unit] - start, 0.0, width) for limit in (low, high))
    return {
        "source": np.full(len(plain) + len(unit), UNIT, np.int8), "row": np.concatenate([plain, unit]),
        "bus": g.bus[np.concatenate([plain, unit])], "sign": np.ones(len(plain) + len(unit)),
        "low": np.concatenate([low[:, plain], cut_low], axis=1), "high": np.concatenate([high[:, plain], cut_high], axis=1),
        "price": np.concatenate([c[1][plain], price]), "slope": np.concatenate([2 * c[2][plain], np.zeros(len(unit))]),
        "q_share": np.zeros(len(plain) + len(unit)), "base": base, "constant": unit_constants(net, source=source).sum(),
    }  # fmt: skip


def unit_constants(net: Network, *, source: bool) -> Real:
    """What each unit costs at the bottom of its steps. [currency/h]"""
    live, pointed = _taking_part(net, source=source)
    first = np.zeros(len(live))
    seen, at = np.unique(net.cost_points.generator, return_index=True)
    first[seen] = net.cost_points.cost_per_h[at]
    return np.asarray(np.where(pointed, first, np.where(live, _coefficients(net)[0], 0.0)))


def _taking_part(net: Network, *, source: bool) -> tuple[Flag, Flag]:
    """Units in service, and those of them with cost points."""
    g = net.generators
    live = g.live & net.buses.live[g.bus] & (source | (g.control != REFERENCE))
    return live, live & np.isin(np.arange(len(g)), net.cost_points.generator)


def _coefficients(net: Network) -> Real:
    """Polynomial (order, unit) up to the square. [currency/h/MW^order]"""
    out = np.zeros((3, len(net.generators)))
    keep = net.costs.order <= 2
    np.add.at(out, (net.costs.order[keep], net.costs.generator[keep]), net.costs.coefficient[keep])
    return out


def _first_point(net: Network, size: int) -> Real:
    out = np.zeros(size)
    seen, at = np.unique(net.cost_points.generator, return_index=True)
    out[seen] = net.cost_points.p_mw[at]
    return out


def _segments(net: Network, pointed: Flag) -> tuple[Index, Real, Real, Real]:
    """Unit, power at the start, width and price of every segment between two cost points of a unit."""
    points = net.cost_points
    same = np.flatnonzero((np.diff(points.generator) == 0) & pointed[points.generator[:-1]])
    width = points.p_mw[same + 1] - points.p_mw[same]
    price = (points.cost_per_h[same + 1] - points.cost_per_h[same]) / np.where(width > 0, width, 1.0)
    return points.generator[same], points.p_mw[same], width, price


def _flexible(net: Network, window: Window) -> dict[str, Any]:
    f = net.flexible
    rows = np.flatnonzero(f.live & net.buses.live[f.bus])
    high = window.of(net.factors("flexible", window.end))[:, rows] * f.p_high_mw[rows]
    sign = np.where(f.does[rows] == TAKES, -1.0, 1.0)
    return {
        "source": np.full(len(rows), FLEXIBLE, np.int8), "row": rows, "bus": f.bus[rows], "sign": sign, "low": np.zeros(high.shape), "high": high,
        "price": sign * f.price_per_mwh[rows], "slope": f.slope[rows], "q_share": sign * f.q_share[rows],
    }  # fmt: skip


def ramp_rows(net: Network, steps: PricedSteps, hours: float) -> dict[str, Rows]:
    """Limits on the change of units' power from one period to the next."""
    periods, r = len(steps.low), net.ramps
    if periods < 2 or not len(r):
        return {}
    pick = sparse.csr_array((steps.row[None, :] == r.generator[:, None]) & (steps.source[None, :] == UNIT), dtype=float)
    change = sparse.eye_array(periods - 1, periods, k=1) - sparse.eye_array(periods - 1, periods)
    rows = Rows.of((periods - 1, len(r)), -r.down_mw_per_h * hours, r.up_mw_per_h * hours, {"x": sparse.kron(change, pick, format="csr")})
    return {"ramp": rows}


def starts_left_out(net: Network) -> str:
    """Units whose starts or stops cost something, which nothing here counts, as no study commits units; empty where there are none."""
    g = net.generators
    rows = np.flatnonzero(g.live & ((g.p_low_mw != 0) | (g.p_high_mw != 0)) & ((g.startup_cost != 0) | (g.shutdown_cost != 0))).tolist()
    if not rows:
        return ""
    dear = max(rows, key=lambda k: abs(g.startup_cost[k]) + abs(g.shutdown_cost[k]))
    cost = f"{g.startup_cost[dear]:g} and {g.shutdown_cost[dear]:g} at {g.label(dear)!r}"
    return f"starts and stops of {len(rows)} of {len(g)} units cost something ({cost}), which is left out: no study commits units"


def cost_faults(net: Network, *, source: bool) -> Iterator[Fault]:
    """Costs that a market cannot clear: falling prices, powers that do not rise, polynomials beyond the square, missing limits."""
    points, g = net.cost_points, net.generators
    same = np.flatnonzero(np.diff(points.generator) == 0)
    width = np.diff(points.p_mw)
    for k in same[width[same] <= 0].tolist():
        yield points.fault(k + 1, "p_mw", f"does not rise after {points.p_mw[k]:g} MW", "give the points in rising order of power", "case-090")
    price = np.diff(points.cost_per_h) / np.where(width > 0, width, 1.0)
    both = same[np.isin(same + 1, same)]
    for k in both[price[both + 1] < price[both] - 1e-9 * np.maximum(1.0, np.abs(price[both]))].tolist():
        told = f"{g.label(int(points.generator[k]))!r} costs less per MWh after {points.p_mw[k + 1]:g} MW: {price[k]:g}, then {price[k + 1]:g}"
        yield Fault("cost_points", told, "offers rise in price; take the convex envelope", "case-091", row=k + 1)
    c = net.costs
    for k in np.flatnonzero((c.order > 2) & (c.coefficient != 0)).tolist():
        yield c.fault(k, "order", f"is {c.order[k]}", "a market takes costs up to the square", "case-092")
    for k in np.flatnonzero((c.order == 2) & (c.coefficient < 0)).tolist():
        yield c.fault(k, "coefficient", f"is {c.coefficient[k]:g}: cost is not convex", "give a square term of 0 or more", "case-093")
    priced = np.isin(np.arange(len(g)), points.generator)
    for side in ("p_low_mw", "p_high_mw"):
        open_ended = g.live & ~priced & ~np.isfinite(getattr(g, side)) & (source | (g.control != REFERENCE))
        for k in np.flatnonzero(open_ended).tolist():
            yield g.fault(k, side, "is missing or infinite", "a market needs the least and the most active injection, or cost points", "case-094")
