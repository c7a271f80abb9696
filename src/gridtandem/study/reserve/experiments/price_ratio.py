r"""Prices of fast and of primary reserve by the energy of turning masses, against what one megawatt of the first replaces of the second.

Where the nadir decides, primary reserve is bought as :math:`g(F)` says, and one MW more of fast reserve is worth :math:`-g'(F)` MW of it:
:math:`\pi^F / \pi^P = -g'(F)`. Where the end decides, :math:`P + F \ge P_L`, both are worth the same. Both prices are multipliers of the schedule;
:math:`-g'(F)` is the closed form of `gridtandem.frequency.security` at the fast reserve that was sold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.rts24_ffr import LOSS_MW
from gridtandem.frequency.security import Security
from gridtandem.study.experiment import Watch, of_rows, watched
from gridtandem.study.reserve.experiment import (
    ASKED,
    INERTIA_MWS,
    LEAST_MWS,
    MOST_MWS,
    ONE_HOUR,
    PER_MW,
    Chart,
    Findings,
    ReserveExperiment,
    one_hour,
)  # fmt: skip
from gridtandem.tables import Code, Real, Table, column

ENERGIES = (4000.0, 5000.0, 6000.0, LEAST_MWS, MOST_MWS, 10_000.0, 12_000.0, 14_000.0, 16_000.0, 18_000.0)
NADIR, END = range(2)
NEAR = 1e-6  # relative; so little apart, both decide


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class RatioTrials(Table):
    """One row per energy; NaN where there is no plan."""

    kind: ClassVar[str] = "reserve_price_ratio"
    inertia_mws: Real = column("energy of the masses that keep turning", unit="MW·s")
    binds: Code = column("what decides: the lowest point, or where frequency rests", dtype="i8", choices=("nadir", "end"))
    fast_mw: Real = column("fast reserve", unit="MW", finite=False)
    primary_mw: Real = column("primary reserve", unit="MW", finite=False)
    fast_per_mw: Real = column("price of fast reserve, for an hour", unit="currency/MW", finite=False)
    primary_per_mw: Real = column("price of primary reserve, for an hour", unit="currency/MW", finite=False)
    ratio: Real = column("price of fast by price of primary reserve", finite=False)
    replaced: Real = column("primary reserve that 1 MW more of fast reserve replaces, closed form", unit="MW/MW", finite=False)
    price_gap: Real = column("ratio of prices by what is replaced, less 1", finite=False)


def trials(case: Case, watch: Watch | None = None, *, energies: Sequence[float] = ENERGIES) -> Findings:
    """Every energy."""
    security, rows, beware = Security(), [], list[str]()
    for energy in watched(energies, watch):
        hour = one_hour(case, energy, security=security)
        beware += hour.beware(f"{energy:,.0f} MW·s")
        fast, primary = hour.told("fast_mw"), hour.told("primary_mw")
        nadir, end = (float(x) for x in (security.arresting(energy, LOSS_MW, [fast]), security.settling(LOSS_MW, [fast])))
        binds = END if end > nadir * (1 + NEAR) else NADIR
        replaced = 1.0 if binds == END else float(security.replaced(energy, LOSS_MW, [fast])[0])
        of_fast, of_primary = hour.told("fast_per_mw"), hour.told("primary_per_mw")
        rows.append((energy, binds, fast, primary, of_fast, of_primary, of_fast / of_primary, replaced, of_fast / of_primary / replaced - 1))
    table = of_rows(RatioTrials, rows)
    words = f"ratio of prices and what is replaced differ by {np.abs(table.price_gap).max():.1e} of it at most"
    return Findings(table=table, words=(words, *beware), found=bool(np.isfinite(table.ratio).all()))


EXPERIMENT = ReserveExperiment(
    name="reserve-price-ratio", title="prices of both reserves", varied="energy of the masses that keep turning",
    held=f"{ONE_HOUR}; {ASKED}, fast within 1 s; loads, offers and networks as they are",
    run=trials,
    charts=(
        Chart(title="Worth of fast reserve", x="inertia_mws", y=("ratio", "replaced"), names=("ratio of prices", "primary reserve replaced"),
              x_label=INERTIA_MWS, y_label="fast by primary"),
        Chart(title="Prices", x="inertia_mws", y=("fast_per_mw", "primary_per_mw"), names=("fast", "primary"), x_label=INERTIA_MWS,
              y_label=PER_MW),
    ),
)  # fmt: skip
