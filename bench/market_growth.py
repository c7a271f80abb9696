"""How a cleared day grows from ten to a thousand feeders: offers and their clearing beside one program of everything, solved by HiGHS.

Each point is a process of its own, on one thread for all but the walk of offers, which takes every processor. Seconds are processor time, those
of the clock beside. Seating (models to arrays) is told apart, since both need it. Memory is the peak of resident memory beyond what is there once
everything is imported and the kernels have run on a small market. A side that has spent its limit of processor time is stopped and not tried with
more feeders. Linux only: the peak is set back through /proc.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np

import bench  # noqa: F401 — one thread for every library, before numpy wakes any
from bench import markets
from bench.growth import drawn, slope
from bench.machine import machine, sentence
from bench.memory import forget_peak, resident
from bench.registry import MONEY
from bench.start import spent
from bench.table import figure
from gridtandem.tables import Real

HERE = Path(__file__).parents[1] / "docs"
PICTURE, PAGE = HERE / "pictures" / "growth-markets.svg", HERE / "reference" / "performance-growth.md"
FEEDERS = (10, 30, 100, 300, 1000)
OURS, THEIRS = "offers and clearing", "one program"
SIDES: dict[str, Callable[[int], markets.Work]] = {OURS: markets.both, THEIRS: markets.monolith}
LIMIT_S = 1200  # processor time of a point
REPEAT_S = 10.0  # a point that took longer is measured once
HEAD = ("feeders", "side", "seating, s", "solving, s", "by the clock, s", "MB", "cost, millions")
Point = dict[str, float]


def measured(side: str, feeders: int, limit: int) -> Point | None:
    """One point from a fresh process; None where it was stopped."""
    command = [sys.executable, "-m", "bench.market_growth", "--of", side, "--feeders", str(feeders), "--limit", str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode < 0:
        return None
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    found: Point = json.loads(done.stdout)
    return found


def here(side: str, feeders: int) -> Point:
    """The same in this process, which must be fresh."""
    SIDES[side](2)()
    forget_peak()
    before, begin = resident("VmRSS"), spent()
    markets.seats(feeders)
    seated = spent() - begin
    work = SIDES[side](feeders)
    took: list[tuple[float, float]] = []
    while not took or (len(took) < 3 and took[0][0] < REPEAT_S):
        begin, clock = spent(), perf_counter()
        answer = work()
        took.append((spent() - begin, perf_counter() - clock))
    cpu, wall = np.median(took, axis=0).tolist()
    return {"seated_s": seated, "cpu_s": cpu, "wall_s": wall, "mb": resident("VmHWM") - before, "cost": float(answer.sum())}


def grown(feeders: Sequence[int], limit: int) -> dict[str, dict[int, Point]]:
    """All points; of each side until it is stopped."""
    out: dict[str, dict[int, Point]] = {side: {} for side in SIDES}
    print(line(HEAD), flush=True)
    for side in SIDES:
        for n in feeders:
            found = measured(side, n, limit)
            if found is None:
                print(line((str(n), side, f"stopped after {limit} s")), flush=True)
                break
            out[side][n] = found
            print(line(cells(n, side, found)), flush=True)
    return out


def cells(feeders: int, side: str, p: Point) -> tuple[str, ...]:
    """A point in the order of the head."""
    return (str(feeders), side, *(figure(p[k]) for k in ("seated_s", "cpu_s", "wall_s", "mb")), f"{p['cost']:.9f}")


def line(row: Sequence[str]) -> str:
    """Cells under their heads."""
    return "  ".join(c.ljust(19) if k == 1 else c.rjust(15) for k, c in enumerate(row))


def slopes(found: dict[str, dict[int, Point]]) -> list[str]:
    """How each side grows."""
    told = []
    for side, points in found.items():
        if len(points) > 1:
            n = np.array(list(points), float)
            parts = ((what, slope(_column(points, k), n)) for what, k in (("seating", "seated_s"), ("solving", "cpu_s"), ("memory", "mb")))
            told.append(f"{side}: " + ", ".join(f"{what} ∝ feeders^{rise:.2f}" for what, rise in parts))
    return told


def page(found: dict[str, dict[int, Point]], limit: int, facts: dict[str, object]) -> str:
    """The page of the documentation."""
    rows = [("| " + " | ".join(HEAD) + " |"), "| ---: | --- |" + " ---: |" * (len(HEAD) - 2)]
    every = list(dict.fromkeys(n for points in found.values() for n in points))
    for n in every:
        rows += [
            "| " + " | ".join(cells(n, side, points[n]) if n in points else (str(n), side, "", f"more than {limit}", "", "", "")) + " |"
            for side, points in found.items()
        ]
    return (
        "<!-- Written by python -m bench.market_growth --page; never edited by hand. -->\n\n# Growth of markets\n\n"
        f"Measured {sentence(facts)}.\n\n{markets.HOURS} hours, 118 buses and feeders of 33 nodes, each with numbers of its own; every point in a\n"
        "process of its own, processor time. Both sides begin with the same arrays, which seating makes; one program is built and solved by\n"
        f"HiGHS, and given up after {limit} s. Memory is the peak beyond what a market of two feeders leaves.\n\n"
        + "\n".join(rows) + "\n\n" + "\n".join(f"* {told}" for told in slopes(found))
        + "\n\n![Time and memory against feeders](../pictures/growth-markets.svg)\n\nEvery figure: `python -m bench.market_growth --page`.\n"
    )  # fmt: skip


def main(given: Sequence[str] | None = None) -> int:
    """The command; 1 if the sides disagree."""
    parser = argparse.ArgumentParser(prog="python -m bench.market_growth", description="Time and memory of a cleared day against feeders.")
    parser.add_argument("--feeders", nargs="*", type=int, default=list(FEEDERS), help="sizes to measure")
    parser.add_argument("--limit", type=int, default=LIMIT_S, help="seconds of processor time a point may take")
    parser.add_argument("--picture", type=Path, nargs="?", const=PICTURE, help="draw them")
    parser.add_argument("--page", action="store_true", help="write page and picture of the documentation")
    parser.add_argument("--json", type=Path, help="write the figures, with machine and versions")
    parser.add_argument("--of", choices=list(SIDES), help=argparse.SUPPRESS)
    asked = parser.parse_args(given)
    if asked.of:
        resource.setrlimit(resource.RLIMIT_CPU, (asked.limit, asked.limit))
        print(json.dumps(here(asked.of, *asked.feeders)))
        return 0
    facts, found = machine(), grown(asked.feeders, asked.limit)
    print("\n".join(slopes(found)))
    if asked.json:
        asked.json.write_text(json.dumps({**facts, "points": found}, indent=1) + "\n", encoding="utf-8")
    if picture := PICTURE if asked.page else asked.picture:
        lines = {side: (np.array(list(p), float), np.stack([_column(p, "cpu_s"), _column(p, "mb")], -1)) for side, p in found.items() if len(p) > 1}
        drawn(lines, picture, ("s", "feeders"))
    if asked.page:
        PAGE.write_text(page(found, asked.limit, facts), encoding="utf-8")
    both = found[OURS].keys() & found[THEIRS].keys()
    return int(any(abs(found[OURS][n]["cost"] - found[THEIRS][n]["cost"]) > MONEY for n in both))


def _column(points: dict[int, Point], name: str) -> Real:
    return np.array([p[name] for p in points.values()])


if __name__ == "__main__":
    sys.exit(main())
