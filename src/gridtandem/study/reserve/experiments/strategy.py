"""Hours of one case by three ways to agree: everybody together, distribution companies that lead, and such that take prices.

Leading companies know what their exchange and their fast reserve do to both prices, and decide together; price takers answer a forecast. Each hour
stands by itself, so that what a company withholds in one is not what its storage needs in another.

The market that companies meet stands on chords of the nadir's cone, at most 0.01 MW above it, and its price of fast reserve is the slope of a chord.
Who leads stops where two chords meet and is paid the steeper one, a percent above the price of the cone itself at the same quantities. That is no
gain of leading; so gains are told at the price of the cone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.schemes.joint_reserve import JointReserve
from gridtandem.schemes.joint_reserve_price_taker import JointReservePriceTaker
from gridtandem.schemes.joint_reserve_strategic import JointReserveStrategic
from gridtandem.study.experiment import Watch, of_rows, watched
from gridtandem.study.reserve.experiment import ASKED, Chart, Findings, ReserveExperiment
from gridtandem.study.reserve.run import keep
from gridtandem.study.reserve.study import ReserveStudy
from gridtandem.study.reserve.tables import Told
from gridtandem.tables import Index, Names, Real, Table, column

SCHEMES = {"together": JointReserve(), "strategic": JointReserveStrategic(), "price taker": JointReservePriceTaker()}
TOGETHER, STRATEGIC, TAKER = SCHEMES
HOURS = (4, 9, 13, 18)
NOTABLE = 1e-3  # MW and currency/MWh; less is what solvers leave


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class StrategyTrials(Table):
    """One row per hour and way to agree; NaN where nothing was agreed."""

    kind: ClassVar[str] = "reserve_strategy"
    hour: Index = column("hour, counted from 1", dtype="i8")
    scheme: Names = column("how they agree", dtype="U")
    z_mw: Real = column("what all feeders take from transmission", unit="MW", finite=False)
    fast_mw: Real = column("fast reserve", unit="MW", finite=False)
    primary_mw: Real = column("primary reserve", unit="MW", finite=False)
    feeders_energy_per_mwh: Real = column("price of energy at the feeders' buses, mean over what they exchange", unit="currency/MWh", finite=False)
    primary_per_mw: Real = column("price of primary reserve, for an hour", unit="currency/MW", finite=False)
    fast_per_mw: Real = column("price of fast reserve, for an hour", unit="currency/MW", finite=False)
    fast_exact_per_mw: Real = column("price of fast reserve by the exact requirement at these quantities", unit="currency/MW", finite=False)
    companies: Real = column("what energy and devices cost distribution companies, less what fast reserve earns", unit="currency", finite=False)
    companies_exact: Real = column("the same with fast reserve paid by the exact requirement", unit="currency", finite=False)
    cost: Real = column("cost of everybody", unit="currency", finite=False)


def trials(case: Case, watch: Watch | None = None, *, hours: Sequence[int] = HOURS) -> Findings:
    """Every hour by every scheme."""
    rows, beware = [], list[str]()
    for hour, name in watched([(h, s) for h in hours for s in SCHEMES], watch):
        run = keep(ReserveStudy(case=case, scheme=SCHEMES[name], first=hour, hours=1))
        beware += [f"hour {hour}, {name}: {word}" for word in run.trouble]
        rows.append((hour, name, *_told(run.tables)))
    table = of_rows(StrategyTrials, rows)
    return Findings(table=table, words=(*_said(table), *beware), found=bool(np.isfinite(table.cost).all()))


def _told(tables: Told) -> tuple[float, ...]:
    hours = tables.hours
    if not len(hours):
        return (np.nan,) * 10
    names = ("fast_mw", "primary_mw", "feeders_energy_per_mwh", "primary_per_mw", "fast_per_mw", "fast_exact_per_mw")
    of_hour = (float(getattr(hours, name)[0]) for name in names)
    return (float(tables.awards.z_mw.sum()), *of_hour, tables.companies, tables.companies_exact, tables.cost)


def _said(table: StrategyTrials) -> list[str]:
    """What leading earns at exact prices, what chords pay beyond, and what it costs everybody, by hour."""
    told = []
    by = {name: table.take(table.scheme == name) for name in SCHEMES}
    for k, hour in enumerate(by[TOGETHER].hour.tolist()):
        one, lead, taker = (by[name].take(np.array([k])) for name in SCHEMES)
        earns, costs = float((one.companies_exact - lead.companies_exact)[0]), float((lead.cost - one.cost)[0])
        less, taken = float((one.fast_mw - lead.fast_mw)[0]), float((taker.companies_exact - lead.companies_exact)[0])
        chords = float((lead.companies_exact - lead.companies)[0])
        held = f"{less:.2f} MW of fast reserve withheld" if less > NOTABLE else "no fast reserve withheld"
        money = (f"{round(x, 2) + 0.0:,.2f}" for x in (earns, taken, chords, costs))  # no −0.00
        words = "hour {}: leading earns {} against together, {} against taking prices, chords pay {} more; costs all {}; {}"
        told.append(words.format(hour, *money, held))
    return told


EXPERIMENT = ReserveExperiment(
    name="reserve-strategy", title="companies that lead", varied="how they agree: everybody together, companies that lead, price takers; hours",
    held=f"each hour by itself; {ASKED}, fast within 1 s; energy of turning masses by hour, loads, offers and networks", usual="rts24-ffr",
    run=trials,
    charts=(
        Chart(title="Cost of distribution companies", x="hour", y=("companies_exact",), by="scheme", form="bars", x_label="hour",
              y_label="energy and devices less fast reserve at exact prices [currency]"),
        Chart(title="Fast reserve", x="hour", y=("fast_mw",), by="scheme", form="bars", x_label="hour", y_label="fast reserve sold [MW]"),
    ),
)  # fmt: skip
