"""What grows, what holds, and where to end: the question that every tool answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast, final

import numpy as np

from gridtandem.errors import Fault
from gridtandem.flow.continuation.direction import Generation
from gridtandem.flow.continuation.options import Kept, Tracing
from gridtandem.flow.newton import Options

WORDS = {
    "generation": ("grows", "stays", "shared"), "until": ("nose", "past", "whole"), "taps": ("hold", "move"),
}  # fmt: skip
KEEP = ("q", "p", "reference")
SMOOTH = 0.03  # pu; steps that make a curve to look at


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Loads P0 (1 + λ k), and what goes with them."""

    loads: float = 1.0  # k of every load
    generation: Generation = "grows"  # schedules of transmission times (1 + λ k) too; stay; or share the growth of loads between them
    keep: tuple[str, ...] = ()  # reactive and active limits of units that hold; "reference": those of the unit that balances too
    taps: Literal["hold", "move"] = "move"
    until: Literal["nose", "past", "whole"] = "past"
    target: float = np.inf  # λ at which to end

    @property
    def law(self) -> str:
        """How loads grow, in a formula."""
        return f"P0 (1 + {'' if self.loads == 1 else f'{self.loads:g} '}λ)"

    @property
    def tracing(self) -> Tracing:
        """As the curve is followed."""
        return Tracing(keep=cast(tuple[Kept, ...], self.keep), until=self.until, target=self.target, longest=SMOOTH)

    @property
    def options(self) -> Options:
        """Of the load flow before anything grows."""
        return Options(q_rule="switch" if "q" in self.keep else "ignore", taps=self.taps)

    def faults(self) -> Iterator[Fault]:
        """Everything wrong with the question."""
        for name, known in WORDS.items():
            if (given := getattr(self, name)) not in known:
                yield Fault("margin", f"is {given!r}", f"it must be one of {', '.join(known)}", "margin-004", column=name)
        if strange := [k for k in self.keep if k not in KEEP]:
            yield Fault("margin", f"names {', '.join(map(repr, strange))}", f"limits that can hold: {', '.join(KEEP)}", "margin-005", column="keep")
        if not 0 < self.loads < np.inf:
            what = "nothing grows" if self.loads == 0 else "loads would shrink" if self.loads < 0 else "no finite number"
            mend = "give the growth of loads for each unit of λ, above 0, e.g. 1"
            yield Fault("margin", f"is {self.loads:g}: {what}", mend, "margin-007", column="loads")
        if not self.target > 0:
            yield Fault("margin", f"is {self.target:g}", "give a λ above 0", "margin-006", column="target")
