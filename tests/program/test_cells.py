"""The pieces of a market's cost: an envelope that is V, prices that rise, and laws of θ of several numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import sparse

from gridtandem.errors import InvalidCase
from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.program.cells import Cells, cells_of, solid
from gridtandem.program.follower import Follower
from gridtandem.program.solve import solve
from gridtandem.tables import Real
from tests.program.making import SEEDS
from tests.program.small_markets import network_market
from tests.tolerances import BESIDE, PLANES, SAME_PRICE

LOW, HIGH = -9.137, 15.291


def merit(size: Real, cost: Real, demand: float) -> Follower:
    """Offers against one demand."""
    columns = {"p": Columns.of(len(size), 0.0, size, cost=cost)}
    rows = {"balance": Rows.of(1, demand, demand, {"p": np.ones((1, len(size)))})}
    one = Rows.of(1, 0, 0, {"theta": [[1.0]]}).parts["theta"]
    return Follower(Program(columns, rows), {"balance": one})


def test_steps_of_a_merit_order_by_hand() -> None:
    """Demand 5 and offers of 4 at 10, 3 at 20, 6 at 40: the price changes where the draw reaches −1 and 2."""
    cells = cells_of(merit(np.array([4.0, 3.0, 6.0]), np.array([10.0, 20.0, 40.0]), 5.0), -3.0, 7.5)
    np.testing.assert_allclose(cells.slope[:, 0], [10.0, 20.0, 40.0], atol=SAME_PRICE)
    np.testing.assert_allclose(cells.breaks, [-3.0, -1.0, 2.0, 7.5], atol=SAME_PRICE)
    np.testing.assert_allclose(cells.at(np.array([[-3.0], [0.0], [7.5]])), [20.0, 60.0, 320.0], atol=SAME_PRICE)
    assert cells.asked == 2 * len(cells.value) - 1


def test_cells_from_prices_between_breaks() -> None:
    cells = Cells.steps([-3.0, -1.0, 2.0, 7.5], [10.0, 20.0, 40.0])
    np.testing.assert_allclose(cells.breaks, [-3.0, -1.0, 2.0, 7.5], atol=SAME_PRICE)
    np.testing.assert_allclose(cells.at(np.array([[-3.0], [0.0], [7.5]])), [0.0, 40.0, 300.0], atol=SAME_PRICE)


def test_steps_of_one_price_are_one_cell_and_falling_ones_are_refused() -> None:
    np.testing.assert_allclose(Cells.steps([0.0, 1.0, 2.0, 5.0], [10.0, 10.0, 40.0]).breaks, [0.0, 2.0, 5.0], atol=SAME_PRICE)
    np.testing.assert_allclose(Cells.steps([2.0, 2.0], [10.0]).breaks, [2.0, 2.0], atol=SAME_PRICE)
    np.testing.assert_allclose(Cells.steps([1.0, 1.0, 2.0, 2.0], [5.0, 10.0, 40.0]).breaks, [1.0, 1.0, 2.0, 2.0], atol=SAME_PRICE)
    with pytest.raises(InvalidCase, match="bilevel-014"):
        Cells.steps([0.0, 1.0, 1.0, 2.0], [10.0, 20.0, 40.0])
    with pytest.raises(InvalidCase, match="bilevel-014"):
        Cells.steps([0.0, 1.0, 2.0], [10.0, 9.0])
    with pytest.raises(InvalidCase, match="bilevel-014"):
        Cells.steps([0.0, 2.0, 1.0], [10.0, 19.0])
    with pytest.raises(InvalidCase, match="bilevel-013"):
        Cells.steps([0.0, 2.0, 3.0], [10.0])


THREE = merit(np.array([4.0, 3.0, 6.0]), np.array([10.0, 20.0, 40.0]), 5.0)


def test_a_kink_at_a_side_of_the_box_has_the_price_beyond_too() -> None:
    """The draws −1 and 2 are kinks, where any price between two steps answers; beside them the step beyond is out of reach."""
    cells = cells_of(THREE, -1.0, 2.0)
    np.testing.assert_allclose(cells.slope, [[10.0], [20.0], [40.0]], atol=SAME_PRICE)
    np.testing.assert_allclose(cells.breaks, [-1.0, -1.0, 2.0, 2.0], atol=SAME_PRICE)
    np.testing.assert_allclose(cells_of(THREE, -1.0 + BESIDE, 2.0 - BESIDE).slope, [[20.0]], atol=SAME_PRICE)
    np.testing.assert_allclose(cells_of(THREE, 2.0, 2.0).slope, [[20.0], [40.0]], atol=SAME_PRICE)


def test_where_the_market_ends_with_the_box_no_price_comes_from_beyond() -> None:
    """Nothing can be drawn beyond 8, nor sold beyond −5."""
    np.testing.assert_allclose(cells_of(THREE, -5.0, 8.0).slope, [[10.0], [20.0], [40.0]], atol=SAME_PRICE)
    np.testing.assert_allclose(cells_of(THREE, 8.0, 8.0).slope, [[40.0]], atol=SAME_PRICE)
    np.testing.assert_allclose(cells_of(THREE, -5.0, -1.0).slope, [[10.0], [20.0]], atol=SAME_PRICE)


def test_a_fixed_draw_has_one_cell() -> None:
    cells = cells_of(merit(np.array([4.0, 3.0]), np.array([10.0, 20.0]), 5.0), 1.0, 1.0)
    np.testing.assert_allclose(cells.slope, [[20.0]], atol=SAME_PRICE)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_prices_rise_and_the_envelope_is_the_cost(seed: int) -> None:
    rng = np.random.default_rng(seed)
    follower = network_market(rng)
    cells = cells_of(follower, LOW, HIGH)
    assert (np.diff(cells.slope[:, 0]) > 0).all()
    assert (np.diff(cells.breaks) > 0).all()
    for theta in rng.uniform(LOW, HIGH, (12, 1)):
        answer = solve(follower.at(theta)).require()
        assert abs(cells.at(theta) - answer.cost) <= PLANES * max(1.0, abs(answer.cost))


@pytest.mark.parametrize("numbers", [2, 3])
@given(seed=SEEDS)
@settings(max_examples=8, deadline=None)
def test_the_envelope_over_several_numbers_is_the_cost(numbers: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    follower = network_market(rng, at=np.array([1, 2, 0])[:numbers])
    low, high = np.full(numbers, -2.137), np.linspace(3.291, 6.173, numbers)
    cells = cells_of(follower, low, high)
    for theta in rng.uniform(low, high, (12, numbers)):
        answer = solve(follower.at(theta)).require()
        assert abs(cells.at(theta) - answer.cost) <= PLANES * max(1.0, abs(answer.cost))
        assert cells.touching(theta).any()


def test_one_number_among_several_may_be_fixed() -> None:
    rng = np.random.default_rng(5)
    follower = network_market(rng, at=np.array([1, 2]))
    cells = cells_of(follower, [1.0, LOW], [1.0, HIGH])
    for theta in np.column_stack([np.ones(9), rng.uniform(LOW, HIGH, 9)]):
        answer = solve(follower.at(theta)).require()
        assert abs(cells.at(theta) - answer.cost) <= PLANES * max(1.0, abs(answer.cost))


def test_a_market_that_cannot_serve_is_explained_by_name() -> None:
    with pytest.raises(InvalidCase, match=r"no answer at θ = \(9\).*balance\[0\] is 7 below 14.*price.*\(bilevel-006\)"):
        cells_of(merit(np.array([4.0, 3.0]), np.array([10.0, 20.0]), 5.0), 0.0, 9.0)


def test_a_market_without_end_is_refused() -> None:
    follower = merit(np.array([4.0, np.inf]), np.array([10.0, -20.0]), 5.0)
    endless = Follower(Program({**follower.program.columns, "q": Columns.of((), 0.0, cost=-1.0)}, follower.program.rows), follower.into)
    with pytest.raises(InvalidCase, match="bilevel-007"):
        cells_of(endless, 0.0, 1.0)


def test_what_is_no_market_is_refused_with_all_its_faults() -> None:
    good = merit(np.array([4.0]), np.array([10.0]), 1.0)
    program, into = good.program, good.into
    two = Rows.of(1, 0, 0, {"theta": [[1.0, 1.0]]}).parts["theta"]
    bent = Program({"p": Columns.of(1, quadratic=1.0)}, {})
    assert [f.code for f in Follower(bent, {}).faults()] == ["bilevel-001", "bilevel-002"]
    wrong = Follower(program, {**into, "line": two, "balance": np.vstack([two.toarray()] * 2)}, ("shed",))  # type: ignore[dict-item]
    assert [f.code for f in wrong.faults()] == ["bilevel-004", "bilevel-003", "bilevel-005"]


def test_boxes_without_end_or_of_too_many_numbers_are_refused() -> None:
    with pytest.raises(InvalidCase, match="bilevel-010"):
        cells_of(merit(np.array([4.0]), np.array([10.0]), 1.0), 0.0, np.inf)
    with pytest.raises(InvalidCase, match=r"up to 3.*kkt-sos1.*bilevel-011"):
        cells_of(network_market(np.random.default_rng(1), at=np.arange(4)), np.zeros(4), np.ones(4))


def test_more_cells_than_allowed_are_refused() -> None:
    follower = network_market(np.random.default_rng(5), at=np.array([1, 2]))
    with pytest.raises(InvalidCase, match=r"more than 2 on this box.*bilevel-012"):
        cells_of(follower, [LOW, LOW], [HIGH, HIGH], most=2)


def test_cells_of_two_markets_side_by_side_are_pairs_of_their_steps() -> None:
    """Three sides of the box lie on kinks, where planes from outside are cells without an inside."""
    one = merit(np.array([4.0, 3.0, 6.0]), np.array([10.0, 20.0, 40.0]), 5.0)
    two = merit(np.array([2.0, 5.0, 9.0]), np.array([5.0, 15.0, 30.0]), 4.0)
    into = {"a.balance": one.into["balance"].toarray() @ [[1.0, 0.0]], "b.balance": two.into["balance"].toarray() @ [[0.0, 1.0]]}
    program = Program.beside({"a": one.program, "b": two.program})
    both = Follower(program, {k: sparse.csr_array(m) for k, m in into.items()})
    cells = cells_of(both, [-1.0, -2.0], [7.0, 3.0])
    pairs = [[a, b] for a in (10.0, 20.0, 40.0) for b in (5.0, 15.0, 30.0)]
    np.testing.assert_allclose(cells.slope, pairs, atol=SAME_PRICE)
    near = cells_of(both, [-1.0 + BESIDE, -2.0 + BESIDE], [7.0, 3.0 - BESIDE])
    np.testing.assert_allclose(near.slope, [[20.0, 15.0], [40.0, 15.0]], atol=SAME_PRICE)


def test_planes_that_touch_in_a_corner_or_an_edge_alone_are_no_cells() -> None:
    """x over the unit square: x + 2 y − 2 touches it along y = 1, 2 x − 1 along x = 1, 3 x + 2 y − 4 in the corner (1, 1)."""
    slope, value = np.array([[1.0, 0.0], [1.0, 2.0], [2.0, 0.0], [3.0, 2.0]]), np.array([0.0, -2.0, -1.0, -4.0])
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    assert solid(slope, value, corners).tolist() == [True, False, False, False]
