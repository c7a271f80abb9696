"""How much load a system can take, by how its feeders' loads depend on voltage."""

from __future__ import annotations

from collections.abc import Iterator

from gridtandem.cases.case import Case
from gridtandem.cases.generate import with_exponents
from gridtandem.study.margin.experiment import Experiment, Trial

POINTS = ((0.0, 0.0), (0.5, 0.5), (1.0, 1.0), (0.9, 1.3), (1.5, 1.5), (2.0, 2.0), (2.0, 3.0))


def trials(case: Case) -> Iterator[Trial]:
    """Pairs of exponents, all three tools."""
    for k, (p, q) in enumerate(POINTS):
        yield Trial(line="", setting=f"({p:g}, {q:g})", value=float(k), case=with_exponents(case, p, q))


EXPERIMENT = Experiment(
    name="load-exponents", title="Exponents of feeder loads", varied="exponents (nP, nQ) of feeder loads", trials=trials,
    held="networks, loads at 1 pu, and loads of transmission as they are; generation of transmission grows with load; no limit holds",
)  # fmt: skip
