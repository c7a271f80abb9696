"""What the table of devices says resources are paid is what the books pay them, whatever the rule."""

from __future__ import annotations

import numpy as np
import pytest

from gridtandem.cases.rts24_disco import Rts24Disco
from gridtandem.schemes.ideal import Ideal
from gridtandem.schemes.price_taker import PriceTaker
from gridtandem.schemes.strategic import Strategic
from gridtandem.study.market.books import books
from gridtandem.study.market.paid import devices
from gridtandem.study.market.run import run_market
from gridtandem.study.market.study import MarketStudy
from tests.tolerances import MONEY_CLOSES

SCHEMES = [Ideal(), PriceTaker(), PriceTaker(local="nodal"), *(Strategic(local=local) for local in ("pay-as-bid", "nodal", "posted"))]


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
def test_devices_are_paid_as_the_books_say(scheme: object) -> None:
    result = run_market(MarketStudy(case=Rts24Disco().case("disco"), scheme=scheme, first=17, hours=3))
    table, told = devices(result), books(result)
    inside = table.company == "disco"
    for name in np.unique(table.name[inside]).tolist():
        booked = float(told.amount[(told.payer == "disco") & (told.item == "energy") & (told.payee == f"F14/{name}")].sum())
        assert float(table.payment[inside & (table.name == name)].sum()) == pytest.approx(booked, rel=MONEY_CLOSES, abs=MONEY_CLOSES)
    assert np.abs(table.profit - (table.payment - table.cost)).max() == 0
    if getattr(scheme, "local", "") == "pay-as-bid":
        assert np.abs(table.profit[inside]).max() == 0
