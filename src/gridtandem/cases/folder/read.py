"""Reading of case folders: all faults of all files at once, each at its file and line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias, cast, final

from gridtandem.cases.case import Case
from gridtandem.cases.folder.csv_text import LOST, Parsed, Sheet, did_you_mean, find, labelled, names_of, parsed, sheet_of, table_of
from gridtandem.cases.folder.home import Home, OnDisk
from gridtandem.cases.folder.toml_text import Setting, Settings, read_settings
from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid import elements as el
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.network import Network
from gridtandem.tables import Table

SCHEMA = "gridtandem/case/1"
CASE_KEYS: Settings = {"schema": "", "name": "", "title": "", "currency": "EUR", "source": "", "licence": "", "notes": ()}
NETWORK_KEYS: Settings = {"name": "", "base_mva": 100.0, "frequency_hz": 50.0, "notes": ()}
TABLES: Mapping[str, type[Table]] = {kind: type(t) for kind, t in Network(name="", buses=el.Buses.empty()).tables().items()}
LOST_ROW = int(LOST["i8"])


@final
@dataclass(frozen=True, slots=True)
class Found:
    """A network folder as read: what it says, and what is wrong with its text."""

    network: Network
    parts: Mapping[str, Parsed[Table]]
    faults: tuple[Fault, ...]  # of whole files

    @property
    def wired(self) -> bool:
        """Whether all that could not be read are numbers: who is connected to whom is known all the same."""
        columns = {kind: part.table.columns() for kind, part in self.parts.items()}
        lost = [f for part in self.parts.values() for f in part.faults]
        return not self.faults and all(f.column in columns[f.table] and columns[f.table][f.column].dtype == "f8" for f in lost)

    def text_faults(self) -> Iterator[Fault]:
        """What is wrong with the text, addressed to file and line."""
        yield from self.faults
        for part in self.parts.values():
            yield from part.placed(part.faults)

    def placed(self, faults: Iterable[Fault]) -> Iterator[Fault]:
        """What is wrong with the network, addressed to file and line, as far as it is not known from the text."""
        for fault in faults:
            part = self.parts.get(fault.table)
            yield from [fault.at(f"{fault.table}.csv")] if part is None else part.placed(part.news([fault]))


Shelf: TypeAlias = dict[tuple[tuple[str, str | Fault], ...], Found]  # networks already read, by the content of their files


@final
@dataclass(slots=True)
class Feeders:
    """The feeder models that the interface table asks for; equal copies of several companies are one."""

    places: dict[str, Found] = field(default_factory=dict)  # every folder read
    models: list[tuple[str, Found, Network]] = field(default_factory=list)  # folder, content and network of each distinct model
    rows: dict[tuple[str, str], int] = field(default_factory=dict)  # model of each (company, model name)


def read_network_folder(path: str | Path) -> Network:
    """Read one network, or raise `InvalidCase` with all its faults."""
    folder = Path(path)
    found = _network(OnDisk(folder), "", {})
    faults = [*found.text_faults(), *found.placed(found.network.faults())]
    if faults:
        raise InvalidCase(f.at(folder.as_posix()) for f in faults)
    return found.network


def read_case(path: str | Path) -> Case:
    """Read a case, or raise `InvalidCase` with all faults of all its files."""
    return case_in(OnDisk(Path(path)), Path(path).as_posix())


def case_in(home: Home, address: str) -> Case:
    """Read a case from wherever it lies; faults are addressed to there."""
    shelf = Shelf()
    settings, faults = _case_settings(home)
    tso = _network(home, "tso", shelf)
    sheet = _sheet(home)
    feeders = _feeders(home, sheet, shelf)
    interfaces = _interfaces(home, sheet, tso, feeders)
    case = _case(settings, tso.network, tuple(n for _, _, n in feeders.models), interfaces.table)
    networks = [("tso", tso), *((place, found) for place, found, _ in feeders.models)]
    broken = [*((0,) if interfaces.faults else ()), *(k for k, (_, found) in enumerate(networks, 1) if not found.wired)]
    faults += (f.at(place) for place, found in {"tso": tso, **feeders.places}.items() for f in found.text_faults())
    faults += interfaces.placed(interfaces.faults)
    for k, fault in case.located(frozenset(broken)):
        if k == 0:
            faults += interfaces.placed(interfaces.news([fault]))
        else:
            place, found = networks[k - 1]
            faults += (f.at(place) for f in found.placed([fault]))
    if faults:
        raise InvalidCase(f.at(address) for f in faults)
    return case


def folder_name(name: str) -> str:
    """The folder in which something of this name is kept: letters, digits and ``. _ -`` only."""
    return re.sub(r"[^\w.-]+", "-", name).strip(".")[:100] or "-"


def _case(settings: Mapping[str, Setting], tso: Network, models: tuple[Network, ...], interfaces: Interfaces) -> Case:
    name, title, currency, source, licence = (str(settings[k]) for k in ("name", "title", "currency", "source", "licence"))
    return Case(
        name=name, transmission=tso, models=models, interfaces=interfaces, currency=currency, title=title, source=source,
        licence=licence, notes=cast(tuple[str, ...], settings["notes"]),
    )  # fmt: skip


def _case_settings(home: Home) -> tuple[dict[str, Setting], list[Fault]]:
    text = home.text("case.toml", "a case folder holds case.toml, interfaces.csv, tso/ and one folder per company")
    if isinstance(text, Fault):
        return {**CASE_KEYS, "name": home.name}, [text]
    settings, faults = read_settings("case.toml", text, {**CASE_KEYS, "name": home.name})
    if settings["schema"] != SCHEMA and not faults:
        faults.append(Fault("case.toml", f"has schema {settings['schema']!r}", f"this version reads schema = {SCHEMA!r}", "case-210"))
    return settings, faults


def _sheet(home: Home) -> Sheet | Fault:
    text = home.text("interfaces.csv", "write one row for each place where a feeder hangs, or the header alone")
    return text if isinstance(text, Fault) else sheet_of(Interfaces.kind, text, list(Interfaces.columns()))


def _feeders(home: Home, sheet: Sheet | Fault, shelf: Shelf) -> Feeders:
    """Read every (company, model) that the interface table names and that has a folder."""
    feeders, known = Feeders(), dict[tuple[object, ...], int]()
    if isinstance(sheet, Fault) or not {"company", "model"} <= set(sheet.header):
        return feeders
    digests: dict[int, str] = {}
    for company, model in dict.fromkeys(zip(sheet.cells("company"), sheet.cells("model"), strict=True)):
        place = f"{folder_name(company)}/{folder_name(model)}"
        if not company or not model or home.files(place) is None:
            continue
        found = feeders.places[place] = _network(home, place, shelf)
        net = found.network
        if id(found.parts) not in digests:
            digests[id(found.parts)] = net.digest()
        key = (model, digests[id(found.parts)], net.base_mva, net.frequency_hz, net.notes)
        if key not in known:
            name = f"{model} of {company}" if any(model == k[0] for k in known) else model
            known[key] = len(feeders.models)
            feeders.models.append((place, found, replace(net, name=name)))
        feeders.rows[company, model] = known[key]
    return feeders


def _interfaces(home: Home, sheet: Sheet | Fault, tso: Found, feeders: Feeders) -> Parsed[Interfaces]:
    """The interface table; buses are looked up in transmission, roots in the model of their row."""
    if isinstance(sheet, Fault):
        return Parsed(Interfaces.empty(), (), (sheet,))
    size, has = len(sheet.rows), set(sheet.header)
    model, root, faults = [LOST_ROW] * size, [LOST_ROW] * size, list[Fault]()
    blind: set[tuple[str, int]] = set()
    if {"company", "model"} <= has:
        pairs = list(zip(sheet.cells("company"), sheet.cells("model"), strict=True))
        model = [feeders.rows.get(pair, LOST_ROW) for pair in pairs]
        faults += (_no_model(home, k, *pairs[k]) for k in range(size) if model[k] < 0)
    rows_of: dict[int, list[int]] = {}
    for k, m in enumerate(model if "root" in has else ()):
        rows_of.setdefault(m, []).append(k)
    for m, rows in rows_of.items():
        known = _bus_names(feeders.models[m][1]) if m >= 0 else None
        if known is None:
            blind |= {("root", k) for k in rows}
            continue
        cells = sheet.cells("root")
        at, wrong = find([cells[k] for k in rows], known, f"buses of {feeders.models[m][2].name!r}")
        for k, bus in zip(rows, at, strict=True):
            root[k] = bus
        faults += (Fault(Interfaces.kind, what, mend, code, column="root", row=rows[k]) for k, what, mend, code in wrong)
    first = table_of(Interfaces, sheet, {"buses": _bus_names(tso)}, {"model": model, "root": root})
    return replace(first, faults=(*first.faults, *labelled(first.table, faults)), blind=first.blind | blind)


def _no_model(home: Home, row: int, company: str, model: str) -> Fault:
    """Why a row of the interface table has no model."""
    for name, cell in (("company", company), ("model", model)):
        if not cell:
            return Fault(Interfaces.kind, "is empty", f"name the {name}", "case-003", column=name, row=row)
    near = home.folders(folder_name(company))
    what = f"names {model!r}, but there is no folder {folder_name(company)}/{folder_name(model)}"
    return Fault(Interfaces.kind, what, did_you_mean(model, near, "add the feeder's folder"), "case-041", column="model", row=row)


def _bus_names(found: Found) -> list[str] | None:
    """Names of the buses, or None where they could not be read."""
    part = found.parts.get("buses")
    return None if part is None or _nameless(part) else names_of(part.table)


def _nameless(part: Parsed[Table]) -> bool:
    """Whether the names of a table's rows could not be read."""
    return any(f.row < 0 and f.column in ("", "name") for f in part.faults)


def _network(home: Home, folder: str, shelf: Shelf) -> Found:
    """Read a network folder, once for equal content."""
    names = [name for name in home.files(folder) or [] if name.endswith(".csv") and name != "buses.csv"]
    texts = {name: home.text(f"{folder}/{name}" if folder else name) for name in ("network.toml", "buses.csv", *names)}
    content = tuple(texts.items())
    if content not in shelf:
        shelf[content] = _network_of(texts)
    found = shelf[content]
    return found if found.network.name else replace(found, network=replace(found.network, name=folder.rpartition("/")[2] or home.name))


def _network_of(texts: Mapping[str, str | Fault]) -> Found:
    """Parse the files of a network folder."""
    faults = [t for t in texts.values() if isinstance(t, Fault)]
    toml, settings = texts["network.toml"], dict(NETWORK_KEYS)
    if isinstance(toml, str):
        settings, found = read_settings("network.toml", toml, NETWORK_KEYS)
        faults += found
    for name in texts:
        if name.endswith(".csv") and name.removesuffix(".csv") not in TABLES:
            mend = did_you_mean(name, [f"{t}.csv" for t in TABLES], f"tables are: {', '.join(TABLES)}")
            faults.append(Fault(name, "is no table of a network", mend, "case-211"))
    parts: dict[str, Parsed[Table]] = {}
    names: dict[str, list[str] | None] = {kind: None if f"{kind}.csv" in texts else [] for kind in TABLES}
    for kind, cls in TABLES.items():
        text = texts.get(f"{kind}.csv")
        if isinstance(text, str):
            part = parts[kind] = parsed(cls, text, names)
            names[kind] = None if _nameless(part) or "name" not in cls.columns() else names_of(part.table)
    tables: dict[str, Any] = {kind: part.table for kind, part in parts.items()}
    network = Network(
        name=cast(str, settings["name"]), base_mva=cast(float, settings["base_mva"]), frequency_hz=cast(float, settings["frequency_hz"]),
        notes=cast(tuple[str, ...], settings["notes"]), **{"buses": el.Buses.empty(), **tables},
    )  # fmt: skip
    return Found(network, parts, tuple(faults))
