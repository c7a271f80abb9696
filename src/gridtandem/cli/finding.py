"""Run files by the words that people type: of several studies the newest, said in a line; machines name the one they mean."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from gridtandem.cli.out import Out
from gridtandem.cli.wishes import SHELF


def found(out: Out, word: str, folder: Path = SHELF) -> Path:
    """The run file that a word means. With ``--json`` a word that several studies share is refused, lest a script reads what it did not run."""
    from gridtandem.errors import Unreadable
    from gridtandem.study.shelf import find, studies

    path, several = find(word, folder), studies(word, folder)
    if len(several) > 1:
        same = f"{word!r} was saved under {len(several)} different studies"
        if out.as_json:
            raise Unreadable(f"{same}; write more of it, newest first: {', '.join(several)}")
        saved = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        out.say(f"{same}; this is the newest, {path.stem}, saved {saved:%Y-%m-%d %H:%M:%S} UTC; before it: {', '.join(several[1:])}")
    return path
