"""Watching a run from a terminal: a moving line while it takes long, and Ctrl-C that loses nothing."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, final

import click

from gridtandem.cli.out import Out, plain_terminal

SHOWN_AFTER = 0.7  # seconds of work before a moving line is worth its flicker


class Ending(Protocol):
    """How a run ended, or that it is still on its way."""

    @property
    def name(self) -> str: ...


class Progress(Protocol):
    """As much of an outcome as a watcher looks at."""

    @property
    def end(self) -> Ending: ...
    @property
    def gaps(self) -> Sequence[float]: ...
    @property
    def goal(self) -> float: ...


@final
class Watch:
    """Shows the round on a terminal; after Ctrl-C stops at the end of the round."""

    def __init__(self, out: Out, label: str = "") -> None:
        self.out, self.label, self.begin, self.wanted, self.shown = out, label, time.monotonic(), False, False
        self.moving = sys.stderr.isatty() and not out.quiet and not plain_terminal()

    def __call__(self, outcome: Progress) -> None:
        """One round is over."""
        self.named(self.label, outcome)

    def named(self, label: str, outcome: Progress) -> None:
        """One round of the scheme ``label`` is over."""
        line = f"{label}  round {len(outcome.gaps)}  gap {outcome.gaps[-1]:.2e}  goal {outcome.goal:.0e}"
        self.out.detail(line)
        if self.moving and not self.out.verbose and time.monotonic() > self.begin + SHOWN_AFTER:
            click.echo(f"\r\x1b[2K{line}", nl=False, err=True)
            self.shown = True
        if self.wanted and outcome.end.name == "STOPPED":  # a run that has just agreed is not stopped
            raise KeyboardInterrupt

    def interrupted(self, *_: object) -> None:
        """First Ctrl-C: finish the round; second: stop here."""
        if self.wanted:
            raise KeyboardInterrupt
        self.wanted = True
        self.out.say("\nfinishing this round; Ctrl-C again stops at once")


@contextmanager
def patience(out: Out, label: str = "") -> Iterator[Watch]:
    """A watch, with Ctrl-C in its hands while the block runs."""
    watch = Watch(out, label)
    ours = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, watch.interrupted) if ours else None
    try:
        yield watch
    finally:
        if ours:
            signal.signal(signal.SIGINT, before)
        if watch.shown:
            click.echo("\r\x1b[2K", nl=False, err=True)
