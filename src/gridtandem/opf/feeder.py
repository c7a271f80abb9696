r"""A feeder's own problem: least cost of its resources under its limits, by what it exchanges with transmission.

.. math:: V(z) = \min_x c(x) \quad \text{s.t.} \quad z + \mathbf 1^\top (p(x) - p^{load}) = 0,\ \text{limits},\ \text{resources}

with z positive from transmission into the feeder. The price λ of the balance is d cost / d demand at the root, so
:math:`-\partial V / \partial z = \lambda`. A market may demand that a share χ of the net essential demand, fixed load less power that costs nothing,
is taken from transmission in any case: :math:`z \ge \chi\,(p^{load} - p^{free})` wherever that is above 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol, final

import numpy as np
from scipy import sparse

from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.opf.common import Common, names
from gridtandem.opf.forms.form import Form
from gridtandem.opf.forms.lindist import Flow, Lindist
from gridtandem.opf.limits import KINDS, Limits, signed
from gridtandem.program.answer import Answer
from gridtandem.program.arrays import Columns, Matrix, Program, Rows
from gridtandem.resources.day import Owned, owned
from gridtandem.resources.part import Window, repeated
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FeederState:
    """What an answer means for the feeder, in MW, Mvar, pu and currency."""

    z: Real  # (period) from transmission into the feeder
    p: Real  # (period, node) injected net of demand
    q: Real
    v: Real  # (period, node)
    cost: float
    energy: Real  # (period) price of demand at the root
    price: Real  # (period, node) price of demand
    price_q: Real  # (period, node)
    split: Real  # (period, kind of limit, node) shares of the price; see `gridtandem.opf.limits.KINDS`
    shadow: Real  # (period, limit) price of its right-hand side
    loss: Real  # (period, node) share of the price: losses that one more MW there makes elsewhere; 0 in a network without losses
    answer: Answer


class Physics(Protocol):
    """Network equations that are more than limits linear in nodal injections: what an answer to a program with them means."""

    @property
    def least_price(self) -> float:
        """At lower ones an answer is no load flow. [currency/MWh]"""
        ...

    def state(self, answer: Answer) -> FeederState:
        """Powers, voltages, and prices with their split."""
        ...

    def rents(self, prices: FeederState, dispatch: FeederState) -> Real:
        """What each kind of limit, and losses last, leave with the company (period, kind), by the prices of one answer and the state of another."""
        ...

    def holds(self, answer: Answer, period: int) -> tuple[str, ...]:
        """Names of the limits that shape the price in a period, the dearest first."""
        ...

    def slack(self, answer: Answer) -> Real:
        """How far an answer is from a load flow (period), relative to its flows."""
        ...


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FeederProblem:
    """A feeder over a window of periods, as a program in blocks of resources, ``z`` (period) and the rows ``balance`` and ``limit``."""

    network: Network
    nodal: Nodal
    root: int
    window: Window
    owned: Owned
    form: Form
    limits: Limits  # those within reach
    p_there: Real  # (period, node) injected whatever is decided [MW]
    q_there: Real
    program: Program
    common: Common  # with feeders built alike
    physics: Physics | None = None  # None: the limits of the form are all there is

    @staticmethod
    def of(
        net: Network, root: int, window: Window, *, root_pu: float = 1.0, flow: Flow = "apparent", essential: float = 0.0,
        common: Common | None = None,
    ) -> FeederProblem:  # fmt: skip
        """``root`` is the bus that transmission holds at ``root_pu``; ``essential`` is the share χ, 0: no such rule; ``common`` is what feeders made
        before have left.
        """
        nodal, common = Nodal.of(net), Common() if common is None else common
        at = int(nodal.node[root])
        form = common.once(Lindist.likeness(nodal, at, root_pu=root_pu, flow=flow), lambda: Lindist.of(nodal, at, root_pu=root_pu, flow=flow))
        return FeederProblem.under(form, nodal, at, window, essential=essential, common=common)

    @staticmethod
    def under(form: Form, nodal: Nodal, root: int, window: Window, *, essential: float = 0.0, common: Common | None = None) -> FeederProblem:
        """With the network equations of a form; ``root`` is a node, and resources are those of the network behind ``nodal``."""
        net, common = nodal.network, Common() if common is None else common
        have = owned(net, nodal.node, nodal.nodes, window, source=False)
        have = replace(have, part=common.part(have.part))
        p = np.broadcast_to(have.part.p_fixed, have.p_load.shape) - have.p_load + form.p_shunt
        q = np.broadcast_to(have.part.q_fixed, have.q_load.shape) - have.q_load + form.q_shunt
        limits, parts = _near(form.limits, have, (p, q), common)
        columns = {**have.part.columns, "z": Columns.of((window.periods,), _least(have, essential))}
        rows = {**have.part.rows, "balance": _balance(have, p, common), "limit": limits.rows(parts, p, q)}
        constant = have.steps.constant * window.hours * window.periods
        return FeederProblem(
            network=net, nodal=nodal, root=root, window=window, owned=have, form=form, limits=limits, p_there=p, q_there=q,
            program=Program(columns, rows, constant=constant), common=common,
        )  # fmt: skip

    def state(self, answer: Answer) -> FeederState:
        """Powers, voltages and prices of an answer."""
        if self.physics is not None:
            return self.physics.state(answer)
        hours, (p, q) = self.window.hours, self.injected(answer)
        shape = p.shape
        shadow = answer.price["limit"].reshape(shape[0], len(self.limits.kind)) / hours
        split, split_q = self.limits.priced(shadow)
        energy = answer.price["balance"] / hours
        return FeederState(
            z=answer.x["z"], p=p, q=q, v=self.form.voltage(p, q), cost=answer.cost, energy=energy, price=energy[:, None] + split.sum(1),
            price_q=split_q.sum(1), split=split, shadow=shadow, loss=np.zeros(shape), answer=answer,
        )  # fmt: skip

    def injected(self, answer: Answer) -> tuple[Real, Real]:
        """Injections net of demand (period, node). [MW, Mvar]"""
        part, shape = self.owned.part, self.p_there.shape
        return self.p_there + _sum(part.p, answer.x, shape), self.q_there + _sum(part.q, answer.x, shape)

    def rents(self, prices: FeederState, dispatch: FeederState) -> Real:
        """What each kind of limit, and losses last, leave with the company (period, kind): price of a limit times the way from unloaded to it."""
        if self.physics is not None:
            return self.physics.rents(prices, dispatch)
        each = prices.shadow * (self.limits.base - self.limits.fixed(dispatch.p, dispatch.q))
        return np.stack([*(each[:, self.limits.kind == k].sum(-1) for k in range(len(KINDS))), np.zeros(len(each))], -1)

    def unanswerable(self, price: Real) -> bool:
        """Whether some price lies below those that the network equations answer with a load flow."""
        return self.physics is not None and bool((price < self.physics.least_price).any())

    def taking(self, z: Real) -> tuple[Real, Real]:
        """Bounds of the exchange that stand for an award (period).

        Where losses could burn what is too much, no more than the award: power has a price, so as much is taken, and an award at the very end of the
        feeder's reach leaves a solver some room.
        """
        return (z, z) if self.physics is None else (np.minimum(self.program.columns["z"].low, z), z)

    def binding(self, answer: Answer, period: int, least: float = 1e-7) -> tuple[str, ...]:
        """Names of the limits that shape the price in a period, the dearest first."""
        if self.physics is not None:
            return self.physics.holds(answer, period)
        shadow = np.abs(answer.price["limit"].reshape(self.p_there.shape[0], -1)[period])
        return tuple(dict.fromkeys(self.label(int(k)) for k in np.argsort(-shadow, kind="stable") if shadow[k] > least))

    def label(self, row: int) -> str:
        """A limit as people call it."""
        return self.form.named(int(self.limits.kind[row]), int(self.limits.element[row]))


def free_power(have: Owned) -> Real:
    """What costs nothing to inject, in every period: PV, wind and the like. [MW]"""
    s = have.steps
    return np.asarray(s.high[:, (s.sign > 0) & (s.price == 0) & (s.slope == 0)].sum(-1))


def _least(have: Owned, essential: float) -> Real:
    """Exchange that the rule of essential demand asks for at least."""
    net = have.p_load.sum(-1) - free_power(have)
    return np.where((net > 0) & (essential > 0), essential * net, -np.inf)


def _near(limits: Limits, have: Owned, there: tuple[Real, Real], common: Common) -> tuple[Limits, Mapping[str, Matrix]]:
    """Limits within reach of the resources, and what these do to them."""
    part, periods = have.part, len(there[0])
    made = periods, *names(part.p), *names(part.q)
    sides = common.once(("sides", id(limits), made), lambda: signed(limits.parts(part, periods)), limits, part)
    keep = limits.within_reach(part, sides, *there)
    near = common.once(("near", id(limits), keep.tobytes()), lambda: limits.take(keep), limits)
    return near, common.once(("parts", id(near), made), lambda: near.parts(part, periods), near, part)


def _balance(have: Owned, p: Real, common: Common) -> Rows:
    periods, nodes = p.shape

    def parts() -> dict[str, Matrix]:
        whole = repeated(sparse.csr_array(np.ones((1, nodes))), periods)
        return {name: whole @ m for name, m in have.part.p.items()} | {"z": sparse.csr_array(sparse.eye_array(periods))}

    right = -p.sum(-1)
    return Rows(right, right, common.once(("balance", periods, nodes, names(have.part.p)), parts, have.part))


def _sum(maps: Mapping[str, Matrix], x: Mapping[str, Real], shape: tuple[int, ...]) -> Real:
    out = np.zeros(shape)
    for name, m in maps.items():
        out = out + np.asarray(m @ x[name].ravel()).reshape(shape)
    return out
