"""Numbers of an earlier study about primary and fast reserve, met by whole schedules of an hour of noh-reduced."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from gridtandem.cases.named import case
from gridtandem.study.reserve.experiment import LEAST_MWS, MOST_MWS, offering, one_hour
from gridtandem.study.reserve.experiments.value import PRINTED, ValueTrials, needed_for, trials

INERTIA, VALUE = "tandem experiment reserve-inertia", "tandem experiment fast-reserve-value"
ALONE = ((LEAST_MWS, 191.0828), (MOST_MWS, 179.6407))
AMOUNTS = ((LEAST_MWS, 0.5, 3.63), (LEAST_MWS, 1.0, 3.89), (MOST_MWS, 0.5, 3.70), (MOST_MWS, 1.0, 3.96))  # energy, seconds, MW
STEPS = 8  # of the sweep between which a line is drawn
Row = tuple[str, float, int, str, Callable[[], float], str]  # what, theirs, digits, unit, ours, command


def alone(inertia_mws: float) -> float:
    """Primary reserve that one hour's schedule buys without fast reserve."""
    return one_hour(offering(case("noh-reduced"), 0.0), inertia_mws).told("primary_mw")


@cache
def _swept(inertia_mws: float, seconds: float) -> ValueTrials:
    found = trials(case("noh-reduced"), energies=(inertia_mws,), seconds=(seconds,), steps=STEPS).table
    assert isinstance(found, ValueTrials)
    return found


def amount(inertia_mws: float, seconds: float) -> float:
    """Fast reserve at which both are 4.9 % less than primary reserve alone."""
    return needed_for(_swept(inertia_mws, seconds), PRINTED)


def rows() -> list[Row]:
    """All of them."""
    return [
        *((f"{e:,.0f} MW·s: primary reserve of a schedule", theirs, 4, "MW", partial(alone, e), INERTIA) for e, theirs in ALONE),
        *(
            (f"{e:,.0f} MW·s: fast reserve within {s:g} s for a total {PRINTED:g} % less", theirs, 2, "MW", partial(amount, e, s), VALUE)
            for e, s, theirs in AMOUNTS
        ),
    ]
