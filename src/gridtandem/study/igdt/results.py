"""What a band study tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from gridtandem.study.market.results import MONEY
from gridtandem.tables import Index, Names, Real, Table, column


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Radii(Table):
    """How far the forecast may be off, by what that may cost, or must earn. Energies are those of the company's plan at that α."""

    kind: ClassVar[str] = "radii"
    side: Names = column("robustness: largest error that keeps the cost; opportunity: least luck that earns it", dtype="U")
    budget_percent: Real = column("cost above (robustness) or below (opportunity) that at the forecast", unit="%")
    budget: Real = column("cost that is kept, or reached", unit=MONEY)
    alpha: Real = column("largest error of a forecast, relative to it; NaN where none does it", finite=False)
    cost: Real = column("cost of the best strategy at the end of that band", unit=MONEY, finite=False)
    import_mwh: Real = column("exchange there", unit="MWh", finite=False)
    free_mwh: Real = column("power used that costs nothing", unit="MWh", finite=False)
    unit_mwh: Real = column("of units that cost something", unit="MWh", finite=False)
    response_mwh: Real = column("demand that gave way", unit="MWh", finite=False)
    store_mwh: Real = column("given back by storage", unit="MWh", finite=False)
    note: Names = column(
        "saturated: α ends for want of free power; beyond reach: no luck of the band is large enough; scarce, not certified: see doubt",
        dtype="U",
        default="",
    )
    doubt: Names = column("what its certificate lacks where it is one of those, in words", dtype="U", default="")
    samples: Index = column("draws inside the band, and as many outside", dtype="i8", default=0)
    inside: Index = column("of those inside, how many crossed the budget", dtype="i8", default=0)
    outside: Index = column("of those outside", dtype="i8", default=0)
