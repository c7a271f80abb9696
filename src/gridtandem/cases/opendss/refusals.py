"""Why an OpenDSS element has no place in our tables. All reasons of all elements are found before the first row is built."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from gridtandem.cases.opendss.elements import Circuit, Element, coil_fault
from gridtandem.cases.opendss.rows import CONTROLS, LAWS

SHARES = 1e-9  # a ZIP load states three shares where two are free; how far their sum may be from 1


def refusals(e: Element, circuit: Circuit) -> Iterator[str]:
    """Why the element has no place in our tables."""
    for end in e.ends:
        beyond = sorted({n for n in end.nodes if n > 3})
        if beyond:
            nodes = ", ".join(map(str, beyond))
            yield f"ends on node {nodes} of bus {end.bus!r}: only phases 1, 2, 3 and ground are represented, reduce neutral conductors (Kron)"
            return
        if any(end.open) and not all(end.open[: e.data.get("Phases", 1)]):
            yield f"is open in some conductors only at bus {end.bus!r}"
        if any(end.open) and e.kind not in ("Line", "Transformer"):
            yield f"is disconnected at bus {end.bus!r}"
    if e.data["BaseFreq"] != circuit.frequency_hz:
        yield f"is stated at {e.data['BaseFreq']:g} Hz where the circuit runs at {circuit.frequency_hz:g} Hz"
    if e.kind == "RegControl" and e.data["Transformer"].lower() not in circuit.transformers:
        yield f"controls transformer {e.data['Transformer']!r}, which is disabled"
    yield from REASONS[e.kind](e)


def _unlike(e: Element, **expected: object) -> Iterator[str]:
    """Properties that must stand as given, because we have no column for them."""
    for name, value in expected.items():
        if e.data[name] != value:
            yield f"has {name} = {e.data[name]!r}; only {value!r} is represented"


def _hung_refusals(e: Element) -> Iterator[str]:
    if fault := coil_fault(e.data["Conn"] == "delta", e.data["Phases"], e.nodes()):
        yield fault


def _line_refusals(e: Element) -> Iterator[str]:
    for end in e.ends:
        if 0 in end.nodes:
            yield f"has a conductor at ground, bus {end.bus!r}"
        elif len(set(end.nodes)) < len(end.nodes):
            yield f"has two conductors on one phase, bus {end.bus!r}"


def _transformer_refusals(e: Element) -> Iterator[str]:
    if len(e.ends) != 2:
        yield f"has {len(e.ends)} windings; two are represented"
        return
    for k, (connection, end) in enumerate(zip(e.data["Conns"], e.ends, strict=True)):
        if fault := coil_fault(connection == "delta", e.data["Phases"], end.nodes):
            yield f"winding {k + 1} {fault}"
    for k, (r, x) in enumerate(zip(e.data["RNeut"], e.data["XNeut"], strict=True)):
        if r > 0 or x != 0:
            yield f"winding {k + 1} has an impedance from star point to ground ({r:g} + j{x:g} ohm)"
    if e.data["kVAs"][0] != e.data["kVAs"][1]:
        yield "has windings of different kVA"


def _regulator_refusals(e: Element) -> Iterator[str]:
    yield from _unlike(e, Bus="", Reversible=False, InverseTime=False, VLimit=0.0, LDC_Z=0.0, Cogen=False, TapWinding=e.data["Winding"])
    if not str(e.data["PTPhase"]).isdigit():
        yield f"watches {e.data['PTPhase']} of the phases; one phase is represented"


def _load_refusals(e: Element) -> Iterator[str]:
    d = e.data
    yield from _hung_refusals(e)
    if d["Model"] not in LAWS:
        yield f"is of load model {d['Model']}; represented are {', '.join(map(str, LAWS))}"
    if d["RNeut"] > 0 or d["XNeut"] != 0:
        yield "has an impedance from star point to ground"
    if d["Model"] == 4 and d["CVRCurve"]:
        yield "follows a CVR curve"
    if d["Model"] == 8 and (len(d["ZIPV"]) != 7 or any(abs(sum(d["ZIPV"][k : k + 3]) - 1) > SHARES for k in (0, 3))):
        yield "has ZIP shares that do not sum to 1"


def _capacitor_refusals(e: Element) -> Iterator[str]:
    if any(e.ends[1].nodes if len(e.ends) > 1 else ()) or len({end.bus for end in e.ends}) > 1:
        yield "lies in series; capacitors to ground or between phases are represented"
        return
    yield from _hung_refusals(e)
    if any(e.data["R"]) or any(e.data["XL"]):
        yield "has a series resistance or reactor"
    if len({round(c, 9) for c in e.data["Cuf"]}) > 1:
        yield "has steps of different size"


def _generator_refusals(e: Element) -> Iterator[str]:
    yield from _hung_refusals(e)
    yield from _unlike(e, DispMode="Default", UseFuel=False)
    if e.data["Model"] not in CONTROLS:
        yield f"is of generator model {e.data['Model']}; represented are {', '.join(map(str, CONTROLS))}"


def _source_refusals(e: Element) -> Iterator[str]:
    yield from _unlike(e, Phases=3, Sequence="Positive", Model="Thevenin", Frequency=e.data["BaseFreq"], Z2=e.data["Z1"])
    if [end.nodes for end in e.ends] != [(1, 2, 3), (0, 0, 0)]:
        yield "does not lie between phases 1, 2, 3 and ground"


REASONS: Mapping[str, Callable[[Element], Iterator[str]]] = {
    "Line": _line_refusals,
    "Transformer": _transformer_refusals,
    "RegControl": _regulator_refusals,
    "Load": _load_refusals,
    "Capacitor": _capacitor_refusals,
    "Generator": _generator_refusals,
    "Vsource": _source_refusals,
}
