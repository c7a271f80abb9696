r"""How much primary reserve an hour buys by the energy E of turning masses, without fast reserve and with what feeders offer.

Without fast reserve the nadir asks for :math:`P_L^2 T_P f_0 / (4 \Delta f E)`, so that E times it is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.cases.case import Case
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
    offering,
    one_hour,
)  # fmt: skip
from gridtandem.tables import Names, Real, Table, column

NONE, OFFERED = "none", "as offered"
ENERGIES = tuple(np.linspace(LEAST_MWS, MOST_MWS, 6).tolist())


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class InertiaTrials(Table):
    """One row per energy, without and with fast reserve; NaN where there is no plan."""

    kind: ClassVar[str] = "reserve_inertia"
    fast: Names = column("whether feeders offer fast reserve", dtype="U")
    inertia_mws: Real = column("energy of the masses that keep turning", unit="MW·s")
    primary_mw: Real = column("primary reserve", unit="MW", finite=False)
    fast_mw: Real = column("fast reserve", unit="MW", finite=False)
    total_mw: Real = column("both", unit="MW", finite=False)
    times_inertia: Real = column("primary reserve times energy", unit="GW²s", finite=False)
    primary_per_mw: Real = column("price of primary reserve, for an hour", unit="currency/MW", finite=False)
    fast_per_mw: Real = column("price of fast reserve, for an hour", unit="currency/MW", finite=False)
    cost: Real = column("cost of the hour", unit="currency", finite=False)


def trials(case: Case, watch: Watch | None = None, *, energies: Sequence[float] = ENERGIES) -> Findings:
    """Every energy, without and with fast reserve."""
    rows, beware = [], list[str]()
    for fast, inertia in watched([(f, e) for f in (NONE, OFFERED) for e in energies], watch):
        hour = one_hour(case if fast == OFFERED else offering(case, 0.0), inertia)
        beware += hour.beware(f"{inertia:,.0f} MW·s, fast reserve {fast}")
        primary, sold = hour.told("primary_mw"), hour.told("fast_mw")
        prices = hour.told("primary_per_mw"), hour.fast_per_mw
        rows.append((fast, inertia, primary, sold, primary + sold, 1e-6 * inertia * primary, *prices, hour.plan.cost))
    table = of_rows(InertiaTrials, rows)
    alone = table.take(table.fast == NONE)
    ends = [f"{alone.primary_mw[k]:.2f} MW at {alone.inertia_mws[k]:,.0f} MW·s" for k in (0, -1)]
    words = f"without fast reserve {' and '.join(ends)}"
    return Findings(table=table, words=(words, *beware), found=bool(np.isfinite(table.primary_mw).all()))


EXPERIMENT = ReserveExperiment(
    name="reserve-inertia", title="reserve and the energy of turning masses",
    varied="energy of the masses that keep turning; fast reserve: none, as offered",
    held=f"{ONE_HOUR}; {ASKED}, fast within 1 s; loads, offers and networks as they are",
    run=trials,
    charts=(
        Chart(title="Reserve", x="inertia_mws", y=("primary_mw", "total_mw"), names=("primary", "both"), by="fast",
              x_label=INERTIA_MWS, y_label="reserve [MW]"),
        Chart(title="Price of fast reserve", x="inertia_mws", y=("fast_per_mw",), by="fast", x_label=INERTIA_MWS,
              y_label=PER_MW),
    ),
)  # fmt: skip
