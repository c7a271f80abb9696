"""Experiments of energy and reserve: numbers that are known beforehand, and laws that hold between rows."""

from __future__ import annotations

import numpy as np
import pytest

from gridtandem.cases.altered import with_device_size, with_highest_voltage, with_offered_share
from gridtandem.cases.named import case
from gridtandem.cases.rts24_ffr import Rts24Ffr
from gridtandem.errors import UnknownName, Unreadable
from gridtandem.study.reserve.experiment import LEAST_MWS, MOST_MWS, carried_out
from gridtandem.study.reserve.experiments import FILES, experiment_named, inertia, price_ratio, value
from gridtandem.tables import Table
from tests.tolerances import FOUND_PRICES, FOUND_RESERVE, PRINTED_FAST, PRINTED_PRIMARY

NOH = case("noh-reduced")


def test_every_experiment_says_what_it_varies_and_holds() -> None:
    for name in FILES:
        what = experiment_named(name)
        assert what.name == name
        assert all((what.title, what.varied, what.held, what.charts))
    with pytest.raises(UnknownName, match="did you mean 'reserve-inertia'"):
        experiment_named("reserve-inertja")
    with pytest.raises(Unreadable, match="offers reserve"):
        carried_out(experiment_named("reserve-inertia"), case("T14D2"))


def test_primary_reserve_alone_is_what_is_printed_and_falls_as_inertia_grows() -> None:
    heard = []
    found = inertia.trials(NOH, heard.append, energies=(LEAST_MWS, MOST_MWS)).table
    assert isinstance(found, inertia.InertiaTrials)
    np.testing.assert_allclose(found.primary_mw[:2], (191.08, 179.64), atol=PRINTED_PRIMARY)
    assert found.times_inertia[0] == pytest.approx(found.times_inertia[1], rel=FOUND_RESERVE)
    assert (found.total_mw[2:] < found.total_mw[:2]).all()
    assert np.isnan(found.fast_per_mw[:2]).all(), "nobody sells fast reserve, so it has no price"
    assert [p.done for p in heard] == [1, 2, 3, 4]


def test_fast_reserve_saves_what_is_printed() -> None:
    """Amounts at which both reserves are 4.9 % less, at two speeds: between five rows each."""
    for energy, amounts in ((MOST_MWS, (3.70, 3.96)), (LEAST_MWS, (3.63, 3.89))):
        found = value.trials(NOH, energies=(energy,), seconds=(0.5, 1.0), steps=4).table
        assert isinstance(found, value.ValueTrials)
        needed = [value.needed_for(found.take(found.within_s == s), value.PRINTED) for s in (0.5, 1.0)]
        np.testing.assert_allclose(needed, amounts, atol=PRINTED_FAST)
        half = len(found) // 2
        assert (np.diff(found.saved_percent[:half]) > 0).all()
        assert (np.diff(found.cost[:half]) < 0).all()


def test_prices_stand_in_the_ratio_of_what_is_replaced() -> None:
    found = price_ratio.trials(NOH, energies=(5000.0, LEAST_MWS, 16_000.0)).table
    assert isinstance(found, price_ratio.RatioTrials)
    assert found.binds.tolist() == [price_ratio.NADIR, price_ratio.NADIR, price_ratio.END]
    assert np.abs(found.price_gap).max() <= FOUND_PRICES
    assert found.replaced[0] > found.replaced[1] > found.replaced[2] == 1.0


def test_altered_feeders_are_those_built_so() -> None:
    """Devices twice as large, a lower limit of voltage: what the case makes from its options."""
    one, built = Rts24Ffr().feeder(), Rts24Ffr(size=2.0, v_high_pu=1.02).feeder()
    made = with_highest_voltage(with_device_size(one, 2.0), 1.02)
    for name in ("buses", "generators", "cost_points", "storages", "regulation"):
        _same(getattr(made, name), getattr(built, name))
    assert with_offered_share(one, 0.5).regulation.up_high_mw.sum() == pytest.approx(one.regulation.up_high_mw.sum() / 2)
    assert not len(with_offered_share(one, 0.0).regulation)
    for wrong in (lambda: with_device_size(one, 0.0), lambda: with_offered_share(one, 2.0)):
        with pytest.raises(Unreadable):
            wrong()


def _same(made: Table, built: Table) -> None:
    for name, spec in built.columns().items():
        a, b = getattr(made, name), getattr(built, name)
        assert (a == b).all() if spec.dtype != "f8" else a == pytest.approx(b), name
