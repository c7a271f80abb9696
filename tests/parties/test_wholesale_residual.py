"""Residual supply as transmission tells it: the prices of its own clearing, exactly, and a market told whole that is the market."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.boundary.layout import numbers
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.market_letters import ClearAt
from gridtandem.boundary.strategic_letters import Disclose, Disclosed, Residual, ResidualCurve
from gridtandem.boundary.taken_home import Bargain
from gridtandem.boundary.wire import read, text
from gridtandem.cases.case import Case
from gridtandem.cases.named import case
from gridtandem.cases.rts24 import Rts24
from gridtandem.cases.rts24_disco import Rts24Disco
from gridtandem.coordinate import Gap
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.parties.disclosed import followers_of
from gridtandem.parties.residual_market import EXCESS, SHED, SPILL, ResidualMarket
from gridtandem.parties.wholesale_residual import WholesaleResidual
from gridtandem.program.solve import solve
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.study.market.run import run_market
from gridtandem.study.market.study import MarketStudy, seated
from gridtandem.tables import Real, stacked
from tests.tolerances import ALIKE, PLACE, PRICED, SLOPE_MW

HOURS, LOW, HIGH = 24, -40.0, 90.0
COMPANY = case("rts24-disco33")


def desk(what: Case, hours: int = 0) -> WholesaleResidual:
    return seated(MarketStudy(case=what, scheme=DsoOffer(), hours=hours)).residual


def asked(of: WholesaleResidual, low: float = LOW, high: float = HIGH, z: Real | None = None) -> Residual:
    shape = (1, of.market.window.periods, len(of.company))
    return of.residual_curve(ResidualCurve(np.full(shape, low), np.full(shape, high), np.zeros(shape) if z is None else z))


def with_interfaces(buses: tuple[str, ...], companies: tuple[str, ...]) -> Case:
    """The case with the feeders shared out over these buses."""
    name, table = COMPANY.transmission.buses.name.tolist(), COMPANY.interfaces
    n = len(buses)
    rows = replace(
        stacked(type(table), [table] * n), name=np.array([f"I{k}" for k in range(n)]), feeder=np.array([f"F{k}" for k in range(n)]),
        company=np.array(companies), bus=np.array([name.index(b) for b in buses]), count=np.full(n, 20 // n),
    )  # fmt: skip
    return replace(COMPANY, interfaces=rows)


ALONE = desk(COMPANY)
CURVE = asked(ALONE)


def price_of(curve: Residual, t: int, z: float, head: int = 0) -> Real:
    """All prices at an exchange: one, or at a break two."""
    mine = (curve.period == t) & (curve.interface == head) & (curve.from_mw <= z + PLACE) & (z - PLACE <= curve.to_mw)
    return curve.price[mine]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(LOW, HIGH), min_size=HOURS, max_size=HOURS))
def test_a_curve_tells_the_price_of_the_clearing(at: list[float]) -> None:
    told = ALONE.market.clear_at(ClearAt(np.array(at).reshape(1, HOURS, 1))).price[0, :, 0]
    for t, z in enumerate(at):
        prices = price_of(CURVE, t, z)
        assert prices.min() - PRICED <= told[t] <= prices.max() + PRICED


def test_steps_follow_each_other_and_rise() -> None:
    assert (CURVE.worth == Worth.EXACT).all()
    for t in range(HOURS):
        mine = CURVE.period == t
        first, last, price = CURVE.from_mw[mine], CURVE.to_mw[mine], CURVE.price[mine]
        assert (first[0], last[-1]) == (LOW, HIGH)
        assert (first[1:] == last[:-1]).all()
        assert (last > first).all()
        assert (np.diff(price) > 0).all()
    assert len(CURVE.price) > 2 * HOURS


@pytest.mark.parametrize("hour", [4, 17])
def test_the_program_by_shift_factors_is_the_market_by_angles(hour: int) -> None:
    """Value and slope, the latter by differences too; hours of half the length halve the cost and not the price."""
    whole = replace(MarketStudy(case=COMPANY, scheme=DsoOffer()), first=hour, hours=1)
    for step_h in (1.0, 0.5):
        w = seated(replace(whole, step_h=step_h)).wholesale
        (follower,) = ResidualMarket.of(w).hourly(np.zeros((1, w.nodal.nodes)), w.at)
        for z in np.linspace(LOW, HIGH, 7):
            plan, found = w.clear_at(ClearAt(np.full((1, 1, 1), z))), solve(follower.at(np.array([z])))
            assert abs(plan.cost - found.cost) <= ALIKE * plan.cost
            up, down = (solve(follower.at(np.array([z + d]))).cost for d in (SLOPE_MW, -SLOPE_MW))
            slope = (up - down) / (2 * SLOPE_MW * step_h)
            assert slope == pytest.approx(plan.price[0, 0, 0], abs=PRICED + ALIKE * plan.cost / SLOPE_MW)
            assert max(float(found.x[name].max()) for name in follower.penalties) <= PLACE
    made = desk(COMPANY)
    assert np.array_equal(asked(made).price, CURVE.price)


def test_interfaces_of_one_company_at_one_bus_count_as_one_total() -> None:
    two = asked(desk(with_interfaces(("14", "14"), ("disco", "disco"))), LOW / 2, HIGH / 2)
    assert (two.head == 0).all()
    for name in ("period", "interface", "from_mw", "to_mw", "price"):
        assert np.abs(getattr(two, name) - getattr(CURVE, name)).max() <= PLACE


def test_other_companies_take_what_is_said() -> None:
    of = desk(with_interfaces(("14", "3"), ("one", "other")))
    z = np.stack([np.zeros(HOURS), np.linspace(-20, 60, HOURS)], -1)[None]
    curve = asked(of, z=z)
    assert (curve.worth == Worth.EXACT).all()
    assert curve.head[0, 0].tolist() == [0, 1]
    both = z.copy()
    both[..., 0] = 31.0
    told = of.market.clear_at(ClearAt(both)).price[0, :, 0]
    for t in range(HOURS):
        prices = price_of(curve, t, 31.0)
        assert prices.min() - PRICED <= told[t] <= prices.max() + PRICED


def test_a_company_at_two_buses_gets_estimates() -> None:
    """Each of its exchanges moves the other's price."""
    assert (asked(desk(with_interfaces(("14", "3"), ("disco", "disco")), hours=2)).worth == Worth.ESTIMATE).all()


def test_scarcity_has_a_price() -> None:
    """More than all stations can make, and more than all load can take."""
    of = desk(COMPANY, hours=1)
    short, spilt = asked(of, 2000.0, 5000.0), asked(of, -5000.0, -3000.0)
    assert abs(short.price[-1] - SHED) <= PRICED
    assert spilt.price[0] >= -SPILL - PRICED
    assert spilt.price[0] < 0
    assert short.price.max() <= SHED + PRICED
    assert EXCESS > 0


def test_no_curve_where_hours_hang_together_or_prices_have_no_steps() -> None:
    ramps = desk(Rts24Disco(market=Rts24(ramps=True)).case("x"))
    assert "by ramps in transmission" in ramps.trouble
    shape = (1, HOURS, 1)
    smooth = desk(replace(with_interfaces(("14",), ("disco",)), transmission=_smooth()), hours=2)
    assert "rise evenly" in smooth.trouble
    bought = desk(case("ieee14-regulation"), hours=1)
    assert "regulation" in bought.trouble
    for of in (ramps, smooth, bought):
        assert (asked(of).worth == Worth.REFUSED).all()
        assert len(asked(of).price) == 0
    refused = smooth.disclose(Disclose(np.zeros((1, 2, 1)), np.ones((1, 2, 1))))
    assert (refused.worth == Worth.REFUSED).all()
    assert refused.programs == ()
    hole = np.full(shape, LOW)
    hole[0, 3] = np.nan
    curve = ALONE.residual_curve(ResidualCurve(hole, np.full(shape, HIGH), np.zeros(shape)))
    assert np.flatnonzero(curve.worth[0, :, 0] == Worth.REFUSED).tolist() == [3]
    assert 3 not in curve.period


def _smooth() -> Network:
    net = COMPANY.transmission
    table = el.Costs.of({"generator": [0, 0], "order": [1, 2], "coefficient": [10.0, 0.1]})
    return replace(net, costs=table, cost_points=net.cost_points.take(net.cost_points.generator != 0))


def test_a_market_told_whole_is_the_market() -> None:
    low, high = np.full((1, HOURS, 1), LOW), np.full((1, HOURS, 1), HIGH)
    told = ALONE.disclose(Disclose(low, high))
    again = read(text(told))
    assert isinstance(again, Disclosed)
    assert text(again) == text(told)
    assert len(told.programs) == HOURS
    assert told.period.tolist() == told.program.tolist() == list(range(HOURS))
    z = np.linspace(LOW, HIGH, HOURS)
    assert [p.like for p in told.programs] == [0] * HOURS
    assert numbers(told) < 20 * numbers(told.programs[0])
    cost = sum(solve(follower.at(z[[t]])).cost for t, follower in enumerate(followers_of(again)))
    plan = ALONE.market.clear_at(ClearAt(z.reshape(1, HOURS, 1)))
    assert abs(cost - plan.cost) <= ALIKE * plan.cost


def test_a_market_whose_hours_hang_together_is_told_as_one_program() -> None:
    of = desk(Rts24Disco(market=Rts24(ramps=True)).case("x"), hours=6)
    told = of.disclose(Disclose(np.full((1, 6, 1), LOW), np.full((1, 6, 1), HIGH)))
    assert len(told.programs) == 1
    assert told.number.tolist() == told.period.tolist() == list(range(6))
    z = np.linspace(HIGH, LOW, 6)
    plan, found = of.market.clear_at(ClearAt(z.reshape(1, 6, 1))), solve(followers_of(told)[0].at(z))
    assert abs(found.cost - plan.cost) <= ALIKE * plan.cost


def test_totals_that_stay_are_part_of_the_market_told() -> None:
    of = desk(with_interfaces(("14", "3"), ("one", "other")), hours=2)
    low, high = np.array([[[LOW, 25.0], [LOW, 5.0]]]), np.array([[[HIGH, 25.0], [HIGH, 5.0]]])
    told = of.disclose(Disclose(low, high))
    assert set(told.interface.tolist()) == {0}
    z = np.array([[[10.0, 25.0], [50.0, 5.0]]])
    cost = sum(solve(f.at(z[0, t, :1])).cost for t, f in enumerate(followers_of(told)))
    assert abs(cost - of.market.clear_at(ClearAt(z)).cost) <= ALIKE * cost


@final
@dataclass(frozen=True, slots=True)
class Curious:
    """Asks for the curve and goes home."""

    asks_tso: ClassVar = frozenset({ResidualCurve})
    asks_dsos: ClassVar[frozenset[type]] = frozenset()

    def start(self, mail: object) -> None:
        """Nothing is known."""

    def round(self, mail: Mail, s: object) -> Residual:  # noqa: ARG002
        """One question."""
        z = np.zeros(mail.shape)
        return mail.ask_tso(ResidualCurve(z, z + 1.0, z), worth=Worth.ESTIMATE)

    def gap(self, s: object) -> Gap:  # noqa: ARG002
        """Nothing is agreed."""
        return Gap(0.0, 0.0)

    def bargain(self, s: object) -> Bargain:  # noqa: ARG002
        """Nothing."""
        raise AssertionError


def test_a_run_that_needs_a_curve_says_why_there_is_none() -> None:
    done = run_market(MarketStudy(case=Rts24Disco(market=Rts24(ramps=True)).case("x"), scheme=Curious(), hours=2))
    assert len(done.trouble) == 1
    assert "hang together by ramps" in done.trouble[0]
    assert "kkt-sos1" in done.trouble[0]
    assert done.trouble[0].startswith("tso: ")
