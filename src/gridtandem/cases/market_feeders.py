"""Feeders of market systems: networks of the library with resources of ours, and what each hour allows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gridtandem.cases.generate import feeder_load
from gridtandem.cases.library import network
from gridtandem.cases.market_parts import UnitRow, elastic, giving, limited, renewables, with_day, with_units, within
from gridtandem.grid import devices as dv
from gridtandem.grid.network import Network

# voltages [pu] that some hours of these days reach, so that networks make prices
BANDS = {"case33bw": (0.955, 1.015), "case69": (0.945, 1.015), "case141": (0.955, 1.015), "case17me": (0.955, 1.015)}


def market_feeder33(*, bids: bool = True) -> Network:
    """The 33-node feeder with two to five resources of each kind."""
    units: list[UnitRow] = [
        ("DDG-18", 17, [(0.3, 35.5), (0.3, 47.0)], 0.3), ("DDG-22", 21, [(0.5, 33.0)], 0.25), ("DDG-25", 24, [(0.4, 31.0), (0.4, 39.5)], 0.4),
        ("DDG-33", 32, [(0.35, 37.0), (0.35, 58.0)], 0.35), ("PV-14", 13, [(1.2, 0.0)], 0.0), ("PV-30", 29, [(1.0, 0.0)], 0.0),
        ("wind-8", 7, [(0.8, 1.0)], 0.0),
    ]  # fmt: skip
    batteries: list[UnitRow] = [("ES-6", 5, [(-0.5, 32.0), (0.5, 38.5)], 0.0), ("ES-31", 30, [(-0.4, 30.0), (0.4, 41.0)], 0.0)]
    net = with_units(within(network("case33bw"), 0.965, 1.015), units + batteries if bids else units)
    net = giving(net, [("DR-24", 23, 0.15, 85.0), ("DR-7", 6, 0.08, 95.0), ("DR-30", 29, 0.08, 75.0)])
    net = limited(net, {"2-19": 1.0, "3-23": 1.5, "6-26": 1.2, "1-2": 5.0})
    return with_day(
        replace(net, name="feeder33"), {"loads": [("", "load")], "flexible": [("", "load")], "generators": renewables(net.generators.name)}
    )


def with_batteries(net: Network, at: Sequence[str]) -> Network:
    """The feeder with a battery of four hours at each of the buses."""
    row = {name: k for k, name in enumerate(net.buses.name.tolist())}
    n = len(at)
    power, energy = np.array([0.5, 0.4, 0.3]), np.array([2.0, 1.6, 1.2])
    table = dv.Storages.of({
        "name": [f"battery-{b}" for b in at], "bus": [row[b] for b in at], "charge_high_mw": power, "discharge_high_mw": power,
        "energy_high_mwh": energy, "energy_start_mwh": energy / 2, "efficiency_in": [0.95] * n, "efficiency_out": [0.95] * n,
        "cost_per_mwh": [0.5] * n,
    })  # fmt: skip
    return replace(net, storages=table)


def with_ders(feeder: str, bus: str, factor: float) -> Network:
    """A feeder with resources of a quarter of its load each, at its last bus, half-way and two thirds of the way."""
    net = network(feeder)
    peak, last = feeder_load(net).real, len(net.buses) - 1
    mw = round(peak / 4, 3)
    units: list[UnitRow] = [
        ("DG-last", last, [(mw, round(34 * factor, 3))], 0.0), ("DG-half", last // 2, [(mw, round(42 * factor, 3))], 0.0),
        ("PV-two-thirds", 2 * last // 3, [(mw, 0.0)], 0.0), ("wind-third", last // 3, [(mw, 0.0)], 0.0),
    ]  # fmt: skip
    return _for_a_day(with_units(elastic(within(net, *BANDS[feeder]), 0.3, dearest=55.0, cheapest=30.0), units), f"{feeder}-at-{bus}")


def market_feeder17(bus: str, factor: float) -> Network:
    """The 17-node feeder with two units of type 1, one of type 2, sun and wind."""
    units: list[UnitRow] = [
        ("DG1-6", 5, [(3.0, 34 * factor)], 0.0), ("DG1-13", 12, [(2.0, 38 * factor)], 0.0), ("DG2-9", 8, [(1.5, 42 * factor)], 0.0),
        ("PV-15", 14, [(2.0, 0.0)], 0.0), ("wind-11", 10, [(2.0, 0.0)], 0.0),
    ]  # fmt: skip
    return _for_a_day(
        with_units(elastic(within(network("case17me"), *BANDS["case17me"]), 0.3, dearest=55.0, cheapest=30.0), units), f"case17me-at-{bus}"
    )


def _for_a_day(net: Network, name: str) -> Network:
    follows = {"loads": [("", "load")], "flexible": [("", "load")], "generators": renewables(net.generators.name)}
    return with_day(replace(net, name=name), follows)
