"""A distribution company with many like feeders on the RTS as a market: what it buys or makes itself moves the price.

One 33-bus feeder draws 3.7 MW of 2650, which no price would feel; so feeders lie in parallel at one bus, in place of as much load there. Feeders are
published networks; their units, storage, demand response, ratings and their place are ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.generate import bus_load, feeder_load, interfaces, root_of, without_load
from gridtandem.cases.library import network
from gridtandem.cases.market_parts import UnitRow, giving, limited, regulated, renewables, with_day, with_units, within
from gridtandem.cases.rts24 import PROFILES, SYSTEM_LOAD, Rts24
from gridtandem.errors import Fault, InvalidCase, UnknownName
from gridtandem.grid import devices as dv
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.network import Network

TRUNK_A, LATERAL_A = 400.0, 200.0  # ratings of the conductors


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregators:
    """What aggregators offer in one feeder, by bus. MW, MWh, USD/MWh."""

    units: Sequence[UnitRow]
    gives: Sequence[tuple[str, str, float, float]]  # demand response without payback: name, bus, most, price
    shifts: Sequence[tuple[str, str, float, float]]  # with payback of 105 %: name, bus, most, most energy not served so far
    batteries: Sequence[tuple[str, str, float, float]]  # name, bus, power, energy
    trunk: Sequence[str]  # lines rated as trunk
    substation_mva: float  # rating of its regulator


def _unit(bus: str, kind: str, *blocks: tuple[float, float]) -> UnitRow:
    """A unit whose bus number is its name less one; reactive power up to 0.3 of its most."""
    return f"{kind}-{bus}", int(bus) - 1, list(blocks), 0.0 if kind in ("PV", "wind") else round(0.3 * sum(mw for mw, _ in blocks), 3)


AGGREGATORS: Mapping[str, Aggregators] = {
    "case33bw": Aggregators(
        units=(
            _unit("18", "DG", (0.4, 12.5), (0.2, 17.0)), _unit("22", "DG", (0.3, 14.5), (0.2, 19.0)), _unit("25", "DG", (0.4, 16.0), (0.2, 21.0)),
            _unit("33", "DG", (0.4, 13.5), (0.3, 18.0)), _unit("18", "PV", (0.8, 0.0)), _unit("33", "wind", (0.6, 0.0)),
        ),
        gives=(("DR-14", "14", 0.04, 15.0), ("DR-24", "24", 0.10, 16.5), ("DR-30", "30", 0.06, 18.0)),
        shifts=(("shift-8", "8", 0.06, 0.18), ("shift-25", "25", 0.12, 0.36)),
        batteries=(("battery-6", "6", 0.4, 1.6), ("battery-31", "31", 0.4, 1.6)),
        trunk=("1-2", "2-3", "3-4", "4-5", "5-6"),
        substation_mva=5.0,
    ),
    "case51he": Aggregators(
        units=(
            _unit("19", "DG", (0.2, 12.5), (0.1, 17.0)), _unit("22", "DG", (0.15, 14.5), (0.1, 19.0)), _unit("36", "DG", (0.2, 16.0), (0.1, 21.0)),
            _unit("49", "DG", (0.2, 13.5), (0.15, 18.0)), _unit("36", "PV", (0.4, 0.0)), _unit("22", "wind", (0.3, 0.0)),
        ),
        gives=(("DR-19", "19", 0.04, 15.0), ("DR-36", "36", 0.04, 16.5), ("DR-29", "29", 0.02, 18.0)),
        shifts=(("shift-17", "17", 0.03, 0.09), ("shift-37", "37", 0.04, 0.12)),
        batteries=(("battery-9", "9", 0.2, 0.8), ("battery-30", "30", 0.2, 0.8)),
        trunk=("1-2", "2-3", "3-4", "4-5", "5-6", "6-7", "7-8"),
        substation_mva=2.5,
    ),
}  # fmt: skip
PLACED = (
    "One company with {} like feeders {} of {:.4g} MW at bus {}, in place of {:.4g} of {:.4g} MW there at the peak. Their number and place are ours."
)
OURS = (
    "Units, storage, demand response and ratings of feeders are ours. Feeder load follows that of the system; sun and wind as in our other markets.",
    "Rows shift-… are demand response with payback: what is not served is served later, times 1.05.",
    "Each feeder begins with a regulator of ours, rated {:g} MVA, that holds 1 pu behind it by a ratio of 0.9 to 1.1.",
)
YOURS = "Feeders are as given, behind a regulator of ours that holds 1 pu by a ratio of 0.9 to 1.1."


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rts24Disco:
    """Options of the case."""

    feeder: str | Network = "case33bw"  # one with an entry in `AGGREGATORS`; or your own, with all that stands in it
    feeders: int = 20  # in parallel
    bus: str = "14"
    market: Rts24 = field(default_factory=Rts24)

    def case(self, name: str, *, title: str = "", source: str = "", licence: str = "") -> Case:
        """Transmission and the company's feeders."""
        net, (model, notes) = self.market.network(), self._model()
        known = net.buses.name.tolist()
        if self.bus not in known:
            raise UnknownName(f"bus of {net.name!r}", self.bus, known)
        at, power = known.index(self.bus), feeder_load(model)
        had, most = complex(bus_load(net)[at]), int(bus_load(net)[at].real / power.real) if power.real > 0 else 0
        if not (isinstance(self.feeders, int | np.integer) and 1 <= self.feeders <= most):
            what = f"are {self.feeders!r} in place of {had.real:.4g} MW at bus {self.bus}, each {power.real:.4g} MW"
            mend = f"give a whole number from 1 to {most}" if most else "name a bus with more load, or feeders with some"
            raise InvalidCase([Fault("feeders", what, mend, "case-156", place=name)])
        taken = np.zeros(len(known), complex)
        taken[at] = complex(self.feeders * power.real, min(self.feeders * power.imag, had.imag))
        table = interfaces([self.bus], np.array([0]), [root_of(model)], np.array([at]), count=np.array([self.feeders]), scale=np.ones(1))
        placed = PLACED.format(self.feeders, model.name, power.real, self.bus, taken[at].real, had.real)
        return Case(
            name=name, title=title, transmission=replace(without_load(net, taken), name="rts24"), models=(model,),
            interfaces=replace(table, company=np.array(["disco"])), currency="USD", source=source, licence=licence,
            notes=(*net.notes, placed, *notes),
        )  # fmt: skip

    def _model(self) -> tuple[Network, tuple[str, ...]]:
        """The feeder behind its regulator, and what is to be said of it."""
        if isinstance(self.feeder, Network):
            net = self.feeder if self.feeder.periods else _for_a_day(self.feeder)
            return regulated(net), (YOURS,)
        model = feeder_with_aggregators(self.feeder)
        return model, tuple(line.format(AGGREGATORS[self.feeder].substation_mva) for line in OURS)


def plain_market(name: str, market: Rts24, *, title: str = "", source: str = "", licence: str = "") -> Case:
    """Transmission alone, which the scheme ideal clears."""
    net = replace(market.network(), name="rts24")
    return Case(
        name=name, title=title, transmission=net, interfaces=Interfaces.empty(), currency="USD", source=source, licence=licence, notes=net.notes
    )


def feeder_with_aggregators(name: str) -> Network:
    """One feeder with what its aggregators offer."""
    if name not in AGGREGATORS:
        raise UnknownName("feeder with aggregators", name, list(AGGREGATORS))
    have, net = AGGREGATORS[name], network(name)
    row = {bus: k for k, bus in enumerate(net.buses.name.tolist())}
    kv = float(net.buses.nominal_kv[0])
    rated = {n: np.sqrt(3.0) * kv * (TRUNK_A if n in have.trunk else LATERAL_A) / 1e3 for n in net.lines.name[net.lines.closed].tolist()}
    net = limited(with_units(within(net, 0.9, 1.05), have.units), rated)
    net = giving(net, [(dr, row[bus], most, price) for dr, bus, most, price in have.gives])
    net = limited(regulated(_stored(net, have, row)), {"regulator": have.substation_mva})
    return replace(_for_a_day(net), name=name)


def _for_a_day(net: Network) -> Network:
    """Load as that of the system; units called PV-… and wind-… as sun and wind."""
    follows = {"loads": [("", SYSTEM_LOAD)], "flexible": [("", SYSTEM_LOAD)], "generators": renewables(net.generators.name)}
    return with_day(net, follows, PROFILES)


def _stored(net: Network, have: Aggregators, row: Mapping[str, int]) -> Network:
    """Batteries, and demand that is served later: a store that is full where nothing waits."""
    stores = [(*one, 0.5, 0.95, 0.95, 0.5) for one in have.batteries] + [(*one, 1.0, 1 / 1.05, 1.0, 1.0) for one in have.shifts]
    name, bus, power, energy, full, into, out, cost = zip(*stores, strict=True)
    table = dv.Storages.of({
        "name": name, "bus": [row[b] for b in bus], "charge_high_mw": power, "discharge_high_mw": power, "energy_high_mwh": energy,
        "energy_start_mwh": np.array(energy) * np.array(full), "efficiency_in": into, "efficiency_out": out, "cost_per_mwh": cost,
    })  # fmt: skip
    return replace(net, storages=table)
