"""How many rounds every variant of coordinated market operation takes, by the steepness of bids.

``python -m tools.round_counts`` prints the table of docs/explanation/coordinated-markets.md. Three feeders of 33 buses, one of them
smaller and one larger, stand at buses 10, 12 and 14 of the IEEE 14-bus system. Each has three DGs and four elastic demands with linear bids, whose
slope is the column; half of each bid is worth taking at about the same price whatever the slope, so that flatter bids react more, not elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.generate import interfaces, root_of
from gridtandem.cases.library import network
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.schemes.cmo_admm import CmoAdmm
from gridtandem.schemes.cmo_curvature import CmoCurvature
from gridtandem.schemes.cmo_curve import CmoCurve
from gridtandem.schemes.cmo_cuts import CmoCuts
from gridtandem.schemes.cmo_level import CmoLevel
from gridtandem.schemes.cmo_price import CmoPrice
from gridtandem.schemes.cmo_slope import CmoSlope
from gridtandem.study.market.run import run_market
from gridtandem.study.market.study import MarketStudy

AT = ("10", "12", "14")
SLOPES = {"steep": 20.0, "flat": 5.0, "very flat": 0.5, "nearly linear": 0.05}  # currency/MWh/MW
SCALES = (1.0, 0.7, 1.3)
CENTRE = 39.6  # currency/MWh, near what the market comes to
DGS = ((17, 0.6, -0.3), (24, 0.5, 0.0), (32, 0.8, 0.2))  # (bus, most MW, price at half of it, above the centre)
DEMANDS = ((6, 0.5, 0.3), (13, 0.4, 0.1), (23, 0.5, -0.1), (29, 0.6, -0.2))
SCHEMES: dict[str, Any] = {
    "price": CmoPrice(), "price, half way": CmoPrice(relaxation=0.5), "slope, others 0": CmoSlope(others=0.0), "slope": CmoSlope(),
    "cuts": CmoCuts(), "level": CmoLevel(), "curvature": CmoCurvature(), "admm, weight 0.1": CmoAdmm(weight=0.1), "admm, weight 1": CmoAdmm(),
    "admm, weight 10": CmoAdmm(weight=10.0), "curve": CmoCurve(),
}  # fmt: skip


def market(slope: float) -> Case:
    """The case with bids of this slope."""
    above, model = network("ieee14"), feeder(slope)
    row = {b: k for k, b in enumerate(above.buses.name.tolist())}
    place, many = np.zeros(len(AT), np.int64), len(AT)
    table = interfaces(
        list(AT), place, [root_of(model)] * many, np.array([row[b] for b in AT]), count=np.ones(many, np.int64), scale=np.array(SCALES)
    )
    return Case(name=f"bids-{slope:g}", transmission=bounded(above), models=(model,), interfaces=table, source="bids: ours", licence="MIT")


def feeder(slope: float) -> Network:
    """The 33-bus feeder with DGs and elastic demand."""
    net = network("case33bw")
    bus, most, price = (np.array(c) for c in zip(*DGS, strict=True))
    first, price = len(net.generators), CENTRE + price - slope * most / 2
    new: dict[str, Any] = {
        "name": [f"dg{b}" for b in bus], "bus": bus, "p_low_mw": np.zeros(len(bus)), "p_high_mw": most, "q_low_mvar": np.zeros(len(bus)),
        "q_high_mvar": np.zeros(len(bus)),
    }  # fmt: skip
    both = {name: np.concatenate([getattr(net.generators, name), getattr(el.Generators.of(new), name)]) for name in el.Generators.columns()}
    which = first + np.arange(len(bus))
    costs = {"generator": [*which, *which], "order": [1] * len(bus) + [2] * len(bus), "coefficient": [*price, *([slope / 2] * len(bus))]}
    bus, most, price = (np.array(c) for c in zip(*DEMANDS, strict=True))
    price = CENTRE + price + slope * most / 2
    flexible = dv.Flexible.of({"name": [f"d{b}" for b in bus], "bus": bus, "does": [dv.TAKES] * len(bus), "p_high_mw": most, "price_per_mwh": price,
                               "slope": [slope] * len(bus)})  # fmt: skip
    return replace(net, generators=el.Generators(**both), costs=el.Costs.of(costs), flexible=flexible)


def bounded(net: Network) -> Network:
    """Stations that only give."""
    low = np.where(np.isfinite(net.generators.p_low_mw), np.maximum(net.generators.p_low_mw, 0.0), 0.0)
    return replace(net, generators=replace(net.generators, p_low_mw=low))


def counted(case: Case, scheme: Any) -> str:
    """Rounds, and where the scheme cycles or runs out of them, that it does; with the distance from the ideal market where that is above 1e-6."""
    found = run_market(MarketStudy(case=case, scheme=scheme, rounds=400))
    if not found.outcome.answered:
        return f"{found.outcome.end.name.lower().replace('_', ' ')} ({found.outcome.rounds})"
    apart = (found.cost - found.ideal) / abs(found.ideal)
    return f"{found.outcome.rounds}" + (f" (off by {apart:.0e})" if not abs(apart) <= 1e-6 else "")


def main() -> None:
    """The table, in Markdown."""
    cases = {name: market(slope) for name, slope in SLOPES.items()}
    print("| scheme | " + " | ".join(f"{name} ({SLOPES[name]:g})" for name in cases) + " |")
    print("|---|" + "---|" * len(cases))
    for name, scheme in SCHEMES.items():
        print(f"| {name} | " + " | ".join(counted(case, scheme) for case in cases.values()) + " |", flush=True)


if __name__ == "__main__":
    main()
