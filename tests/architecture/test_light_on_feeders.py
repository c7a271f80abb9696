"""The traffic light on four feeders that a bulk market dispatched blindly: every sum is what the documentation tells."""

from functools import cache

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.architecture.simulation.clearing import cleared_bulk, shown_of
from gridtandem.architecture.simulation.colours import GREEN, RED, Light
from gridtandem.architecture.simulation.light import Lit, lit
from gridtandem.architecture.simulation.scenarios import Setting, scene_of
from gridtandem.architecture.simulation.scene import Scene
from gridtandem.architecture.simulation.signals import Watch, margins, watch_over
from gridtandem.opf.limits import KINDS
from tests.tolerances import BOX_MW, IDENTITY, TOLD_MWH


@cache
def scene(scenario: str) -> Scene:
    return scene_of(Setting(case=gt.case("four-feeders")), scenario)


def days(scenario: str, light: Light) -> list[tuple[Watch, Lit]]:
    """Every feeder under a light, with loads 10 % off; nobody asks for more."""
    here = scene(scenario)
    blind = cleared_bulk(here.network, shown_of(here.network, limits=False))
    watches = [
        watch_over(f, g, blind.y[k], asked=np.zeros_like(blind.y[k]), energy=blind.price[:, k], light=light, hours=here.actual.hours, load_error=0.1)
        for k, (f, g) in enumerate(zip(here.network.feeders, here.actual.feeders, strict=True))
    ]
    return [(w, lit(light, w)) for w in watches]


def test_near_is_a_hundredth_within_voltages_and_a_tenth_within_ratings() -> None:
    seen = set()
    for feeder in scene("nominal").network.feeders:
        limits, wires, many = feeder.problem.limits, feeder.wires, len(feeder.wires.low)
        near = margins(feeder, Light())
        volts = limits.kind == KINDS.index("voltage")
        for side, sign, edge, full in ((near[:many], -1, wires.high, limits.high), (near[many:], 1, wires.low, limits.low)):
            there = np.isfinite(full)
            held = volts & there
            assert (side[~there] == 0).all()
            within = (edge[held] + sign * side[held]) * full[held] / edge[held]
            assert np.sqrt(within) == pytest.approx(np.sqrt(full[held]) + sign * 0.01, rel=IDENTITY)
            assert side[~volts & there] == pytest.approx(0.1 * np.abs(edge[~volts & there]), rel=IDENTITY)
        seen |= set(limits.kind.tolist())
    assert seen == {0, 1}


def test_with_a_perfect_forecast_amber_leaves_nothing_to_red() -> None:
    with_amber, without = days("nominal", Light()), days("nominal", Light(colours=(GREEN, RED)))
    assert sum(d.measures.red_mwh for _, d in with_amber) == 0
    assert sum(d.measures.amber_mwh for _, d in with_amber) == pytest.approx(18.19, abs=TOLD_MWH)
    assert sum(d.measures.red_mwh for _, d in without) == pytest.approx(15.29, abs=TOLD_MWH)
    assert all((w.actual.beyond(d.y) <= BOX_MW).all() for w, d in with_amber)
    assert all((d.colour != RED).all() for _, d in with_amber)


def test_with_forecasts_that_err_red_has_more_to_do_and_still_less_than_without_amber() -> None:
    with_amber, without = days("forecast-error", Light()), days("forecast-error", Light(colours=(GREEN, RED)))
    assert all(a.measures.red_mwh <= b.measures.red_mwh for (_, a), (_, b) in zip(with_amber, without, strict=True))
    assert sum(d.measures.red_mwh for _, d in with_amber) == pytest.approx(14.75, abs=TOLD_MWH)
    assert sum(d.measures.red_mwh for _, d in without) == pytest.approx(16.37, abs=TOLD_MWH)
    broken = [(d.left.max(1, initial=0) > BOX_MW) for _, d in with_amber]
    assert all((d.colour[b] != RED).all() for (_, d), b in zip(with_amber, broken, strict=True))  # nothing is broken while it is red
    bought = [np.abs(d.bought).sum(1) > BOX_MW for _, d in with_amber]
    assert sum(int(b.sum()) for b in bought) == 5
    assert sum(int((b & x).sum()) for b, x in zip(bought, broken, strict=True)) == 3
