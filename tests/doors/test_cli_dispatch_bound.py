"""`--bound`: what is printed, what machines get, and where it does not belong."""

from __future__ import annotations

from pathlib import Path

import pytest

import gridtandem as gt
from gridtandem.report.run import Run
from tests.doors.terminal import run_file, tandem
from tests.tolerances import BOUND_FALLS


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_run_says_how_much_cheaper_any_dispatch_could_be() -> None:
    said = tandem("run", "14A", "--scheme", "copf", "--bound")
    assert (said.code, said.err) == (0, "")
    assert "no dispatch costs less than 8,08" in said.out
    assert "no model joined" in said.out
    assert "8,094.55 EUR promised, at most 0.14 % more than any dispatch" in said.out
    assert "one owner" not in said.out
    run = gt.opened(run_file(said))
    assert isinstance(run, Run)
    assert repr(run) == said.out.rstrip("\n")
    document = tandem("run", "14A", "--scheme", "copf", "--bound", "--json").document
    assert document["certificate"] == "cones"
    assert document["central"] is None
    assert 0 < document["gap_to_bound"] <= BOUND_FALLS
    assert document["bound_letters"]["numbers"] > 0


def test_compare_prints_its_certificate() -> None:
    said = tandem("compare", "14A", "--schemes", "copf,independent", "--bound", "--fail-if", f"copf:gap-to-bound>{BOUND_FALLS:g}", "--picture")
    assert said.code == 0
    assert "certificate: the cone bound, no model joined" in said.out
    assert "gap to bound" in said.out
    assert "gap to central" not in said.out
    assert "no model joined; no dispatch costs less than 8,08" in said.out
    rows = tandem("compare", "14A", "--schemes", "copf,independent", "--bound", "--json").document["schemes"]
    assert rows[0]["bound"] == rows[1]["bound"] > 0
    known = tandem("compare", "14A", "--schemes", "copf")
    assert "certificate: the dispatch of one owner, all models joined" in known.out
    assert "gap to central" in known.out


def test_a_plan_below_the_bound_is_called_what_it_is() -> None:
    said = tandem("run", "14A", "--scheme", "independent-opf", "--bound")
    assert "less than ANY dispatch can cost" in said.out


def test_it_belongs_to_optimal_power_flow() -> None:
    said = tandem("run", "14A", "--scheme", "load-flow", "--bound")
    assert said.code != 0
    assert "bound: for schemes of optimal power flow" in said.err
