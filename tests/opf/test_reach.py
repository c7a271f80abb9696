"""What a feeder can exchange: outlines of known sets, of feeders known in closed form, and of feeders held against load flow and relaxation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.case import Case
from gridtandem.cases.join import bundle
from gridtandem.cases.named import case
from gridtandem.flow.newton import Newton
from gridtandem.flow.results import branch_flows
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.opf.ac_boundary import Asked, decided, solved
from gridtandem.opf.reach import CLOSE, FIRST, Outline, Touch, cut, inside, outlined
from gridtandem.opf.reach_ac import AcReach, uncosted
from gridtandem.opf.reach_convex import ConvexReach, outer
from gridtandem.program.answer import Answer, Status
from gridtandem.study.judge import broken_limits
from gridtandem.tables import Real
from gridtandem.units import MVA
from tests.opf.feeders import feeder, units
from tests.tolerances import REACH_ANALYTIC, REACH_BEYOND, REACH_CONE, REACH_INNER, REACH_NEARBY, REACH_ROUND, REACH_SPLIT, REACH_STATE
from tools.dispatch_counts import CASES

NOTHING = Answer(Status.SOLVED, 0.0, {}, {}, {}, 0.0, 0, "none")
DIRECTIONS = 32


def touch(x: float, y: float, way: Real) -> Touch:
    return Touch(point=np.array([x, y]), way=way, stops=(), answer=NOTHING, real=False)


# ── sets known in closed form ────────────────────────────────────────────────────────────────────────────────────────────────


@final
@dataclass(frozen=True, slots=True)
class Ellipse:
    """Centre and half axes."""

    x: float
    y: float
    a: float
    b: float

    def farthest(self, way: Real, start: Touch | None, fixed: tuple[int, float] | None = None) -> Touch | None:  # noqa: ARG002 - asked alike
        assert fixed is None
        size = np.hypot(self.a * way[0], self.b * way[1])
        return touch(self.x + self.a**2 * way[0] / size, self.y + self.b**2 * way[1] / size, way)


@final
@dataclass(frozen=True, slots=True)
class Banana:
    """|x| ≤ 1, x² ≤ y ≤ x² + thick: an area of 2 · thick, dented from above."""

    thick: float
    deaf: float = np.inf  # no answer to cuts at a lower x than −deaf

    def farthest(self, way: Real, start: Touch | None, fixed: tuple[int, float] | None = None) -> Touch | None:  # noqa: ARG002 - asked alike
        if fixed is None:
            low = np.clip(-way[0] / (2 * way[1]), -1, 1) if way[1] else 0.0
            x = max((-1.0, 1.0, float(low)), key=lambda x: way[0] * x + way[1] * self._y(x, way[1]))
            return touch(x, self._y(x, way[1]), way)
        axis, at = fixed
        if axis == 0:
            return None if at < -self.deaf else touch(at, self._y(at, way[1]), way)
        return touch(float(way[0] * min(1.0, np.sqrt(at))), at, way)

    def _y(self, x: float, up: float) -> float:
        return x**2 + self.thick * (up > 0)


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0.1, 20), st.floats(0.1, 20))
@settings(max_examples=30, deadline=None)
def test_of_an_ellipse_the_areas_enclose_its_own(x: float, y: float, a: float, b: float) -> None:
    found = outlined(Ellipse(x, y, a, b), DIRECTIONS)
    assert found is not None
    assert found.area <= np.pi * a * b <= found.outer
    assert found.outer - found.area <= REACH_ROUND * found.outer
    assert len(found.lines) == DIRECTIONS
    assert found.dents == 0


def test_more_directions_close_in() -> None:
    room = []
    for n in (8, 16, 32, 64):
        found = outlined(Ellipse(1.0, 2.0, 3.0, 1.0), n)
        assert found is not None
        room.append(found.outer - found.area)
    assert all(REACH_SPLIT * b <= a for a, b in pairwise(room))  # a quarter each time, as a polygon of twice the sides


@pytest.mark.parametrize("thick", [0.05, 0.3])
def test_dents_are_found_by_cuts(thick: float) -> None:
    hull = outlined(Banana(thick), DIRECTIONS)
    assert hull is not None
    found = cut(Banana(thick), hull, DIRECTIONS)
    assert found.area == pytest.approx(2 * thick, rel=REACH_INNER)
    assert hull.area == pytest.approx(4 / 3 + 2 * thick, rel=REACH_INNER)  # of the parabola up to y = 1, and a strip
    assert found.dents == pytest.approx(4 / 3, rel=REACH_INNER)
    assert found.lines == hull.lines


def test_what_has_no_answer_is_counted_and_stays_straight() -> None:
    hull = outlined(Banana(0.3), DIRECTIONS)
    assert hull is not None
    found, whole = (cut(Banana(0.3, deaf), hull, DIRECTIONS) for deaf in (0.2, np.inf))
    assert found.uncut > whole.uncut == 0
    assert found.outer == hull.outer  # of directions, which all had answers
    assert found.area != pytest.approx(whole.area, rel=REACH_INNER)


@final
@dataclass(frozen=True, slots=True)
class Half:
    """A disc that says nothing about directions to one side."""

    side: float

    def farthest(self, way: Real, start: Touch | None, fixed: tuple[int, float] | None = None) -> Touch | None:  # noqa: ARG002 - asked alike
        return touch(float(way[0]), float(way[1]), way) if self.side * way[0] > -0.5 else None


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_direction_without_an_answer_leaves_what_lies_beyond_unknown(side: float) -> None:
    found = outlined(Half(side), DIRECTIONS)
    assert found is not None
    assert found.unanswered > 0
    assert np.isnan(found.outer)
    assert 0 < found.area < np.pi


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_the_distance_from_an_outline(x: float, y: float) -> None:
    square = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    off = np.maximum(np.abs([x, y]) - 1, 0.0)
    known = float(np.hypot(*off)) if off.any() else 1 - max(abs(x), abs(y))
    assert inside(square, np.array([x, y])) == pytest.approx(-known if off.any() else known, abs=REACH_ANALYTIC)


# ── feeders known in closed form ─────────────────────────────────────────────────────────────────────────────────────────────


LOAD = (0.9, 0.4)


def lossless(**capability: float) -> Network:
    """A load behind a reactance, and a unit at the root."""
    net = feeder([0], load=LOAD, **units((0, 2.0, 10.0, 0.0), q=1.0))
    g = net.generators
    more = {name: np.full(1, value) for name, value in capability.items()}
    return replace(net, lines=replace(net.lines, r_ohm=np.zeros(1)), generators=replace(g, **more))


def drawn(net: Network, v: float) -> tuple[float, float]:
    """What the load draws through the reactance: w² − (v² − 2xQ) w + x²(P² + Q²) = 0 for the squared voltage w at the load."""
    (p, q), x = (s / MVA for s in LOAD), float(net.lines.x_ohm[0]) / (float(net.buses.nominal_kv[0]) ** 2 / MVA)
    b = v**2 - 2 * x * q
    w = (b + np.sqrt(b**2 - 4 * x**2 * (p**2 + q**2))) / 2
    return LOAD[0], (q + x * (p**2 + q**2) / w) * MVA


def whole(net: Network, v: float, directions: int = DIRECTIONS) -> Outline:
    asks = AcReach.of(net, 0, v)
    found = outlined(asks, directions)
    assert found is not None
    return cut(asks, found, directions)


@pytest.mark.parametrize("v", [0.95, 1.0, 1.04])
def test_a_unit_at_the_root_of_a_lossless_feeder_gives_its_rectangle(v: float) -> None:
    net = lossless()
    found, (p, q) = whole(net, v), drawn(net, v)
    corners = {(p - 2, q - 1), (p, q - 1), (p, q + 1), (p - 2, q + 1)}
    for corner in corners:
        assert np.hypot(*(found.points - np.array(corner)).T).min() <= REACH_ANALYTIC
    assert found.area == pytest.approx(4.0, abs=REACH_ANALYTIC)
    assert found.outer == pytest.approx(4.0, abs=REACH_ANALYTIC)
    assert len(found.lines) == FIRST  # corners and sides are met at once
    left = found.ring[int(np.argmin(found.points[:, 0]))]
    assert "highest P of g0" in left.stops


def test_its_apparent_power_gives_a_disc() -> None:
    net = lossless(s_high_mva=1.5, p_low_mw=-2.0, q_low_mvar=-2.0, q_high_mvar=2.0)
    found, centre = whole(net, 1.0), drawn(net, 1.0)
    away = np.hypot(*(found.points - np.array(centre)).T)
    assert away == pytest.approx(np.full(len(away), 1.5), abs=REACH_ANALYTIC)
    assert found.area <= np.pi * 1.5**2 <= found.outer
    assert found.outer - found.area <= REACH_ROUND * found.outer
    assert {t.stops for t in found.ring} == {("apparent power of g0",)}


def test_its_power_factor_gives_a_wedge() -> None:
    net = lossless(power_factor_low=0.8, q_low_mvar=-np.inf, q_high_mvar=np.inf)
    found, (p, q) = whole(net, 1.0), drawn(net, 1.0)
    assert found.area == pytest.approx(0.75 * 2.0**2, abs=REACH_ANALYTIC)  # |q| ≤ ¾ p up to p = 2
    assert inside(found.points, np.array([p - 1.0, q])) > 0.5
    assert any("power factor of g0" in t.stops for t in found.ring)


def test_a_feeder_without_choice_is_a_point() -> None:
    net = replace(lossless(), generators=el.Generators.empty(), costs=el.Costs.empty())
    found = whole(net, 1.0)
    assert len(found.ring) == 1
    assert found.points[0] == pytest.approx(np.array(drawn(net, 1.0)), abs=REACH_ANALYTIC)


# ── feeders of published systems ─────────────────────────────────────────────────────────────────────────────────────────────


def bundled(what: Case, count: int | None = None) -> Network:
    table = what.interfaces
    return bundle(what.models[table.model[0]], count=int(table.count[0]) if count is None else count, scale=float(table.scale[0]))


@cache
def found_of(name: str, v: float) -> tuple[AcReach, Outline]:
    asks = AcReach.of(bundled(CASES[name].case() if name in CASES else case(name)), 0, v)
    hull = outlined(asks, DIRECTIONS)
    assert hull is not None
    return asks, cut(asks, hull, DIRECTIONS)


def state(asks: AcReach, point: Real) -> Answer:
    fixed = {0: point[:1] / MVA, 1: point[1:] / MVA, 2: asks.v}
    return asks.at.least(Asked(toll=asks.at.free(), fixed=fixed), asks.home)


@pytest.mark.parametrize(("name", "v"), [("overvoltage", 1.0), ("feeder ends, linear", 0.97), ("ieee14-regulation", 1.0)])
def test_what_lies_inside_has_a_load_flow_that_keeps_all_limits_and_what_lies_outside_has_none(name: str, v: float) -> None:
    asks, outline = found_of(name, v)
    rng, low, size = np.random.default_rng(1), outline.points.min(0), np.ptp(outline.points, axis=0)
    tried = [p for p in low + rng.random((30, 2)) * size if inside(outline.points, p) > REACH_BEYOND * size.max()][:6]
    assert len(tried) == 6
    for point in tried:
        answer = state(asks, point)
        assert solved(answer)
        net = decided(asks.at, answer)
        source = el.Generators.of({"name": ["source"], "bus": [0], "control": [el.REFERENCE], "v_set_pu": [v]})
        still_taps = replace(net.transformers, control=np.zeros(len(net.transformers), np.int8))
        nodal = Nodal.of(replace(net, generators=source, loads=with_units(net), transformers=still_taps))
        flow = Newton.of(nodal).solve()
        assert flow.converged
        s_from, s_to = branch_flows(nodal, flow.v, flow.ratio)
        into = s_from[nodal.branches.start == nodal.node[0]].sum() + s_to[nodal.branches.end == nodal.node[0]].sum()
        assert np.array([into.real, into.imag]) * MVA == pytest.approx(point, abs=REACH_STATE)
        assert not len(broken_limits(nodal, flow.v, np.maximum(abs(s_from), abs(s_to)) * MVA, (0, 0)))
    for line in outline.lines[::12]:
        assert not solved(state(asks, line.point + REACH_BEYOND * size.max() * line.way))


def with_units(net: Network) -> el.Loads:
    """Loads, and units as loads that inject."""
    g, d = net.generators, net.loads
    more = el.Loads.of({"name": np.char.add("unit ", g.name), "bus": g.bus, "p_mw": -g.p_mw, "q_mvar": -g.q_mvar})
    return el.Loads(**{name: np.concatenate([getattr(d, name), getattr(more, name)]) for name in el.Loads.columns()})


@pytest.mark.parametrize("name", ["overvoltage", "overvoltage, no Q", "golden-3bus"])
def test_the_relaxation_lies_outside_and_proves_what_it_touches(name: str) -> None:
    outline = found_of(name, 1.0)[1]
    net = bundled(CASES[name].case() if name in CASES else case(name))
    assert outer(net, 0)
    relaxed, proved = ConvexReach.of(net, 0, 1.0, form="branch-flow"), 0
    for line in outline.lines:
        bound = relaxed.farthest(line.way, None)
        assert bound is not None
        room = float((bound.point - line.point) @ line.way)
        assert room >= -REACH_CONE
        if bound.real:
            proved += 1
            assert room <= REACH_NEARBY
    assert proved >= len(outline.lines) // 4


@pytest.mark.parametrize(("name", "v"), [("golden-3bus", 1.0), ("overvoltage, no Q", 1.0), ("overvoltage", 1.05)])
def test_searches_from_anywhere_find_nothing_farther(name: str, v: float) -> None:
    """Corners of the units' boxes as starts: the outline is no worse for having been sought nearby, at points found by cuts least of all."""
    asks, outline = found_of(name, v)
    rng, box = np.random.default_rng(0), asks.at.problem.program.columns
    for line in outline.ring[::4]:
        axis = 0 if abs(line.way[1]) > abs(line.way[0]) else 1
        for _ in range(3):
            x = {**asks.home.x, **{k: np.where(rng.random(len(box[k].low)) < 0.5, box[k].low, box[k].high) for k in ("p", "q")}}
            begin = replace(line, answer=replace(asks.home, x=x, price=still(asks.home.price), reduced=still(asks.home.reduced)))
            other = asks.farthest(line.way, begin, (axis, float(line.point[axis])) if line.middle else None)
            assert other is None or (other.point - line.point) @ line.way <= REACH_NEARBY


def still(values: object) -> dict[str, Real]:
    return {name: np.zeros_like(x) for name, x in dict(values).items()}  # type: ignore[call-overload]


def test_a_dent_that_only_losses_make_is_told_from_the_hull() -> None:
    """Units without reactive power: losses alone move Q, and both ends of P lose more than the middle."""
    _, outline = found_of("overvoltage, no Q", 1.0)
    assert outline.dents > 0.5 * outline.area
    assert outline.area + outline.dents <= outline.outer
    assert outline.outer - outline.area - outline.dents <= 10 * CLOSE * outline.outer * 20
    assert any(t.middle for t in outline.ring)


@pytest.mark.parametrize(("name", "v"), [("ieee14-regulation", 1.0159), ("overvoltage", 1.05)])
def test_no_point_of_an_outline_lies_beyond_a_direction(name: str, v: float) -> None:
    """Also where a cut finds what a search in a direction had missed."""
    outline = found_of(name, v)[1]
    for line in outline.lines:
        assert ((outline.points - line.point) @ line.way).max() <= REACH_ANALYTIC
    assert outline.area + outline.dents <= outline.outer + REACH_ANALYTIC


def test_costs_do_not_count() -> None:
    net = bundled(CASES["overvoltage"].case())
    dear, free = (whole(n, 1.0, 16) for n in (net, uncosted(net)))
    assert np.array_equal(dear.points, free.points)


def test_parallel_feeders_exchange_so_many_times_as_much() -> None:
    what = CASES["overvoltage"].case()
    one, three = (whole(bundled(what, k), 1.0, 16) for k in (1, 3))
    assert three.area == pytest.approx(9 * one.area, rel=REACH_INNER)
    assert three.points.min(0) == pytest.approx(3 * one.points.min(0), rel=REACH_INNER)


def test_more_of_what_stops_a_feeder_lets_it_go_farther_and_more_of_anything_else_does_not() -> None:
    net, export = bundled(CASES["overvoltage"].case()), np.array([-1.0, 0.0])
    g, buses = net.generators, net.buses

    def least(changed: Network) -> Touch:
        found = AcReach.of(changed, 0, 1.0).farthest(export, None)
        assert found is not None
        return found

    now = least(net)
    assert set(now.stops) == {"highest P of unit-1", "highest P of unit-2", "highest voltage at 18", "highest voltage at 33"}
    more = [replace(net, generators=replace(g, p_high_mw=g.p_high_mw + 0.1 * (g.name == f"unit-{k}"))) for k in (1, 2)]
    more += [replace(net, buses=replace(buses, v_high_pu=buses.v_high_pu + 0.001 * (buses.name == name))) for name in ("18", "33")]
    assert all(least(n).point[0] < now.point[0] - REACH_CONE for n in more)
    other = replace(net, generators=replace(g, q_high_mvar=g.q_high_mvar + 1, q_low_mvar=g.q_low_mvar - 1, p_low_mw=g.p_low_mw - 1))
    other = replace(
        other, buses=replace(buses, v_low_pu=buses.v_low_pu - 0.05, v_high_pu=buses.v_high_pu + 0.01 * ~np.isin(buses.name, ["18", "33"]))
    )
    assert least(other).point[0] == pytest.approx(now.point[0], abs=REACH_ANALYTIC)


def test_where_there_is_no_state_the_limits_are_named() -> None:
    net = bundled(case("14A"))
    asks = AcReach.of(net, 0, 0.6)
    assert outlined(asks, DIRECTIONS) is None
    assert "bus 1 0.30" in asks.trouble
    assert "above the voltage it is given" in asks.trouble
    assert AcReach.of(net, 0, 1.0).trouble == ""


def test_branch_flow_is_no_bound_where_loads_follow_the_voltage() -> None:
    net = bundled(CASES["overvoltage"].case())
    assert outer(net, 0)
    assert not outer(replace(net, loads=replace(net.loads, p_exponent=np.full(len(net.loads), 0.9))), 0)
    assert not outer(replace(net, loads=replace(net.loads, q_z_share=np.full(len(net.loads), 0.1))), 0)
    assert not outer(replace(net, lines=replace(net.lines, b_us=np.full(len(net.lines), 1.0))), 0)
    assert not outer(replace(net, buses=replace(net.buses, v_low_pu=np.zeros(len(net.buses)))), 0)


def test_lindist_of_a_lossless_feeder_has_its_extent() -> None:
    """Without resistance only the reactive losses are missing."""
    net = lossless()
    found, known = outlined(ConvexReach.of(net, 0, 1.0, form="lindist"), DIRECTIONS), drawn(net, 1.0)
    assert found is not None
    assert found.points.max(0) == pytest.approx([LOAD[0], LOAD[1] + 1], abs=REACH_ANALYTIC)
    assert found.points.min(0) == pytest.approx([LOAD[0] - 2, LOAD[1] - 1], abs=REACH_ANALYTIC)
    assert known[1] > LOAD[1]
    assert not any(t.real for t in found.ring)
