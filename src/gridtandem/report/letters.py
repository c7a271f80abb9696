"""What exactly crossed the boundary: the ledger in words, with the scheme's own statement beside it."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.errors import UnknownName
from gridtandem.report.tables import as_records, plain, spelled
from gridtandem.study.registry import header
from gridtandem.study.results import Letters

if TYPE_CHECKING:
    from gridtandem.report.run import Run

MESSAGES = "tandem/messages/1"


def messages(run: Run, *, round: int | None = None, recipient: str | None = None) -> Letters:  # noqa: A002 - the column is called so
    """Letters of one round, to one party, or all."""
    letters = run.letters
    wanted = np.full(len(letters), True)
    if round is not None:
        wanted &= letters.round == round
    if recipient is not None:
        if recipient not in (asked := sorted(set(letters.recipient.tolist()))):
            raise UnknownName("party that was asked", recipient, asked)
        wanted &= letters.recipient == recipient
    return letters.take(wanted)


def messages_in_words(run: Run, letters: Letters, rows: int) -> str:
    """The letters, how much they are together, and what the scheme declares."""
    down, up = int(letters.numbers_down.sum()), int(letters.numbers_up.sum())
    size = spelled(float(letters.bytes.sum()) / 1000, "kB")
    lines = [plain(letters, rows=rows), "", f"{len(letters)} letters: {down:,} numbers asked, {up:,} answered, {size}; the ledger holds no more"]
    declared = header(run.scheme).get("crosses", "")
    return "\n".join(lines + wrap(f"{run.scheme} declares: {declared}", 110, subsequent_indent="  ") * bool(declared))


def messages_document(run: Run, letters: Letters) -> dict[str, object]:
    """The same for machines."""
    declared = header(run.scheme).get("crosses", "")
    return {"schema": MESSAGES, "case": run.result.study.case.name, "scheme": run.scheme, "declared": declared, "letters": as_records(letters)}
