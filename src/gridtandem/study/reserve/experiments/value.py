"""What fast reserve replaces and saves, by how much of it feeders offer and by how soon it is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.frequency.security import Security, Service
from gridtandem.study.experiment import Watch, of_rows, watched
from gridtandem.study.reserve.experiment import (
    ASKED,
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

MOST_MW, STEPS = 12.0, 8  # fast reserve at most; how finely what is offered is cut
SECONDS = (0.25, 0.5, 1.0, 2.0)
PRINTED = 4.9  # less in all, in percent: the most that a published study prints


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ValueTrials(Table):
    """One row per energy of turning masses, speed and amount; NaN where there is no plan."""

    kind: ClassVar[str] = "fast_reserve_value"
    line: Names = column("speed and energy in words", dtype="U")
    inertia_mws: Real = column("energy of the masses that keep turning", unit="MW·s")
    within_s: Real = column("when fast reserve is there", unit="s")
    offered_mw: Real = column("fast reserve that devices offer", unit="MW")
    fast_mw: Real = column("of which feeders can deliver and sell", unit="MW", finite=False)
    primary_mw: Real = column("primary reserve", unit="MW", finite=False)
    total_mw: Real = column("both", unit="MW", finite=False)
    saved_percent: Real = column("by how much both are less than primary reserve alone", unit="%", finite=False)
    primary_per_mw: Real = column("price of primary reserve, for an hour", unit="currency/MW", finite=False)
    fast_per_mw: Real = column("price of fast reserve, for an hour", unit="currency/MW", finite=False)
    cost: Real = column("cost of the hour", unit="currency", finite=False)


def trials(
    case: Case, watch: Watch | None = None, *, energies: Sequence[float] = (LEAST_MWS, MOST_MWS), seconds: Sequence[float] = SECONDS,
    steps: int = STEPS,
) -> Findings:  # fmt: skip
    """Every energy and speed, with nothing offered to all that is, or to `MOST_MW`."""
    links = case.interfaces
    whole = sum(n * float(case.models[m].regulation.up_high_mw.sum()) for m, n in zip(links.model.tolist(), links.count.tolist(), strict=True))
    amounts = np.linspace(0.0, min(whole, MOST_MW), steps + 1).tolist()
    rows, beware = [], list[str]()
    for energy, within, offered in watched([(e, s, a) for e in energies for s in seconds for a in amounts], watch):
        security = Security(fast=(Service(ramp_s=within, name="fast"),))
        hour = one_hour(offering(case, offered / whole), energy, security=security)
        primary, fast = hour.told("primary_mw"), hour.told("fast_mw")
        saved = 100 * (1 - (primary + fast) / hour.told("without_mw")) if offered else 0.0
        prices = hour.told("primary_per_mw"), hour.fast_per_mw
        line = f"{within:g} s, {energy:,.0f} MW·s"
        beware += hour.beware(f"{line}, {offered:.2f} MW offered")
        rows.append((line, energy, within, offered, fast, primary, primary + fast, saved, *prices, hour.plan.cost))
    table = of_rows(ValueTrials, rows)
    return Findings(table=table, words=(*_said(table), *beware), found=bool(np.isfinite(table.primary_mw).all()))


def needed_for(table: ValueTrials, percent: float) -> float:
    """Fast reserve at which both are so much less, between rows of one line; NaN where no row reaches it. [MW]"""
    return float(np.interp(percent, table.saved_percent, table.fast_mw, right=np.nan))


def _said(table: ValueTrials) -> list[str]:
    """The most that is saved, and what it takes to save what is published, by line."""
    told = []
    for line in dict.fromkeys(table.line.tolist()):
        mine = table.take(table.line == line)
        most, least = int(np.argmax(mine.saved_percent)), needed_for(mine, PRINTED)
        reached = f"{PRINTED:g} % less with {least:.2f} MW" if np.isfinite(least) else f"never {PRINTED:g} % less"
        told.append(f"{line}: {reached}; at most {mine.saved_percent[most]:.2f} %, with {mine.fast_mw[most]:.2f} MW")
    return told


EXPERIMENT = ReserveExperiment(
    name="fast-reserve-value", title="what fast reserve replaces",
    varied="offers of all devices, scaled alike; time until fast reserve is there; energy of turning masses",
    held=f"{ONE_HOUR}; {ASKED}; loads, prices of offers and networks as they are",
    run=trials,
    charts=(
        Chart(title="Both reserves against primary alone", x="fast_mw", y=("saved_percent",), by="line",
              x_label="fast reserve sold [MW]", y_label="less in all [%]", level=PRINTED),
        Chart(title="Price of fast reserve", x="fast_mw", y=("fast_per_mw",), by="line", x_label="fast reserve sold [MW]",
               y_label=PER_MW),
    ),
)  # fmt: skip
