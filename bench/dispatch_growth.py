"""How boundary-SQP grows with the number of feeders, beside one owner: ``python -m bench.dispatch_growth``.

Rounds, processor time of both sides, and that of one problem of each party: a feeder's letter and transmission's dispatch over models of all
feeders; medians of repeats that take turns, on one thread. See `bench.dispatch`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from time import process_time

import bench  # noqa: F401 — one thread for every library, before numpy wakes any
from bench.dispatch import SIZES, boundary, letter, over, owner, sat
from bench.machine import machine, sentence
from gridtandem.coordinate import coordinate
from gridtandem.schemes.copf import Copf

PAGE = Path("docs/reference/performance-dispatch.md")
HEAD = "feeders", "rounds", "boundary-SQP, ms", "one owner, ms", "ratio", "one letter, ms", "transmission over models, ms"
NAMED = "T118Dn4"
REPEAT = 7


def row(name: str | int) -> list[str]:
    """What is measured of a case."""
    scheme, sides = Copf(), (boundary, owner, letter, over)
    rounds = coordinate(sat(name).mailbox(scheme), scheme).rounds
    works = [side(name)() for side in sides]
    took: list[list[float]] = [[] for _ in works]
    for turn in range(REPEAT + 1):
        for own, work in zip(took, works, strict=True):
            begin = process_time()
            work()
            if turn:  # the first only warms up
                own.append(1e3 * (process_time() - begin))
    sqp, whole, one, models = (statistics.median(own) for own in took)
    return [str(name), str(rounds), f"{sqp:.1f}", f"{whole:.1f}", f"{sqp / whole:.2f}", f"{one:.2f}", f"{models:.2f}"]


def page(rows: list[str], facts: dict[str, object]) -> str:
    """The page of the documentation."""
    return (
        "<!-- Written by python -m bench.dispatch_growth --page; never edited by hand. -->\n\n# Growth of dispatch\n\n"
        f"Measured {sentence(facts)}.\n\nFeeders of 33 buses with two units each, one at each of as many load buses of the 118-bus system, and\n"
        f"the case {NAMED}. Boundary-SQP lets every feeder answer by itself, one after the other in one process; the owner of all\n"
        f"models solves one optimal power flow of all networks, by the same solver. Processor time, median of {REPEAT} turns; parties are\n"
        "seated before.\n\n"
        + "\n".join(rows) + "\n\nEvery figure: `python -m bench.dispatch_growth --page`.\n"
    )  # fmt: skip


def main(given: Sequence[str] | None = None) -> int:
    """The table."""
    parser = argparse.ArgumentParser(prog="python -m bench.dispatch_growth", description="Boundary-SQP beside one owner, against feeders.")
    parser.add_argument("--feeders", nargs="*", type=int, default=list(SIZES), help="sizes to measure")
    parser.add_argument("--page", action="store_true", help="write the page of the documentation")
    asked = parser.parse_args(given)
    facts, rows = machine(), ["| " + " | ".join(HEAD) + " |", "| --- |" + " ---: |" * (len(HEAD) - 1)]
    print("\n".join(rows))
    for name in (NAMED, *asked.feeders):
        rows.append("| " + " | ".join(row(name)) + " |")
        print(rows[-1], flush=True)
    if asked.page:
        PAGE.write_text(page(rows, facts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
