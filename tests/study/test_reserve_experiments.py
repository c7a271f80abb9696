"""Experiments of energy and reserve: numbers that are known beforehand, and laws that hold between rows."""

from __future__ import annotations

import numpy as np
import pytest

from gridtandem.cases.altered import with_device_size, with_highest_voltage, with_offered_share
from gridtandem.cases.named import case
from gridtandem.cases.rts24_ffr import Rts24Ffr
from gridtandem.errors import UnknownName, Unreadable
from gridtandem.study.reserve.experiment import LEAST_MWS, MOST_MWS, carried_out
from gridtandem.study.reserve.experiments import FILES, experiment_named, inertia, limits, loss_penalty, nadir, price_ratio, scaling, strategy, value
from gridtandem.tables import Table
from tests.tolerances import BROKEN_PU, DELIVERED_MW, FOUND_PRICES, FOUND_RESERVE, LITTLE_LEFT, LOWEST_HZ, PRINTED_FAST, PRINTED_PRIMARY, RELAXED

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


def test_feeders_without_networks_are_oversold_the_more_the_tighter_their_limits() -> None:
    found = limits.trials(NOH, sizes=(1.0, 2.0), hours=1, first_hour=4)
    table = found.table
    assert isinstance(table, limits.LimitTrials)
    by = {m: table.take(table.feeders == m) for m in ("full", "base-only", "none")}
    assert by["full"].broken.tolist() == [0] * 4
    assert by["none"].broken.tolist() == [1] * 4
    assert (by["none"].sold_mw >= by["base-only"].sold_mw - DELIVERED_MW).all()
    assert (by["base-only"].sold_mw >= by["full"].sold_mw - DELIVERED_MW).all()
    over = by["none"].oversold_percent.reshape(2, 2)  # size by highest voltage
    assert (over > 0).all()
    assert (np.diff(over, axis=0) > 0).all()
    assert over[1, 1] > over[1, 0], "small devices sell more under the lower voltage here: it keeps power without a price out as the network stands"
    assert (by["none"].missing_mw > DELIVERED_MW).all()
    assert by["none"].beyond_pu.max() > BROKEN_PU
    assert "broken in 4 of 4 hours at interfaces" in found.words[-1]


def test_every_hour_holds_its_limit_as_promised_and_with_governors() -> None:
    found = nadir.trials(NOH, hours=2, first_hour=4).table
    assert isinstance(found, nadir.NadirTrials)
    assert found.binds.all()
    np.testing.assert_allclose(found.promised_hz, 59.0, atol=LOWEST_HZ)
    np.testing.assert_allclose(found.stepped_hz, 59.0, atol=LOWEST_HZ)
    assert (found.promised_hz < found.reheat_hz).all()
    assert (found.reheat_hz < found.deadband_hz).all()
    assert (found.deadband_hz < found.tgov1_hz).all()


def test_cones_are_tight_above_what_losing_power_brings() -> None:
    """That is π − λ at the prices of the plan (26.73 and 9.80) and at a negative price of energy, and −λ where no fast reserve has a price."""
    found = loss_penalty.trials(NOH, penalties=(15.0, 19.0, 25.0, 45.0, 50.0)).table
    assert isinstance(found, loss_penalty.PenaltyTrials)
    one = found.take(found.state == loss_penalty.STANDING)
    brings = np.where(one.fast_per_mw > 0, one.fast_per_mw, 0.0) - one.energy_per_mwh
    assert ((one.slack <= RELAXED) == (one.penalty_per_mwh > brings)).all()
    loose = one.take(one.slack > RELAXED)
    assert (loose.fictitious_mw > DELIVERED_MW).all()
    assert np.isnan(loose.distortion).all()
    tight = found.take(found.slack <= RELAXED)
    assert (tight.distortion >= 0).all()
    dear = tight.take((tight.state == loss_penalty.BOTH) & (tight.fast_per_mw > 0) & (tight.energy_per_mwh > 0))
    assert (np.diff(dear.distortion) > 0).all(), "a penalty that is higher than needed distorts the more"


def test_more_feeders_sell_more_and_the_bound_stays_near() -> None:
    told = scaling.trials(NOH, feeders=(1, 3), leading=(1,)).table
    assert isinstance(told, scaling.ScalingTrials)
    assert (told.gap_percent <= LITTLE_LEFT).all()
    found, lead = told.take(told.scheme == scaling.TOGETHER), told.take(told.scheme == scaling.LEAD)
    assert (lead.cost >= found.cost[::2] * (1 - FOUND_RESERVE)).all()
    assert found.buses.tolist() == [24 + 34, 24 + 3 * 34, 118 + 34, 118 + 3 * 34]
    assert (found.fast_mw[1::2] > 2 * found.fast_mw[::2]).all()
    assert (found.cost[1::2] < found.cost[::2]).all()


def test_companies_that_lead_withhold_and_earn_and_all_pay_for_it() -> None:
    found = strategy.trials(case("rts24-ffr"), hours=(9,))
    table = found.table
    assert isinstance(table, strategy.StrategyTrials)
    assert table.scheme.tolist() == [strategy.TOGETHER, strategy.STRATEGIC, strategy.TAKER]
    together, strategic, taker = range(3)
    assert table.fast_mw[strategic] < table.fast_mw[together] - 1.0
    assert table.companies[strategic] < table.companies[together]
    more = (table.fast_per_mw - table.fast_exact_per_mw) * table.fast_mw
    np.testing.assert_allclose(table.companies_exact - table.companies, more, atol=FOUND_PRICES)
    assert table.companies_exact[strategic] < table.companies_exact[together] == table.companies[together]
    gain, beyond = table.companies_exact[together] - table.companies_exact[strategic], more[strategic]
    assert f"leading earns {gain:.2f} against together" in found.words[0]
    assert f"chords pay {beyond:.2f} more" in found.words[0]
    assert table.companies[strategic] <= table.companies[taker] * (1 + FOUND_RESERVE)
    assert table.feeders_energy_per_mwh[strategic] < table.feeders_energy_per_mwh[together], "what they move is told where they are"
    assert table.cost[strategic] > table.cost[together]
    assert table.cost[taker] >= table.cost[together] * (1 - FOUND_RESERVE)
    assert "MW of fast reserve withheld" in found.words[0]
    assert len(found.words) == 1, "nothing to beware of"


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
