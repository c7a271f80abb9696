"""Schemes of optimal power flow between parties whose costs are paraboloids: what they agree on is known in closed form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pytest

from gridtandem.boundary import opf_letters as letters
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Company, Mailbox
from gridtandem.coordinate import End, Outcome, coordinate
from gridtandem.schemes.admm import Admm
from gridtandem.schemes.copf import Copf, CopfState
from gridtandem.schemes.hgd import Hgd
from gridtandem.schemes.hgd_plain import HgdPlain
from gridtandem.schemes.hgd_slope import HgdSlope
from gridtandem.tables import Real
from tests import tolerances as t

PU = np.array([0.01, 0.01, 1.0])


def bowl(seed: int, power: float, voltage: float) -> Real:
    """A positive definite matrix in units of y."""
    a, size = np.random.default_rng(seed).normal(size=(3, 3)), PU * np.sqrt([power, power, voltage])
    out: Real = (np.eye(3) + 0.1 * (a + a.T)) * np.multiply.outer(size, size)
    return out


@final
@dataclass(frozen=True)
class Bowl:
    """Cost ½ (y − best)' bend (y − best); a feeder with ``sign`` 1 pays prices, transmission with −1 earns them."""

    best: Real  # (interface, 3)
    bend: Real  # (interface, 3, 3)
    sign: float

    def cost(self, y: Real) -> Real:
        off = y - self.best
        out: Real = 0.5 * np.einsum("stij,ijk,stik->sti", off, self.bend, off)
        return out

    def least(self, price: Real, at: Real, weight: Real) -> Real:
        """argmin cost + sign · price · y + ½ (y − at)' weight (y − at)."""
        pull = np.einsum("ijk,ik->ij", self.bend, self.best) + np.einsum("...jk,...k->...j", weight, at) - self.sign * price
        out: Real = np.linalg.solve(self.bend + weight, pull[..., None])[..., 0]
        return out

    def slope(self, y: Real) -> Real:
        out: Real = np.einsum("ijk,stik->stij", self.bend, y - self.best)
        return out


def sure(y: Real) -> Any:
    return np.full(y.shape[:3], Worth.EXACT, np.int8)


@final
@dataclass(frozen=True)
class Feeder:
    own: Bowl
    rows: Any

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        return {letters.DrawnAt: self.drawn, letters.DrawnOn: self.drawn_on, letters.TakenNear: self.taken, letters.CondensedNear: self.condensed}

    def taken(self, ask: Any) -> letters.Taken:
        y = self.own.least(ask.price, ask.wish, ask.weight[..., None] * np.eye(3))
        return letters.Taken(y, self.own.cost(y), sure(y))

    def condensed(self, ask: Any) -> letters.Condensed:
        y, weight = self.taken(ask).y, ask.weight[..., None] * np.eye(3)
        return letters.Condensed(y, -self.own.slope(y), letters.entries(np.linalg.inv(self.own.bend + weight)), self.own.cost(y), sure(y))

    def drawn(self, ask: Any) -> letters.Drawn:
        return self.drawn_on(letters.DrawnOn(ask.v, ask.price, np.zeros((*ask.v.shape, 2)), np.zeros((*ask.v.shape, 3))))

    def drawn_on(self, ask: Any) -> letters.Drawn:
        bend, best = self.own.bend, self.own.best
        rise = letters.square(np.pad(ask.rise[..., [0, 1, 1, 2]], [(0, 0)] * 3 + [(0, 2)])[..., [0, 1, 4, 3, 4, 4]])[..., :2, :2]
        pull = (
            np.einsum("ijk,ik->ij", bend, best)[..., :2] - bend[:, :2, 2] * ask.v[..., None] - ask.price + np.einsum("...jk,...k->...j", rise, ask.s)
        )
        s = np.linalg.solve(bend[:, :2, :2] + rise, pull[..., None])[..., 0]
        y = np.concatenate([s, ask.v[..., None]], -1)
        return letters.Drawn(s, self.own.slope(y)[..., 2], self.own.cost(y), sure(y))


@final
@dataclass(frozen=True)
class Stairs:
    """A load of power fed by units of flat costs, each as wide in MW; bowls of reactive power and voltage."""

    price: Real
    wide: float
    load: float
    bend: float = 1.0

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        return {letters.TakenNear: self.taken, letters.CondensedNear: self.condensed}

    def least(self, ask: Any) -> tuple[Real, Real]:
        """What is drawn, and whether the draw is at a step: the units run in the order of their prices against one that falls with what they make."""
        w = ask.weight[..., 0]
        made = np.zeros(w.shape)  # argmin Σ price · made − π · made + ½ w (load − made − wish)²
        for price in self.price:
            made += np.clip((ask.price[..., 0] - price) / w + self.load - ask.wish[..., 0] - made, 0.0, self.wide)
        soft = self.bend * np.array([1e-2, 1e2])
        rest = (soft * [0.0, 1.0] + ask.weight[..., 1:] * ask.wish[..., 1:] - ask.price[..., 1:]) / (soft + ask.weight[..., 1:])
        edge = np.isclose(made / self.wide, np.round(made / self.wide))
        return np.concatenate([(self.load - made)[..., None], rest], -1), edge

    def cost(self, y: Real) -> Real:
        left = np.clip((self.load - y[..., 0])[..., None] - self.wide * np.arange(len(self.price)), 0.0, self.wide)
        return left @ self.price + 0.5 * self.bend * (1e-2 * y[..., 1] ** 2 + 1e2 * (y[..., 2] - 1) ** 2)

    def taken(self, ask: Any) -> letters.Taken:
        y, _ = self.least(ask)
        return letters.Taken(y, self.cost(y), sure(y))

    def condensed(self, ask: Any) -> letters.Condensed:
        y, edge = self.least(ask)
        give = np.zeros((*y.shape, 3))
        give[..., 0, 0] = np.where(edge, 0.0, 1 / ask.weight[..., 0])
        for k, soft in ((1, 1e-2), (2, 1e2)):
            give[..., k, k] = 1 / (self.bend * soft + ask.weight[..., k])
        price = ask.price + ask.weight * (y - ask.wish)
        return letters.Condensed(y, price, letters.entries(give), self.cost(y), sure(y))


@final
@dataclass(frozen=True)
class Transmission:
    own: Bowl

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        return {
            letters.DispatchAlone: self.alone, letters.DispatchNear: self.near, letters.DispatchOver: self.over, letters.BusUnder: self.bus,
            letters.SteepBusUnder: self.steep,
        }  # fmt: skip

    def told(self, y: Real) -> letters.Dispatch:
        return letters.Dispatch(y, self.own.slope(y), sure(y), self.own.cost(y).sum(-1))

    def alone(self, _: Any) -> letters.Dispatch:
        return self.told(np.broadcast_to(np.array([1.0, 0.5, 1.0]), (1, 1, *self.own.best.shape)))

    def near(self, ask: Any) -> letters.Dispatch:
        return self.told(self.own.least(ask.price, ask.wish, ask.weight[..., None] * np.eye(3)))

    def over(self, ask: Any) -> letters.Dispatch:
        return self.told(self.own.least(ask.price, ask.at, letters.square(ask.bend)))

    def bus(self, ask: Any) -> letters.Bus:
        bend, best = self.own.bend, self.own.best
        v = best[:, 2] - (np.einsum("ij,stij->sti", bend[:, 2, :2], ask.s - best[:, :2]) + ask.kappa) / bend[:, 2, 2]
        y = np.concatenate([ask.s, v[..., None]], -1)
        return letters.Bus(v, self.own.slope(y)[..., :2], sure(y), self.own.cost(y).sum(-1))

    def steep(self, ask: Any) -> letters.SteepBus:
        bus, bend = self.bus(ask), self.own.bend
        rise = bend[:, :2, :2] - bend[:, :2, 2, None] * bend[:, None, 2, :2] / bend[:, 2, 2, None, None]
        flat = np.broadcast_to(rise[:, [0, 0, 1], [0, 1, 1]], (1, 1, len(rise), 3))
        return letters.SteepBus(bus.v, bus.price, flat, bus.worth, bus.cost)


def market(stiff: float, soft: float) -> tuple[Mailbox, Real]:
    """Two feeders; and what one owner of everything would choose."""
    own = Bowl(np.array([[2.0, 1.0, 1.02], [-1.0, 0.5, 0.99]]), np.stack([bowl(k, stiff, soft) for k in (1, 2)]), 1.0)
    above = Bowl(np.array([[0.0, 0.0, 1.03], [3.0, 0.0, 1.00]]), np.stack([bowl(k, soft, stiff) for k in (3, 4)]), -1.0)
    parts = [(Company(f"dso{k}", (Feeder(Bowl(own.best[[k]], own.bend[[k]], 1.0), k),)), np.array([k])) for k in (0, 1)]  # type: ignore[arg-type]
    joint = np.linalg.solve(own.bend + above.bend, (own.bend @ own.best[..., None] + above.bend @ above.best[..., None]))[..., 0]
    return Mailbox(Company("tso", (Transmission(above),)), tuple(parts)), joint  # type: ignore[arg-type]


def reached(scheme: Any, heavy: tuple[float, float], rounds: int = 200) -> tuple[Outcome[Any], float]:
    mail, joint = market(*heavy)
    out = coordinate(mail, scheme, rounds=rounds)
    y = scheme.schedule(out.state).y[0, 0]
    return out, float(np.abs(PU * (y - joint)).max())


GENTLE, SHARP = (1e4, 1e3), (1e3, 1e4)  # feeders' cost bends (power, voltage) and transmission's (voltage, power); prices settle if first is more


@pytest.mark.parametrize("heavy", [GENTLE, SHARP], ids=["gentle", "sharp"])
def test_boundary_sqp_needs_two_rounds_for_paraboloids(heavy: tuple[float, float]) -> None:
    out, apart = reached(Copf(), heavy)
    assert out.agreed
    assert out.rounds == 2
    assert apart <= t.DISPATCH_ALGEBRA


def test_boundary_sqp_begins_a_period_at_the_optimum_where_models_still_hold() -> None:
    mail, joint = market(*SHARP)
    scheme = Copf()
    first = coordinate(mail, scheme).state
    assert isinstance(first, CopfState)
    begun = scheme.after(mail, first)
    assert np.abs(PU * (begun.ask.y[0, 0] - joint)).max() <= t.DISPATCH_ALGEBRA
    assert scheme.gap(scheme.round(mail, begun)).closed


@pytest.mark.parametrize("scheme", [Admm(), Hgd(relaxation=0.5)])
def test_other_schemes_begin_a_period_where_they_ended(scheme: Any) -> None:
    mail, joint = market(*GENTLE)
    ended = coordinate(mail, scheme, rounds=200).state
    begun = scheme.after(mail, ended)
    y = begun.z if isinstance(scheme, Admm) else begun.s
    assert np.abs(PU[:2] * (y[0, 0, :, :2] - joint[:, :2])).max() <= 100 * Admm().tol
    assert scheme.gap(scheme.round(mail, scheme.round(mail, begun))).now <= 100 * scheme.gap(ended).goal


@pytest.mark.parametrize(("steps", "wide"), [((30.0, 34.0, 38.0), 0.2), ((10.0, 45.0, 46.0), 1.0)])
def test_units_of_flat_costs_that_stop_each_other_are_split(steps: tuple[float, float, float], wide: float) -> None:
    """A feeder of three units: its cost is straight between steps, so that no curvature tells where it ends."""
    own = Bowl(np.array([[0.0, 0.0, 1.03]]), bowl(3, 1e5, 3e3)[None], -1.0)
    feeder = Stairs(np.array(steps), wide, 5.0)
    mail = Mailbox(Company("tso", (Transmission(own),)), ((Company("dso", (feeder,)), np.array([0])),))  # type: ignore[arg-type]
    out = coordinate(mail, Copf())
    assert out.agreed
    assert isinstance(out.state, CopfState)
    assert out.state.search.stretch.min() > 0
    y, price = out.state.ask.y, out.state.ask.price
    held = feeder.taken(letters.TakenNear(y, price, np.full_like(y, 1e-3)))
    assert np.abs(PU * (held.y - y)).max() <= 100 * Copf().tol  # it wants just that at this price, with next to no spring
    assert np.abs(own.slope(y) - price).max() <= t.DISPATCH_ALGEBRA * np.abs(price).max()  # and so does transmission


@pytest.mark.parametrize("heavy", [GENTLE, SHARP], ids=["gentle", "sharp"])
def test_alternating_directions_arrive(heavy: tuple[float, float]) -> None:
    out, apart = reached(Admm(), heavy)
    assert out.agreed
    assert apart <= 100 * Admm().tol


def test_prices_and_voltages_settle_where_feeders_are_stiff() -> None:
    for scheme in (Hgd(), HgdSlope()):
        out, apart = reached(scheme, GENTLE)
        assert out.agreed
        assert apart <= 100 * Hgd().tol_pu


def test_prices_swing_where_feeders_are_soft_and_are_told_to() -> None:
    out, _ = reached(Hgd(), SHARP)
    assert out.end is End.CYCLES
    assert "take copf" in out.trouble
    out, _ = reached(Hgd(relaxation=0.1), SHARP)
    assert out.agreed


def test_without_the_price_of_voltage_the_answer_is_another_one() -> None:
    out, apart = reached(HgdPlain(), GENTLE)
    assert out.agreed
    assert apart > 1000 * HgdPlain().tol_pu
