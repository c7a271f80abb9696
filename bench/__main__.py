"""Run phases and print a table: ``python -m bench [name …] [--smoke] [--json FILE]``.

Processor time, median over the repeats (start-up: least of five); one thread. Ratios within one run are what to trust.
Returns 1 if contenders disagree.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter

from bench.registry import PHASES, Phase, Prepare
from bench.start import spent

PACKAGES = ("gridtandem", "numpy", "scipy", "lightsim2grid", "power-grid-model")


def timed(prepare: Prepare, repeat: int, *, least: bool, clock: Callable[[], float] = spent) -> tuple[float, object]:
    """Milliseconds of processor time (or of another clock), and the answer; the first run only warms up."""
    work = prepare()
    answer, took = work() if repeat > 1 else None, []
    for _ in range(repeat):
        begin = clock()
        answer = work()
        took.append(1e3 * (clock() - begin))
    return (min(took) if least else statistics.median(took)), answer() if callable(answer) else answer


def how(phase: Phase, name: str) -> dict[str, object]:
    """Settings of the measurement of one contender."""
    return {"least": phase.name in ("import", "help"), "clock": perf_counter if name in phase.wall else spent}


def measure(phase: Phase, *, smoke: bool) -> dict[str, object]:
    """One line of the table; a peer that is not installed is left out."""
    took, answers = {}, {}
    for name, prepare in phase.contenders.items():
        try:
            took[name], answers[name] = timed(prepare, 1 if smoke else phase.repeat, **how(phase, name))
        except ModuleNotFoundError as e:
            if str(e.name).startswith("gridtandem"):
                raise
    return {"phase": phase.name, "case": phase.case, "cpu_ms": took, "apart": phase.apart(answers), "agree": phase.agree}


def told(row: dict[str, object]) -> str:
    """A line for people: our time, each peer's time and its ratio to ours."""
    (ours, mine), *peers = row["cpu_ms"].items()
    beside = "".join(f"   {name} {ms:9.2f} ms ({ms / mine:5.2f}x)" for name, ms in peers)
    apart = f"   apart {row['apart']:.0e}" if row["agree"] else ""
    return f"{row['phase']:<13} {row['case']:<25} {ours} {mine:9.2f} ms{beside}{apart}"


def machine() -> dict[str, object]:
    """Where and with what."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    here = {"machine": platform.machine(), "system": platform.system(), "python": platform.python_version(), "cores": os.cpu_count()}
    return {"date": datetime.now(UTC).isoformat(timespec="seconds"), **here, "packages": found}


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Phases of the work beside their peers.")
    parser.add_argument("names", nargs="*", help=f"phases: {', '.join(dict.fromkeys(p.name for p in PHASES))}; all if none is named")
    parser.add_argument("--smoke", action="store_true", help="everything once, to see that it runs and agrees")
    parser.add_argument("--json", type=Path, help="write the figures, with machine and versions")
    given = parser.parse_args()
    chosen = [p for p in PHASES if (not given.names or p.name in given.names) and not (given.smoke and p.large)]
    if not chosen:
        parser.error(f"no phase named {', '.join(given.names)}")
    rows = []
    for phase in chosen:
        rows.append(measure(phase, smoke=given.smoke))
        print(told(rows[-1]), flush=True)
    if given.json:
        given.json.write_text(json.dumps({**machine(), "phases": rows}, indent=1) + "\n", encoding="utf-8")
    return int(any(not row["apart"] <= row["agree"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
