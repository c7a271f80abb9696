"""A study from plain words and numbers, as people type them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.study.diagnose import diagnose
from gridtandem.study.registry import scheme_named
from gridtandem.study.study import Study

AUTO = "auto"  # the scheme that the diagnosis recommends


def studied(
    case: Case,
    *,
    scheme: str = "response",
    options: Mapping[str, float] | None = None,
    loading: float | Sequence[float] = 1.0,
    rounds: int = 100,
    feeder_solver: Literal["auto", "sweep", "newton"] = "auto",
    q_rule: Literal["ignore", "switch"] = "ignore",
    slack: Literal["reference", "shared"] = "reference",
    taps: Literal["hold", "move"] = "move",
) -> Study:
    """The study of a case under the scheme of that name; several loadings are several scenarios."""
    factors = np.atleast_1d(np.asarray(loading, np.float64)).reshape(-1, 1)
    study = Study(case=case, scheme=None, loading=factors, rounds=rounds, feeder_solver=feeder_solver, q_rule=q_rule, slack=slack, taps=taps)
    return replace(study, scheme=scheme_named(diagnose(study).recommend if scheme == AUTO else scheme, options))
