"""Who holds what: which nodes have a given voltage, which a held magnitude, what units inject, and how they share it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.flow.sharing import Sharing
from gridtandem.flow.sums import summed
from gridtandem.grid.elements import PQ, REFERENCE, VOLTAGE
from gridtandem.grid.nodal import Nodal, Units
from gridtandem.tables import Code, Complex, Flag, Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Roles:
    """Per node, what the units there mean for the equations. [per unit]

    A unit that holds voltage at a node whose complex voltage is given from outside, without a reference unit there, keeps its scheduled
    power: the outside holds the voltage. A reference unit away from the given nodes holds a voltage like any other.
    """

    fixed: Index
    own_v: Complex  # (fixed node) its voltage unless told otherwise
    given: Flag  # (node) its complex voltage is given
    holds: Flag  # (node) a unit holds its magnitude
    v_set: Real  # (node) that magnitude; 1 elsewhere
    q_low: Real  # (node) of the units that hold it
    q_high: Real
    steered: Flag  # (unit) its reactive power follows from a voltage
    sharing: Sharing  # of that power among the units of a node
    own_q: Real  # (node) reactive power of the other units
    balance: Index  # units that take the active power that is left over: the first reference unit at each given node
    share: Real  # (unit) of the shared slack, adding up to 1; all 0: there is none
    shared: bool

    @staticmethod
    def of(nodal: Nodal, fixed: Index | None, *, shared: bool) -> Roles:
        """``fixed`` = nodes whose complex voltage is given; without it, the nodes of the reference units."""
        u, n = nodal.units, nodal.nodes
        reference = np.array(sorted(set(u.node[u.control == REFERENCE].tolist())), np.int64)
        if fixed is None and not len(reference):
            raise InvalidCase([Fault("generators", "has no reference (slack)", "set control = reference at one bus", "case-045", place=nodal.name)])
        if fixed is None and shared and len(reference) > 1 and u.slack_share.any():
            raise InvalidCase([_several(nodal, reference)])
        at = reference if fixed is None else np.asarray(fixed, np.int64)
        given, anchored = np.zeros(n, bool), np.zeros(n, bool)
        given[at], anchored[reference] = True, True
        steered = (u.control != PQ) & (~given[u.node] | anchored[u.node])
        holds = np.zeros(n, bool)
        holds[u.node[steered]] = True
        v_set = np.ones(n)
        for control in (VOLTAGE, REFERENCE):  # a reference unit has the last word, the first row of a kind the next
            rows = np.flatnonzero(u.control == control)[::-1]
            v_set[u.node[rows]] = u.v_set[rows]
        total, rows = u.slack_share.sum(), np.flatnonzero(steered)
        shared = bool(shared and fixed is None and total > 0)
        balance = np.flatnonzero((u.control == REFERENCE) & given[u.node])
        _, first = np.unique(u.node[balance], return_index=True)
        own = nodal.start[at]
        own_v = np.where(np.isin(at, u.node[u.control != PQ]), v_set[at] * own / abs(own), own)
        return Roles(
            own_v=own_v, fixed=at, given=given, holds=holds & ~given, v_set=v_set, steered=steered, balance=balance[first],
            sharing=Sharing.of(rows, u.node[rows], u.q_low[rows], u.q_high[rows], n), own_q=summed(u.node[~steered], u.s.imag[~steered], n),
            q_low=summed(u.node[steered], u.q_low[steered], n), q_high=summed(u.node[steered], u.q_high[steered], n),
            shared=shared, share=u.slack_share / total if shared else np.zeros(len(u.node)),
        )  # fmt: skip

    def begin(self, nodal: Nodal, start: Complex | None, fixed_v: Complex | None) -> Complex:
        """Voltages where the iteration begins: given ones as they must be, the others from ``start`` or the network's own start."""
        v = np.array(nodal.start if start is None else start, np.complex128)
        if fixed_v is not None:
            v[self.fixed] = fixed_v
        else:
            v[self.fixed] = self.own_v
        return v

    def scheduled(self, units: Units, limit: Code, factor: float | Real) -> Complex:
        """What units inject at each node before voltages are known; ``limit`` says at which limit of Q a node's units sit."""
        q = self.own_q + np.where(limit > 0, self.q_high, np.where(limit < 0, self.q_low, 0.0))
        return np.asarray(summed(units.node, factor * units.s.real, len(limit)) + 1j * q, np.complex128)

    def shared_slack(self, units: Units, n: int) -> Real:
        """Part of the shared slack at each node; empty where the reference takes it all."""
        return summed(units.node, self.share, n) if self.shared else np.empty(0)

    def inside_power(self, units: Units, factor: float | Real, slack: float) -> Complex:
        """What units at each given node inject that is not taken from a voltage or a balance, so that the rest at a given node comes from outside."""
        own = ~((units.control == REFERENCE) & self.given[units.node])
        p = summed(units.node[own], (factor * units.s.real + self.share * slack)[own], len(self.given))
        return np.asarray(p[self.fixed] + 1j * self.own_q[self.fixed], np.complex128)

    def unit_power(self, nodal: Nodal, needed: Complex, factor: float | Real, slack: float) -> Complex:
        """Power of every unit, from the power ``needed`` of all units of each node together. [per unit]

        Reactive power: see `Sharing`. Active power left over at a given node goes to its first reference unit.
        """
        u, n = nodal.units, nodal.nodes
        s = u.s.copy()
        s.real *= factor
        s.imag[self.sharing.unit] = self.sharing(needed.imag - self.own_q)
        if self.shared:
            s.real += self.share * slack
        else:
            at = u.node[self.balance]
            s.real[self.balance] += needed.real[at] - summed(u.node, s.real, n)[at]
        return s


def _several(nodal: Nodal, nodes: Index) -> Fault:
    what = f"of {nodal.named(nodes)} all give an angle, which leaves nothing to share"
    return Fault("generators", what, "set control = voltage at all but one, or slack = reference", "case-079", place=nodal.name)
