"""The scheme that asks an owner to solve transmission and feeders side by side: what it serves, in which way, and what it says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gridtandem.cases.case import Case
from gridtandem.cases.named import case
from gridtandem.flow.options import Options
from gridtandem.parties.holder import Holder
from gridtandem.report.flow.words import run_in_words
from gridtandem.report.run import Run
from gridtandem.schemes import Fused, Merged
from gridtandem.study.run import Result, run
from gridtandem.study.side_by_side import crossed
from gridtandem.study.study import Study, seated
from gridtandem.units import MVA
from tests.schemes.test_feeders_as_they_are import KINDS
from tests.tolerances import MERGED

MIXED = ("everything", "looped", "holds a voltage", "fixed tap")


def mixed(kinds: tuple[str, ...] = MIXED) -> Case:
    """A feeder of another kind behind each interface of 30B."""
    what = case("30B")
    models = tuple(replace(KINDS[kind](what.models[0]), name=kind) for kind in kinds)
    return replace(what, models=models, interfaces=replace(what.interfaces, model=np.arange(4), count=np.array([1, 1, 2, 1])))


def agrees(found: Result) -> None:
    v = found.require().verdict
    assert v is not None
    assert v.checks.voltage_error_pu.max() <= MERGED
    assert np.abs(v.interfaces.p_mw - v.interfaces.p_checked_mw).max() <= MERGED * MVA
    assert np.abs(v.interfaces.q_mvar - v.interfaces.q_checked_mvar).max() <= MERGED * MVA


def answer(found: Result) -> Any:
    return found.outcome.state.answer  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "rules", [{}, {"q_rule": "switch"}, {"loading": np.full((1, 1), 1.3)}], ids=lambda rules: " ".join(rules) or "usual"
)  # units of feeders follow no loading
def test_trees_are_swept_and_the_rest_is_merged(rules: dict[str, Any]) -> None:
    study = Study(case=mixed(), scheme=Fused(), **rules)
    holder = seated(study).holder
    assert holder is not None
    assert (holder.swept.tolist(), holder.merged.tolist()) == ([0, 3], [1, 2])
    agrees(run(study))


def test_a_unit_that_holds_the_voltage_of_the_root_does_so_here_too() -> None:
    what = case("T14D2")
    unit = KINDS["holds a voltage"](what.models[0])
    root = replace(unit.generators, bus=np.where(unit.generators.name == "DG", 0, unit.generators.bus), q_high_mvar=np.full(2, 50.0))
    holder = seated(Study(case=replace(what, models=(replace(unit, generators=root),)), scheme=Fused())).holder
    assert holder is not None
    assert not len(holder.swept)


def test_a_feeder_with_two_ports_is_no_tree() -> None:
    what = case("T14D2")
    ring = replace(
        what.interfaces, feeder=np.array(["ring", "ring"]), company=np.array(["dso", "dso"]), root=np.array([0, 17]), count=np.ones(2, np.int64)
    )
    holder = Holder.of(replace(what, interfaces=ring), np.ones((1, 1)), Options(), "auto")
    assert holder.merged.tolist() == [0, 1]
    v, s, _, _ = holder.solve((0, 0))
    assert np.isfinite(v).all()
    assert s.real.sum() > 0


def test_feeders_are_left_to_newton_where_the_study_says_so() -> None:
    found = run(Study(case=case("30B"), scheme=Fused(), feeder_solver="newton"))
    agrees(found)
    assert answer(found).sweeps.tolist() == [[0]]


def test_close_to_the_nose_it_goes_on_in_rounds() -> None:
    """At 0.999 of the largest loading, where estimated slopes no longer lead anywhere."""
    found = run(Study(case=case("T30D2"), scheme=Fused(), loading=np.full((1, 1), 1 + 0.999 * 1.4478)))
    agrees(found)
    assert found.verdict is not None
    assert found.verdict.checks.v_low_pu[0] < 0.45
    assert answer(found).steps[0, 0] <= 30  # 17; with estimated slopes all the way 62


def test_every_scenario_and_period_for_itself() -> None:
    loading = np.array([[0.5, 1.0], [1.5, 40.0]])
    found = run(Study(case=case("T14D2"), scheme=Fused(), loading=loading))
    told = answer(found)
    assert np.isfinite(told.v[:, :, 0]).tolist() == [[True, True], [True, False]]
    assert found.verdict is not None
    assert found.verdict.checks.voltage_error_pu.max() <= MERGED
    assert (told.steps > 0).all()
    alone = answer(run(Study(case=case("T14D2"), scheme=Fused(), loading=loading[1:, :1])))
    assert np.array_equal(alone.v[0, 0], told.v[1, 0])


def test_it_says_what_it_took_and_what_had_to_be_handed_over() -> None:
    found, merged = (run(Study(case=case("T118Dn4"), scheme=s)) for s in (Fused(), Merged()))
    told = answer(found)
    words = f"solved side by side in {told.steps[0, 0]} steps of transmission and {told.sweeps[0, 0]} sweeps of feeders"
    assert 0 < told.steps[0, 0] <= told.sweeps[0, 0]
    assert words in run_in_words(Run.of(found))
    assert crossed(found) == crossed(merged) > 1000


def test_where_there_is_none_both_owners_say_why() -> None:
    found = run(Study(case=case("T14D2"), scheme=Fused(), loading=np.full((1, 1), 4.0)))
    assert found.verdict is None
    assert found.trouble[0].startswith("side by side: ")
    assert "no load flow" in found.trouble[0]
    assert "at most λ = 0.748" in found.trouble[1]
