"""MATPOWER case files (.m) in: from the tables of the file to the tables of a network.

Conventions are those of MATPOWER's manual, appendix B "Data File Format": impedances per unit on ``baseMVA`` and ``BASE_KV``, ``TAP`` 0 for a
line, ``RATE`` 0 for no limit, ``ANGMIN`` and ``ANGMAX`` both 0 or beyond ±360 for no limit, bus type 4 for a bus out of service.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from gridtandem.cases.matpower.costs import SHUTDOWN, STARTUP, read_costs
from gridtandem.cases.matpower.tables import MatpowerTables, read_tables, row_fault
from gridtandem.cases.matpower.text import run_matpower
from gridtandem.cases.text_file import read_text
from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid import elements as el
from gridtandem.grid.graph import components
from gridtandem.grid.network import Network, wired
from gridtandem.grid.topology import lost_faults
from gridtandem.tables import Index, Names, Real

PV, REFERENCE, ISOLATED = 2.0, 3.0, 4.0  # bus types


@np.errstate(all="ignore")  # absurd numbers show up as faults of the tables
def read_matpower(path_or_text: str | Path, *, name: str | None = None, equivalents: bool = False, numbered: bool = False) -> Network:
    """A network from a MATPOWER case file, or from its text (anything with a line end).

    Statements behind the tables are executed; see `gridtandem.cases.matpower.text`. Buses are called by ``bus_name`` where the file gives
    names that tell them apart, else, and always with ``numbered``, by number. Branches are called "from-to", generators, loads and shunts
    after their bus; a second one of a name gets "#2".
    A negative resistance or reactance is a fault unless ``equivalents`` says that the file describes reduced networks or series capacitors.
    """
    if isinstance(path_or_text, str) and ("\n" in path_or_text or "\r" in path_or_text):
        text, place = path_or_text, name or "text"
    else:
        path = Path(path_or_text)
        text, place = read_text(path, "a MATPOWER case file (.m)"), path.name
    tables = read_tables(run_matpower(text, place), place)
    kind, mended = _kinds(tables)
    clean = all(f.code == "case-118" for f in tables.faults)
    faults = [*tables.faults, *(_reference_faults(tables, kind) if clean else ())]
    costs, points = read_costs(tables.gencost if not np.isnan(tables.gencost).any() else np.empty((0, 0)), len(tables.gen), faults)
    kv, notes = _nominal(tables)
    buses = _buses(tables, kv, numbered=numbered)
    lines, transformers = _branches(tables, buses, equivalents=equivalents)
    loads, shunts = _loads(tables, buses.name), _shunts(tables, buses.name)
    network = Network(
        name=name or tables.name, buses=buses, lines=lines, transformers=transformers, loads=loads, shunts=shunts,
        generators=_generators(tables, buses.name, kind), costs=costs, cost_points=points, base_mva=tables.base_mva,
        notes=(*tables.notes, *notes, *mended),
    )  # fmt: skip
    found = list(network.faults())
    faults += (_mended(f) for f in found if clean or not _known(f))
    if faults:
        faults += lost_faults(network) if clean and wired(found) else ()
        raise InvalidCase(f.at(place) for f in faults)
    return network


def numbered_names(names: list[str]) -> list[str]:
    """Names made unique: the second of a name gets "#2", the third "#3"."""
    seen: Counter[str] = Counter()
    out = []
    for name in names:
        seen[name] += 1
        out.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return out


def _known(fault: Fault) -> bool:
    """Whether a fault of our tables follows from numbers, or numbers of buses, that the file's own tables are known to have wrong."""
    number = fault.code == "case-010" and not fault.column.startswith(("rating", "v_low", "v_high", "p_low", "p_high", "q_low", "q_high"))
    return number or fault.code == "case-032" or (fault.code == "case-017" and fault.table == "buses")


def _mended(fault: Fault) -> Fault:
    """A file cannot mark equivalents row by row; its reader can."""
    if fault.code == "case-030" and "negative" in fault.what:
        return replace(fault, mend="correct it, or read the file with equivalents=True if it describes a reduced network or series capacitors")
    return fault


def _nominal(tables: MatpowerTables) -> tuple[Real, list[str]]:
    """Nominal voltages; per-unit results do not depend on a voltage the file leaves open."""
    kv = tables.of_bus("BASE_KV")
    unknown = int((kv == 0).sum())
    note = f"BASE_KV is 0 at {unknown} of {len(kv)} buses: taken as 1 kV, so ohm values there are nominal; per-unit results do not depend on it"
    return np.where(kv == 0, 1.0, kv), [note] if unknown else []


def _buses(tables: MatpowerTables, kv: Real, *, numbered: bool) -> el.Buses:
    name = tables.bus_name if len(tables.bus_name) and not numbered else tables.of_bus("BUS_I").astype(np.int64).astype(str)
    return el.Buses(
        name=name, nominal_kv=kv, v_low_pu=tables.of_bus("VMIN"), v_high_pu=tables.of_bus("VMAX"), v_start_pu=tables.of_bus("VM"),
        angle_start_deg=tables.of_bus("VA"), area=tables.of_bus("BUS_AREA").astype(np.int64), zone=tables.of_bus("ZONE").astype(np.int64),
        live=tables.of_bus("BUS_TYPE") != ISOLATED,
    )  # fmt: skip


def ohm_of(kv: Real, base_mva: float) -> Real:
    """Impedance that is 1 per unit in the file. [ohm]"""
    return kv**2 / base_mva


def _branches(tables: MatpowerTables, buses: el.Buses, *, equivalents: bool) -> tuple[el.Lines, el.Transformers]:
    """Lines join equal nominal voltages without ``TAP`` and ``SHIFT``; everything else is a transformer."""
    a, b, kv = tables.from_bus, tables.to_bus, buses.nominal_kv
    r, x, tap, shift = (tables.of_branch(c) for c in ("BR_R", "BR_X", "TAP", "SHIFT"))
    is_line = (kv[a] == kv[b]) & (tap == 0) & (shift == 0)
    between = [f"{p}-{q}" for p, q in zip(buses.name[a].tolist(), buses.name[b].tolist(), strict=True)]
    ln, tr = np.flatnonzero(is_line), np.flatnonzero(~is_line)
    ratings = [np.where(rate == 0, np.inf, rate) for rate in (tables.of_branch(f"RATE_{k}") for k in "ABC")]
    low, high = _angle_limits(tables.of_branch("ANGMIN"), tables.of_branch("ANGMAX"))
    equivalent = ((r < 0) | (x < 0)) & equivalents
    closed = tables.of_branch("BR_STATUS") != 0
    z = ohm_of(kv[a[ln]], tables.base_mva)
    r_ohm, x_ohm, b_us = r[ln] * z, x[ln] * z, tables.of_branch("BR_B")[ln] / z * 1e6
    lines = el.Lines(
        name=_names(between, ln), from_bus=a[ln], to_bus=b[ln], r_ohm=r_ohm, x_ohm=x_ohm, b_us=b_us,
        rating_mva=ratings[0][ln], rating_short_mva=ratings[1][ln], rating_emergency_mva=ratings[2][ln],
        angle_low_deg=low[ln], angle_high_deg=high[ln], equivalent=equivalent[ln], closed=closed[ln],
    )  # fmt: skip
    transformers = el.Transformers(
        name=_names(between, tr), from_bus=a[tr], to_bus=b[tr], base_mva=np.full(len(tr), tables.base_mva),
        r_pu=r[tr], x_pu=x[tr], b_pu=tables.of_branch("BR_B")[tr], ratio=np.where(tap[tr] == 0, 1.0, tap[tr]), shift_deg=shift[tr],
        ratio_low=np.minimum(0.9, np.where(tap[tr] > 0, tap[tr], 1.0)), ratio_high=np.maximum(1.1, tap[tr]),
        rating_mva=ratings[0][tr], rating_short_mva=ratings[1][tr], rating_emergency_mva=ratings[2][tr],
        angle_low_deg=low[tr], angle_high_deg=high[tr], equivalent=equivalent[tr], closed=closed[tr],
    )  # fmt: skip
    return lines, transformers


def _names(between: list[str], rows: Index) -> Names:
    return np.array(numbered_names([between[k] for k in rows.tolist()]), dtype=str)


def _angle_limits(low: Real, high: Real) -> tuple[Real, Real]:
    """Both 0 means no limit, and so does anything beyond ±360°."""
    free = (low == 0) & (high == 0)
    return np.where(free, -360.0, np.maximum(low, -360.0)), np.where(free, 360.0, np.minimum(high, 360.0))


def _loads(tables: MatpowerTables, name: Names) -> el.Loads:
    p, q = tables.of_bus("PD"), tables.of_bus("QD")
    at = np.flatnonzero((p != 0) | (q != 0))
    return el.Loads(name=name[at], bus=at, p_mw=p[at], q_mvar=q[at])


def _shunts(tables: MatpowerTables, name: Names) -> el.Shunts:
    g, b = tables.of_bus("GS"), tables.of_bus("BS")
    at = np.flatnonzero((g != 0) | (b != 0))
    return el.Shunts(name=name[at], bus=at, g_mw=g[at], b_mvar=b[at])


def _generators(tables: MatpowerTables, name: Names, kind: Real) -> el.Generators:
    """A generator holds what its bus type says; one at a PQ bus holds its P and Q."""
    at = tables.gen_bus
    control = np.select([kind[at] == REFERENCE, kind[at] == PV], [el.REFERENCE, el.VOLTAGE], el.PQ)
    cost = tables.gencost[: len(at)] if tables.gencost.shape[1] > SHUTDOWN and len(tables.gencost) >= len(at) else np.zeros((len(at), SHUTDOWN + 1))
    return el.Generators(
        name=np.array(numbered_names(name[at].tolist()), dtype=str), bus=at, p_mw=tables.of_gen("PG"), q_mvar=tables.of_gen("QG"), control=control,
        v_set_pu=tables.of_gen("VG"), p_low_mw=tables.of_gen("PMIN"), p_high_mw=tables.of_gen("PMAX"), q_low_mvar=tables.of_gen("QMIN"),
        q_high_mvar=tables.of_gen("QMAX"), startup_cost=cost[:, STARTUP], shutdown_cost=cost[:, SHUTDOWN], live=tables.of_gen("GEN_STATUS") > 0,
    )  # fmt: skip


def _kinds(tables: MatpowerTables) -> tuple[Real, list[str]]:
    """Bus types as MATPOWER's own ``bustypes.m`` mends them: a reference or PV bus needs a generator in service.

    A reference without one hands over to the first PV bus that has one; a PV bus without one stays in its type and acts as PQ.
    """
    kind, fed = tables.of_bus("BUS_TYPE").copy(), np.zeros(len(tables.bus), bool)
    fed[tables.gen_bus[tables.of_gen("GEN_STATUS") > 0]] = True
    number, notes = tables.of_bus("BUS_I").astype(np.int64), []
    named, able = np.flatnonzero(kind == REFERENCE), np.flatnonzero((kind == PV) & fed)
    if len(named) and not fed[named].any() and len(able):
        kind[able[0]] = REFERENCE
        notes.append(
            f"reference bus {number[named[0]]} has no generator in service: bus {number[able[0]]}, the first PV bus with one, takes its place"
        )
    if len(named) and (fed[named].any() or len(able)):
        kind[named[~fed[named]]] = PV
    lost = number[(kind == PV) & ~fed].astype(str)
    some = ", ".join(lost[:8].tolist()) + (f" and {len(lost) - 8} more" if len(lost) > 8 else "")
    return kind, notes + [f"bus type 2 (PV) without a generator in service acts as PQ: bus {some}"] * bool(len(lost))


def _reference_faults(tables: MatpowerTables, kind: Real) -> Iterator[Fault]:
    """At least one reference in the file, at most one per island."""
    references, number = np.flatnonzero(kind == REFERENCE), tables.of_bus("BUS_I").astype(np.int64)
    if len(references) == 0:
        yield Fault("mpc.bus", "has no reference bus", "set BUS_TYPE = 3 at one bus with a generator", "case-115", column="BUS_TYPE")
    elif not np.isin(references, tables.gen_bus[tables.of_gen("GEN_STATUS") > 0]).any():
        what = f"makes bus {number[references[0]]} the reference, but no reference or PV bus has a generator in service"
        yield row_fault("bus", int(references[0]), "BUS_TYPE", what, "put a generator in service there", code="case-115")
    on = (tables.of_branch("BR_STATUS") != 0) & (kind[tables.from_bus] != ISOLATED) & (kind[tables.to_bus] != ISOLATED)
    island = components(len(kind), tables.from_bus[on], tables.to_bus[on])
    first: dict[int, int] = {}
    for row in references.tolist():
        here = first.setdefault(int(island[row]), row)
        if here != row:
            what = f"makes bus {number[row]} a second reference beside bus {number[here]}"
            yield row_fault("bus", row, "BUS_TYPE", what, "keep one; set BUS_TYPE = 2 at the others", code="case-116")
