"""Cases by name or from a folder or file, and the list of all names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

from gridtandem.cases.case import Case
from gridtandem.cases.folder.read import read_case, read_network_folder
from gridtandem.cases.library import entries, known_names, network
from gridtandem.cases.systems import SYSTEMS, size_of, system
from gridtandem.errors import Fault, InvalidCase, UnknownName
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.network import Network
from gridtandem.tables import Flag, Index, Names, Real, Table, column


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Catalogue(Table):
    """Cases that have a name."""

    kind: ClassVar[str] = "catalogue"
    name: Names = column("name of the case", dtype="U", unique=True)
    also: Names = column("MATPOWER's name of it, which works too", dtype="U", default="")
    form: Names = column("network, feeder or joined", dtype="U")
    buses: Index = column("buses; of joined systems with every feeder", dtype="i8")
    size: Names = column("its size in words", dtype="U")
    title: Names = column("what it is", dtype="U")
    source: Names = column("where the data come from", dtype="U")
    licence: Names = column("what is known of their licence", dtype="U")
    extra: Flag = column("yes: needs pip install 'gridtandem[large-cases]'", dtype="?", default=False)
    load_mw: Real = column("load of networks and feeders; 0 for joined systems", unit="MW", default=0.0)


def case(name_or_folder: str | Path) -> Case:
    """A case by name, or from a case folder, a network folder, a MATPOWER or a pandapower file. A network alone becomes a case without feeders.

    The cases of PowerModelsITD (`gridtandem.cases.itd.FEEDERS`) need the extra opendss.
    """
    name = str(name_or_folder)
    if name in SYSTEMS:
        return system(name)
    if name in known_names():
        entry = entries()[known_names()[name]]
        return alone(network(name), title=entry.title, source=entry.source, licence=entry.licence)
    from gridtandem.cases.itd import FEEDERS, itd_case
    from gridtandem.cases.market_systems import MARKETS, market_system
    from gridtandem.cases.phase_case import is_phase_case

    if name in MARKETS:
        return market_system(name)
    if name in FEEDERS:
        return itd_case(name)
    path = Path(name_or_folder)
    if is_phase_case(path) and path.suffix.lower() != ".dss":
        mend = "offer it with `tandem offer` or gt.offer, which tell its load flow too; or hang it under transmission with `tandem new --from`"
        raise InvalidCase([Fault("case", "is a three-phase feeder, and this is for balanced networks", mend, "phase-010", place=name)])
    if (path / "network.toml").is_file():
        return alone(read_network_folder(path)).check()
    if path.is_dir():
        return read_case(path)
    if path.is_file():
        from gridtandem.cases.doors import read_network

        return alone(read_network(path)).check()
    raise UnknownName("case or folder", name, [*SYSTEMS, *MARKETS, *known_names(), *FEEDERS])


def catalogue() -> Catalogue:
    """All names, networks and feeders first, joined systems last."""
    from gridtandem.cases.market_systems import MARKETS

    own = list(entries().values())
    none = "see the networks it is made of"
    joined = [(name, *size_of(what), sum(len(h.buses) for h in what.hangs), what.title, what.source, none) for name, what in SYSTEMS.items()]
    joined += [(name, *what.size, what.title, what.source, what.licence) for name, what in MARKETS.items()]
    names, transmission, feeders, interfaces, titles, sources, licences = (list(c) for c in zip(*joined, strict=True))
    sizes = [f"{t} + {d} buses, {i} interfaces" for t, d, i in zip(transmission, feeders, interfaces, strict=True)]
    return Catalogue.of({
        "name": [*(e.name for e in own), *names],
        "also": [*(e.file if e.file != e.name and known_names()[e.file] == e.name else "" for e in own), *("" for _ in joined)],
        "form": [*(e.kind for e in own), *("joined" for _ in joined)],
        "buses": [*(e.buses for e in own), *(t + d for t, d in zip(transmission, feeders, strict=True))],
        "size": [*(f"{e.buses} buses, {e.load_mw:,.6g} MW" for e in own), *sizes],
        "title": [*(e.title for e in own), *titles],
        "source": [*(e.source for e in own), *sources],
        "licence": [*(e.licence for e in own), *licences],
        "extra": [*(e.large for e in own), *(False for _ in joined)],
        "load_mw": [*(e.load_mw for e in own), *(0.0 for _ in joined)],
    })  # fmt: skip


def alone(net: Network, *, title: str = "", source: str = "", licence: str = "") -> Case:
    """A network as a case without feeders."""
    return Case(name=net.name, transmission=net, interfaces=Interfaces.empty(), title=title, source=source, licence=licence, notes=net.notes)
