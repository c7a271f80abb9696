"""How much load a system can take, by the ratio R/X of its feeders' lines; what is held decides whether margins fall or rise."""

from __future__ import annotations

from collections.abc import Iterator

from gridtandem.cases.altered import Held, each_feeder, with_line_ratio
from gridtandem.cases.case import Case
from gridtandem.study.margin.experiment import Experiment, Trial

RATIOS = (0.5, 1.0, 1.5, 2.0, 3.0)
LINES: tuple[tuple[Held, str], ...] = (("x", "X held"), ("r", "R held"), ("z", "|z| held"))


def trials(case: Case) -> Iterator[Trial]:
    """Every line of every feeder at one ratio, under each convention."""
    for held, line in LINES:
        for ratio in RATIOS:
            altered = each_feeder(case, lambda feeder, r=ratio, h=held: with_line_ratio(feeder, r, h))  # type: ignore[misc]
            yield Trial(line=line, setting=f"{ratio:g}", value=ratio, case=altered, tools=("ccpf",))


EXPERIMENT = Experiment(
    name="line-ratio", title="R/X of feeder lines", varied="R/X of all feeder lines", trials=trials, shown="X held",
    held="of each feeder line X, R or |z|, as the lines say; loads and transmission as they are; generation of transmission grows; no limit holds",
)  # fmt: skip
