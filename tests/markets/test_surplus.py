"""Who has what of the net surplus: the parts add up, whatever the scheme, and the rent of essential demand is that of its multiplier."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gridtandem.cases.named import case
from gridtandem.schemes.cmo_cuts import CmoCuts
from gridtandem.schemes.conventional_2 import Conventional2
from gridtandem.schemes.conventional_4 import Conventional4
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.schemes.ideal import Ideal
from gridtandem.study.market.books import books, kept, surplus
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.study import MarketStudy
from tests.tolerances import ALIKE, BOOKS_MONEY, ENVELOPE, ZERO_SUM

SHARE, STEP = 0.8, 1e-3  # χ at which the rule binds in the golden case, and a small change of it


def run(scheme: Any, essential: float = 0.0, **settings: Any) -> MarketResult:
    return run_market(MarketStudy(case=case("golden-3bus"), scheme=scheme, flow="active", essential=essential, **settings)).require()


@pytest.mark.parametrize("essential", [0.0, SHARE])
@pytest.mark.parametrize("scheme", [Ideal(), DsoOffer(), CmoCuts(), Conventional2(), Conventional4()], ids=lambda s: type(s).__name__)
def test_the_parts_add_up_to_the_net_surplus(scheme: Any, essential: float) -> None:
    result = run(scheme, essential)
    s, lines = surplus(result), books(result)
    net = s.worth - s.cost
    assert abs(net.sum() + result.cost) <= ZERO_SUM
    assert abs(s.exchange.sum()) <= ZERO_SUM
    assert np.abs(net - s.exchange - (s.profit - s.demand + s.kept)).max() <= ZERO_SUM
    assert abs((s.profit - s.demand + s.kept).sum() - net.sum()) <= ZERO_SUM
    assert np.abs(s.left).max() <= ZERO_SUM
    for k, who in enumerate(s.company.tolist()):
        assert kept(lines, who.split("/")[0]) == pytest.approx(s.kept[k], abs=BOOKS_MONEY)
    assert (s.essential_rent <= 0).all()
    assert (s.essential_rent.sum() < 0) == (essential > 0)
    assert not s.choice.any()
    if isinstance(scheme, Conventional2 | Conventional4):
        assert np.abs(s.off_price).max() > ZERO_SUM
    else:
        assert np.abs(s.off_price).max() <= ZERO_SUM


def test_the_rent_of_essential_demand_is_what_the_rule_costs_at_the_margin() -> None:
    """χ d cost / d χ is the sum of the multipliers times what they enforce."""
    rent, (less, more) = surplus(run(Ideal(), SHARE)).essential_rent.sum(), (run(Ideal(), SHARE + d).cost for d in (-STEP, STEP))
    assert -rent == pytest.approx(SHARE * (more - less) / (2 * STEP), rel=ENVELOPE)


def test_without_the_rule_the_day_is_cheaper_by_no_more_than_its_rent() -> None:
    """Cost is convex in χ."""
    bound, free = run(Ideal(), SHARE), run(Ideal())
    assert 0 < bound.cost - free.cost <= -surplus(bound).essential_rent.sum() * (1 + ALIKE)
