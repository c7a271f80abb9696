"""Integrated transmission-distribution cases of PowerModelsITD: a boundary list (.json), a MATPOWER case (.m), OpenDSS feeders (.dss).

What that program means by its files, and this reader keeps:

* the boundary is the bus **behind the short-circuit impedance** of the feeder's source, not the bus where the source stands;
* the load of the boundary bus in the transmission file goes, the feeder takes its place;
* a DSS generator, whatever its model, may give 0 up to its kW, reactive power within its kvar limits, and costs 1 currency unit per MWh;
* voltages of a feeder have no limits, and nothing has a rating, unless its file states them;
* a feeder that is not balanced is dispatched phase by phase (`gridtandem.grid.phase_nodes`): its three source phases are V, V∠−120° and V∠+120°,
  the sum of their powers enters transmission, and a generator of three phases may give each of them up to a third of its kW.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.generate import interfaces
from gridtandem.cases.matpower.read import read_matpower
from gridtandem.cases.opendss.read import read_opendss
from gridtandem.cases.phase_case import stated
from gridtandem.cases.text_file import read_text
from gridtandem.errors import Fault, InvalidCase, UnknownName
from gridtandem.grid import elements as el
from gridtandem.grid.balanced import balanced, source_bus
from gridtandem.grid.network import Network
from gridtandem.grid.phase_nodes import phase_nodes, unit_shares
from gridtandem.grid.three_phase import ThreePhaseNetwork

PRICE = 1.0  # of a DSS generator, currency per MWh
SOURCE = "test cases of PowerModelsITD.jl, Los Alamos National Laboratory, https://github.com/lanl-ansi/PowerModelsITD.jl"
LICENCE = "BSD, copyright 2021 Triad National Security, LLC; its text lies beside the files"
FEEDERS: Mapping[str, str] = {  # boundary list → feeder, in the package; transmission is the same for all
    "case5_case3_bal": "case3_balanced",
    "case5_case3_bal_nogen": "case3_balanced_withoutgen",
    "case5_case3_unbal": "case3_unbalanced",
}
KEYS = ("transmission_boundary", "distribution_boundary")
COMPONENT = "voltage_source"
Boundary = tuple[str, str, str]  # transmission bus, circuit, source


def read_itd(boundaries: str | Path, *, transmission: str | Path, distribution: Sequence[str | Path]) -> Case:
    """The case that the three kinds of files describe."""
    path = Path(boundaries)
    links = _boundaries(path)
    grid = read_matpower(Path(transmission), numbered=True)
    circuits = [read_opendss(file) for file in distribution]
    names, bus = [c.name for c in circuits], {n: k for k, n in enumerate(grid.buses.name.tolist())}
    sources = [[f"{s}".lower() for s in c.sources.name.tolist()] for c in circuits]
    if faults := list(_link_faults(links, bus, dict(zip(names, sources, strict=True)))):
        raise InvalidCase(f.at(path.name) for f in faults)
    models = tuple(_priced(_network(c)) for c in circuits)
    roots = [model.buses.name.tolist().index(source_bus(c)) for model, c in zip(models, circuits, strict=True)]
    model = np.array([names.index(circuit) for _, circuit, _ in links], np.int64)
    at = np.array([bus[b] for b, _, _ in links], np.int64)
    one = np.ones(len(links), np.int64)
    table = interfaces([b for b, _, _ in links], model, [roots[m] for m in model], at, count=one, scale=one.astype(float))
    kept = ~np.isin(grid.loads.bus, at)
    note = f"loads of transmission replaced by feeders: {', '.join(grid.loads.name[~kept].tolist()) or 'none'}"
    return Case(
        name=path.stem, transmission=replace(grid, loads=grid.loads.take(kept)), models=models, interfaces=table, currency="USD", notes=(note,)
    ).check()


def itd_case(name: str) -> Case:
    """A case of `FEEDERS`, from the files in this package."""
    if name not in FEEDERS:
        raise UnknownName("case of PowerModelsITD", name, list(FEEDERS))
    home = Path(str(files("gridtandem.cases") / "itd_data"))
    case = read_itd(home / f"{name}.json", transmission=home / "case5_withload.m", distribution=[home / f"{FEEDERS[name]}.dss"])
    return replace(case, title="5-bus transmission with a 3-bus feeder at bus 5", source=SOURCE, licence=LICENCE)


def _boundaries(path: Path) -> list[Boundary]:
    text = read_text(path, "a list of boundaries (.json)")
    mend = 'write [{"transmission_boundary": "5", "distribution_boundary": "circuit.voltage_source.source"}]'
    try:
        entries = json.loads(text)
        pairs = [(str(e[KEYS[0]]), str(e[KEYS[1]]).lower().split(".")) for e in entries]
    except (ValueError, TypeError, KeyError) as e:
        raise InvalidCase([Fault("boundaries", f"cannot be read: {e!r}", mend, "case-130", place=path.name)]) from e
    if not pairs or any(len(parts) != 3 or parts[1] != COMPONENT for _, parts in pairs):
        raise InvalidCase([Fault("boundaries", "do not name a source of a circuit each", mend, "case-130", place=path.name)])
    return [(bus, parts[0], parts[2]) for bus, parts in pairs]


def _link_faults(links: list[Boundary], bus: dict[str, int], sources: dict[str, list[str]]) -> Iterator[Fault]:
    for k, (at, circuit, source) in enumerate(links):
        if at not in bus:
            yield _unknown(k, KEYS[0], f"names bus {at!r}", "name a bus of the transmission file")
        if circuit not in sources:
            yield _unknown(k, KEYS[1], f"names circuit {circuit!r}", f"give its file; circuits given are {', '.join(sources)}")
        elif source not in sources[circuit]:
            yield _unknown(k, KEYS[1], f"names source {source!r}", f"sources of {circuit!r} are {', '.join(sources[circuit])}")


def _unknown(k: int, key: str, what: str, mend: str) -> Fault:
    return Fault("boundaries", f"{what}, which is not there", mend, "case-131", column=key, row=k, label=str(k + 1))


def _network(circuit: ThreePhaseNetwork) -> Network:
    """In positive sequence where it is balanced, else phase by phase, its generators with the limits that the file gives their reactive power."""
    given, g = stated(circuit), circuit.generators
    try:
        return balanced(given)
    except InvalidCase:
        net, at = phase_nodes(replace(given, generators=replace(g, control=np.zeros_like(g.control))))
    row, share = unit_shares(at)
    low, high = (np.append(q[row] * share, q_root) for q, q_root in ((g.q_low_mvar, -el.INF), (g.q_high_mvar, el.INF)))
    return replace(net, generators=replace(net.generators, q_low_mvar=low, q_high_mvar=high))


def _priced(feeder: Network) -> Network:
    """The feeder with its generators at the program's standing price, free below their kW; the reference is left alone."""
    g = feeder.generators
    own = np.flatnonzero(g.control != el.REFERENCE)
    free = g.control != el.REFERENCE
    changed = replace(
        g, control=np.where(free, el.PQ, g.control), v_set_pu=np.where(free, 1.0, g.v_set_pu), p_low_mw=np.where(free, 0.0, g.p_low_mw),
        p_high_mw=np.where(free, g.p_mw, g.p_high_mw),
    )  # fmt: skip
    costs = el.Costs(generator=own, order=np.ones(len(own), np.int64), coefficient=np.full(len(own), PRICE))
    return replace(feeder, generators=changed, costs=costs)
