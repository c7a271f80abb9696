"""A network phase by phase, and the checks that span its tables. The balanced counterpart is `gridtandem.grid.network`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.network import crossed, table_faults, tables_digest
from gridtandem.tables import Flag, Index, Table

BOUNDS = (
    ("v_low_pu", "v_high_pu"), ("q_low_mvar", "q_high_mvar"), ("steps_closed", "steps"),
    ("tap_from_low_pu", "tap_from_high_pu"), ("tap_to_low_pu", "tap_to_high_pu"),
)  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ThreePhaseNetwork:
    """What a company has in the ground, phase by phase. Nothing later changes it."""

    name: str
    buses: pe.PhaseBuses
    lines: pe.PhaseLines = field(default_factory=pe.PhaseLines.empty)
    transformers: pe.PhaseTransformers = field(default_factory=pe.PhaseTransformers.empty)
    regulators: pe.Regulators = field(default_factory=pe.Regulators.empty)
    loads: pe.PhaseLoads = field(default_factory=pe.PhaseLoads.empty)
    capacitors: pe.Capacitors = field(default_factory=pe.Capacitors.empty)
    generators: pe.PhaseGenerators = field(default_factory=pe.PhaseGenerators.empty)
    sources: pe.PhaseSources = field(default_factory=pe.PhaseSources.empty)
    frequency_hz: float = 50.0
    notes: tuple[str, ...] = ()  # what a reader assumed

    def tables(self) -> dict[str, Table]:
        """All tables by name, in reading order."""
        found = ((f.name, getattr(self, f.name)) for f in fields(self))
        return {name: t for name, t in found if isinstance(t, Table)}

    def faults(self) -> Iterator[Fault]:
        """Everything wrong with this network, in no need of a load flow to see; what spans tables only where each is sound."""
        broken = list(table_faults(self.tables()))
        yield from broken
        if not broken:
            yield from self._electrical()

    def check(self) -> ThreePhaseNetwork:
        """The network itself, or `InvalidCase` with all its faults."""
        if found := [f.at(self.name) for f in self.faults()]:
            raise InvalidCase(found)
        return self

    def digest(self) -> str:
        """SHA-256 of all tables."""
        return tables_digest(self.tables())

    def _electrical(self) -> Iterator[Fault]:
        yield from self._line_faults()
        for branch in (self.lines, self.transformers):
            for k in np.flatnonzero(branch.from_bus == branch.to_bus):
                yield branch.fault(int(k), "to_bus", "is the bus it comes from", "name the bus at the other end", "case-031")
        t = self.transformers
        yield from self._terminal_faults(t, "terminals_from", t.from_bus)
        yield from self._terminal_faults(t, "terminals_to", t.to_bus)
        for row in range(len(t)):
            first, second = pe.winding_coils(t, row)
            if len(first) != len(second):
                yield t.fault(row, "terminals_to", "make another number of coils than the first winding", "give both the same", "case-074")
        for row, (coil, unit) in enumerate(zip(self.regulators.coil.tolist(), self.regulators.transformer.tolist(), strict=True)):
            if coil > (count := len(pe.winding_coils(t, unit)[0])):
                yield self.regulators.fault(row, "coil", f"is {coil}, and the transformer has {count}", "name one of its coils", "case-078")
        for hung in (self.loads, self.capacitors, self.generators):
            yield from self._terminal_faults(hung, "terminals", hung.bus)
        for table in self.tables().values():
            for low, high in BOUNDS:
                if {low, high} <= table.columns().keys():
                    yield from crossed(table, low, high)
        for k in np.flatnonzero(~self.buses.phases[self.sources.bus].all(axis=1)):
            yield self.sources.fault(int(k), "bus", "lacks a phase", "put the source where a, b and c exist", "case-072")
        if not len(self.sources):
            yield Fault("sources", "are missing", "say where the feeder is fed", "case-075")

    def _line_faults(self) -> Iterator[Fault]:
        ln, buses = self.lines, self.buses
        present = ln.to_phase > 0
        for k in np.flatnonzero(self._doubtful_lines()).tolist():
            there = np.flatnonzero(present[k])
            ends = ln.to_phase[k, there] - 1
            if len(there) == 0 or len(np.unique(ends)) < len(ends):
                yield ln.fault(k, "to_phase", "does not lead each conductor to a phase of its own", "name one phase per conductor", "case-070")
            if not buses.phases[ln.from_bus[k], there].all() or not buses.phases[ln.to_bus[k], ends].all():
                yield ln.fault(k, "to_phase", "uses a phase that a bus at its ends lacks", "correct the phases of line or bus", "case-072")
            absent = ~(present[k][:, None] & present[k][None, :])
            for name in ("r_ohm", "x_ohm", "b_us"):
                if getattr(ln, name)[k][absent].any():
                    yield ln.fault(k, name, "has numbers where there is no conductor", "write 0 there", "case-071")
            own = ln.r_ohm[k].diagonal()[there], ln.x_ohm[k].diagonal()[there]
            if ((own[0] == 0) & (own[1] == 0)).any():
                yield ln.fault(k, "x_ohm", "and r_ohm are both 0", "give a switch a small resistance", "case-030")
            a, b = buses.nominal_kv[ln.from_bus[k]], buses.nominal_kv[ln.to_bus[k]]
            if abs(a - b) > 1e-6 * max(a, b):
                yield ln.fault(k, "to_bus", f"has {b:g} kV where the other end has {a:g} kV", "use a transformer", "case-032")

    def _doubtful_lines(self) -> Flag:
        """Lines that may be at fault, found all at once: those that lead a, b, c to themselves between buses that have them are mostly sound."""
        ln, buses = self.lines, self.buses
        present = ln.to_phase > 0
        own = ((ln.r_ohm != 0) | (ln.x_ohm != 0)).diagonal(axis1=1, axis2=2)
        absent = ~(present[:, :, None] & present[:, None, :])
        stray = (((ln.r_ohm != 0) | (ln.x_ohm != 0) | (ln.b_us != 0)) & absent).any(axis=(1, 2))
        straight = ((ln.to_phase == np.arange(1, 4)) | ~present).all(axis=1) & present.any(axis=1)
        phases = ((buses.phases[ln.from_bus] & buses.phases[ln.to_bus]) | ~present).all(axis=1)
        sound = straight & phases & (own | ~present).all(axis=1) & ~stray & (buses.nominal_kv[ln.from_bus] == buses.nominal_kv[ln.to_bus])
        return np.asarray(~sound)

    def _terminal_faults(self, table: Table, name: str, bus: Index) -> Iterator[Fault]:
        terminals: Index = getattr(table, name)
        connection = getattr(table, name.replace("terminals", "connection"))
        lone = (terminals[:, 0] > 0) & (terminals[:, 1:] == 0).all(axis=1) & (connection == pe.WYE)  # most, and sound where the phase is there
        for k in np.flatnonzero(~(lone & self.buses.phases[bus, terminals[:, 0] - 1])).tolist():
            ends = terminals[k]
            used = ends[ends > 0]
            if not _well_formed(ends) or len(used) < (2 if connection[k] == pe.DELTA else 1):
                yield table.fault(k, name, "do not make a coil", "phases first, each once, then none; a delta needs two or three", "case-073")
                continue
            phases: Flag = self.buses.phases[bus[k], used - 1]
            if not phases.all():
                yield table.fault(k, name, "name a phase that the bus lacks", "correct the phases of element or bus", "case-072")


def _well_formed(ends: Index) -> bool:
    used = ends[ends > 0]
    return len(np.unique(used)) == len(used) and bool((ends[: len(used)] > 0).all())
