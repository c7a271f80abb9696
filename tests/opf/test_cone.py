"""The relaxation holds every alternating-current dispatch, its bound is below all of them, and meets the published gaps."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.polynomial import polynomial

import gridtandem as gt
from gridtandem.cases.matpower.read import read_matpower
from gridtandem.errors import InvalidCase
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.opf.ac import Pieces, optimal_power_flow
from gridtandem.opf.ac_boundary import AcBoundary, Asked, solved
from gridtandem.opf.cone import ConeOpf, cone_bound
from gridtandem.opf.cone_costs import Bowls
from gridtandem.tables import Complex
from gridtandem.units import MVA
from tests.flow.making import tree
from tests.opf.cone_point import carried, misses, point
from tests.opf.test_ac_polar import priced
from tests.tolerances import CONE_BELOW, CONE_HOLDS, CONE_MEETS, CONE_TIGHT

DATA = Path(__file__).parents[1] / "data" / "pglib"
SEEDS = st.integers(0, 2**32 - 1)
GAPS = {"5_pjm": 14.55, "14_ieee": 0.11, "30_ieee": 18.84, "118_ieee": 0.91, "500_goc": 0.25}  # PGLib-OPF v23.07, BASELINE.md; per cent, rounded up


def pglib(name: str) -> Network:
    return read_matpower(DATA / f"pglib_opf_case{name}.m", equivalents=True)


def state(cone: ConeOpf, seed: int) -> tuple[Complex, Complex]:
    """Voltages between their limits, angles of a few degrees, units within theirs."""
    rng, form = np.random.default_rng(seed), cone.form
    n, g, row = len(form.w_low), form.polar.nodal.network.generators, form.polar.nodal.units.row
    v = np.sqrt(rng.uniform(form.w_low, np.minimum(form.w_high, 1.44))) * np.exp(1j * rng.uniform(-0.15, 0.15, n))
    p = rng.uniform(cone.program.columns["p"].low, cone.program.columns["p"].high)
    s, factor = g.s_high_mva[row] / MVA, g.power_factor_low[row]
    steep = np.where(factor > 0, np.sqrt(1 / np.where(factor > 0, factor, 1.0) ** 2 - 1), np.inf)
    most = np.minimum(np.sqrt(np.maximum(s**2 - p**2, 0.0)), np.where(np.isfinite(steep), np.maximum(p, 0) * np.nan_to_num(steep, posinf=0), np.inf))
    q = np.clip(rng.uniform(-1, 1, len(p)) * np.minimum(most, 1.0), cone.program.columns["q"].low, cone.program.columns["q"].high)
    return v, p + 1j * q


def open_to_all(net: Network) -> ConeOpf:
    """With a port at every bus, so that any state of the network is one of its dispatches."""
    return ConeOpf.of(net, np.arange(len(net.buses)), -1.0)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_every_state_of_a_network_is_in_its_relaxation(seed: int) -> None:
    cone = open_to_all(priced(seed))
    v, unit = state(cone, seed)
    x = point(cone, v, unit)
    assert carried(cone, v, x) <= CONE_HOLDS
    found = misses(cone, x)
    for rating in ("flow_from", "flow_to", "range of draw_p", "range of draw_q"):
        found.pop(rating)  # a state may overload lines, and ports are open as far as the network
    assert max(found.values()) <= CONE_HOLDS, found


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_every_state_of_a_feeder_with_parallel_lines_and_ratios_either_way_is_in_it(seed: int) -> None:
    net = tree(seed, 12)
    cone = open_to_all(replace(net, generators=limited(net)))
    v, unit = state(cone, seed)
    found = misses(cone, point(cone, v, unit))
    assert max(value for name, value in found.items() if "draw" not in name) <= CONE_HOLDS, found


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_branches_of_one_pair_may_begin_at_either_end(seed: int) -> None:
    """Their flows are those of the network, and limits of their angles are kept just where the state keeps them."""
    rng = np.random.default_rng(seed)
    net = Network(
        name="pair",
        buses=el.Buses(name=["a", "b"], nominal_kv=[110.0, 20.0], v_low_pu=[0.9, 0.9], v_high_pu=[1.1, 1.1]),
        transformers=el.Transformers(
            name=["there", "back"], from_bus=[0, 1], to_bus=[1, 0], r_pu=[0.01, 0.02], x_pu=[0.1, 0.2], b_pu=[0.02, -0.01],
            ratio=rng.uniform(0.9, 1.1, 2), shift_deg=rng.uniform(-30, 30, 2), rating_mva=[90.0, 80.0], angle_low_deg=rng.uniform(-9, 2, 2),
            angle_high_deg=rng.uniform(3, 15, 2),
        ),
        generators=el.Generators(name=["g"], bus=[0], control=[2], p_low_mw=[0.0], p_high_mw=[50.0], q_low_mvar=[-50.0], q_high_mvar=[50.0]),
    )  # fmt: skip
    cone = open_to_all(net)
    v, unit = state(cone, seed)
    x = point(cone, v, unit)
    assert carried(cone, v, x) <= CONE_HOLDS
    found, t = misses(cone, x), net.transformers
    angle = np.degrees(np.angle(v[0] / v[1])) * np.array([1.0, -1.0])
    assert (found["angle_low"] <= CONE_HOLDS) == bool((angle >= t.angle_low_deg).all())
    assert (found["angle_high"] <= CONE_HOLDS) == bool((angle <= t.angle_high_deg).all())
    assert max(found[name] for name in ("drop", "balance", "balance_q", "product")) <= CONE_HOLDS


def limited(net: Network) -> el.Generators:
    """Units between nothing and their power, with reactive power of as much either way."""
    g = net.generators
    return replace(g, p_low_mw=0 * g.p_mw, p_high_mw=g.p_mw, q_low_mvar=-np.abs(g.p_mw), q_high_mvar=np.abs(g.p_mw))


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_no_dispatch_costs_less_than_the_bound(seed: int) -> None:
    net = priced(seed)
    best = optimal_power_flow(net)
    assume(best.converged)
    bound = cone_bound(net)
    assert bound.bound_per_h <= best.cost_per_h * (1 + CONE_BELOW)
    assert bound.bound_per_h <= bound.relaxed_per_h + CONE_MEETS * abs(bound.relaxed_per_h)


@settings(max_examples=12, deadline=None)
@given(SEEDS, SEEDS)
def test_at_any_prices_no_dispatch_of_a_feeder_costs_less(seed: int, other: int) -> None:
    """Of an optimum at some prices, held against the bound at others: what passes, and what branches carry, are as limited as is said."""
    net, rng = tree(seed, 10), np.random.default_rng(other)
    net = replace(net, generators=limited(net), buses=replace(net.buses, v_low_pu=np.full(10, 0.85), v_high_pu=np.full(10, 1.15)))
    root = np.array([0])
    at, cone = AcBoundary.of(net, root, 1.0), ConeOpf.of(net, root, 1.0)
    toll = replace(at.free(), slope=np.array([[rng.uniform(500, 5000), rng.uniform(-500, 500), 0.0]]))
    asked = Asked(toll=toll, fixed={2: np.array([rng.uniform(0.95, 1.05)])})
    answer = at.least(asked)
    assume(solved(answer))
    p, q, v = at.exchange(answer)[0]
    w = np.array([0.9]), np.array([1.1])
    low, high = cone.room(w)
    assert (low[0] <= [p, q]).all()
    assert ([p, q] <= high[0]).all()
    voltage = answer.x["v"] * np.exp(1j * answer.x["theta"])
    e = point(cone, voltage, answer.x["p"] + 1j * answer.x["q"])["e"]
    assert (e <= cone.form.e_high * (1 + CONE_HOLDS) + CONE_HOLDS).all()
    price = np.array([[rng.uniform(500, 5000), rng.uniform(-500, 500), rng.uniform(-300, 300)]])
    found = cone.under(-price, w=w)
    assert np.isfinite(found.least)
    cost = at.own_cost(asked, answer) + float(price[0] @ [p, q, v**2])
    assert found.least <= cost + CONE_BELOW * (1 + abs(cost))


@pytest.mark.parametrize("name", GAPS)
def test_published_gaps_are_met(name: str) -> None:
    """PGLib rounds its gaps up to two decimals."""
    net = pglib(name)
    best, bound = optimal_power_flow(net).require().cost_per_h, cone_bound(net)
    assert ceil(1e4 * (best - bound.bound_per_h) / best) / 100 == GAPS[name]
    assert bound.bound_per_h == pytest.approx(bound.relaxed_per_h, rel=CONE_MEETS)
    assert repr(bound).startswith(f"Cone bound of {net.name}: no AC dispatch costs less than ")


def test_a_radial_feeder_that_buys_is_not_relaxed_at_all() -> None:
    """Where power has a price everywhere and no upper limit of voltage binds, the cones are tight."""
    case = gt.case("T14D2")
    net, root = case.models[0], np.array([0])
    at, cone = AcBoundary.of(net, root, 1.0), ConeOpf.of(net, root, 1.0)
    asked = Asked(toll=replace(at.free(), slope=np.array([[4000.0, 100.0, 0.0]])), fixed={2: np.ones(1)})
    answer = at.least(asked)
    assert solved(answer)
    one = np.ones(1), np.ones(1)
    assert cone.under(np.array([[-4000.0, -100.0, 0.0]]), w=one).least == pytest.approx(answer.cost, rel=CONE_TIGHT)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=3, max_size=5), st.floats(-2, 2), st.floats(0, 3))
def test_lines_never_lie_above_a_cost_of_any_shape(coefficient: list[float], low: float, width: float) -> None:
    none = Pieces(unit=np.empty(0, np.int64), level=np.empty(0), slope=np.empty(0), priced=np.empty(0, np.int64))
    bowls = Bowls.of(none, np.array([coefficient]), np.array([low]), np.array([low + width]))
    at = np.linspace(low, low + width, 50)
    value = polynomial.polyval(at, coefficient)
    if len(bowls.unit):
        under = (bowls.level + bowls.steep * at[:, None]).max(1)
        assert (under <= value + CONE_HOLDS * (1 + np.abs(value))).all()
        assert bowls.low[0] <= under.min() + CONE_HOLDS
        assert under.max() <= bowls.high[0] + CONE_HOLDS
    else:
        np.testing.assert_allclose(bowls.constant + bowls.slope * at + bowls.bend * at**2 / 2, value, atol=CONE_HOLDS)


def test_a_cost_that_bends_down_becomes_its_chord() -> None:
    none = Pieces(unit=np.empty(0, np.int64), level=np.empty(0), slope=np.empty(0), priced=np.empty(0, np.int64))
    bowls = Bowls.of(none, np.array([[0.0, 4.0, -1.0]]), np.array([0.0]), np.array([2.0]))
    np.testing.assert_allclose(bowls.steep, 2.0, atol=CONE_HOLDS)
    np.testing.assert_allclose(bowls.level, 0.0, atol=CONE_HOLDS)


def test_a_unit_without_limits_is_named() -> None:
    net = gt.network("ieee14")
    g = net.generators
    high = g.p_high_mw.copy()
    high[2] = np.inf
    with pytest.raises(InvalidCase, match="case-155") as caught:
        cone_bound(replace(net, generators=replace(g, p_high_mw=high)))
    assert str(g.name[2]) in str(caught.value)


def test_units_without_reactive_limits_keep_a_bound() -> None:
    net = gt.network("ieee14")
    g = net.generators
    free = replace(net, generators=replace(g, q_low_mvar=np.full(len(g), -np.inf), q_high_mvar=np.full(len(g), np.inf)))
    best = optimal_power_flow(free).require().cost_per_h
    assert best * (1 - 0.01) < cone_bound(free).bound_per_h <= best * (1 + CONE_BELOW)
