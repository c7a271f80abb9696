"""What plants of sun and wind have in common: reactive capability, and what no plant can be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from gridtandem.errors import Fault
from gridtandem.tables import Index, Real, Table

PLANT = "plant"  # what faults call it


class Plant(Protocol):
    """Of either kind."""

    @property
    def p_high_mw(self) -> float:
        """Most power under standard conditions. [MW]"""
        ...

    @property
    def s_high_mva(self) -> float:
        """Of the converter; inf: no limit. [MVA]"""
        ...

    @property
    def power_factor_low(self) -> float:
        """Least power factor; 0: no limit."""
        ...


def reactive_high(p_mw: Real, *, s_high_mva: float, power_factor_low: float) -> Real:
    """Most reactive power, either way, at an active power: min(P tan(acos pf), √(S² − P²)), as of `Generators`. [Mvar]"""
    ring = np.sqrt(np.maximum(s_high_mva**2 - p_mw**2, 0.0))
    if power_factor_low == 0:
        return np.asarray(ring)
    return np.asarray(np.minimum(p_mw * np.sqrt(1 / power_factor_low**2 - 1), ring))


def number_faults(plant: object, limits: dict[str, tuple[float, float]]) -> Iterator[Fault]:
    """Numbers that do not lie above the first and up to the second bound; NaN lies nowhere."""
    for name, (above, most) in limits.items():
        if not above < (value := getattr(plant, name)) <= most:
            reach = f"above {above:g}" if most == np.inf else f"above {above:g} and at most {most:g}"
            yield Fault(PLANT, f"is {value:g}", f"give a number {reach}", "renewable-001", column=name)


def word_faults(plant: object, words: dict[str, tuple[str, ...]]) -> Iterator[Fault]:
    """Words that are none of those that mean something."""
    for name, known in words.items():
        if (word := getattr(plant, name)) not in known:
            yield Fault(PLANT, f"is {word!r}", f"write one of {', '.join(known)}", "renewable-002", column=name)


def converter_faults(plant: Plant) -> Iterator[Fault]:
    """Limits of the converter that are none, or that leave reactive power without any."""
    yield from number_faults(plant, {"s_high_mva": (0.0, np.inf)})
    if not 0 <= plant.power_factor_low <= 1:
        yield Fault(PLANT, f"is {plant.power_factor_low:g}", "give 0 to 1: 1 no reactive power, 0 all that the converter has left", "renewable-003",
                    column="power_factor_low")  # fmt: skip
    elif plant.power_factor_low == 0 and plant.s_high_mva == np.inf:
        yield Fault(PLANT, "is not limited", "with power_factor_low 0 give the converter's apparent power", "renewable-004", column="s_high_mva")


def period_faults(table: Table, period: Index) -> Iterator[Fault]:
    """Periods that are not 1, 2, 3, …"""
    for k in np.flatnonzero(period != np.arange(1, len(period) + 1))[:1].tolist():
        yield table.fault(k, "period", f"is {period[k]} in row {k + 1}", "count periods from 1, one row after the other", "renewable-005")
    if not len(period):
        yield Fault(table.kind, "has no hour", "give one row or more", "renewable-006")
