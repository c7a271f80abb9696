"""What statements of a MATPOWER file compute with: tables of numbers, texts and lists of texts; element-wise rules, bounded in size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias, final

import numpy as np

from gridtandem.tables import Real

Value: TypeAlias = "Real | str | list[str]"  # numbers are (row, column) tables, a scalar is 1 × 1
Bindings: TypeAlias = "dict[str, Value | None]"  # None: the statement that should have made it was refused

LARGEST: Final = 3_000_000  # elements of one table; the largest published case needs half of it
WORK: Final = 100_000_000  # elements that all statements of a file may compute together
FUNCTIONS: Final[dict[str, Callable[[Real], Real]]] = {
    "abs": np.abs, "acos": np.arccos, "asin": np.arcsin, "atan": np.arctan, "cos": np.cos, "exp": np.exp, "sin": np.sin, "sqrt": np.sqrt,
    "tan": np.tan,
}  # fmt: skip
NUMBERS: Final = {"pi": np.pi, "Inf": np.inf, "inf": np.inf, "NaN": np.nan, "nan": np.nan}


@final
class Refused(Exception):
    """Why a statement cannot be executed; empty where an earlier refusal is the cause."""


@final
@dataclass(slots=True)
class Budget:
    """What a file may still compute."""

    left: int = WORK

    def spend(self, value: Value) -> Value:
        """The value, paid for."""
        self.left -= 1 if isinstance(value, str) else len(value) if isinstance(value, list) else value.size
        if self.left < 0:
            raise Refused("the statements compute too much")
        return value


def scalar(number: float) -> Real:
    """A number as the 1 × 1 table it is."""
    return np.array([[number]], np.float64)


def table(value: Value) -> Real:
    """The numbers, or a refusal."""
    if isinstance(value, str | list):
        raise Refused("text stands where a number is needed")
    return value


def as_text(value: Value) -> str:
    """An entry of a list in braces."""
    return value if isinstance(value, str) else " ".join(value) if isinstance(value, list) else " ".join(f"{x:.17g}" for x in value.ravel())


def lone(value: Value) -> bool:
    """Is it a single number?"""
    return table(value).shape == (1, 1)


def single(value: Value, what: str) -> float:
    """The single number, or a refusal."""
    if not lone(value):
        raise Refused(f"{what} needs single numbers")
    return float(table(value)[0, 0])


def elementwise(rule: Callable[[Real, Real], Real], left: Value, right: Value) -> Real:
    """A rule applied element by element; a single row, column or number is repeated as needed."""
    a, b = table(left), table(right)
    for m, n in zip(a.shape, b.shape, strict=True):
        if m != n and 1 not in (m, n):
            raise Refused(f"the sizes {a.shape[0]}×{a.shape[1]} and {b.shape[0]}×{b.shape[1]} do not go together")
    if max(a.shape[0], b.shape[0]) * max(a.shape[1], b.shape[1]) > LARGEST:
        raise Refused("the result is too large")
    with np.errstate(all="ignore"):
        return np.asarray(rule(a, b), np.float64)


def joined(rows: list[list[Value]]) -> Real:
    """``[a b; c d]`` of tables."""
    tables = [[table(v) for v in row] for row in rows]
    if sum(t.size for row in tables for t in row) > LARGEST:
        raise Refused("the table is too large")
    try:
        return np.vstack([np.hstack(row) for row in tables]) if tables else np.empty((0, 0))
    except ValueError as e:
        raise Refused("its rows have different lengths") from e
