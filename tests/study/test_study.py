"""Settings that mean nothing are refused before anybody is seated, all at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gridtandem.cases.named import case
from gridtandem.errors import InvalidCase
from gridtandem.schemes import Response
from gridtandem.study.study import Study, seated
from tests.study.asked import studied


def faults(study: Study) -> list[str]:
    with pytest.raises(InvalidCase) as caught:
        seated(study)
    return [str(f) for f in caught.value.faults]


def of(**settings: Any) -> Study:
    return replace(studied(case("T14D2")), **settings)


def test_all_faults_of_settings_and_case_at_once() -> None:
    it = case("T14D2")
    control = np.zeros(5, np.int8)
    bad = replace(it, transmission=replace(it.transmission, generators=replace(it.transmission.generators, control=control)))
    wrong: Any = {"feeder_solver": "swep", "q_rule": "swich", "slack": "share", "taps": None, "rounds": 0, "loading": np.ones(3)}
    assert faults(Study(case=bad, scheme=Response(), **wrong)) == [
        "ieee14: generators has no reference (slack); set control = reference at one bus (case-045)",
        "study.feeder_solver is 'swep'; it must be one of auto, sweep, newton (study-001)",
        "study.q_rule is 'swich'; it must be one of ignore, switch (study-001)",
        "study.slack is 'share'; it must be one of reference, shared (study-001)",
        "study.taps is None; it must be one of hold, move (study-001)",
        "study.rounds is 0; give a whole number of 1 or more (study-002)",
        "study.loading is an array of shape (3,) of float64; give an array of numbers (scenario, period), of one each or more (study-003)",
    ]


@pytest.mark.parametrize("rounds", [0, -1, 2.0, True, "9", None])
def test_rounds_are_counted(rounds: object) -> None:
    assert faults(of(rounds=rounds)) == [f"study.rounds is {rounds!r}; give a whole number of 1 or more (study-002)"]


@pytest.mark.parametrize("loading", [1.0, [[1.0]], np.ones(2), np.ones((1, 1, 1)), np.ones((0, 1)), np.array([["a"]]), None])
def test_loading_has_two_axes(loading: object) -> None:
    (said,) = faults(of(loading=loading))
    assert said.endswith("give an array of numbers (scenario, period), of one each or more (study-003)")


@pytest.mark.parametrize("factor", [-1e-9, np.nan, np.inf])
def test_factors_are_numbers_of_zero_or_more(factor: float) -> None:
    assert faults(of(loading=np.array([[1.0, factor]]))) == [
        "study.loading has a loading that is negative or no number; give factors of 0 or more (case-059)"
    ]


def test_a_shared_slack_needs_shares() -> None:
    told = (
        "study.slack is shared, but no unit of transmission in service has a share; "
        "give units of transmission a slack_share, or take slack = reference"
    )
    assert faults(of(slack="shared")) == [told + " (study-004)"]
    it = case("T14D2")
    units = it.transmission.generators
    share = replace(it, transmission=replace(it.transmission, generators=replace(units, slack_share=np.ones(len(units)))))
    seated(of(case=share, slack="shared"))
    out = replace(units, slack_share=np.arange(len(units)) == 1, live=np.arange(len(units)) != 1)
    assert faults(of(case=replace(it, transmission=replace(it.transmission, generators=out)), slack="shared")) == [told + " (study-004)"]
