"""The tables of a pandapower file: pandas frames in "split" orientation, read without pandapower and pandas; every cell checked when it is used."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final, final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.tables import Flag, Index, Real

NO_FILE: Final = "give a file that pandapower 3 wrote with to_json"


@final
@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One table of the file; what cannot be read is noted in ``faults``."""

    kind: str
    index: tuple[int, ...]
    cells: dict[str, list[object]]
    faults: list[Fault]

    def __len__(self) -> int:
        return len(self.index)

    def where(self, kept: Flag) -> Frame:
        """The table with these rows only."""
        rows = np.flatnonzero(kept).tolist()
        return Frame(self.kind, tuple(self.index[k] for k in rows), {c: [v[k] for k in rows] for c, v in self.cells.items()}, self.faults)

    def fault(self, row: int, column: str, what: str, mend: str, *, code: str = "case-142") -> None:
        """Note a fault of one row, called by its number in the file."""
        self.faults.append(Fault(self.kind, what, mend, code, column=column, row=row, label=str(self.index[row])))

    def number(self, column: str, usual: float | None = None) -> Real:
        """A column of numbers; ``usual`` stands where the file has none, and without it a number must be given."""
        out = np.full(len(self), np.nan if usual is None else usual)
        for k, value in enumerate(self.cells.get(column, [None] * len(self))):
            if value is None or (isinstance(value, float) and np.isnan(value)):
                if usual is None:
                    self.fault(k, column, "is missing", "give a number")
            elif isinstance(value, bool | int | float) and abs(value) < 1e300:
                out[k] = float(value)
            elif isinstance(value, float):
                out[k] = value
            else:
                self.fault(k, column, f"is {value!r:.40}", "give a number")
        return out

    def flag(self, column: str, *, usual: bool) -> Flag:
        """A column of yes and no."""
        out = np.full(len(self), usual)
        for k, value in enumerate(self.cells.get(column, [None] * len(self))):
            if isinstance(value, bool) or value in (0, 1):
                out[k] = bool(value)
            elif value is not None:
                self.fault(k, column, f"is {value!r:.40}", "give true or false")
        return out

    def text(self, column: str) -> list[str]:
        """A column of words; empty where the file has none."""
        return ["" if value is None else str(value).strip() for value in self.cells.get(column, [None] * len(self))]

    def names(self) -> list[str]:
        """The names given, if they tell all rows apart; else the kind and the number in the file (of a bus, the number alone)."""
        given = self.text("name")
        if len(set(given)) == len(given) and all(given):
            return given
        return [str(k) if self.kind == "bus" else f"{self.kind} {k}" for k in self.index]

    def rows(self, column: str, of: Frame) -> Index:
        """Rows of another table that a column refers to; 0 stands where there is none, with a fault."""
        place = {number: row for row, number in enumerate(of.index)}
        out = np.zeros(len(self), np.int64)
        for k, value in enumerate(self.cells.get(column, [None] * len(self))):
            key = int(value) if isinstance(value, int | float) and abs(value) < 2**53 and value == int(value) else None
            if key is not None and key in place:
                out[k] = place[key]
            else:
                near = get_close_matches(str(value), [str(n) for n in of.index], n=1, cutoff=0.5)
                mend = f"did you mean {near[0]}?" if near else f"give the number of a {of.kind}"
                self.fault(k, column, f"is {value!r:.40}, which is no {of.kind} of this file", mend, code="case-143")
        return out


@final
@dataclass(slots=True)
class Book:
    """All tables and settings of a file."""

    frames: dict[str, Frame]
    settings: dict[str, object]
    faults: list[Fault] = field(default_factory=list)

    def frame(self, kind: str) -> Frame:
        """A table; empty where the file has none."""
        return self.frames.get(kind) or Frame(kind, (), {}, self.faults)

    def setting(self, name: str, usual: float) -> float:
        """A positive number that holds for the whole file."""
        value = self.settings.get(name, usual)
        if isinstance(value, int | float) and 0 < value < 1e300:
            return float(value)
        self.faults.append(Fault(name, f"is {value!r:.40}", "give a positive number", "case-142"))
        return usual


def read_book(text: str, place: str) -> Book:
    """Parse a file into its tables."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as e:
        why = "nested too deeply" if isinstance(e, RecursionError) else str(e)
        raise InvalidCase([Fault("file", f"is no JSON: {why}", f"it looks cut off or damaged; {NO_FILE}", "case-140", place=place)]) from e
    if not isinstance(content, dict) or content.get("_class") != "pandapowerNet":
        raise InvalidCase([Fault("file", "is JSON, but no pandapower network", NO_FILE, "case-140", place=place)])
    members = content.get("_object")
    if isinstance(members, str):
        members = _parsed(members)
    if not isinstance(members, dict):
        raise InvalidCase([Fault("file", "holds no tables", NO_FILE, "case-140", place=place)])
    book = Book({}, {})
    for kind, member in members.items():
        if isinstance(member, dict) and member.get("_class") in ("DataFrame", "GeoDataFrame"):
            if not kind.startswith(("_", "res_")):
                _add(book, kind, member)
        else:
            book.settings[kind] = member
    if "bus" not in book.frames and not book.faults:
        book.faults.append(Fault("bus", "is missing", NO_FILE, "case-141"))
    version = str(book.settings.get("format_version", ""))
    if not version.startswith("3."):
        what = f"is {version or 'missing'}; pandapower 2 and 3 mean different things by the same columns"
        book.faults.append(Fault("format_version", what, "load the file with pandapower 3 and save it again", "case-144"))
    return book


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _add(book: Book, kind: str, member: dict[str, object]) -> None:
    inner = member.get("_object")
    content = _parsed(inner) if isinstance(inner, str) else inner
    frame = _frame(kind, content, book.faults) if isinstance(content, dict) and not member.get("is_multiindex") else None
    if frame is None:
        book.faults.append(Fault(kind, "is no table of columns, index and data", NO_FILE, "case-141"))
    else:
        book.frames[kind] = frame


def _frame(kind: str, content: dict[str, object], faults: list[Fault]) -> Frame | None:
    columns, index, data = content.get("columns"), content.get("index"), content.get("data")
    if not (isinstance(columns, list) and isinstance(index, list) and isinstance(data, list)):
        return None
    if len(index) != len(data) or not all(isinstance(row, list) and len(row) == len(columns) for row in data):
        return None
    if not all(isinstance(c, str) for c in columns) or len(set(columns)) != len(columns):
        return None
    if not all(isinstance(k, int) and not isinstance(k, bool) for k in index):
        return Frame(kind, (), {}, faults) if not index else None
    if len(set(index)) != len(index):
        return None
    return Frame(kind, tuple(index), {c: [row[k] for row in data] for k, c in enumerate(columns)}, faults)
