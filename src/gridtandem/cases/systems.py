"""Joined systems of the coordinated-operation literature, by name.

Fact and reconstruction are kept apart. The names, the transmission networks, the boundary buses of 14A, 14B, T14D2, T30D2 and T118Dn4, and the
feeder kind of the T systems are those of M. Gupta's thesis (IIT Delhi, 2022). How many feeders stand at a bus, what becomes of the load there,
the exponents, and the DGs are not printed there; they are our reconstruction, and the notes of every case say so.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Literal, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.generate import bus_load, exponential, feeder_load, interfaces, root_of, with_dg, without_load
from gridtandem.cases.library import entries, network
from gridtandem.errors import UnknownName
from gridtandem.grid.network import Network

SOURCE = "M. Gupta, PhD thesis, Indian Institute of Technology Delhi, 2022; feeders: see their own entries"
DG_MW = 1.0
Place = Literal["replaces", "shares", "adds"]


@final
@dataclass(frozen=True, slots=True)
class Hang:
    """Parallel feeders at one bus.

    ``replaces``: they stand for the whole bus load, whatever it was. ``adds``: the bus load stays. ``shares``: k = round(P_bus / P_feeder), at
    least 1, and the bus keeps the rest; where k feeders draw more than the bus had, and where ``fit``, they are scaled to its active power.
    ``also`` names further (transmission bus, bus of the feeder) pairs where each of them is fed too, and ``replaces`` goes for these buses as
    well; ``closed`` names lines of the feeder that are open in its data and closed here.
    """

    bus: str
    feeder: str
    place: Place = "shares"
    count: int = 0  # 0: by rounding
    fit: bool = False
    also: tuple[tuple[str, str], ...] = ()
    closed: tuple[str, ...] = ()

    @property
    def buses(self) -> tuple[str, ...]:
        """Transmission buses that feed it."""
        return (self.bus, *(bus for bus, _ in self.also))


@final
@dataclass(frozen=True, slots=True)
class System:
    """What a joined system consists of."""

    title: str
    transmission: str
    hangs: tuple[Hang, ...]
    fact: str
    source: str = SOURCE
    exponents: tuple[float, float] = (0.0, 0.0)
    dg_mw: float = 0.0
    rated: str = ""  # how branches without ratings come by them, from a file beside this one; empty: they do not


def _bw(*places: tuple[str, int]) -> tuple[Hang, ...]:
    return tuple(Hang(bus, "case33bw", "replaces", count) for bus, count in places)


A, B = (0.9, 1.3), (1.0, 1.0)
AT = "The thesis gives the transmission network and the boundary buses {}."
SYSTEMS = {
    "14A": System(
        "IEEE 14-bus with a 16-bus and a 33-bus feeder, loads only", "ieee14", (Hang("10", "case16am", fit=True), Hang("13", "case33bw", count=1)),
        "The thesis gives the transmission network and boundary bus 10; bus 13 is ours.", exponents=A,
    ),
    "14B": System(
        "IEEE 14-bus with a 33-bus and a 141-bus feeder, loads and DGs", "ieee14", (Hang("7", "case33bw", "adds", 1), Hang("9", "case141", fit=True)),
        "The thesis gives the transmission network and boundary bus 7; bus 9 is ours.", exponents=B, dg_mw=DG_MW,
    ),
    "30A": System(
        "IEEE 30-bus with 33-bus feeders at two buses, loads only", "ieee30", tuple(Hang(b, "case33bw") for b in ("15", "19")),
        "The thesis gives the transmission network; the boundary buses 15 and 19 are ours.", exponents=A,
    ),
    "30B": System(
        "IEEE 30-bus with 33-bus feeders at four buses, loads and DGs", "ieee30", tuple(Hang(b, "case33bw") for b in ("15", "19", "24", "30")),
        "The thesis gives the transmission network; the boundary buses 15, 19, 24 and 30 are ours.", exponents=B, dg_mw=DG_MW,
    ),
    "T14D2": System("IEEE 14-bus with 33-bus feeders at two buses", "ieee14", _bw(("10", 2), ("12", 2)), AT.format("10 and 12")),
    "T14R2": System(
        "IEEE 14-bus with 33-bus feeders fed from two buses", "ieee14",
        (Hang("10", "case33bw", "replaces", 4, also=(("12", "18"),), closed=("25-29",)),),
        "The networks are published; the system is ours: the four feeders of T14D2, each fed from both buses.",
        "ours; parts: see their own entries",
    ),
    "T30D2": System("IEEE 30-bus with 33-bus feeders at two buses", "ieee30", _bw(("15", 2), ("19", 2)), AT.format("15 and 19")),
    "T118Dn4": System(
        "IEEE 118-bus with 33-bus feeders at four buses", "ieee118", _bw(("39", 7), ("50", 5), ("67", 8), ("98", 9)), AT.format("39, 50, 67 and 98")
    ),
    "ieee118-4bb": System(
        "T118Dn4 with loads that vary with voltage, and ratings", "ieee118",
        _bw(("39", 7), ("50", 5), ("67", 8), ("98", 9)), "The networks are published; the system is ours: T118Dn4 with other exponents and ratings.",
        "ours; parts: see their own entries", exponents=A,
        rated="Ours: the published network has no ratings; a branch has 1.25 times its apparent power in the load flow of IEEE 118, at least 15 MVA.",
    ),
}  # fmt: skip


def system(name: str) -> Case:
    """A joined system by name."""
    if name not in SYSTEMS:
        raise UnknownName("joined system", name, list(SYSTEMS))
    what = SYSTEMS[name]
    net = _rated(network(what.transmission)) if what.rated else network(what.transmission)
    loads, models, notes = bus_load(net), dict[str, Network](), [what.fact]
    taken, counts, places = np.zeros(len(loads), complex), list[int](), list[int]()
    row = {b: k for k, b in enumerate(net.buses.name.tolist())}
    for hang in what.hangs:
        here = [row[bus] for bus in hang.buses]
        had = complex(loads[here].sum())
        model, k, gone = _hung(hang, had)
        models.setdefault(model.name, model)
        places.append(list(models).index(model.name))
        counts.append(k)
        taken[here] = gone if len(here) == 1 else loads[here]
        notes.append(_told(hang, k, had, had - gone, feeder_load(model).real))
    finished = tuple(_finished(m, what) for m in models.values())
    notes.append(f"Reconstruction: feeder loads have the exponents ({what.exponents[0]:g}, {what.exponents[1]:g}); " + (
        f"every feeder has a DG of {what.dg_mw:g} MW at unity power factor at its last bus." if what.dg_mw else "there are no DGs."
    ))  # fmt: skip
    notes += [what.rated] if what.rated else []
    which = np.repeat(np.arange(len(what.hangs)), [len(h.buses) for h in what.hangs])
    at = [bus for h in what.hangs for bus in h.buses]
    roots = [r for h, m in zip(what.hangs, places, strict=True) for r in _roots(h, finished[m])]
    count, first = np.array(counts)[which], np.searchsorted(which, which)
    table = interfaces(at, np.array(places)[which], roots, np.array([row[b] for b in at]), count=count, scale=np.ones(len(at)))
    table = replace(table, feeder=table.feeder[first], company=table.company[first])
    return Case(
        name=name, title=what.title, transmission=without_load(net, taken), models=finished, interfaces=table, source=what.source,
        licence=entries()[what.transmission].licence, notes=tuple(notes),
    )  # fmt: skip


def size_of(what: System) -> tuple[int, int]:
    """Transmission buses, and feeder buses with parallel feeders counted one by one."""
    own, net = entries(), network(what.transmission)
    loads = dict(zip(net.buses.name.tolist(), bus_load(net).tolist(), strict=True))
    return own[what.transmission].buses, sum((own[h.feeder].buses - len(h.buses)) * _hung(h, loads[h.bus])[1] for h in what.hangs)


def _hung(hang: Hang, had: complex) -> tuple[Network, int, complex]:
    """The feeder, how many of them, and what they take from the bus load. [MW + j Mvar]"""
    feeder = _closed(network(hang.feeder), hang.closed)
    power = feeder_load(feeder)
    k = hang.count or max(1, round(had.real / power.real))
    if hang.place == "adds":
        return feeder, k, 0j
    if hang.place == "replaces":
        return feeder, k, had
    if hang.fit or k * power.real > had.real:
        return _scaled(feeder, had.real / (k * power.real), f"{hang.feeder}-at-{hang.bus}"), k, had
    return feeder, k, k * power


def _rated(net: Network) -> Network:
    """Branches with the ratings of the file for this network."""
    text = files("gridtandem.cases").joinpath(f"ratings-{net.name}.csv").read_text(encoding="utf-8")
    known = {(row["element"], row["name"]): float(row["rating_mva"]) for row in csv.DictReader(text.splitlines())}
    lines = np.array([known["line", name] for name in net.lines.name.tolist()])
    transformers = np.array([known["transformer", name] for name in net.transformers.name.tolist()])
    return replace(net, lines=replace(net.lines, rating_mva=lines), transformers=replace(net.transformers, rating_mva=transformers))


def _roots(hang: Hang, feeder: Network) -> list[int]:
    names = feeder.buses.name.tolist()
    return [root_of(feeder), *(names.index(bus) for _, bus in hang.also)]


def _closed(feeder: Network, lines: tuple[str, ...]) -> Network:
    if not lines:
        return feeder
    note = f"Line {', '.join(lines)} is open in the data of {feeder.name} and closed here."
    closed = feeder.lines.closed | np.isin(feeder.lines.name, lines)
    return replace(feeder, name=f"{feeder.name}-closed", lines=replace(feeder.lines, closed=closed), notes=(*feeder.notes, note))


def _scaled(feeder: Network, factor: float, name: str) -> Network:
    ld = feeder.loads
    note = f"All loads are those of {feeder.name} times {factor:.6g}."
    return replace(feeder, name=name, loads=replace(ld, p_mw=ld.p_mw * factor, q_mvar=ld.q_mvar * factor), notes=(*feeder.notes, note))


def _finished(feeder: Network, what: System) -> Network:
    feeder = exponential(feeder, *what.exponents)
    return with_dg(feeder, what.dg_mw) if what.dg_mw else feeder


def _told(hang: Hang, k: int, had: complex, rest: complex, each_mw: float) -> str:
    """One sentence on what became of the load of a bus."""
    stays = f"{rest.real:.4g} MW and {rest.imag:.4g} Mvar of it stay there" if rest else "nothing of it stays there"
    before = f"its load of {had.real:.4g} MW" if had else "no load"
    feeders = f"{k} feeder{'s' if k > 1 else ''} {hang.feeder} of {each_mw:.4g} MW"
    if hang.also:
        fed = "".join(f", at bus {bus} of the feeder from bus {there} too" for there, bus in hang.also)
        loop = f"; line {', '.join(hang.closed)} of each is closed" if hang.closed else ""
        return f"Ours: buses {', '.join(hang.buses)} had {had.real:.4g} MW and carry {feeders}, fed from bus {hang.bus}{fed}{loop}; {stays}."
    return f"Reconstruction: bus {hang.bus} had {before} and carries {feeders}" + (f"; {stays}." if had else ".")
