"""Cases in words and as documents: the catalogue, one case, what a case holds, and what a planner should know before a run."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.report.tables import as_records, grid
from gridtandem.resources.steps import starts_left_out
from gridtandem.tables import Table

if TYPE_CHECKING:
    from gridtandem.cases.case import Case
    from gridtandem.cases.named import Catalogue
    from gridtandem.errors import Fault

CATALOGUE, CASE, CHECK = "tandem/catalogue/1", "tandem/case/1", "tandem/check/1"
WIDTH, NAMED = 110, 8  # letters in a line; names in a remark
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def catalogue_in_words(table: Catalogue) -> str:
    """One line per case, joined systems first and large ones last; below, numbered, every source and every licence once."""
    groups = {
        "joined systems": table.form == "joined",
        "networks": (table.form == "network") & ~table.extra,
        "feeders": (table.form == "feeder") & ~table.extra,
        "large ones; they need pip install 'gridtandem[large-cases]'": table.extra,
    }
    shown = table.take(np.concatenate([np.flatnonzero(rows) for rows in groups.values()]))
    origin = list(zip(shown.source.tolist(), shown.licence.tolist(), strict=True))
    origins, licences = list(dict.fromkeys(origin)), list(dict.fromkeys(shown.licence.tolist()))
    wide = [max(map(len, words.tolist()), default=0) for words in (shown.name, shown.size)]
    told = {
        str(shown.name[k]): f"  {shown.name[k]:<{wide[0]}}  {shown.size[k]:<{wide[1]}}  {shown.title[k]} [{origins.index(origin[k]) + 1}]"
        for k in range(len(shown))
    }
    lines = [line for group, rows in groups.items() for line in (group, *(told[name] for name in table.name[rows].tolist()))]
    also = [f"{other} = {name}" for name, other in zip(shown.name, shown.also, strict=True) if other]
    lines += ["names of MATPOWER that work too", *_indented(", ".join(also), 2), "sources"]
    for k, (source, licence) in enumerate(origins, 1):
        lines += _indented(f"[{k}] {source}; licence ({LETTERS[licences.index(licence)]})", 2)
    return "\n".join([*lines, "licences", *(line for k, text in enumerate(licences) for line in _indented(f"({LETTERS[k]}) {text}", 2))])


def catalogue_document(table: Catalogue) -> dict[str, object]:
    """All names with everything known about them."""
    return {"schema": CATALOGUE, "cases": as_records(table)}


def case_in_words(case: Case) -> str:
    """One case: size, source, licence, notes, interfaces."""
    lines = [f"{case.name}: {case.title or 'a case'}; {size_in_words(case)}"]
    for word, text in (("source", case.source), ("licence", case.licence)):
        lines += _indented(f"{word}: {text}", 2) if text else []
    for note in case.notes:
        lines += _indented(f"note: {note}", 2)
    if len(case.interfaces):
        lines += ["", table_in_words(case, "interfaces")]
    return "\n".join(lines)


def size_in_words(case: Case) -> str:
    """Buses on both sides, interfaces, companies."""
    t, d = case.size()
    if not len(case.interfaces):
        return f"{t} buses, no feeders"
    companies = _counted(len(case.companies), "distribution company", "distribution companies")
    return f"{t} + {d} buses, {_counted(len(case.interfaces), 'interface')}, {companies}"


def case_document(case: Case) -> dict[str, object]:
    """One case without its tables."""
    transmission, feeders = case.size()
    return {
        "schema": CASE, "name": case.name, "title": case.title, "source": case.source, "licence": case.licence, "digest": case.digest(),
        "transmission_buses": transmission, "feeder_buses": feeders, "interfaces": as_records(case.interfaces), "companies": list(case.companies),
        "notes": list(case.notes), "remarks": list(remarks(case)), "tables": list(contents(case)),
    }  # fmt: skip


def check_document(name: str, faults: tuple[Fault, ...], said: tuple[str, ...]) -> dict[str, object]:
    """What a check found."""
    rows = [{"place": f.place, "table": f.table, "row": f.label, "column": f.column, "what": f.what, "mend": f.mend, "code": f.code} for f in faults]
    return {"schema": CHECK, "case": name, "sound": not faults, "faults": rows, "remarks": list(said)}


def check_in_words(name: str, size: str, faults: tuple[Fault, ...], said: tuple[str, ...]) -> str:
    """Every fault, or that there is none; then remarks."""
    if faults:
        return "\n".join([f"{name}: {_counted(len(faults), 'fault')}", *(f"  - {fault}" for fault in faults)])
    return "\n".join([f"{name}: no fault; {size}", *(line for note in said for line in _indented(f"note: {note}", 2))])


def contents(case: Case) -> dict[str, Table]:
    """All tables of a case that have rows: interfaces, and those of each network after its name."""
    found: dict[str, Table] = {"interfaces": case.interfaces} if len(case.interfaces) else {}
    for place, network in (("tso", case.transmission), *((m.name, m) for m in case.models)):
        found |= {f"{place}/{name}": table for name, table in network.tables().items() if len(table)}
    return found


def remarks(case: Case) -> tuple[str, ...]:
    """What is no fault and should be known all the same."""
    networks = (("tso", case.transmission), *((m.name, m) for m in case.models))
    starts = (f"{place}: {line}" for place, net in networks if (line := starts_left_out(net)))
    return (*(line for place, net in networks for line in _remarks(place, net.tables())), *narrow_roots(case), *starts)


def narrow_roots(case: Case) -> Iterator[str]:
    """Roots of feeders whose band of voltage is narrower than that of the transmission bus they hang on; equal ends are a source's, no band."""
    table = case.interfaces
    for k, (model, root, bus) in enumerate(zip(table.model.tolist(), table.root.tolist(), table.bus.tolist(), strict=True)):
        own, above = case.models[model].buses, case.transmission.buses
        low, high = own.v_low_pu[root], own.v_high_pu[root]
        if low < high and (low > above.v_low_pu[bus] or high < above.v_high_pu[bus]):
            bands = [f"{b.v_low_pu[at]:g} to {b.v_high_pu[at]:g} pu" for b, at in ((own, root), (above, bus))]
            yield (
                f"{table.label(k)}: the band of the feeder's root {own.label(root)!r} ({bands[0]}) is narrower than that of bus {above.label(bus)!r} "
                f"({bands[1]}); a dispatch holds that of the bus, and the AC check lists where the root's is broken"
            )


def _remarks(place: str, tables: dict[str, Table]) -> Iterator[str]:
    for kind in ("lines", "transformers"):
        table = tables[kind]
        unlimited = np.flatnonzero(np.isinf(getattr(table, "rating_mva")))  # noqa: B009 - both kinds have ratings
        if len(unlimited):
            names = ", ".join(_between(table, tables["buses"], int(k)) for k in unlimited[:NAMED]) + (", …" if len(unlimited) > NAMED else "")
            yield f"{place}: {len(unlimited)} of {len(table)} {kind} have no rating (treated as unlimited): {names}"


def _between(table: Table, buses: Table, row: int) -> str:
    """A branch by its name, and its buses where that does not tell them."""
    name, ends = table.label(row), [buses.label(int(getattr(table, end)[row])) for end in ("from_bus", "to_bus")]
    return name if name.partition("#")[0] == "-".join(ends) else f"{name} ({' to '.join(ends)})"


def table_in_words(case: Case, place: str, rows: int = 20) -> str:
    """A table of `contents` with names where it holds rows of other tables."""
    table = contents(case)[place]
    networks = {"tso": case.transmission, **{m.name: m for m in case.models}}
    names = {kind: t for kind, t in networks.get(place.partition("/")[0], case.transmission).tables().items() if "name" in t.columns()}
    heads, cells, right = grid(table, rows=rows)
    shown = [name for name, spec in table.columns().items() if not spec.shape]
    for k, name in enumerate(shown):
        if table.columns()[name].refers or name == "root":
            cells[k] = [_name_of(case, names, table, name, row) for row in range(min(len(table), rows))]
            right[k] = False
    width = [max(map(len, (head, *column))) for head, column in zip(heads, cells, strict=True)]
    pads = [str.rjust if r else str.ljust for r in right]
    lines = ["  ".join(pad(cell, w) for pad, cell, w in zip(pads, line, width, strict=True)).rstrip() for line in (heads, *zip(*cells, strict=True))]
    return "\n".join(lines + [f"… {len(table) - rows:,} more"] * (len(table) > rows))


def _name_of(case: Case, names: dict[str, Table], table: Table, column: str, row: int) -> str:
    at, refers = int(getattr(table, column)[row]), table.columns()[column].refers
    if refers == "models":
        return case.models[at].name
    if column == "root":
        return case.models[int(getattr(table, "model")[row])].buses.label(at)  # noqa: B009 - only the interface table has a root
    return names[refers].label(at) if refers in names and at >= 0 else ""


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def _indented(text: str, by: int) -> list[str]:
    return wrap(text, WIDTH, initial_indent=" " * by, subsequent_indent=" " * by, break_long_words=False, break_on_hyphens=False)
