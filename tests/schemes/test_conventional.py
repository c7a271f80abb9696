"""Conventional markets: what nobody coordinates costs more, and case by case for the reason it should."""

from __future__ import annotations

from typing import Any

import pytest

from gridtandem.boundary.layout import Ask
from gridtandem.cases.golden import golden
from gridtandem.coordinate import End
from gridtandem.schemes.conventional_1 import Conventional1
from gridtandem.schemes.conventional_2 import Conventional2
from gridtandem.schemes.conventional_3 import Conventional3
from gridtandem.schemes.conventional_4 import Conventional4
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.study import MarketStudy
from tests.tolerances import WELFARE

CASES = [Conventional1(), Conventional2(), Conventional3(), Conventional4()]


def cleared(scheme: Any) -> MarketResult:
    return run_market(MarketStudy(case=golden(), scheme=scheme, flow="active"))


@pytest.mark.parametrize("scheme", CASES, ids=repr)
def test_one_round_worse_than_ideal_and_nothing_agreed(scheme: Any) -> None:
    found = cleared(scheme)
    assert found.outcome.end is End.ALONE
    assert found.outcome.rounds == 1
    assert found.cost > found.ideal * (1 + WELFARE)
    asked = {e.question for e in found.outcome.ledger}
    assert asked == {q.__name__ for q in scheme.asks_tso | scheme.asks_dsos if issubclass(q, Ask)}


def test_inelastic_feeders_meet_the_highest_prices_at_the_peak() -> None:
    peak = {type(s).__name__: float(cleared(s).bargain.price[0, -1].max()) for s in CASES}  # type: ignore[union-attr]
    assert max(peak, key=lambda name: peak[name]) == "Conventional1"


def test_steps_that_ignore_the_network_cannot_all_be_delivered() -> None:
    found = cleared(Conventional3())
    assert found.outcome.state is not None
    assert found.outcome.state.undelivered_mw > 1.0  # behind the voltage limit of feeder A
