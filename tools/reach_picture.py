"""Draws the picture of docs/how-to/see-what-a-feeder-can-exchange.md; ``python -m tools.reach_picture`` writes it, a test compares.

Two 33-bus feeders hang on bus 10 of the IEEE 14-bus system, with units of 3 MW and ± 1.5 Mvar at both ends of each (`tools.dispatch_counts`).
"""

from __future__ import annotations

from pathlib import Path

from gridtandem.report.dispatch.reach import Reach, reach
from gridtandem.report.run import carried
from gridtandem.schemes.copf import Copf
from gridtandem.study.dispatch.study import DispatchStudy
from tools.dispatch_counts import CASES

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "reach.png"


def found() -> Reach:
    """The region at the voltage of a dispatch, by all forms."""
    run = carried(DispatchStudy(case=CASES["overvoltage"].case(), scheme=Copf()))
    return reach(None, "I10", run=run, physics=("ac", "lindist", "branch-flow"))


def drawn(path: Path) -> Path:
    """The picture at ``path``."""
    from gridtandem.report.style import save

    return save(found().plot(), path)


if __name__ == "__main__":
    drawn(PICTURE)
