"""Transmission's desk for AC dispatch: its own optimal power flow with the feeders as draws, prices or models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.opf_letters import Bus, BusUnder, Dispatch, DispatchAlone, DispatchNear, DispatchOver, SteepBus, SteepBusUnder, square
from gridtandem.opf.ac_boundary import AcBoundary, Asked, solved
from gridtandem.opf.ac_functions import Toll
from gridtandem.parties.ac_units import BASE, priced, unpriced, weighed
from gridtandem.program.answer import Answer
from gridtandem.tables import Real
from gridtandem.units import MVA

ST = tuple[int, int]
SPRING = 1e6  # [currency/h/pu²] of a voltage away from the agreed one: more than networks bend, and an error of κ by 1 moves it by 1e-6 pu


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AcTransmission:
    """One problem for each period; ``home`` is its answer for the forecast draws, near which every search begins."""

    held: tuple[AcBoundary, ...]  # (period)
    forecast: Real  # (period, interface, 2) draws that transmission expects [MW, Mvar]
    home: tuple[Answer, ...]

    @staticmethod
    def of(held: tuple[AcBoundary, ...], forecast: Real) -> AcTransmission:
        """Solve at home."""
        home = tuple(p.least(Asked(toll=p.free(), fixed=_fixed(s))) for p, s in zip(held, forecast, strict=True))
        return AcTransmission(held=held, forecast=forecast, home=home)

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {
            DispatchAlone: self.alone, DispatchNear: self.near, DispatchOver: self.over, BusUnder: self.bus_under, SteepBusUnder: self.steep_under,
        }  # fmt: skip

    def least(self, st: ST, asked: Asked) -> Answer | None:
        """The cheapest answer of a period, or none."""
        found = _home(self, st, asked)
        return found if solved(found) else None

    def plan(self, st: ST, s: Real, kappa: Real) -> tuple[Asked, Answer]:
        """What transmission does for draws (interface, 2) in MW and Mvar, and a cost of voltages."""
        asked = Asked(toll=_toll(self.held[st[1]], _of_voltage(s, kappa)), fixed=_fixed(s))
        return asked, _home(self, st, asked)

    def explained(self, t: int) -> str:
        """Why a period has no dispatch even with the feeders as forecast; or that it has."""
        asked = Asked(toll=self.held[t].free(), fixed=_fixed(self.forecast[t]))
        if solved(self.home[t]):
            return "what the feeders ask for has no dispatch, though their forecast has one"
        return self.held[t].explained(asked)

    def alone(self, ask: DispatchAlone) -> Dispatch:  # noqa: ARG002 — the letter has no content
        """With the feeders as forecast."""
        s = self.forecast[None]
        price, kappa = np.zeros((*s.shape[:3], 3)), np.zeros(s.shape[:3])
        bus = self.bus_under(BusUnder(s, kappa))
        price[..., :2] = bus.price
        return Dispatch(np.concatenate([s, bus.v[..., None]], -1), price, bus.worth, bus.cost)

    def near(self, ask: DispatchNear) -> Dispatch:
        """At prices, not far from a wish."""
        bend = ask.weight[..., None] * np.eye(3)
        return self._over(ask.wish, ask.price, bend)

    def over(self, ask: DispatchOver) -> Dispatch:
        """Over models of the feeders."""
        return self._over(ask.at, ask.price, square(ask.bend))

    def bus_under(self, ask: BusUnder) -> Bus:
        """Voltages and prices under draws."""
        v, price, cost = self._buses(ask.s, ask.kappa, lambda *_: None)
        return Bus(v, price, _worth(v), cost)

    def steep_under(self, ask: SteepBusUnder) -> SteepBus:
        """The same, and how prices rise; where feeders share a price zone the rise of all together stands for that of one."""
        rise, many = np.full((*ask.s.shape[:3], 3), np.nan), ask.s.shape[2]

        def look(st: ST, asked: Asked, answer: Answer) -> None:
            whole = self.held[st[1]].rises(asked, answer) / MVA**2
            whole = whole.reshape(2, many, 2, many)
            together = np.abs(whole).sum((2, 3)) - np.abs(np.einsum("aibi->aib", whole)).sum(2)  # (power, interface) of all others
            own = np.einsum("aibi->iab", whole)
            rise[st] = np.stack([own[:, 0, 0] + together[0], own[:, 0, 1], own[:, 1, 1] + together[1]], -1)

        v, price, cost = self._buses(ask.s, ask.kappa, look)
        return SteepBus(v, price, rise, _worth(v), cost)

    def _buses(self, s: Real, kappa: Real, look: Callable[[ST, Asked, Answer], None]) -> tuple[Real, Real, Real]:
        v, price, cost = np.full(kappa.shape, np.nan), np.full(s.shape, np.nan), np.full(kappa.shape[:2], np.nan)
        for st in np.ndindex(*kappa.shape[:2]):
            at = self.held[st[1]]
            asked, answer = self.plan((st[0], st[1]), s[st], kappa[st])
            if solved(answer):
                v[st], price[st] = at.exchange(answer)[:, 2], unpriced(at.price(answer))[:, :2]
                cost[st] = at.own_cost(asked, answer)
                look(st, asked, answer)
        return v, price, cost

    def _over(self, at: Real, price: Real, bend: Real) -> Dispatch:
        y, cost = np.full(at.shape, np.nan), np.full(at.shape[:2], np.nan)
        for st in np.ndindex(*at.shape[:2]):
            asked = Asked(toll=_toll(self.held[st[1]], priced(-price[st]), at[st] / BASE, weighed(bend[st])), fixed={})
            if (answer := self.least(st, asked)) is not None:
                y[st], cost[st] = self.held[st[1]].exchange(answer) * BASE, self.held[st[1]].own_cost(asked, answer)
        return Dispatch(y, price - np.einsum("...jk,...k->...j", bend, y - at), _worth(y[..., 0]), cost)


def settled(desk: AcTransmission, st: ST, y: Real, kappa: Real) -> tuple[Asked, Answer]:
    """What transmission does for an agreed exchange (interface, 3); asked at its owner's door.

    With draws fixed and voltages free, agreed voltages may be a saddle that the feeders' response held up, so that voltages are fixed too. Where
    transmission cannot have just these, both sides being a tolerance apart, a spring holds it near them.
    """
    at, s = desk.held[st[1]], y[:, :2]
    asked = Asked(toll=at.free(), fixed=_fixed(s) | {2: y[:, 2]})
    if solved(answer := _home(desk, st, asked)):
        return asked, answer
    spring = np.broadcast_to(np.diag([0.0, 0.0, SPRING]), (len(y), 3, 3))
    asked = Asked(toll=_toll(at, _of_voltage(s, np.nan_to_num(kappa)), y / BASE, spring), fixed=_fixed(s))
    return asked, _home(desk, st, asked)


def _home(desk: AcTransmission, st: ST, asked: Asked) -> Answer:
    """The cheapest answer near home."""
    home = desk.home[st[1]]
    return desk.held[st[1]].least(asked, home if solved(home) else None)


def _toll(at: AcBoundary, slope: Real, wish: Real | None = None, bend: Real | None = None) -> Toll:
    """What passing costs. [per unit]"""
    free = at.free()
    return Toll(column=free.column, slope=slope, at=free.at if wish is None else wish, bend=free.bend if bend is None else bend)


def _of_voltage(s: Real, kappa: Real) -> Real:
    """Prices of nothing but voltage."""
    return np.concatenate([np.zeros_like(s), kappa[:, None]], -1)


def _fixed(s: Real) -> dict[int, Real]:
    """Draws (interface, 2) in MW and Mvar, as a question fixes them."""
    return {0: s[:, 0] / MVA, 1: s[:, 1] / MVA}


def _worth(found: Real) -> Any:
    """An optimum nearby is an estimate: nobody proves that there is no better one."""
    return np.where(np.isfinite(found), Worth.ESTIMATE, Worth.REFUSED).astype(np.int8)
