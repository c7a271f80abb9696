"""The command that replays a plan in time."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from gridtandem.cli.exits import EXIT_CONTRADICTED, EXIT_INVALID, EXIT_NOT_AGREED, EXIT_USAGE
from gridtandem.report.reserve import replay
from gridtandem.study.reserve.day import JointReserve, joint_reserve
from tests.doors.terminal import tandem

WORDS = ("frequency", "replay", "noh-reduced")
HELP_LINES = 25


@cache
def plan(_: str) -> JointReserve:
    return joint_reserve("noh-reduced", hours=2, first_hour=4)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hours are enough here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(replay, "joint_reserve", plan)


def test_all_hours_are_told_as_in_python() -> None:
    said = tandem(*WORDS, "--seconds", "8", "--plot", "margins.svg", "--csv", "losses.csv")
    assert said.code == 0
    assert said.out.startswith(repr(replay.frequency_replay("noh-reduced", seconds=8.0)))
    assert "closed [Hz]" in said.out
    assert said.err == "wrote losses.csv\npicture   margins.svg\n"
    with Path("losses.csv").open(encoding="utf-8") as file:
        assert [row["hour"] for row in csv.DictReader(file)] == ["4", "5"]


def test_an_hour_in_time() -> None:
    said = tandem(*WORDS, "--hour", "4", "--seconds", "8", "--plot", "a.svg", "--csv", "hour.csv")
    assert said.code == 0
    with Path("hour.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["frequency_hz"]) == 60.0
    assert {row["hour"] for row in rows} == {"4"}
    drawn = Path("a.svg").read_text(encoding="utf-8")
    assert ("limit lowest" in drawn, "limit at rest" in drawn) == (True, False)
    assert tandem(*WORDS, "--hour", "4", "--seconds", "8", "--plot", "b.svg", "-q").err == ""
    assert Path("b.svg").read_text(encoding="utf-8") == Path("a.svg").read_text(encoding="utf-8")


def test_for_machines() -> None:
    document = tandem(*WORDS, "--hour", "5", "--seconds", "2", "--json", "--open-loop").document
    assert document["schema"] == "tandem/frequency-replay/1"
    assert document["governors"] is None
    assert document["held"] is True
    assert document["losses"][0]["closed_hz"] is None
    assert document["trajectory"][0]["open_hz"] == 60.0


def test_governors_that_sleep_break_the_limit() -> None:
    said = tandem(*WORDS, "--governors", "reheat", "--deadband", "0.3", "--seconds", "10")
    assert said.code == EXIT_CONTRADICTED
    assert "beware" in said.out


def test_a_replay_that_ends_too_soon_is_no_proof_of_anything() -> None:
    said = tandem(*WORDS, "--seconds", "1", "--plot", "none.svg")
    assert said.code == EXIT_NOT_AGREED
    assert "2 still falling at the end, not shown" in Path("none.svg").read_text(encoding="utf-8")
    assert "beware    still falling when the replay ends after 1 s" in said.out


def test_of_several_runs_the_newest_is_taken_and_said() -> None:
    for hour in ("4", "5"):
        tandem("run", "noh-reduced", "--scheme", "joint-reserve", "--hours", "1", "--first-hour", hour)
    newest = max(Path("tandem-runs").glob("*.tandem"), key=lambda p: p.stat().st_mtime_ns)
    said = tandem("frequency", "replay", "noh-reduced-joint-reserve", "--seconds", "8")
    assert said.code == 0
    assert said.err.startswith(f"'noh-reduced-joint-reserve' was saved under 2 different studies; this is the newest, {newest.stem}, saved 20")
    assert said.out == tandem("frequency", "replay", newest.stem, "--seconds", "8").out
    assert "in hour 5" in said.out
    scripted = tandem("frequency", "replay", "noh-reduced-joint-reserve", "--seconds", "8", "--json")
    assert (scripted.code, "write more of it" in scripted.err) == (EXIT_USAGE, True)


def test_what_cannot_be_is_said_in_words() -> None:
    assert tandem(*WORDS, "--hour", "9").code == EXIT_USAGE
    for word in (("--governors", "tgov1"), ("--trigger", "0"), ("--droop", "0.05"), ("--deadband", "0")):
        said = tandem(*WORDS, "--open-loop", *word)
        assert (said.code, f"--open-loop or {word[0]}, not both" in said.err) == (EXIT_USAGE, True)
    assert tandem(*WORDS, "--governors", "hydro").code == EXIT_USAGE
    assert tandem(*WORDS, "--seconds", "0").code == EXIT_INVALID
    assert tandem(*WORDS, "--seconds", "1e6").code == EXIT_INVALID


def test_help_is_short() -> None:
    said = tandem("frequency", "replay", "--help")
    assert said.code == 0
    assert len(said.out.splitlines()) <= HELP_LINES
