"""LinDist3Flow: one with the balanced form where phases are alike, exact to first order around no load, and a curve like any other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.market_systems import market_system
from gridtandem.cases.phase_case import phase_case, tripled, with_devices
from gridtandem.errors import InvalidCase
from gridtandem.flow.phase_response import NodeCoils, PhaseResponse
from gridtandem.flow.phases import ReadyPhases
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.balanced import balanced
from gridtandem.grid.network import Network
from gridtandem.grid.phase_feeder import PhaseFeeder
from gridtandem.grid.phase_tree import SOURCE, PhaseTree, phase_tree
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.forms.lindist import SIDES
from gridtandem.opf.limits import KINDS
from gridtandem.opf.offers import Asked
from gridtandem.opf.phase_feeder import PhaseMarket
from gridtandem.opf.value_curve import Curve
from gridtandem.program.answer import Status
from gridtandem.resources.part import Window
from gridtandem.tables import Complex, Real
from tests.flow.phase_making import feeder as any_feeder
from tests.opf.feeders import feeder
from tests.tolerances import COEFFICIENT, CURVE_MONEY, FIRST_ORDER, GUARDED, HALVED, LEFT_OUT, MONEY, PRICE_BY_DIFFERENCE, REDUCED

NOTHING = Network(name="none", buses=el.Buses.empty())


def curve_of(problem: FeederProblem) -> Curve:
    found = Asked.of(problem).curve()
    assert found is not None
    return found


def as_devices(net: Network) -> Network:
    """What hangs on a balanced feeder, at spots of the same names; its loads are those of the three-phase network."""
    buses = el.Buses.of({"name": net.buses.name, "nominal_kv": net.buses.nominal_kv})
    return replace(net, lines=el.Lines.empty(), transformers=el.Transformers.empty(), loads=el.Loads.empty(), buses=buses)


@pytest.mark.parametrize("hour", [3, 12, 18])
def test_alike_phases_without_mutual_impedance_are_the_balanced_feeder(hour: int) -> None:
    net = market_system("ieee118-2dso").models[0]
    root = int(net.generators.bus[net.generators.control == el.REFERENCE][0])
    three = PhaseMarket.of(PhaseFeeder(network=tripled(net, root=root), devices=as_devices(net))).problem(Window(first=hour))
    one, many = (curve_of(p) for p in (FeederProblem.of(net, root, Window(first=hour)), three))
    assert any(Asked.of(three).shaped_by(many))  # limits of the network shape it
    assert len(one.points) == len(many.points)
    assert many.offer.x == pytest.approx(one.offer.x, rel=REDUCED, abs=REDUCED)
    assert many.offer.cost == pytest.approx(one.offer.cost, rel=REDUCED, abs=REDUCED)


def test_what_has_no_three_phases_is_refused() -> None:
    plain = feeder([0, 1])
    odd = replace(plain, shunts=el.Shunts.of({"name": ["s"], "bus": [1], "b_mvar": [0.1]}))
    with pytest.raises(InvalidCase, match=r"shunts have 1 rows.*phase-012"):
        tripled(odd)


def test_limits_go_along_to_the_balanced_network() -> None:
    low, high = np.array([0.0, 0.91, 0.92]), np.array([np.inf, 1.06, 1.07])
    plain = feeder([0, 1])
    three_ = tripled(replace(plain, buses=replace(plain.buses, v_low_pu=low, v_high_pu=high)))
    back = balanced(replace(three_, sources=replace(three_.sources, x_positive_ohm=[0.1]))).buses
    assert back.v_low_pu.tolist() == [*low, 0.0]
    assert back.v_high_pu.tolist() == [*high, np.inf]


def line(z: Complex) -> ThreePhaseNetwork:
    return ThreePhaseNetwork(
        name="line", buses=pe.PhaseBuses(name=["s", "e"], nominal_kv=[10.0, 10.0], phases=[[True] * 3] * 2),
        lines=pe.PhaseLines(name=["l"], from_bus=[0], to_bus=[1], to_phase=[[1, 2, 3]], r_ohm=[z.real], x_ohm=[z.imag]),
        sources=pe.PhaseSources(name=["grid"], bus=[0], nominal_kv=[10.0], x_positive_ohm=[0.0], x_zero_ohm=[0.0], angle_deg=[17.0]),
    ).check()  # fmt: skip


def test_coefficients_of_a_line_are_the_published_ones() -> None:
    """Of L. Gan and S. H. Low, PSCC 2014; its currents are those of what hangs below, phase by phase."""
    rng = np.random.default_rng(3)
    m = rng.uniform(0.1, 1.0, (2, 3, 3))
    z = (m[0] + m[0].T) + 1j * (m[1] + m[1].T)
    form = PhaseMarket.of(PhaseFeeder(network=line(z), devices=NOTHING)).form
    r, x, root3 = z.real / 10.0**2 * 3, z.imag / 10.0**2 * 3, np.sqrt(3)  # one phase has a third of the power
    ahead, behind = np.roll(np.eye(3), 1, axis=1), np.roll(np.eye(3), -1, axis=1)  # (a, b), (b, c), (c, a); and the others
    by_p = -2 * r * np.eye(3) + (r - root3 * x) * ahead + (r + root3 * x) * behind
    by_q = -2 * x * np.eye(3) + (x + root3 * r) * ahead + (x - root3 * r) * behind
    assert [s.bus for s in form.spots] == [0, 0, 0, 1, 1, 1]
    assert -form.w_by_p.toarray()[4:, 4:] == pytest.approx(by_p, abs=COEFFICIENT)
    assert -form.w_by_q.toarray()[4:, 4:] == pytest.approx(by_q, abs=COEFFICIENT)


def injected(net: ThreePhaseNetwork, tree: PhaseTree, coils: NodeCoils, s: Complex) -> Complex:
    """Voltages (node, phase) of the exact sweep with these powers injected at coils [MVA]."""
    rows = []
    for node, ends in zip(coils.node.tolist(), coils.ends, strict=True):
        a, b = int(np.argmax(ends)) + 1, int(np.argmin(ends)) + 1
        rows.append((int(tree.bus[node]), pe.DELTA if ends.min() < 0 else pe.WYE, [a, b, 0] if ends.min() < 0 else [a, 0, 0]))
    units = pe.PhaseGenerators(
        name=[f"g{k}" for k in range(len(rows))], bus=[r[0] for r in rows], connection=[r[1] for r in rows], terminals=[r[2] for r in rows],
        nominal_kv=np.ones(len(rows)), p_mw=s.real, q_mvar=s.imag,
    )  # fmt: skip
    there = phase_tree(replace(net, generators=units))
    swept = ReadyPhases.of([there]).sweep(np.array([abs(there.source[0])]), np.ones(1), tol=1e-14, slope=False)
    assert swept.ok.all()
    return swept.v


def first_order(error: Callable[[float], Real]) -> float:
    """What is of first order in an error, second and third orders taken out."""
    return float(np.abs(error(1.0) - 12 * error(0.5) + 32 * error(0.25)).max()) / 3


def rated(net: ThreePhaseNetwork) -> ThreePhaseNetwork:
    """With some rating everywhere, so that every flow has rows."""
    lines, units = net.lines, net.transformers
    return replace(net, lines=replace(lines, rating_a=np.full(len(lines), 99.0)), transformers=replace(units, rating_mva=np.full(len(units), 2.0)))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), buses=st.integers(2, 9))
def test_voltages_and_currents_are_exact_to_first_order(seed: int, buses: int) -> None:
    """On feeders with everything a sweep serves: lines and coils of every connection, guards, charging, capacitors, taps."""
    net = rated(replace(any_feeder(seed, buses), loads=pe.PhaseLoads.empty()))
    tree = phase_tree(net)
    form = PhaseMarket.of(PhaseFeeder(network=net, devices=NOTHING)).form
    coils = NodeCoils.of([int(tree.node[s.bus]) for s in form.spots], [s.coils[0] for s in form.spots])
    scale = np.where(coils.ends.min(1) < 0, np.sqrt(3), 1.0)
    response = PhaseResponse.of(tree, coils, abs(tree.source[0]))
    flows = response.currents(np.flatnonzero(tree.kind != SOURCE))
    rng = np.random.default_rng(seed)
    s = rng.normal(size=len(coils.node)) + 1j * rng.normal(size=len(coils.node))
    s *= 0.006 / np.abs(response.by_p @ s.conj()).max()
    change = form.voltage(*(np.concatenate([[0.0], x])[None] for x in (s.real, s.imag)))[0, 1:] ** 2 - form.w_base[1:]
    p_by, q_by = (flows.by_p @ s.conj()).real, -(flows.by_p @ s.conj()).imag

    def voltages(t: float) -> Real:
        exact = (np.abs(coils.across(injected(net, tree, coils, t * s))) / scale) ** 2
        return np.asarray(form.w_base[1:] + t * change - exact)

    def currents(t: float) -> Real:
        exact = np.abs(replace(response, v=injected(net, tree, coils, t * s)).currents(np.unique(flows.element)).s) ** 2
        return np.asarray(np.abs(flows.s + t * (p_by + 1j * q_by)) ** 2 - exact)

    limits = form.limits.take(form.limits.kind == KINDS.index("flow"))
    rows = limits.fixed(*(np.concatenate([[0.0], x])[None] for x in (s.real, s.imag)))[0].reshape(SIDES, -1)
    sides = np.exp(-2j * np.pi * (np.arange(SIDES) + 0.5) / SIDES)[:, None]
    assert rows == pytest.approx((sides * (flows.s + p_by + 1j * q_by)).real, abs=LEFT_OUT)
    assert first_order(voltages) <= FIRST_ORDER * np.abs(change).max()
    most = np.hypot(p_by, q_by).max()
    assert first_order(currents) <= FIRST_ORDER * most * max(most, np.abs(flows.s).max())


def test_half_the_load_of_published_feeders_leaves_a_quarter_of_the_error() -> None:
    """IEEE 13 and 123 with constant power and without capacitors' bend: only the order, not the size."""
    pytest.importorskip("opendssdirect")
    for name in ("ieee13-ders", "ieee123-ders"):
        plain = phase_case(name).feeder.network
        error = []
        for t in (0.2, 0.1):
            loads = replace(plain.loads, p_mw=t * plain.loads.p_mw, q_mvar=t * plain.loads.q_mvar, law=np.zeros(len(plain.loads), np.int8),
                            v_low_pu=np.zeros(len(plain.loads)), v_high_pu=np.full(len(plain.loads), np.inf),
                            p_exponent=np.zeros(len(plain.loads)), q_exponent=np.zeros(len(plain.loads)))  # fmt: skip
            net = replace(plain, loads=loads)
            market = PhaseMarket.of(PhaseFeeder(network=net, devices=NOTHING))
            problem, tree = market.problem(Window()), market.tree
            swept = ReadyPhases.of([tree]).sweep(np.array([abs(tree.source[0])]), np.ones(1), slope=False)
            alone = [k for k, s in enumerate(market.form.spots, 1) if len(s.coils) == 1 and s.connection == pe.WYE]
            exact = np.array([abs(swept.v[tree.node[market.form.spots[k - 1].bus], market.form.spots[k - 1].terminals[0] - 1]) for k in alone])
            error.append(np.abs(market.form.voltage(problem.p_there, problem.q_there)[0, alone] - exact).max())
        assert error[1] <= HALVED * error[0]


def three(seed: int, *, low: float = 0.95, high: float = 1.05, rating_a: float = np.inf) -> PhaseMarket:
    """A small feeder of three phases, mutual impedances and five devices."""
    rng = np.random.default_rng(seed)
    plain = feeder([0, 1, 2, 1, 4], load=(0.4, 0.15), low=low, high=high)
    net = tripled(plain, mutual=0.35, shares=rng.dirichlet([6.0, 5.0, 4.0], 5))
    net = replace(net, lines=replace(net.lines, rating_a=np.full(5, rating_a)))
    rows = [
        (spot, (f"g{k}", 0, [(round(float(rng.uniform(0.2, 0.9)), 3), float(rng.integers(5, 60))), (0.3, float(rng.integers(60, 90)))], 0.1))
        for k, spot in enumerate(("n3.a", "n5.b", "n4", "n2.a-c", "n3.bc"))
    ]
    return PhaseMarket.of(with_devices(net, rows))  # type: ignore[arg-type]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), low=st.sampled_from([0.9, 0.95, 0.97]), rating=st.sampled_from([np.inf, 60.0]))
def test_curves_are_convex_reach_their_ends_and_are_the_program(seed: int, low: float, rating: float) -> None:
    asked = Asked.of(three(seed, low=low, rating_a=rating).problem(Window()))
    curve = asked.curve()
    if curve is None:
        assert asked.at_price(20.0).status is Status.INFEASIBLE
        return
    x, cost = curve.offer.x, curve.offer.cost
    slopes = np.diff(cost) / np.diff(x)
    assert all(b >= a - CURVE_MONEY for a, b in pairwise(slopes.tolist()))
    assert [-a.require().x["z"][0] for a in asked.reach()[::-1]] == pytest.approx([x[0], x[-1]], abs=CURVE_MONEY)
    assert curve.asked == 2 * len(slopes) + 3 or curve.asked >= 2 * len(slopes)
    for export in np.random.default_rng(seed).uniform(x[0], x[-1], 6):
        assert asked.problem.state(asked.at_exchange(-export).require()).cost == pytest.approx(np.interp(export, x, cost), abs=CURVE_MONEY)


@pytest.mark.parametrize(("low", "rating"), [(0.985, np.inf), (0.9, 40.0)])
def test_prices_are_what_one_more_mw_costs_at_every_phase(low: float, rating: float) -> None:
    """Where a voltage or a current binds: by central differences of the demand at each spot, with their split."""
    market = three(7, low=low, rating_a=rating)
    problem = market.problem(Window())
    asked = Asked.of(problem)
    curve = asked.curve()
    assert curve is not None
    z = -(0.3 * curve.points[0].x + 0.7 * curve.points[-1].x) + 1e-3
    answer = asked.at_exchange(z).require()
    state, h = problem.state(answer), 1e-5
    assert problem.binding(answer, 0)
    assert np.ptp(state.price[0]) > 0.1
    assert state.price[0] == pytest.approx(state.energy[0] + state.split[0].sum(0), abs=MONEY)
    for spot in range(1, len(market.form.spots) + 1):
        for part, price in (("p_shunt", state.price[0, spot]), ("q_shunt", state.price_q[0, spot])):
            costs = []
            for sign in (1, -1):
                more = getattr(market.form, part) - sign * h * np.eye(len(market.form.spots) + 1)[spot]
                there = Asked.of(replace(market, form=replace(market.form, **{part: more})).problem(Window()))
                costs.append(there.problem.state(there.at_exchange(z).require()).cost)
            assert (costs[0] - costs[1]) / (2 * h) == pytest.approx(price, abs=PRICE_BY_DIFFERENCE)


def test_a_margin_lifts_lower_limits_and_nothing_else() -> None:
    feeder_ = phase_case("feeder33x3").feeder
    plain, tight = (PhaseMarket.of(feeder_, margin_pu=m).form.limits for m in (0.0, 0.003))
    assert np.sqrt(tight.low) == pytest.approx(np.sqrt(plain.low) + 0.003, abs=COEFFICIENT)
    assert (tight.high == plain.high).all()
    assert abs(tight.p - plain.p).nnz == 0


def test_active_ratings_bound_active_power_alone() -> None:
    feeder_ = three(3, rating_a=30.0).feeder
    both, one = (PhaseMarket.of(feeder_, flow=flow).form.limits for flow in ("apparent", "active"))  # type: ignore[arg-type]
    flows = [int((m.kind == 1).sum()) for m in (both, one)]
    assert flows == [24 * 15, 15]
    assert (one.low[one.kind == 1] == -one.high[one.kind == 1]).all()


def at_spots(*names: str, low: float = 0.0) -> Network:
    n = len(names)
    return Network(name="d", buses=el.Buses.of({"name": names, "nominal_kv": [12.0] * n, "v_low_pu": [low] * n}))


def test_what_cannot_be_is_refused_by_name() -> None:
    net = three(1).feeder.network
    for names in (("nowhere.a",), ("n1.d",), ("n1.aa",), ("n1.a-",), ("n1", "n1.abc")):
        with pytest.raises(InvalidCase, match=r"1 fault.*\n.*phase-002"):
            PhaseMarket.of(PhaseFeeder(network=net, devices=at_spots(*names)))
    with pytest.raises(InvalidCase, match=r"limits a voltage at a spot.*phase-003"):
        PhaseMarket.of(PhaseFeeder(network=net, devices=at_spots("n1", low=0.9)))
    with pytest.raises(InvalidCase, match="phase-001"):
        PhaseMarket.of(PhaseFeeder(network=net, devices=feeder([0])))
    with pytest.raises(InvalidCase, match="phase-008"):
        PhaseMarket.of(PhaseFeeder(network=net, devices=at_spots("n1")), margin_pu=0.2)
    dark = replace(net, lines=replace(net.lines, closed=np.arange(5) != 4))
    with pytest.raises(InvalidCase, match=r"n5\.b\]\.name has no supply.*phase-004"):
        PhaseMarket.of(PhaseFeeder(network=dark, devices=at_spots("n5.b")))
    loop = pe.PhaseLines(**{c: np.concatenate([getattr(net.lines, c), getattr(net.lines, c)[:1]]) for c in pe.PhaseLines.columns()})
    ring = replace(net, lines=replace(loop, name=[*net.lines.name, "ring"], from_bus=[*net.lines.from_bus, 3], to_bus=[*net.lines.to_bus, 5]))
    with pytest.raises(InvalidCase, match=r"closes a loop.*case-082"):
        PhaseMarket.of(PhaseFeeder(network=ring, devices=at_spots("n1")))


def test_phases_that_float_are_limited_and_served_between_phases() -> None:
    """Behind a delta winding: no spot to ground, limits and prices between phases."""
    t = {"name": ["t"], "from_bus": [0], "to_bus": [1], "connection_from": [pe.DELTA], "connection_to": [pe.DELTA], "terminals_from": [[1, 2, 3]],
         "terminals_to": [[1, 2, 3]], "nominal_from_kv": [10.0], "nominal_to_kv": [0.4], "base_mva": [1.0], "x_pu": [0.05], "rating_mva": [0.9],
         "guard_ppm": [1.0]}  # fmt: skip
    net = ThreePhaseNetwork(
        name="delta", buses=pe.PhaseBuses(name=["s", "e"], nominal_kv=[10.0, 0.4], phases=[[True] * 3] * 2, v_low_pu=[0.9] * 2, v_high_pu=[1.1] * 2),
        transformers=pe.PhaseTransformers.of(t),
        sources=pe.PhaseSources(name=["grid"], bus=[0], nominal_kv=[10.0], x_positive_ohm=[0.1], x_zero_ohm=[0.1]),
    )  # fmt: skip
    market = PhaseMarket.of(with_devices(net, [("e.a-b", ("g", 0, [(0.2, 20.0)], 0.0))]))
    assert [s.name(net) for s in market.form.spots] == ["s.a", "s.b", "s.c", "e.a-b", "e.b-c", "e.a-c"]
    assert market.form.looked == ("voltage at e.a-b", "voltage at e.b-c", "voltage at e.a-c")
    assert market.form.conductors[:3] == ("flow on t.a", "flow on t.b", "flow on t.c")
    assert market.form.w_base[4:] == pytest.approx(1.0, abs=GUARDED)
    with pytest.raises(InvalidCase, match="phase-009"):
        PhaseMarket.of(with_devices(net, [("e.a", ("g", 0, [(0.2, 20.0)], 0.0))]))


def test_a_line_that_names_a_load_of_the_network_moves_all_its_coils() -> None:
    profiles = dv.Profiles.of({"profile": ["up", "up"], "period": [1, 2], "factor": [1.0, 2.0]})
    plain = three(2).feeder
    whole = replace(plain.network, loads=replace(plain.network.loads, terminals=np.tile([1, 2, 3], (15, 1)), nominal_kv=np.full(15, 12.66)))
    devices = replace(plain.devices, profiles=profiles, follows=dv.Follows.of({"what": [0], "row": ["d1-a"], "profile": ["up"]}))
    market = PhaseMarket.of(PhaseFeeder(network=whole, devices=devices))
    p = market.problem(Window(periods=2)).owned.p_load.sum(1)
    assert p[1] - p[0] == pytest.approx(whole.loads.p_mw[0], abs=MONEY)
