"""What a use-case says: its actors, what its information is called, and its steps, found by the words of the headers, however they are spelled.

Some pages break a row where a cell has several paragraphs: what follows a row that names nobody, and has no number of its own, goes on in the last
cell that is filled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import final

from gridtandem.architecture.use_cases.pages import Row, Sheet, plain, sheets, title
from gridtandem.errors import Fault, InvalidCase

HEADERS = (  # of step tables, in the order in which they claim a header
    ("sender", r"producer|sender"), ("receiver", r"receiver|recipient"), ("number", r"\bstep\b|\bno\b"), ("event", r"event"),
    ("service", r"service"), ("description", r"description"), ("requirements", r"requirement"), ("information", r"exchanged|information"),
    ("name", r"name|activity|process"),
)  # fmt: skip
NUMBER = re.compile(r"\d+([.\-]\d+)*[a-z]?\.?$", re.IGNORECASE)
SYMBOL = re.compile(r"\b(?:I|Inf|Info|IE|ID)[-_. ]?\d+\b", re.IGNORECASE)  # of information exchanged


@final
@dataclass(frozen=True, slots=True)
class Actor:
    """One of the actors table."""

    name: str
    sort: str  # Role, Person, System, Device, …
    description: str
    line: int = 0


@final
@dataclass(frozen=True, slots=True)
class Step:
    """One step, as written: cells may hold several actors."""

    number: str
    sender: str
    receiver: str
    service: str
    name: str  # of the process
    text: str  # what is done and what is told, the name with it
    line: int


@final
@dataclass(frozen=True, slots=True)
class UseCase:
    """A use-case as written."""

    id: str
    name: str
    file: str
    actors: tuple[Actor, ...]
    steps: tuple[Step, ...]


def use_case(text: str, file: str) -> UseCase:
    """The use-case of a page, or one refusal where no table says who tells whom."""
    ending = PurePath(file).suffix
    found = sheets(text, ending)
    names = _information(found)
    steps: dict[tuple[str, ...], Step] = {}
    for step in (s for sheet in found for s in _steps(sheet, names)):
        steps.setdefault((step.sender, step.receiver, step.service, step.text), step)  # pages repeat whole tables
    if not steps:
        mend = 'give a table with columns "Information producer" and "Information receiver", in Markdown, HTML or CSV'
        raise InvalidCase([Fault("use-case", "has no step table", mend, "arch-060", place=file)])
    id_, name = _called(found, title(text, ending), PurePath(file).stem)
    return UseCase(id_, name, file, tuple(a for sheet in found for a in _actors(sheet)), tuple(steps.values()))


def _called(found: Sequence[Sheet], head: str, stem: str) -> tuple[str, str]:
    """A short name without blanks, and a longer one where there is one."""
    given = [head]
    for sheet in found:
        wide = _columns(sheet[0], (("name", r"name of the use.?case"), ("id", r"\bid\b")))
        if "name" in wide and len(sheet) > 1:
            given = [sheet[1].cell(wide.get("id", -1)), sheet[1].cell(wide["name"]), head]
            break
    short = next((w for w in (*given, stem) if re.fullmatch(r"[\w.\-]*[A-Za-z][\w.\-]*\w", w)), "")
    id_ = short or re.sub(r"[^\w.\-]+", "-", stem).strip("-.") or "use-case"
    return id_, next((w.replace("\n", " ") for w in given[1:] if w and w != id_), head or id_)


def _steps(sheet: Sheet, names: Mapping[str, str]) -> list[Step]:
    for at, row in enumerate(sheet):
        columns = _columns(row, HEADERS)
        if {"sender", "receiver"} <= columns.keys():
            return [_step(r, columns, names) for r in _whole(sheet[at + 1 :], columns)]
    return []


def _step(row: Row, columns: Mapping[str, int], names: Mapping[str, str]) -> Step:
    said = {key: row.cell(at) for key, at in columns.items()}
    told = said.get("information", "") or said.get("requirements", "")
    exchanged = [names.get(_symbol(s), "") for s in SYMBOL.findall(told)] or [told]
    words = " ".join((said.get("name", ""), said.get("description", ""), *exchanged)).replace("\n", " ")
    more = said.get("service", ""), said.get("name", "").replace("\n", " "), " ".join(words.split())
    return Step(said.get("number", ""), said["sender"], said["receiver"], *more, row.line)


def _whole(rows: Sequence[Row], columns: Mapping[str, int]) -> list[Row]:
    out: list[Row] = []
    ends, numbered = (columns["sender"], columns["receiver"]), columns.get("number") == 0
    for row in rows:
        broken = out[-1] if out and numbered and row.cell(0) and not NUMBER.match(row.cell(0)) else None
        if broken is not None and not any(map(broken.cell, ends)):
            last = max((k for k, cell in enumerate(broken.cells) if cell), default=0)
            out[-1] = Row((*broken.cells[:last], f"{broken.cells[last]}\n{row.cell(0)}", *row.cells[1:]), broken.line)
        elif any(row.cells):
            out.append(row)
    return out


def _actors(sheet: Sheet) -> list[Actor]:
    columns = _columns(sheet[0], (("name", r"actor name|^actor$|name of (the )?actor"), ("sort", r"type"), ("description", r"description")))
    if "name" not in columns or not {"sort", "description"} & columns.keys():
        return []
    told = ([row.cell(columns.get(key, -1)).replace("\n", " ") for key in ("name", "sort", "description")] + [row.line] for row in sheet[1:])
    return [Actor(str(n), str(s), str(d), int(line)) for n, s, d, line in told if n]


def _information(found: Sequence[Sheet]) -> dict[str, str]:
    """What each symbol of information means: its name and description."""
    out: dict[str, str] = {}
    for sheet in found:
        columns = _columns(sheet[0], (("id", r"\bids?\b"), ("name", r"name of (the )?information"), ("description", r"description")))
        if {"id", "name"} <= columns.keys():
            out |= {_symbol(r.cell(columns["id"])): " ".join((r.cell(columns["name"]), r.cell(columns.get("description", -1)))) for r in sheet[1:]}
    return out


def _symbol(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.casefold())


def _columns(row: Row, wanted: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Which column is which, by the words of its header; the first that fits is it."""
    out: dict[str, int] = {}
    for at, cell in enumerate(row.cells):
        said = plain(cell).casefold().replace("\n", " ")
        key = next((key for key, words in wanted if re.search(words, said)), "")
        if key and key not in out:
            out[key] = at
    return out
