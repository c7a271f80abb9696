"""A dispatch in words, and several schemes of dispatch side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.report.cases import narrow_roots
from gridtandem.report.tables import spelled
from gridtandem.report.words import beside_in_words, in_words
from gridtandem.study.dispatch.compare import highest
from gridtandem.study.dispatch.day import rounds_by_period
from gridtandem.study.dispatch.study import DispatchStudy
from gridtandem.study.dispatch.tables import Told
from gridtandem.tables import Real

if TYPE_CHECKING:
    from gridtandem.report.run import Comparison, Run

CERTIFICATES = {"owner": "the dispatch of one owner, all models joined", "cones": "the cone bound, no model joined"}
EDGE = 1e-6  # relative; a plan that promises less than this below the bound may do so by what is left of an exchange
SHOWN = 6  # interfaces that a summary tells of
COLUMNS = (
    "scheme", "agreed", "promised", "{gap}", "realised", "limits_broken", "rounds", "numbers", "price_error_per_mwh", "v_high_pu", "seconds",
)  # fmt: skip


def run_in_words(run: Run) -> str:
    """How it ended, what it costs, what passes at interfaces, and what the AC check says."""
    return in_words(run, _hours(run.result.study), _lines(run))


def comparison_in_words(comparison: Comparison) -> str:
    """The table, and why a scheme has no answer."""
    study: DispatchStudy = comparison.runs[0].result.study
    gap = "gap_to_central" if study.certificate == "owner" else "gap_to_bound"
    best = highest([run.result.tables.bound for run in comparison.runs])
    least = f"; no dispatch costs less than {_downward(best):,.2f} {study.case.currency}" if np.isfinite(best) else ""
    first, rest = beside_in_words(comparison, _hours(study), [c.format(gap=gap) for c in COLUMNS]).split("\n", 1)
    return f"{first}\ncertificate: {CERTIFICATES[study.certificate]}{least}\n{rest}"


def _hours(study: DispatchStudy) -> str:
    return f"{study.hours} period{'s' * (study.hours != 1)}"


def _lines(run: Run) -> Iterator[str]:
    told: Told = run.result.tables
    money = run.result.study.case.currency
    if each := rounds_by_period(run.outcome.state):
        yield f"  periods   each from where the one before it agreed: {', '.join(map(str, each))} rounds"
    if len(run.bounds):
        yield from _bound(told, money)
    if len(run.checks):
        yield f"  cost      {told.promised:,.2f} {money} promised, {_held(told, run.result.study.certificate)}"
        left = spelled(float(run.checks.slack_mw.sum()), "MW")
        yield f"            {told.realised:,.2f} {money} in the AC check, which leaves {left} to the reference unit"
        yield from _interfaces(run, money)
        yield from _check(run)
        yield from _unlimited(run)
        if many := len(list(narrow_roots(run.result.study.case))):
            yield f"  roots     {many} narrower in voltage than their bus, whose band is held (named by: tandem check)"


def _held(told: Told, certificate: str) -> str:
    """What the cost is held against: one owner, or a bound."""
    if certificate == "owner":
        return f"{_beside(told.gap)} the dispatch of one owner ({told.central:,.2f})"
    if not np.isfinite(told.gap_to_bound):
        return "held against nothing: no bound was found"
    if told.gap_to_bound < -EDGE:
        return f"less than ANY dispatch can cost ({_downward(told.bound):,.2f}): nobody can carry it out"
    return f"at most {_upward(100 * max(told.gap_to_bound, 0.0)):g} % more than any dispatch"


def _upward(x: float) -> float:
    """Two digits, never less."""
    if x <= 0:
        return 0.0
    digit = 10.0 ** (math.floor(math.log10(x)) - 1)
    return round(math.ceil(x / digit) * digit, 12)


def _downward(x: float) -> float:
    """Two decimals, never more."""
    return math.floor(100 * x) / 100


def _bound(told: Told, money: str) -> Iterator[str]:
    """The cone bound, and what crossed for it."""
    table, rounds = told.bound_letters, int(told.bounds.round.max())
    numbers, size = int((table.numbers_down + table.numbers_up).sum()), int(table.bytes.sum())
    said = f"no dispatch costs less than {_downward(told.bound):,.2f} {money}" if np.isfinite(told.bound) else "not in every period"
    yield (f"  bound     {said}; no model joined, {rounds} round{'s' * (rounds != 1)}; {len(table)} letters, {numbers:,} numbers, {size:,} B")


def _beside(gap: float) -> str:
    if not np.isfinite(gap):
        return "beside"
    return "the same as" if abs(gap) <= 1e-6 else f"{abs(100 * gap):.3g} % {'more' if gap > 0 else 'less'} than"


def _interfaces(run: Run, money: str) -> Iterator[str]:
    table = run.exchanges
    for k, name in enumerate(dict.fromkeys(table.interface.tolist())):
        if k == SHOWN:
            yield f"            … {len(set(table.interface.tolist())) - SHOWN} more (table exchanges)"
            return
        mine = table.take(table.interface == name)
        power, voltage = _range(mine.p_mw, "{:,.3f}", "MW"), _range(mine.v_pu, "{:.4f}", "pu")
        price, other = _range(mine.price_per_mwh, "{:,.2f}", f"{money}/MWh"), _range(mine.price_per_mvarh, "{:,.2f}", f"{money}/Mvarh")
        yield f"  {'passes' if k == 0 else '      '}    {name} at bus {mine.bus[0]}: {power} at {price} and {other}, {voltage}"


def _range(values: Real, form: str, unit: str) -> str:
    """From the least to the most over all periods; one number where both read the same."""
    least, most = form.format(values.min()), form.format(values.max())
    return f"{least} {unit}" if least == most else f"{least} {unit} to {most} {unit}"


def _check(run: Run) -> Iterator[str]:
    c = run.checks
    if not c.solved.all():
        yield f"  AC check  the joined grid has no load flow in {int((~c.solved).sum())} of {len(c)} periods"
        return
    low, high, broken = int(np.argmin(c.v_low_pu)), int(np.argmax(c.v_high_pu)), int(c.limits_broken.sum())
    limits = "no limit broken" if broken == 0 else f"{broken} limit{'s' * (broken != 1)} broken (table violations)"
    yield f"  AC check  voltages {c.v_low_pu[low]:.4f} pu at {c.v_low_bus[low]} to {c.v_high_pu[high]:.4f} pu at {c.v_high_bus[high]}; {limits}"
    lost = spelled(float(c.loss_mw.sum()), "MW" if len(c) == 1 else "MWh")  # of one hour each
    yield f"            plans off by at most {spelled(float(c.voltage_error_pu.max()), 'pu')}, losses {lost}"


def _unlimited(run: Run) -> Iterator[str]:
    """Branches whose flow nothing limits."""
    case = run.result.study.case
    rating = np.concatenate([t.rating_mva for net in (case.transmission, *case.models) for t in (net.lines, net.transformers)])
    if free := int(np.isinf(rating).sum()):
        yield f"  ratings   {free} of {len(rating)} branches have none and are not limited (some of them: tandem check)"
