"""Random programs with an answer: small whole numbers, so that ties and degenerate vertices are common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from gridtandem.program.answer import Answer
from gridtandem.program.arrays import Columns, Cones, Program, Rows
from gridtandem.program.solve import Holding
from gridtandem.tables import Real

SEEDS = st.integers(0, 2**32 - 1)
Question = dict[str, Mapping[str, object]]


def random_program(seed: int, *, quadratic: bool = False, cones: bool = False) -> Program:
    """Two blocks of columns within bounds; equations, ranges and one-sided rows that some point satisfies."""
    rng = np.random.default_rng(seed)
    shapes, m = {"p": (int(rng.integers(1, 4)), 2), "q": (int(rng.integers(1, 5)),)}, int(rng.integers(1, 5))
    columns = {}
    for name, shape in shapes.items():
        curvature = rng.integers(0, 3, shape) if quadratic else 0.0
        columns[name] = Columns.of(shape, rng.integers(-3, 0, shape), rng.integers(1, 4, shape), cost=rng.integers(-4, 5, shape), quadratic=curvature)
    inside = {name: rng.uniform(0.5 * c.low, 0.5 * c.high) for name, c in columns.items()}
    equations = {name: rng.integers(-2, 3, (1, c.low.size)) for name, c in columns.items()}
    ranges = {name: rng.integers(-2, 3, (m, c.low.size)) * rng.integers(0, 2, (m, c.low.size)) for name, c in columns.items()}
    at = {k: sum(part[name] @ inside[name].ravel() for name in columns) for k, part in (("balance", equations), ("limit", ranges))}
    low = np.where(rng.integers(0, 3, m) == 0, -np.inf, at["limit"] - rng.integers(0, 2, m))
    high = np.where((rng.integers(0, 3, m) == 0) & np.isfinite(low), np.inf, at["limit"] + rng.integers(0, 2, m))
    rows = {"balance": Rows.of(1, at["balance"], at["balance"], equations), "limit": Rows.of(m, low, high, ranges)}
    if not cones:
        return Program(columns, rows, constant=float(rng.integers(-2, 3)))
    balls = {name: rng.integers(-2, 3, (2, 3, c.low.size)) for name, c in columns.items()}
    for ball in balls.values():
        ball[:, 0] = 0
    values = sum(balls[name].reshape(6, -1) @ inside[name].ravel() for name in columns).reshape(2, 3)
    right = np.stack([[1.0 + np.hypot(v[1], v[2]), 0.0, 0.0] for v in values])
    return Program(columns, rows, {"ball": Cones.of((2, 3), {k: b.reshape(6, -1) for k, b in balls.items()}, right)})


def random_question(program: Program, seed: int) -> Question:
    """Other costs, wider or moved sides, other bounds, each of them or not; the point that made the program stays inside."""
    rng = np.random.default_rng(seed)
    question: Question = {}
    if rng.integers(2):
        question["cost"] = {"p": program.columns["p"].cost + rng.normal(size=program.columns["p"].shape)}
    if rng.integers(2):
        limit = program.rows["limit"]
        question["right"] = {"limit": (limit.low - rng.random(limit.shape), limit.high + rng.random(limit.shape))}
    if rng.integers(2):
        q = program.columns["q"]
        question["bounds"] = {"q": (q.low * rng.uniform(0.5, 1.5), q.high * rng.uniform(0.5, 1.5))}
    if rng.integers(2):
        factors = {name: rng.integers(-1, 2, (2, c.low.size)) for name, c in program.columns.items()}
        far = sum(np.abs(part) @ np.maximum(-program.columns[name].low, program.columns[name].high).ravel() for name, part in factors.items())
        question["more"] = {"cut": Rows.of(2, -0.5 * far, np.inf, factors)}
    return question


def stated(program: Program, question: Question) -> Program:
    """The program that a question describes, as one of its own."""
    columns, rows = dict(program.columns), dict(program.rows)
    for name, cost in question.get("cost", {}).items():
        columns[name] = replace(columns[name], cost=np.broadcast_to(np.asarray(cost, float), columns[name].shape))
    for name, (low, high) in question.get("bounds", {}).items():  # type: ignore[misc]
        columns[name] = replace(columns[name], low=low, high=high)  # type: ignore[has-type]
    for name, (low, high) in question.get("right", {}).items():  # type: ignore[misc]
        rows[name] = replace(rows[name], low=low, high=high)  # type: ignore[has-type]
    return replace(program, columns=columns, rows=rows | dict(question.get("more", {})))  # type: ignore[arg-type]


def asked(held: Holding, question: Question) -> Answer:
    """The answer of a held program."""
    return held.solve(**question)  # type: ignore[arg-type]


def plane(program: Program, answer: Answer, question: Question) -> float:
    """What prices say of the cost after a change of sides and bounds: a lower one for convex programs."""
    value = answer.cost
    for kind, blocks, multipliers in (("right", program.rows, answer.price), ("bounds", program.columns, answer.reduced)):
        for name, (low, high) in question.get(kind, {}).items():  # type: ignore[misc]
            up, down = np.maximum(multipliers[name], 0.0), np.minimum(multipliers[name], 0.0)
            value += _moved(up, low, blocks[name].low) + _moved(down, high, blocks[name].high)  # type: ignore[index]
    return value


def _moved(price: Real, new: Real, old: Real) -> float:
    """Price times change where there is a price."""
    held = price != 0
    return float(np.sum(price[held] * (new[held] - old[held])))


def same_bits(a: Answer, b: Answer) -> bool:
    """Whether two answers are equal in every bit."""
    pairs = [(a.x, b.x), (a.price, b.price), (a.reduced, b.reduced)]
    equal = all(x.keys() == y.keys() and all(x[k].tobytes() == y[k].tobytes() for k in x) for x, y in pairs)
    return equal and a.status is b.status and np.array_equal([a.cost, a.bound], [b.cost, b.bound], equal_nan=True)
