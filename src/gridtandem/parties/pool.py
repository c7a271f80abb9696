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

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {Pooled: self.pooled}

    def program(self) -> Program:
        """All programs side by side, with rows ``tie i`` (period): what transmission gives is what the feeder takes."""
        w, periods, wide = self.wholesale, self.wholesale.window.periods, len(self.feeders)
        at = sparse.csr_array((np.ones(wide), (w.at, np.arange(wide))), shape=(w.nodal.nodes, wide))
        given = {"z": Columns.of((periods, wide))}
        wires = w.wires(len(w.orders.node), given, {"z": sparse.csr_array(-sparse.kron(sparse.eye_array(periods), at))}, {})
        tso = market(w.orders, w.fixed, wires, hours=w.window.hours)
        programs = {"tso": replace(tso, constant=w.constant), **{f"feeder{i}": f.program for i, f in enumerate(self.feeders)}}
        return Program.beside(programs, {f"tie{i}": _tie(i, periods, wide) for i in range(wide)})

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
        return Plan(found.x["tso.z"][None], price[None], np.full(shape, Worth.EXACT, np.int8), found.cost, own)

    def part(self, found: Answer, i: int) -> Answer:
        """The part of a joint answer that is a feeder's own, with its own cost."""
        name = f"feeder{i}."
        x, price, reduced = ({k.removeprefix(name): v for k, v in d.items() if k.startswith(name)} for d in (found.x, found.price, found.reduced))
        return replace(found, x=x, price=price, reduced=reduced, cost=cost_of(self.feeders[i].program, x))


def cost_of(program: Program, x: Mapping[str, Real]) -> float:
    """Cost of given decisions under a program's own costs."""
    return program.constant + sum(float((c.cost * x[k] + 0.5 * c.quadratic * x[k] ** 2).sum()) for k, c in program.columns.items())


def _tie(i: int, periods: int, wide: int) -> Rows:
    one = sparse.csr_array((np.ones(1), (np.zeros(1, int), np.array([i]))), shape=(1, wide))
    parts: dict[str, Matrix] = {
        "tso.z": sparse.csr_array(sparse.kron(sparse.eye_array(periods), one)),
        f"feeder{i}.z": sparse.csr_array(-sparse.eye_array(periods)),
    }
    return Rows.of((periods,), 0.0, 0.0, parts)
