"""The commands that judge and mend architectures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gridtandem.cli.exits import EXIT_INVALID, EXIT_NO_SOLUTION, EXIT_USAGE
from tests.doors.terminal import tandem

HELP_LINES = 25
MINE = """ARCH A "one" src=mine family=TotalDSO
N T role=TSO tier=1 org=T
N D role=DSO tier=2 org=D
N x role=DER tier=4 org=C cap=1
disp T D c=.9
disp D x c=.9
ARCH B "two" src=mine family=Hybrid base=A
disp T x c=.5
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_one_with_its_causes_and_picture() -> None:
    found = tandem("architecture", "judge", "UK1", "--plot", "uk1.svg")
    assert found.code == 0
    assert "ESO > DSOF" in found.out
    assert "disp ESO DSOF" in found.out
    assert found.err == "picture   uk1.svg\n"
    assert "what a verdict rests on" in Path("uk1.svg").read_text(encoding="utf-8")


def test_all_beside_published_verdicts() -> None:
    found = tandem("architecture", "judge", "all", "--draws", "10")
    assert found.code == 0
    assert "80 of 83 published verdicts met; explicit ones 55 of 55" in found.out
    named = [line.split(":")[0].strip() for line in found.out.splitlines() if " published (" in line]
    assert named == ["NY4 LD", "JP0 TB", "JP0 HC"]


def test_those_of_a_file() -> None:
    Path("mine.txt").write_text(MINE, encoding="utf-8")
    found = tandem("architecture", "judge", "mine.txt", "--json")
    told = json.loads(found.out)
    assert [a["id"] for a in told["architectures"]] == ["A", "B"]
    assert told["published"] == told["sensitivity"] == []
    bypass = [next(v for v in a["verdicts"] if v["principle"] == "tier_bypass") for a in told["architectures"]]
    assert [v["level"] for v in bypass] == [[0, 0], [3, 3]]
    assert bypass[1]["causes"] == [["T", "x"]]
    assert tandem("architecture", "judge", "mine.txt:B").out.startswith("B  two")
    assert tandem("architecture", "judge", "mine.txt", "--plot", "two.svg").code == 0
    assert "Nine verdicts" in Path("two.svg").read_text(encoding="utf-8")


def test_without_draws_nothing_is_said_of_them() -> None:
    assert "held" not in tandem("architecture", "judge", "UK1", "--draws", "0").out


def test_mending() -> None:
    found = tandem("architecture", "mend", "CA1", "--target", "hidden_coupling=few")
    assert (found.code, found.out.splitlines()[0]) == (0, "CA1: hidden_coupling is some; 2 changes make it few")
    told = json.loads(tandem("architecture", "mend", "NY2", "--target", "TB=none", "--json").out)
    assert (told["size"], told["sets"][0]["changes"]) == (1, ["- disp NYISO DERL"])
    assert tandem("architecture", "mend", "R3", "--target", "TB=few").out == "R3: tier_bypass is none; nothing to mend\n"
    assert tandem("architecture", "mend", "R1", "--target", "TB=none", "--changes", "2").code == EXIT_NO_SOLUTION


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("judge", "UK9"), EXIT_USAGE), (("judge", "UK1", "--plot", "a.svg", "--mark", "beauty"), EXIT_USAGE),
        (("mend", "UK1", "--target", "few"), EXIT_USAGE), (("mend", "UK1", "--target", "beauty=few"), EXIT_USAGE),
        (("mend", "UK1", "--target", "TB=fewer"), EXIT_USAGE), (("judge", "bad.txt"), EXIT_INVALID),
    ],
)  # fmt: skip
def test_what_cannot_be(words: tuple[str, ...], code: int) -> None:
    Path("bad.txt").write_text(MINE.replace("cap=1", "cap=.5"), encoding="utf-8")
    assert tandem("architecture", *words).code == code


@pytest.mark.parametrize("command", ["judge", "mend"])
def test_help_is_short(command: str) -> None:
    assert len(tandem("architecture", command, "--help").out.splitlines()) <= HELP_LINES
