"""How an architecture grows with the number of DERs: ``python -m bench.architecture_growth [--page]``.

One architecture of each family in one hour of ``four-feeders`` with every DER in 1, 10 and 100 parts: messages at the busiest decider, unknowns and
rows of the largest problem of one decider, processor time of the whole simulation, the judge included. Exponents are slopes of straight lines through
the logarithms. Median of repeats, on one thread. See `bench.architectures`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import process_time

import numpy as np

import bench  # noqa: F401 — one thread for every library, before numpy wakes any
from bench.architectures import FAMILIES, TIMES, hour, one
from bench.growth import slope
from bench.machine import machine, sentence
from bench.table import figure

PAGE = Path("docs/reference/performance-architectures.md")
HEAD = ("family", "architecture", "DERs", "fan-in", "largest problem", "time, ms")
REPEAT = 3
Point = tuple[int, float, float, float]  # DERs, fan-in, largest problem, milliseconds


def measured(name: str, times: int, repeat: int) -> Point:
    """One architecture with every DER in so many parts."""
    work, took = one(name, times), []
    done = work()
    for _ in range(repeat):
        begin = process_time()
        done = work()
        took.append(1e3 * (process_time() - begin))
    ders = sum(len(f.steps.name) for f in hour(times)[0].actual.feeders)
    return ders, float(done.result.fan_in[0]), float(done.result.largest_problem[0]), statistics.median(took)


def exponents(points: Sequence[Point]) -> str:
    """How fan-in, problem and time grow with DERs."""
    ders, *columns = (np.array(c, float) for c in zip(*points, strict=True))
    rises = [slope(np.maximum(c, 1.0), ders) for c in columns]
    return ", ".join(f"{what} ∝ DERs^{rise:.2f}" for what, rise in zip(("fan-in", "largest problem", "time"), rises, strict=True))


def cells(family: str, name: str, point: Point) -> tuple[str, ...]:
    """A point in the order of the head."""
    return (family, name, f"{point[0]:,}", f"{point[1]:,.0f}", f"{point[2]:,.0f}", figure(point[3]))


def page(found: Mapping[str, Sequence[Point]], facts: dict[str, object]) -> str:
    """The page of the documentation."""
    rows = ["| " + " | ".join(HEAD) + " |", "| --- | --- |" + " ---: |" * (len(HEAD) - 2)]
    rows += ["| " + " | ".join(cells(family, FAMILIES[family], p)) + " |" for family, points in found.items() for p in points]
    told = "\n".join(f"* {family} ({FAMILIES[family]}): {exponents(points)}" for family, points in found.items())
    return (
        "<!-- Written by python -m bench.architecture_growth --page; never edited by hand. -->\n\n# Growth of architectures\n\n"
        f"Measured {sentence(facts)}.\n\nOne hour of `four-feeders`, every DER in 1, 10 and 100 parts. Fan-in is the messages that reach\n"
        "the busiest decider, the largest problem the unknowns and rows of what one decider solves at once, time all of the simulation, the AC\n"
        f"judge included: processor time, median of {REPEAT}.\n\n"
        + "\n".join(rows) + f"\n\n{told}\n\nEvery figure: `python -m bench.architecture_growth --page`.\n"
    )  # fmt: skip


def main(given: Sequence[str] | None = None) -> int:
    """The table."""
    parser = argparse.ArgumentParser(prog="python -m bench.architecture_growth", description="Architectures against the number of DERs.")
    parser.add_argument("--times", nargs="*", type=int, choices=list(TIMES), default=list(TIMES), help="parts of every DER")
    parser.add_argument("--smoke", action="store_true", help="1 and 10 parts, once each, to see that it runs")
    parser.add_argument("--page", action="store_true", help="write the page of the documentation")
    asked = parser.parse_args(given)
    times, repeat = ([1, 10], 1) if asked.smoke else (asked.times, REPEAT)
    found: dict[str, list[Point]] = {}
    print("  ".join(c.rjust(15) for c in HEAD), flush=True)
    for family, name in FAMILIES.items():
        for k in times:
            found.setdefault(family, []).append(measured(name, k, repeat))
            print("  ".join(c.rjust(15) for c in cells(family, name, found[family][-1])), flush=True)
        if len(times) > 1:
            print(f"{family}: {exponents(found[family])}", flush=True)
    if asked.page:
        PAGE.write_text(page(found, machine()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
