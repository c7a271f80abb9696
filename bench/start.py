"""Processor time of a whole process, from start to end."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable


def process(*command: str) -> Callable[[], Callable[[], None]]:
    """A command of the environment that runs the benchmark."""

    def prepare() -> Callable[[], None]:
        return lambda: _run(command)

    return prepare


def python(line: str) -> Callable[[], Callable[[], None]]:
    """A line of Python in a fresh interpreter."""
    return process(sys.executable, "-c", line)


def command(*words: str) -> Callable[[], Callable[[], None]]:
    """The ``tandem`` command."""
    return process(sys.executable, "-c", "import sys; from gridtandem.cli import main; sys.exit(main())", *words)


def answer(*words: str) -> Callable[[], Callable[[], None]]:
    """A ``tandem`` command that leaves a run file, in a folder of its own; kernels lie in their cache, as after the first use."""

    def prepare() -> Callable[[], None]:
        folder = tempfile.TemporaryDirectory()
        return lambda: command(*words, "--out", folder.name)()()

    return prepare


def first_answer(*words: str) -> Callable[[], Callable[[], None]]:
    """The same with nothing compiled yet: the cache of kernels is a new folder each time."""

    def prepare() -> Callable[[], None]:
        line = "import os, sys, tempfile; os.environ['NUMBA_CACHE_DIR'] = tempfile.mkdtemp(dir=sys.argv.pop()); "
        line += "from gridtandem.cli import main; sys.exit(main())"
        folder = tempfile.TemporaryDirectory()
        return lambda: _run((sys.executable, "-c", line, *words, "--out", folder.name, folder.name))

    return prepare


def spent() -> float:
    """Processor time of this process and of all that it waited for. [s]"""
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def _run(command: tuple[str, ...]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
