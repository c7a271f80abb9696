"""One company's network: frozen tables and the checks that span them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.tables import Real, Table

TORN = frozenset(
    {"case-015", "case-016", "case-017", "case-020"}
)  # names that are missing, twice or unknown: who is connected to whom cannot be told


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Network:
    """What a company has in the ground. Nothing later changes it."""

    name: str
    buses: el.Buses
    lines: el.Lines = field(default_factory=el.Lines.empty)
    transformers: el.Transformers = field(default_factory=el.Transformers.empty)
    ties: el.Ties = field(default_factory=el.Ties.empty)
    loads: el.Loads = field(default_factory=el.Loads.empty)
    generators: el.Generators = field(default_factory=el.Generators.empty)
    shunts: el.Shunts = field(default_factory=el.Shunts.empty)
    costs: el.Costs = field(default_factory=el.Costs.empty)
    cost_points: el.CostPoints = field(default_factory=el.CostPoints.empty)
    ramps: dv.Ramps = field(default_factory=dv.Ramps.empty)
    storages: dv.Storages = field(default_factory=dv.Storages.empty)
    vehicles: dv.Vehicles = field(default_factory=dv.Vehicles.empty)
    flexible: dv.Flexible = field(default_factory=dv.Flexible.empty)
    profiles: dv.Profiles = field(default_factory=dv.Profiles.empty)
    follows: dv.Follows = field(default_factory=dv.Follows.empty)
    regulation: dv.Regulation = field(default_factory=dv.Regulation.empty)
    requirements: dv.Requirements = field(default_factory=dv.Requirements.empty)
    tariffs: dv.Tariffs = field(default_factory=dv.Tariffs.empty)
    base_mva: float = 100.0  # the base a file of per-unit numbers was written on; kept for writing it again
    frequency_hz: float = 50.0
    notes: tuple[str, ...] = ()  # what a reader assumed

    def __repr__(self) -> str:
        rows = ", ".join(f"{name} {len(table)}" for name, table in self.tables().items() if len(table))
        return f"Network {self.name}: {rows or 'empty'}"

    def tables(self) -> dict[str, Table]:
        """All tables by name, in reading order."""
        found = ((f.name, getattr(self, f.name)) for f in fields(self))
        return {name: t for name, t in found if isinstance(t, Table)}

    def faults(self) -> Iterator[Fault]:
        """Everything wrong with this network, in no need of a load flow to see; each row with its buses."""
        yield from (_with_buses(self, f) for f in table_faults(self.tables()))
        yield from (_with_buses(self, f) for f in self._electrical())

    def check(self) -> Network:
        """The network itself, or `InvalidCase` with all its faults."""
        if found := [f.at(self.name) for f in self.faults()]:
            raise InvalidCase(found)
        return self

    def digest(self) -> str:
        """SHA-256 of all tables. Networks without tariffs have the digests they had before there were any."""
        return tables_digest({name: table for name, table in self.tables().items() if name != "tariffs" or len(table)})

    def _electrical(self) -> Iterator[Fault]:
        for branch in (self.lines, self.transformers):
            for row, name, what in el.impedance_faults(branch):
                mend = "use a positive value, or set equivalent = yes where the row stands for a reduced network or series capacitor"
                yield branch.fault(row, name, what, mend if "negative" in what else "use a tie for a connection without impedance", "case-030")
            for k in np.flatnonzero(branch.from_bus == branch.to_bus):
                yield branch.fault(int(k), "to_bus", "is the bus it comes from", "name the bus at the other end", "case-031")
        size = len(self.buses)
        ends = self.lines
        sound = (ends.from_bus >= 0) & (ends.from_bus < size) & (ends.to_bus >= 0) & (ends.to_bus < size)
        kv = self.buses.nominal_kv
        for k in np.flatnonzero(sound):
            a, b = kv[self.lines.from_bus[k]], kv[self.lines.to_bus[k]]
            if abs(a - b) > 1e-6 * max(a, b):
                yield self.lines.fault(int(k), "to_bus", f"has {b:g} kV where the other end has {a:g} kV", "use a transformer", "case-032")
        yield from crossed(self.buses, "v_low_pu", "v_high_pu")
        for low, high in (("p_low_mw", "p_high_mw"), ("q_low_mvar", "q_high_mvar")):
            yield from crossed(self.generators, low, high)
        yield from crossed(self.transformers, "ratio_low", "ratio_high")
        for branch in (self.lines, self.transformers):
            yield from crossed(branch, "angle_low_deg", "angle_high_deg")
        yield from el.cost_faults(self.costs, self.cost_points, self.generators)
        yield from self._devices()

    def _devices(self) -> Iterator[Fault]:
        yield from crossed(self.storages, "energy_low_mwh", "energy_high_mwh")
        yield from crossed(self.storages, "energy_low_mwh", "energy_start_mwh")
        yield from crossed(self.storages, "energy_start_mwh", "energy_high_mwh")
        yield from crossed(self.vehicles, "arrives", "leaves")
        yield from crossed(self.vehicles, "energy_need_mwh", "energy_room_mwh")
        yield from dv.profile_faults(self.profiles, self.follows, {kind: getattr(self, kind).name for kind in dv.FOLLOWERS})
        yield from dv.regulation_faults(self.regulation, {kind: getattr(self, kind).name for kind in dv.REGULATORS})
        yield from dv.requirement_faults(self.requirements, self.periods)
        yield from dv.tariff_faults(self.tariffs, self.periods)

    def factors(self, what: str, periods: int) -> Real:
        """Forecast factors (period, row) of a kind of rows; 1 where a row follows no profile."""
        return dv.factors(self.profiles, self.follows, what, getattr(self, what).name, periods)

    @property
    def periods(self) -> int:
        """Periods that every profile covers; 0 where there is none."""
        return min((int(self.profiles.period[self.profiles.profile == p].max()) for p in np.unique(self.profiles.profile)), default=0)


def table_faults(tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Broken promises of the columns, and rows that refer to rows which do not exist."""
    for table in tables.values():
        yield from table.faults()
        for name, spec in table.columns().items():
            if spec.refers:
                size, rows = len(tables[spec.refers]), getattr(table, name)
                low = -1 if spec.at_least is not None else 0
                if not len(rows) or (low <= rows.min() and rows.max() < size):
                    continue
                for k in np.flatnonzero((rows >= size) | (rows < low)):
                    yield table.fault(int(k), name, f"refers to row {rows[k]} of {size} {spec.refers}", f"name one of the {spec.refers}", "case-020")


def tables_digest(tables: Mapping[str, Table]) -> str:
    """SHA-256 of named tables."""
    sha = hashlib.sha256()
    for name, table in tables.items():
        sha.update(f"{name}:{table.digest()};".encode())
    return sha.hexdigest()


def crossed(table: Table, low: str, high: str) -> Iterator[Fault]:
    """Rows whose lower bound lies above the upper one."""
    least, most = getattr(table, low), getattr(table, high)
    for k in np.flatnonzero(least > most):
        yield table.fault(int(k), low, f"lies above {high} ({least[k]:g} > {most[k]:g})", "exchange or correct the two", "case-033")


def wired(faults: Iterable[Fault]) -> bool:
    """Whether a network of these faults still says what is connected to what, so that islands can be looked for."""
    return TORN.isdisjoint(f.code for f in faults)


def _with_buses(net: Network, fault: Fault) -> Fault:
    """The fault of a row with the buses of that row, where its name does not tell them."""
    table = net.tables().get(fault.table)
    if table is None or fault.row < 0:
        return fault
    rows = [int(getattr(table, c)[fault.row]) for c in ("bus", "from_bus", "to_bus") if c in table.columns()]
    if not rows or not all(0 <= k < len(net.buses) for k in rows):
        return fault
    names = [net.buses.label(k) for k in rows]
    if "-".join(names) == fault.label.partition("#")[0] and table is not net.generators:
        return fault
    return replace(fault, what=f"{fault.what}, {'at bus' if len(names) == 1 else 'between buses'} {' and '.join(map(repr, names))}")
