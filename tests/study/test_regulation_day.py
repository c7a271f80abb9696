"""A day of energy and regulation through the doors: run files, words, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.boundary.market_letters import Tier
from gridtandem.errors import InvalidCase, Unreadable
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.parties.decomposed import benders, dantzig_wolfe
from gridtandem.report.documents import summary_of
from gridtandem.report.run import Run
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.schemes.dso_reserve_offer import DsoReserveOffer
from gridtandem.schemes.dso_vector_offer import DsoVectorOffer
from gridtandem.schemes.ideal import Ideal
from gridtandem.study.market.day import clear, reopened
from gridtandem.study.market.run import run_market
from gridtandem.study.market.study import MarketStudy, seated
from tests.tolerances import ALIKE

CASE = gt.case("golden-3bus-regulation")


def study(scheme: object) -> MarketStudy:
    return MarketStudy(case=CASE, scheme=scheme, flow="active", hours=2)


@pytest.mark.parametrize("scheme", [DsoVectorOffer(), DsoReserveOffer(), Ideal()])
def test_a_day_of_regulation_is_read_again_as_it_was(scheme: object, tmp_path: Path) -> None:
    day = clear(study(scheme), save=tmp_path / "a.tandem")
    again = reopened(tmp_path / "a.tandem")
    for name, table in day.named().items():
        assert again.named()[name].digest() == table.digest(), name
    assert len(day.tables.regulation)
    assert np.array_equal(again.outcome.state.plan.reserve, day.outcome.state.plan.reserve)
    said = repr(Run.of(again))
    assert "reserves  up: 4.000 MW to 5.000 MW" in said
    assert "% of it from feeders" in said
    assert len(summary_of(Run.of(again))["reserves"]) == len(day.tables.reserves)  # type: ignore[arg-type]


def test_the_published_way_of_numbers_of_the_regulating_golden_case() -> None:
    """Our own numbers: cost of energy and regulation over four hours, prices of capacity of each hour, what feeders sell."""
    result = run_market(replace(study(DsoVectorOffer()), hours=4)).require()
    assert abs(result.cost - 15443.2564583333) <= ALIKE * result.cost
    above, bargain = result.transmission, result.bargain
    assert above is not None
    assert bargain is not None
    assert bargain.reserve is not None
    assert np.allclose(above.reserve_price[:, :2], [[4.2, 3.2], [4.2, 3.2], [6.8, 2.3], [8.3, 3.2]])
    assert np.allclose(bargain.price[0], [[26, 26], [30.2, 28.1], [42, 34], [45, 35.5]])


def test_the_cost_of_a_day_is_that_of_its_devices() -> None:
    """Energy and regulation of all devices, each told in its table."""
    day = clear(study(DsoVectorOffer()))
    devices, awards, more = day.tables.devices, day.tables.awards, day.tables.regulation
    assert abs(devices.cost.sum() + more.cost.sum() - day.cost) <= ALIKE * day.cost
    inside = devices.company != "tso"
    assert abs(devices.cost[inside].sum() + more.cost[more.company != "tso"].sum() - awards.feeder_cost.sum()) <= ALIKE * day.cost


def test_prices_prove_no_ideal_where_feeders_could_regulate_and_do_not() -> None:
    """Nobody regrets anything at prices of energy, and yet the ideal market is cheaper."""
    apart, together = (run_market(study(scheme)) for scheme in (DsoOffer(), DsoVectorOffer()))
    assert apart.gap > ALIKE
    assert abs(apart.ideal - together.ideal) <= ALIKE * together.ideal


def test_offers_tell_their_tier() -> None:
    for scheme, tier in ((DsoVectorOffer(), Tier.HOURLY), (DsoReserveOffer(), Tier.CERTIFIED)):
        assert set(run_market(study(scheme)).outcome.state.tier.ravel().tolist()) == {tier}  # type: ignore[union-attr]


@pytest.mark.parametrize("scheme", [DsoVectorOffer(planes=0), DsoReserveOffer(steps=-1), DsoReserveOffer(floor=3.0, ceiling=1.0)])
def test_rules_that_mean_nothing_are_refused(scheme: object) -> None:
    assert [f.code for f in study(scheme).faults()] == ["study-012"]


def test_feeders_buy_no_regulation() -> None:
    asked = replace(CASE.models[0], requirements=CASE.transmission.requirements)
    with pytest.raises(InvalidCase) as wrong:
        seated(replace(study(Ideal()), case=replace(CASE, models=(asked, CASE.models[1]))))
    assert [f.code for f in wrong.value.faults] == ["case-086"] * len(CASE.transmission.requirements)


def test_costs_with_slopes_are_refused_with_what_to_do() -> None:
    model = CASE.models[0]
    bent = replace(model, cost_points=el.CostPoints.empty(), costs=el.Costs.of({"generator": [1], "order": [2], "coefficient": [1.0]}))
    for scheme in (DsoVectorOffer(), DsoReserveOffer()):
        result = run_market(replace(study(scheme), case=replace(CASE, models=(bent, CASE.models[1]))))
        assert not result.outcome.agreed
        assert "costs with slopes" in result.trouble[0]


def test_hours_that_hang_together_are_refused_and_one_of_them_is_not() -> None:
    """A battery ties hours; a single hour of it is a program like any other."""
    store = dv.Storages.of({
        "name": ["s"], "bus": [1], "charge_high_mw": [0.5], "discharge_high_mw": [0.5], "energy_high_mwh": [1.0], "energy_start_mwh": [0.5],
        "cost_per_mwh": [1.0],
    })  # fmt: skip
    offers = dv.Regulation.of({c: np.append(getattr(CASE.models[0].regulation, c), x) for c, x in (("what", 2), ("row", "s"), ("up_per_mw", 0.5))})
    it = replace(CASE, models=(replace(CASE.models[0], storages=store, regulation=offers), CASE.models[1]))
    day = run_market(replace(study(DsoVectorOffer()), case=it))
    assert "hang together" in day.trouble[0]
    hour = run_market(replace(study(DsoVectorOffer()), case=it, hours=1)).require()
    assert abs(hour.cost - hour.ideal) <= ALIKE * abs(hour.ideal)
    whole = run_market(replace(study(Ideal()), case=it)).require()
    assert abs(whole.gap) <= ALIKE


def test_benchmarks_by_parts_know_energy_alone() -> None:
    pool = seated(study(Ideal())).pool
    for solve in (dantzig_wolfe, benders):
        with pytest.raises(Unreadable, match="regulation"):
            solve(pool)
