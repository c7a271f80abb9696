"""pandapower's JSON files in: its elements as our tables, with its own conventions for what a load flow sees.

Generators, loads and sources keep their set points times ``scaling``. Buses without a path to a source are out of service, as in pandapower.
Whatever our tables cannot hold is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from gridtandem.cases.matpower.read import numbered_names
from gridtandem.cases.pandapower.branches import Ends, bus_switches, impedance_columns, line_columns, transformer_columns
from gridtandem.cases.pandapower.frames import Book, Frame, read_book
from gridtandem.cases.text_file import read_text
from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid import elements as el
from gridtandem.grid.graph import breadth_first
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.grid.topology import reached
from gridtandem.tables import Index, Table

T = TypeVar("T", bound=Table)

READ: Final = ("bus", "line", "trafo", "impedance", "switch", "ext_grid", "gen", "sgen", "load", "ward", "shunt", "poly_cost")
HARMLESS: Final = (
    "measurement", "controller", "group", "bus_geodata", "line_geodata", "characteristic", "trafo_characteristic_table",
    "trafo_characteristic_spline", "shunt_characteristic_table", "q_capability_characteristic", "q_capability_curve_table",
)  # fmt: skip
SOURCES: Final = ("ext_grid", "gen", "sgen")  # in the order of our generators


@np.errstate(all="ignore")  # absurd numbers show up as faults of the tables
def read_pandapower(path_or_text: str | Path, *, name: str | None = None, equivalents: bool = False) -> Network:
    """A network from a file that pandapower 3 wrote with ``to_json``, or from its text (anything that begins with a brace).

    Elements keep their names where these tell them apart, else they are called by table and number. A branch with an open switch at one
    end hangs there on a bus of its own behind an open tie. A negative resistance or reactance is a fault unless ``equivalents``.
    """
    if isinstance(path_or_text, str) and path_or_text.lstrip().startswith("{"):
        text, place = path_or_text, name or "text"
    else:
        path = Path(path_or_text)
        text, place = read_text(path, "a pandapower JSON file"), path.name
    book = read_book(text, place)
    if book.faults:
        raise InvalidCase(f.at(place) for f in book.faults)
    _refuse_elements(book)
    network = _network(book, name or str(book.settings.get("name") or "") or Path(place).stem, equivalents=equivalents)
    if book.faults:
        raise InvalidCase(f.at(place) for f in book.faults)
    if faults := list(network.faults()):
        raise InvalidCase(f.at(place) for f in faults)
    return _supplied(network, place)


def _refuse_elements(book: Book) -> None:
    for kind, frame in sorted(book.frames.items()):
        if kind in READ or kind in HARMLESS or not len(frame):
            continue
        live = frame.flag("in_service", usual=True)
        if live.any():
            some = ", ".join(name for name, on in zip(frame.names(), live.tolist(), strict=True) if on)
            what = f"has {int(live.sum())} in service, which no table here can hold: {some:.120}"
            book.faults.append(Fault(kind, what, "replace or delete them before saving the file", "case-146"))


def _network(book: Book, name: str, *, equivalents: bool) -> Network:
    frame = book.frame("bus")
    ends = Ends(name=frame.names(), kv=frame.number("vn_kv").tolist(), live=frame.flag("in_service", usual=True).tolist())
    count, frequency, base = len(frame), book.setting("f_hz", 50.0), book.setting("sn_mva", 1.0)
    bus_switches(book, ends)
    if not count:
        raise InvalidCase([Fault("bus", "has no row", "give at least one bus", "case-141", place=name), *book.faults])
    lines, transformers = _built(el.Lines, line_columns(book, ends, frequency)), _built(el.Transformers, transformer_columns(book, ends))
    transformers = _both(transformers, _built(el.Transformers, impedance_columns(book, ends)))
    loads, shunts = _loads(book), _shunts(book, ends)
    generators, first = _generators(book)
    added = len(ends.name) - count
    low, high, zone = frame.number("min_vm_pu", 0.0), frame.number("max_vm_pu", np.inf), _zones(frame, ends)
    buses = el.Buses(
        name=np.array(ends.name, dtype=str), nominal_kv=np.array(ends.kv), live=np.array(ends.live, bool),
        v_low_pu=np.append(low, np.zeros(added)), v_high_pu=np.append(high, np.full(added, np.inf)),
        angle_start_deg=_source_angles(book, count + added), zone=np.append(zone, np.ones(added, np.int64)),
    )  # fmt: skip
    ties = _built(
        el.Ties,
        {
            "name": numbered_names([t[0] for t in ends.ties]),
            **{c: [t[k] for t in ends.ties] for k, c in ((1, "from_bus"), (2, "to_bus"), (3, "closed"))},
        },
    )
    return Network(
        name=name, buses=buses, lines=_marked(lines, equivalents=equivalents), transformers=_marked(transformers, equivalents=equivalents),
        ties=ties, loads=loads, generators=generators, shunts=shunts, costs=_costs(book, first), base_mva=base, frequency_hz=frequency,
        notes=tuple(ends.notes),
    )  # fmt: skip


def _zones(frame: Frame, ends: Ends) -> Index:
    """Zone numbers; where zones have names, all buses are in zone 1 and a note says so."""
    zones = [zone.removesuffix(".0") for zone in frame.text("zone")]
    if all(re.fullmatch("[0-9]{0,9}", zone) for zone in zones):
        return np.array([int(zone or 1) for zone in zones], np.int64)
    ends.notes.append(f"zones with names are not kept: {', '.join(sorted(set(zones) - {''})):.120}")
    return np.ones(len(frame), np.int64)


def _built(table: type[T], columns: Mapping[str, object]) -> T:
    return table(**columns)


def _both(a: el.Transformers, b: el.Transformers) -> el.Transformers:
    columns = {c: np.concatenate([getattr(a, c), getattr(b, c)]) for c in a.columns()}
    return _built(el.Transformers, columns | {"name": np.array(numbered_names(columns["name"].tolist()), dtype=str)})


BranchTable = TypeVar("BranchTable", el.Lines, el.Transformers)


def _marked(table: BranchTable, *, equivalents: bool) -> BranchTable:
    """Rows with a negative impedance, marked as equivalents where the reader says so."""
    r, x = (table.r_ohm, table.x_ohm) if isinstance(table, el.Lines) else (table.r_pu, table.x_pu)
    return replace(table, equivalent=((r < 0) | (x < 0)) & equivalents)


def _loads(book: Book) -> el.Loads:
    """Loads with their shares of constant impedance and current, and the constant power of wards."""
    frame, ward, buses = book.frame("load"), book.frame("ward"), book.frame("bus")
    scale = frame.number("scaling", 1.0)
    shares = {}
    for ours, theirs in (("p_z", "z_p"), ("p_i", "i_p"), ("q_z", "z_q"), ("q_i", "i_q")):
        share = frame.number(f"const_{theirs}_percent", 0.0) / 100
        shares[f"{ours}_share"] = np.append(share, np.zeros(len(ward)))
    columns: dict[str, object] = {
        "name": numbered_names(frame.names() + ward.names()), "bus": np.append(frame.rows("bus", buses), ward.rows("bus", buses)),
        "p_mw": np.append(frame.number("p_mw") * scale, ward.number("ps_mw")),
        "q_mvar": np.append(frame.number("q_mvar", 0.0) * scale, ward.number("qs_mvar")),
        "live": np.append(frame.flag("in_service", usual=True), ward.flag("in_service", usual=True)), **shares,
    }  # fmt: skip
    return _built(el.Loads, columns)


def _shunts(book: Book, ends: Ends) -> el.Shunts:
    """Shunts, the constant impedance of wards, and what branches left at their ends. pandapower counts Q drawn, we count Q injected."""
    frame, ward, buses = book.frame("shunt"), book.frame("ward"), book.frame("bus")
    for row in np.flatnonzero(frame.flag("step_dependency_table", usual=False)).tolist():
        frame.fault(row, "step_dependency_table", "makes the power depend on a table", "set it to false with fixed values", code="case-146")
    at, behind = frame.rows("bus", buses), ward.rows("bus", buses)
    kv, own = np.array(ends.kv)[at], frame.number("vn_kv", np.nan)
    steps = frame.number("step", 1.0) * np.where(np.isnan(own), 1.0, (kv / own) ** 2)
    left = ends.shunts
    return _built(
        el.Shunts,
        {
            "name": numbered_names(frame.names() + ward.names() + [s[0] for s in left]),
            "bus": np.concatenate([at, behind, np.array([s[1] for s in left], np.int64)]),
            "g_mw": np.concatenate([frame.number("p_mw", 0.0) * steps, ward.number("pz_mw"), [s[2] for s in left]]),
            "b_mvar": np.concatenate([-frame.number("q_mvar", 0.0) * steps, -ward.number("qz_mvar"), [s[3] for s in left]]),
            "live": np.concatenate([frame.flag("in_service", usual=True), ward.flag("in_service", usual=True), np.array([s[4] for s in left], bool)]),
        },
    )


def _generators(book: Book) -> tuple[el.Generators, dict[str, int]]:
    """External grids and slack generators are references, generators hold their voltage, static generators their power."""
    parts: list[dict[str, object]] = []
    names: list[str] = []
    first: dict[str, int] = {}
    for kind in SOURCES:
        frame = book.frame(kind)
        first[kind], names = len(names), names + frame.names()
        scale, slack = frame.number("scaling", 1.0), frame.flag("slack", usual=kind == "ext_grid")
        parts.append({
            "bus": frame.rows("bus", book.frame("bus")), "p_mw": frame.number("p_mw", 0.0 if kind == "ext_grid" else None) * scale,
            "q_mvar": frame.number("q_mvar", 0.0) * scale if kind == "sgen" else np.zeros(len(frame)),
            "control": np.where(slack, el.REFERENCE, el.PQ if kind == "sgen" else el.VOLTAGE),
            "v_set_pu": np.ones(len(frame)) if kind == "sgen" else frame.number("vm_pu", 1.0), "live": frame.flag("in_service", usual=True),
            "p_low_mw": frame.number("min_p_mw", -np.inf), "p_high_mw": frame.number("max_p_mw", np.inf),
            "q_low_mvar": frame.number("min_q_mvar", -np.inf), "q_high_mvar": frame.number("max_q_mvar", np.inf),
            "slack_share": np.zeros(len(frame)) if kind == "sgen" else frame.number("slack_weight", 0.0),
        })  # fmt: skip
    columns: dict[str, object] = {c: np.concatenate([np.asarray(p[c]) for p in parts]) for c in parts[0]}
    return _built(el.Generators, {"name": numbered_names(names), **columns}), first


def _costs(book: Book, first: Mapping[str, int]) -> el.Costs:
    """Polynomial costs of sources; anything else with a cost is refused."""
    frame = book.frame("poly_cost")
    rows: list[tuple[int, int, float]] = []
    factors = [frame.number(c, 0.0) for c in ("cp0_eur", "cp1_eur_per_mw", "cp2_eur_per_mw2")]
    reactive = sum(abs(frame.number(c, 0.0)) for c in ("cq0_eur", "cq1_eur_per_mvar", "cq2_eur_per_mvar2"))
    for kind in SOURCES:
        mine = np.flatnonzero(np.array(frame.text("et")) == kind)
        at = frame.where(np.isin(np.arange(len(frame)), mine)).rows("element", book.frame(kind))
        rows += [(first[kind] + int(at[n]), order, float(f[k])) for n, k in enumerate(mine.tolist()) for order, f in enumerate(factors) if f[k] != 0]
    for k, et in enumerate(frame.text("et")):
        if et not in SOURCES:
            frame.fault(k, "et", f"is {et!r}, whose cost no table here can hold", f"costs belong to {', '.join(SOURCES)}", code="case-146")
    for k in np.flatnonzero(np.broadcast_to(reactive, len(frame)) > 0).tolist():
        frame.fault(k, "cq1_eur_per_mvar", "is a cost of reactive power, which no table here can hold", "delete it", code="case-146")
    return el.Costs.of({"generator": [r[0] for r in rows], "order": [r[1] for r in rows], "coefficient": [r[2] for r in rows]})


def _source_angles(book: Book, size: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    frame = book.frame("ext_grid")
    out = np.zeros(size)
    out[frame.rows("bus", book.frame("bus"))] = frame.number("va_degree", 0.0)
    return out


def _supplied(network: Network, place: str) -> Network:
    """Buses that no source reaches are out of service; start angles follow the phase shifts from the sources outwards."""
    nodal = Nodal.of(network)
    u = nodal.units
    roots = np.unique(u.node[u.control == el.REFERENCE])
    if not len(roots):
        what, mend = "has no external grid and no slack generator in service", "add an ext_grid, or set slack at a generator"
        raise InvalidCase([Fault("ext_grid", what, mend, "case-145", place=place)])
    fed = np.append(reached(nodal, roots), False)[nodal.node]
    lost = network.buses.live & ~fed
    note = f"out of service, no path to a source: buses {', '.join(network.buses.name[lost].tolist())}"
    buses = replace(network.buses, live=network.buses.live & fed, angle_start_deg=_angles(nodal, roots))
    return replace(network, buses=buses, notes=network.notes + ((note,) if lost.any() else ()))


def _angles(nodal: Nodal, roots: Index) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Angle of every bus at no load. [degrees]"""
    br, angle, known = nodal.branches, np.degrees(np.angle(nodal.start)), np.zeros(nodal.nodes, bool)
    turn: dict[tuple[int, int], float] = {}
    for a, b, shift in zip(br.start.tolist(), br.end.tolist(), np.degrees(np.angle(br.ratio)).tolist(), strict=True):
        turn.setdefault((a, b), -shift)
        turn.setdefault((b, a), shift)
    for root in roots.tolist():
        order, before = breadth_first(nodal.nodes, br.start, br.end, root)
        known[root] = True
        for node in order[1:].tolist():
            if not known[node] and node not in roots:
                angle[node] = angle[before[node]] + turn[int(before[node]), node]
                known[node] = True
    return np.append(angle, 0.0)[nodal.node]
