"""Continuation of one network: formulas for two buses, published margins, limits met where they lie, and the compiled step against its slow twin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.library import network
from gridtandem.flow.continuation.bordered import factored
from gridtandem.flow.continuation.direction import Direction
from gridtandem.flow.continuation.margin import margin_of, participation
from gridtandem.flow.continuation.options import Tracing
from gridtandem.flow.continuation.path import ahead, tangent
from gridtandem.flow.continuation.stage import Place, Stage
from gridtandem.flow.continuation.trace import Curve, trace
from gridtandem.flow.continuation.watch import unit_p
from gridtandem.flow.loadability import largest_loading
from gridtandem.flow.newton import Newton, Options
from gridtandem.flow.results import flows
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from tests.flow import case9
from tests.flow.case9 import recipe
from tests.flow.networks import meshed, two_buses
from tests.tolerances import (
    AT_NOSE_PU,
    BORDERED,
    LEVEL,
    LIMIT_MET,
    MATPOWER_CPF,
    MATPOWER_FLOW_MVA,
    MATPOWER_P,
    MATPOWER_Q_MVAR,
    MATPOWER_Q_MW,
    MATPOWER_V_PU,
    NOSE,
    NOSE_FOUND,
    NOSE_SETTLED,
    ON_CURVE,
    SLOPE_OF_POWER,
)


def curve_of(net: Network, options: Tracing | None = None, flow: Options | None = None) -> tuple[Newton, Curve]:
    newton = Newton.of(Nodal.of(net), options=flow)
    return newton, trace(newton, Direction.of(newton.nodal), options)


def met(curve: Curve, kind: str) -> list[tuple[int, float]]:
    return [(m.sign.element, curve.knots[m.knot].place.growth) for m in curve.met if m.sign.kind == kind]


@given(st.floats(0.05, 0.5), st.floats(0.0, 1.5), st.floats(0.05, 0.7))
@settings(max_examples=15, deadline=None)
def test_two_buses_end_where_the_formula_says(x: float, t: float, share: float) -> None:
    r"""P_max = (√(1 + t²) − t) / (2X) for a load P (1 + jt) behind 1 pu and jX, from E⁴/4 − E² Q X − X² P² ≥ 0."""
    p_max = 100 * (np.sqrt(1 + t**2) - t) / (2 * x)
    margin = margin_of(curve_of(two_buses(x_pu=x, p_mw=share * p_max, q_mvar=share * t * p_max))[1])
    assert margin.end == "nose"
    assert abs(margin.growth + 1 - 1 / share) <= NOSE_FOUND / share
    assert abs(margin.most * 100 - p_max) <= NOSE_FOUND * p_max
    assert margin.participation[1] == pytest.approx(1.0)


def test_reactive_support_moves_the_end_as_the_formula_says() -> None:
    """With Q_R at the load, X²P² + Q X = 1/4 at the end, P = (1 + λ) P0 and Q = (1 + λ) Q0 − Q_R: a quadratic in 1 + λ."""
    x, p0, q0 = 0.1, 0.5, 0.2
    found = []
    for support in (0.0, 0.3):
        net = two_buses(x_pu=x, p_mw=100 * p0, q_mvar=100 * q0)
        g = net.generators
        units = el.Generators(name=["source", "dg"], bus=[0, 1], control=[2, 0], q_mvar=[0.0, 100 * support], v_set_pu=[float(g.v_set_pu[0]), 1.0])
        found.append(margin_of(curve_of(replace(net, generators=units))[1]).growth)
        exact = max(np.roots([(x * p0) ** 2, x * q0, -support * x - 0.25]).real) - 1
        assert abs(found[-1] - exact) <= NOSE_FOUND * exact
    assert found[1] > found[0]


def test_both_branches_of_two_buses() -> None:
    """V² = 1/2 − QX ± √(1/4 − QX − P²X²) above and below the nose."""
    _, curve = curve_of(two_buses(x_pu=0.1, p_mw=50.0, q_mvar=20.0), Tracing(until="whole"))
    turn = margin_of(curve).knot
    assert turn > 3
    assert len(curve.knots) - turn > 3
    for n, knot in enumerate(curve.knots):
        p, q = 0.05 * (1 + knot.place.growth), 0.02 * (1 + knot.place.growth)
        root = np.sqrt(max(0.25 - q - p**2, 0.0)) * np.sign(turn - n)
        away = ON_CURVE if n != turn else AT_NOSE_PU
        assert abs(knot.place.vm[1] ** 2 - (0.5 - q + root)) <= away
    assert curve.knots[-1].place.growth <= 0.0


@pytest.mark.parametrize(("name", "theirs"), [("case14", 3.0603), ("case118", 2.1871), ("case_ieee30", 1.9588)])
def test_noses_of_ieee_systems(name: str, theirs: float) -> None:
    newton, curve = curve_of(network(name), Tracing(until="nose"))
    margin = margin_of(curve)
    assert abs(margin.growth - theirs) <= NOSE
    if name == "case14":
        assert abs(largest_loading(newton, ceiling=10.0) - 1 - margin.growth) <= NOSE_FOUND * 4
    turned = curve.knots[margin.knot]
    assert abs(turned.along.growth) <= LEVEL


def test_matpower_nose() -> None:
    margin = margin_of(trace(*recipe()))
    assert margin.end == "nose"
    assert abs(margin.growth - 0.99025) <= MATPOWER_CPF


def test_matpower_reactive_limits_and_the_whole_trace() -> None:
    """Theirs is 0.795809 (see below); the trace ends where the last unit meets its limit."""
    curve = trace(*recipe(), Tracing(keep=("q", "reference"), until="whole"))
    assert [k for k, _ in met(curve, "q")] == [0, 1, 2]
    growth = margin_of(curve).growth
    assert 0.795809 <= growth <= 0.795809 + MATPOWER_CPF / 100
    for longest in (0.02, 0.005):
        finer = margin_of(trace(*recipe(), Tracing(keep=("q", "reference"), until="nose", longest=longest))).growth
        assert abs(finer - growth) <= NOSE_SETTLED
    assert curve.trouble == "no unit is left that could take the balance"
    end = curve.knots[-1]
    p = 100 * unit_p(end.stage, end.place, end.stage.needed(end.place))
    assert np.abs(p - [178.8688949, -64.7387022, 366.2496127]).max() <= MATPOWER_Q_MW


def test_matpower_hands_the_balance_over_a_little_before_the_limit() -> None:
    """Theirs is 0.795809. A unit counts as at its limit within 0.01 Mvar of it (``cpf.q_lims_tol``), and keeps its active power from there on."""
    before, exact, behind = (nose_handed_over(at) for at in (200 - MATPOWER_Q_MVAR, 200.0, 200 + MATPOWER_Q_MVAR))
    own = margin_of(trace(*recipe(), Tracing(keep=("q", "reference"), until="nose"))).growth
    assert abs(exact - own) <= NOSE_SETTLED
    assert before < 0.795809 < exact < behind
    share = (exact - 0.795809) / (exact - before)
    assert abs(nose_handed_over(200 - share * MATPOWER_Q_MVAR) - 0.795809) <= NOSE_SETTLED


def nose_handed_over(at_mvar: float) -> float:
    """λ* where the first unit is given 200 Mvar, and the active power it has where it needs ``at_mvar``, and the second takes the balance."""
    net = case9.network()
    g = net.generators
    newton = Newton.of(Nodal.of(replace(net, generators=replace(g, q_high_mvar=np.where(np.arange(3) == 0, at_mvar, g.q_high_mvar)))))
    curve = trace(newton, Direction.of(newton.nodal, loads=case9.TARGET, units=case9.TARGET), Tracing(keep=("q", "reference")))
    k = next(m.knot for m in curve.met if m.sign.kind == "q")
    stage, place = curve.knots[k - 1].stage, curve.knots[k].place
    p = 100 * unit_p(stage, place, stage.needed(place))[0]
    first = np.arange(3) == 0
    units = replace(g, p_mw=np.where(first, p, g.p_mw), q_mvar=np.where(first, 200.0, g.q_mvar), control=np.array([0, 1, 2], np.int8))
    newton = Newton.of(Nodal.of(replace(net, generators=units)))
    direction = Direction.of(newton.nodal, loads=case9.TARGET, units=np.where(first, 0.0, case9.TARGET))
    return margin_of(trace(newton, direction, Tracing(until="nose"))).growth


def test_matpower_active_limits() -> None:
    curve = trace(*recipe(), Tracing(keep=("p", "reference")))
    assert [k for k, _ in met(curve, "p")] == [2, 0, 1]
    margin = margin_of(curve)
    assert margin.end == "units"
    assert abs(margin.growth - 0.97975) <= MATPOWER_P


def test_matpower_active_and_reactive_limits() -> None:
    """Theirs is 0.833343: there a unit at its active limit takes the balance over. Ours takes one that has room, and ends at 0.836455."""
    curve = trace(*recipe(), Tracing(keep=("q", "p", "reference")))
    assert [k for k, _ in met(curve, "p")] == [2]
    assert [k for k, _ in met(curve, "q")] == [0]
    assert 0.833343 < margin_of(curve).growth < 0.833343 + 4 * MATPOWER_CPF


def test_matpower_limits_of_voltage_and_flow() -> None:
    """MATPOWER stops at 0.316932 and 0.110684, a tolerance before the limit; so do we find the limit a little further, and its point before it."""
    newton, direction = recipe()
    curve = trace(newton, direction)
    assert met(curve, "v")[0][0] == 8
    assert met(curve, "flow")[0][0] == 4
    for kind, theirs in (("v", 0.316932), ("flow", 0.110684)):
        assert theirs < met(curve, kind)[0][1] < theirs + MATPOWER_CPF / 10
        there = trace(newton, direction, Tracing(target=theirs)).knots[-1].place
        s_from, s_to = flows(newton.nodal.branches, there.v, there.ratio)
        left = there.vm[8] - 0.9 if kind == "v" else 40 - 100 * max(abs(s_from[4]), abs(s_to[4]))
        assert 0 <= left <= (MATPOWER_V_PU if kind == "v" else MATPOWER_FLOW_MVA)


def test_limits_are_met_where_they_lie() -> None:
    newton, direction = recipe()
    curve = trace(newton, direction, Tracing(keep=("q", "p", "reference")))
    for m in curve.met:
        place, stage = curve.knots[m.knot].place, curve.knots[m.knot].stage
        needed = stage.needed(place)
        if m.sign.kind == "v":
            assert abs(place.vm[m.sign.element] - (1.1 if m.sign.side > 0 else 0.9)) <= LIMIT_MET
        if m.sign.kind == "q":
            assert abs(needed.imag[m.sign.element] - 2.0) <= LIMIT_MET
        if m.sign.kind == "p":
            assert abs(unit_p(stage, place, needed)[m.sign.element] - 3.0) <= LIMIT_MET


def test_a_target_is_where_it_was_asked_for() -> None:
    curve = trace(*recipe(), Tracing(target=0.7))
    assert margin_of(curve).end == "target"
    assert abs(curve.knots[-1].place.growth - 0.7) <= LIMIT_MET


def three_buses(q_high: float) -> Network:
    """A source, a unit that supports a weak load bus, long lines."""
    return Network(
        name="three",
        buses=el.Buses(name=["source", "unit", "load"], nominal_kv=[110.0] * 3),
        lines=el.Lines(name=["a", "b"], from_bus=[0, 1], to_bus=[1, 2], r_ohm=[0.0, 0.0], x_ohm=[0.4 * 121, 0.05 * 121]),
        loads=el.Loads(name=["load"], bus=[2], p_mw=[60.0], q_mvar=[10.0]),
        generators=el.Generators(name=["source", "unit"], bus=[0, 1], control=[2, 1], q_high_mvar=[np.inf, q_high], q_low_mvar=[-np.inf, -100.0]),
    )


def test_a_limit_can_turn_the_curve_by_itself() -> None:
    """The unit lets go of its voltage close to the end: without it less is possible than with it, so λ falls from there on."""
    curve = curve_of(three_buses(190.0), Tracing(keep=("q",)))[1]
    margin = margin_of(curve)
    assert margin.end == "limit"
    turn = next(m for m in curve.met if m.induced)
    assert turn.sign.kind == "q"
    assert curve.knots[turn.knot + 1].place.growth < margin.growth
    assert curve.knots[turn.knot + 1].place.vm[1] < 1.0
    early = margin_of(curve_of(three_buses(30.0), Tracing(keep=("q",)))[1])
    assert early.end == "nose"
    assert early.growth < margin.growth < margin_of(curve_of(three_buses(np.inf))[1]).growth


def test_impedances_have_no_end_but_a_most_power() -> None:
    """A resistance behind a reactance draws most, 1/(2X), where both are equal; λ of it grows without end."""
    curve = curve_of(two_buses(x_pu=0.1, p_mw=100.0, q_mvar=0.0, p_exponent=2.0, q_exponent=2.0))[1]
    margin = margin_of(curve)
    assert margin.end == "endless"
    assert np.isinf(margin.growth)
    assert abs(margin.most - 5.0) <= NOSE_FOUND * 5
    assert abs(curve.knots[margin.most_knot].place.vm[1] - np.sqrt(0.5)) <= AT_NOSE_PU


def tapped() -> Network:
    return Network(
        name="tapped",
        buses=el.Buses(name=["source", "primary", "secondary"], nominal_kv=[110.0, 110.0, 20.0]),
        lines=el.Lines(name=["line"], from_bus=[0], to_bus=[1], r_ohm=[0.0], x_ohm=[0.1 * 121]),
        transformers=el.Transformers(
            name=["t"], from_bus=[1], to_bus=[2], r_pu=[0.0], x_pu=[0.05], control=[1], regulated_bus=[2], v_target_pu=[1.0], ratio_low=[0.9],
            ratio_high=[1.1],
        ),
        loads=el.Loads(name=["load"], bus=[2], p_mw=[80.0], q_mvar=[20.0], p_exponent=[1.0], q_exponent=[1.0]),
        generators=el.Generators(name=["source"], bus=[0], control=[2]),
    )  # fmt: skip


def test_a_transformer_holds_its_voltage_until_the_end_of_its_ratio() -> None:
    curve = curve_of(tapped())[1]
    (k,) = [m.knot for m in curve.met if m.sign.kind == "tap"]
    ratios = np.array([abs(knot.place.ratio[1]) for knot in curve.knots])
    v = np.array([knot.place.vm[2] for knot in curve.knots])
    assert np.abs(v[: k + 1] - 1.0).max() <= LIMIT_MET
    assert np.abs(ratios[k:] - 0.9).max() <= LIMIT_MET
    assert (v[k + 1 :] < 1.0).all()
    assert ratios[0] > 0.9


@given(st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_compiled_steps_equal_those_of_the_whole_matrix(seed: int) -> None:
    stage, place = somewhere(seed)
    row = tangent(stage, place, ahead(stage), pivoting=True)
    assert row is not None
    rng = np.random.default_rng(seed)
    f, g = rng.normal(size=len(row.x)), np.array(rng.normal())
    (x, growth), (x_slow, growth_slow) = (factored(stage, place, row, pivoting=p)(f, g) for p in (False, True))
    size = float(np.linalg.norm(x_slow) + abs(growth_slow))
    assert np.linalg.norm(x - x_slow) + abs(growth - growth_slow) <= BORDERED * size


def test_compiled_steps_stand_a_nose() -> None:
    curve = curve_of(network("case118"), Tracing(until="nose"))[1]
    knot = curve.knots[margin_of(curve).knot]
    t, slow = (tangent(knot.stage, knot.place, knot.along, pivoting=p) for p in (False, True))
    assert t is not None
    assert slow is not None
    assert np.abs(t.x - slow.x).max() <= BORDERED
    assert abs(knot.stage.matrix(knot.place) @ t.x).max() <= AT_NOSE_PU  # singular there: the tangent is its null vector


def somewhere(seed: int) -> tuple[Stage, Place]:
    """A place beside the curve of a network with everything."""
    newton = Newton.of(Nodal.of(meshed(seed)))
    base = newton.solve()
    stage = Stage.of(newton, replace(base.held, ratio=base.ratio), newton.nodal.units.s.real.copy(), Direction.of(newton.nodal))
    rng = np.random.default_rng(seed)
    place = Place(vm=np.abs(base.v), angle=np.angle(base.v), ratio=base.ratio, growth=0.3)
    return stage, stage.moved(place, rng.normal(scale=0.01, size=stage.pattern.shape[1]), 0.0)


@given(st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_slopes_are_those_of_the_mismatch(seed: int) -> None:
    stage, place = somewhere(seed)
    rng, step = np.random.default_rng(seed), 1e-5
    x, growth = rng.normal(size=stage.pattern.shape[1]), float(rng.normal())
    there, back = (stage.mismatch(stage.moved(place, h * x, h * growth)) for h in (step, -step))
    by_step = stage.matrix(place) @ x + stage.by_growth(place) * growth
    assert np.abs((there - back) / (2 * step) - by_step).max() <= SLOPE_OF_POWER * (1 + np.abs(by_step).max())


def test_participation_is_that_of_null_vectors() -> None:
    """Dense, by singular vectors of the Jacobian."""
    curve = curve_of(network("case14"), Tracing(until="nose"))[1]
    knot = curve.knots[margin_of(curve).knot]
    p, j = knot.stage.pattern, knot.stage.matrix(knot.place).toarray()
    left, _, right = np.linalg.svd(j)
    both = np.zeros(len(knot.place.vm))
    both[p.lift] = right[-1][len(p.turn) :]
    both[p.q_rows] *= left[:, -1][len(p.p_rows) :]
    assert np.abs(participation(knot.stage, knot.place) - both / both.sum()).max() <= AT_NOSE_PU


def test_the_balance_goes_from_unit_to_unit_until_none_is_left() -> None:
    """A unit that hands the balance over keeps its voltage where its reactive power comes back from the limit by that."""
    curve = curve_of(network("case118"), Tracing(keep=("q", "p", "reference")))[1]
    margin = margin_of(curve)
    assert margin.end == "units"
    g = network("case118").generators
    assert margin.most * 100 < g.p_high_mw.sum()
    assert len(met(curve, "p")) > 10


def test_directions_that_lead_nowhere_are_told() -> None:
    nodal = Nodal.of(two_buses(p_exponent=-0.5))
    codes = [f.code for f in Direction.of(nodal, loads=0.0).faults(nodal)]
    assert codes == ["margin-001", "margin-003"]
    assert [f.code for f in Direction.of(nodal, loads=np.nan).faults(nodal)] == ["margin-002", "margin-003"]


def test_shared_growth_is_that_of_the_loads() -> None:
    nodal = Nodal.of(network("case14"))
    shared = Direction.of(nodal, generation="shared")
    assert shared.units.sum() == pytest.approx(nodal.loads.s.real.sum())
    assert not Direction.of(nodal, generation="stays").units.any()


def test_a_base_case_without_solution_has_no_curve() -> None:
    curve = curve_of(two_buses(x_pu=0.1, p_mw=1000.0, q_mvar=0.0))[1]
    assert not curve.knots
    assert curve.trouble.startswith("nothing to start from: ")
    margin = margin_of(curve)
    assert margin.end == "none"
    assert np.isnan(margin.growth)


def test_same_question_same_bits() -> None:
    a, b = (curve_of(network("case14"), Tracing(keep=("q",)))[1] for _ in range(2))
    assert [k.place.growth for k in a.knots] == [k.place.growth for k in b.knots]
