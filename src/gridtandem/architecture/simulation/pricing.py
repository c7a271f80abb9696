"""Prices that are posted, and what answers them."""

from __future__ import annotations

import numpy as np

from gridtandem.architecture.simulation.clearing import Shown, cleared_bulk, shown_of
from gridtandem.architecture.simulation.scene import Scene
from gridtandem.tables import Real

WIDTH = 4.0  # currency/MWh over which the answer of a step goes from nothing to all of it
ADDERS = np.concatenate([[0.0], np.ravel([[x, -x] for x in (2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0, 96.0)])])  # tried in that order


def posted_price(scene: Scene) -> Real:
    """What the bulk market would ask (period, feeder) if no DER did anything: all that is known before any has answered."""
    day = scene.network
    idle = [Shown(s.least * 0, s.most * 0, s.price, s.draw) for s in shown_of(day, limits=False, draw=day.draw(day.idle))]
    return cleared_bulk(day, idle).price


def answer(least: Real, most: Real, cost: Real, price: Real) -> Real:
    """What steps (period, step) inject at a price (period): their range, as far as the price is above their cost, over `WIDTH`."""
    share = np.clip((price[:, None] - cost) / WIDTH + 0.5, 0.0, 1.0)
    return np.asarray(least + share * (most - least))


def adder(scene: Scene, feeder: int, mine: Real, others: Real, price: Real) -> Real:
    """Local addition to the price (period): the smallest tried that keeps the feeder's limits as the operator expects answers; else the best."""
    f = scene.network.feeders[feeder]
    cost = scene.asked_here[feeder]
    best, least_broken = np.zeros(len(price)), np.full(len(price), np.inf)
    for more in ADDERS.tolist():
        y = np.where(mine > 0, answer(f.steps.least, f.steps.most, cost, price + more), others)
        broken = f.wires.beyond(y).sum(1)
        better = broken < least_broken - 1e-9
        best, least_broken = np.where(better, more, best), np.where(better, broken, least_broken)
    return best
