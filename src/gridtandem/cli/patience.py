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
TICK = 1.0  # seconds between two looks at the clock


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


class Count(Protocol):
    """How far a batch has come."""

    @property
    def done(self) -> int: ...
    @property
    def before(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def refused(self) -> int: ...


@final
class Watch:
    """Shows the round on a terminal; after Ctrl-C stops at the end of the round."""

    def __init__(self, out: Out, label: str = "", step: str = "round") -> None:
        self.out, self.label, self.step, self.begin, self.wanted, self.shown = out, label, step, time.monotonic(), False, False
        self.line = f"{label}  " if label else ""
        self.moving = sys.stderr.isatty() and not out.quiet and not plain_terminal()

    def __call__(self, outcome: Progress) -> None:
        """One round is over."""
        self.named(self.label, outcome)

    def named(self, label: str, outcome: Progress) -> None:
        """One round of the scheme ``label`` is over."""
        line = f"{label}  round {len(outcome.gaps)}  gap {outcome.gaps[-1]:.2e}  goal {outcome.goal:.0e}"
        self._show(line)
        if self.wanted and outcome.end.name == "STOPPED":  # a run that has just agreed is not stopped
            raise KeyboardInterrupt

    def counted(self, progress: Count) -> None:
        """One block of a batch is over."""
        spent = time.monotonic() - self.begin
        rate = (progress.done - progress.before) / max(spent, 1e-9)
        left = (progress.size - progress.done) / max(rate, 1e-9)
        none = f"  {progress.refused:,} without an answer" if progress.refused else ""
        self._show(f"{self.label}  {progress.done:,} of {progress.size:,} cases  {rate:,.0f}/s  {_clock(left)} left{none}")
        if self.wanted and progress.done < progress.size:
            raise KeyboardInterrupt

    def tick(self) -> None:
        """The line with the time so far: a run also works before its first round and after its last."""
        self._move(f"{self.line}{_clock(time.monotonic() - self.begin)}")

    def _show(self, line: str) -> None:
        self.out.detail(line)
        self.line = f"{line}  "
        self._move(line)

    def _move(self, line: str) -> None:
        if self.moving and not self.out.verbose and time.monotonic() > self.begin + SHOWN_AFTER:
            click.echo(f"\r\x1b[2K{line}", nl=False, err=True)
            self.shown = True

    def interrupted(self, *_: object) -> None:
        """First Ctrl-C: finish the round or block; second: stop here."""
        if self.wanted:
            raise KeyboardInterrupt
        self.wanted = True
        self.out.say(f"\nfinishing this {self.step}; Ctrl-C again stops at once")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _ticking(watch: Watch, over: threading.Event) -> None:
    while not over.wait(TICK):
        watch.tick()


@contextmanager
def _telling_time(watch: Watch) -> Iterator[None]:
    """The moving line tells the time while the block runs."""
    over = threading.Event()
    clock = threading.Thread(target=_ticking, args=(watch, over), daemon=True)
    if watch.moving:
        clock.start()
    try:
        yield
    finally:
        over.set()
        if watch.moving:
            clock.join()


@contextmanager
def patience(out: Out, label: str = "", step: str = "round") -> Iterator[Watch]:
    """A watch, with Ctrl-C in its hands while the block runs; ``step`` is what it lets end."""
    watch = Watch(out, label, step)
    ours = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, watch.interrupted) if ours else None
    try:
        with _telling_time(watch):
            yield watch
    finally:
        if ours:
            signal.signal(signal.SIGINT, before)
        if watch.shown:
            click.echo("\r\x1b[2K", nl=False, err=True)
