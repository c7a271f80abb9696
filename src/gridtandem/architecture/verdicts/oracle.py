"""The verdicts of the study whose principles these are, as data, and how far ours agree; so with strengths weaker and stronger than assumed.

Bounds and strengths were set with these verdicts in view: agreement is a fit, not a prediction.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import final

from gridtandem.architecture.relations import Skeleton
from gridtandem.architecture.verdicts.findings import ASSUMED
from gridtandem.architecture.verdicts.judged import Level
from gridtandem.architecture.verdicts.mend import levels

FACTORS = (0.5, 0.75, 1.0, 1.25)
ANY = 1 << 30  # no highest level
KINDS = {"X": "explicit", "T": "about all current models", "I": "interpretation"}


@final
@dataclass(frozen=True, slots=True)
class Cell:
    """One published verdict."""

    graph: str
    principle: str
    low: int
    high: int
    kind: str
    section: str
    reason: str = ""  # why ours is known to be another

    def met(self, level: Level) -> bool:
        """Whether an interval lies within what is admissible."""
        return self.low <= level[0] and level[1] <= self.high


@cache
def oracle() -> tuple[Cell, ...]:
    """All cells, in the order of the file."""
    read = tomllib.loads(files(__package__).joinpath("oracle.toml").read_text(encoding="utf-8"))
    reasons = {(d["graph"], d["principle"]): d["reason"] for d in read.pop("disagrees")}
    cells = []
    for graph, told in read.items():
        for short, text in told["cells"].items():
            kind, span = text.split()
            low, sign, high = span.partition("-")
            most = int(high) if high else ANY if sign else int(low)
            cells.append(Cell(graph, short, int(low), most, kind, told["section"], reasons.get((graph, short), "")))
    return tuple(cells)


def unmet(found: Mapping[str, Mapping[str, Level]]) -> tuple[Cell, ...]:
    """Cells of these architectures that their levels do not meet."""
    return tuple(c for c in oracle() if c.graph in found and not c.met(found[c.graph][c.principle]))


def sensitivity(skeletons: Mapping[str, Skeleton], factors: tuple[float, ...] = FACTORS) -> dict[float, int]:
    """How many cells are met with all strengths and reliefs times each factor."""
    named = {c.graph for c in oracle()}
    count = sum(c.graph in skeletons for c in oracle())
    judged = {f: {g: levels(s, ASSUMED.scaled(f)) for g, s in skeletons.items() if g in named} for f in factors}
    return {f: count - len(unmet(found)) for f, found in judged.items()}
