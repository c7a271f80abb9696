"""The tables of a MATPOWER file, checked: complete, whole numbers where numbers name things, every bus known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, final

import numpy as np

from gridtandem.cases.matpower.text import CONSTANTS, MatpowerFile
from gridtandem.cases.matpower.values import Value
from gridtandem.errors import Fault, InvalidCase
from gridtandem.tables import Index, Names, Real

PLACE: Final[Mapping[str, int]] = {name: number - 1 for pairs in CONSTANTS.values() for name, number in pairs}  # column, counted from 0
WIDTH: Final = {"bus": 13, "gen": 10, "branch": 11}  # least number of columns: those of case files of version 1
WHOLE: Final = {"bus": ("BUS_I", "BUS_TYPE", "BUS_AREA", "ZONE"), "gen": ("GEN_BUS",), "branch": ("F_BUS", "T_BUS")}
LIMITS: Final = {"VMIN", "VMAX", "PMIN", "PMAX", "QMIN", "QMAX", "RATE_A", "RATE_B", "RATE_C"}  # where none is a number, the network says so
KEPT: Final = ("baseMVA", "bus", "gen", "branch", "gencost", "bus_name", "version", "areas", "gentype", "genfuel")
LARGEST_NUMBER: Final = 2**31
MERE_NUMBERS: Final = {"case-010", "case-118"}  # faults with which rows still name their buses
BINDING: Final = {  # fields of MATPOWER's extended OPF: what they are, and what to do
    "A": ("adds linear rows to the optimum", "delete mpc.A, mpc.l and mpc.u, or give limits of units, branches and voltages"),
    "N": ("adds costs to the optimum", "delete mpc.N, mpc.H, mpc.Cw and what belongs to them, or give costs of units"),
    "if": ("limits flows over interfaces", "delete mpc.if, or give the branches ratings"),
    "reserves": ("asks units for reserves", "delete mpc.reserves, or lower PMAX by what is to be held back"),
    "softlims": ("lets limits be broken at a price", "delete mpc.softlims; the limits then hold"),
    "user_constraints": ("adds rows to the optimum", "delete mpc.user_constraints, or give limits of units, branches and voltages"),
}
ROOM: Final = 1e-9  # relative, for the digits of a file


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MatpowerTables:
    """What the file says, still on its own base and in its own columns."""

    name: str
    base_mva: float
    bus: Real
    gen: Real
    branch: Real
    gencost: Real
    bus_name: Names  # as the file gives them; empty where it gives none that tell buses apart
    gen_bus: Index  # rows of ``bus``
    from_bus: Index
    to_bus: Index
    notes: tuple[str, ...]
    faults: tuple[Fault, ...] = ()  # such as leave the rest readable

    def of_bus(self, column: str) -> Real:
        """A column of the bus table by its MATPOWER name."""
        return np.asarray(self.bus[:, PLACE[column]])

    def of_gen(self, column: str) -> Real:
        """A column of the generator table."""
        return np.asarray(self.gen[:, PLACE[column]])

    def of_branch(self, column: str) -> Real:
        """A column of the branch table; 0 where the file has fewer columns."""
        place = PLACE[column]
        return np.asarray(self.branch[:, place]) if place < self.branch.shape[1] else np.zeros(len(self.branch))


def row_fault(table: str, row: int, column: str, what: str, mend: str, *, code: str) -> Fault:
    """A fault of one row of a table of the file, rows counted from 1 as MATLAB does."""
    return Fault(f"mpc.{table}", what, mend, code, column=column, row=row, label=f"row {row + 1}")


def read_tables(file: MatpowerFile, place: str) -> MatpowerTables:
    """Check the tables of a file; all faults at once."""
    faults: list[Fault] = []
    base = _base(file.fields.get("baseMVA"), faults)
    tables = {name: _table(file.fields, name, faults) for name in WIDTH}
    tables["gencost"] = _optional(file.fields, "gencost", faults)
    for name, table in tables.items():
        faults += _unreadable(name, table)
    names = _bus_names(file.fields.get("bus_name"), len(tables["bus"]), faults)
    notes = _left_out(file.fields, faults)
    if any(f.code not in MERE_NUMBERS and f.table != "mpc.baseMVA" for f in faults):
        raise InvalidCase(f.at(place) for f in faults)
    faults += _curves(tables["gen"])
    number = tables["bus"][:, PLACE["BUS_I"]].astype(np.int64)
    faults += _twice(number)
    ends = (("gen", "GEN_BUS"), ("branch", "F_BUS"), ("branch", "T_BUS"))
    for kind, column in ends:
        faults += _strangers(kind, tables[kind], column, number)
    bus, names = _with_strangers(tables, names)
    number = bus[:, PLACE["BUS_I"]].astype(np.int64)
    gen_bus, from_bus, to_bus = (_rows(tables[kind], column, number) for kind, column in ends)
    return MatpowerTables(
        name=file.name, base_mva=base, bus=bus, gen=tables["gen"], branch=tables["branch"], gencost=tables["gencost"],
        bus_name=names, gen_bus=gen_bus, from_bus=from_bus, to_bus=to_bus, notes=notes, faults=tuple(faults),
    )  # fmt: skip


def _base(value: Value | None, faults: list[Fault]) -> float:
    if value is None:
        faults.append(Fault("mpc.baseMVA", "is missing", "give the power base in MVA", "case-110"))
    elif isinstance(value, str | list) or value.shape != (1, 1) or not 0 < value[0, 0] < np.inf:
        faults.append(Fault("mpc.baseMVA", "is not a positive number", "give the power base in MVA", "case-112"))
    else:
        return float(value[0, 0])
    return 100.0


def _table(fields: Mapping[str, Value], name: str, faults: list[Fault]) -> Real:
    nothing, width = np.empty((0, WIDTH[name])), WIDTH[name]
    if name not in fields:
        faults.append(Fault(f"mpc.{name}", "is missing", f"give the table of {width} or more columns", "case-110"))
        return nothing
    table = _optional(fields, name, faults)
    if len(table) == 0:
        if name == "bus":
            faults.append(Fault("mpc.bus", "has no row", "give at least one bus", "case-110"))
        return nothing
    if table.shape[1] < width:
        faults.append(Fault(f"mpc.{name}", f"has {table.shape[1]} columns", f"a MATPOWER file has {width} or more here", "case-111"))
        return nothing
    return table


def _optional(fields: Mapping[str, Value], name: str, faults: list[Fault]) -> Real:
    value = fields.get(name, np.empty((0, 0)))
    if isinstance(value, str | list):
        faults.append(Fault(f"mpc.{name}", "is text", "give a table of numbers", "case-112"))
        return np.empty((0, 0))
    return value + 0.0  # a zero has no sign


def _unreadable(name: str, table: Real) -> Iterator[Fault]:
    used = {PLACE[c]: c for c in _used(name) if PLACE[c] < table.shape[1]}
    for row, column in np.argwhere(np.isnan(table)).tolist():
        if name == "gencost" or (column in used and used[column] not in LIMITS):
            yield row_fault(name, row, used.get(column, ""), "is not a number", "give a number", code="case-010")
    for heading in WHOLE.get(name, ()):
        values = table[:, PLACE[heading]]
        for row in np.flatnonzero(~np.isnan(values) & ~((values == np.round(values)) & (abs(values) < LARGEST_NUMBER))).tolist():
            yield row_fault(name, row, heading, f"is {values[row]:g}", "give a whole number", code="case-112")
    if name == "bus":
        kinds, numbers = table[:, PLACE["BUS_TYPE"]], table[:, PLACE["BUS_I"]]
        for row in np.flatnonzero((kinds == np.round(kinds)) & ~np.isin(kinds, (1, 2, 3, 4))).tolist():
            yield row_fault(name, row, "BUS_TYPE", f"is {kinds[row]:g}", "it must be 1 (PQ), 2 (PV), 3 (reference) or 4 (isolated)", code="case-112")
        for row in np.flatnonzero((numbers == np.round(numbers)) & (numbers < 1)).tolist():
            yield row_fault(name, row, "BUS_I", f"is {numbers[row]:g}", "bus numbers begin at 1", code="case-112")


def _used(name: str) -> tuple[str, ...]:
    """Columns of which the reader makes use."""
    lists = {"bus": ("idx_bus", 13), "gen": ("idx_gen", 10), "branch": ("idx_brch", 13)}
    if name not in lists:
        return ()
    source, width = lists[name]
    return tuple(c for c, place in CONSTANTS[source] if place <= width and c not in ("PQ", "PV", "REF", "NONE"))


def _twice(number: Index) -> Iterator[Fault]:
    order = np.argsort(number, kind="stable")
    for k in np.flatnonzero(np.diff(number[order]) == 0):
        row, first = int(order[k + 1]), int(order[k])
        yield row_fault("bus", row, "BUS_I", f"is {number[row]}, as in row {first + 1}", "bus numbers must be unique", code="case-114")


def _strangers(name: str, table: Real, column: str, number: Index) -> Iterator[Fault]:
    """Rows that name a bus which the file does not have."""
    wanted, known = table[:, PLACE[column]].astype(np.int64), [str(n) for n in number.tolist()]
    for row in np.flatnonzero(~np.isin(wanted, number)).tolist():
        near = get_close_matches(str(wanted[row]), known, n=1, cutoff=0.5)
        mend = f"did you mean {near[0]}?" if near else "name a bus of mpc.bus"
        yield row_fault(name, row, column, f"is {wanted[row]}, which is no bus of this file", mend, code="case-113")


def _with_strangers(tables: Mapping[str, Real], names: Names) -> tuple[Real, Names]:
    """The buses, and one more for each number that only other tables know, so that the rest of those rows can be checked as well.

    It has the nominal voltage of the bus at the other end of its first branch.
    """
    bus, branch = tables["bus"], tables["branch"]
    number = bus[:, PLACE["BUS_I"]]
    start, end = (branch[:, PLACE[c]] for c in ("F_BUS", "T_BUS"))
    strange = np.setdiff1d(np.concatenate([tables["gen"][:, PLACE["GEN_BUS"]], start, end]), number)
    kv = dict(zip(number.tolist(), bus[:, PLACE["BASE_KV"]].tolist(), strict=True))
    beside = {a: kv[b] for a, b in [*zip(start.tolist(), end.tolist(), strict=True), *zip(end.tolist(), start.tolist(), strict=True)] if b in kv}
    more = np.zeros((len(strange), bus.shape[1]))
    for column, values in (("BUS_I", strange), ("BASE_KV", [beside.get(k, 1.0) for k in strange.tolist()])):
        more[:, PLACE[column]] = values
    more[:, [PLACE[c] for c in ("BUS_TYPE", "VM", "VMAX", "VMIN")]] = 1.0
    called = np.array([f"{k:.0f}" for k in strange.tolist()], str)
    return np.vstack([bus, more]), np.concatenate([names, called]) if len(names) else names


def _rows(table: Real, column: str, number: Index) -> Index:
    """Rows of the buses that a column names."""
    order = np.argsort(number, kind="stable")
    return np.asarray(order[np.searchsorted(number[order], table[:, PLACE[column]].astype(np.int64))], np.int64)


def _bus_names(value: Value | None, buses: int, faults: list[Fault]) -> Names:
    if value is None:
        return np.empty(0, str)
    if not isinstance(value, list):
        faults.append(Fault("mpc.bus_name", "is no list of names", "write {'name'; 'name'; …}", "case-112"))
        return np.empty(0, str)
    if len(value) != buses:
        faults.append(Fault("mpc.bus_name", f"has {len(value)} names for {buses} buses", "give one name per bus, or none at all", "case-112"))
        return np.empty(0, str)
    names = [name.strip() for name in value]
    return np.array(names if len(set(names)) == buses and all(names) else [], dtype=str)


def _left_out(fields: Mapping[str, Value], faults: list[Fault]) -> tuple[str, ...]:
    """Refuse what would change the physics; note what would not."""
    direct = fields.get("dcline")
    if direct is not None and not isinstance(direct, str | list):
        live = int((direct[:, 2] != 0).sum()) if direct.shape[1] > 2 else len(direct)
        if live:
            what = f"has {live} DC line(s) in service, which no table here can hold"
            faults.append(Fault("mpc.dcline", what, "delete them, or put a load and a generator at their ends", "case-118"))
    for name, (what, mend) in BINDING.items():
        if any(field.partition(".")[0] == name and not _empty(value) for field, value in fields.items()):
            faults.append(Fault(f"mpc.{name}", f"{what}, which no table here can hold", mend, "case-118"))
    left = sorted(name for name in fields if name not in KEPT)
    return (f"not read: {', '.join('mpc.' + name for name in left)}",) if left else ()


def _empty(value: Value) -> bool:
    return len(value) == 0 if isinstance(value, str | list) else value.size == 0


def _curves(gen: Real) -> Iterator[Fault]:
    r"""Units in service whose capability curve cuts a corner off the box of PMIN, PMAX, QMIN and QMAX.

    The lines through (PC1, QC1MAX) and (PC2, QC2MAX), and through (PC1, QC1MIN) and (PC2, QC2MIN), bound Q; none where PC1 = PC2.
    MATPOWER User's Manual, table B-2.
    """
    if gen.shape[1] <= PLACE["QC2MAX"]:
        return
    live, p1, p2, low, high = (gen[:, PLACE[c]] for c in ("GEN_STATUS", "PC1", "PC2", "PMIN", "PMAX"))
    ends = [np.clip(p, -np.finfo(float).max, np.finfo(float).max) for p in (low, high)]
    with np.errstate(all="ignore"):
        for row in np.flatnonzero((live > 0) & (p1 != p2)).tolist():
            for side, box, sign in (("MAX", "QMAX", 1.0), ("MIN", "QMIN", -1.0)):
                q1, q2, limit = (float(gen[row, PLACE[c]]) for c in (f"QC1{side}", f"QC2{side}", box))
                slope = (q2 - q1) / (p2[row] - p1[row])
                worst = min(sign * (q1 + (slope * (p[row] - p1[row]) if slope else 0.0)) for p in ends)
                if worst < sign * limit - ROOM * max(1.0, abs(worst)):
                    what = f"with QC2{side} and PC1, PC2 makes a capability curve inside {box}, which no table here can hold"
                    mend = f"give limits as a box: {box} for all powers, and 0 in PC1 to QC2MAX"
                    yield row_fault("gen", row, f"QC1{side}", what, mend, code="case-118")
