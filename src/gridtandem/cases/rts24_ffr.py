"""The RTS as a market of energy and two reserves: stations keep primary reserve, inverters in 33-bus feeders fast reserve.

Stations: most reserve and its price are those for upward reserve of C. Ordoudis et al. (2016), see `gridtandem.cases.rts24`, and no more than a
droop of 5 % gives at the lowest frequency, a third of the station's power. Feeders, their devices and prices are ours. Each hour's kinetic energy and
largest loss are calibrated: at 100 MW, 60 Hz, 1 Hz and 10 s, 8350 and 7850 MWs are the two hours in which no fast reserve asks for 179.64 and 191.08
MW of primary reserve, the numbers that a published study prints, of whose data only these are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.generate import bus_load, feeder_load, interfaces, root_of, without_load
from gridtandem.cases.library import network
from gridtandem.cases.market_parts import UnitRow, limited, regulated, renewables, stacked, with_day, with_units, within
from gridtandem.cases.rts24 import PROFILES, STATIONS, SYSTEM_LOAD, Rts24
from gridtandem.cases.rts24_disco import LATERAL_A, TRUNK_A
from gridtandem.errors import Fault, InvalidCase, UnknownName
from gridtandem.grid import devices as dv
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.network import Network

UP_MW = (40, 40, 70, 180, 60, 30, 30, 0, 0, 0, 60, 40)  # most upward reserve of each station
UP_PER_MW = (15, 15, 10, 8, 7, 16, 16, 0, 0, 0, 17, 16)
DROOP, LOWEST_HZ, NOMINAL_HZ = 0.05, 1.0, 60.0
# inverters: bus, MW, price of energy [USD/MWh], price of fast reserve [USD/MW in an hour]
INVERTERS: Sequence[tuple[str, float, float, float]] = (
    ("18", 1.0, 12.0, 1.0),
    ("33", 1.2, 15.0, 2.0),
    ("25", 1.0, 18.0, 3.0),
    ("22", 0.8, 21.0, 5.0),
)
FREE: Sequence[tuple[str, float]] = (("PV-18", 1.0), ("wind-33", 1.0))  # at no price, MW
BATTERIES: Sequence[tuple[str, str, float, float, float]] = (("battery-6", "6", 0.4, 0.8, 1.5), ("battery-31", "31", 0.4, 0.8, 1.5))
HOLD_H = 0.25  # how long fast reserve lasts
TRUNK = ("1-2", "2-3", "3-4", "4-5", "5-6")
MOST_MVA = 5.0
ENERGY_MWS = (7850.0, 8350.0)  # of hours with the least and the most load
LOSS_MW = 100.0
CALIBRATED = ("rts24-ffr", "noh-reduced", "ieee118-ffr")  # cases with hours of inertia of their own
FEEDERS = (("14", 2), ("15", 2), ("19", 2), ("13", 2))
OURS = (
    "Reserve of stations: upward reserve of Ordoudis et al. (2016), at most what a droop of 5 % gives at 1 Hz. What feeders have: ours.",
    "Kinetic energy and largest loss of each hour are calibrated to two printed numbers, 179.64 and 191.08 MW; the study behind them prints no more.",
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rts24Ffr:
    """Options of the case."""

    feeders: Sequence[tuple[str, int]] = FEEDERS  # bus, how many in parallel
    size: float = 1.0  # factor on the devices of a feeder
    v_high_pu: float = 1.05
    market: Rts24 = Rts24()

    def case(self, name: str, *, title: str = "", source: str = "", licence: str = "") -> Case:
        """Transmission and its feeders, one interface for each bus."""
        net = self.market.network()
        above, table = in_place_of_load(replace(_keeping(net), name="rts24"), self.feeder(), self.feeders)
        return Case(
            name=name, title=title, transmission=above, models=(self.feeder(),), interfaces=table, currency="USD", source=source, licence=licence,
            notes=(*net.notes, *OURS),
        )  # fmt: skip

    def feeder(self) -> Network:
        """One feeder with its devices, behind a regulator that holds 1 pu."""
        net = network("case33bw")
        place = {bus: k for k, bus in enumerate(net.buses.name.tolist())}
        kv = float(net.buses.nominal_kv[0])
        rated = {n: np.sqrt(3.0) * kv * (TRUNK_A if n in TRUNK else LATERAL_A) / 1e3 for n in net.lines.name[net.lines.closed].tolist()}
        rows: list[UnitRow] = [(f"inverter-{bus}", place[bus], [(self.size * mw, price)], 1.1 * self.size * mw) for bus, mw, price, _ in INVERTERS]
        rows += [(name, place[name.partition("-")[2]], [(self.size * mw, 0.0)], 0.0) for name, mw in FREE]
        net = limited(with_units(within(net, 0.9, self.v_high_pu), rows), rated)
        power = {f"inverter-{bus}": 1.1 * self.size * mw for bus, mw, _, _ in INVERTERS}
        units = net.generators
        net = replace(
            net, generators=replace(units, s_high_mva=np.array([power.get(n, s) for n, s in zip(units.name, units.s_high_mva, strict=True)]))
        )
        net = limited(regulated(_fast(net, place, self.size)), {"regulator": MOST_MVA})
        follows = {"loads": [("", SYSTEM_LOAD)], "generators": renewables(net.generators.name)}
        return replace(with_day(net, follows, PROFILES), name="case33bw")


REDUCED = Rts24Ffr(feeders=(("14", 1),), market=Rts24(lines="nominal"))


def in_place_of_load(net: Network, model: Network, feeders: Sequence[tuple[str, int]]) -> tuple[Network, Interfaces]:
    """Transmission without the load that feeders of this model take over, and one interface for each bus; ``feeders``: bus, how many."""
    known, power = net.buses.name.tolist(), feeder_load(model)
    for bus, _ in feeders:
        if bus not in known:
            raise UnknownName(f"bus of {net.name!r}", bus, known)
    at = np.array([known.index(bus) for bus, _ in feeders], np.int64)
    count = np.array([n for _, n in feeders], np.int64)
    had, taken = bus_load(net), np.zeros(len(known), complex)
    for k, n in zip(at.tolist(), count.tolist(), strict=True):
        if not 1 <= n * power.real <= had[k].real:
            what = f"are {n} in place of {had[k].real:.4g} MW at bus {known[k]}, each {power.real:.4g} MW"
            raise InvalidCase([Fault("feeders", what, "give 1 or more, and no more than the load there", "case-158", place=net.name)])
        taken[k] = complex(n * power.real, min(n * power.imag, had[k].imag))
    one = np.zeros(len(at), np.int64)
    table = interfaces([bus for bus, _ in feeders], one, [root_of(model)] * len(at), at, count=count, scale=np.ones(len(at)))
    return without_load(net, taken), table


def inertia_of_day(load: Sequence[float]) -> Mapping[str, Sequence[float]]:
    """Hour, kinetic energy and largest loss: energy between `ENERGY_MWS` as load is between its least and its most."""
    least, most = min(load), max(load)
    energy = [ENERGY_MWS[0] + (ENERGY_MWS[1] - ENERGY_MWS[0]) * (x - least) / (most - least) for x in load]
    return {"hour": range(1, len(load) + 1), "inertia_mws": energy, "loss_mw": [LOSS_MW] * len(load)}


def _keeping(net: Network) -> Network:
    """Stations offer primary reserve."""
    most = [min(up, station[1] * LOWEST_HZ / (NOMINAL_HZ * DROOP)) for up, station in zip(UP_MW, STATIONS, strict=True)]
    some = [k for k, mw in enumerate(most) if mw > 0]
    offers = dv.Regulation.of({
        "what": [dv.REGULATORS.index("generators")] * len(some), "row": [f"station-{k + 1}" for k in some], "up_high_mw": [most[k] for k in some],
        "down_high_mw": [0.0] * len(some), "up_per_mw": [float(UP_PER_MW[k]) for k in some],
    })  # fmt: skip
    return replace(net, regulation=stacked(net.regulation, offers))


def _fast(net: Network, place: Mapping[str, int], size: float) -> Network:
    """Batteries, and offers of fast reserve by inverters and batteries."""
    name, bus, power, energy, _ = zip(*BATTERIES, strict=True)
    stores = dv.Storages.of({
        "name": name, "bus": [place[b] for b in bus], "charge_high_mw": size * np.array(power), "discharge_high_mw": size * np.array(power),
        "energy_high_mwh": size * np.array(energy), "energy_start_mwh": 0.5 * size * np.array(energy), "efficiency_in": [0.95] * len(name),
        "efficiency_out": [0.95] * len(name), "cost_per_mwh": [0.5] * len(name),
    })  # fmt: skip
    rows = [("generators", f"inverter-{bus}", size * mw, ffr) for bus, mw, _, ffr in INVERTERS]
    rows += [("storages", name, size * mw, ffr) for name, _, mw, _, ffr in BATTERIES]
    kind, device, most, ffr = zip(*rows, strict=True)
    offers = dv.Regulation.of({
        "what": [dv.REGULATORS.index(k) for k in kind], "row": device, "up_high_mw": most, "down_high_mw": [0.0] * len(rows),
        "up_per_mw": ffr, "sustain_h": [HOLD_H] * len(rows),
    })  # fmt: skip
    return replace(net, storages=stores, regulation=offers)
