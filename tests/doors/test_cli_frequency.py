"""The command that says what a loss asks of reserve."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.cli.exits import EXIT_INVALID, EXIT_NO_SOLUTION, EXIT_USAGE
from tests.doors.terminal import tandem
from tests.tolerances import PRINTED_PERCENT, PRINTED_RESERVE

WORDS = ("frequency", "requirement", "--inertia", "7850:8350", "--loss", "100")
HELP_LINES = 25


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_both_ends_are_told() -> None:
    said = tandem(*WORDS)
    assert said.code == 0
    assert said.out.rstrip("\n") == repr(gt.frequency_requirement(np.linspace(7850.0, 8350.0, 11), 100.0))
    assert "primary   191.08 MW at 7,850 MW·s, 179.64 MW at 8,350 MW·s" in said.out
    assert "inertia [MW·s]" in said.out
    assert "rocof [Hz/s]" in said.out


def test_table_and_picture_are_files_and_the_same_twice() -> None:
    said = tandem(*WORDS, "--fast", "0,4", "--csv", "a.csv", "--plot", "a.svg")
    assert said.err == "wrote a.csv\npicture   a.svg\n"
    with Path("a.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 22
    assert float(rows[-1]["saved_percent"]) == pytest.approx(4.95, abs=PRINTED_PERCENT)
    assert tandem(*WORDS, "--fast", "0,4", "--plot", "b.svg", "-q").err == ""
    assert Path("b.svg").read_text(encoding="utf-8") == Path("a.svg").read_text(encoding="utf-8")


def test_for_machines() -> None:
    document = tandem(*WORDS, "--json").document
    assert document["schema"] == "tandem/frequency-requirement/1"
    assert (document["f0_hz"], document["primary_s"], document["fast_delay_s"]) == (60.0, 10.0, 0.0)
    first, *_, last = document["requirements"]
    assert [first["primary_mw"], last["primary_mw"]] == pytest.approx([191.0828, 179.6407], abs=PRINTED_RESERVE)
    assert {row["binds"] for row in document["requirements"]} == {"nadir"}


def test_options_reach_the_study() -> None:
    words = (
        "--primary-time",
        "8,0.5",
        "--fast-time",
        "0.4,0.1",
        "--f0",
        "50",
        "--nadir",
        "0.8",
        "--rocof",
        "2",
        "--damping",
        "10",
        "--fast",
        "0:20:5",
    )
    said = tandem("frequency", "requirement", "--inertia", "6000", "--loss", "120", "--fast", "0:20:5", *words)
    same = gt.frequency_requirement(
        6000.0, 120.0, fast_mw=[0.0, 5.0, 10.0, 15.0, 20.0], f0_hz=50.0, nadir_hz=0.8, rocof_hz_per_s=2.0, damping_mw_per_hz=10.0, primary_s=8.0,
        primary_delay_s=0.5, fast_s=0.4, fast_delay_s=0.1,
    )  # fmt: skip
    assert said.out.rstrip("\n") == repr(same)
    assert len(same.table) == 5
    assert "loads 10 MW/Hz" in said.out


def test_what_no_reserve_mends_is_said_and_not_a_number() -> None:
    said = tandem("frequency", "requirement", "--inertia", "2000,3500,40000", "--loss", "100", "--fast", "0,60", "--fast-time", "9")
    assert said.code == EXIT_NO_SOLUTION
    found = gt.frequency_requirement([2000.0, 3500.0, 40_000.0], 100.0, fast_mw=[0.0, 60.0], fast_s=9.0)
    assert found.table.binds.tolist() == [2, 2, 0, 3, 1, 1]
    assert np.isnan(found.table.primary_mw[[0, 1, 3]]).all()
    assert found.table.primary_mw[[4, 5]] == pytest.approx([100.0, 40.0], abs=PRINTED_RESERVE)
    assert "none would do at 2,000 MW·s" in said.out
    assert "rate      frequency falls faster" in said.out
    assert "inertia   is used up" in said.out


def test_fast_reserve_beyond_the_loss_is_said_not_to_count() -> None:
    said = tandem("frequency", "requirement", "--inertia", "8000", "--loss", "100", "--fast", "0,100,150")
    assert said.code == 0
    found = gt.frequency_requirement(8000.0, 100.0, fast_mw=[0.0, 100.0, 150.0]).table
    assert found.binds.tolist() == [0, 0, 4]
    assert found.fast_mw.tolist() == [0.0, 100.0, 100.0]
    assert found.primary_mw[2] == found.replaced[2] == 0.0
    assert "loss      there is more fast reserve than is lost" in said.out
    assert "more fast reserve than is lost" not in tandem(*WORDS, "--fast", "0,100").out


def test_hours_from_a_file() -> None:
    Path("day.csv").write_text("hour,inertia_mws,loss_mw,lost\n1,7850,100,G1\n1,9000,60,G2\n2,8350,100,G1\n", encoding="utf-8")
    said = tandem("frequency", "requirement", "--hours", "day.csv", "--plot", "day.svg")
    assert said.code == 0
    assert said.out.splitlines()[1].split()[:2] == ["hour", "lost"]
    assert "191.083" in said.out.splitlines()[2]
    assert Path("day.svg").stat().st_size > 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hour,inertia_mws,loss_mw\n1,0,100\n0,8000,-5\n", ("hour 1", "frequency-006", "frequency-007", "case-015")),
        ("hour,inertia_mws,loss_mw\n1,8000,0\n", ("hour 1", "frequency-007", "above 0")),
        ("hour,inertia_mws\n1,8000\n", ("case-002", "loss_mw")),
        ("hour,inertia_mws,loss_mw\n1,8000\n", ("case-208",)),
        ("hour,inertia_mws,loss_mw\n1,many,100\n", ("case-003",)),
    ],
    ids=["numbers", "no loss", "column", "cells", "words"],
)
def test_a_file_that_says_something_wrong(text: str, told: tuple[str, ...]) -> None:
    Path("day.csv").write_text(text, encoding="utf-8")
    said = tandem("frequency", "requirement", "--hours", "day.csv")
    assert said.code == EXIT_INVALID
    assert all(word in said.err for word in (*told, "day.csv")), said.err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), EXIT_USAGE, "Give --inertia and --loss, or --hours."),
        (("--inertia", "8000"), EXIT_USAGE, "Give --inertia and --loss"),
        (("--inertia", "8000", "--loss", "-1"), EXIT_USAGE, "above 0 MW"),
        (("--inertia", "0", "--loss", "10"), EXIT_USAGE, "MW·s above 0"),
        (("--inertia", "8000:a", "--loss", "10"), EXIT_USAGE, "no range"),
        (("--inertia", "9000:8000:100", "--loss", "10"), EXIT_USAGE, "the first below the last"),
        (("--inertia", "8000", "--loss", "10", "--fast", "-1"), EXIT_USAGE, "0 or more"),
        (("--inertia", "8000", "--loss", "10", "--fast-time", "1,2,3"), EXIT_USAGE, "delivery and, if any, of delay"),
        (("--inertia", "8000", "--loss", "10", "--fast-time", "11"), EXIT_INVALID, "frequency-005"),
        (("--inertia", "8000", "--loss", "10", "--nadir", "0", "--damping", "-1"), EXIT_INVALID, "frequency-002"),
        (("--inertia", "8000", "--loss", "10", "--nadir", "70", "--f0", "60"), EXIT_INVALID, "frequency-086"),
        (("--hours", "none.csv"), EXIT_INVALID, "none.csv"),
    ],
)
def test_what_cannot_be_asked(words: tuple[str, ...], code: int, told: str) -> None:
    said = tandem("frequency", "requirement", *words)
    assert (said.code, told in said.err) == (code, True), said.err


def test_help_is_short() -> None:
    lines = tandem("frequency", "requirement", "--help").out.splitlines()
    assert len(lines) <= HELP_LINES
    assert max(map(len, lines)) <= 80
