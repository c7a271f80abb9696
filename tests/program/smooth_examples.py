"""Small smooth programs with known answers, from W. Hock and K. Schittkowski, "Test Examples for Nonlinear Programming Codes", 1981."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from gridtandem.program.smooth import Entries, Groups, Smooth, Span


@dataclass(frozen=True)
class Dense:
    """Functions whose derivatives are all written out."""

    cost: Callable
    gradient: Callable
    rows: Callable
    jacobian: Callable
    hessian: Callable  # of (x, weight, multiplier), a matrix

    def values(self, x):
        return float(self.cost(x)), np.array(self.rows(x), float)

    def slopes(self, x):
        return np.array(self.gradient(x), float), np.array(self.jacobian(x), float).ravel()

    def curvature(self, x, weight, multiplier):
        full = np.array(self.hessian(x, weight, multiplier), float)
        return full[np.tril_indices(len(x))]


def dense(functions: Dense, start, low, high, row_low, row_high) -> Smooth:
    n, m = len(start), len(row_low)
    row, column = np.divmod(np.arange(n * m), n)
    return Smooth(
        {"x": Span.of(n, low, high)}, {"g": Span(np.array(row_low, float), np.array(row_high, float))}, functions, Entries(row, column),
        Entries(*np.tril_indices(n)), np.array(start, float),
    )  # fmt: skip


def problem_71(start=(1, 5, 5, 1)) -> Smooth:
    """min x1 x4 (x1 + x2 + x3) + x3 under a product of at least 25 and a sum of squares of 40; cost 17.0140173."""

    def hessian(x, w, y):
        a, b, c, d = x
        f = np.array([[2 * d, d, d, 2 * a + b + c], [d, 0, 0, a], [d, 0, 0, a], [2 * a + b + c, a, a, 0]])
        g = np.array([[0, c * d, b * d, b * c], [c * d, 0, a * d, a * c], [b * d, a * d, 0, a * b], [b * c, a * c, a * b, 0]])
        return w * f + y[0] * g + 2 * y[1] * np.eye(4)

    functions = Dense(
        lambda x: x[0] * x[3] * x[:3].sum() + x[2],
        lambda x: [x[3] * (2 * x[0] + x[1] + x[2]), x[0] * x[3], x[0] * x[3] + 1, x[0] * x[:3].sum()],
        lambda x: [x.prod(), (x**2).sum()],
        lambda x: [[x[1] * x[2] * x[3], x[0] * x[2] * x[3], x[0] * x[1] * x[3], x[0] * x[1] * x[2]], 2 * x],
        hessian,
    )
    return dense(functions, start, 1, 5, [25, 40], [np.inf, 40])


def problem_6() -> Smooth:
    """min (1 − x1)² under 10 (x2 − x1²) = 0 from (−1.2, 1); cost 0."""
    functions = Dense(
        lambda x: (1 - x[0]) ** 2, lambda x: [2 * x[0] - 2, 0], lambda x: [10 * (x[1] - x[0] ** 2)], lambda x: [[-20 * x[0], 10]],
        lambda x, w, y: [[2 * w - 20 * y[0], 0], [0, 0]],  # noqa: ARG005
    )  # fmt: skip
    return dense(functions, [-1.2, 1], -np.inf, np.inf, [0], [0])


def problem_14() -> Smooth:
    """min (x1 − 2)² + (x2 − 1)² under an ellipse and a line; cost 9 − 2.875 √7."""
    functions = Dense(
        lambda x: (x[0] - 2) ** 2 + (x[1] - 1) ** 2, lambda x: [2 * x[0] - 4, 2 * x[1] - 2],
        lambda x: [x[0] ** 2 / 4 + x[1] ** 2, x[0] - 2 * x[1]], lambda x: [[x[0] / 2, 2 * x[1]], [1, -2]],
        lambda x, w, y: [[2 * w + y[0] / 2, 0], [0, 2 * w + 2 * y[0]]],  # noqa: ARG005
    )  # fmt: skip
    return dense(functions, [2, 2], -np.inf, np.inf, [-np.inf, -1], [1, -1])


def hill(start: float) -> Smooth:
    """min cos x over [−2, 5]: a saddle of nothing but a maximum at 0, minima at π and at −2."""
    functions = Dense(
        lambda x: np.cos(x[0]), lambda x: [-np.sin(x[0])], lambda x: [x[0]], lambda x: [[1.0]], lambda x, w, y: [[-w * np.cos(x[0])]],  # noqa: ARG005
    )  # fmt: skip
    return dense(functions, [start], -2, 5, [-np.inf], [np.inf])


def two_wells() -> Smooth:
    """min x² + y⁴/4 − y²/2 with z = x, from a start that meets the saddle at 0; minima of −1/4 at y = ±1."""
    functions = Dense(
        lambda x: x[0] ** 2 + x[1] ** 4 / 4 - x[1] ** 2 / 2, lambda x: [2 * x[0], x[1] ** 3 - x[1], 0.0], lambda x: [x[2] - x[0]],
        lambda x: [[-1.0, 0.0, 1.0]], lambda x, w, y: w * np.diag([2.0, 3 * x[1] ** 2 - 1, 0.0]),  # noqa: ARG005
    )  # fmt: skip
    made = dense(functions, [1, 0, 1], -4, 4, [0], [0])
    return replace(made, groups=Groups(unknown=np.array([0, 1, 0]), row=np.array([0])))


def apart() -> Smooth:
    """A circle and a line that do not meet: the nearest miss is 1."""
    functions = Dense(
        lambda x: x[0], lambda x: [1, 0], lambda x: [x[0] ** 2 + x[1] ** 2, x[0] + x[1]],  # noqa: ARG005
        lambda x: [[2 * x[0], 2 * x[1]], [1, 1]], lambda x, w, y: 2 * y[0] * np.eye(2),  # noqa: ARG005
    )  # fmt: skip
    return dense(functions, [0.5, 0.5], -10, 10, [-np.inf, 3], [4, 3])
