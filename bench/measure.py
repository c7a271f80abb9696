"""One phase measured: the time of each contender and how far its answer is from ours."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, final

from bench.apart import Absent, Apart
from bench.machine import installed, processors
from bench.margin import Nose
from bench.parametric import Regions
from bench.registry import Phase, Prepare
from bench.start import spent

FRESH = ("import", "help", "first answer")  # phases of whole processes, which others disturb most: the least counts


@final
@dataclass(frozen=True, slots=True)
class Setting:
    """How a run measures."""

    smoke: bool = False
    pandapower: Path | None = None  # Python of its environment
    ppopt: Path | None = None
    andes: Path | None = None


@final
@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds by contender (NaN: not installed), versions, differences from ours."""

    phase: Phase
    ms: dict[str, float]
    version: dict[str, str]
    apart: dict[str, float] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        """Whether all gave the same answer."""
        return all(d <= self.phase.agree for d in self.apart.values())


def timed(prepare: Prepare, repeat: int, clock: Callable[[], float] = spent) -> tuple[list[float], Any]:
    """Milliseconds of processor time (or of another clock), and the answer; the first run only warms up."""
    work = prepare()
    answer, took = work() if repeat > 1 else None, []
    for _ in range(repeat):
        begin = clock()
        answer = work()
        took.append(1e3 * (clock() - begin))
    return took, answer() if callable(answer) else answer


def measure(phase: Phase, setting: Setting) -> Measured:
    """Every contender; one that is not installed has no time."""
    ms, version, answers = {}, {}, {}
    repeat = 1 if setting.smoke else phase.repeat
    for name, contender in phase.contenders.items():
        version[name] = installed(name)
        try:
            if isinstance(contender, Apart | Regions | Nose):
                took, answers[name], version[name] = contender.measured(getattr(setting, contender.peer), repeat)
            else:
                took, answers[name] = timed(contender, repeat, perf_counter if name in phase.wall else spent)
        except (Absent, ModuleNotFoundError) as e:
            if str(getattr(e, "name", "")).startswith("gridtandem"):
                raise
            ms[name], version[name] = float("nan"), str(e) if isinstance(e, Absent) else "not installed"
            continue
        ms[name] = min(took) if phase.name in FRESH else statistics.median(took)
    return Measured(phase, ms, version, phase.differences(answers))


@contextmanager
def spinning() -> Iterator[list[subprocess.Popen[bytes]]]:
    """All processors but one kept busy for as long as this lasts."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(max(1, processors() - 1))]
    try:
        yield others
    finally:
        for other in others:
            other.kill()
            other.wait()
