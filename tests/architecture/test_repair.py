"""Red: least moves, then least cost, load last, and a reason for every command."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from gridtandem.architecture.simulation.day import Wires
from gridtandem.architecture.simulation.offered import Offered
from gridtandem.architecture.simulation.repair import repaired
from tests.architecture.arrays import A_E_B, C_D, mixed, offered, radial, wires
from tests.tolerances import BOX_MW, TOY_MW

SEEDS = st.integers(0, 2**32 - 1)


def test_the_toy_after_blind_dispatch() -> None:
    """a 10, e 6, c 2 become a 9, e 0, c 6, d 0."""
    one, two = repaired(*A_E_B, np.array([[10.0, 6, 0]])), repaired(*C_D, np.array([[2.0, 0]]))
    assert one.change[0] == pytest.approx([-1, -6, 0], abs=TOY_MW)
    assert two.change[0] == pytest.approx([4, 0], abs=TOY_MW)
    assert [(i.period, i.step, round(i.mw, 6), i.limit) for i in one.instructions] == [(0, 0, -1.0, 0), (0, 1, -6.0, 0)]


def test_equal_answers_move_earlier_steps_up_and_later_ones_down() -> None:
    feeder, offers = wires([[-1, -1, -1]], [[14]], [-8], [8]), offered(0, [[6, 6, 6]], 30)
    assert repaired(feeder, offers, np.zeros((1, 3))).change[0] == pytest.approx([6, 0, 0], abs=TOY_MW)
    full = wires([[-1, -1, -1]], [[3]], [-8], [8])
    assert repaired(full, offers, offers.most).change[0] == pytest.approx([0, -1, -6], abs=TOY_MW)


def test_load_is_cut_last() -> None:
    feeder = wires([[-1, 0]], [[14]], [-8], [8], [[-1]])
    found = repaired(feeder, offered(0, [[4, 9]], 30), np.zeros((1, 2)), np.array([[5.0]]))
    assert found.change[0] == pytest.approx([4, 0], abs=TOY_MW)
    assert found.shed[0] == pytest.approx([2], abs=TOY_MW)
    assert found.held.all()
    assert [(i.step, i.node, round(i.mw, 6)) for i in found.instructions] == [(0, -1, 4.0), (-1, 0, 2.0)]


def test_what_is_left_is_told() -> None:
    found = repaired(*C_D[:1], offered(0, [[1, 2]], 30), np.zeros((1, 2)))
    assert found.left == pytest.approx([3.0], abs=TOY_MW)
    assert not found.held.any()


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.builds(mixed, SEEDS), st.builds(radial, SEEDS)), SEEDS)
def test_moves_are_the_least_and_then_the_cheapest(case: tuple[Wires, Offered], seed: int) -> None:
    feeder, offers = case
    here = np.random.default_rng(seed).uniform(offers.least, offers.most)
    found = repaired(feeder, offers, here)
    assert feeder.beyond(here + found.change).sum(1) == pytest.approx(found.left, abs=BOX_MW)
    for t in np.flatnonzero(found.held).tolist():
        size, cost = _by_another(feeder, offers, here, t)
        assert np.abs(found.change[t]).sum() == pytest.approx(size, abs=BOX_MW)
        assert offers.price[t] @ found.change[t] <= cost + BOX_MW * 100


@settings(max_examples=40, deadline=None)
@given(st.one_of(st.builds(mixed, SEEDS), st.builds(radial, SEEDS)), SEEDS)
def test_every_command_helps_the_limit_it_names(case: tuple[Wires, Offered], seed: int) -> None:
    feeder, offers = case
    here = np.random.default_rng(seed).uniform(offers.least, offers.most)
    found = repaired(feeder, offers, here)
    value = feeder.values(here + found.change)
    for i in found.instructions:
        towards = feeder.h[i.limit, i.step] * i.mw
        side = feeder.low[i.limit] if towards > 0 else feeder.high[i.limit]
        assert towards != 0
        assert (side - value[i.period, i.limit]) * np.sign(towards) >= -BOX_MW  # it stands at the side it was pushed from, or is still beyond


def _by_another(feeder: Wires, offers: Offered, here: np.ndarray, t: int) -> tuple[float, float]:
    value, n = feeder.values(here)[t], here.shape[1]
    both = np.hstack([feeder.h, -feeder.h])
    rows = np.vstack([both, -both])
    sides = np.concatenate([feeder.high - value, value - feeder.low])
    rows, sides = rows[np.isfinite(sides)], sides[np.isfinite(sides)]
    room = [(0, float(x)) for x in [*(offers.most - here)[t], *(here - offers.least)[t]]]
    size = linprog(np.ones(2 * n), rows, sides, bounds=room)
    price = np.concatenate([offers.price[t], -offers.price[t]])
    room_to_move = BOX_MW / 100
    cost = linprog(price, np.vstack([rows, np.ones(2 * n)]), np.append(sides, size.fun + room_to_move), bounds=room)
    return float(size.fun), float(cost.fun - cost.ineqlin.marginals[-1] * room_to_move)  # what that room is worth is not ours
