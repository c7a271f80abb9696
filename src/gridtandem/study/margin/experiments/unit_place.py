"""How much load a system can take, by where in its feeders a unit stands: the further from the root, the more of the drop it takes away."""

from __future__ import annotations

from collections.abc import Iterator

from gridtandem.cases.altered import each_feeder, with_unit
from gridtandem.cases.case import Case
from gridtandem.study.margin.experiment import Experiment, Trial

P_MW = 1.0  # in every feeder
PLACES = ("2", "6", "18", "33")  # of the 33-bus feeder: beside the root, at the first fork, the ends of trunk and of the heaviest lateral


def trials(case: Case) -> Iterator[Trial]:
    """No unit, then one at each place; feeders without such a bus are refused by its name."""
    yield Trial(line="", setting="none", value=0.0, case=case)
    for k, bus in enumerate(PLACES):
        altered = each_feeder(case, lambda feeder, b=bus: with_unit(feeder, b, p_mw=P_MW))  # type: ignore[misc]
        yield Trial(line="", setting=bus, value=k + 1.0, case=altered)


EXPERIMENT = Experiment(
    name="unit-place", title="Place of a unit of 1 MW in each feeder", varied="bus of the feeder where it stands", trials=trials,
    held="1 MW at unity power factor in every feeder, which does not grow; loads and networks as they are; transmission's generation grows; no limit",
)  # fmt: skip
