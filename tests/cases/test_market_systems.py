"""Market systems by name: sound, written and read to the same bits, as large as the catalogue says, and cleared alike by one market and by offers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gridtandem.cases.folder.write import read_case, write_case
from gridtandem.cases.market_parts import DAY, HOURS, REGULATED
from gridtandem.cases.market_systems import MARKETS
from gridtandem.cases.named import case, catalogue
from gridtandem.cases.synthetic import LOADED, SIZES, synthetic240
from gridtandem.grid.elements import REFERENCE
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.schemes.ideal import Ideal
from gridtandem.study.market.check import checked
from gridtandem.study.market.run import run_market
from gridtandem.study.market.study import MarketStudy
from tests.tolerances import ALIKE, LINEAR_MODEL

NOON, EVENING = 12, 19  # hours: sun at its most, load at its most
OTHER = ("storage", "golden-3bus", "regulation", "rts24", "ffr", "toy")  # hours that hang together, systems with tests of their own
APART = [name for name in MARKETS if not any(word in name for word in OTHER)]


@pytest.mark.parametrize("name", MARKETS)
def test_a_market_is_what_the_catalogue_says(name: str, tmp_path: Path) -> None:
    it, told = case(name).check(), MARKETS[name]
    assert (*it.size(), len(it.interfaces)) == told.size
    assert (it.name, it.title, it.source, it.licence, it.currency) == (name, told.title, told.source, told.licence, told.currency)
    assert it.notes
    assert list(MarketStudy(case=it, scheme=DsoOffer() if len(it.interfaces) else Ideal()).faults()) == []
    assert read_case(write_case(it, tmp_path / name)).digest() == it.digest() == case(name).digest()
    names = catalogue()
    row = names.name.tolist().index(name)
    assert (names.form[row], names.buses[row], names.title[row]) == ("joined", sum(told.size[:2]), told.title)


@pytest.mark.parametrize("name", APART)
@pytest.mark.parametrize("hour", [NOON, EVENING])
def test_offers_reach_the_ideal_market_in_hours_when_networks_make_prices(name: str, hour: int) -> None:
    done = run_market(MarketStudy(case=case(name), scheme=DsoOffer(), first=hour, hours=1, benchmark="joint"))
    assert done.outcome.agreed
    assert abs(done.cost - done.ideal) <= ALIKE * abs(done.ideal)


def test_networks_make_prices_somewhere() -> None:
    """Otherwise none of the systems would test more than a merit order."""
    done = run_market(MarketStudy(case=case("ieee118-2dso"), scheme=DsoOffer(), first=EVENING, hours=1))
    assert done.bargain is not None
    assert np.ptp(done.bargain.price) > 0
    assert any(np.ptp(feeder.prices.price) > 1.0 for feeder in done.feeders)


@pytest.mark.parametrize("name", APART)
def test_the_ac_check_sees_the_root_voltage_that_markets_reckon_with(name: str) -> None:
    """Regulators hold 1 pu, so what is left is the error of the linear model, and feeders keep their limits but for that."""
    checks, broken = checked(run_market(MarketStudy(case=case(name), scheme=DsoOffer(), first=EVENING, hours=1)))
    assert checks.solved.all()
    assert checks.voltage_error_pu.max() <= LINEAR_MODEL
    inside = broken.take(np.char.find(broken.name.astype(str), "/") >= 0)
    assert np.abs(inside.value - inside.limit)[inside.element == "bus"].max(initial=0.0) <= LINEAR_MODEL


def test_a_regulator_stands_between_root_and_everything_else() -> None:
    for net in case("ieee118-2dso").models:
        root = net.generators.bus[net.generators.control == REFERENCE]
        ends = np.concatenate([net.lines.from_bus, net.lines.to_bus])
        assert not np.isin(root, ends).any()
        assert net.buses.name[net.transformers.to_bus].tolist() == [REGULATED]
        assert (net.transformers.regulated_bus == net.transformers.to_bus).all()


def test_days_are_days() -> None:
    assert {len(hours) for hours in DAY.values()} == {HOURS}
    assert {max(hours) for word, hours in DAY.items() if word != "wind"} == {100}
    for name in APART:
        it = case(name)
        assert {net.periods for net in (it.transmission, *it.models)} == {HOURS}
        assert it.interfaces.count.min() >= 1


def test_the_synthetic_feeder_has_the_published_frame() -> None:
    net = synthetic240()
    assert len(net.buses) == 240 == 1 + sum(SIZES)
    assert len(net.loads) == 193 == sum(LOADED)
    assert np.bincount(net.lines.from_bus)[0] == len(SIZES)
    units = net.generators.take(net.generators.control != REFERENCE)
    assert len(units) + len(net.flexible) == 40
    assert len(set(units.name.tolist())) == len(units)
