"""Tables as CSV text and back, exactly: names for rows, words for codes, shortest numbers that read back the same.

The reader takes what spreadsheets write (byte-order mark, `;` or tab as separator, quotes, blank rows) and reports every fault of a
file at once. A column that holds only its default is left out; an empty cell means the default.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Generic, TypeAlias, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from gridtandem.errors import Fault
from gridtandem.tables import Column, Names, Table

T = TypeVar("T", bound=Table)
T_co = TypeVar("T_co", bound=Table, covariant=True)
Cell: TypeAlias = "float | int | bool | str"
Cells: TypeAlias = "NDArray[np.generic]"
Lookup = Mapping[str, Sequence[str] | None]  # names of the rows of each table; None: that table could not be read

LOST: Mapping[str, float | int | bool | str] = {"f8": float("nan"), "i8": -2, "?": True, "U": ""}  # stands where a cell could not be read
FLAGS = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
NEEDS_QUOTES = re.compile(r"""[",;\t\r\n]""")
SUGGESTIONS = 20  # names looked up for "did you mean"; more faults than that are not shown anyway


@final
@dataclass(frozen=True, slots=True)
class Sheet:
    """The cells of a CSV file, blank rows gone."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]  # line of each row in the file
    faults: tuple[Fault, ...]

    def cells(self, column: str) -> list[str]:
        """One column."""
        k = self.header.index(column)
        return [row[k] for row in self.rows]


@final
@dataclass(frozen=True, slots=True)
class Parsed(Generic[T_co]):
    """A table as read. Where a cell was unreadable the table holds `LOST`, and ``faults`` says so."""

    table: T_co
    lines: tuple[int, ...]
    faults: tuple[Fault, ...]
    blind: frozenset[tuple[str, int]] = frozenset()  # (column, row) that refer to a table which could not be read; row −1: all

    def news(self, faults: Iterable[Fault]) -> Iterator[Fault]:
        """Faults of the table that do not merely follow from cells which could not be read."""
        known = {(f.column, f.row) for f in self.faults} | self.blind
        yield from (f for f in faults if known.isdisjoint({(f.column, -1), (f.column, f.row), ("", f.row)}))

    def placed(self, faults: Iterable[Fault]) -> Iterator[Fault]:
        """Faults of the table addressed to the file and line where they stand."""
        for fault in faults:
            row = f" row {self.lines[fault.row]}" if 0 <= fault.row < len(self.lines) else ""
            yield fault.at(f"{self.table.kind}.csv{row}") if fault.table == self.table.kind else fault


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """How to mend an unknown name."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else otherwise


def written(table: Table, names: Mapping[str, Names], texts: Mapping[str, list[str]] | None = None) -> str:
    """The table as CSV; ``texts`` replaces columns that only the caller can put into words."""
    ready: dict[str, list[str]] = {}
    for name, spec in table.columns().items():
        values = getattr(table, name)
        if not _all_default(values, spec):
            flat = values.reshape(len(table), len(_heads(name, spec)))
            ready |= {head: (texts or {}).get(head) or _texts(flat[:, k], spec, names) for k, head in enumerate(_heads(name, spec))}
    rows = [tuple(ready), *zip(*ready.values(), strict=True)]
    return "".join(",".join(map(_cell, row)) + "\n" for row in rows)


def sheet_of(kind: str, text: str, known: Sequence[str]) -> Sheet:
    """Split a CSV text into cells; the header decides the separator."""
    body = text.removeprefix("\ufeff")
    first = next((line for line in body.splitlines() if line.strip(' ,;\t"')), "")
    separator = max(",;\t", key=first.count)  # the first of equals
    faults: list[Fault] = []
    kept: list[tuple[int, list[str]]] = []
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator, strict=True)
    try:
        kept = [(reader.line_num, row) for row in reader if any(c.strip() for c in row)]
    except csv.Error as e:
        what = f"cannot be split into cells at line {reader.line_num}: {e}"
        return Sheet((), (), (), (Fault(kind, what, "correct the quotes there", "case-206"),))
    if not kept:
        return Sheet((), (), (), (Fault(kind, "is empty", "write the header row, or remove the file", "case-207"),))
    header = tuple(c.strip() for c in kept[0][1])
    while header and not header[-1]:
        header = header[:-1]
    faults += _header_faults(kind, header, known)
    rows, lines = [], []
    for k, (line, row) in enumerate(kept[1:]):
        if len(row) < len(header) or any(c.strip() for c in row[len(header) :]):
            what = f"has {len(row)} cells where the header has {len(header)}"
            faults.append(Fault(kind, what, "give every column one cell; quote a cell that holds the separator", "case-208", row=k))
        rows.append(tuple((row + [""] * len(header))[: len(header)]))
        lines.append(line)
    return Sheet(header, tuple(rows), tuple(lines), tuple(faults))


def parsed(cls: type[T], text: str, names: Lookup) -> Parsed[T]:
    """Read a table; rows that other tables refer to are found by their ``names``."""
    return table_of(cls, sheet_of(cls.kind, text, [head for name, spec in cls.columns().items() for head in _heads(name, spec)]), names)


def table_of(cls: type[T], sheet: Sheet, names: Lookup, given: Mapping[str, list[int]] | None = None) -> Parsed[T]:
    """Turn the cells of a sheet into a table; ``given`` are columns whose rows the caller has found already."""
    size, ready, given = len(sheet.rows), {}, given or {}
    faults = list(sheet.faults)
    ragged = {f.row for f in faults}
    for name, spec in cls.columns().items():
        heads = _heads(name, spec)
        if spec.default is not None and not set(heads) & set(sheet.header):
            continue
        cells = np.full(
            (size, len(heads)), LOST[spec.dtype] if spec.default is None else spec.default, dtype=spec.dtype if spec.dtype != "U" else "O"
        )
        for k, head in enumerate(heads):
            if head in sheet.header:
                cells[:, k], found = (given[name], []) if name in given else _values(sheet.cells(head), spec, names)
                part = head.removeprefix(name) + " " * bool(spec.parts)
                faults += (Fault(cls.kind, part + what, mend, code, column=name, row=j) for j, what, mend, code in found if j not in ragged)
            elif spec.default is None and sheet.header:
                unit = "" if spec.unit == "1" else f" [{spec.unit}]"
                faults.append(Fault(cls.kind, "is missing", f"add the column: {spec.meaning}{unit}", "case-002", column=head))
        ready[name] = cells.astype(str if spec.dtype == "U" else spec.dtype).reshape(size, *spec.shape)
    table = cls(**ready)
    looked_up = ((name, spec.refers) for name, spec in cls.columns().items() if spec.refers and name not in given)
    blind = frozenset((name, -1) for name, refers in looked_up if names.get(refers) is None)
    return Parsed(table, sheet.lines, labelled(table, faults), blind)


def _heads(name: str, spec: Column) -> list[str]:
    """Headers of a column: one for each of its parts."""
    return [f"{name}[{part}]" for part in spec.parts] or [name]


def names_of(table: Table) -> list[str]:
    """Names of the rows; none where rows have no name."""
    return [str(name) for name in getattr(table, "name", ())]


def labelled(table: Table, faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Faults with the names of their rows."""
    return tuple(replace(f, label=table.label(f.row)) if f.row >= 0 else f for f in faults)


def find(cells: Sequence[str], known: Sequence[str], what: str) -> tuple[list[int], list[tuple[int, str, str, str]]]:
    """Row of each name, and faults (row, what, mend, code) where there is none."""
    where = {name: k for k, name in reversed(list(enumerate(known)))}
    rows = [where.get(c, -2) for c in cells]
    faults: list[tuple[int, str, str, str]] = []
    for k in (k for k, row in enumerate(rows) if row < 0):
        hint = f"there are {', '.join(known[:8])}{', …' if len(known) > 8 else ''}" if known else "there are none"
        mend = did_you_mean(cells[k], known, hint) if len(faults) < SUGGESTIONS else hint
        faults.append((k, f"names {cells[k]!r}, which is not one of the {what}", mend, "case-020"))
    return rows, faults


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if NEEDS_QUOTES.search(text) else text


def _header_faults(kind: str, header: tuple[str, ...], known: Sequence[str]) -> Iterator[Fault]:
    for k, name in enumerate(header):
        if name in header[:k]:
            yield Fault(kind, "stands twice in the header", "keep one of the two columns", "case-209", column=name)
        elif name not in known:
            mend = did_you_mean(name, known, f"columns are: {', '.join(known)}")
            yield Fault(kind, "is no column of this table", mend, "case-001", column=name or "(no name)")


def _all_default(values: Cells, spec: Column) -> bool:
    if spec.default is None:
        return False
    if spec.dtype == "U":
        return bool((values == spec.default).all())
    return bool(values.tobytes() == np.full(values.shape, spec.default, spec.dtype).tobytes())


def _texts(values: Cells, spec: Column, names: Mapping[str, Names]) -> list[str]:
    if spec.refers:
        known = names[spec.refers].tolist()
        return [known[k] if k >= 0 else "" for k in values.tolist()]
    if spec.choices:
        return [spec.choices[k] for k in values.tolist()]
    if spec.dtype == "?":
        return ["yes" if v else "no" for v in values.tolist()]
    return [repr(v).removesuffix(".0") for v in values.tolist()] if spec.dtype == "f8" else [str(v) for v in values.tolist()]


def _values(cells: list[str], spec: Column, names: Lookup) -> tuple[Sequence[Cell], list[tuple[int, str, str, str]]]:
    """Values of a column, and faults as (row, what, mend, code)."""
    if spec.dtype == "U":
        return cells, []
    if spec.refers:
        known = names[spec.refers]
        if known is None:
            return [int(LOST["i8"])] * len(cells), []
        full = [k for k, c in enumerate(cells) if c.strip() or spec.default is None]
        rows, faults = find([cells[k] for k in full], known, spec.refers)
        values: list[Cell] = [-1 if spec.default is None else spec.default] * len(cells)
        for k, row in zip(full, rows, strict=True):
            values[k] = row
        return values, [(full[k], what, mend, code) for k, what, mend, code in faults]
    if spec.dtype == "f8" and (fast := _floats(cells)) is not None:
        return fast, []
    return _slowly(cells, spec)


def _floats(cells: list[str]) -> list[float] | None:
    """All cells as finite numbers, or None where one of them is not."""
    try:
        values = [float(c) for c in cells]
    except ValueError:
        return None
    return values if np.isfinite(values).all() and "_" not in "".join(cells) else None


def _slowly(cells: list[str], spec: Column) -> tuple[Sequence[Cell], list[tuple[int, str, str, str]]]:
    values: list[Cell] = []
    faults = []
    for k, cell in enumerate(c.strip() for c in cells):
        value, mend = (spec.default, "give a value: " + spec.meaning) if not cell else _value(cell, spec)
        if value is None:
            code = "case-015" if spec.choices and cell else "case-003"
            faults.append((k, f"is {cell!r}" if cell else "is empty", mend, code))
            value = LOST[spec.dtype]
        values.append(value)
    return values, faults


def _value(cell: str, spec: Column) -> tuple[float | int | bool | None, str]:
    """One cell, or None and how to mend it."""
    if spec.choices:
        return (spec.choices.index(cell), "") if cell in spec.choices else (None, f"it must be one of {', '.join(spec.choices)}")
    if spec.dtype == "?":
        return FLAGS.get(cell.lower()), "write yes or no"
    if DECIMAL_COMMA.fullmatch(cell):
        return None, f"write a decimal point: {cell.replace(',', '.')}"
    if spec.dtype == "i8":
        return (int(cell), "") if re.fullmatch(r"[+-]?[0-9]{1,18}", cell) else (None, "write a whole number")
    try:
        value = float(cell)
    except ValueError:
        return None, "write a number"
    if "_" in cell or (np.isinf(value) and "inf" not in cell.lower()):
        return None, "write a number that a 64-bit float can hold"
    return value, ""
