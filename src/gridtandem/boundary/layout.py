"""How the fields of a letter lie along the interfaces, and what follows from it: splitting, joining, counting, comparing.

``dense`` is (scenario, period, interface, …); ``long`` has one row per entry and a column ``interface``, for ragged matter; a further column
``other`` names a second interface of the same party;
``common`` is the same for everyone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from typing import Any, Generic, TypeVar, final, get_args

import numpy as np

from gridtandem.tables import Index

R = TypeVar("R")
L = TypeVar("L")

NAMES = ("interface", "other")  # long columns that number interfaces; the first says to whom a row belongs


@final
@dataclass(frozen=True, slots=True)
class Lie:
    """Declaration of one field of a letter."""

    lies: str
    meaning: str
    unit: str
    dtype: str


def dense(meaning: str, unit: str = "1", dtype: str = "f8", *, default: Any = MISSING) -> Any:
    """Declare a field (scenario, period, interface, …)."""
    return field(default=default, metadata={"lie": Lie("dense", meaning, unit, dtype)})


def long(meaning: str, unit: str = "1", dtype: str = "f8") -> Any:
    """Declare a field with one row per entry."""
    return field(metadata={"lie": Lie("long", meaning, unit, dtype)})


def common(meaning: str, unit: str = "1", *, default: Any = MISSING) -> Any:
    """Declare a field that is the same for every interface, or a record whose own fields say how they lie."""
    return field(default=default, metadata={"lie": Lie("common", meaning, unit, "")})


class Ask(Generic[R]):
    """A question whose reply has type ``R``."""

    __slots__ = ()


def reply_type(question: type[Ask[R]]) -> type[R]:
    """The type that answers a question, read from its declaration."""
    found: type[R] = get_args(question.__orig_bases__[0])[0]  # type: ignore[attr-defined]
    return found


def lies(letter: object) -> dict[str, Lie]:
    """The declarations of a letter's fields."""
    return {f.name: f.metadata["lie"] for f in fields(letter)}  # type: ignore[arg-type]


def split(letter: L, rows: Index) -> L:
    """The part of a letter that concerns these interfaces."""
    at = getattr(letter, "interface", None)
    mine = None if at is None else np.isin(at, rows)
    place = {int(r): k for k, r in enumerate(rows)}

    def part(name: str, lie: Lie) -> Any:
        whole = getattr(letter, name)
        if lie.lies == "dense":
            return whole[:, :, rows]
        if lie.lies == "long":
            return np.array([place[int(r)] for r in whole[mine]], np.int64) if name in NAMES else whole[mine]
        return split(whole, rows) if is_dataclass(whole) else whole

    return type(letter)(**{name: part(name, lie) for name, lie in lies(letter).items()})


def join(parts: Sequence[tuple[Index, L]], width: int) -> L:
    """Replies of several parties as one reply over all interfaces; rows of ``long`` fields in the order of their interfaces."""
    first = parts[0][1]
    of_rows = [rows[getattr(p, NAMES[0])] for rows, p in parts] if hasattr(first, NAMES[0]) else []
    order = np.argsort(np.concatenate(of_rows), kind="stable") if of_rows else np.empty(0, np.int64)

    def whole(name: str, lie: Lie) -> Any:
        example = getattr(first, name)
        if lie.lies == "common":
            return join([(rows, getattr(p, name)) for rows, p in parts], width) if is_dataclass(example) else example
        if lie.lies == "long":
            return np.concatenate([rows[getattr(p, name)] if name in NAMES else getattr(p, name) for rows, p in parts])[order]
        out = np.empty((*example.shape[:2], width, *example.shape[3:]), example.dtype)
        for rows, p in parts:
            out[:, :, rows] = getattr(p, name)
        return out

    return type(first)(**{name: whole(name, lie) for name, lie in lies(first).items()})


def numbers(thing: object) -> int:
    """How many numbers a letter carries. Marks (worth codes, flags) are not numbers; names are."""
    if isinstance(thing, np.ndarray):
        return 0 if thing.dtype.itemsize == 1 else int(thing.size)
    if isinstance(thing, tuple | list):
        return sum(map(numbers, thing))
    if is_dataclass(thing) and not isinstance(thing, type):
        return sum(numbers(getattr(thing, f.name)) for f in fields(thing))
    return int(isinstance(thing, int | float | str) and not isinstance(thing, bool))


def distance(one: object, other: object) -> float:
    """Largest difference between two letters of a kind, relative to 1 or to the number itself, whichever is larger."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        if one.shape != other.shape:
            return float("inf")
        if one.dtype.itemsize == 1 or one.size == 0:
            return 0.0
        same = (one == other) | (np.isnan(one) & np.isnan(other))
        with np.errstate(invalid="ignore"):
            apart = np.where(same, 0.0, abs(one - other) / np.maximum(1.0, abs(other)))
        return float(np.where(np.isnan(apart), np.inf, apart).max())
    if is_dataclass(one) and not isinstance(one, type):
        return max((distance(getattr(one, f.name), getattr(other, f.name)) for f in fields(one)), default=0.0)
    return 0.0 if one == other else float("inf")
