"""What is watched along the curve: how far limits are passed, and where margins lie. Negative: not yet there; positive: passed.

A limit is one of

- ``q``: the units of a node meet a reactive limit together; ``q_back``: the voltage they gave up is back where they had held it,
- ``p``: a unit meets an active limit,
- ``tap``: a transformer that holds a voltage meets an end of its ratio,
- ``v``: a voltage meets a limit of its bus; ``flow``: the apparent power of one end of a branch meets its rating,
- ``nose``: λ turns; ``peak``: the power consumed turns; ``target``: λ is what was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np

from gridtandem.flow.continuation.stage import Place, Stage, Tangent
from gridtandem.flow.results import flows
from gridtandem.flow.sums import summed
from gridtandem.grid.elements import PQ, REFERENCE
from gridtandem.tables import Complex, Flag, Index, Real
from gridtandem.units import MVA

Kind = Literal["q", "q_back", "p", "tap", "v", "flow", "nose", "peak", "target"]

KEPT = ("q", "q_back", "p", "tap")  # kinds of limits at which equations change


@final
@dataclass(frozen=True, slots=True)
class Sign:
    """One thing watched: what, of which node, unit, transformer or branch, at its upper (1) or lower (−1) end."""

    kind: Kind
    element: int
    side: int


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Limits:
    """Limits of a network, in the order of its nodes, units and branches. [per unit]"""

    v: tuple[Real, Real]
    p: tuple[Real, Real]
    rating: Real

    @staticmethod
    def of(stage: Stage) -> Limits:
        """As its tables have them; of buses that closed ties make one node the narrowest limits count."""
        nodal = stage.newton.nodal
        net, br, rows = nodal.network, nodal.branches, nodal.units.row
        low, high, live = np.zeros(nodal.nodes), np.full(nodal.nodes, np.inf), nodal.node >= 0
        np.maximum.at(low, nodal.node[live], net.buses.v_low_pu[live])
        np.minimum.at(high, nodal.node[live], net.buses.v_high_pu[live])
        rating = np.concatenate([net.lines.rating_mva[br.row[br.kind == 0]], net.transformers.rating_mva[br.row[br.kind == 1]]])
        g = net.generators
        return Limits(v=(low, high), p=(g.p_low_mw[rows] / MVA, g.p_high_mw[rows] / MVA), rating=rating / MVA)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Watch:
    """All that is watched in one stage."""

    stage: Stage
    limits: Limits
    q: Index  # nodes whose units could meet a reactive limit
    back: Index  # nodes whose units have met one
    p: Index  # units that could meet an active limit
    tap: Index  # transformers that could meet an end
    v: Index  # nodes
    flow: Index  # branches
    peak: bool
    target: float
    signs: tuple[Sign, ...]

    @staticmethod
    def of(stage: Stage, limits: Limits, respected: frozenset[str], stopped: Index, target: float) -> Watch:
        """``respected``: limits that are kept or noted; ``stopped``: units at an active limit."""
        nodal, roles, held = stage.newton.nodal, stage.newton.roles, stage.held
        u = nodal.units
        anchored = np.zeros(nodal.nodes, bool)
        anchored[u.node[u.control == REFERENCE]] = True
        none = np.empty(0, np.int64)
        bounded = np.isfinite(roles.q_high) | np.isfinite(roles.q_low)
        last = anchored & roles.given & ("reference" in respected)
        q = np.flatnonzero(((roles.holds & (held.limit == 0)) | last) & bounded) if "q" in respected else none
        back = np.flatnonzero(roles.holds & (held.limit != 0)) if "q" in respected else none
        moving = stage.direction.units != 0
        moving[roles.balance] = "reference" in respected
        p = np.setdiff1d(np.flatnonzero(moving), stopped) if "p" in respected else none
        free, v = held.free(nodal, roles), np.flatnonzero((limits.v[0] > 0) | np.isfinite(limits.v[1])) if "v" in respected else none
        flow = np.flatnonzero(np.isfinite(limits.rating)) if "flow" in respected else none
        law = nodal.loads
        peak = bool(((law.exponent != 0) | (law.z_share != 0) | (law.i_share != 0)).any())
        parts: list[tuple[Kind, Index, tuple[int, ...]]] = [
            ("q", q, (1, -1)), ("q_back", back, (0,)), ("p", p, (1, -1)), ("tap", free, (1, -1)), ("v", v, (1, -1)), ("flow", flow, (1,)),
        ]  # fmt: skip
        signs = [Sign(kind, k, side) for kind, which, sides in parts for side in sides for k in which.tolist()]
        signs += [Sign("nose", -1, 0)] + [Sign("peak", -1, 0)] * peak + [Sign("target", -1, 0)] * bool(np.isfinite(target))
        return Watch(
            stage=stage, limits=limits, q=q, back=back, p=p, tap=free, v=v, flow=flow, peak=peak, target=target, signs=tuple(signs)
        )  # fmt: skip

    def kept(self) -> Flag:
        """(sign) Is it a limit at which equations change?"""
        return np.array([s.kind in KEPT for s in self.signs], bool)

    def values(self, place: Place, along: Tangent) -> Real:
        """How far each sign is passed."""
        stage, limits = self.stage, self.limits
        nodal, roles, vm = stage.newton.nodal, stage.newton.roles, place.vm
        needed = stage.needed(place)
        q = needed.imag[self.q] - roles.own_q[self.q]
        p, size = unit_p(stage, place, needed)[self.p], np.abs(place.ratio[nodal.taps.branch[self.tap]])
        s_from, s_to = flows(nodal.branches.take(self.flow), place.v, place.ratio[self.flow])
        parts = [
            q - roles.q_high[self.q], roles.q_low[self.q] - q, stage.held.limit[self.back] * (vm - roles.v_set)[self.back],
            p - limits.p[1][self.p], limits.p[0][self.p] - p, size - nodal.taps.high[self.tap], nodal.taps.low[self.tap] - size,
            vm[self.v] - limits.v[1][self.v], limits.v[0][self.v] - vm[self.v], np.maximum(abs(s_from), abs(s_to)) - limits.rating[self.flow],
            np.array([-along.growth]),
        ]  # fmt: skip
        if self.peak:
            parts.append(np.array([-by_arc(stage, place, along)]))
        if np.isfinite(self.target):
            parts.append(np.array([place.growth - self.target]))
        return np.concatenate(parts)


def unit_p(stage: Stage, place: Place, needed: Complex) -> Real:
    """(unit) Active power; the unit that balances makes up for what the others leave. [per unit]"""
    nodal, roles = stage.newton.nodal, stage.newton.roles
    p = stage.units(place.growth)
    at = nodal.units.node[roles.balance]
    p[roles.balance] += needed.real[at] - summed(nodal.units.node, p, nodal.nodes)[at]
    return p


def consumed(stage: Stage, place: Place) -> float:
    """Active power that all loads draw. [per unit]"""
    return float(stage.drawn(place)[0].real.sum())


def by_arc(stage: Stage, place: Place, along: Tangent) -> float:
    """Its derivative along a tangent."""
    p, nodal = stage.pattern, stage.newton.nodal
    rise = np.zeros(nodal.nodes)
    rise[p.lift] = along.x[len(p.turn) : len(p.turn) + len(p.lift)]
    law = nodal.loads
    own = replace(law, s=stage.direction.loads).at(place.vm[law.node])[0].real.sum()
    return float(stage.drawn(place)[1].real @ rise + along.growth * own)


def holding(stage: Stage) -> Index:
    """Units that hold a voltage now, the balancing ones left out."""
    nodal, roles = stage.newton.nodal, stage.newton.roles
    u = nodal.units
    return np.flatnonzero((u.control != PQ) & ~roles.given[u.node] & (stage.held.limit[u.node] == 0))
