"""The owner of every model as a market: one clearing that sees all resources and all networks. Exists only in study mode; it is the benchmark."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from scipy import sparse

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.market_letters import Plan, Pooled
from gridtandem.markets.energy import market
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.regulated import RegulatedFeeder
from gridtandem.orders.products import PRODUCTS
from gridtandem.parties.wholesale import Wholesale
from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Columns, Matrix, Program, Rows
from gridtandem.program.solve import solve
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pool:
    """Transmission's market and every feeder's problem, tied at the interfaces."""

    wholesale: Wholesale
    feeders: tuple[FeederProblem, ...]  # (interface)
    regulated: tuple[RegulatedFeeder, ...] = ()  # (interface) the same with regulation, where the market buys some

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {Pooled: self.pooled}

    def program(self) -> Program:
        """All programs side by side, with rows ``tie i`` (period): what transmission gives is what the feeder takes."""
        w, periods, wide = self.wholesale, self.wholesale.window.periods, len(self.feeders)
        at = sparse.csr_array((np.ones(wide), (w.at, np.arange(wide))), shape=(w.nodal.nodes, wide))
        given = {"z": Columns.of((periods, wide))}
        if self.regulated:
            given["reserve"] = Columns.of((periods, wide, len(PRODUCTS)))
        wires = w.wires(len(w.orders.node), given, {"z": sparse.csr_array(-sparse.kron(sparse.eye_array(periods), at))}, {})
        tso = market(w.orders, w.fixed, wires, hours=w.window.hours)
        programs = {"tso": replace(tso, constant=w.constant), **{f"feeder{i}": program for i, program in enumerate(self.inside)}}
        ties = {f"tie{i}": _tie("z", i, (periods, wide, 1)) for i in range(wide)}
        if self.regulated:
            ties |= {f"sold{i}": _tie("reserve", i, (periods, wide, len(PRODUCTS))) for i in range(wide)}
        return Program.beside(programs, ties)

    @property
    def inside(self) -> tuple[Program, ...]:
        """Programs of the feeders (interface)."""
        return tuple(f.program for f in (self.regulated or self.feeders))

    def solve(self) -> Answer:
        """The joint optimum."""
        return solve(self.program())

    def pooled(self, ask: Pooled) -> Plan:  # noqa: ARG002 — the letter has no content
        """Exchange and price at the interfaces of the joint optimum."""
        found, shape = self.solve(), (1, self.wholesale.window.periods, len(self.feeders))
        if found.status is not Status.SOLVED:
            nowhere = np.full(shape, np.nan)
            return Plan(nowhere, nowhere, np.full(shape, Worth.REFUSED, np.int8), np.nan, np.nan)
        price = found.price["tso.balance"][:, self.wholesale.at] / self.wholesale.window.hours
        own = found.cost - sum(self.part(found, i).cost for i in range(len(self.feeders)))
        exact = np.full(shape, Worth.EXACT, np.int8)
        if not self.regulated or self.wholesale.reserve is None:
            return Plan(found.x["tso.z"][None], price[None], exact, found.cost, own)
        paid = found.price["tso.requirement"] / self.wholesale.window.hours
        sold = found.x["tso.reserve"][None]
        return Plan(found.x["tso.z"][None], price[None], exact, found.cost, own, sold, np.broadcast_to(paid[None, :, None], sold.shape).copy())

    def part(self, found: Answer, i: int) -> Answer:
        """The part of a joint answer that is a feeder's own, with its own cost."""
        name = f"feeder{i}."
        x, price, reduced = ({k.removeprefix(name): v for k, v in d.items() if k.startswith(name)} for d in (found.x, found.price, found.reduced))
        return replace(found, x=x, price=price, reduced=reduced, cost=cost_of(self.inside[i], x))


def cost_of(program: Program, x: Mapping[str, Real]) -> float:
    """Cost of given decisions under a program's own costs."""
    return program.constant + sum(float((c.cost * x[k] + 0.5 * c.quadratic * x[k] ** 2).sum()) for k, c in program.columns.items())


def _tie(block: str, i: int, shape: tuple[int, int, int]) -> Rows:
    """What transmission has of the i-th interface is what its feeder has; ``shape`` is (period, interface, quantity)."""
    periods, wide, each = shape
    one = sparse.csr_array((np.ones(1), (np.zeros(1, int), np.array([i]))), shape=(1, wide))
    parts: dict[str, Matrix] = {
        f"tso.{block}": sparse.csr_array(sparse.kron(sparse.eye_array(periods), sparse.kron(one, sparse.eye_array(each)))),
        f"feeder{i}.{block}": sparse.csr_array(-sparse.eye_array(periods * each)),
    }
    return Rows.of((periods * each,), 0.0, 0.0, parts)
