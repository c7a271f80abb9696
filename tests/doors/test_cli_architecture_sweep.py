"""The commands that say where architectures stop working."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gridtandem.cli.exits import EXIT_INVALID, EXIT_USAGE
from gridtandem.report.architecture.sweep import sweep
from gridtandem.report.architecture.sweep_picture import alike
from tests.doors.terminal import tandem
from tests.tolerances import TOY

HELP_LINES = 25
SHORT = ("--first", "11", "--hours", "2")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", ["sweep", "critical"])
def test_help_shows_an_example_first_and_fits_a_terminal(name: str) -> None:
    said = tandem("architecture", name, "--help")
    assert said.code == 0
    assert len(said.out.splitlines()) <= HELP_LINES
    assert f"$ tandem architecture {name}" in said.out


def test_sweep_in_words_as_table_and_picture() -> None:
    said = tandem(
        "architecture", "sweep", "R1", "AU0", "AU4", "--vary", "congestion", "--levels", "0.75,1.25", *SHORT, "--csv", "a.csv", "--plot", "a.svg"
    )
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[1].startswith("congestion: by what ratings of feeders")
    assert lines[lines.index("rank by cost; the same cost shares a rank") + 1].split() == ["0.75", "1.25"]
    assert "  0.75 to 1.25\n    AU4 overtakes AU0 (about " in said.out
    rows = list(csv.DictReader(Path("a.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 6
    assert Path("a.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_sweep_for_machines() -> None:
    told = tandem("architecture", "sweep", "R3", "--vary", "count", "--levels", "1,2", *SHORT, "--json").document
    assert told["schema"] == "tandem/architecture-sweep/1"
    assert [row["level"] for row in told["swept"]] == [1, 2]
    assert told["changes"] == []
    assert told["swept"][1]["messages"] > told["swept"][0]["messages"]


def test_the_same_picture_twice() -> None:
    from gridtandem.report.style import svg

    run = sweep("four-feeders", ("R1", "NY1"), vary="latency", levels=(1.0, 8.0), first_hour=12, hours=1)
    figure = run.plot()
    assert svg(figure) == svg(run.plot())
    assert {text.get_text() for axes in figure.axes for text in axes.texts} == {"R1", "NY1"}
    assert run.end.name == "AGREED"
    assert "The order " in repr(run)


def test_designs_that_are_the_same_share_a_line() -> None:
    run = sweep("four-feeders", ("R1", "NY1", "R3", "UK2", "AU1"), vary="congestion", levels=(1.0, 1.25), first_hour=12, hours=1)
    assert alike(run.swept, ("above_percent",)) == [["R1", "R3", "UK2", "AU1"], ["NY1"]]
    assert {text.get_text() for text in run.plot().axes[0].texts} == {"R1, R3, UK2 +1", "NY1"}


def test_wrong_words_are_told_at_once() -> None:
    said = tandem("architecture", "sweep", "R9", "R1", "--vary", "bypass", "--levels", "2", "--scenario", "nowhere")
    assert said.code == EXIT_INVALID
    assert all(code in said.err for code in ("arch-141", "arch-121", "arch-170"))
    assert tandem("architecture", "sweep", "R1", "--vary", "weather").code == EXIT_INVALID
    assert tandem("architecture", "sweep", "R1").code == EXIT_USAGE
    assert tandem("architecture", "critical", "R9").code == EXIT_INVALID


def test_critical_links_those_that_break_most_first() -> None:
    said = tandem("architecture", "critical", "AU4", *SHORT)
    assert said.code == 0
    links = [line for line in said.out.splitlines() if line.startswith(("lim ", "coord "))]
    assert [line.split()[0] for line in links] == ["lim", "coord"]
    assert "DER boxed > twice" in links[0]
    assert said.out.splitlines()[-1] == "On this day nothing but messages changes without coord AEMO > DSO."
    told = tandem("architecture", "critical", "R3", *SHORT, "--json").document
    assert told["links"][0]["cost"] is None
    assert told["links"][0]["becomes"] == "R3 has nobody to clear"
    toy = tandem("architecture", "critical", "R1", "--case", "toy-two-feeders", "--flow", "active", "--json").document
    assert (toy["with_all_links"]["cost"], toy["links"][0]["cost"]) == pytest.approx((1725.0, 60.0), abs=TOY)  # red after a blind market: 1785
    assert "no link of coordination" in tandem("architecture", "critical", "CA0", *SHORT).out
