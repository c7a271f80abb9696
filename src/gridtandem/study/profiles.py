"""Profiles from CSV files: a row per scenario, with a decimal point and a header.

A column ``time`` may stand beside. It means nothing but to its owner; where both files of a batch have one, they must say the same row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gridtandem.cases.folder.csv_text import Sheet, did_you_mean, sheet_of
from gridtandem.cases.text_file import read_text
from gridtandem.errors import Fault, InvalidCase
from gridtandem.security.outages import Group
from gridtandem.tables import Real

TIME = "time"


def loading_in(path: Path) -> Real:
    """Loadings (scenario, period) from a column ``loading``."""
    return _numbers(path, "loading", ["loading"])


def feeder_loading_in(path: Path, interfaces: Sequence[str]) -> Real:
    """Loadings (scenario, period, interface) from a column for each interface, called like it."""
    return _numbers(path, "feeder_loading", list(interfaces))[:, None]


def in_step(loading: Path, feeder_loading: Path) -> None:
    """`InvalidCase` where the two files have other numbers of rows, or other words in a column ``time`` that both have."""
    one, other = (sheet_of("", read_text(path, "a CSV file with a header"), [TIME]) for path in (loading, feeder_loading))
    if len(one.rows) != len(other.rows):
        what = f"has {_rows(len(other.rows))} where {loading} has {len(one.rows)}"
        raise InvalidCase([Fault("feeder_loading", what, "give both a row for each scenario", "batch-006", place=str(feeder_loading))])
    if TIME in one.header and TIME in other.header:
        pairs = enumerate(zip(one.cells(TIME), other.cells(TIME), strict=True))
        apart = [(k, a.strip(), b.strip()) for k, (a, b) in pairs if a.strip() != b.strip()]
        if apart:
            raise InvalidCase(
                Fault(
                    "feeder_loading", f"is {b!r} where {loading} row {one.lines[k]} has {a!r}", "give both files the same times in the same order",
                    "batch-007", column=TIME, place=f"{feeder_loading} row {other.lines[k]}",
                )
                for k, a, b in apart
            )  # fmt: skip


def _rows(count: int) -> str:
    return f"{count:,} row{'s' * (count != 1)}"


def outages_in(path: Path) -> tuple[Group, ...]:
    """Branches from a column ``branch``; those with the same word in a column ``outage``, where there is one, go out together under that name."""
    sheet = _sheet(path, "outages", ["outage", "branch"], ["branch"])
    branch, places = [cell.strip() for cell in sheet.cells("branch")], [f"{path} row {line}" for line in sheet.lines]
    if "outage" not in sheet.header:
        return tuple(Group(branch=(name,), place=(where,)) for name, where in zip(branch, places, strict=True))
    words = [cell.strip() for cell in sheet.cells("outage")]
    if nameless := [where for word, where in zip(words, places, strict=True) if not word]:
        mend = "name the outage; without the column every branch is one by itself"
        raise InvalidCase(Fault("outages", "is empty", mend, "case-003", column="outage", place=where) for where in nameless)
    groups: dict[str, list[int]] = {}
    for k, word in enumerate(words):
        groups.setdefault(word, []).append(k)
    return tuple(Group(branch=tuple(branch[k] for k in own), name=name, place=tuple(places[k] for k in own)) for name, own in groups.items())


def _numbers(path: Path, kind: str, columns: list[str]) -> Real:
    sheet = _sheet(path, kind, [TIME, *columns], columns)
    place = [sheet.header.index(name) for name in columns]
    faults: list[Fault] = []
    out = np.full((len(sheet.rows), len(columns)), np.nan)
    for r, row in enumerate(sheet.rows):
        for c, k in enumerate(place):
            try:
                out[r, c] = float(row[k])
            except ValueError:
                what, mend, code = f"is {row[k]!r}" if row[k].strip() else "is empty", "write a number with a decimal point", "case-003"
            else:
                if 0 <= out[r, c] < np.inf:
                    continue
                what, mend, code = f"is {row[k].strip()}", "give a finite factor of 0 or more", "case-059"
            faults.append(Fault(kind, what, mend, code, column=columns[c], place=f"{path} row {sheet.lines[r]}"))
    if faults:
        raise InvalidCase(faults)
    return out


def _sheet(path: Path, kind: str, known: list[str], needed: list[str]) -> Sheet:
    sheet = sheet_of(kind, read_text(path, "a CSV file with a header"), known)
    faults = list(sheet.faults)
    for name in needed:
        if sheet.header and name not in sheet.header:
            mend = did_you_mean(name, [h for h in sheet.header if h not in known], "add the column")
            faults.append(Fault(kind, "is missing", mend, "case-002", column=name))
    if not sheet.rows and not faults:
        faults.append(Fault(kind, "has no row below its header", "give a row for each scenario or outage", "case-207"))
    if faults:
        raise InvalidCase(f.at(str(path)) for f in faults)
    return sheet
