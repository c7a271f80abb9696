"""Memory of a fused load flow against the number of nodes, each size in a fresh process: ``python -m bench.memory [nodes …] [--json FILE]``.

Counted is the peak of resident memory beyond what is there once everything is imported and all kernels have run on a small system: both models,
symbolic work and the solution; the same with the voltages of all nodes as one array; and what reading the transmission network takes for a moment
before, which is the same for all sizes. Linux only: the peak is set back through /proc. The law MB = a + b·nᶜ is fitted by least squares.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gridtandem.tables import Real

NODES = (10_000, 30_000, 100_000, 150_241, 300_000, 996_241)
LIMITS = {150_241: 60.0, 996_241: 300.0}  # MB; what was promised
TRANSMISSION, OWN, FEEDER = "case9241pegase", 9241, 141  # nodes of transmission, and those that a feeder adds
EXPONENTS = np.linspace(0.5, 1.5, 101)


def forget_peak() -> None:
    """Let the peak of resident memory begin anew."""
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def resident(name: str) -> float:
    """MB, of now (VmRSS) or at the most so far (VmHWM)."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(text.split()[1]) / 1024 for text in lines if text.startswith(name))


def measured(nodes: int) -> dict[str, float]:
    """Nodes of the nearest system there is, and MB."""
    feeders = max(1, round((nodes - OWN) / FEEDER))
    told = subprocess.run([sys.executable, "-m", "bench.memory", "--of", str(feeders)], check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(told)
    return found


def of(feeders: int) -> dict[str, float]:
    """The same in this process, which must be fresh."""
    import bench  # noqa: F401 — one thread for every library, before numpy wakes any
    from bench import coordinated

    small = coordinated.system("case118", 8)
    fused = small.fused()
    fused.voltages(fused.solve(threads=1))
    forget_peak()
    before = resident("VmRSS")
    what = coordinated.system(TRANSMISSION, feeders)
    read = resident("VmHWM") - before
    forget_peak()
    fused = what.fused()
    found = fused.solve(start=coordinated.begin(what.transmission, "flat"), threads=1)
    solved = resident("VmHWM") - before
    v = what.answer(found.v, fused.voltages(found))
    return {"nodes": len(v), "read_mb": read, "solved_mb": solved, "voltages_mb": resident("VmHWM") - before, "converged": float(found.converged)}


def most(row: dict[str, float]) -> float:
    """MB at the worst moment until the solution is there."""
    return max(row["read_mb"], row["solved_mb"])


def fitted(nodes: Real, mb: Real) -> tuple[float, float, float]:
    """a, b and c of MB = a + b·nᶜ."""

    def parts(c: float) -> tuple[float, Real]:
        columns = np.stack([np.ones_like(nodes), nodes**c], -1)
        best, *_ = np.linalg.lstsq(columns, mb, rcond=None)
        return float(((columns @ best - mb) ** 2).sum()), best

    c = min(EXPONENTS.tolist(), key=lambda c: parts(c)[0])
    a, b = parts(c)[1].tolist()
    return a, b, c


def main(given: Sequence[str] | None = None) -> int:
    """The command; 1 if a promise is not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description="Memory of a fused load flow against the number of nodes.")
    parser.add_argument("nodes", nargs="*", type=int, default=list(NODES), help="sizes to measure")
    parser.add_argument("--json", type=Path, help="write the figures")
    parser.add_argument("--of", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args(given)
    if asked.of is not None:
        print(json.dumps(of(asked.of)))
        return 0
    rows = []
    for nodes in asked.nodes:
        rows.append(measured(nodes))
        limit = LIMITS.get(int(rows[-1]["nodes"]))
        promise = f"   (at most {limit:g}: {'kept' if most(rows[-1]) <= limit else 'BROKEN'})" if limit else ""
        here = "   ".join(f"{name} {rows[-1][f'{name}_mb']:5.1f}" for name in ("read", "solved", "voltages"))
        print(f"{rows[-1]['nodes']:>9,.0f} nodes   MB: {here}{promise}", flush=True)
    if len(rows) > 2:
        a, b, c = fitted(*(np.array([row[k] for row in rows]) for k in ("nodes", "solved_mb")))
        print(f"MB = {a:.3g} + {b:.3g} n^{c:.2f}")
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return int(any(not most(row) <= LIMITS.get(int(row["nodes"]), np.inf) or not row["converged"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
