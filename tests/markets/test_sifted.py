"""A clearing that sets far orders aside gives what the whole program gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.markets import sifted as module
from gridtandem.markets.energy import Orders, Wires, market
from gridtandem.markets.sifted import sifted
from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.program.solve import solve
from tests.tolerances import OPTIMUM, VERTEX

PERIODS, EACH = 2, 400


def two_places(line: float, demand: float = 1000.0) -> tuple[Program, Orders]:
    """Cheap orders at one node, dear ones at the other, a line between, and load that is shed at a price above all of them."""
    rng = np.random.default_rng(1)
    size = PERIODS * EACH
    node = rng.integers(0, 2, size)
    orders = Orders(
        period=np.repeat(np.arange(PERIODS), EACH), node=node, low=np.zeros(size), high=rng.uniform(1, 20, size),
        price=np.where(node == 0, rng.uniform(0, 50, size), rng.uniform(30, 90, size)), slope=np.zeros(size),
    )  # fmt: skip
    columns = {"flow": Columns.of((PERIODS,), -line, line), "shed": Columns.of((PERIODS,), 0.0, 900.0, cost=1000.0)}
    balance = {name: np.kron(np.eye(PERIODS), np.array([[a], [1.0]])) for name, a in (("flow", -1.0), ("shed", 0.0))}
    fixed = np.tile([-0.2 * demand, -0.8 * demand], (PERIODS, 1)) * np.array([[1.0], [1.3]])
    return market(orders, fixed, Wires(periods=PERIODS, nodes=2, columns=columns, balance=balance), hours=1.0), orders


@pytest.mark.parametrize(("bins", "line"), [(2, 1e4), (16, 500.0), (16, 300.0), (4, 400.0), (1000, 400.0)])
def test_it_is_the_whole_clearing(bins: int, line: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BINS", bins)
    monkeypatch.setattr(module, "MANY", 1)
    program, orders = two_places(line)
    found, truth = sifted(program, 2 * orders.period + orders.node), solve(program).require()
    assert found is not None
    assert found.cost == pytest.approx(truth.cost, rel=OPTIMUM)
    assert found.price["balance"] == pytest.approx(truth.price["balance"], rel=VERTEX)
    assert found.x["order"] == pytest.approx(truth.x["order"], abs=OPTIMUM)
    assert found.reduced["order"] == pytest.approx(truth.reduced["order"], abs=OPTIMUM)


def test_orders_set_aside_come_back_where_their_reduced_cost_disagrees(monkeypatch: pytest.MonkeyPatch) -> None:
    """A coarse clearing that takes the dear ones first: without the check they would stay."""
    monkeypatch.setattr(module, "BINS", 16)
    right = module._summed
    monkeypatch.setattr(module, "_summed", lambda *given: replace(made := right(*given), cost=100.0 - made.cost))
    monkeypatch.setattr(module, "MANY", 1)
    program, orders = two_places(400.0)
    found, truth = sifted(program, 2 * orders.period + orders.node), solve(program).require()
    assert found is not None
    assert found.cost == pytest.approx(truth.cost, rel=OPTIMUM)
    monkeypatch.setattr(module, "DUAL", 1e9)
    careless = sifted(program, 2 * orders.period + orders.node)
    assert careless is not None
    assert careless.cost > truth.cost * 1.01


def test_rows_over_orders_count_in_their_price(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit on the sum of some orders, as ramps set it."""
    monkeypatch.setattr(module, "BINS", 8)
    monkeypatch.setattr(module, "MANY", 1)
    program, orders = two_places(1e4)
    some = (np.arange(len(orders.price)) % 7 == 0).astype(float)[None]
    most = 0.9 * float(some[0] @ solve(program).require().x["order"])
    program = replace(program, rows={**program.rows, "cap": Rows.of((1,), -np.inf, most, {"order": some})})
    found, truth = sifted(program, 2 * orders.period + orders.node), solve(program).require()
    assert found is not None
    assert truth.price["cap"][0] < 0
    assert found.cost == pytest.approx(truth.cost, rel=OPTIMUM)
    assert found.price["cap"] == pytest.approx(truth.price["cap"], rel=VERTEX)


def test_small_and_impossible_clearings_are_left_to_the_whole_program(monkeypatch: pytest.MonkeyPatch) -> None:
    program, orders = two_places(1e4)
    assert sifted(program, 2 * orders.period + orders.node) is None
    monkeypatch.setattr(module, "MANY", 1)
    program, orders = two_places(1e4, demand=1e5)
    assert sifted(program, 2 * orders.period + orders.node) is None
