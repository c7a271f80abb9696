"""Prices inside a feeder that regulates: derivatives of its cost by demand and by regulation asked for at a node."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridtandem.cases.join import bundle
from gridtandem.cases.named import case
from gridtandem.grid.network import Network
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.regulated import RegulatedFeeder
from gridtandem.program.answer import Answer
from gridtandem.program.arrays import Program, Rows
from gridtandem.program.solve import solve
from gridtandem.resources.part import Window
from gridtandem.schemes.ideal import Ideal
from gridtandem.study.market.study import MarketStudy, seated
from tests.laws.random_regulation import regulated
from tests.tolerances import PRICE_STEP, RESERVE_PRICE

UP_DOWN = np.array([True, True, False, False])


def priced(program: Program, energy: float, capacity: np.ndarray) -> Answer:
    """The answer to prices of energy and capacity, with exchange and sales free."""
    columns = {**program.columns, "z": replace(program.columns["z"], cost=np.array([energy]))}
    columns["reserve"] = replace(columns["reserve"], cost=-np.append(capacity, [0.0, 0.0])[None])
    return solve(replace(program, columns=columns)).require()


def regulated_feeder(net: Network) -> RegulatedFeeder:
    return RegulatedFeeder.of(FeederProblem.of(net, 0, Window()), UP_DOWN)


def test_prices_at_nodes_are_derivatives() -> None:
    """Energy: the optimum is a vertex that a small step does not leave. Regulation: where nothing of it is sold, limits with and without it called
    are the same twice, so that its price may be any between the derivatives from both sides.
    """
    rng, sharp = np.random.default_rng(0), 0
    golden = [bundle(m) for m in case("golden-3bus-regulation").models] * 4
    for net in (*(model for seed in range(2) for model in regulated(seed, many=3).models), *golden):
        made, (energy, *capacity) = regulated_feeder(net), rng.uniform([20.0, 3.0, 3.0], [60.0, 12.0, 12.0])
        paid = np.array(capacity)
        state = made.state(priced(made.program, energy, paid))
        for k, load in enumerate(net.loads.bus.tolist()):
            cost = []
            for way in (1, -1):
                p = net.loads.p_mw.copy()
                p[k] += way * PRICE_STEP
                cost.append(priced(regulated_feeder(replace(net, loads=replace(net.loads, p_mw=p))).program, energy, paid).cost)
            node = made.feeder.nodal.node[load]
            assert abs((cost[0] - cost[1]) / (2 * PRICE_STEP) - state.feeder.price[0, node]) <= RESERVE_PRICE
            for row, way, price in ((0, "up", state.price_up), (1, "down", state.price_down)):
                steps = [priced(asked_at(made, int(node), (row, way), step), energy, paid).cost for step in (-PRICE_STEP, 0.0, PRICE_STEP)]
                below, above = np.diff(steps) / PRICE_STEP
                assert below - RESERVE_PRICE <= price[0, node] <= above + RESERVE_PRICE
                sharp += int(above - below <= RESERVE_PRICE < abs(price[0, node] - paid[row]))
    assert sharp > 4  # prices that are no price at the root, and no kink


def asked_at(made: RegulatedFeeder, node: int, which: tuple[int, str], step: float) -> Program:
    """The program with so much regulation consumed at a node when it is called, beside what is sold at the root."""
    row, way = which
    rows, sign = dict(made.program.rows), 1.0 if way == "up" else -1.0
    sold, limit = rows["sold"], rows[f"limit_{way}"]
    more = np.zeros(sold.shape)
    more[0, row] = step
    moved = sign * step * made.feeder.limits.p.toarray()[made.reach[way], node][None]
    rows["sold"] = Rows(sold.low + more, sold.high + more, sold.parts)
    rows[f"limit_{way}"] = Rows(limit.low + moved, limit.high + moved, limit.parts)
    return replace(made.program, rows=rows)


def test_limits_make_prices_somewhere() -> None:
    """Otherwise the law above would test one price at every node."""
    apart = []
    for seed in range(6):
        pool = seated(MarketStudy(case=regulated(seed), scheme=Ideal())).pool
        best = pool.solve().require()
        states = [f.state(pool.part(best, i)) for i, f in enumerate(pool.regulated)]
        apart += [max(np.ptp(s.price_up), np.ptp(s.price_down)) for s in states]
    assert max(apart) > 1.0
