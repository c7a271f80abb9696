"""Feeders as arrays: the toy of two feeders, and random radial ones."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from gridtandem.architecture.simulation.day import Wires
from gridtandem.architecture.simulation.offered import Offered
from gridtandem.tables import Real


def wires(h: ArrayLike, there: ArrayLike, low: ArrayLike, high: ArrayLike, h_shed: ArrayLike | None = None) -> Wires:
    effect = np.array(h, float)
    shed = np.zeros((len(effect), 0)) if h_shed is None else np.array(h_shed, float)
    return Wires(
        h=effect, there=np.array(there, float), low=np.array(low, float), high=np.array(high, float), h_shed=shed,
        label=tuple(f"row {k}" for k in range(len(effect))),
    )  # fmt: skip


def offered(least: ArrayLike, most: ArrayLike, price: ArrayLike, unit: ArrayLike | None = None) -> Offered:
    top = np.array(most, float)
    return Offered(
        np.array(np.broadcast_to(least, top.shape), float), top, np.array(np.broadcast_to(price, top.shape), float),
        np.arange(top.shape[1]) if unit is None else np.array(unit),
    )  # fmt: skip


# feeder 1: a and e at the far node, b at the near one, |near − far| ≤ 3; feeder 2: c far, d near, |root − near| ≤ 8
A_E_B = (wires([[-1, -1, 0]], [[6]], [-3], [3]), offered(0, [[10, 6, 4]], [25, 28, 45]))
C_D = (wires([[-1, -1]], [[14]], [-8], [8]), offered(0, [[6, 12]], [30, 40]))


def radial(seed: int, *, periods: int = 4, nodes: int = 7, steps: int = 6, tight: float = 1.0) -> tuple[Wires, Offered]:
    """A random tree: flows of its edges, and squared voltages of its nodes by common resistance, as LinDistFlow has them.

    Rows are scaled by the strongest effect; ratings and band allow the load itself, but not all generation.
    """
    rng = np.random.default_rng(seed)
    parent = [-1, *(int(rng.integers(0, k)) for k in range(1, nodes))]
    below = np.eye(nodes)
    for k in range(nodes - 1, 0, -1):
        below[parent[k]] += below[k]
    below = below[1:]  # (edge, node)
    common = below.T @ (rng.uniform(0.5, 2.0, nodes - 1)[:, None] * below) / nodes
    at = rng.integers(1, nodes, steps)
    load = rng.uniform(0.2, 1.5, (periods, nodes)) * rng.uniform(0.6, 1.2, (periods, 1))
    flow, volts = -below, common[1:]
    h_node = np.vstack([flow / 1.0, volts / np.maximum(volts.max(1, keepdims=True), 1e-9)])
    there = -load @ h_node.T
    width = np.abs(there).max(0) * rng.uniform(1.02, 1.5, len(h_node)) * tight
    most = rng.uniform(0.5, 4.0, (periods, steps))
    least = np.where(rng.random(steps) < 0.3, -rng.uniform(0.1, 1.0, (periods, steps)), 0.0)
    price = np.round(rng.uniform(10, 60, (periods, steps)))
    return wires(h_node[:, at], there, -width, width, h_node[:, 1:]), offered(least, most, price, rng.integers(0, steps, steps))


def mixed(seed: int) -> tuple[Wires, Offered]:
    """Effects of both signs and limits that may be impossible."""
    rng = np.random.default_rng(seed)
    rows, steps, periods = rng.integers(1, 6), rng.integers(1, 7), 3
    h = np.where(rng.random((rows, steps)) < 0.3, 0.0, rng.uniform(-1, 1, (rows, steps)))
    low, high = (np.where(rng.random(rows) < 0.2, np.inf, rng.uniform(0, 5, rows)) for _ in range(2))
    least = np.where(rng.random((periods, steps)) < 0.4, -rng.uniform(0, 4, (periods, steps)), 0.0)
    most, price = rng.uniform(0, 6, (periods, steps)), np.round(rng.uniform(10, 60, (periods, steps)))
    return wires(h, rng.uniform(-6, 6, (periods, rows)), -low, high), offered(least, most, price, rng.integers(0, 3, steps))


def free(feeder: Wires) -> Wires:
    """The same without limits."""
    return replace(feeder, low=np.full_like(feeder.low, -np.inf), high=np.full_like(feeder.high, np.inf))


def worst(feeder: Wires, low: Real, high: Real) -> Real:
    """By how much the worst corner of a box breaks each row (period, row)."""
    up, down = np.maximum(feeder.h, 0.0), np.minimum(feeder.h, 0.0)
    top, bottom = feeder.there + high @ up.T + low @ down.T, feeder.there + low @ up.T + high @ down.T
    return np.maximum(np.maximum(top - feeder.high, feeder.low - bottom), 0.0)
