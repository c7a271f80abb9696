"""The equations of a step: the same answer as a dense solver, with ranges eliminated, with ranges kept, and where ranges bind hard."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from gridtandem.program.newton_system import ROUGH, NewtonSystem
from gridtandem.program.smooth import Entries, Groups, Smooth, Span
from tests.program.making import SEEDS
from tests.program.smooth_examples import problem_6
from tests.tolerances import STEP_SOLVED

N, E, R = 7, 3, 4


def drawn(seed: int):
    """Entries and numbers: N unknowns of which one is fixed, E equations, R ranges and one row without sides between them."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(E + R + 1)
    j = rng.standard_normal((E + R + 1, N)) * (rng.random((E + R + 1, N)) < 0.6)
    j[rows[:E], np.arange(E)] = 2.0
    h = rng.standard_normal((N, N))
    h = np.tril(h @ h.T + N * np.eye(N))
    jacobian, hessian = Entries(*np.nonzero(j)), Entries(*np.nonzero(h))
    fixed = np.arange(N) == N - 1
    return jacobian, hessian, np.sort(rows[:E]), np.sort(rows[E : E + R]), j, h, fixed, rng.random(N), rng.standard_normal(N + E + R)


def system_of(jacobian: Entries, hessian: Entries, equations, ranges, groups: Groups | None = None) -> NewtonSystem:
    spans = {"x": Span.of(N)}, {"g": Span.of(E + R + 1)}
    program = Smooth(*spans, problem_6().functions, jacobian, hessian, np.zeros(N), groups)
    return NewtonSystem.of(program, equations, ranges)


def by_equation(j, equations) -> Groups:
    """Each equation with the unknown that it can be solved for; the others two by two."""
    row = np.zeros(E + R + 1, np.int64)
    row[equations] = np.argmax(j[equations, :E] == 2.0, axis=1)
    return Groups(unknown=np.array([0, 1, 2, 3, 3, 4, 4]), row=row)


def dense(j, h, equations, ranges, fixed, diagonal, bent):
    full = h + np.tril(h, -1).T
    full[fixed], full[:, fixed] = 0.0, 0.0
    own = j[np.concatenate([equations, ranges])] * ~fixed
    full = full + np.diag(np.where(fixed, 1.0, diagonal))
    return np.block([[full, own.T], [own, np.diag(np.concatenate([np.zeros(len(equations)), -1 / bent]))]])


def ways(jacobian: Entries, hessian: Entries, equations, ranges, binding, pinned, j):
    """All ways to the same answer."""
    for groups in (None, by_equation(j, equations)):
        system = system_of(jacobian, hessian, equations, ranges, groups)
        yield system
        yield system.keeping(binding, pinned)
    yield system.keeping(binding, pinned).searching()


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_answers_are_those_of_a_dense_solver(seed: int) -> None:
    jacobian, hessian, equations, ranges, j, h, fixed, diagonal, right = drawn(seed)
    bent = 10.0 ** np.random.default_rng(seed).uniform(-3, 3, R)
    matrix = dense(j, h, equations, ranges, fixed, diagonal, bent)
    for way in ways(jacobian, hessian, equations, ranges, bent > 1, fixed, j):
        numbers = (h[hessian.row, hessian.column], j[jacobian.row, jacobian.column], diagonal, bent, fixed)
        solve = way.factored(*numbers)
        assert solve is not None
        found, miss = solve.solved(right)
        assert miss < STEP_SOLVED
        np.testing.assert_allclose(matrix @ found, right, atol=STEP_SOLVED * np.abs(right).max())
        beside = np.stack([right, 2 * right], 1)[: N + E]
        whole = np.concatenate([beside, np.zeros((R, 2))])
        answers = way.answered(numbers, beside, np.zeros(N + R, bool))
        np.testing.assert_allclose(answers, np.linalg.solve(matrix, whole)[: N + E], atol=STEP_SOLVED * np.abs(right).max())


@pytest.mark.parametrize("seed", [0, 2, 5])
def test_ranges_that_bind_hard_are_kept(seed: int) -> None:
    """Of Σ near 1e17 so little is left in what is factored that refinement cannot mend it; kept as rows the ranges do no harm."""
    jacobian, hessian, equations, ranges, j, h, fixed, diagonal, right = drawn(seed)
    bent = np.array([1e17, 1.0, 3e16, 1e-3])
    system = system_of(jacobian, hessian, equations, ranges)
    numbers = h[hessian.row, hessian.column], j[jacobian.row, jacobian.column], diagonal, bent, fixed
    rough, kept = system.factored(*numbers), system.keeping(bent > 1e3, fixed).factored(*numbers)
    assert kept is not None
    assert rough is None or not rough.solved(right)[1] < ROUGH
    found, miss = kept.solved(right)
    assert miss < STEP_SOLVED
    np.testing.assert_allclose(dense(j, h, equations, ranges, fixed, diagonal, bent) @ found, right, atol=STEP_SOLVED * np.abs(right).max())


def test_singular_equations_are_said_to_be() -> None:
    jacobian, hessian, equations, ranges, j, h, fixed, diagonal, _ = drawn(0)
    for groups in (None, by_equation(j, equations)):
        system = system_of(jacobian, hessian, equations, ranges, groups)
        assert system.factored(0 * h[hessian.row, hessian.column], 0 * j[jacobian.row, jacobian.column], 0 * diagonal, np.ones(R), fixed) is None


def test_groups_whose_unknowns_cannot_move_come_last() -> None:
    """x0 + x1 = 3 with x0 fixed: the block of x0 and the equation has no inverse before x1, which has more neighbours, has lent it its own."""
    jacobian, own = Entries(np.zeros(2, np.int64), np.arange(2)), np.arange(5)
    hessian = Entries(np.append(own, [2, 3, 4]), np.append(own, [1, 1, 1]))
    groups = Groups(unknown=own, row=np.zeros(1, np.int64))
    program = Smooth({"x": Span.of(5)}, {"g": Span.of(1, 3.0, 3.0)}, problem_6().functions, jacobian, hessian, np.zeros(5), groups)
    system = NewtonSystem.of(program, np.zeros(1, np.int64), np.empty(0, np.int64))
    numbers = np.append(np.ones(5), np.zeros(3)), np.ones(2), np.zeros(5), np.empty(0), own == 0
    assert system.factored(*numbers) is None
    late = system.keeping(np.empty(0, bool), own == 0).factored(*numbers)
    assert late is not None
    np.testing.assert_allclose(late.solved(np.array([0.0, 5.0, 0.0, 0.0, 0.0, 3.0]))[0], [0.0, 3.0, 0.0, 0.0, 0.0, 2.0], atol=STEP_SOLVED)
