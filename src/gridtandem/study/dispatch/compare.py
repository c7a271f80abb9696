"""The same case under several schemes of AC dispatch, side by side, every one held against one owner's dispatch and the same AC check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from gridtandem.study.dispatch.tables import Told
from gridtandem.study.result import Result
from gridtandem.study.side_by_side import beside, worst
from gridtandem.tables import Flag, Index, Names, Real, Table, column


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class DispatchComparison(Table):
    """One row per scheme; NaN where a scheme found no answer."""

    kind: ClassVar[str] = "dispatch_comparison"
    scheme: Names = column("scheme", dtype="U")
    agreed: Flag = column("did the parties agree?", dtype="?")
    end: Names = column("how it ended", dtype="U")
    promised: Real = column("cost of all plans together, over all periods", unit="currency")
    gap_to_central: Real = column("what that is more than the dispatch of one owner, relative to it; less than 0: nobody can carry it out")
    gap_to_bound: Real = column("the same against the cone bound: no dispatch is cheaper by more; less than 0: nobody can carry it out")
    bound: Real = column("what no dispatch costs less than: the highest cone bound that any of the runs found", unit="currency")
    realised: Real = column("cost in the AC check, where the reference unit takes what is left", unit="currency")
    limits_broken: Index = column("limits broken in the AC check, over all periods", dtype="i8")
    rounds: Index = column("rounds", dtype="i8")
    letters: Index = column("letters", dtype="i8")
    numbers: Index = column("numbers that left their company: in letters, both ways, or as models to be joined", dtype="i8")
    bytes: Index = column("letters as JSON text", dtype="i8", unit="B")
    price_error_per_mwh: Real = column("largest difference of an interface's price of active power to that of one owner", unit="currency/MWh")
    voltage_error_pu: Real = column("largest difference of voltage, plan against AC check", unit="pu")
    exchange_error_mva: Real = column("largest difference of power at an interface, transmission's view against AC check", unit="MVA")
    v_low_pu: Real = column("lowest voltage of the AC check", unit="pu")
    v_high_pu: Real = column("highest voltage of the AC check", unit="pu")
    seconds: Real = column("wall time of this run on this machine; not reproducible", unit="s")


def highest(bounds: Sequence[float]) -> float:
    """Every bound holds for every scheme, so that the highest does; NaN where there is none."""
    return max((b for b in bounds if np.isfinite(b)), default=np.nan)


def tabled(results: Sequence[Result[Any, Told]], seconds: Sequence[float]) -> DispatchComparison:
    """The table of results that are there already; all are held against one bound."""
    bound = highest([r.tables.bound for r in results])
    checks, exchanges = [r.tables.checks for r in results], [r.tables.exchanges for r in results]
    return DispatchComparison.of({
        **beside(results, seconds), "promised": [r.tables.promised for r in results], "gap_to_central": [r.tables.gap for r in results],
        "gap_to_bound": [r.tables.gap_to(bound) for r in results], "bound": [bound] * len(results),
        "realised": [r.tables.realised for r in results], "limits_broken": [int(c.limits_broken.sum()) for c in checks],
        "price_error_per_mwh": [worst(e.price_per_mwh - e.price_central_per_mwh) for e in exchanges],
        "voltage_error_pu": [worst(c.voltage_error_pu) for c in checks], "exchange_error_mva": [worst(c.exchange_error_mva) for c in checks],
        "v_low_pu": [float(c.v_low_pu.min()) if len(c) else np.nan for c in checks],
        "v_high_pu": [float(c.v_high_pu.max()) if len(c) else np.nan for c in checks],
    })  # fmt: skip
