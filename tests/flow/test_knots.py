"""Functions that bend and jump, in pieces: every knot is found, nothing is left out, and both sides agree where the function does."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.flow import chebyshev
from gridtandem.flow.draw import Draw, Pieces
from gridtandem.flow.knots import CLOSE, MOST, Piece, pieces
from gridtandem.flow.newton import Newton
from gridtandem.flow.switching import settled
from gridtandem.grid.nodal import Nodal
from tests.flow.networks import two_buses
from tests.tolerances import DRAWN_BY_PIECES, KNOT_FOUND, SERIES_ROUNDS, TWO_BUS_CLOSED

LOW, HIGH = 0.9, 1.1
APART = 1e-4  # closest two knots here: many times the width below which a piece is none
knots = st.lists(st.floats(LOW + 0.005, HIGH - 0.005), min_size=0, max_size=6, unique=True).map(sorted)


def bent(at: list[float], jump: float):  # type: ignore[no-untyped-def]
    """A smooth function with a kink of slope 1 and a jump at each of these places."""

    def answer(v: float) -> tuple[complex, bytes]:
        passed = [v - k for k in at if v >= k]
        return complex(np.exp(v) + sum(passed) + jump * len(passed), v**3 - sum(passed)), bytes(len(passed))

    return answer


def value(found: tuple[Piece, ...], v: float) -> complex:
    p = [p for p in found if p.low <= v][-1]
    s = [float(chebyshev.value(c, np.array((2 * v - p.low - p.high) / (p.high - p.low)))) for c in p.c]
    return complex(*s)


@given(knots, st.sampled_from([0.0, 0.01, -1.0]), st.integers(3, 9))
@settings(max_examples=60, deadline=None)
def test_pieces_cover_the_range_without_holes_and_say_what_the_function_says(at: list[float], jump: float, degree: int) -> None:
    if any(b - a < APART for a, b in pairwise([LOW, *at, HIGH])):
        return
    found = pieces(bent(at, jump), LOW, HIGH, degree)
    assert [p.low for p in found] == [LOW, *(p.high for p in found[:-1])]
    assert found[-1].high == HIGH
    assert np.abs(np.array([p.low for p in found[1:]]) - at).max(initial=0.0) <= KNOT_FOUND
    for v in np.linspace(LOW, HIGH, 57):
        if all(abs(v - k) > CLOSE for k in at):
            error = [p for p in found if p.low <= v][-1].error
            assert abs(value(found, v) - bent(at, jump)(v)[0]) <= error + SERIES_ROUNDS


@given(knots)
@settings(max_examples=30, deadline=None)
def test_where_the_function_is_continuous_both_sides_of_a_knot_agree(at: list[float]) -> None:
    if any(b - a < APART for a, b in pairwise([LOW, *at, HIGH])):
        return
    found = pieces(bent(at, 0.0), LOW, HIGH, 7)
    assert len(found) == len(at) + 1
    for before, after in pairwise(found):
        assert abs(before.c.sum(-1) - (after.c * (-1.0) ** np.arange(8)).sum(-1)).max() <= KNOT_FOUND


def test_a_piece_that_hides_between_the_first_samples_is_found_by_the_next_ones() -> None:
    v = np.sort(np.concatenate([chebyshev.nodes(3), chebyshev.checks(3)])) * 0.1 + 1.0
    inside = v[4] + 0.2 * (v[5] - v[4]), v[4] + 0.7 * (v[5] - v[4])  # of the nine, none is in there

    def answer(x: float) -> tuple[complex, bytes]:
        hidden = inside[0] <= x < inside[1]
        return complex(x + hidden), b"in" if hidden else b"left" if x < inside[0] else b"right"

    found = pieces(answer, LOW, HIGH, 3)
    assert [p.low for p in found[1:]] == pytest.approx(inside, abs=KNOT_FOUND)


def test_a_range_without_an_answer_somewhere_has_no_pieces() -> None:
    assert pieces(lambda v: (complex(v if v > 0.95 else np.nan), b"" if v <= 0.95 else b"1"), LOW, HIGH, 7) == ()


def test_changes_without_end_are_given_up() -> None:
    asked: list[float] = []

    def restless(v: float) -> tuple[complex, bytes]:
        asked.append(v)
        return complex(v), str(v).encode()

    assert pieces(restless, LOW, HIGH, 7) == ()
    assert len(asked) <= 100 * MOST


# ── transmission with such curves ────────────────────────────────────────────────────────────────────────────────────────────


def line() -> Newton:
    """A stiff source behind half a unit of reactance."""
    return Newton.of(Nodal.of(two_buses(x_pu=0.5, p_mw=0.0, q_mvar=0.0)))


def curves(at: float, below: complex, above: complex, slope: float = 0.0) -> Pieces:
    """Two pieces with a knot; powers there and the common slope."""
    low, high = np.array([0.9, at]), np.array([at, 1.1])
    c = np.array([[below - slope * (at - 0.9) / 2, slope * (at - 0.9) / 2], [above + slope * (1.1 - at) / 2, slope * (1.1 - at) / 2]])
    return Pieces(node=np.array([1]), first=np.array([0, 2]), low=low, high=high, c=c)


def drop(newton: Newton, q: float) -> float:
    r"""Voltage at the end of a reactance x under reactive power q: :math:`v^2 - v + xq = 0`."""
    x = newton.nodal.branches.z[0].imag
    return float((1 + np.sqrt(1 - 4 * x * q)) / 2)


@pytest.mark.parametrize("start", [0.92, 1.08])
@pytest.mark.parametrize(("below", "above"), [(0.1j, 0.1j), (0.1j, 0.05j), (0.02j, 0.01j), (0.1j, 0.02j)])
def test_the_piece_in_which_the_voltage_lies_is_in_force(start: float, below: complex, above: complex) -> None:
    newton = line()
    knot = drop(newton, 0.04)
    found = settled(newton, curves(knot, below, above), np.array([1.0, start], complex), loads=1.0, units=1.0)
    here, there = drop(newton, below.imag), drop(newton, above.imag)
    answers = [here] * (here < knot) + [there] * (there >= knot)
    assert found.converged
    assert min(abs(abs(found.v[1]) - v) for v in answers) <= TWO_BUS_CLOSED


@pytest.mark.parametrize("apart", [0.0, 1e-10j])  # of two series that meet there: each lies on the other's side by no more than rounding
def test_a_voltage_on_a_continuous_knot_is_an_answer_from_either_side(apart: complex) -> None:
    newton = line()
    knot = drop(newton, 0.05)
    for start in (0.92, 1.08):
        found = settled(newton, curves(knot, 0.05j - apart, 0.05j + apart, slope=0.3), np.array([1.0, start], complex), loads=1.0, units=1.0)
        assert found.converged
        assert abs(abs(found.v[1]) - knot) <= TWO_BUS_CLOSED


def test_a_jump_that_no_voltage_satisfies_is_told_and_leaves_no_numbers() -> None:
    newton = line()
    knot = drop(newton, 0.05)  # below it too little is drawn to stay there, above it too much
    found = settled(newton, curves(knot, 0.04j, 0.06j), None, loads=1.0, units=1.0)
    assert not found.converged
    assert np.isnan(found.v).all()
    assert np.isnan(found.fixed_s).all()
    assert f"jumps by 0 MW and 2 Mvar where the voltage passes {knot:.6g} pu" in found.trouble


def test_a_curve_of_one_piece_is_what_it_was() -> None:
    newton = line()
    c = np.array([[0.05 + 0.02j, 0.01j]])
    one = Pieces(node=np.array([1]), first=np.array([0, 1]), low=np.array([0.9]), high=np.array([1.1]), c=c)
    plain = newton.solve(draw=Draw(node=np.array([1]), low=np.array([0.9]), high=np.array([1.1]), c=c))
    assert settled(newton, one, None, loads=1.0, units=1.0).v.tobytes() == plain.v.tobytes()


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_each_voltage_finds_its_piece(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = rng.integers(1, 5, 6)
    first = np.concatenate([[0], np.cumsum(count)])
    edges = [np.sort(rng.uniform(0.9, 1.1, n + 1)) for n in count]
    low, high = np.concatenate([e[:-1] for e in edges]), np.concatenate([e[1:] for e in edges])
    p = Pieces(node=np.arange(6), first=first, low=low, high=high, c=np.zeros((len(low), 2), complex))
    v = rng.uniform(0.8, 1.2, 6)
    want = [a + max(int((e[:-1] <= x).sum()) - 1, 0) for a, e, x in zip(first, edges, v, strict=False)]
    assert p.at(v).tolist() == want
    assert p.draw(p.at(v)).low.tolist() == low[want].tolist()


def test_what_pieces_say_is_what_they_were_made_of() -> None:
    p = curves(1.0, 0.04j, 0.06j, slope=0.3)
    s, ds = p.draw(p.at(np.array([0.95]))).each(np.array([0.95]))
    assert s[0] == pytest.approx(0.04j - 0.3 * 0.05, abs=DRAWN_BY_PIECES)
    assert ds[0] == pytest.approx(0.3, abs=DRAWN_BY_PIECES)
