"""Market systems by name: networks of the library with resources, prices and a day of forecasts. Every resource and price is ours.

What is fact (a network, its place in a published study) and what is ours is said in the title, source and notes of each case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import final

import numpy as np

from gridtandem.cases import four_feeders, golden, golden_regulation, two_feeders
from gridtandem.cases.case import Case
from gridtandem.cases.generate import bus_load, feeder_load, interfaces, root_of, without_load
from gridtandem.cases.ieee118_ffr import Ieee118Ffr
from gridtandem.cases.library import network
from gridtandem.cases.market_feeders import market_feeder17, market_feeder33, with_batteries, with_ders
from gridtandem.cases.market_parts import HOURS, limited, regulated, stepped, with_day, within
from gridtandem.cases.regulating import feeder33, regulating
from gridtandem.cases.rts24 import SOURCE as ORDOUDIS
from gridtandem.cases.rts24 import Rts24
from gridtandem.cases.rts24_disco import Rts24Disco, plain_market
from gridtandem.cases.rts24_ffr import REDUCED, Rts24Ffr
from gridtandem.cases.synthetic import synthetic240
from gridtandem.grid import devices as dv
from gridtandem.grid.network import Network

WU = "set-up of M. Mousavi and M. Wu, arXiv 2306.08258: IEEE 118-bus with a 33-node and a 240-node feeder; resources, prices and line limits are ours"
GUPTA = "M. Gupta, PhD thesis, Indian Institute of Technology Delhi, 2022, ch. 4 (kind and number of feeders: our reconstruction); prices are ours"
BARAN = "networks: IEEE 14-bus and the 33-node feeder of M. E. Baran and F. F. Wu; resources, prices, line limits and requirements are ours"
FFR118 = "networks: IEEE 118-bus and the 33-node feeder of M. E. Baran and F. F. Wu; all offers, line limits and inertia are ours"
DISCO = "feeders: see their own entries; all that stands in them, their number and place: ours"
NONE = "numbers of the report, cited; no licence is stated there. Networks: see their own entries; what is ours: MIT"
OURS = "networks: see their own entries; resources and prices: MIT"
STATIONS = "Stations offer ten equal steps along MATPOWER's polynomial cost."
REGULATORS = "Each feeder begins with a regulator of ours that holds 1 pu behind it by a ratio of 0.9 to 1.1, for its market reckons with 1 pu."
# ratings [MVA] of lines that would carry more at the evening peak if nothing had a limit: 85 % of that flow, in round numbers
LIMITS_118 = {"8-5": 290.0, "38-37": 205.0, "30-17": 195.0, "26-30": 185.0, "89-92": 160.0, "64-65": 160.0, "38-65": 155.0, "23-25": 135.0}
LIMITS_14 = {"1-2": 115.0, "2-3": 58.0, "1-5": 55.0}
LIMITS_30 = {"1-2": 125.0, "2-5": 64.0, "4-6": 57.0}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSystem:
    """What the catalogue says of a market, and how to build it."""

    title: str
    source: str
    licence: str
    size: tuple[int, int, int]  # transmission buses, feeder buses, interfaces
    build: Callable[[str], Case]
    currency: str = "USD"


@final
@dataclass(frozen=True, slots=True)
class Hung:
    """A feeder at a transmission bus; ``count`` of them in parallel, 0: as many as come closest to the load there."""

    bus: str
    feeder: Network
    label: str = ""
    count: int = 1


def market_system(name: str) -> Case:
    """A market by name."""
    return MARKETS[name].build(name)


# ── IEEE 118 with two feeders ────────────────────────────────────────────────────────────────────────────────────────────────


def _ieee118_2dso(name: str, *, stores: bool) -> Case:
    small, large = market_feeder33(bids=not stores), replace(synthetic240(bids=not stores), name="feeder240")
    if stores:
        small, large = with_batteries(small, ("6", "18", "31")), with_batteries(large, ("1010", "2040", "3100"))
    notes = ("Feeder 33: network of Baran and Wu, 12 resources of ours.", "Feeder 240: synthetic; only its size and topology are published.")
    told = "Each feeder has three batteries whose hours hang together." if stores else "Batteries bid hour by hour."
    return _hung(name, "ieee118", LIMITS_118, [Hung("50", small, "feeder33"), Hung("67", large, "feeder240")], (*notes, told))


# ── the thesis: systems A, B, C, and IEEE 14 with 17-node feeders ────────────────────────────────────────────────────────────


def _thesis(name: str, transmission: str, limits: Mapping[str, float], feeders: Sequence[tuple[str, str]]) -> Case:
    rows = [Hung(bus, with_ders(feeder, bus, 0.9 + 0.2 * k / max(len(feeders) - 1, 1)), count=0) for k, (bus, feeder) in enumerate(feeders)]
    notes = (
        "Each feeder has two stations, sun, wind, and 30 % of its load that buys at 55 falling to 30 per MWh; prices of stations rise by feeder "
        "from 0.9 to 1.1 of 34 and 42 per MWh.",
    )  # fmt: skip
    return _hung(name, transmission, limits, rows, notes)


def _ieee14_3x17(name: str) -> Case:
    rows = [Hung(bus, market_feeder17(bus, factor)) for bus, factor in (("9", 0.9), ("10", 1.0), ("14", 1.1))]
    notes = (
        "Units named DG1 may go to the wholesale market, all others stay local; prices at buses 9, 10 and 14 are as 0.9 to 1 to 1.1.",
        "30 % of every feeder load buys at 55 falling to 30 per MWh.",
    )
    return _hung(name, "ieee14", LIMITS_14, rows, notes)


def _four_feeders(name: str) -> Case:
    rows = [Hung(bus, four_feeders.feeder(bus), f"F{bus}") for bus in four_feeders.FEEDERS]
    made = _hung(name, "ieee14", LIMITS_14, rows, four_feeders.NOTES)
    return replace(made, transmission=within(made.transmission, *four_feeders.BAND))


def _ieee14_regulation(name: str) -> Case:
    notes = (
        "Five units of the feeder and all stations offer capacity up and down; ramps and prices of regulation are ours.",
        "The requirement is 4 MW up and 3 MW down, 6 and 4 MW from hour 7 to 9 and from 18 to 21.",
    )
    made = _hung(name, "ieee14", LIMITS_14, [Hung("9", with_day(feeder33(5), {"loads": [("", "load")]}), "feeder33")], notes)
    return replace(made, transmission=regulating(made.transmission, HOURS))


# ── the RTS as a market, by itself and with a distribution company of many like feeders ──────────────────────────────────────


def _rts24(name: str, of: Rts24) -> Case:
    what = MARKETS[name]
    return plain_market(name, of, title=what.title, source=what.source, licence=what.licence)


def _disco(name: str, of: Rts24Disco) -> Case:
    what = MARKETS[name]
    return of.case(name, title=what.title, source=what.source, licence=what.licence)


def _ffr(name: str, of: Rts24Ffr | Ieee118Ffr) -> Case:
    what = MARKETS[name]
    return of.case(name, title=what.title, source=what.source, licence=what.licence)


# ── all of them ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _hung(name: str, transmission: str, limits: Mapping[str, float], rows: Sequence[Hung], notes: tuple[str, ...]) -> Case:
    """Feeders in place of the load at their buses, as far as there is load; the rest stays."""
    net = network(transmission)
    rows = [replace(row, feeder=regulated(row.feeder)) for row in rows]
    own, place = bus_load(net), {b: k for k, b in enumerate(net.buses.name.tolist())}
    at = np.array([place[r.bus] for r in rows])
    power = np.array([feeder_load(r.feeder) + r.feeder.flexible.p_high_mw[r.feeder.flexible.does == dv.TAKES].sum() for r in rows])
    count = np.array([r.count or max(1, round(float(own[b].real) / p.real)) for r, b, p in zip(rows, at, power, strict=True)])
    taken = np.zeros(len(own), complex)
    for b, k, p in zip(at.tolist(), count.tolist(), power.tolist(), strict=True):
        share = min(1.0, own[b].real / (k * p.real)) if own[b].real > 0 else 0.0
        taken[b] = complex(k * p.real * share, min(k * p.imag * share, own[b].imag))
    grid = with_day(limited(stepped(without_load(net, taken)), limits), {"loads": [("", "load")]})
    models = tuple(r.feeder for r in rows)
    table = interfaces([r.bus for r in rows], np.arange(len(rows)), [root_of(m) for m in models], at, count=count, scale=np.ones(len(rows)))
    feeders = np.array([r.label or f"F{r.bus}" for r in rows], dtype=str)
    what = MARKETS[name]
    return Case(
        name=name, title=what.title, transmission=grid, models=models, interfaces=replace(table, feeder=feeders),
        currency="USD", source=what.source, licence=what.licence,
        notes=(
            STATIONS, f"Ratings of {len(limits)} lines are ours, {', '.join(limits)}; other lines of transmission have none.",
            "Feeders stand in place of load at their buses; what they do not draw stays there.", REGULATORS, *notes,
        ),
    )  # fmt: skip


A = tuple((bus, "case33bw") for bus in ("9", "10", "13", "14"))
B = tuple((bus, "case33bw") for bus in ("15", "19", "20", "24", "29", "30"))
C = tuple(
    (bus, feeder)
    for bus, feeder in zip(
        ("11", "13", "20", "28", "39", "43", "50", "51", "67", "83", "95", "98"), ("case33bw", "case69", "case141") * 4, strict=True
    )
)
MARKETS: dict[str, MarketSystem] = {
    golden.NAME: MarketSystem(
        title=golden.TITLE, source=golden.SOURCE, licence="MIT", size=(3, 6, 2), build=lambda _: golden.golden(),
    ),
    golden_regulation.NAME: MarketSystem(
        title=golden_regulation.TITLE, source=golden.SOURCE, licence="MIT", size=(3, 6, 2), build=lambda _: golden_regulation.golden_regulation(),
    ),
    two_feeders.NAME: MarketSystem(
        title=two_feeders.TITLE, source=two_feeders.SOURCE, licence="MIT", size=(2, 4, 2), build=lambda _: two_feeders.two_feeders(),
        currency=two_feeders.CURRENCY,
    ),
    four_feeders.NAME: MarketSystem(
        title=four_feeders.TITLE, source=four_feeders.SOURCE, licence=OURS, size=(14, 132, 4), build=_four_feeders,
    ),
    "ieee14-regulation": MarketSystem(
        title="IEEE 14-bus with a 33-node feeder of five regulating units, 24 h", source=BARAN, licence=OURS,
        size=(14, 33, 1), build=_ieee14_regulation,
    ),
    "ieee118-2dso": MarketSystem(
        title="IEEE 118-bus, 33-node and synthetic 240-node feeder, 24 h", source=WU, licence=OURS, size=(118, 273, 2),
        build=partial(_ieee118_2dso, stores=False),
    ),
    "ieee118-2dso-storage": MarketSystem(
        title="the same with three batteries in each feeder, 24 h", source=WU, licence=OURS, size=(118, 273, 2),
        build=partial(_ieee118_2dso, stores=True),
    ),
    "market-A": MarketSystem(
        title="IEEE 14-bus with 33-bus feeders at four buses, 24 h", source=GUPTA, licence=OURS, size=(14, 594, 4),
        build=partial(_thesis, transmission="ieee14", limits=LIMITS_14, feeders=A),
    ),
    "market-B": MarketSystem(
        title="IEEE 30-bus with 33-bus feeders at six buses, 24 h", source=GUPTA, licence=OURS, size=(30, 396, 6),
        build=partial(_thesis, transmission="ieee30", limits=LIMITS_30, feeders=B),
    ),
    "market-C": MarketSystem(
        title="IEEE 118-bus with twelve feeders of 33 to 141 buses, 24 h", source=GUPTA, licence=OURS, size=(118, 4530, 12),
        build=partial(_thesis, transmission="ieee118", limits=LIMITS_118, feeders=C),
    ),
    "ieee14-3x17": MarketSystem(
        title="IEEE 14-bus with three 17-node feeders, units choose, 24 h", source=GUPTA, licence=OURS, size=(14, 51, 3),
        build=_ieee14_3x17,
    ),
    "rts24-market": MarketSystem(
        title="RTS, 24 buses, as a day-ahead market of twelve stations, 24 h", source=ORDOUDIS, licence=NONE,
        size=(24, 0, 0), build=partial(_rts24, of=Rts24(blocks=1, lines="nominal")),
    ),
    "rts24-market-reduced": MarketSystem(
        title="the same with three lines reduced, which makes congestion, 24 h", source=ORDOUDIS, licence=NONE,
        size=(24, 0, 0), build=partial(_rts24, of=Rts24(blocks=1)),
    ),
    "rts24-disco33": MarketSystem(
        title="RTS market with congestion, a company of twenty 33-bus feeders, 24 h", source=f"{ORDOUDIS}; {DISCO}", licence=NONE,
        size=(24, 660, 1), build=partial(_disco, of=Rts24Disco()),
    ),
    "rts24-disco33-nominal": MarketSystem(
        title="the same without congestion, 24 h", source=f"{ORDOUDIS}; {DISCO}", licence=NONE,
        size=(24, 660, 1), build=partial(_disco, of=Rts24Disco(market=Rts24(lines="nominal"))),
    ),
    "rts24-disco51": MarketSystem(
        title="RTS market with congestion, a company of 38 51-bus feeders, 24 h", source=f"{ORDOUDIS}; {DISCO}", licence=NONE,
        size=(24, 1938, 1), build=partial(_disco, of=Rts24Disco(feeder="case51he", feeders=38)),
    ),
    "rts24-ffr": MarketSystem(
        title="RTS market with two reserves, 33-bus feeders at four buses, 24 h", source=f"{ORDOUDIS}; {DISCO}",
        licence=NONE, size=(24, 264, 4), build=partial(_ffr, of=Rts24Ffr()),
    ),
    "noh-reduced": MarketSystem(
        title="the same without congestion, one feeder, two numbers calibrated, 24 h", source=f"{ORDOUDIS}; {DISCO}",
        licence=NONE, size=(24, 33, 1), build=partial(_ffr, of=REDUCED),
    ),
    "ieee118-ffr": MarketSystem(
        title="IEEE 118-bus with two reserves, 33-bus feeders at four buses, 24 h", source=FFR118, licence=OURS, size=(118, 264, 4),
        build=partial(_ffr, of=Ieee118Ffr(limits=LIMITS_118)),
    ),
}  # fmt: skip
