"""A case: one transmission network, feeder models, and the table that says where feeders hang."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.network import Network, wired
from gridtandem.grid.nodal import Nodal
from gridtandem.grid.topology import linear_drops, reached
from gridtandem.tables import Index
from gridtandem.units import MVA

MIX_UP = 10.0  # a linear voltage drop above 10 pu is no loading, it is kW read as MW or ohm read as per unit
MIX_UP_ALONE = 1.0  # the same for one load alone, whose impedance then is below that of its way from the root: nothing could feed it


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Case:
    """Everything a study may hold. Companies hold only their own part of it."""

    name: str
    transmission: Network
    models: tuple[Network, ...] = ()  # feeder models; one model may serve many interfaces
    interfaces: Interfaces
    currency: str = "EUR"
    title: str = ""
    source: str = ""
    licence: str = ""
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        t, d = self.size()
        told = f"{t} + {d} buses, {len(self.interfaces)} interfaces, companies: {', '.join(self.companies)}" if len(self.interfaces) else f"{t} buses"
        return f"Case {self.name}: {told}"

    @property
    def companies(self) -> tuple[str, ...]:
        """Distribution companies, in the order of the interface table."""
        return tuple(dict.fromkeys(self.interfaces.company.tolist()))

    def rows_of(self, company: str) -> Index:
        """Interfaces behind which a company stands."""
        return np.flatnonzero(self.interfaces.company == company)

    @property
    def ports(self) -> Index:
        """How many interfaces the feeder behind each interface has."""
        _, which, count = np.unique(self.interfaces.feeder, return_inverse=True, return_counts=True)
        out: Index = count[which]
        return out

    def size(self) -> tuple[int, int]:
        """Transmission buses, and feeder buses with parallel feeders counted one by one (roots belong to transmission)."""
        table, ports = self.interfaces, self.ports
        _, first = np.unique(table.feeder, return_index=True)
        inner = [(len(self.models[table.model[k]].buses) - int(ports[k])) * int(table.count[k]) for k in first.tolist()]
        return len(self.transmission.buses), sum(inner)

    def digest(self) -> str:
        """SHA-256 of everything that can change a number."""
        sha = hashlib.sha256(self.transmission.digest().encode())
        for model in self.models:
            sha.update(model.digest().encode())
        sha.update(self.interfaces.digest().encode())
        return sha.hexdigest()

    def check(self) -> Case:
        """The case itself, or `InvalidCase` with all faults of all companies at once."""
        if found := list(self.faults()):
            raise InvalidCase(found)
        return self

    def faults(self) -> Iterator[Fault]:
        """Everything wrong with this case, addressed by the names of its networks."""
        places = [self.name, self.transmission.name, *(m.name for m in self.models)]
        yield from (f.at(places[k]) for k, f in self.located())

    def located(self, unread: frozenset[int] = frozenset()) -> Iterator[tuple[int, Fault]]:
        """Faults with their place: 0 the case itself, 1 transmission, 2, 3, … the feeder models.

        Reach and references are looked for where tables say what is connected to what and are not ``unread``; mistaken units where they are sound.
        """
        whole, sound = [], []
        for k, net in enumerate((self.transmission, *self.models), start=1):
            found = list(net.faults())
            whole.append(wired(found) and k not in unread)
            sound.append(not found and k not in unread)
            yield from ((k, f) for f in found)
        names = [m.name for m in self.models]
        for name in sorted({n for n in names if names.count(n) > 1} if len(set(names)) < len(names) else ()):
            yield 0, Fault("models", f"{names.count(name)} feeder models are called {name!r}", "give each its own name", "case-040")
        wrong = list(self._interface_faults())
        yield from ((0, f) for f in wrong)
        if whole[0]:
            bridges = self.interfaces.take(np.flatnonzero(self.ports > 1)) if not wrong else self.interfaces.take(np.empty(0, np.int64))
            yield from ((1, f) for f in _reference_faults(self.transmission, bridges, sound=sound[0]))
            yield from ((0, f) for f in _twice_faults(self.transmission, bridges))
        if not wrong and 0 not in unread:
            for m in sorted(set(self.interfaces.model.tolist())):
                if whole[1 + m]:
                    yield from ((2 + m, f) for f in _model_faults(self.models[m], self._roots_of(m), sound=sound[1 + m]))

    def _roots_of(self, model: int) -> list[tuple[int, ...]]:
        """Every set of roots with which feeders of this model are fed."""
        table, found = self.interfaces, dict[str, list[int]]()
        for k in np.flatnonzero(table.model == model).tolist():
            found.setdefault(str(table.feeder[k]), []).append(int(table.root[k]))
        return sorted({tuple(sorted(roots)) for roots in found.values()})

    def _interface_faults(self) -> Iterator[Fault]:
        table, buses = self.interfaces, len(self.transmission.buses)
        yield from table.faults()
        for k in range(len(table)):
            model, bus, root = int(table.model[k]), int(table.bus[k]), int(table.root[k])
            if not 0 <= model < len(self.models):
                if table.company[k]:  # a row of nobody names no model of anybody
                    yield table.fault(k, "model", f"refers to model {model} of {len(self.models)}", "name a feeder model", "case-041")
            elif not 0 <= root < len(self.models[model].buses):
                yield table.fault(k, "root", f"is not a bus of {self.models[model].name!r}", "name one of its buses", "case-042")
            if not table.company[k]:
                yield table.fault(k, "company", "is empty", "name the company", "case-016")
            if not 0 <= bus < buses:
                yield table.fault(k, "bus", "is not a transmission bus", "name one of the transmission buses", "case-043")
            elif not self.transmission.buses.live[bus]:
                what = f"{self.transmission.buses.label(bus)!r} is out of service"
                yield table.fault(k, "bus", what, "put it in service or choose another", "case-044")
        yield from self._port_faults()

    def _port_faults(self) -> Iterator[Fault]:
        """Rows of one feeder are its ports: they must tell of the same feeder, and each have a root and a bus of its own."""
        table = self.interfaces
        rows = list(zip(table.feeder.tolist(), table.company.tolist(), table.model.tolist(), table.count.tolist(), table.scale.tolist(), strict=True))
        first = {row[0]: k for k, row in reversed(list(enumerate(rows)))}
        for k, row in enumerate(rows):
            other = first[row[0]]
            for name, here, there in zip(("company", "model", "count", "scale"), row[1:], rows[other][1:], strict=True):
                if here != there:
                    what = f"differs from that of {table.label(other)!r}, which is a port of the same feeder {row[0]!r}"
                    yield table.fault(k, name, what, "make them equal, or give the feeder a name of its own", "case-054")
            if k != other and table.root[k] == table.root[other]:
                what = f"is also that of {table.label(other)!r}, which is a port of the same feeder {row[0]!r}"
                yield table.fault(k, "root", what, "a second feed enters at another bus; give a feeder of its own another name", "case-055")


def _twice_faults(net: Network, bridges: Interfaces) -> Iterator[Fault]:
    """Feeders that meet transmission twice at one node."""
    node = _connected(net).node[bridges.bus] if len(bridges) else bridges.bus
    seen: dict[tuple[str, int], int] = {}
    for k, at in enumerate(zip(bridges.feeder.tolist(), node.tolist(), strict=True)):
        if (other := seen.setdefault(at, k)) != k:
            what = f"{net.buses.label(int(bridges.bus[k]))!r} is, closed ties counted, that of {bridges.label(other)!r}, a port of the same feeder"
            mend = "give the feeder one root there, and join its two feeds by a tie"
            yield Fault(bridges.kind, what, mend, "case-055", column="bus", label=bridges.label(k))


def _reference_faults(net: Network, bridges: Interfaces, *, sound: bool) -> Iterator[Fault]:
    """``bridges``: interfaces of feeders that have several."""
    nodal = _connected(net)
    at = sorted({int(n) for n in nodal.units.node[nodal.units.control == REFERENCE]})
    if not at:
        yield Fault("generators", "has no reference (slack)", "set control = reference at one bus", "case-045")
    elif len(at) > 1:
        names = ", ".join(repr(net.buses.label(int(nodal.bus[k]))) for k in at)
        what = f"has {len(at)} references (slacks), at {names}"
        yield Fault("generators", what, "keep one; set the others to control = voltage", "case-046", column="control")
    else:
        ok = reached(nodal, np.array(at))
        lost = [net.buses.label(int(nodal.bus[k])) for k in np.flatnonzero(~ok)]
        if lost:
            away = [f for f, b in zip(bridges.feeder.tolist(), nodal.node[bridges.bus].tolist(), strict=True) if not ok[b]]
            but = f" but through {_some([repr(f) for f in dict.fromkeys(away)])}: a feeder cannot bridge two islands" if away else ""
            own = {net.buses.label(int(b)) for b in net.generators.bus[net.generators.live & net.buses.live[net.generators.bus]]} & set(lost)
            alone = " (units there do not help: a case is one island, and one reference balances it)" if own and not but else ""
            yield Fault("buses", f"{_some(lost)}: no path to the reference{but}{alone}", "close a branch, or set live = no", "case-047")
    u = nodal.units
    for n in sorted(set(u.node[u.control > 0].tolist())) if sound else ():
        if len(set(u.v_set[(u.node == n) & (u.control > 0)].tolist())) > 1:
            what = f"at {net.buses.label(int(nodal.bus[n]))!r} hold different voltages"
            yield Fault("generators", what, "give them one v_set_pu", "case-048", column="v_set_pu")


def _some(names: list[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _root_faults(net: Network, nodal: Nodal, roots: list[int]) -> Iterator[Fault]:
    for r in roots:
        if nodal.node[r] < 0:
            yield Fault("buses", f"root {net.buses.label(r)!r} is out of service", "put it in service", "case-052")
    home = {int(nodal.node[r]) for r in roots}
    for k, n in enumerate(nodal.units.node):
        if nodal.units.control[k] == REFERENCE and int(n) not in home:
            what, mend = "is a reference (slack) away from the feeder's root", "set control = voltage or pq; transmission holds the root"
            yield net.generators.fault(int(nodal.units.row[k]), "control", what, mend, "case-053")


def _connected(net: Network) -> Nodal:
    """A network whose numbers may be wrong, for the sake of what is connected to what."""
    with np.errstate(all="ignore"):
        return Nodal.of(net)


def _model_faults(net: Network, kinds: list[tuple[int, ...]], *, sound: bool) -> Iterator[Fault]:
    """Faults of a feeder model that is used with these sets of roots; the same fault once."""
    nodal = _connected(net)
    yield from _root_faults(net, nodal, sorted({r for roots in kinds for r in roots}))
    found = {str(f): f for roots in kinds for f in _feeder_faults(net, nodal, list(roots), sound=sound)}
    yield from found.values()


def _feeder_faults(net: Network, nodal: Nodal, roots: list[int], *, sound: bool) -> Iterator[Fault]:
    nodes, labels = nodal.node[roots], ", ".join(repr(net.buses.label(r)) for r in roots)
    if len(set(nodes[nodes >= 0].tolist())) < (nodes >= 0).sum():
        what = f"{labels} are roots that closed ties make one bus, so that nothing says how power divides between them"
        yield Fault("buses", what, "open a tie, or give the feeder one root", "case-055")
    ok = reached(nodal, nodes)
    lost = [net.buses.label(int(nodal.bus[k])) for k in np.flatnonzero(~ok)]
    if lost:
        what = f"{_some(lost)}: no path to the root {labels}"
        yield Fault("buses", what, "close a line or switch, or set live = no", "case-050")
    elif sound:
        yield from _unit_faults(net, nodal, int(nodal.node[roots[0]]))


def _unit_faults(net: Network, nodal: Nodal, root: int) -> Iterator[Fault]:
    together, alone = linear_drops(nodal, root)
    mend = "suspected unit mix-up: are the loads in kW, or the impedances in per unit?"
    loads = nodal.loads
    if (drop := together.max()) > MIX_UP:
        what = f"{loads.s.real.sum() * MVA:,.4g} MW would drop the voltage by {drop:,.4g} pu (linear estimate)"
        yield Fault("loads", what, mend, "case-051")
    elif (drop := alone[worst := int(alone.argmax())]) > MIX_UP_ALONE:
        mw = loads.s[loads.node == worst].real.sum() * MVA
        what = f"{mw:,.4g} MW at bus {net.buses.label(int(nodal.bus[worst]))!r} alone would drop the voltage by {drop:,.4g} pu (linear estimate)"
        yield Fault("loads", what, mend, "case-051")
