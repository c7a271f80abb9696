"""The colours of a traffic light and how they follow each other.

A light worsens once a worse colour has been due for ``worsen_after`` intervals in a row, to the colour that is due then, and improves by one colour
once a better one has been due for ``improve_after``; so from red to green it passes amber. Under constant input it changes at most once within
``improve_after`` intervals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.tables import Code

GREEN, AMBER, RED = 0, 1, 2
NAMES = ("green", "amber", "red")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """How cautious a light is. The values are ours; no source that we know gives any."""

    flow_margin: float = 0.10  # of a rating; loadings within it are near
    voltage_margin: float = 0.01  # pu inside the limits of voltages
    chance: float = 0.05  # of a broken limit that is still called safe
    worsen_after: int = 1  # intervals
    improve_after: int = 3
    silent_after: int = 2  # polls without an answer; one more and nobody knows what is
    colours: tuple[int, ...] = (GREEN, AMBER, RED)  # that it has; a light of before amber is (GREEN, RED)

    def __post_init__(self) -> None:
        """All that makes no light, at once."""
        faults = [
            Fault("light", f"is {value}", f"give {mend}", "arch-135", column=name)
            for name, value, good, mend in (
                ("flow_margin", self.flow_margin, 0 <= self.flow_margin < 1, "a share from 0 to less than 1"),
                ("voltage_margin", self.voltage_margin, 0 <= self.voltage_margin < 1, "pu, from 0 to less than 1"),
                ("chance", self.chance, 0 <= self.chance < 1, "a probability below 1"),
                ("worsen_after", self.worsen_after, _whole(self.worsen_after, 1), "a whole number of intervals, 1 or more"),
                ("improve_after", self.improve_after, _whole(self.improve_after, 1), "a whole number of intervals, 1 or more"),
                ("silent_after", self.silent_after, _whole(self.silent_after, 0), "a whole number of polls, 0 or more"),
                ("colours", self.colours, self.colours in ((GREEN, AMBER, RED), (GREEN, RED)), "(0, 1, 2), or (0, 2) without amber"),
            )
            if not good
        ]
        if faults:
            raise InvalidCase(faults)

    def better(self, than: int) -> int:
        """The next better colour."""
        return max((c for c in self.colours if c < than), default=GREEN)


def _whole(value: object, least: int) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | np.integer) and bool(value >= least)


def shown(light: Light, periods: int, due: Callable[[int, int], int]) -> Code:
    """Colours by period; ``due`` (period, colour before) is what would be right now. A day begins green."""
    out, now, worse, better = np.zeros(periods, np.int8), GREEN, 0, 0
    for t in range(periods):
        wanted = due(t, now)
        worse, better = (worse + 1 if wanted > now else 0), (better + 1 if wanted < now else 0)
        if worse >= light.worsen_after:
            now, worse, better = wanted, 0, 0
        elif better >= light.improve_after:
            now, worse, better = light.better(now), 0, 0
        out[t] = now
    return out
