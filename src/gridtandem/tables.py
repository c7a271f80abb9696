"""Frozen tables of numpy columns. A column is declared once; checks, files, reports and reference pages follow from it.

Array order wherever more than one axis exists: (scenario, period, interface, quantity).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridtandem.errors import Fault, InvalidCase

if TYPE_CHECKING:
    import pandas

Real = NDArray[np.float64]
Index = NDArray[np.int64]
Complex = NDArray[np.complex128]
Code = NDArray[np.int8]
Flag = NDArray[np.bool_]
Names = NDArray[np.str_]

T = TypeVar("T", bound="Table")

SHOWN = 10  # rows that a table prints of itself


@final
@dataclass(frozen=True, slots=True)
class Column:
    """What a column promises."""

    meaning: str
    unit: str = "1"
    dtype: str = "f8"  # f8 number, i8 integer or row, ? yes/no, U name
    default: float | int | bool | str | None = None  # None: the column must be given
    above: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    finite: bool = True  # False: ±inf is allowed and means "no limit"
    refers: str = ""  # name of the table whose rows it holds; files write the row's name
    unique: bool = False
    choices: tuple[str, ...] = ()  # words of an integer code, in order; files write the word
    parts: tuple[str, ...] = ()  # labels of the trailing axes, flattened, e.g. ("aa", "ab", …)
    shape: tuple[int, ...] = ()  # trailing axes


def column(
    meaning: str,
    *,
    unit: str = "1",
    dtype: str = "f8",
    default: float | int | bool | str | None = None,
    above: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    finite: bool = True,
    refers: str = "",
    unique: bool = False,
    choices: tuple[str, ...] = (),
    parts: tuple[str, ...] = (),
    shape: tuple[int, ...] = (),
) -> Any:
    """Declare a column of a `Table`."""
    declared = Column(
        meaning, unit, dtype, default, above, at_least, at_most, finite, refers, unique, choices, parts, shape or (len(parts),) * bool(parts)
    )
    if default is None:
        return field(metadata={"column": declared})
    return field(default=cast(Any, None), metadata={"column": declared})


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Table:
    """Equally long, read-only columns. Subclasses are final, frozen and keyword-only."""

    kind: ClassVar[str] = "table"

    def __post_init__(self) -> None:
        given = (getattr(self, name) for name in self.columns())
        size = next((np.shape(v)[0] for v in given if np.ndim(v) > 0), 0)
        for name, spec in self.columns().items():
            value = getattr(self, name)
            if value is None:
                value = np.full((size, *spec.shape), spec.default, dtype=spec.dtype if spec.dtype != "U" else str)
            array = np.array(value, dtype=str if spec.dtype == "U" else spec.dtype)
            if array.shape != (size, *spec.shape):
                raise ValueError(f"{self.kind}.{name} has shape {array.shape}, not {(size, *spec.shape)}")
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @classmethod
    def columns(cls) -> dict[str, Column]:
        """The declarations, in order."""
        return _declared(cast(Any, cls))

    @classmethod
    def of(cls: type[T], given: Mapping[str, ArrayLike]) -> T:
        """Build from plain data; missing, unknown and unreadable columns are all reported at once."""
        faults, ready = [], {}
        known = cls.columns()
        for name in given:
            if name not in known:
                faults.append(Fault(cls.kind, "has no such column", f"columns are: {', '.join(known)}", "case-001", column=name))
        for name, spec in known.items():
            if name not in given:
                if spec.default is None:
                    faults.append(Fault(cls.kind, "is missing", f"add it: {spec.meaning} [{spec.unit}]", "case-002", column=name))
                continue
            try:
                ready[name] = np.array(given[name], dtype=str if spec.dtype == "U" else spec.dtype)
            except (TypeError, ValueError) as e:
                faults.append(Fault(cls.kind, f"cannot be read as {spec.dtype}: {e}", "correct the value", "case-003", column=name))
        if faults:
            raise InvalidCase(faults)
        return cls(**ready)

    @classmethod
    def empty(cls: type[T]) -> T:
        """The table with no row."""
        return cls(**{n: np.empty((0, *c.shape), dtype=str if c.dtype == "U" else c.dtype) for n, c in cls.columns().items()})

    def __len__(self) -> int:
        return len(getattr(self, next(iter(self.columns()))))

    def take(self: T, rows: Index | Flag) -> T:
        """The table with these rows only."""
        return type(self)(**{name: getattr(self, name)[rows] for name in self.columns()})

    def label(self, row: int) -> str:
        """How people call a row: its name where it has one, else its number."""
        names = getattr(self, "name", None)
        return str(row + 1) if names is None else str(names[row])

    def faults(self) -> Iterator[Fault]:
        """Every promise of the declarations that the numbers break."""
        for name, spec in self.columns().items() if len(self) else ():
            values = getattr(self, name)
            if spec.dtype == "f8":
                yield from _number_faults(self, name, spec, values)
            if spec.dtype == "i8":
                yield from _integer_faults(self, name, spec, values)
            if spec.dtype == "U":
                yield from _name_faults(self, name, spec, values)

    def fault(self, row: int, column: str, what: str, mend: str, code: str) -> Fault:
        """A fault of one cell, addressed by the row's name."""
        return Fault(self.kind, what, mend, code, column=column, row=row, label=self.label(row))

    def digest(self) -> str:
        """SHA-256 of the content; equal tables have equal digests on every machine."""
        sha = hashlib.sha256(self.kind.encode())
        for name in self.columns():
            values = getattr(self, name)
            sha.update(name.encode())
            sha.update("\0".join(values.tolist()).encode() if values.dtype.kind == "U" else np.ascontiguousarray(values).tobytes())
        return sha.hexdigest()

    def frame(self) -> pandas.DataFrame:
        """The table as a pandas frame; trailing axes become columns of their own."""
        import pandas as pd

        flat: dict[str, Any] = {}
        for name, spec in self.columns().items():
            values = getattr(self, name)
            if spec.choices:
                values = np.array(spec.choices)[values]
            if spec.shape:
                flat |= {f"{name}[{p}]": values.reshape(len(values), len(spec.parts))[:, k] for k, p in enumerate(spec.parts)}
            else:
                flat[name] = values.astype(object) if values.dtype.kind == "U" else values
        return pd.DataFrame(flat)

    def __repr__(self) -> str:
        """The first rows in aligned columns; units are in the names or in the declarations."""
        count = "1 row" if len(self) == 1 else f"{len(self)} rows"
        columns = {name: [_cell(x, spec) for x in getattr(self, name)[:SHOWN]] for name, spec in self.columns().items() if not spec.shape}
        width = {name: max(map(len, [name, *cells])) for name, cells in columns.items()}
        rows = zip(*columns.values(), strict=True)
        lines = ["  ".join(name.rjust(width[name]) for name in columns)]
        lines += ["  ".join(cell.rjust(w) for cell, w in zip(row, width.values(), strict=True)) for row in rows]
        return "\n".join([f"{type(self).__name__}: {count}", *lines, *(["…"] if len(self) > SHOWN else [])])


def _number_faults(table: Table, name: str, spec: Column, values: Real) -> Iterator[Fault]:
    if _within(spec, values):
        return
    per_row = values.reshape(len(values), int(np.prod(spec.shape)))
    nothing, unlimited = np.zeros(per_row.shape, bool), "" if spec.finite else ", or give inf for no limit"
    broken: tuple[tuple[Flag, str, str, str], ...] = (
        (np.isnan(per_row), "is not a number", "give a number" + unlimited, "case-010"),
        (np.isinf(per_row) & spec.finite, "is infinite", "give a finite number", "case-011"),
        (nothing if spec.above is None else per_row <= spec.above, f"must be above {spec.above}", "correct the value" + unlimited, "case-012"),
        (nothing if spec.at_least is None else per_row < spec.at_least, f"must be at least {spec.at_least}", "correct the value", "case-013"),
        (nothing if spec.at_most is None else per_row > spec.at_most, f"must be at most {spec.at_most}", "correct the value", "case-014"),
    )
    for where, what, mend, code in broken:
        for row, part in zip(*np.nonzero(where), strict=True):
            value = "" if code == "case-010" else f" (is {per_row[row, part]:g}{_unit(spec.unit)})"
            yield table.fault(int(row), name, what + value, mend, code)


def _within(spec: Column, values: Real) -> bool:
    """Whether all numbers keep the declaration; by the two ends, since that is nearly always so. NaN is at both ends and keeps none."""
    if not values.size:
        return True
    least, most = float(values.min()), float(values.max())
    low, high = -np.inf if spec.at_least is None else spec.at_least, np.inf if spec.at_most is None else spec.at_most
    ends = bool(np.isfinite(least) and np.isfinite(most)) if spec.finite else least <= most
    return ends and low <= least and most <= high and (spec.above is None or least > spec.above)


def _integer_faults(table: Table, name: str, spec: Column, values: Index) -> Iterator[Fault]:
    low = 0 if spec.choices else -np.inf if spec.at_least is None else spec.at_least
    high = len(spec.choices) - 1 if spec.choices else np.inf if spec.at_most is None else spec.at_most
    if not values.size or (low <= values.min() and values.max() <= high):
        return
    per_row = values.reshape(len(values), int(np.prod(spec.shape)))
    for row, part in zip(*np.nonzero((per_row < low) | (per_row > high)), strict=True):
        must = f"one of {', '.join(spec.choices)}" if spec.choices else f"at least {low:g}"
        yield table.fault(int(row), name, f"is {per_row[row, part]}", f"it must be {must}", "case-015")


def _name_faults(table: Table, name: str, spec: Column, values: Names) -> Iterator[Fault]:
    if not spec.unique:
        return
    for row in np.flatnonzero(np.char.str_len(values) == 0):
        yield table.fault(int(row), name, "is empty", "give a name", "case-016")
    if len(set(values.tolist())) < len(values):
        seen, count = np.unique(values, return_counts=True)
        for twice in seen[count > 1]:
            rows = np.flatnonzero(values == twice)
            yield table.fault(int(rows[1]), name, f"{str(twice)!r} stands in {len(rows)} rows", "names must be unique", "case-017")


@cache
def _declared(kind: type) -> dict[str, Column]:
    return {f.name: f.metadata["column"] for f in fields(kind)}


def _cell(x: Any, spec: Column) -> str:
    if spec.choices:
        return spec.choices[int(x)]
    if spec.dtype == "?":
        return "yes" if x else "no"
    return f"{x:.6g}" if spec.dtype == "f8" else str(x)


def _unit(unit: str) -> str:
    return "" if unit == "1" else f" {unit}"


def stacked(kind: type[T], parts: Sequence[T]) -> T:
    """Tables below each other."""
    if not parts:
        return kind.empty()
    return kind(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in kind.columns()})
