"""How a curve is followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

Kept = Literal["q", "p", "reference"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Tracing:
    """Where a curve ends, what holds along it, and how long its steps may be."""

    keep: tuple[Kept, ...] = ()  # whose limits hold: reactive and active ones of units; and those of the unit that balances too
    note: tuple[Literal["v", "flow"], ...] = ("v", "flow")  # limits of buses and branches that are found along it; they change nothing
    until: Literal["nose", "past", "whole"] = "past"  # the nose; a tenth of λ beyond it; back to λ = 0
    target: float = float("inf")  # λ at which to end
    longest: float = 0.05  # a step moves no voltage by more than this [pu], no angle by more than five times this [rad], λ by ten times this
    steps: int = 1000
