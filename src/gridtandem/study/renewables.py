"""Days of sun and wind from CSV files, plants from TOML files, and profiles beside those that a file holds already."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TypeVar, get_type_hints

import numpy as np

from gridtandem.cases.folder.csv_text import Parsed, did_you_mean, parsed, sheet_of, table_of, written
from gridtandem.cases.text_file import read_text
from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid.devices import Profiles
from gridtandem.resources.photovoltaic import PvPlant, SunHours
from gridtandem.resources.wind import WindHours, WindPlant
from gridtandem.study.profiles import TIME
from gridtandem.tables import Table, stacked

P = TypeVar("P", PvPlant, WindPlant)
H = TypeVar("H", bound=Table)
KNOWN = list(dict.fromkeys([TIME, *SunHours.columns(), *WindHours.columns()]))  # one file may tell of both


def day_in(path: Path, hours: type[H], faults: Callable[[H], Iterable[Fault]], beside: Iterable[Fault]) -> H:
    """Hours from a CSV file; columns of the other kind, and a column ``time``, may stand beside.

    `InvalidCase` with all that is wrong with the file, with what ``faults`` finds in its numbers, and with what stands ``beside``.
    """
    sheet = sheet_of(hours.kind, read_text(path, "a CSV file with a row per hour"), KNOWN)
    found: Parsed[H] = table_of(hours, sheet, {})
    wrong = [*found.faults, *found.news(faults(found.table))]
    placed = [f.at(f"{path} row {found.lines[f.row]}" if 0 <= f.row < len(found.lines) else str(path)) for f in wrong]
    if every := [*placed, *beside]:
        raise InvalidCase(every)
    return found.table


def plant_in(kind: type[P], path: Path | None, settings: Mapping[str, float | str]) -> P:
    """A plant from a flat TOML file, if there is one, and settings that go before it; ``modules`` counts them instead of ``p_peak_mw``."""
    given: dict[str, object] = {} if path is None else _table(path)
    given |= settings
    words = {name for name, hint in get_type_hints(kind).items() if hint is not float}
    names = [f.name for f in fields(kind)] + ["modules"] * (kind is PvPlant)
    faults = [
        Fault("plant", "is nothing that a plant has", did_you_mean(name, names, f"there are {', '.join(names)}"), "renewable-012", column=name)
        for name in given
        if name not in names
    ]
    for name, value in given.items():
        if name in names and isinstance(value, str) is not (name in words):
            faults.append(Fault("plant", f"is {value!r}", f"give a {'word' if name in words else 'number'}", "renewable-013", column=name))
    if {"modules", "p_peak_mw"} <= given.keys():
        faults.append(Fault("plant", "stands beside p_peak_mw", "give one of the two", "renewable-014", column="modules"))
    if faults:
        raise InvalidCase(f.at(str(path)) if path is not None else f for f in faults)
    count = given.pop("modules", None)
    plant = kind(**given)  # type: ignore[arg-type]
    return PvPlant.of_modules(float(str(count)), plant) if count is not None and isinstance(plant, PvPlant) else plant


def _table(path: Path) -> dict[str, object]:
    try:
        given = tomllib.loads(read_text(path, "a TOML file that describes a plant"))
    except (tomllib.TOMLDecodeError, RecursionError) as e:
        raise InvalidCase([Fault("plant", f"is not TOML: {e}", "correct it there", "renewable-015", place=str(path))]) from e
    return {name: float(x) if isinstance(x, int) and not isinstance(x, bool) else x for name, x in given.items()}


def profiles_beside(path: Path, new: Profiles) -> str:
    """The text of a file of profiles: those it holds already but for those of the same name, then the new ones."""
    old = Profiles.empty()
    if path.exists():
        found = parsed(Profiles, read_text(path, "a profiles.csv"), {})
        if faults := [*found.faults, *found.news(found.table.faults())]:
            raise InvalidCase(f.at(str(path)) for f in faults)
        old = found.table.take(~np.isin(found.table.profile, new.profile))
    return written(stacked(Profiles, [old, new]), {})
