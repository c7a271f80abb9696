"""A day of energy and reserve in words, and several schemes side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.report.reserve.requirement import limits_in_words, services_in_words
from gridtandem.report.tables import plain, spelled
from gridtandem.report.words import beside_in_words, in_words
from gridtandem.study.reserve.results import ReserveHours
from gridtandem.study.reserve.study import ReserveStudy
from gridtandem.study.reserve.tables import FELT, Told
from gridtandem.tables import Real

if TYPE_CHECKING:
    from gridtandem.report.run import Comparison, Run

ALIKE = 1e-8  # relative to the cost; less is what solvers leave
ROWS = 24  # hours that a run shows
COLUMNS = (
    "scheme", "agreed", "cost", "gap_to_cooperative", "companies_cost", "companies_exact", "primary_mw", "fast_mw",
    "feeders_energy_per_mwh", "primary_per_mw", "fast_per_mw", "lowest_hz", "undelivered_mw", "limits_broken", "seconds",
)  # fmt: skip
SHOWN = ("hour", "without_mw", "primary_mw", "fast_mw", "lowest_hz", "energy_per_mwh", "feeders_energy_per_mwh", "primary_per_mw", "fast_per_mw")


def run_in_words(run: Run) -> str:
    """How it ended, what it costs, both reserves against what would be needed, prices, checks, and hour by hour."""
    table = run.hours
    shown = [*SHOWN, *(name for name in ("short_mw", "shed_mw") if len(table) and getattr(table, name).max() > FELT)]
    told = in_words(run, _hours(run.result.study), _lines(run))
    return f"{told}\n\n{plain(table, columns=shown, rows=ROWS)}" if len(table) else told


def comparison_in_words(comparison: Comparison) -> str:
    """The table, and why a scheme has no answer."""
    study: ReserveStudy = comparison.runs[0].result.study
    first, rest = beside_in_words(comparison, _hours(study), COLUMNS).split("\n", 1)
    return f"{first}\n{_asked(study)}\n{rest}"


def _hours(study: ReserveStudy) -> str:
    last = study.first + study.hours - 1
    return f"hour {study.first}" if study.hours == 1 else f"hours {study.first} to {last}"


def _asked(study: ReserveStudy) -> str:
    return f"frequency: {limits_in_words(study.security)}; {services_in_words(study.security)}; feeders {study.feeders}"


def _lines(run: Run) -> Iterator[str]:
    told: Told = run.result.tables
    study: ReserveStudy = run.result.study
    money, hours, checks = study.case.currency, told.hours, told.checks
    yield f"  asked     {_asked(study).removeprefix('frequency: ')}"
    if not len(hours):
        return
    yield f"  cost      {told.cost:,.2f} {money}, {_held(told)}"
    if len(proof := told.certificates):
        kept = "in every hour" if proof.holds.all() else f"in {int(proof.holds.sum())} of {len(proof)} hours"
        ended = f"their search ended {max(100 * told.search, 0.0):.2f} % from its bound"
        paid = f"{told.companies:,.2f} {money} for them together ({told.companies_exact:,.2f} were fast reserve paid by the exact requirement)"
        yield f"  leaders   {paid}; {ended}; prices are those of the market solved again {kept}"
    yield f"  primary   {spread(hours.primary_mw)} MW; without fast reserve {spread(hours.without_mw)} MW"
    yield f"  fast      {spread(hours.fast_mw)} MW{_saved(hours)}"
    each = f"energy {_energy(hours)}, primary {spread(hours.primary_per_mw)}/MW, fast {spread(hours.fast_per_mw)}/MW"
    yield f"  prices    {each}, in {money}"
    yield f"  lowest    {spread(hours.lowest_hz, 3)} Hz if reserve comes as promised"
    broken = int(checks.limits_broken.sum())
    limits = "no limit of a feeder broken" if not broken else f"{broken} limits of feeders broken (table violations)"
    short = float(checks.undelivered_mw.max(initial=0.0))
    sold = "all that is sold is felt" if short <= FELT else f"up to {spelled(short, 'MW')} less felt than sold"
    yield f"  AC check  feeders as they stand and with all fast reserve called: {limits}; {sold}"


def _energy(hours: ReserveHours) -> str:
    """Where loads of transmission are, and where feeders are."""
    at = hours.feeders_energy_per_mwh[np.isfinite(hours.feeders_energy_per_mwh)]
    return f"{spread(hours.energy_per_mwh)}/MWh at loads of transmission" + (f", {spread(at)} at feeders" if len(at) else "")


def _held(told: Told) -> str:
    """What the cost is held against."""
    if told.cost == told.cooperative:
        return f"at most {max(told.cost - told.bound, 0.0):,.2f} more than the least of this model; one owner of everything, which is the benchmark"
    if abs(told.gap) < ALIKE:
        return f"as much as one owner of everything ({told.cooperative:,.2f})"
    return f"{abs(100 * told.gap):.3g} % {'more' if told.gap > 0 else 'less'} than one owner of everything ({told.cooperative:,.2f})"


def _saved(hours: ReserveHours) -> str:
    """What fast reserve saves of reserve, where any is needed."""
    both, alone = float((hours.primary_mw + hours.fast_mw).sum()), float(hours.without_mw.sum())
    return f"; both together {100 * (1 - both / alone):.1f} % less than primary reserve alone" if alone else ""


def spread(values: Real, digits: int = 2) -> str:
    """From the least to the most; one number where both read the same."""
    low, high = (f"{round(float(x), digits) + 0.0:,.{digits}f}" for x in (values.min(), values.max()))  # no -0
    return low if low == high else f"{low} to {high}"
