"""Profiles from CSV files: a row per scenario, with a decimal point and a header; a column ``time`` may stand beside and is not read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gridtandem.cases.folder.csv_text import Sheet, did_you_mean, sheet_of
from gridtandem.cases.text_file import read_text
from gridtandem.errors import Fault, InvalidCase
from gridtandem.tables import Real

TIME = "time"


def loading_in(path: Path) -> Real:
    """Loadings (scenario, period) from a column ``loading``."""
    return _numbers(path, "loading", ["loading"])


def feeder_loading_in(path: Path, interfaces: Sequence[str]) -> Real:
    """Loadings (scenario, period, interface) from a column for each interface, called like it."""
    return _numbers(path, "feeder_loading", list(interfaces))[:, None]


def outages_in(path: Path) -> tuple[tuple[str, ...], ...]:
    """Branches from a column ``branch``; those with the same word in a column ``outage``, where there is one, go out together."""
    sheet = _sheet(path, "outages", ["outage", "branch"], ["branch"])
    branch = [cell.strip() for cell in sheet.cells("branch")]
    if "outage" not in sheet.header:
        return tuple((name,) for name in branch)
    groups: dict[str, list[str]] = {}
    for word, name in zip(sheet.cells("outage"), branch, strict=True):
        groups.setdefault(word.strip(), []).append(name)
    return tuple(map(tuple, groups.values()))


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
                what = f"is {row[k]!r}" if row[k].strip() else "is empty"
                faults.append(
                    Fault(kind, what, "write a number with a decimal point", "case-003", column=columns[c], place=f"{path} row {sheet.lines[r]}")
                )
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
