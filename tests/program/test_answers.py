"""Laws that every adapter keeps: the optimum of other engines, one sign of prices, answers that depend on the question alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from gridtandem.errors import InvalidCase, Unsolved
from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Columns, Cones, Program, Rows, flat
from gridtandem.program.solve import Solver
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.program.solvers.highs import Highs
from gridtandem.tables import Real
from tests.program.making import SEEDS, asked, plane, random_program, random_question, same_bits, stated
from tests.tolerances import CENTRED, OPTIMUM, PLANE, PRICE_BY_DIFFERENCE, PRICE_STEP

Maker = Callable[[int], Program]
LINEAR: Maker = random_program
QUADRATIC: Maker = lambda seed: random_program(seed, quadratic=True)  # noqa: E731
CONIC: Maker = lambda seed: random_program(seed, quadratic=True, cones=True)  # noqa: E731
PAIRS = [(Highs(), LINEAR), (Clarabel(), LINEAR), (Clarabel(), QUADRATIC), (Clarabel(), CONIC)]
NAMED = [f"{type(s).__name__}-{kind}" for (s, _), kind in zip(PAIRS, ("linear", "linear", "quadratic", "conic"), strict=True)]
every_pair = pytest.mark.parametrize(("solver", "make"), PAIRS, ids=NAMED)
both_solvers = pytest.mark.parametrize("solver", [Highs(), Clarabel()], ids=["Highs", "Clarabel"])


def close(a: float, b: float) -> bool:
    return abs(a - b) <= OPTIMUM * max(1.0, abs(b))


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_a_linear_optimum_is_that_of_other_engines(seed: int) -> None:
    program = random_program(seed)
    low, high, matrix = flat(program.rows, "low"), flat(program.rows, "high"), program.matrix().toarray()
    bounds = np.stack([flat(program.columns, "low"), flat(program.columns, "high")], axis=1)
    known = linprog(
        flat(program.columns, "cost"),
        np.vstack([matrix[high < np.inf], -matrix[low > -np.inf]]),
        [*high[high < np.inf], *-low[low > -np.inf]],
        bounds=bounds,
    )
    for solver in (Highs(), Clarabel()):
        answer = solver.solve(program).require()
        assert close(answer.cost, known.fun + program.constant)
        assert close(answer.bound, answer.cost)
        assert close(sum(float((c.cost * answer.x[k]).sum()) for k, c in program.columns.items()) + program.constant, answer.cost)


@every_pair
@given(seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_an_answer_proves_itself(solver: Solver, make: Maker, seed: int) -> None:
    """Marginal costs are prices: c + h x = Aᵀ y + Fᵀ u + r; the point keeps all rows; a price stands only where a side holds."""
    program = make(seed)
    answer = solver.solve(program).require()
    x = np.concatenate([answer.x[k].ravel() for k in program.columns])
    y, r, u = (np.concatenate([np.empty(0), *(m[k].ravel() for k in b)]) for m, b in blocks_of(program, answer))
    matrix, cone_matrix = program.matrix(), program.cone_matrix()
    marginal = flat(program.columns, "cost") + flat(program.columns, "quadratic") * x
    assert np.abs(marginal - matrix.T @ y - cone_matrix.T @ u - r).max() <= PLANE
    for value, price, sides in ((matrix @ x, y, program.rows), (x, r, program.columns)):
        low, high = flat(sides, "low"), flat(sides, "high")
        assert (np.maximum(low - value, value - high) <= OPTIMUM).all()
        below, above = np.where(np.isfinite(low), value - low, 0.0), np.where(np.isfinite(high), high - value, 0.0)
        assert np.abs(np.maximum(price, 0) * below).max() <= PLANE
        assert np.abs(np.minimum(price, 0) * above).max() <= PLANE
    slack = (flat(program.cones, "right") - cone_matrix @ x).reshape(-1, 3)
    assert (np.hypot(slack[:, 1], slack[:, 2]) - slack[:, 0] <= OPTIMUM).all()
    assert abs(float((slack.ravel() * u).sum())) <= PLANE


def blocks_of(program: Program, answer: Answer) -> tuple[tuple[Mapping[str, Real], Iterable[str]], ...]:
    return (answer.price, program.rows), (answer.reduced, program.columns), (answer.price, program.cones)


@every_pair
@given(seed=SEEDS, other=SEEDS)
@settings(max_examples=40, deadline=None)
def test_prices_carry_the_cost_from_below(solver: Solver, make: Maker, seed: int, other: int) -> None:
    program = make(seed)
    held = solver.hold(program)
    here, question = held.solve().require(), random_question(program, other)
    for other_kind in ("cost", "more"):
        question.pop(other_kind, None)
    there = asked(held, question).require()
    assert there.cost >= plane(program, here, question) - PLANE * max(1.0, abs(here.cost))


@pytest.mark.parametrize("kind", ["both", "low", "high", "row", "column low", "column high"])
@pytest.mark.parametrize("solver", [Highs(), Clarabel()], ids=["Highs", "Clarabel"])
def test_prices_are_differences_of_cost(solver: Solver, kind: str) -> None:
    base = one_row(kind)
    held = solver.hold(base)
    answer = held.solve().require()
    questions = {
        "both": lambda d: {"right": {"r": (base.rows["r"].low + d, base.rows["r"].high + d)}},
        "low": lambda d: {"right": {"r": (base.rows["r"].low + d, base.rows["r"].high)}},
        "high": lambda d: {"right": {"r": (base.rows["r"].low, base.rows["r"].high + d)}},
        "row": lambda d: {"right": {"r": (base.rows["r"].low + d, base.rows["r"].high + d)}},
        "column low": lambda d: {"bounds": {"x": (base.columns["x"].low + d, base.columns["x"].high)}},
        "column high": lambda d: {"bounds": {"x": (base.columns["x"].low, base.columns["x"].high + d)}},
    }[kind]
    slope = (held.solve(**questions(PRICE_STEP)).require().cost - held.solve(**questions(-PRICE_STEP)).require().cost) / (2 * PRICE_STEP)
    price = answer.reduced["x"][0] if kind.startswith("column") else float(answer.price["r"])
    assert abs(price) > 1 / 2, "the case must have a price"
    assert abs(price - slope) <= PRICE_BY_DIFFERENCE


def one_row(kind: str) -> Program:
    """min 2x + 5y under one row and bounds, where exactly the asked side holds."""
    low, high = {
        "both": (3.0, 3.0),
        "row": (-np.inf, 4.0),
        "low": (3.0, 9.0),
        "high": (-9.0, -3.0),
        "column low": (3.0, 9.0),
        "column high": (3.0, 9.0),
    }[kind]
    cost = {"row": [-2.0, 5.0], "high": [-2.0, -5.0], "column low": [7.0, 5.0]}.get(kind, [2.0, 5.0])
    bounds = {"column high": (-9.0, 1.0), "column low": (1.0, 9.0), "high": (-9.0, 9.0)}.get(kind, (-9.0, 9.0))
    return Program({"x": Columns.of(2, [bounds[0], -0.5], [bounds[1], 9.0], cost=cost)}, {"r": Rows.of((), low, high, {"x": [1.0, 1.0]})})


@pytest.mark.parametrize("which", [(0, 0), (0, 1), (0, 2)])
def test_prices_of_cones_are_differences_of_cost(which: tuple[int, int]) -> None:
    def ball(shift: float) -> Program:
        right = np.array([[2.0, 0.5, -0.3]])
        right[which] += shift
        return Program({"x": Columns.of(2, cost=[3.0, -4.0])}, {}, {"ball": Cones.of((1, 3), {"x": [[0, 0], [1, 0], [0, 1]]}, right)})

    solver = Clarabel()
    slope = (solver.solve(ball(PRICE_STEP)).require().cost - solver.solve(ball(-PRICE_STEP)).require().cost) / (2 * PRICE_STEP)
    assert abs(solver.solve(ball(0.0)).require().price["ball"][which] - slope) <= PRICE_BY_DIFFERENCE


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_the_cheapest_point_of_a_ball(seed: int) -> None:
    """min c·x over ‖x − a‖ ≤ r is at a − r c/‖c‖ and costs c·a − r‖c‖."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    c, a, r = rng.normal(size=n) + 3.0, rng.normal(size=n), rng.uniform(0.5, 2.0)
    cone = Cones.of((1, n + 1), {"x": np.vstack([np.zeros(n), np.eye(n)])}, [[r, *a]])
    answer = Clarabel().solve(Program({"x": Columns.of(n, cost=c)}, {}, {"ball": cone})).require()
    length = np.linalg.norm(c)
    assert close(answer.cost, c @ a - r * length)
    assert np.abs(answer.x["x"] - (a - r * c / length)).max() <= CENTRED
    assert np.abs(answer.price["ball"] - np.array([[-length, *c]])).max() <= CENTRED


@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_dispatch_at_one_marginal_cost(seed: int) -> None:
    """min Σ aᵢpᵢ + ½bᵢpᵢ² with Σ p = D has the price λ = (D + Σ aᵢ/bᵢ) / Σ 1/bᵢ."""
    rng = np.random.default_rng(seed)
    a, b, demand = rng.uniform(5, 9, 4), rng.uniform(1, 2, 4), 8.0
    price = (demand + (a / b).sum()) / (1 / b).sum()
    answer = Clarabel().solve(Program({"p": Columns.of(4, cost=a, quadratic=b)}, {"d": Rows.of((), demand, demand, {"p": np.ones(4)})})).require()
    assert abs(answer.price["d"] - price) <= OPTIMUM * price
    assert np.abs(answer.x["p"] - (price - a) / b).max() <= CENTRED


@every_pair
@given(seed=SEEDS, order=st.lists(st.integers(0, 3), min_size=2, max_size=8))
@settings(max_examples=40, deadline=None)
def test_an_answer_depends_on_the_question_alone(solver: Solver, make: Maker, seed: int, order: list[int]) -> None:
    program = make(seed)
    questions = [random_question(program, seed + k) for k in range(4)]
    held = solver.hold(program)
    for k in order:
        assert same_bits(asked(held, questions[k]), asked(solver.hold(program), questions[k]))


@both_solvers
def test_that_holds_for_larger_programs_with_ties(solver: Solver) -> None:
    program = ties()
    questions = [{"cost": {"p": program.columns["p"].cost + k}, "right": {"demand": (d, d)}} for k, d in ((0, 9.0), (3, 25.5), (-4, 17.0), (2, 33.0))]
    held = solver.hold(program)
    for k in (0, 1, 2, 3, 1, 0, 2):
        assert same_bits(asked(held, questions[k]), asked(solver.hold(program), questions[k]))


def ties(hours: int = 6, units: int = 12) -> Program:
    """Units of few prices over some hours, with rows that hold several of them together."""
    rng = np.random.default_rng(3)
    each_hour, groups = np.kron(np.eye(hours), np.ones(units)), rng.integers(0, 2, (20, hours * units)).astype(float)
    columns = {"p": Columns.of((hours, units), 0.0, 4.0, cost=rng.integers(1, 5, (hours, units))), "q": Columns.of(1, 0, 1, cost=1)}
    rows = {"demand": Rows.of(hours, 20.0, 20.0, {"p": each_hour}), "group": Rows.of(20, -np.inf, 75.0, {"p": groups})}
    return Program(columns, rows)


@every_pair
@given(seed=SEEDS, other=SEEDS)
@settings(max_examples=30, deadline=None)
def test_a_question_is_a_program_of_its_own(solver: Solver, make: Maker, seed: int, other: int) -> None:
    program = make(seed)
    question = random_question(program, other)
    assert close(asked(solver.hold(program), question).require().cost, solver.solve(stated(program, question)).require().cost)


@both_solvers
def test_no_answer_is_named_and_is_no_number(solver: Solver) -> None:
    contradiction = Program({"x": Columns.of(2, 0.0, 1.0, cost=1.0)}, {"r": Rows.of((), 3.0, 4.0, {"x": np.ones(2)})})
    falling = Program({"x": Columns.of(2, 0.0, cost=-1.0)}, {"r": Rows.of((), 3.0, np.inf, {"x": np.ones(2)})})
    for program, status in ((contradiction, Status.INFEASIBLE), (falling, Status.UNBOUNDED)):
        for answer in (solver.solve(program), solver.hold(program).solve()):
            assert answer.status is status
            numbers = [answer.x["x"], answer.price["r"], answer.reduced["x"], np.array([answer.cost, answer.bound])]
            assert all(np.isnan(n).all() for n in numbers)
            with pytest.raises(Unsolved, match=status.value.split(":")[0]):
                answer.require()


@both_solvers
def test_a_question_without_answer_spoils_no_later_one(solver: Solver) -> None:
    program = Program({"x": Columns.of(2, 0.0, 1.0, cost=[1.0, 2.0])}, {"r": Rows.of((), 1.5, 4.0, {"x": np.ones(2)})})
    held = solver.hold(program)
    assert held.solve(right={"r": (3.0, 4.0)}).status is Status.INFEASIBLE
    assert same_bits(held.solve(), solver.hold(program).solve())
    assert close(held.solve().cost, 2.0)


@both_solvers
def test_a_program_without_rows_and_one_without_freedom(solver: Solver) -> None:
    boxed = solver.solve(Program({"x": Columns.of(3, -1.0, [1.0, 2.0, 3.0], cost=[1.0, -1.0, -2.0])}, {})).require()
    assert close(boxed.cost, -9.0)
    assert np.abs(boxed.reduced["x"] - [1.0, -1.0, -2.0]).max() <= OPTIMUM
    fixed = solver.hold(Program({"x": Columns.of((), 2.0, 2.0, cost=3.0)}, {"r": Rows.of((), 0.0, 9.0, {"x": [[1.0]]})}, constant=1.0))
    assert close(fixed.solve().require().cost, 7.0)
    assert close(fixed.solve(bounds={"x": (1.0, 4.0)}).require().cost, 4.0)  # no longer an equation


@both_solvers
def test_a_program_without_unknowns(solver: Solver) -> None:
    kept = Program({"x": Columns.of((0, 2))}, {"r": Rows.of(1, -1.0, 2.0, {})}, constant=3.0)
    assert close(solver.solve(kept).require().cost, 3.0)
    assert solver.hold(kept).solve(right={"r": (1.0, 2.0)}).status is Status.INFEASIBLE
    assert solver.hold(Program({}, {}, constant=3.0)).solve().require().x == {}


@both_solvers
def test_more_rows_are_priced_and_forgotten(solver: Solver) -> None:
    held = solver.hold(two_units())
    plain = held.solve()
    answer = held.solve(more={"cut": Rows.of((), -np.inf, 2.0, {"p": [[1.0, 0.0]]})}).require()
    assert abs(answer.price["cut"] + 1.0) <= OPTIMUM
    assert close(answer.cost, 10.0)
    assert same_bits(held.solve(), plain)
    with pytest.raises(InvalidCase, match=r"program-002"):
        held.solve(more={"balance": Rows.of((), 0.0, 2.0, {"p": np.ones(2)})})
    with pytest.raises(InvalidCase, match=r"program-011"):
        held.solve(more={"cut": Rows.of((), 0.0, 2.0, {"p": np.ones(3)})})


@both_solvers
def test_all_faults_of_a_question_come_at_once(solver: Solver) -> None:
    held = solver.hold(two_units())
    with pytest.raises(InvalidCase) as caught:
        held.solve(cost={"p": np.nan, "g": 1.0}, right={"balance": (2.0, 1.0)}, bounds={"p": (np.zeros(7), 1.0)})
    assert sorted(f.code for f in caught.value.faults) == ["program-004", "program-005", "program-013", "program-014"]


def two_units() -> Program:
    return Program({"p": Columns.of(2, 0.0, 5.0, cost=[1.0, 2.0])}, {"balance": Rows.of((), 6.0, 6.0, {"p": np.ones(2)})})
