"""Our own case folder: readable in a diff, editable in a spreadsheet, one folder per company.

::

    my-case/
      case.toml            schema, name, title, currency, source, licence, notes
      interfaces.csv       where feeders hang; the only file that names both sides
      tso/                 network.toml, buses.csv, lines.csv, … (tables without rows are left out)
      dso-a/case33bw/      a company's folder, and in it one folder per feeder model

A model used by two companies is written into both folders; equal copies become one model again on reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.folder.csv_text import written
from gridtandem.cases.folder.read import SCHEMA, folder_name, read_case, read_network_folder
from gridtandem.cases.folder.toml_text import Settings, toml_text
from gridtandem.errors import AlreadyThere, Fault, InvalidCase
from gridtandem.grid.network import Network

__all__ = ["read_case", "read_network_folder", "write_case", "write_network_folder"]


def write_network_folder(network: Network, path: str | Path) -> Path:
    """Write one network into a new or empty folder; reading it again gives the same bits."""
    return _write(Path(path), _network_files(network.check(), Path(path).name))


def write_case(case: Case, path: str | Path) -> Path:
    """Write a case into a new or empty folder; reading it again gives the same bits.

    Models are read back in the order of their first interface.
    """
    return _write(Path(path), case_texts(case))


def case_texts(case: Case) -> dict[str, str]:
    """What a case folder holds: text by place."""
    table, models = case.check().interfaces, case.models
    files = {f"tso/{name}": text for name, text in _network_files(case.transmission, "tso").items()}
    ready = [_network_files(m, folder_name(m.name)) for m in models]
    for (company, model), k in _places(case).items():
        files |= {f"{company}/{model}/{name}": text for name, text in ready[k].items()}
    settings: Settings = {
        "schema": SCHEMA, "name": case.name, "title": case.title, "currency": case.currency, "source": case.source,
        "licence": case.licence, "notes": case.notes,
    }  # fmt: skip
    files["case.toml"] = toml_text(settings, {"title": "", "source": "", "licence": "", "notes": ()})
    roots = [str(models[m].buses.name[r]) for m, r in zip(table.model.tolist(), table.root.tolist(), strict=True)]
    names = {"buses": case.transmission.buses.name, "models": np.array([m.name for m in models], dtype=str)}
    files["interfaces.csv"] = written(table, names, {"root": roots})
    return files


def _network_files(network: Network, folder: str) -> dict[str, str]:
    settings: Settings = {"name": network.name, "base_mva": network.base_mva, "frequency_hz": network.frequency_hz, "notes": network.notes}
    names = {kind: getattr(table, "name") for kind, table in network.tables().items() if "name" in table.columns()}  # noqa: B009
    files = {f"{kind}.csv": written(table, names) for kind, table in network.tables().items() if len(table)}
    return {"network.toml": toml_text(settings, {"name": folder, "notes": ()}), **files}


def _places(case: Case) -> dict[tuple[str, str], int]:
    """Which model stands in which (company, model) folder."""
    table, faults = case.interfaces, []
    for k in sorted(set(range(len(case.models))) - set(table.model.tolist())):
        what = f"{case.models[k].name!r} is used by no interface"
        faults.append(Fault("models", what, "take it out of the case, or write it as a network of its own", "case-220", place=case.name))
    owner: dict[str, str] = {"tso": "the transmission company"}
    places: dict[tuple[str, str], int] = {}
    for row, (company, k) in enumerate(zip(table.company.tolist(), table.model.tolist(), strict=True)):
        place = folder_name(company), folder_name(case.models[k].name)
        key = "/".join(place).casefold()
        for taken, name in ((place[0].casefold(), company), (key, f"{company}/{case.models[k].name}")):
            if owner.setdefault(taken, name) != name:
                what = f"{name!r} would share the folder {taken!r} with {owner[taken]!r}"
                faults.append(table.fault(row, "company", what, "give one of them another name", "case-221").at(case.name))
        places[place] = k
    if faults:
        raise InvalidCase(faults)
    return places


def _write(folder: Path, files: Mapping[str, str]) -> Path:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise AlreadyThere(f"{folder} is not an empty folder; choose a new one, or remove it first")
    for name, text in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="\n")
    return folder
