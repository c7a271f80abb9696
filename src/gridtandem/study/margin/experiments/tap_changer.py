"""How much load a system can take where tap changers hold the voltage behind them, against ratios that stay.

A tap changer that still moves restores the load of a feeder: seen from transmission it then draws constant power, whatever its exponents.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gridtandem.cases.altered import with_head
from gridtandem.cases.case import Case
from gridtandem.cases.generate import with_exponents
from gridtandem.schemes.response import Response
from gridtandem.study.margin.ask import Growth
from gridtandem.study.margin.experiment import Experiment, Trial
from gridtandem.study.run import run
from gridtandem.study.study import Study
from gridtandem.tables import Real

X_PU, RATING_MVA, V_TARGET_PU = 0.10, 5.0, 1.0
EXPONENTS = (0.0, 0.5, 1.0, 1.5, 2.0)
FREE, STAYS, ONE = "moves", "fixed as before growth", "fixed at 1"


def trials(case: Case) -> Iterator[Trial]:
    """Each exponent with ratios that move, that stay where they stood before anything grew, and that are 1."""
    for n in EXPONENTS:
        bare, said = with_exponents(case, n, n), f"{n:g}"
        free = with_head(bare, x_pu=X_PU, rating_mva=RATING_MVA, regulates="continuous", v_target_pu=V_TARGET_PU)
        stood = ratios(free)
        fixed = with_head(bare, x_pu=X_PU, rating_mva=RATING_MVA, ratio=stood.tolist()) if stood is not None else free
        yield Trial(line=FREE, setting=said, value=n, case=free, tools=("ccpf",))
        yield Trial(line=STAYS, setting=said, value=n, case=fixed, tools=("ccpf",))
        yield Trial(line=ONE, setting=said, value=n, case=free, growth=Growth(taps="hold"), tools=("ccpf",))


def ratios(case: Case) -> Real | None:
    """Of the transformer of each interface, before anything grows; None without a load flow, and then there is no margin either."""
    verdict = run(Study(case=case, scheme=Response())).verdict
    if verdict is None:
        return None
    b, table = verdict.branches, case.interfaces
    ratio = dict(zip(zip(b.feeder.tolist(), b.branch.tolist(), strict=True), b.ratio.tolist(), strict=True))
    return np.array([ratio[f, str(case.models[m].transformers.name[-1])] for f, m in zip(table.feeder.tolist(), table.model.tolist(), strict=True)])


EXPERIMENT = Experiment(
    name="tap-changer", title="Tap changers before feeders", varied="exponent nP = nQ of feeder loads", trials=trials, shown=FREE,
    held="transformers of 0.1 pu on 5 MVA before every feeder, ratio within 0.9…1.1, target 1 pu behind it; generation grows; no limit of units",
)  # fmt: skip
