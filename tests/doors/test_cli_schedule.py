"""The command that schedules energy and two reserves."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import gridtandem as gt
from gridtandem.cli.exits import EXIT_INVALID, EXIT_USAGE
from tests.doors.terminal import tandem

WORDS = ("frequency", "schedule", "noh-reduced", "--hours", "2", "--feeders", "none")
HELP_LINES = 25


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_day_is_told_as_in_python() -> None:
    said = tandem(*WORDS)
    assert said.code == 0
    assert said.out.startswith(repr(gt.joint_reserve("noh-reduced", hours=2, feeders="none")))
    assert "lowest [Hz]" in said.out
    assert "beware" in said.out


def test_table_and_picture_are_files_and_the_same_twice() -> None:
    said = tandem(*WORDS, "--csv", "a.csv", "--plot", "a.svg")
    assert said.err == "wrote a.csv\npicture   a.svg\n"
    with Path("a.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["hour"] for row in rows] == ["1", "2"]
    assert tandem(*WORDS, "--plot", "b.svg", "-q").err == ""
    assert Path("b.svg").read_text(encoding="utf-8") == Path("a.svg").read_text(encoding="utf-8")


def test_for_machines() -> None:
    document = tandem(*WORDS, "--json").document
    assert document["schema"] == "tandem/joint-reserve/1"
    assert len(document["hours"]) == len(document["awards"]) == 2
    assert document["trouble"]


def test_options_reach_the_study() -> None:
    longer = tandem(*WORDS, "--primary-time", "11", "--fast-time", "2,0.5", "--nadir", "0.8", "--json").document["hours"]
    usual = tandem(*WORDS, "--json").document["hours"]
    assert all(a["primary_mw"] > b["primary_mw"] for a, b in zip(longer, usual, strict=True))
    slow = ("--hours", "1", "--fast-time", "8", "--json")
    cone, refined = (tandem(*WORDS, *slow, "--nadir-by", how).document["cost"] for how in ("cone", "refined"))
    assert refined < cone


def test_what_cannot_be_is_said_in_words() -> None:
    assert tandem("frequency", "schedule", "noh-reduced", "--hours", "0").code == EXIT_INVALID
    assert tandem("frequency", "schedule", "golden-3bus").code == EXIT_INVALID
    assert tandem("frequency", "schedule", "noh-reduced", "--feeders", "some").code == EXIT_USAGE
    assert tandem("frequency", "schedule", "noh-reduced", "--fast-time", "1,0,0").code == EXIT_USAGE
    Path("hours.csv").write_text("hour,inertia_mws,loss_mw\n1,1e9,9000\n", encoding="utf-8")
    said = tandem("frequency", "schedule", "noh-reduced", "--hours", "1", "--inertia", "hours.csv")
    assert said.code == EXIT_INVALID
    assert "hour 1" in said.err


def test_help_is_short() -> None:
    said = tandem("frequency", "schedule", "--help")
    assert said.code == 0
    assert len(said.out.splitlines()) <= HELP_LINES
