"""Rules for scripts: what they mean, and that a missing number never passes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gridtandem.errors import UnknownName, Unreadable
from gridtandem.study.compare import Comparison
from gridtandem.study.dispatch.compare import DispatchComparison
from gridtandem.study.rules import WORSE, Rule, broken, figures_of


def table(**columns: list[object]) -> Comparison:
    size = len(columns["scheme"])
    usual = {name: np.full(size, "" if spec.dtype == "U" else 0).tolist() for name, spec in Comparison.columns().items()}
    return Comparison.of({**usual, **columns})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("voltage-error>1e-8", Rule("voltage-error", ">", 1e-8)),
        (" rounds >= 7 ", Rule("rounds", ">=", 7.0)), ("v-low<0.95", Rule("v-low", "<", 0.95)),
        ("load-flow:numbers<=-1", Rule("numbers", "<=", -1.0, "load-flow")), ("bytes>inf", Rule("bytes", ">", math.inf)),
    ],
)  # fmt: skip
def test_reading(words: str, rule: Rule) -> None:
    assert Rule.read(words) == rule


@pytest.mark.parametrize("words", ["", "voltage-error", "voltage-error=1", "voltage-error>", ">1", "rounds>many", "rounds>nan", "a:b:rounds>1"])
def test_what_is_no_rule(words: str) -> None:
    with pytest.raises(Unreadable):
        Rule.read(words)


def test_an_unknown_figure() -> None:
    with pytest.raises(UnknownName, match="no figure named 'volage-error'; did you mean 'voltage-error'"):
        Rule.read("volage-error>1")


def test_figures_are_columns_of_the_comparison() -> None:
    assert set(figures_of(Comparison).values()) <= set(Comparison.columns())


@pytest.mark.parametrize(("worse", "fails"), [(">", {3}), (">=", {2, 3}), ("<", {1}), ("<=", {1, 2})])
def test_a_sign_means_what_it_says(worse: str, fails: set[int]) -> None:
    assert {n for n in (1, 2, 3) if broken([Rule("rounds", worse, 2.0)], table(scheme=["a"], rounds=[n]))} == fails


def test_what_a_broken_rule_says() -> None:
    found = table(scheme=["a", "b"], voltage_error_pu=[2e-7, 1e-9], rounds=[3, 4])
    assert broken([Rule.read("voltage-error>1e-8"), Rule.read("b:rounds>3")], found) == (
        "a: voltage-error is 2e-07 pu; the rule fails it if > 1e-08", "b: rounds is 4; the rule fails it if > 3",
    )  # fmt: skip


def test_a_number_that_does_not_exist_never_passes() -> None:
    for worse in WORSE:
        assert broken([Rule("voltage-error", worse, 1.0)], table(scheme=["a"], voltage_error_pu=[math.nan])) == (
            f"a: voltage-error does not exist; the rule fails it if {worse} 1",
        )


def test_a_rule_about_a_scheme_that_is_not_there() -> None:
    with pytest.raises(UnknownName):
        broken([Rule.read("merged:rounds>1")], table(scheme=["response"]))


def gaps(*values: float) -> DispatchComparison:
    size, columns = len(values), DispatchComparison.columns().items()
    usual = {name: np.full(size, "" if spec.dtype == "U" else 0).tolist() for name, spec in columns}
    return DispatchComparison.of({**usual, "scheme": [f"s{k}" for k in range(size)], "gap_to_central": list(values)})


@pytest.mark.parametrize(
    ("rule", "fails"),
    [("gap-to-central>1e-3", {0, 3}), ("gap-to-central>=0", {0, 1, 2, 3}), ("gap-to-central<-1e-3", {0}), ("gap-to-central>-1e-3", {1, 2, 3})],
)
def test_a_gap_is_a_distance_unless_the_rule_says_which_side(rule: str, fails: set[int]) -> None:
    told = broken([Rule.read(rule)], gaps(-0.0016, -1e-9, 1e-9, 0.0016))
    assert {int(line[1]) for line in told} == fails


def test_a_gap_below_says_that_both_sides_count() -> None:
    assert broken([Rule.read("gap-to-central>1e-6")], gaps(-0.0016)) == (
        "s0: gap-to-central is -0.0016; the rule fails it if > 1e-06 either way",
    )  # fmt: skip
