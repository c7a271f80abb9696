"""OpenDSS circuits in: its engine parses, we convert element by element and refuse, by class and name, what our tables cannot represent.

**Reading is executing.** A ``.dss`` file is a script, and the engine obeys it: files that say ``solve`` come out with the taps and
capacitor steps their solution left. The engine runs in a context of its own, so that another circuit of the same process and the
working directory stay as they are. Units become ours (kW to MW, per-length matrices to whole-line totals, nF to µS).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gridtandem.cases.opendss.buses import bus_table
from gridtandem.cases.opendss.elements import Circuit, Element, End, Engine, Plain
from gridtandem.cases.opendss.refusals import refusals
from gridtandem.cases.opendss.rows import rows_of
from gridtandem.errors import Fault, InvalidCase, need
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.tables import Table

ALL_ELEMENTS = 1  # build option of the engine
NO_NUMBER = re.compile(r"(?<=[:\[,])\s*[+-]?(?:nan|inf(?:inity)?)(?=\s*[,\]}])", re.IGNORECASE)
ALL_PROPERTIES = 1  # a flag of the engine's JSON export
SILENT = frozenset({"Monitor", "EnergyMeter", "Sensor", "Fuse", "Relay", "Recloser"})  # no part in a load flow
TABLES: dict[str, tuple[str, type[Table]]] = {
    "Line": ("lines", pe.PhaseLines),
    "Transformer": ("transformers", pe.PhaseTransformers),
    "RegControl": ("regulators", pe.Regulators),
    "Load": ("loads", pe.PhaseLoads),
    "Capacitor": ("capacitors", pe.Capacitors),
    "Generator": ("generators", pe.PhaseGenerators),
    "Vsource": ("sources", pe.PhaseSources),
}


def read_opendss(master_file: str | Path) -> ThreePhaseNetwork:
    """The circuit that a master file describes. Disabled elements are left out; ``notes`` name them and the classes passed over."""
    path = Path(master_file).resolve()
    engine = compiled(path)
    elements, notes, faults = _walk(engine)
    circuit = Circuit(
        frequency_hz=engine.Solution.Frequency(), load_factor=engine.Solution.LoadMult(), generator_factor=engine.Solution.GenMult(),
        buses=_rows(sorted(engine.Circuit.AllBusNames())), transformers=_rows([e.name for e in elements if e.kind == "Transformer"]),
    )  # fmt: skip
    faults += [_refused(e.kind, e.name, why) for e in elements for why in refusals(e, circuit)]
    if year := engine.Solution.Year():
        faults.append(_refused("Circuit", engine.Circuit.Name(), f"stands in year {year}, grown from the powers in the file"))
    if faults:
        raise InvalidCase(f.at(path.name) for f in faults)
    found: Plain = {"buses": bus_table(engine, circuit, elements)}
    for kind, (name, cls) in TABLES.items():
        found[name] = cls.of(rows_of((e for e in elements if e.kind == kind), cls, circuit))
    notes += _factor_notes(circuit)
    return ThreePhaseNetwork(name=engine.Circuit.Name(), frequency_hz=circuit.frequency_hz, notes=tuple(notes), **found).check()


def compiled(path: Path) -> Engine:
    """An engine of its own that has executed the file."""
    package = need("opendssdirect", purpose="Reading OpenDSS files", extra="opendss")
    if not path.is_file():
        raise InvalidCase([Fault("opendss", "is not there", "give the path of the master file", "case-120", place=str(path))])
    here = os.getcwd()
    engine = package.dss.NewContext()
    os.chdir(here)  # a new context goes to where the process was when the engine was loaded
    moves, edits = engine.Basic.AllowChangeDir(), engine.Basic.AllowEditor()  # switches of the whole process, unlike the circuit
    try:
        engine.Basic.AllowChangeDir(False)
        engine.Basic.AllowEditor(False)
        engine.Text.Command(f'compile "{path}"')
        if not engine.Basic.NumCircuits():
            raise InvalidCase(
                [Fault("opendss", "makes no circuit", "give the master file, the one that says `new circuit`", "case-120", place=path.name)]
            )
        engine.Solution.BuildYMatrix(ALL_ELEMENTS, 1)  # before this, matrices of lines stated by sequence values are stale
    except package.DSSException as e:
        raise InvalidCase([Fault("opendss", f"is refused by the engine: {e.args[-1]}", "correct the file", "case-121", place=path.name)]) from e
    finally:
        engine.Basic.AllowChangeDir(moves)
        engine.Basic.AllowEditor(edits)
    return engine


def records_in(said: str) -> list[dict[str, Any]]:
    """Elements as the engine tells them. A property that nobody set, such as a capacitor's matrix, it tells as memory lay there: a number by
    chance, or words for none that JSON does not know. Those are none here; no such property is read.
    """
    found: list[dict[str, Any]] = json.loads(NO_NUMBER.sub("null", said))
    return found


def _walk(engine: Engine) -> tuple[list[Element], list[str], list[Fault]]:
    """Elements of the classes we convert, in the engine's order; what is passed over; what is refused for its class."""
    elements: list[Element] = []
    notes: list[str] = []
    faults: list[Fault] = []
    found: dict[str, list[str]] = {}
    for name in engine.Circuit.AllElementNames():
        kind, _, own = name.partition(".")
        found.setdefault(kind, []).append(own)
    for kind in sorted(found):
        if kind in SILENT:
            notes.append(f"{kind}: {len(found[kind])} left out, they play no part in a load flow")
        elif kind not in TABLES:
            faults += [_refused(kind, own, "is of a class that has no table here") for own in _enabled(engine, kind, found[kind])]
        else:
            engine.Circuit.SetActiveClass(kind)
            records = records_in(engine.ActiveClass.ToJSON(ALL_PROPERTIES))
            elements += (_element(engine, kind, r) for r in records if r["Enabled"])
            notes += [f"{kind}.{r['Name']}: disabled, left out" for r in records if not r["Enabled"]]
    return elements, notes, faults


def _enabled(engine: Engine, kind: str, names: list[str]) -> Iterator[str]:
    for own in names:
        engine.Circuit.SetActiveElement(f"{kind}.{own}")
        if engine.CktElement.Enabled():
            yield own


def _element(engine: Engine, kind: str, record: Plain) -> Element:
    engine.Circuit.SetActiveElement(f"{kind}.{record['Name']}")
    at = engine.CktElement
    width, order = at.NumConductors(), at.NodeOrder()
    ends = tuple(
        End(bus=name.split(".")[0].lower(), nodes=tuple(order[t * width : (t + 1) * width]), open=_open(at, t + 1, width))
        for t, name in enumerate(at.BusNames())
    )
    return Element(kind=kind, name=record["Name"], ends=ends, data=record)


def _open(at: Engine, terminal: int, width: int) -> tuple[bool, ...]:
    return tuple(at.IsOpen(terminal, k + 1) for k in range(width))


def _rows(names: list[str]) -> dict[str, int]:
    return {name.lower(): k for k, name in enumerate(names)}


def _refused(kind: str, name: str, why: str) -> Fault:
    return Fault(kind, why, "remove it, disable it, or restate it with what our tables hold", "case-122", label=name)


def _factor_notes(circuit: Circuit) -> list[str]:
    factors = (("loads", "loadmult", circuit.load_factor), ("generators", "genmult", circuit.generator_factor))
    return [f"powers of {what} hold the file's {word} = {factor:g}" for what, word, factor in factors if factor != 1.0]
