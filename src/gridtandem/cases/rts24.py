r"""The IEEE Reliability Test System as a day-ahead market: twelve stations, one area of 24 buses, 24 hours.

Stations, prices, ramps, hourly load and its shares, reactances, transfer capacities and the sites of wind farms are those of C. Ordoudis, P. Pinson,
J. M. Morales and M. Zugno, "An updated version of the IEEE RTS 24-bus system for electricity market and power system operation studies", Technical
University of Denmark, 2016, https://orbit.dtu.dk/en/publications/an-updated-version-of-the-ieee-rts-24-bus-system-for-electricity-. Lines in parallel
are one there. What an AC load flow needs beside them — resistance, charging, reactive demand and limits, voltages, transformer ratios, the
reactor at bus 6 and the condenser at bus 14 — is the published system of 1979 (`rts24` of the library); reactances of transformers are such that
ratio times reactance is the number of the report, which is all that a DC network reads. Blocks of offers and the hourly shape of wind are ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, final

import numpy as np

from gridtandem.cases.library import network
from gridtandem.cases.market_parts import DAY, Block, elastic, stacked, with_day
from gridtandem.errors import Fault, InvalidCase, UnknownName
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.tables import Real
from gridtandem.units import MVA, ohm_base

Lines: TypeAlias = Literal["none", "nominal", "reduced"]
# station: bus, most MW, ramps up and down [MW/h], price [USD/MWh]; least and most reactive power of the same units in 1979 [Mvar]
STATIONS: tuple[tuple[int, float, float, float, float, float, float], ...] = (
    (1, 152, 120, 120, 13.32, -50, 60), (2, 152, 120, 120, 13.32, -50, 60), (7, 350, 350, 350, 20.70, 0, 180), (13, 591, 240, 240, 20.93, 0, 240),
    (15, 60, 60, 60, 26.11, 0, 30), (15, 155, 155, 155, 10.52, -50, 80), (16, 155, 155, 155, 10.52, -50, 80), (18, 400, 280, 280, 6.02, -50, 200),
    (21, 400, 280, 280, 5.47, -50, 200), (22, 300, 300, 300, 0.0, -60, 96), (23, 310, 180, 180, 10.52, -100, 160),
    (23, 350, 240, 240, 10.89, -25, 150),
)  # fmt: skip
LOAD_MW = (
    1775.835, 1669.815, 1590.3, 1563.795, 1563.795, 1590.3, 1961.37, 2279.43, 2517.975, 2544.48, 2544.48, 2517.975,
    2517.975, 2517.975, 2464.965, 2464.965, 2623.995, 2650.5, 2650.5, 2544.48, 2411.955, 2199.915, 1934.865, 1669.815,
)  # fmt: skip
PEAK_MW = max(LOAD_MW)
SHARES: Mapping[int, float] = {  # of the load, by bus [%]
    1: 3.8, 2: 3.4, 3: 6.3, 4: 2.6, 5: 2.5, 6: 4.8, 7: 4.4, 8: 6.0, 9: 6.1, 10: 6.8, 13: 9.3, 14: 6.8, 15: 11.1, 16: 3.5, 18: 11.7, 19: 6.4, 20: 4.5,
}  # fmt: skip
BRANCHES: Mapping[str, tuple[float, float]] = {  # reactance [per unit on 100 MVA], capacity [MW]
    "1-2": (0.0146, 175), "1-3": (0.2253, 175), "1-5": (0.0907, 350), "2-4": (0.1356, 175), "2-6": (0.205, 175), "3-9": (0.1271, 175),
    "3-24": (0.084, 400), "4-9": (0.111, 175), "5-10": (0.094, 350), "6-10": (0.0642, 175), "7-8": (0.0652, 350), "8-9": (0.1762, 175),
    "8-10": (0.1762, 175), "9-11": (0.084, 400), "9-12": (0.084, 400), "10-11": (0.084, 400), "10-12": (0.084, 400), "11-13": (0.0488, 500),
    "11-14": (0.0426, 500), "12-13": (0.0488, 500), "12-23": (0.0985, 500), "13-23": (0.0884, 500), "14-16": (0.0594, 500),
    "15-16": (0.0172, 500), "15-21": (0.0249, 1000), "15-24": (0.0529, 500), "16-17": (0.0263, 500), "16-19": (0.0234, 500),
    "17-18": (0.0143, 500), "17-22": (0.1069, 500), "18-21": (0.0132, 1000), "19-20": (0.0203, 1000), "20-23": (0.0112, 1000),
    "21-22": (0.0692, 500),
}  # fmt: skip
REDUCED: Mapping[str, float] = {"13-23": 250.0, "14-16": 250.0, "15-21": 400.0}  # capacities that make congestion, in the report too [MW]
FARMS, FARM_MW = (3, 5, 7, 16, 21, 23), 200.0
BLOCKS: tuple[tuple[float, float], ...] = ((0.5, 0.9), (0.3, 1.0), (0.2, 1.15))  # ours: share of power, factor on the price
SYSTEM_LOAD = "system-load"
PROFILES: Mapping[str, Sequence[float]] = {SYSTEM_LOAD: tuple(100.0 * mw / PEAK_MW for mw in LOAD_MW), **DAY}  # percent
SOURCE = (
    "C. Ordoudis, P. Pinson, J. M. Morales and M. Zugno, An updated version of the IEEE RTS 24-bus system for electricity market and power system "
    "operation studies, Technical University of Denmark, 2016; for AC load flow: IEEE RTS Task Force, 1979"
)
NOTES = (
    "Stations, prices, hourly load, reactances and capacities: Ordoudis et al. (2016). Its least powers and start-ups, for commitment, are left out.",
    "Resistance, charging, reactive power, voltages and ratios: the system of 1979; a market does not see them.",
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rts24:
    """Options of the market."""

    blocks: int = 3  # of each station's offer: 1 at the published price, or 3 around it (50, 30 and 20 % of power at 0.9, 1 and 1.15 of the price)
    lines: Lines = "reduced"  # capacities: none, nominal, or three of them reduced so that there is congestion
    wind: bool = False  # the six farms of the report, in the hourly shape of our other markets
    ramps: bool = False  # the ramps of the report, by which hours hang together
    elastic: float = 0.0  # share of load that buys, at 40 falling to 15 USD/MWh from the first bus to the last; ours

    def network(self) -> Network:
        """Transmission with its offers and its day."""
        if self.blocks not in (1, len(BLOCKS)):
            raise UnknownName("number of blocks", str(self.blocks), ["1", str(len(BLOCKS))])
        if self.lines not in ("none", "nominal", "reduced"):
            raise UnknownName("kind of line capacities", self.lines, ["none", "nominal", "reduced"])
        if not 0 <= self.elastic <= 1:
            told = f"is {self.elastic!r}, the share of load that buys"
            raise InvalidCase([Fault("rts24-market", told, "give 0 (none) to 1 (all of it)", "case-157", column="elastic")])
        net = _stations(_wires(self.lines), self.blocks)
        follows = {"loads": [("", SYSTEM_LOAD)], "flexible": [("", SYSTEM_LOAD)]}
        if self.wind:
            net = _farms(net)
            follows["generators"] = [(f"wind-{bus}", "wind") for bus in FARMS]
        if self.ramps:
            up, down = (np.array([s[k] for s in STATIONS]) for k in (2, 3))
            net = replace(net, ramps=dv.Ramps.of({"generator": np.arange(len(STATIONS)), "up_mw_per_h": up, "down_mw_per_h": down}))
        if self.elastic:
            net = elastic(net, self.elastic, dearest=40.0, cheapest=15.0)
        return replace(with_day(net, follows, PROFILES), name="rts24-market", notes=NOTES)


def _wires(lines: Lines) -> Network:
    """Buses, lines, loads and shunts; no units."""
    net = network("rts24")
    names = net.lines.name.tolist()
    single = net.lines.take(~np.char.endswith(net.lines.name, "#2"))
    many = np.array([1 + (f"{name}#2" in names) for name in single.name.tolist()])
    x, capacity = (_of(single.name.tolist(), k, lines) for k in (0, 1))
    whole = replace(
        single, r_ohm=single.r_ohm / many, b_us=single.b_us * many, x_ohm=x * ohm_base(net.buses.nominal_kv[single.from_bus]),
        rating_mva=capacity, rating_short_mva=np.full(len(x), np.inf), rating_emergency_mva=np.full(len(x), np.inf),
    )  # fmt: skip
    tr = net.transformers
    x, capacity = (_of(tr.name.tolist(), k, lines) for k in (0, 1))
    none = np.full(len(x), np.inf)
    tr = replace(tr, x_pu=x / tr.ratio * tr.base_mva / MVA, rating_mva=capacity, rating_short_mva=none, rating_emergency_mva=none)
    ld = net.loads
    p = np.array([SHARES[int(bus) + 1] for bus in ld.bus.tolist()]) / 100.0 * PEAK_MW
    return replace(net, lines=whole, transformers=tr, loads=replace(ld, p_mw=p, q_mvar=ld.q_mvar / ld.p_mw * p), costs=el.Costs.empty())


def _of(names: Sequence[str], k: int, lines: Lines) -> Real:
    """Reactances (0) or capacities (1) of these branches."""
    if k == 0:
        return np.array([BRANCHES[n][0] for n in names])
    if lines == "none":
        return np.full(len(names), np.inf)
    return np.array([REDUCED.get(n, BRANCHES[n][1]) if lines == "reduced" else BRANCHES[n][1] for n in names])


def _stations(net: Network, blocks: int) -> Network:
    """The twelve stations and the condenser at bus 14, which voltages are as in 1979."""
    bus, most, _, _, price, q_low, q_high = (np.array(c) for c in zip(*STATIONS, strict=True))
    old = net.generators
    condenser = old.take(old.name == "14")
    held = {int(b): float(v) for b, v in zip(old.bus.tolist(), old.v_set_pu.tolist(), strict=True)}
    reference = int(old.bus[old.control == el.REFERENCE][0])
    at = bus.astype(int) - 1
    table = el.Generators.of({
        "name": [f"station-{k + 1}" for k in range(len(at))], "bus": at, "control": np.where(at == reference, el.REFERENCE, el.VOLTAGE),
        "v_set_pu": [held[b] for b in at.tolist()], "p_low_mw": np.zeros(len(at)), "p_high_mw": most, "q_low_mvar": q_low, "q_high_mvar": q_high,
    })  # fmt: skip
    points = [point for k in range(len(at)) for point in _points(k, float(most[k]), float(price[k]), blocks)]
    unit, power, cost = np.array(points).T
    offers = el.CostPoints.of({"generator": unit.astype(int), "p_mw": power, "cost_per_h": cost})
    return replace(net, generators=stacked(table, replace(condenser, name=np.array(["condenser-14"]))), cost_points=offers)


def _points(k: int, most: float, price: float, blocks: int) -> list[tuple[int, float, float]]:
    """A station's offer as points of its cost."""
    steps: tuple[Block, ...] = ((1.0, 1.0),) if blocks == 1 else BLOCKS
    out = [(k, 0.0, 0.0)]
    for share, factor in steps:
        out.append((k, out[-1][1] + share * most, out[-1][2] + share * most * factor * price))
    return out


def _farms(net: Network) -> Network:
    """Wind at no price; unity power factor."""
    n = len(FARMS)
    farms = el.Generators.of({
        "name": [f"wind-{bus}" for bus in FARMS], "bus": np.array(FARMS) - 1, "p_low_mw": np.zeros(n), "p_high_mw": np.full(n, FARM_MW),
        "q_low_mvar": np.zeros(n), "q_high_mvar": np.zeros(n),
    })  # fmt: skip
    return replace(net, generators=stacked(net.generators, farms))
