"""The least cost of all, proved by prices, against the program of everything."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.cases.named import case
from gridtandem.errors import InvalidCase
from gridtandem.schemes.conventional_4 import Conventional4
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.schemes.ideal import Ideal
from gridtandem.study.market import run as running
from gridtandem.study.market.benchmark import joint, proved
from gridtandem.study.market.run import run_market
from gridtandem.study.market.study import MarketStudy
from tests.tolerances import ALIKE

GOLDEN = MarketStudy(case=case("golden-3bus"), scheme=DsoOffer(), hours=4, flow="active")


@pytest.mark.parametrize(
    "study", [GOLDEN, replace(GOLDEN, scheme=Ideal()), MarketStudy(case=case("ieee118-2dso"), scheme=DsoOffer(), first=18, hours=2)]
)
def test_prices_prove_the_cost_of_the_joint_program_without_solving_it(study: MarketStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    other = joint(running.seated(study).pool)
    monkeypatch.setattr(running, "joint", lambda pool: pytest.fail("solved"))  # noqa: ARG005
    found = run_market(study)
    assert abs(found.ideal - other.cost) <= ALIKE * other.cost
    assert found.ideal <= found.cost
    assert (found.ideal_z == found.bargain.z[0]).all()  # type: ignore[union-attr]


@pytest.mark.parametrize("scheme", [DsoOffer(steps=2), Conventional4()])
def test_plans_that_cost_more_leave_a_gap_that_the_joint_program_fills(scheme: object) -> None:
    found = run_market(replace(GOLDEN, scheme=scheme))
    other = joint(found.seats.pool)
    assert found.ideal == other.cost < found.cost * (1 - ALIKE)
    assert (found.ideal_z == other.z).all()


def test_what_companies_regret_bounds_the_joint_cost_from_below_at_any_prices() -> None:
    seats = running.seated(GOLDEN)
    best, rng = joint(seats.pool), np.random.default_rng(4)
    for spread in (0.0, 5.0, 30.0):
        price = best.price + rng.uniform(-spread, spread, best.price.shape)
        plans = [running.below(desk, k, (name, int(i)), (best.z[:, i], price[:, i]))
                 for name, (desk, rows) in zip(seats.companies, seats.fleets, strict=True) for k, i in enumerate(rows)]  # fmt: skip
        above = running.above(seats.wholesale, best.z, best.price)  # at other prices transmission alone has no bound
        regret = [above.regret, *(p.regret for p in plans)]
        assert min(regret) >= -ALIKE * best.cost
        assert (proved(best.cost, regret, best.z, price) is None) == (spread > 0)


def test_a_benchmark_of_another_name_is_refused() -> None:
    with pytest.raises(InvalidCase, match="benchmark"):
        run_market(replace(GOLDEN, benchmark="none"))  # type: ignore[arg-type]
