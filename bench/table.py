"""What was measured as rows: ours beside each peer, the ratio, what was promised, and how far the answers are apart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

from bench.machine import sentence
from bench.measure import Measured
from bench.registry import Must

HEAD = ("phase", "case", "ours", "ms", "peer", "version", "ms", "ratio", "must", "met", "tolerance", "difference")
BUSY = ("ms, busy", "peer, busy", "ratio, busy", "met, busy")
WIDTH = (12, 27, 12, 9, 25, 13, 9, 6, 6, 4, 9, 10, 9, 10, 11, 9)
RIGHT = {"ms", "ratio", "must", "tolerance", "difference", *BUSY}


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One of ours beside one peer (empty: there is none). Times are processor time unless the name says wall."""

    found: Measured
    ours: str
    peer: str
    must: float  # ratio, or milliseconds where there is no peer; 0: nothing
    busy: Measured | None = None

    def cells(self) -> tuple[str, ...]:
        """In the order of the head."""
        p, m = self.found.phase, self.found
        ratio = self.ratio(m)
        must = (f"{self.must:.3g}" if self.peer else f"{self.must:.0f} ms") if self.must else ""
        here = (p.name, p.case, self.ours, figure(m.ms[self.ours]), self.peer)
        beside = (m.version[self.peer], figure(m.ms[self.peer]), _figure(ratio)) if self.peer else ("", "", "")
        apart = m.apart.get(self.peer, m.apart.get(self.ours, math.nan))
        agree = (f"{p.agree:.0e}", f"{apart:.1e}") if self.peer and p.agree and math.isfinite(apart) else ("", "")
        return (*here, *beside, must, self.met(m), *agree, *self._disturbed())

    def _disturbed(self) -> tuple[str, ...]:
        b = self.busy
        if b is None:
            return ()
        return (figure(b.ms[self.ours]), figure(b.ms[self.peer]) if self.peer else "", _figure(self.ratio(b)) if self.peer else "", self.met(b))

    def ratio(self, m: Measured) -> float:
        """Ours over the peer's."""
        return m.ms[self.ours] / m.ms[self.peer] if self.peer else math.nan

    def met(self, m: Measured) -> str:
        """Whether the promise is kept; nothing where none was given or the peer is not there."""
        reached = self.ratio(m) if self.peer else m.ms[self.ours]
        return "" if not self.must or math.isnan(reached) else "yes" if reached <= self.must else "NO"


def rows(found: Measured, busy: Measured | None = None) -> Iterator[Row]:
    """Ours beside every other contender; then what else was promised."""
    ours, *others = found.ms
    promised = {(must.ours or ours, fastest(found, must)): must.ratio for must in found.phase.musts}
    if not others:
        yield Row(found, ours, "", found.phase.most_ms, busy)
    for pair in dict.fromkeys([*((ours, peer) for peer in others), *promised]):
        yield Row(found, *pair, promised.get(pair, 0.0), busy)


def fastest(found: Measured, must: Must) -> str:
    """The contender a promise is held against: the quickest of that name, the first where none is installed."""
    named = [name for name in found.ms if name.startswith(must.peer)]
    return min(named, key=lambda name: math.inf if math.isnan(found.ms[name]) else found.ms[name])


def line(cells: Sequence[str], head: Sequence[str] = HEAD) -> str:
    """Cells under their heads."""
    return "  ".join(c.rjust(w) if h in RIGHT else c.ljust(w) for c, w, h in zip(cells, WIDTH, head, strict=False)).rstrip()


def markdown(all_rows: Sequence[Row], facts: dict[str, object], *, picture: str) -> str:
    """The page of the documentation."""
    busy = any(r.busy is not None for r in all_rows)
    head = (*HEAD, *BUSY) if busy else HEAD
    align = ["---:" if h in RIGHT else "---" for h in head]
    body = [r.cells() for r in all_rows]
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in (head, align, *body))
    beside = " In the last columns all processors but one were kept busy by another process." if busy else ""
    grown = f"![Time and memory against nodes]({picture})\n\n" if picture else ""
    return (
        "<!-- Written by python -m bench --markdown; never edited by hand. -->\n\n# Performance\n\n"
        f"Measured {sentence(facts)}. Processor time, median over repeats (whole processes: least of five); where a name says wall, the clock's.\n\n"
        "Ratio is ours over the peer's, of the same run; must is what was promised of it; difference is the largest between the answers, beside\n"
        f"what is tolerated. Whole times move with the machine, ratios hardly.{beside}\n\n{table}\n\n{grown}"
        "Every figure: `python -m bench --markdown`, with the peers of `pip install -e '.[dev]'` and pandapower in an environment of its own "
        "([how](../how-to/add-a-benchmark.md)).\n"
    )


def figure(x: float) -> str:
    """Three digits, or all before the point."""
    return "" if math.isnan(x) else f"{x:.3g}" if x < 100 else f"{x:.0f}"


def _figure(x: float) -> str:
    return "" if math.isnan(x) else f"{x:.1e}" if x < 0.01 else f"{x:.3f}" if x < 0.995 else f"{x:.2f}"
