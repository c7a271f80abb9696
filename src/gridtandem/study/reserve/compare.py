"""The same case under several schemes of energy and reserve, side by side, every one held against one owner's plan and the same checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from gridtandem.study.reserve.results import PER_MW, PER_MWH
from gridtandem.study.reserve.tables import Told
from gridtandem.study.result import Result
from gridtandem.study.side_by_side import beside
from gridtandem.tables import Flag, Index, Names, Real, Table, column


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ReserveComparison(Table):
    """One row per scheme; NaN where a scheme found no answer."""

    kind: ClassVar[str] = "reserve_comparison"
    scheme: Names = column("scheme", dtype="U")
    agreed: Flag = column("did the parties agree?", dtype="?")
    end: Names = column("how it ended", dtype="U")
    cost: Real = column("cost of everybody, over all hours", unit="currency")
    gap_to_cooperative: Real = column("what that is more than the plan of one owner of everything, relative to it")
    companies_cost: Real = column("what exchange and devices cost distribution companies, less what fast reserve earns", unit="currency")
    companies_exact: Real = column("the same with fast reserve paid by the exact requirement at these quantities", unit="currency")
    primary_mw: Real = column("primary reserve, mean over hours", unit="MW")
    fast_mw: Real = column("fast reserve, mean over hours", unit="MW")
    energy_per_mwh: Real = column("price of energy, mean over hours and loads of transmission", unit=PER_MWH)
    feeders_energy_per_mwh: Real = column("price of energy at the feeders' buses, mean over hours and what they exchange", unit=PER_MWH)
    primary_per_mw: Real = column("price of primary reserve, mean over hours", unit=PER_MW)
    fast_per_mw: Real = column("price of fast reserve, mean over hours", unit=PER_MW)
    lowest_hz: Real = column("lowest frequency of the day after the worst loss, if reserve comes as promised", unit="Hz")
    undelivered_mw: Real = column("most that feeders at an interface bring less than they sold, by load flow", unit="MW")
    beyond_pu: Real = column("most that a voltage in a feeder is beyond its limit, by load flow", unit="pu")
    limits_broken: Index = column("limits of feeders broken by load flow, in either state, over all hours", dtype="i8")
    rounds: Index = column("rounds", dtype="i8")
    letters: Index = column("letters", dtype="i8")
    numbers: Index = column("numbers that left their company: in letters, both ways, or as models to be joined", dtype="i8")
    bytes: Index = column("letters as JSON text", dtype="i8", unit="B")
    seconds: Real = column("wall time of this run on this machine; not reproducible", unit="s")


def tabled(results: Sequence[Result[Any, Told]], seconds: Sequence[float]) -> ReserveComparison:
    """The table of results that are there already."""
    means = ("primary_mw", "fast_mw", "energy_per_mwh", "feeders_energy_per_mwh", "primary_per_mw", "fast_per_mw")
    tables = [r.tables for r in results]
    return ReserveComparison.of({
        **beside(results, seconds), "cost": [t.cost for t in tables], "gap_to_cooperative": [t.gap for t in tables],
        "companies_cost": [t.companies for t in tables], "companies_exact": [t.companies_exact for t in tables],
        **{name: [_mean(getattr(t.hours, name)) for t in tables] for name in means},
        "lowest_hz": [float(t.hours.lowest_hz.min()) if len(t.hours) else np.nan for t in tables],
        **{name: [_most(getattr(t.checks, name)) for t in tables] for name in ("undelivered_mw", "beyond_pu")},
        "limits_broken": [int(t.checks.limits_broken.sum()) for t in tables],
    })  # fmt: skip


def _mean(values: Real) -> float:
    return float(values.mean()) if len(values) else np.nan


def _most(values: Real) -> float:
    return float(values.max()) if len(values) else np.nan
