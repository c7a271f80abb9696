"""A strategic company beside what else it could be, and by its size."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from gridtandem.cases.case import Case
from gridtandem.cases.rts24_disco import Rts24Disco
from gridtandem.cases.strategic import with_fewer
from gridtandem.errors import Unreadable
from gridtandem.schemes.ideal import Ideal
from gridtandem.study.market.reference import MarketPower, References, market_power, references
from gridtandem.study.market.run import run_market
from gridtandem.study.market.study import MarketStudy
from tests.tolerances import BEST

SIZES = (1, 20, 40)


@cache
def case() -> Case:
    return Rts24Disco(bus="14", feeders=40).case("disco")


@cache
def study() -> MarketStudy:
    return MarketStudy(case=case(), scheme=None, first=17, hours=4)


@cache
def told() -> References:
    return references(study())


@cache
def sizes() -> MarketPower:
    return market_power(MarketStudy(case=case(), scheme=None), SIZES)


def cost(name: str, what: str = "") -> float:
    rows = [k for k, (n, w) in enumerate(zip(told().name.tolist(), told().what.tolist(), strict=True)) if n == name and w.startswith(what)]
    return float(told().companies_cost[rows[0]])


def test_six_cases_and_their_order() -> None:
    assert sorted(set(told().name.tolist())) == ["C0", "C1", "C2", "C3", "C4", "C5"]
    assert cost("C2") < cost("C1") < cost("C4") < cost("C0")
    assert cost("C2") < cost("C3")
    assert cost("C5", "strategic") <= cost("C5", "price taker") * (1 + BEST)


def test_nobody_is_better_for_all_than_the_ideal_market() -> None:
    assert (told().cost >= told().ideal * (1 - BEST)).all()
    same = told().scheme == "ideal"
    assert (np.abs(told().cost - told().ideal)[same] <= BEST * told().ideal[same]).all()


def test_without_limits_of_lines_transmission_costs_less() -> None:
    table = told()
    assert table.ideal[table.name == "C5"].max() < table.ideal[table.name == "C2"].min()


def test_one_feeder_has_no_power_and_many_have() -> None:
    table = sizes()
    assert abs(table.gain_percent[0]) <= 100 * BEST
    assert (np.diff(table.gain_percent) > 0).all()
    assert (table.strategic <= table.ideal * (1 + BEST)).all()


def test_feeders_of_others_are_demand_of_the_same_day() -> None:
    """With one feeder of forty, all feeders passive: as much is drawn as by the forty."""
    few = MarketStudy(case=with_fewer(case(), 1), scheme=Ideal(), first=17, hours=4)
    drawn = [n.transmission.loads.p_mw * n.transmission.factors("loads", 24)[16:20] for n in (few.case, case())]
    (model,) = case().models
    each = (model.loads.p_mw * model.factors("loads", 24)[16:20]).sum(1)
    assert np.allclose(drawn[0].sum(1) - drawn[1].sum(1), 39 * each)
    assert run_market(few).outcome.agreed


def test_more_feeders_than_there_are_are_refused() -> None:
    with pytest.raises(Unreadable, match="41 of 40 feeders"):
        market_power(study(), (41,))
