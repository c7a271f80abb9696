"""Run phases and print a table: ``python -m bench [name …] [--smoke] [--busy] [--markdown [FILE]] [--json FILE] [--growth [FILE]]``.

Processor time, median over the repeats (whole processes: least of five); one thread unless a name says otherwise. Ratios within one run are what to
trust. Returns 1 if contenders disagree; a promise that is not met is told, and no failure.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from bench.growth import PICTURE, grown
from bench.machine import machine, sentence
from bench.measure import Measured, Setting, measure, spinning
from bench.registry import PHASES, Phase
from bench.table import BUSY, HEAD, Row, line, markdown, rows

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "performance.md"


def wishes() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Phases of the work beside their peers.")
    parser.add_argument("names", nargs="*", help=f"phases: {', '.join(dict.fromkeys(p.name for p in PHASES))}; all if none is named")
    parser.add_argument("--smoke", action="store_true", help="everything once, to see that it runs and agrees")
    parser.add_argument("--busy", action="store_true", help="everything a second time, with all processors but one kept busy by another process")
    parser.add_argument("--json", type=Path, help="write the figures, with machine and versions")
    parser.add_argument("--markdown", type=Path, nargs="?", const=PAGE, help="write the page of the documentation")
    parser.add_argument("--growth", type=Path, nargs="?", const=PICTURE, help="measure nothing but time and memory against nodes; draw them")
    for peer in ("pandapower", "ppopt", "andes"):
        known = f"BENCH_{peer.upper()}"
        parser.add_argument(f"--{peer}", type=Path, default=os.environ.get(known), help=f"Python of an environment with {peer} (or {known})")
    return parser


def carried(phase: Phase, setting: Setting, *, busy: bool) -> tuple[Measured, Measured | None]:
    """One phase, and on wish once more in company."""
    found = measure(phase, setting)
    if not busy:
        return found, None
    with spinning():
        return found, measure(phase, setting)


def as_json(found: list[Measured], busy: list[Measured]) -> list[dict[str, object]]:
    """Plain numbers."""
    beside = busy or [None] * len(found)
    return [
        {
            "phase": m.phase.name, "case": m.phase.case, "cpu_ms": m.ms, "version": m.version, "apart": m.apart, "agree": m.phase.agree,
            "musts": [{"ours": r.ours, "peer": r.peer, "must": r.must, "ratio": r.ratio(m), "met": r.met(m)} for r in rows(m) if r.must],
            **({} if b is None else {"busy_cpu_ms": b.ms}),
        }
        for m, b in zip(found, beside, strict=True)
    ]  # fmt: skip


def main(words: list[str] | None = None) -> int:
    """The command."""
    parser = wishes()
    given = parser.parse_args(words)
    if given.growth:
        print("\n".join(grown(given.growth)))
        return 0
    chosen = [p for p in PHASES if (not given.names or p.name in given.names) and not (given.smoke and p.large)]
    if given.smoke:  # one cold run keeps no promise
        chosen = [replace(p, musts=(), most_ms=0.0) for p in chosen]
    if not chosen:
        parser.error(f"no phase named {', '.join(given.names)}")
    facts, setting, table = machine(), Setting(given.smoke, given.pandapower, given.ppopt, given.andes), list[Row]()
    head = (*HEAD, *BUSY) if given.busy else HEAD
    print(f"{sentence(facts)}\n\n{line(head, head)}", flush=True)
    found, busy = list[Measured](), list[Measured]()
    for phase in chosen:
        quiet, loaded = carried(phase, setting, busy=given.busy)
        found.append(quiet)
        busy += [] if loaded is None else [loaded]
        table += (new := list(rows(quiet, loaded)))
        print("\n".join(line(r.cells(), head) for r in new), flush=True)
    if given.json:
        given.json.write_text(json.dumps({**facts, "phases": as_json(found, busy)}, indent=1) + "\n", encoding="utf-8")
    if given.markdown:
        picture = "../pictures/growth.svg" if PICTURE.is_file() else ""
        given.markdown.write_text(markdown(table, facts, picture=picture), encoding="utf-8")
    return int(any(not m.agrees for m in (*found, *busy)))


if __name__ == "__main__":
    sys.exit(main())
