"""The same case under several schemes, side by side, every one held against the same AC check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from gridtandem.study.judge import Verdict
from gridtandem.study.result import Result
from gridtandem.study.results import InterfaceResults
from gridtandem.study.side_by_side import beside
from gridtandem.tables import Flag, Index, Names, Real, Table, column


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Comparison(Table):
    """One row per scheme; NaN where a scheme found no answer."""

    kind: ClassVar[str] = "comparison"
    scheme: Names = column("scheme", dtype="U")
    agreed: Flag = column("did the parties agree?", dtype="?")
    end: Names = column("how it ended", dtype="U")
    rounds: Index = column("rounds", dtype="i8")
    letters: Index = column("letters, a party's report of its own result included", dtype="i8")
    numbers: Index = column("numbers that left their company: in letters, both ways, or as models to be merged", dtype="i8")
    bytes: Index = column("letters as JSON text", dtype="i8", unit="B")
    voltage_error_pu: Real = column("largest difference of voltage magnitude, plan against AC check", unit="pu")
    exchange_error_mva: Real = column("largest difference of power at an interface, transmission's view against AC check", unit="MVA")
    exchange_mw: Real = column("active power into all feeders, as transmission reckons; of the first scenario and period with an answer", unit="MW")
    feeder_loss_mw: Real = column("active losses in all feeders, as their companies see them; of the same scenario and period", unit="MW")
    v_low_pu: Real = column("lowest voltage of all scenarios and periods, as the companies see it", unit="pu")
    seconds: Real = column("wall time of this run on this machine; not reproducible", unit="s")


def tabled(results: Sequence[Result[Any, Verdict]], seconds: Sequence[float]) -> Comparison:
    """The table of results that are there already."""
    found = [r.verdict for r in results]
    return Comparison.of({
        **beside(results, seconds), "voltage_error_pu": [np.nan if v is None else v.checks.voltage_error_pu.max() for v in found],
        "exchange_error_mva": [np.nan if v is None else v.checks.exchange_error_mva.max() for v in found],
        "exchange_mw": [np.nan if v is None else _first(v).p_mw.sum() for v in found],
        "feeder_loss_mw": [np.nan if v is None else _first(v).loss_mw.sum() for v in found],
        "v_low_pu": [np.nan if v is None else v.buses.v_pu.min() for v in found],
    })  # fmt: skip


def _first(verdict: Verdict) -> InterfaceResults:
    """The first scenario and period alone: powers of several do not add up to anything."""
    table = verdict.interfaces
    return table.take((table.scenario == table.scenario[:1]) & (table.period == table.period[:1]))
