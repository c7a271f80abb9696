"""What a use-case leaves open, and what is taken for it; nothing is guessed in silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias, final

from gridtandem.tables import Names, Real, Table, column

TOLD, LIKELY, OPEN = 0.9, 0.7, 0.5  # confidence: words say it; somewhat; nothing says otherwise
Guess: TypeAlias = tuple[str, str, str, str, float]  # a row of the table


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Guesses(Table):
    """All guesses of one reading."""

    kind: ClassVar[str] = "guesses"
    part: Names = column("name, actor, tool, share, edge, step or family", dtype="U")
    what: Names = column("which one", dtype="U")
    taken: Names = column("what is taken", dtype="U")
    because: Names = column("what it rests on", dtype="U")
    confidence: Real = column("how sure, of 1", at_least=0.0, at_most=1.0)


def table(rows: Sequence[Guess]) -> Guesses:
    """Each once, in the order in which they were made."""
    once = list(dict.fromkeys(rows))
    return Guesses.of({name: [row[k] for row in once] for k, name in enumerate(Guesses.columns())}) if once else Guesses.empty()
