"""How time and memory grow with the size of the work, from ten thousand to a million nodes, each size in a fresh process.

Time is the median of five, on one thread. Memory is the peak of resident memory beyond what is there once everything is imported and the kernels have
run on a small system. Slopes are those of straight lines through the logarithms. Linux only: the peak is set back through /proc.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

import bench  # noqa: F401 — one thread for every library, before numpy wakes any
from bench import coordinated, flow, memory
from bench.measure import timed
from bench.memory import forget_peak, resident
from gridtandem.tables import Real

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "growth.svg"
NODES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
FEEDER = 141  # nodes of case141

WORKS: dict[str, Callable[[int], flow.Later]] = {
    "feeders of 141 nodes, one sweep over all": lambda nodes: flow.fleet(round(nodes / FEEDER), "case141"),
    "one feeder of 141 nodes, many scenarios": lambda nodes: flow.scenarios(round(nodes / FEEDER), "case141"),
    "case9241pegase with its feeders, fused": lambda nodes: coordinated.fused(memory.TRANSMISSION, max(1, round((nodes - memory.OWN) / FEEDER)), 1),
}
OWN = {"case9241pegase with its feeders, fused": lambda nodes: memory.measured(nodes)["solved_mb"]}  # works with a measure of memory of their own


def measured(work: str, nodes: int) -> tuple[float, float]:
    """Milliseconds and MB, from a fresh process."""
    told = subprocess.run([sys.executable, "-m", "bench.growth", work, str(nodes)], check=True, capture_output=True, text=True).stdout
    ms, mb = json.loads(told)
    return ms, OWN[work](nodes) if work in OWN else mb


def here(work: str, nodes: int) -> tuple[float, float]:
    """The same in this process, which must be fresh."""
    prepare = WORKS[work]
    timed(prepare(8 * FEEDER), 2)
    forget_peak()
    before = resident("VmRSS")
    took, _ = timed(prepare(nodes), 5)
    return statistics.median(took), resident("VmHWM") - before


def grown(path: Path) -> list[str]:
    """Measure all, draw, and say the slopes."""
    figures = {work: np.array([measured(work, nodes) for nodes in NODES]) for work in WORKS}
    drawn({work: (np.array(NODES, float), f) for work, f in figures.items()}, path, ("ms", "nodes"))
    return [f"{work}: time ∝ nodes^{slope(f[:, 0]):.2f}, memory ∝ nodes^{slope(f[:, 1]):.2f}" for work, f in figures.items()] + [f"picture {path}"]


def slope(y: Real, nodes: Real | None = None) -> float:
    """Of the line through the logarithms."""
    x = np.array(NODES[: len(y)], float) if nodes is None else nodes
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def drawn(figures: Mapping[str, tuple[Real, Real]], path: Path, units: tuple[str, str]) -> None:
    """Time and memory (columns) of every work against its sizes; ``units`` of time and of size."""
    from gridtandem.report.style import DASHES, MARKS, SERIES, new_figure, save, styled

    @styled
    def draw() -> Path:
        figure = new_figure(height=3.2)
        for k, (axes, title, unit) in enumerate(zip(figure.subplots(1, 2), ("Processor time", "Memory"), (units[0], "MB"), strict=True)):
            for j, (work, (x, f)) in enumerate(figures.items()):
                label = f"{work} (slope {slope(f[:, k], x):.2f})"
                axes.loglog(x, f[:, k], color=SERIES[j], marker=MARKS[j], linestyle=DASHES[j], label=label)
            axes.set(title=title, xlabel=units[1], ylabel=unit)
            axes.legend(fontsize=6)
        return save(figure, path)

    draw()


if __name__ == "__main__":
    print(json.dumps(here(sys.argv[1], int(sys.argv[2]))))
