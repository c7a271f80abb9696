"""How much load a system can take with a transformer between transmission and each feeder, against feeders that hang on transmission directly."""

from __future__ import annotations

from collections.abc import Iterator

from gridtandem.cases.altered import with_head
from gridtandem.cases.case import Case
from gridtandem.cases.generate import with_exponents
from gridtandem.study.margin.experiment import Experiment, Trial

REACTANCES = (0.08, 0.10, 0.12)  # usual of distribution substations, on the rating
RATING_MVA = 5.0  # of each; the 33-bus feeder draws 4.4 MVA
EXPONENTS = ((0.0, 0.0), (0.9, 1.3))


def trials(case: Case) -> Iterator[Trial]:
    """None, then three reactances, under loads of two kinds."""
    for p, q in EXPONENTS:
        plain, line = with_exponents(case, p, q), f"exponents ({p:g}, {q:g})"
        yield Trial(line=line, setting="none", value=0.0, case=plain)
        for x in REACTANCES:
            yield Trial(line=line, setting=f"{x:g}", value=x, case=with_head(plain, x_pu=x, rating_mva=RATING_MVA))


EXPERIMENT = Experiment(
    name="transformer", title="Interconnecting transformers", varied="reactance of the transformer before each feeder [pu on 5 MVA]; 0: none",
    trials=trials, shown="exponents (0, 0)",
    held="ratio 1, rating 5 MVA for every feeder; loads and networks as they are; generation of transmission grows with load; no limit holds",
)  # fmt: skip
