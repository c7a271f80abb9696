"""A leader that moves prices: three searches of one optimum, brute force, and what stands against an answer."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import sparse

from gridtandem.errors import InvalidCase, UnknownName, Unsolved
from gridtandem.program.answer import Status
from gridtandem.program.arrays import Columns, Cones, Program, Rows
from gridtandem.program.bilevel import Bilevel, Method, best_against, solve
from gridtandem.program.bounds_of_pairs import Largest, largest
from gridtandem.program.cells import Cells, cells_of
from gridtandem.program.certify import Verdict, certify
from gridtandem.program.follower import Follower, Market
from gridtandem.program.kinks import sharpened
from gridtandem.program.kkt import by_large_numbers
from gridtandem.program.solvers.highs import Highs
from gridtandem.tables import Real
from tests.program.making import SEEDS
from tests.program.small_markets import SHED, company, coupled, network_market, small
from tests.tolerances import BRUTE_STEP, BY_CONDITIONS, CERTIFIED, CONIC_LEADER, SAME_STRATEGY

METHODS: tuple[Method, ...] = ("cells", "kkt-bigm", *(("kkt-sos1",) if find_spec("pyscipopt") else ()))
ONE = sparse.csr_array([[1.0]])


def close(a: float, b: float, within: float = SAME_STRATEGY) -> bool:
    return abs(a - b) <= within * max(1.0, abs(b))


@pytest.mark.parametrize("seed", range(20))
def test_three_searches_end_on_one_optimum(seed: int) -> None:
    bilevel = small(seed, periods=3 if seed == 0 else 1 + (seed % 5 == 1))
    answers = [solve(bilevel, method).require() for method in METHODS]
    for answer in answers:
        assert close(answer.total, answers[0].total)
        assert answer.gap <= SAME_STRATEGY
        certificate = certify(bilevel, answer)
        assert certificate.holds, certificate.faults
        scale = np.maximum(1.0, np.abs(answer.payment))
        assert (np.abs(certificate.identity) <= CERTIFIED * scale).all()
        assert (certificate.slope <= CERTIFIED * scale).all()
        assert (certificate.cheapest - CERTIFIED <= answer.price).all()
        assert (answer.price <= certificate.dearest + CERTIFIED).all()
        np.testing.assert_array_equal(answer.kink, (certificate.dearest - certificate.cheapest > CERTIFIED).any(1))


@pytest.mark.parametrize(("numbers", "seed"), [(2, 0), (2, 3), (3, 1)])
def test_they_do_with_several_numbers(numbers: int, seed: int) -> None:
    bilevel = small(seed, numbers=numbers)
    answers = [solve(bilevel, method).require() for method in METHODS]
    for answer in answers:
        assert close(answer.total, answers[0].total)
        assert certify(bilevel, answer).holds


def test_more_numbers_than_cells_are_listed_for_go_by_conditions() -> None:
    rng = np.random.default_rng(3)
    bilevel = Bilevel(company(rng, 1, 4), "draw", (network_market(rng, at=np.arange(4)),))
    answers = [solve(bilevel, method).require() for method in METHODS[1:]]
    assert close(answers[0].total, answers[-1].total)
    assert all(certify(bilevel, a).holds for a in answers)
    with pytest.raises(InvalidCase, match="bilevel-011"):
        solve(bilevel)


def test_a_market_whose_hours_hang_together() -> None:
    """Units ramp by little, so that what is drawn in one hour moves the price of another."""
    bilevel = coupled(1)
    answers = [solve(bilevel, method).require() for method in METHODS]
    for answer in answers:
        assert close(answer.total, answers[0].total)
        assert certify(bilevel, answer).holds
    alone = solve(coupled(1, ramp=30.0)).require()
    assert not close(alone.total, answers[0].total)


def test_ramps_that_nothing_prices_are_named() -> None:
    with pytest.raises(InvalidCase, match=r"ramp\[0\].*bilevel-030"):
        solve(coupled(1, priced=False), "kkt-bigm")


@given(SEEDS)
@settings(max_examples=4, deadline=None)
def test_no_point_of_a_fine_grid_is_cheaper(seed: int) -> None:
    """The leader held at each draw, paying a price of the market there."""
    bilevel = small(seed, periods=1)
    answer = solve(bilevel).require()
    leader, market = Highs().hold(bilevel.leader), Market(bilevel.followers[0], np.zeros(1))
    found = []
    for theta in np.arange(-9.137, 15.291, BRUTE_STEP):
        own = leader.solve(bounds={"draw": (theta, theta)})
        if own.status is Status.SOLVED:
            found.append(own.cost + theta * market.point(np.array([theta])).price[0])
    assert min(found) >= answer.total - CERTIFIED * abs(answer.total)
    assert min(found) <= answer.total + 2 * SHED * BRUTE_STEP


def with_cone(leader: Program, reach: float) -> Program:
    """Own units of each period lie within a ball."""
    shape = leader.columns["own"].shape
    parts = np.zeros((shape[0], 1 + shape[2], shape[0], shape[2]))
    for t in range(shape[0]):
        parts[t, 1:, t] = -np.eye(shape[2])
    right = np.zeros((shape[0], 1 + shape[2]))
    right[:, 0] = reach
    ball = Cones.of((shape[0], 1 + shape[2]), {"own": parts.reshape(right.size, -1)}, right)
    return replace(leader, cones={"ball": ball})


@pytest.mark.peer
@pytest.mark.parametrize("seed", range(2))
def test_leaders_with_cones_and_with_quadratic_costs(seed: int) -> None:
    pytest.importorskip("pyscipopt")
    plain = small(seed, periods=2)
    own = replace(plain.leader.columns["own"], quadratic=np.full(plain.leader.columns["own"].shape, 1.5))
    for leader in (with_cone(plain.leader, 2.0), replace(plain.leader, columns={**plain.leader.columns, "own": own})):
        bilevel = replace(plain, leader=leader)
        cells, pairs = (solve(bilevel, method).require() for method in ("cells", "kkt-sos1"))
        assert close(cells.total, pairs.total, CONIC_LEADER)
        assert certify(bilevel, cells).holds
        assert cells.total >= solve(plain).total


@pytest.mark.parametrize("seed", range(3))
def test_a_leader_with_whole_numbers(seed: int) -> None:
    """Own units run at whole powers: brute force over the draw is the same program without them."""
    plain = small(seed, periods=1)
    own = replace(plain.leader.columns["own"], integer=True)
    bilevel = replace(plain, leader=replace(plain.leader, columns={**plain.leader.columns, "own": own}))
    answers = [solve(bilevel, method).require() for method in METHODS]
    assert all(close(a.total, answers[0].total) for a in answers)
    assert all(certify(bilevel, a).holds for a in answers)
    assert answers[0].total > solve(plain).total
    np.testing.assert_array_equal(answers[0].x["own"], np.rint(answers[0].x["own"]))


def hidden(own: float, constant: float) -> Bilevel:
    """V(θ) = max(0, 100 (θ − 1)) with a multiplier of 100 behind the kink; the leader earns by θ. After Pineda and Morales, 2019, section II."""
    market = Program({"y": Columns.of(1, 0.0, cost=1.0)}, {"limit": Rows.of(1, -1.0, np.inf, {"y": [[0.01]]})})
    leader = Program({"draw": Columns.of((1, 1), 0.0, 2.0, cost=-own)}, {}, constant=constant)
    return Bilevel(leader, "draw", (Follower(market, {"limit": ONE}, ()),))


def test_a_number_chosen_by_eye_hides_the_best_strategy_and_a_certificate_tells() -> None:
    """Costs as a search over a whole day once told them: 18406.81417 at "gap 0 %", where 18401.16312 can be had."""
    bilevel = hidden(205.65105, 18406.81417 + 205.65105)
    eye = by_large_numbers(bilevel, [Largest(np.array([200.0, 200.0]), np.array([50.0, 50.0]))]).require()
    assert close(eye.total, 18406.81417)
    assert eye.gap <= SAME_STRATEGY
    certificate = certify(bilevel, eye)
    assert certificate.status is Verdict.BROKEN
    assert [f.code for f in certificate.faults] == ["bilevel-047", "bilevel-048"]
    assert "18401.16312 exists" in str(certificate.faults[0])
    assert close(certificate.rival, 18401.16312)


def test_numbers_that_hold_find_it() -> None:
    bilevel = hidden(205.65105, 18406.81417 + 205.65105)
    ends = largest(bilevel.followers[0], np.zeros(1), np.full(1, 2.0))
    assert ends.multiplier.max() >= 100.0
    for method in METHODS:
        answer = solve(bilevel, method).require()
        assert close(answer.total, 18401.16312)
        assert close(float(answer.price[0, 0]), 100.0)


def test_a_kink_is_told_and_paid_at_the_lower_price() -> None:
    bilevel = hidden(90.0, 0.0)
    for method in METHODS:
        answer = solve(bilevel, method).require()
        assert answer.kink.tolist() == [True]
        assert close(float(answer.theta[0, 0]), 1.0)
        assert close(float(answer.price[0, 0]), 0.0)


def test_a_penalty_that_makes_the_price_is_told() -> None:
    rng = np.random.default_rng(7)
    leader = company(rng, 1)
    bilevel = Bilevel(leader, "draw", (network_market(rng, short=True),))
    certificate = certify(bilevel, solve(bilevel))
    assert certificate.status is Verdict.PENALTY_ACTIVE
    assert not certificate.holds
    assert certificate.penalty[0] > 0


def test_rows_that_nothing_prices_are_named() -> None:
    rng = np.random.default_rng(2)
    bilevel = Bilevel(company(rng, 1), "draw", (network_market(rng, priced=False),))
    with pytest.raises(InvalidCase, match=r"nothing prices.*balance\[0\].*line\[0\].*kkt-sos1.*bilevel-030"):
        solve(bilevel, "kkt-bigm")


def test_a_slack_without_end_is_named() -> None:
    bilevel = hidden(90.0, 0.0)
    follower = bilevel.followers[0]
    free = Program({**follower.program.columns, "idle": Columns.of(1, 0.0)}, follower.program.rows)
    with pytest.raises(InvalidCase, match=r"no cost: idle\[0\].*bilevel-031"):
        largest(Follower(free, follower.into), np.zeros(1), np.ones(1))


def test_a_leader_that_cannot_serve_itself_is_explained() -> None:
    bilevel = small(1)
    leader = bilevel.leader
    narrow = replace(leader.columns["draw"], low=np.full(leader.columns["draw"].shape, -1.0), high=np.full(leader.columns["draw"].shape, 0.5))
    own = replace(leader.columns["own"], high=0.1 * leader.columns["own"].high)
    poor = replace(bilevel, leader=replace(leader, columns={**leader.columns, "draw": narrow, "own": own}))
    for method in METHODS:
        answer = solve(poor, method)
        assert answer.status is Status.INFEASIBLE
        assert "cannot be served: balance[" in answer.said
        assert certify(poor, answer).status is Verdict.BROKEN
        with pytest.raises(Unsolved, match="balance"):
            answer.require()


def test_a_leader_outside_of_its_cells_is_told_so() -> None:
    bilevel = small(1)
    cells = [cells_of(f, -9.0, -8.0) for f in bilevel.followers]
    answer = best_against(bilevel.leader, "draw", cells)
    assert answer.status is Status.INFEASIBLE
    assert "outside of what the markets offer" in answer.said


def test_a_leader_that_earns_without_end_is_named() -> None:
    bilevel = small(2)
    endless = {**bilevel.leader.columns, "sale": Columns.of(2, 0.0, cost=[0.0, -1.0])}
    rich = replace(bilevel, leader=replace(bilevel.leader, columns=endless))
    for method in METHODS:
        answer = solve(rich, method)
        assert answer.status is Status.UNBOUNDED
        assert answer.said == "the cost falls without end along sale[1]"


def test_a_draw_without_end_is_refused_and_one_that_others_bound_is_not() -> None:
    bilevel = small(2)
    leader = bilevel.leader
    free = replace(leader.columns["draw"], low=np.full(leader.columns["draw"].shape, -np.inf), high=np.full(leader.columns["draw"].shape, np.inf))
    bounded = replace(bilevel, leader=replace(leader, columns={**leader.columns, "draw": free}))
    low, high = bounded.box()
    assert np.isfinite([low, high]).all()
    with pytest.raises(InvalidCase, match="bilevel-022"):
        Bilevel(Program({"draw": Columns.of((1, 1))}, {}), "draw", bilevel.followers[:1]).box()


def test_the_side_of_the_cells_is_told_where_it_is_not_the_leaders() -> None:
    leader = Program({"draw": Columns.of((2, 1), 0.0, 9.0, cost=-30.0)}, {})
    cells = Cells.steps([0.0, 5.0], [10.0])
    answer = best_against(leader, "draw", [cells, Cells.steps([0.0, 9.0], [10.0])])
    assert answer.said == "θ ends at a side of its cells in periods 0"


def test_shapes_that_do_not_fit_are_refused_together() -> None:
    bilevel = small(1)
    codes = [f.code for f in replace(bilevel, followers=()).faults()] + [f.code for f in replace(bilevel, theta="load").faults()]
    assert codes == ["bilevel-021", "bilevel-020"]
    with pytest.raises(InvalidCase, match="bilevel-021"):
        solve(replace(bilevel, followers=bilevel.followers[:-1]))


def altered(bilevel: Bilevel, **changes: object) -> list[str]:
    answer = solve(bilevel).require()
    return [f.code for f in certify(bilevel, replace(answer, **changes)).faults]  # type: ignore[arg-type]


def test_every_wrong_number_is_found() -> None:
    bilevel = small(4)
    answer = solve(bilevel).require()
    moved: Real = answer.theta + 0.5
    assert "bilevel-041" in altered(bilevel, price=answer.price + 0.5)
    assert altered(bilevel, payment=answer.payment + 1.0) == ["bilevel-042"] * len(answer.payment)
    assert "bilevel-045" in altered(bilevel, theta=moved, x={**answer.x, "draw": moved})
    assert "bilevel-045" in altered(bilevel, x={**answer.x, "own": answer.x["own"] - 0.1})
    assert "bilevel-049" in altered(bilevel, theta=moved)
    assert altered(bilevel, total=answer.total - 1.0) == ["bilevel-046", "bilevel-051", "bilevel-053"]
    assert altered(bilevel, total=answer.total + 1.0) == ["bilevel-046", "bilevel-047"]
    assert altered(bilevel, leader_cost=answer.leader_cost + 1.0) == ["bilevel-050"]
    assert altered(bilevel, bound=answer.total + 1.0) == ["bilevel-051", "bilevel-048"]
    assert altered(bilevel, bound=np.nan) == ["bilevel-051"]
    assert altered(bilevel, kink=~answer.kink) == ["bilevel-052"] * len(answer.kink)
    for name in ("payment", "total", "leader_cost"):
        assert altered(bilevel, **{name: np.nan * getattr(answer, name)})
    with pytest.raises(InvalidCase, match=r"theta.*bilevel-055.*\n.*price.*bilevel-055"):
        altered(bilevel, theta=np.nan * answer.theta, price=np.nan * answer.price)
    with pytest.raises(InvalidCase, match=r"answer\.payment is of shape.*bilevel-054.*\n.*x\[own\] is missing"):
        altered(bilevel, payment=answer.payment[:0], x={"draw": answer.x["draw"]})


def offers(*, low: float, high: float, need: float, own: tuple[float, float], declared: bool = True) -> Bilevel:
    """Demand 5 and offers of 4 at 10, 3 at 20, 6 at 40, shed at 200; a company with a unit of a size and a cost."""
    columns = {"offer": Columns.of(3, 0.0, [4.0, 3.0, 6.0], cost=[10.0, 20.0, 40.0]), "shed": Columns.of(1, 0.0, cost=SHED)}
    columns["spill"] = Columns.of(1, 0.0, cost=SHED)
    parts = {"offer": np.ones((1, 3)), "shed": np.ones((1, 1)), "spill": -np.ones((1, 1))}
    market = Program(columns, {"balance": Rows.of(1, 5.0, 5.0, parts)})
    unit = Columns.of(1, 0.0, own[0], cost=own[1])
    leader = Program({"draw": Columns.of((1, 1), low, high), "own": unit}, {"need": Rows.of(1, need, need, {"draw": [[1.0]], "own": [[1.0]]})})
    return Bilevel(leader, "draw", (Follower(market, {"balance": ONE}, ("shed", "spill") if declared else ()),))


def test_a_strategy_that_is_not_the_best_has_no_certificate_by_any_name() -> None:
    """Best is 2 at 20 and 3 made at 25; told is 1 at 20."""
    bilevel = offers(low=0.0, high=7.5, need=5.0, own=(4.0, 25.0))
    best, one = solve(bilevel).require(), np.ones((1, 1))
    assert close(best.total, 115.0)
    worse = replace(best, theta=one, price=20 * one, payment=20 * one[0], x={"draw": one, "own": np.full(1, 4.0)}, leader_cost=100.0, total=120.0)
    for method in METHODS:
        told = replace(worse, method=method, bound=100.0, kink=np.array([False]))
        assert [f.code for f in certify(bilevel, told).faults] == ["bilevel-047"]


@pytest.mark.parametrize(
    ("low", "high", "need", "own", "total", "price"),
    [
        (-1.0, -1.0, 2.0, 3.0, -17.0, 20.0), (2.0, 2.0, 4.0, 4.0, 42.0, 20.0), (2.0, 7.5, 4.0, 4.0, 42.0, 20.0),
        (-3.0, -1.0, 1.5, 2.5, -17.5, 20.0), (-1.0, 7.5, 0.0, 1.0, -19.0, 20.0),
    ],
)  # fmt: skip
def test_at_a_side_of_the_box_prices_are_those_of_the_whole_line(
    low: float, high: float, need: float, own: float, total: float, price: float
) -> None:
    """By hand: who sells gets the price just beyond the kink, who buys pays that just before it, wherever the box ends."""
    bilevel = offers(low=low, high=high, need=need, own=(own, 1.0))
    for method in METHODS:
        answer = solve(bilevel, method).require()
        assert close(answer.total, total)
        assert float(answer.price[0, 0]) == price
        assert answer.kink.tolist() == [True]
        assert certify(bilevel, answer).holds


def test_a_rounded_price_is_that_of_the_market_again() -> None:
    """At the kink 2 a search may tell 20 or 40 but for its rounding; what lies between is left to it."""
    (market,) = offers(low=0.0, high=7.5, need=5.0, own=(4.0, 25.0)).followers
    buyer, seller = np.full(1, 2.0), np.full(1, -1.0)
    assert sharpened(market, buyer, np.full(1, 20.0 + BY_CONDITIONS)).tolist() == [20.0]
    assert sharpened(market, seller, np.full(1, 20.0 - BY_CONDITIONS)).tolist() == [20.0]
    assert sharpened(market, buyer, np.full(1, 33.0)).tolist() == [33.0]


@given(SEEDS)
@settings(max_examples=6, deadline=None)
def test_a_larger_box_never_costs_more(seed: int) -> None:
    """Sides on kinks of the market are the hard ones."""
    bilevel = small(seed, periods=1)
    breaks = cells_of(bilevel.followers[0], -9.137, 15.291).breaks
    draw = bilevel.leader.columns["draw"]
    totals = []
    for low, high in [(breaks[k], breaks[-1 - k]) for k in (2, 1, 0) if 2 * k + 2 <= len(breaks)]:
        columns = {**bilevel.leader.columns, "draw": replace(draw, low=np.full((1, 1), low), high=np.full((1, 1), high))}
        found = [solve(replace(bilevel, leader=replace(bilevel.leader, columns=columns)), method) for method in ("cells", "kkt-bigm")]
        assert found[0].status is found[1].status
        assert found[0].status is Status.INFEASIBLE or close(found[0].total, found[1].total)
        totals.append(np.inf if np.isnan(found[0].total) else found[0].total)
    assert (np.diff(np.array(totals)[np.isfinite(totals)]) <= CERTIFIED * max(1.0, abs(totals[-1]))).all()


def test_the_verdict_says_where_it_looked() -> None:
    bilevel = offers(low=0.0, high=7.5, need=5.0, own=(4.0, 25.0))
    told = certify(bilevel, solve(bilevel)).said
    assert told.endswith("cheaper strategies were sought in all cells of all markets, listed anew, and none was found")
    rng = np.random.default_rng(3)
    wide = Bilevel(company(rng, 1, 4), "draw", (network_market(rng, at=np.arange(4)),))
    assert "not sought: θ has more than 3 numbers" in certify(wide, solve(wide, "kkt-bigm")).said


def test_a_penalty_that_nobody_declared_is_hinted_at() -> None:
    short = {"low": 0.0, "high": 20.0, "need": 12.0, "own": (1.0, 25.0)}
    bare = offers(**short, declared=False)  # type: ignore[arg-type]
    certificate = certify(bare, solve(bare))
    assert certificate.holds
    assert len(certificate.hints) == 1
    assert certificate.hints[0].startswith("market 0: shed[0] is in use at 300, and has no end; if it stands for scarcity")
    named = offers(**short)  # type: ignore[arg-type]
    assert certify(named, solve(named)).status is Verdict.PENALTY_ACTIVE
    assert not certify(named, solve(named)).hints


def test_a_route_that_is_none_is_told_those_that_are() -> None:
    with pytest.raises(UnknownName, match="no route of bilevel programs named 'kkt'; routes: cells, kkt-sos1, kkt-bigm"):
        solve(small(1), "kkt")  # type: ignore[arg-type]


def test_shadow_prices_are_those_of_the_leader_in_its_cells() -> None:
    """More demand by little costs its shadow price, where θ does not sit on a kink."""
    bilevel = small(4)
    answer = solve(bilevel).require()
    assert not answer.kink.any()
    rows = bilevel.leader.rows["balance"]
    step = np.zeros(rows.shape)
    step[0, 0] = CERTIFIED
    more = replace(rows, low=rows.low + step, high=rows.high + step)
    again = solve(replace(bilevel, leader=replace(bilevel.leader, rows={**bilevel.leader.rows, "balance": more})))
    assert close((again.total - answer.total) / CERTIFIED, float(answer.shadow["balance"][0, 0]), CONIC_LEADER)
