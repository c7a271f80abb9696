"""Three-phase feeders with devices: by name, from a folder, or from an OpenDSS file alone.

A folder holds ``feeder.toml``, the OpenDSS file it names, and ``devices/``, a network folder whose buses are spots
(`gridtandem.grid.phase_feeder`) and which has no branches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Literal, final

import numpy as np

from gridtandem.cases.folder.toml_text import Settings, read_settings
from gridtandem.cases.folder.write import read_network_folder
from gridtandem.cases.library import network as published
from gridtandem.cases.market_parts import UnitRow, units_of
from gridtandem.cases.market_parts import within as limited_to
from gridtandem.cases.opendss.read import read_opendss
from gridtandem.cases.text_file import read_text
from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.balanced import balanced
from gridtandem.grid.network import Network
from gridtandem.grid.phase_devices import dispatchable
from gridtandem.grid.phase_feeder import PhaseFeeder, spot_named, within
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.tables import Real

SCHEMA = "gridtandem/phase-feeder/1"
KEYS: Settings = {
    "schema": "", "name": "", "network": "", "company": "dso", "bus": "grid", "currency": "EUR", "v_low_pu": 0.0, "v_high_pu": 0.0, "taps": "hold",
    "ratings": "file", "notes": (),
}  # fmt: skip
WORDS: Mapping[str, tuple[str, ...]] = {"taps": ("hold", "move"), "ratings": ("file", "none")}
IEEE = "IEEE PES test feeders as OpenDSS ships them (BSD, EPRI; its text lies beside the files); devices, prices and limits are ours, synthetic"
UNSTATED_A, UNSTATED_PU, DIGITS = (400.0, 600.0), (1.1, 1.5), 1e-6  # normal and emergency; relative, for the digits of a file
Taps = Literal["hold", "move"]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PhaseCase:
    """A three-phase feeder with devices, and where it hangs."""

    name: str
    feeder: PhaseFeeder
    company: str = "dso"
    bus: str = "grid"  # transmission bus
    currency: str = "EUR"
    taps: Taps = "hold"  # move: regulators step, at the loads of the file, before the feeder is asked
    title: str = ""
    source: str = ""


def is_phase_case(word: str | Path) -> bool:
    """Whether a word names a three-phase feeder: one of ours, a .dss file, or a folder with feeder.toml."""
    path = Path(word)
    return str(word) in SYSTEMS or path.suffix.lower() == ".dss" or (path / "feeder.toml").is_file()


def phase_case(word: str | Path) -> PhaseCase:
    """The three-phase feeder of that name, of that folder, or of that OpenDSS file, which then has no devices."""
    if str(word) in SYSTEMS:
        return SYSTEMS[str(word)](str(word))
    path = Path(word)
    if path.is_dir():
        return _from_folder(path)
    net = read_opendss(path)
    return PhaseCase(name=net.name, feeder=PhaseFeeder(network=net, devices=Network(name=net.name, buses=el.Buses.empty())).check())


def plain_network(given: PhaseCase) -> Network:
    """The feeder as a plain network: in positive sequence where it is balanced and has no devices, else phase by phase, taps as they stand.

    Ratings that an OpenDSS file does not state are none (`stated`).
    """
    net = stated(given.feeder.network)
    if not len(given.feeder.devices.buses):
        try:
            return balanced(net)
        except InvalidCase:
            pass
    return dispatchable(replace(given.feeder, network=net))


def _from_folder(path: Path) -> PhaseCase:
    text = read_text(path / "feeder.toml", "the settings of a three-phase feeder (feeder.toml)")
    given, faults = read_settings("feeder.toml", text, {**KEYS, "name": path.name})
    if given["schema"] != SCHEMA and not faults:
        faults.append(Fault("feeder.toml", f"has schema {given['schema']!r}", f"this version reads schema = {SCHEMA!r}", "phase-007"))
    for key, known in WORDS.items():
        if given[key] not in known:
            faults.append(Fault("feeder.toml", f"cannot use {key} = {given[key]!r}", f"it must be one of {', '.join(known)}", "phase-006"))
    if faults:
        raise InvalidCase(f.at(path.as_posix()) for f in faults)
    net = read_opendss(path / str(given["network"]))
    low, high = (float(given[k]) for k in ("v_low_pu", "v_high_pu"))  # type: ignore[arg-type]
    net = within(unrated(net) if given["ratings"] == "none" else net, low, high or np.inf)
    name, company, bus, currency = (str(given[k]) for k in ("name", "company", "bus", "currency"))
    feeder = PhaseFeeder(network=replace(net, name=name), devices=read_network_folder(path / "devices")).check()
    return PhaseCase(name=name, feeder=feeder, company=company, bus=bus, currency=currency, taps="move" if given["taps"] == "move" else "hold")


def stated(net: ThreePhaseNetwork) -> ThreePhaseNetwork:
    """Without the ratings that OpenDSS gives to what states none: lines 400 A, in emergencies 600 A, transformers 1.1 and 1.5 of their power."""
    ln, t = net.lines, net.transformers
    bare = (ln.rating_a == UNSTATED_A[0]) & (ln.rating_emergency_a == UNSTATED_A[1])
    plain = np.ones(len(t), bool)
    for rating, share in zip((t.rating_mva, t.rating_emergency_mva), UNSTATED_PU, strict=True):
        plain &= abs(rating - share * t.base_mva) <= DIGITS * t.base_mva
    told = [f"{int(k.sum())} {word} state no rating, and have none" for k, word in ((bare, "lines"), (plain, "transformers")) if k.any()]
    amps = {name: np.where(bare, np.inf, getattr(ln, name)) for name in ("rating_a", "rating_emergency_a")}
    mva = {name: np.where(plain, np.inf, getattr(t, name)) for name in ("rating_mva", "rating_emergency_mva")}
    return replace(net, notes=(*net.notes, *told), lines=replace(ln, **amps), transformers=replace(t, **mva))


def unrated(net: ThreePhaseNetwork) -> ThreePhaseNetwork:
    """Without ratings: an OpenDSS file that states none has 400 A for every line."""
    lines, units = net.lines, net.transformers
    return replace(
        net, lines=replace(lines, rating_a=np.full(len(lines), np.inf)), transformers=replace(units, rating_mva=np.full(len(units), np.inf))
    )


def with_devices(net: ThreePhaseNetwork, rows: list[tuple[str, UnitRow]]) -> PhaseFeeder:
    """Units in blocks at named spots; the bus of each row is ignored."""
    names = list(dict.fromkeys(spot for spot, _ in rows))
    generators, points = units_of([(name, names.index(spot), blocks, q) for spot, (name, _, blocks, q) in rows], 0)
    bus = {name: k for k, name in enumerate(net.buses.name.tolist())}
    kv = [net.buses.nominal_kv[spot.bus] for n in names if not isinstance(spot := spot_named(net, bus, n), str)]
    buses = el.Buses.of({"name": names, "nominal_kv": kv})
    return PhaseFeeder(network=net, devices=Network(name=net.name, buses=buses, generators=generators, cost_points=points)).check()


def tripled(net: Network, *, mutual: float = 0.0, shares: Real | None = None, root: int = 0) -> ThreePhaseNetwork:
    """A balanced network as three phases: every conductor has the line's impedance, and this share of it between any two.

    Transformers become three coils from star to star at their ratio. Loads are split by ``shares`` (load, phase), evenly where there are none;
    ratings are those of each conductor. What has no counterpart is refused.
    """
    if found := [f.at(net.name) for f in _untripled(net)]:
        raise InvalidCase(found)
    ln, ld, n = net.lines, net.loads, len(net.buses)
    coupled = mutual + (1 - mutual) * np.eye(3)
    kv = net.buses.nominal_kv
    split = np.full((len(ld), 3), 1 / 3) if shares is None else shares
    phase = np.tile(np.arange(3), len(ld))
    return ThreePhaseNetwork(
        name=net.name, frequency_hz=net.frequency_hz,
        buses=pe.PhaseBuses(name=net.buses.name, nominal_kv=kv, phases=np.ones((n, 3), bool), v_low_pu=net.buses.v_low_pu,
                            v_high_pu=net.buses.v_high_pu),
        lines=pe.PhaseLines(
            name=ln.name, from_bus=ln.from_bus, to_bus=ln.to_bus, to_phase=np.tile([1, 2, 3], (len(ln), 1)), closed=ln.closed,
            r_ohm=ln.r_ohm[:, None, None] * coupled, x_ohm=ln.x_ohm[:, None, None] * coupled, b_us=ln.b_us[:, None, None] * np.eye(3),
            rating_a=1e3 * ln.rating_mva / np.sqrt(3.0) / kv[ln.from_bus],
        ),
        transformers=_coils(net),
        loads=pe.PhaseLoads.of({
            "name": [f"{name}-{pe.PHASES[p]}" for name in ld.name.tolist() for p in range(3)], "bus": np.repeat(ld.bus, 3),
            "connection": np.full(3 * len(ld), pe.WYE), "terminals": np.stack([phase + 1, 0 * phase, 0 * phase], -1),
            "nominal_kv": np.repeat(kv[ld.bus], 3) / np.sqrt(3.0), "p_mw": (ld.p_mw[:, None] * split).ravel(),
            "q_mvar": (ld.q_mvar[:, None] * split).ravel(),
        }),
        sources=pe.PhaseSources.of({"name": ["source"], "bus": [root], "nominal_kv": [kv[root]], "x_positive_ohm": [0.0], "x_zero_ohm": [0.0]}),
    ).check()  # fmt: skip


def _coils(net: Network) -> pe.PhaseTransformers:
    t, kv = net.transformers, net.buses.nominal_kv
    if not len(t):
        return pe.PhaseTransformers.empty()
    star, ends = np.full(len(t), pe.WYE), np.tile([1, 2, 3], (len(t), 1))
    return pe.PhaseTransformers.of({
        "name": t.name, "from_bus": t.from_bus, "to_bus": t.to_bus, "connection_from": star, "connection_to": star, "terminals_from": ends,
        "terminals_to": ends, "nominal_from_kv": kv[t.from_bus], "nominal_to_kv": kv[t.to_bus], "base_mva": t.base_mva, "r_to_pu": t.r_pu,
        "x_pu": t.x_pu, "tap_from_pu": t.ratio, "rating_mva": t.rating_mva, "closed": t.closed,
    })  # fmt: skip


def _untripled(net: Network) -> Iterator[Fault]:
    for name in ("ties", "shunts"):
        if size := len(getattr(net, name)):
            yield Fault(name, f"have {size} rows", "a balanced network of lines, transformers and loads becomes three phases", "phase-012")
    for k in np.flatnonzero((net.transformers.shift_deg != 0) | (net.transformers.b_pu != 0)).tolist():
        yield net.transformers.fault(k, "shift_deg", "or b_pu is not 0", "state the unit in a three-phase network", "phase-012")


# ── feeders by name ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _feeder33(name: str) -> PhaseCase:
    """The 33-node feeder in three phases, a mutual impedance of 0.35 z, loads 40:33:27, and devices on single phases."""
    plain = limited_to(published("case33bw"), 0.945, 1.04)
    order = (np.arange(len(plain.loads))[:, None] + np.arange(3)) % 3
    net = tripled(plain, mutual=0.35, shares=np.array([0.40, 0.33, 0.27])[order])
    rows: list[tuple[str, UnitRow]] = [
        ("18.a", ("DDG-18a", 0, [(0.2, 35.5), (0.2, 47.0)], 0.1)), ("18.c", ("DDG-18c", 0, [(0.2, 36.0), (0.2, 49.0)], 0.1)),
        ("22.b", ("DDG-22b", 0, [(0.5, 33.0)], 0.2)), ("25.a", ("DDG-25a", 0, [(0.3, 31.0), (0.3, 39.5)], 0.2)),
        ("33.b", ("DDG-33b", 0, [(0.3, 37.0), (0.3, 58.0)], 0.2)), ("33.c", ("DDG-33c", 0, [(0.3, 38.0)], 0.2)),
        ("14.b", ("PV-14b", 0, [(0.6, 0.0)], 0.0)), ("30.a", ("PV-30a", 0, [(0.5, 0.0)], 0.0)), ("8", ("wind-8", 0, [(0.8, 1.0)], 0.0)),
        ("6.c", ("ES-6c", 0, [(-0.4, 32.0), (0.4, 38.5)], 0.0)), ("31.a", ("ES-31a", 0, [(-0.3, 30.0), (0.3, 41.0)], 0.0)),
    ]  # fmt: skip
    feeder = with_devices(replace(net, name=name), rows)
    title = "33-node feeder in three phases, mutual impedance 0.35 z, 40:33:27 loads, devices on single phases; synthetic"
    return PhaseCase(name=name, feeder=_giving(feeder, [("DR-24", "24.b", 0.15, 85.0)]), currency="USD", title=title, source="ours, from case33bw")


def _giving(feeder: PhaseFeeder, rows: list[tuple[str, str, float, float]]) -> PhaseFeeder:
    """With demand that gives way: name, spot, most MW, price."""
    d, net = feeder.devices, feeder.network
    kv = dict(zip(net.buses.name.tolist(), net.buses.nominal_kv.tolist(), strict=True))
    known = {n: k for k, n in enumerate([*d.buses.name.tolist(), *(spot for _, spot, _, _ in rows)])}
    buses = el.Buses.of({"name": [*known], "nominal_kv": [kv[n.partition(".")[0]] for n in known]})
    name, spot, most, price = (list(c) for c in zip(*rows, strict=True))
    flexible = dv.Flexible.of({"name": name, "bus": [known[s] for s in spot], "p_high_mw": most, "price_per_mwh": price})
    return replace(feeder, devices=replace(d, buses=buses, flexible=flexible)).check()


def _ieee(folder: str, file: str, band: tuple[float, float], rows: list[tuple[str, UnitRow]]) -> Callable[[str], PhaseCase]:
    def build(name: str) -> PhaseCase:
        net = within(unrated(read_opendss(Path(str(files("gridtandem.cases") / "phase_data" / folder / file)))), *band)
        return PhaseCase(
            name=name, feeder=with_devices(replace(net, name=name), rows), currency="USD", taps="move", source=IEEE,
            title=f"{folder} with {len(rows)} devices of ours; limits {band[0]:g} to {band[1]:g} pu, no ratings, taps as they come to rest",
        )  # fmt: skip

    return build


ROWS_13: list[tuple[str, UnitRow]] = [
    ("675.a", ("PV-675a", 0, [(0.4, 0.0)], 0.0)), ("634", ("DDG-634", 0, [(0.3, 34.0), (0.2, 46.0)], 0.2)),
    ("646.b-c", ("DDG-646bc", 0, [(0.2, 39.0)], 0.1)), ("611.c", ("ES-611c", 0, [(-0.1, 28.0), (0.15, 43.0)], 0.0)),
    ("652.a", ("DDG-652a", 0, [(0.1, 41.0)], 0.05)), ("680", ("wind at 680", 0, [(0.5, 1.0)], 0.0)),
]  # fmt: skip
ROWS_123: list[tuple[str, UnitRow]] = [
    ("48", ("DDG-48", 0, [(0.3, 33.0), (0.2, 45.0)], 0.2)), ("66.c", ("PV-66c", 0, [(0.2, 0.0)], 0.0)), ("83", ("wind-83", 0, [(0.6, 1.0)], 0.0)),
    ("76.a-b", ("DDG-76ab", 0, [(0.2, 37.0)], 0.1)), ("95.b", ("ES-95b", 0, [(-0.1, 29.0), (0.1, 42.0)], 0.0)),
    ("114.a", ("PV-114a", 0, [(0.15, 0.0)], 0.0)), ("450", ("DDG-450", 0, [(0.3, 36.0)], 0.2)), ("250", ("DDG-250", 0, [(0.2, 40.0)], 0.1)),
]  # fmt: skip
SYSTEMS: Mapping[str, Callable[[str], PhaseCase]] = {
    "feeder33x3": _feeder33,
    "ieee13-ders": _ieee("ieee13", "IEEE13Nodeckt.dss", (0.975, 1.06), ROWS_13),
    "ieee123-ders": _ieee("ieee123", "IEEE123Master.dss", (0.975, 1.055), ROWS_123),
}
