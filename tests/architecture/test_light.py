"""The traffic light: what it promises, on the toy and on random radial feeders."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.architecture.simulation.chance import Band, beyond
from gridtandem.architecture.simulation.colours import AMBER, GREEN, RED, Light, shown
from gridtandem.architecture.simulation.day import Wires
from gridtandem.architecture.simulation.filling import slack_of
from gridtandem.architecture.simulation.light import lit
from gridtandem.architecture.simulation.offered import Offered
from gridtandem.architecture.simulation.signals import Watch, amber, at_risk, green, red
from gridtandem.errors import InvalidCase
from tests.architecture.arrays import A_E_B, C_D, free, offered, radial, wires
from tests.tolerances import BOX_MW, SERIES, SHARE_OF_DRAWS, TOY_MW

SEEDS = st.integers(0, 2**32 - 1)
LIGHTS = st.builds(Light, chance=st.sampled_from([0.0, 0.05, 0.4]), worsen_after=st.integers(1, 3), improve_after=st.integers(1, 4))
SURE = Light(flow_margin=0.0, voltage_margin=0.0)


def watch_of(case: tuple[Wires, Offered], plan: np.ndarray, **parts: object) -> Watch:
    """A day that comes as forecast, with nothing asked, near at a tenth of a limit, energy at 40."""
    feeder, offers = case
    given = {
        "wires": feeder, "offered": offers, "plan": np.array(plan, float), "asked": np.zeros(offers.least.shape),
        "energy": np.full(len(offers.least), 40.0), "told": np.ones(len(offers.least), bool),
        "margin": 0.1 * np.nan_to_num(np.abs(np.concatenate([feeder.high, feeder.low])), posinf=0.0), "band": Band.none(feeder), "actual": feeder,
        "sheddable": np.zeros((len(offers.least), feeder.h_shed.shape[1])), "hours": 0.5,
    }  # fmt: skip
    return Watch(**(given | parts))  # type: ignore[arg-type]


def random_watch(seed: int, *, periods: int = 12, errors: float = 0.0, silence: float = 0.0) -> Watch:
    """A day of a radial feeder: any plan, any wishes, forecasts with bands and errors, load that may be cut."""
    rng = np.random.default_rng(seed)
    feeder, offers = radial(seed, periods=periods, tight=float(rng.choice([0.6, 0.9, 1.0])))
    width = rng.uniform(0, 0.3, (periods, feeder.h_shed.shape[1]))
    actual = replace(feeder, there=feeder.there + errors * rng.uniform(-1, 1, width.shape) * width @ feeder.h_shed.T)
    plan = offers.least + rng.uniform(0, rng.uniform(0.1, 1), offers.least.shape) * (offers.most - offers.least)
    return watch_of(
        (feeder, offers), plan, asked=rng.uniform(-2, 2, plan.shape), energy=rng.uniform(20, 50, periods), actual=actual,
        band=Band(feeder.h_shed, -width, width), told=rng.random(periods) >= silence, sheddable=rng.uniform(0, 0.5, width.shape),
    )  # fmt: skip


# ── what the light promises ─────────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=30, deadline=None)
@given(SEEDS, LIGHTS)
def test_a_without_limits_it_is_green_and_changes_nothing(seed: int, light: Light) -> None:
    watch = random_watch(seed, errors=1.0)
    watch = replace(watch, wires=free(watch.wires), actual=free(watch.actual))
    found = lit(light, watch)
    assert (found.colour == GREEN).all()
    assert (found.y == np.clip(watch.plan + watch.asked, watch.offered.least, watch.offered.most)).all()
    assert found.measures.refused_mwh == found.measures.amber_cost == found.measures.red_mwh == 0


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_b_amber_holds_what_is_expected_or_it_is_red(seed: int) -> None:
    watch = random_watch(seed, errors=1.0)
    found = lit(Light(), watch)
    expected = watch.wires.beyond(watch.plan + found.bought).max(1)
    assert (expected[found.colour != RED] <= BOX_MW).all()
    assert (watch.wires.beyond(found.y).max(1)[found.colour == AMBER] <= BOX_MW).all()  # with all that transmission was given, too


def test_b_is_no_empty_promise() -> None:
    """Among days as above there are ambers that bought, and reds because nothing could be bought."""
    days = [(w := random_watch(seed), lit(Light(), w)) for seed in range(30)]
    assert any((np.abs(d.bought).sum(1) > BOX_MW)[d.colour == AMBER].any() for _, d in days)
    assert any((amber(w).failed & (d.colour == RED)).any() for w, d in days)


@settings(max_examples=40, deadline=None)
@given(SEEDS, LIGHTS, st.booleans())
def test_c_under_constant_input_it_does_not_chatter(seed: int, light: Light, mute: bool) -> None:
    one = random_watch(seed, periods=1, errors=3.0)
    many = 20

    def again(feeder: Wires) -> Wires:
        return replace(feeder, there=np.repeat(feeder.there, many, 0))

    o, b = one.offered, one.band
    watch = replace(
        one, wires=again(one.wires), actual=again(one.actual), offered=Offered(*(np.repeat(a, many, 0) for a in (o.least, o.most, o.price)), o.unit),
        band=Band(b.h, np.repeat(b.low, many, 0), np.repeat(b.high, many, 0)), plan=np.repeat(one.plan, many, 0), asked=np.repeat(one.asked, many, 0),
        energy=np.repeat(one.energy, many), told=np.full(many, not mute), sheddable=np.repeat(one.sheddable, many, 0),
    )  # fmt: skip
    changes = np.flatnonzero(np.diff(lit(light, watch).colour)) + 1
    known = 2 * light.worsen_after + light.silent_after  # it begins green and has heard nothing; by then it knows
    settled = changes[changes > known]
    assert all(b - a >= light.improve_after for a, b in pairwise(settled.tolist()))


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_d_amber_leaves_less_to_red(seed: int) -> None:
    watch = random_watch(seed)
    with_amber, without = lit(Light(), watch), lit(Light(colours=(GREEN, RED)), watch)
    assert with_amber.measures.red_mwh <= without.measures.red_mwh + BOX_MW
    assert with_amber.measures.shed_mwh <= without.measures.shed_mwh + BOX_MW


def test_d_is_no_empty_promise() -> None:
    days = [random_watch(seed) for seed in range(20)]
    assert any(lit(Light(), w).measures.red_mwh < lit(Light(colours=(GREEN, RED)), w).measures.red_mwh - 1 for w in days)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_e_in_red_whatever_worsens_a_limit_at_risk_is_refused(seed: int) -> None:
    watch = random_watch(seed, errors=1.0, silence=0.3)
    found = lit(Light(), watch)
    side = np.concatenate([watch.wires.h, -watch.wires.h])  # positive: going up uses the side up
    seen = np.where(watch.told[:, None], watch.actual.values(watch.plan), watch.wires.values(watch.plan))
    omega = at_risk(Light(), watch) | (slack_of(watch.wires, seen) < -BOX_MW)
    for t in np.flatnonzero(found.colour == RED):
        for j in range(side.shape[1]):
            towards = side[:, j] * watch.asked[t, j] > 0
            if (towards & omega[t]).any():
                assert abs(found.accepted[t, j]) <= TOY_MW


def test_e_is_no_empty_promise() -> None:
    days = [lit(Light(), random_watch(seed)) for seed in range(20)]
    assert any((np.abs(d.accepted) > BOX_MW)[d.colour == RED].any() for d in days)
    assert any(d.measures.refused_mwh > 1 for d in days)


# ── the toy ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_blind_dispatch_of_the_toy_is_mended_in_amber() -> None:
    """At 40, a and e lose 15 and 12 where they are turned down: e by 6, a by 1. c at 30 gains and is called, d would lose nothing and stays."""
    one, two = lit(SURE, watch_of(A_E_B, [[10, 6, 0]])), lit(SURE, watch_of(C_D, [[2, 0]]))
    assert one.colour.tolist() == two.colour.tolist() == [AMBER]
    assert one.bought[0] == pytest.approx([-1, -6, 0], abs=TOY_MW)
    assert two.bought[0] == pytest.approx([4, 0], abs=TOY_MW)
    assert one.exchange_change[0] == pytest.approx(7, abs=TOY_MW)
    assert two.exchange_change[0] == pytest.approx(-4, abs=TOY_MW)
    assert one.measures.amber_cost == pytest.approx(0.5 * (6 * 12 + 15), abs=BOX_MW)
    assert two.measures.amber_cost == pytest.approx(0, abs=BOX_MW)


def test_amber_looks_for_the_least_cost_and_not_for_the_least_move() -> None:
    """1 MW too much: the first has full effect and would lose 15, the second half of that effect and would lose 2, so it goes down by 2."""
    case = wires([[-1, -0.5]], [[6]], [-3], [3]), offered(0, [[9, 9]], [25, 38])
    assert lit(SURE, watch_of(case, [[8, 4]])).bought[0] == pytest.approx([0, -2], abs=TOY_MW)


def test_shares_of_the_toy_in_amber() -> None:
    """a + e at 8 of at most 9: each may rise by a half, and fall to 3 together; b is free."""
    found = lit(Light(), watch_of(A_E_B, [[4, 4, 0]], asked=np.array([[3.0, -1, 2]]), margin=np.full(2, 1.5)))
    assert found.colour.tolist() == [AMBER]
    assert found.high[0] == pytest.approx([4.5, 4.5, 4], abs=TOY_MW)
    assert found.low[0] == pytest.approx([1.5, 1.5, 0], abs=TOY_MW)
    assert found.accepted[0] == pytest.approx([0.5, -1, 2], abs=TOY_MW)
    assert found.measures.refused_mwh == pytest.approx(0.5 * 2.5, abs=BOX_MW)


def test_what_cannot_be_bought_is_commanded_and_load_is_cut_last() -> None:
    feeder, offers = replace(C_D[0], h_shed=np.array([[-1.0]])), replace(C_D[1], most=np.array([[1.0, 2.0]]))
    found = lit(Light(), watch_of((feeder, offers), [[0, 0]], sheddable=np.array([[5.0]]), asked=np.array([[-1.0, 1.0]])))
    assert found.colour.tolist() == [RED]
    assert found.commanded[0] == pytest.approx([1, 2], abs=TOY_MW)
    assert found.shed[0] == pytest.approx([3], abs=TOY_MW)
    assert found.accepted[0] == pytest.approx([0, 0], abs=TOY_MW)
    assert found.exchange_change[0] == pytest.approx(-6, abs=TOY_MW)
    assert [i.node for i in found.instructions] == [-1, -1, 0]


# ── colours ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_worsens_at_once_and_improves_by_one_colour_at_a_time() -> None:
    due = [0, 2, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]
    assert shown(Light(), len(due), lambda t, _: due[t]).tolist() == [0, 2, 2, 2, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0, 0]
    assert shown(Light(worsen_after=2), len(due), lambda t, _: due[t]).tolist() == [0] * 15
    assert shown(Light(worsen_after=2), 4, lambda t, _: [1, 1, 2, 2][t]).tolist() == [0, 1, 1, 2]
    assert shown(Light(colours=(0, 2)), 6, lambda t, _: [2, 0, 0, 0, 0, 0][t]).tolist() == [2, 2, 2, 0, 0, 0]


@given(st.lists(st.integers(0, 2), max_size=40), LIGHTS)
def test_red_never_turns_green_at_once(due: list[int], light: Light) -> None:
    colour = [0, *shown(light, len(due), lambda t, _: due[t]).tolist()]
    assert (2, 0) not in pairwise(colour)
    better = [t for t, (a, b) in enumerate(pairwise(colour)) if b < a]
    assert all(all(x < colour[t] for x in due[t - light.improve_after + 1 : t + 1]) for t in better)


def test_telemetry_that_is_silent_for_too_long_makes_it_red() -> None:
    told = np.array([1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1], bool)
    feeder, offers = (replace(A_E_B[0], there=np.repeat(A_E_B[0].there, 11, 0)), Offered(*(np.repeat(a, 11, 0) for a in _sides()), A_E_B[1].unit))
    asked = np.tile([1.0, 0, 0], (11, 1))
    found = lit(SURE, watch_of((feeder, offers), np.tile([2.0, 2, 0], (11, 1)), told=told, margin=np.zeros(2), asked=asked))
    assert found.colour.tolist() == [0, 0, 0, 2, 2, 2, 2, 1, 1, 1, 0]
    assert found.accepted[:, 0].tolist() == pytest.approx([1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1], abs=TOY_MW)  # nobody knows what is: nobody moves


def test_what_is_measured_makes_it_red_one_interval_later() -> None:
    """A line carries 3.5 where 2 was expected, in the first interval alone; then commands are not needed."""
    feeder = replace(A_E_B[0], there=np.full((6, 1), 6.0))
    offers = Offered(*(np.repeat(a, 6, 0) for a in _sides()), A_E_B[1].unit)
    actual = replace(feeder, there=np.array([[7.5], [7.5], [6], [6], [6], [6]]))
    found = lit(SURE, watch_of((feeder, offers), np.tile([2.0, 2, 0], (6, 1)), actual=actual, margin=np.zeros(2)))
    assert found.colour.tolist() == [GREEN, RED, RED, RED, RED, AMBER]
    assert found.commanded.sum(1) == pytest.approx([0, 0.5, 0, 0, 0, 0], abs=TOY_MW)
    assert found.measures.missed_red_h == 0.5
    assert found.measures.false_amber_h == 0.5
    assert found.measures.hours == (0.5, 0.5, 2.0)


# ── chances ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.001, 3), min_size=1, max_size=6), st.floats(-1.1, 1.1), SEEDS)
def test_chances_are_those_of_samples(spread: list[float], share: float, seed: int) -> None:
    a, draws = np.array(spread), 40_000
    level = share * a.sum()
    found = (np.random.default_rng(seed).uniform(-1, 1, (draws, len(a))) @ a > level).mean()
    assert beyond(np.array([level]), a[None])[0] == pytest.approx(found, abs=SHARE_OF_DRAWS)


def test_chances_where_they_are_known() -> None:
    assert beyond(np.array([0.5, 1.0, -1.0, 2.0]), np.ones((4, 1))) == pytest.approx([0.25, 0, 1, 0], abs=TOY_MW)
    assert beyond(np.array([1.0]), np.ones((1, 2)))[0] == pytest.approx(1 / 8, abs=SERIES)
    assert beyond(np.zeros(1), np.zeros((1, 0)))[0] == 0


def test_a_limit_is_at_risk_from_the_chance_on_that_is_told() -> None:
    """a + e = 8.6 and a band of ±1: beyond 9 with chance 0.3."""
    band = Band(np.array([[-1.0]]), np.array([[-1.0]]), np.array([[1.0]]))
    watch = watch_of(A_E_B, [[4.6, 4, 0]], band=band, margin=np.zeros(2))
    assert at_risk(Light(chance=0.29), watch).tolist() == [[False, True]]
    assert not at_risk(Light(chance=0.31), watch).any()


def test_all_that_is_wrong_with_a_light_is_told_at_once() -> None:
    with pytest.raises(InvalidCase) as told:
        Light(flow_margin=1.0, voltage_margin=-1.0, chance=1.0, worsen_after=0, improve_after=0, silent_after=-1, colours=(0, 1))
    assert len(told.value.faults) == 7
    good = watch_of(A_E_B, [[4, 4, 0]])
    nothing = np.zeros((1, 0))
    wrong = replace(good, asked=np.zeros((2, 3)), energy=np.zeros(3), actual=C_D[0], band=Band(np.zeros((2, 0)), nothing, nothing))
    with pytest.raises(InvalidCase) as more:
        lit(Light(), wrong)
    assert [f.code for f in more.value.faults] == ["arch-131", "arch-131", "arch-132", "arch-133"]
    with pytest.raises(InvalidCase, match="arch-134"):
        lit(Light(), replace(good, plan=np.array([[11.0, 0, 0]])))


def test_each_colour_by_itself() -> None:
    watch = watch_of(A_E_B, [[10, 6, 0]])
    assert green(watch).failed.all()
    assert not amber(watch).failed.any()
    assert not red(watch, at_risk(Light(), watch), np.zeros(1, bool)).failed.any()


def _sides() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return A_E_B[1].least, A_E_B[1].most, A_E_B[1].price


@pytest.mark.parametrize("name", ["worsen_after", "improve_after", "silent_after"])
def test_intervals_are_whole(name: str) -> None:
    for wrong in (1.5, float("nan"), True, "2"):
        with pytest.raises(InvalidCase, match=f"light.{name} is"):
            Light(**{name: wrong})  # type: ignore[arg-type]
    assert getattr(Light(**{name: np.int64(2)}), name) == 2


def test_a_day_holds_finite_numbers_alone() -> None:
    day = random_watch(3)
    nothing, unknown = np.full_like(day.energy, np.nan), replace(day.actual, there=day.actual.there * np.nan)
    with pytest.raises(InvalidCase) as caught:
        lit(Light(), replace(day, asked=np.full_like(day.asked, np.inf), energy=nothing, hours=0.0, actual=unknown))
    assert [f.column for f in caught.value.faults] == ["asked", "energy", "actual", "hours"]
    assert [f.code for f in caught.value.faults] == ["arch-136", "arch-136", "arch-136", "arch-137"]
