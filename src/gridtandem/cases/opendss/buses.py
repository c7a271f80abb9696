"""Buses of an OpenDSS circuit: phases, places and nominal voltages, in alphabetical order."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gridtandem.cases.opendss.elements import Circuit, Element, Engine, Plain
from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid.phase_elements import PhaseBuses


def bus_table(engine: Engine, circuit: Circuit, elements: Sequence[Element]) -> PhaseBuses:
    """All buses the engine knows; a bus without a voltage base gets the one that sources and transformer ratings imply."""
    names = list(circuit.buses)
    kv: dict[str, float] = {}
    rows: Plain = {name: [] for name in ("phases", "located", "x", "y")}
    for name in names:
        engine.Circuit.SetActiveBus(name)
        at = engine.Bus
        if at.kVBase() > 0:
            kv[name] = _digits(at.kVBase() * math.sqrt(3))
        nodes, placed = set(at.Nodes()), bool(at.Coorddefined())
        for column, value in (("phases", [n in nodes for n in (1, 2, 3)]), ("located", placed)):
            rows[column].append(value)
        rows["x"].append(at.X() if placed else 0.0)
        rows["y"].append(at.Y() if placed else 0.0)
    _spread(kv, elements)
    if missing := [n for n in names if n not in kv]:
        mend = "say `set voltagebases` and `calcvoltagebases` in the file, or connect them"
        raise InvalidCase([Fault("buses", f"{', '.join(missing[:8])} have no voltage base", mend, "case-123")])
    return PhaseBuses.of({"name": names, "nominal_kv": [kv[n] for n in names], **rows})


def _spread(kv: dict[str, float], elements: Sequence[Element]) -> None:
    """Carry voltages from buses that have one to those that have none, through lines as they are and by transformer ratings."""
    for e in elements:
        if e.kind == "Vsource":
            kv.setdefault(e.ends[0].bus, e.data["BasekV"])
    ratios = [(e.ends[0].bus, e.ends[1].bus, _ratio(e)) for e in elements if e.kind in ("Line", "Transformer")]
    size = -1
    while size < len(kv):
        size = len(kv)
        for a, b, ratio in ratios:
            if a in kv:
                kv.setdefault(b, _digits(kv[a] / ratio))
            elif b in kv:
                kv[a] = _digits(kv[b] * ratio)


def _ratio(e: Element) -> float:
    """Line-to-line voltage at the first end over that at the second."""
    if e.kind == "Line":
        return 1.0
    one = e.data["Phases"] == 1
    first, second = (kv * (math.sqrt(3) if one and end.nodes[1] == 0 else 1.0) for kv, end in zip(e.data["kVs"], e.ends, strict=True))
    return float(first / second)


def _digits(kv: float) -> float:
    """Twelve digits: the engine divides by √3, which must not show."""
    return float(f"{kv:.12g}")
