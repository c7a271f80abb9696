"""Costs by several numbers at once: against known functions, and against the programs of feeders that regulate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.offers import Asked
from gridtandem.opf.regulated import RegulatedFeeder
from gridtandem.opf.regulated_offer import AskedRegulated
from gridtandem.opf.vector_offer import VectorCost, vector_cost
from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.program.solve import hold
from gridtandem.program.solvers.highs import Held
from gridtandem.resources.part import Window
from tests.laws.random_regulation import regulated
from tests.tolerances import HULL, RESERVED

POINTS = 40  # at which a cost is held against the program it stands for
UP_DOWN = np.array([True, True, False, False])


@dataclass
class Sum:
    """Least cost of parts x within bounds whose weighted sums are θ: an oracle made of a linear program."""

    held: Held
    size: int

    @staticmethod
    def of(weights: np.ndarray, price: np.ndarray) -> Sum:
        m, n = weights.shape
        rows = {"sum": Rows.of(m, 0.0, 0.0, {"x": weights, "theta": -np.eye(m)})}
        held = hold(Program({"x": Columns.of(n, 0.0, 1.0, cost=price), "theta": Columns.of(m)}, rows))
        assert isinstance(held, Held)
        return Sum(held, m)

    def farthest(self, direction: np.ndarray) -> np.ndarray:
        return self.held.solve(cost={"x": 0.0, "theta": -direction}).require().x["theta"]

    def at_price(self, price: np.ndarray) -> tuple[np.ndarray, float]:
        answer = self.held.solve(cost={"theta": -price}).require()
        return answer.x["theta"], answer.cost + float(price @ answer.x["theta"])

    def at(self, theta: np.ndarray) -> float:
        return self.held.solve(bounds={"theta": (theta, theta)}).cost


def inside(found: VectorCost, rng: np.random.Generator) -> np.ndarray:
    """A point between a few of those that are known."""
    some = found.points[rng.integers(0, len(found.points), found.points.shape[1] + 2)]
    return np.asarray(rng.dirichlet(np.ones(len(some))) @ some)


def holds(oracle: Sum | AskedRegulated, found: VectorCost, seed: int) -> None:
    """Cuts lie nowhere above the cost, and nowhere below it; what the walls enclose can be reached, and nothing outside of them."""
    rng, scale = np.random.default_rng(seed), max(1.0, float(np.abs(found.cost).max()))
    for _ in range(POINTS):
        theta = inside(found, rng)
        truth, told = oracle.at(theta), float(found.at(theta))
        assert told <= truth + HULL * scale
        assert told >= truth - HULL * scale
    for normal, bound in zip(found.normal, found.bound, strict=True):
        assert normal @ oracle.farthest(normal) <= bound + RESERVED * max(1.0, abs(bound), float(np.abs(normal).max()))


@given(seed=st.integers(0, 2**31), size=st.integers(1, 3), parts=st.integers(3, 6))
@settings(max_examples=25, deadline=None)
def test_the_cost_of_a_weighted_sum(seed: int, size: int, parts: int) -> None:
    rng = np.random.default_rng(seed)
    oracle = Sum.of(rng.normal(size=(size, parts)), rng.uniform(1.0, 50.0, parts))
    found = vector_cost(oracle, size, most=5000)
    assert found is not None
    holds(oracle, found, seed)


def test_a_flat_domain_is_searched_within_its_plane() -> None:
    """Two of three coordinates move together, and in the second case nothing moves at all."""
    plane = Sum.of(np.array([[1.0, 2.0], [2.0, 4.0], [0.5, -1.0]]), np.array([3.0, 5.0]))
    found = vector_cost(plane, 3, most=100)
    assert found is not None
    holds(plane, found, 0)
    assert np.isinf(found.at(np.array([1.0, 2.5, 0.0])))
    point = Sum.of(np.zeros((2, 1)), np.array([3.0]))
    still = vector_cost(point, 2, most=100)
    assert still is not None
    assert len(still.constant) == 1
    assert abs(float(still.at(np.zeros(2)))) <= HULL
    assert np.isinf(still.at(np.array([0.1, 0.0])))


def test_a_cost_without_kinks_is_one_plane() -> None:
    found = vector_cost(Sum.of(np.eye(3), np.array([1.0, 2.0, 3.0])), 3, most=1)
    assert found is not None
    assert np.abs(found.slope - [1.0, 2.0, 3.0]).max() <= HULL


def test_more_planes_than_wanted_are_no_answer() -> None:
    rng = np.random.default_rng(0)
    assert vector_cost(Sum.of(rng.normal(size=(2, 6)), rng.uniform(1.0, 50.0, 6)), 2, most=3) is None


@pytest.mark.parametrize("seed", range(6))
def test_the_cost_of_a_feeder_that_regulates(seed: int) -> None:
    for model in regulated(seed).models:
        feeder = FeederProblem.of(model, 0, Window(hours=0.5), flow=("apparent", "active")[seed % 2])
        asked = AskedRegulated.of(RegulatedFeeder.of(feeder, UP_DOWN))
        assert asked.served
        found = asked.cost(most=5000)
        assert found is not None
        holds(asked, found, seed)
        assert found.points[:, 1:].min() >= -RESERVED
        energy = Asked.of(feeder).curve()
        assert energy is not None
        for x in np.linspace(energy.offer.x[0], energy.offer.x[-1], 9):  # without regulation it is the cost by exchange
            assert abs(float(found.at(np.array([-x, 0.0, 0.0]))) - float(energy.offer.at(x))) <= HULL * max(1.0, abs(energy.offer.cost).max())
