"""The same case under several schemes of markets, side by side, every one held against the ideal market and the same AC check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from gridtandem.study.market.told import MarketTables
from gridtandem.study.result import Result
from gridtandem.study.side_by_side import beside, worst
from gridtandem.tables import Flag, Index, Names, Real, Table, column


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class MarketComparison(Table):
    """One row per scheme; NaN where a scheme found no answer."""

    kind: ClassVar[str] = "market_comparison"
    scheme: Names = column("scheme", dtype="U")
    agreed: Flag = column("did the parties agree?", dtype="?")
    end: Names = column("how it ended", dtype="U")
    cost: Real = column("cost of all resources of all companies", unit="currency")
    companies_cost: Real = column("what exchange and resources cost distribution companies, resources at their offers", unit="currency")
    gap_to_ideal: Real = column("what the day costs more than one market that sees every network, relative to it")
    rounds: Index = column("rounds", dtype="i8")
    letters: Index = column("letters", dtype="i8")
    numbers: Index = column("numbers that left their company: in letters, both ways, or as models to be pooled", dtype="i8")
    bytes: Index = column("letters as JSON text", dtype="i8", unit="B")
    exchange_error_mw: Real = column("largest difference of an exchange to the ideal market; an optimum may be flat", unit="MW")
    price_error_per_mwh: Real = column(
        "largest difference of an interface's price to the ideal market; at a kink several are right", unit="currency/MWh"
    )
    voltage_error_pu: Real = column("largest difference of voltage in feeders, linear model against AC check", unit="pu")
    loss_mwh: Real = column("active losses of the AC check over all periods, which the market leaves out", unit="MWh")
    v_low_pu: Real = column("lowest voltage of the AC check", unit="pu")
    limits_broken: Index = column("limits broken in the AC check, over all periods", dtype="i8")
    seconds: Real = column("wall time of this run on this machine; not reproducible", unit="s")


def tabled(days: Sequence[Result[Any, MarketTables]], seconds: Sequence[float]) -> MarketComparison:
    """The table of days that are there already."""
    checks = [d.tables.checks for d in days]
    return MarketComparison.of({
        **beside(days, seconds), "cost": [d.tables.cost for d in days],
        "companies_cost": [float(d.tables.companies.cost.sum()) if len(d.tables.companies) else np.nan for d in days],
        "gap_to_ideal": [d.tables.gap for d in days],
        "exchange_error_mw": [worst(d.tables.awards.exchange_mw - d.tables.awards.ideal_mw) for d in days],
        "price_error_per_mwh": [worst(d.tables.awards.price_per_mwh - d.tables.awards.ideal_price_per_mwh) for d in days],
        "voltage_error_pu": [worst(c.voltage_error_pu) for c in checks], "loss_mwh": [_lost(d) for d in days],
        "v_low_pu": [float(c.v_low_pu.min()) if len(c) else np.nan for c in checks], "limits_broken": [int(c.limits_broken.sum()) for c in checks],
    })  # fmt: skip


def _lost(day: Result[Any, MarketTables]) -> float:
    """Energy; NaN where nothing was checked. [MWh]"""
    checks = day.tables.checks
    return float(checks.loss_mw.sum()) * float(day.study.window.hours) if len(checks) else np.nan
