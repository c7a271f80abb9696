"""The command that shows what a feeder can exchange."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import gridtandem as gt
from gridtandem.cli.exits import EXIT_INVALID, EXIT_NO_SOLUTION, EXIT_USAGE
from tests.doors.terminal import tandem
from tests.tolerances import REACH_PRINTED

GOLDEN = ("golden-3bus", "--interface", "A", "--directions", "12")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_it_tells_the_ends_and_what_stops_the_feeder_there() -> None:
    said = tandem("reach", *GOLDEN, "--physics", "ac, lindist,branch-flow", "--plot", "a.svg", "--csv", "a.csv")
    assert said.code == 0
    assert said.out.rstrip("\n") == repr(gt.reach("golden-3bus", "A", directions=12, physics=("ac", "lindist", "branch-flow")))
    assert "least P    -5.731 MW, 1.495 Mvar: highest voltage at n3" in said.out
    assert "lindist: without losses; neither an inner nor an outer region" in said.out
    assert "branch-flow: a relaxation; nothing outside is possible" in said.out
    assert said.err == "wrote a.csv\npicture   a.svg\n"
    with Path("a.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["physics"] for row in rows} == {"ac", "lindist", "branch-flow"}
    assert min(float(row["p_mw"]) for row in rows if row["physics"] == "ac") == pytest.approx(-5.731, abs=REACH_PRINTED)
    drawn = Path("a.svg").read_text(encoding="utf-8")
    assert tandem("reach", *GOLDEN, "--physics", "ac,lindist,branch-flow", "--plot", "b.svg", "-q").err == ""
    assert Path("b.svg").read_text(encoding="utf-8") == drawn


def test_for_machines() -> None:
    document = tandem("reach", *GOLDEN, "--json").document
    assert document["schema"] == "tandem/reach/1"
    (region,) = document["regions"]
    assert region["area"] + region["area_dents"] <= region["area_outer"]
    assert {row["found"] for row in document["points"]} == {"support", "cut"}
    assert (document["award"], document["trouble"], document["branch_flow_is_outer"]) == (None, [], True)


def test_with_a_run_its_voltage_and_its_award() -> None:
    assert tandem("run", "14B", "--scheme", "copf").code == 0
    said = tandem("reach", "--interface", "I7", "--run", "14B-copf", "--directions", "8")
    assert (said.code, said.err) == (0, "")
    assert "under copf (14B-copf-" in said.out
    document = tandem("reach", "14B", "--interface", "I7", "--run", "14B-copf", "--directions", "8", "--json", "--plot", "a.png").document
    award, (region,) = document["award"], document["regions"]
    assert region["voltage_pu"] == award["v_pu"]
    assert len(award["inside_mva"]) == 1
    assert Path("a.png").is_file()


def test_a_voltage_that_no_state_has_ends_with_its_own_code() -> None:
    said = tandem("reach", "14A", "--interface", "I10", "--voltage", "0.6,1.0", "--directions", "8", "--plot", "a.svg")
    assert said.code == EXIT_NO_SOLUTION
    assert "trouble   at 0.6 pu, ac: To have a solution nearby it would need: bus 1 0.3" in said.out
    assert Path("a.svg").is_file()
    none = tandem("reach", "14A", "--interface", "I10", "--voltage", "0.6", "--directions", "8", "--plot", "b.svg")
    assert (none.code, Path("b.svg").is_file()) == (EXIT_NO_SOLUTION, True)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["14A"], EXIT_USAGE, "Missing option '--interface'."),
        (["--interface", "I10"], EXIT_USAGE, "tandem: give a case, or a run"),
        (["14A", "--interface", "I10", "--run", "nothing"], EXIT_USAGE, "tandem: no run named 'nothing'; known: none"),
        (["14A", "--interface", "i10"], EXIT_INVALID, "did you mean 'I10'?"),
        (["14A", "--interface", "I10", "--directions", "4"], EXIT_INVALID, "directions is 4; give a whole number from 8 to 1000 (study-030)"),
        (["14A", "--interface", "I10", "--physics", "dc"], EXIT_INVALID, "physics is 'dc'; take of ac, lindist, branch-flow (study-001)"),
        (["14A", "--interface", "I10", "--voltage", "2"], EXIT_INVALID, "voltage is 2 pu; give numbers between 0.5 and 1.5 pu (study-029)"),
    ],
)
def test_messages(words: list[str], code: int, message: str) -> None:
    said = tandem("reach", *words)
    assert (said.code, said.out) == (code, "")
    assert message in said.err
