"""A day of energy and reserve through the command line: run, show, compare, export."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import gridtandem as gt
from gridtandem.cli.exits import EXIT_CONTRADICTED, EXIT_INVALID, EXIT_RULE, EXIT_USAGE
from gridtandem.cli.wishes import Wishes
from gridtandem.study.registry import scheme_names
from tests.doors.terminal import tandem

WORDS = ("noh-reduced", "--hours", "2", "--feeders", "none")
ONE = ("--scheme", "joint-reserve")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_day_is_told_as_in_python_and_again_from_its_file() -> None:
    said = tandem("run", *WORDS, *ONE, "--picture")
    assert said.code == EXIT_CONTRADICTED  # feeders that nobody looks at
    day = gt.run("noh-reduced", scheme="joint-reserve", hours=2, feeders="none")
    kept = f"  run file  {gt.opened(next(Path('tandem-runs').glob('*.tandem'))).path}\n"
    assert said.out.replace(kept, "") == f"{day!r}\n"
    assert "feeders none" in said.out
    assert "less felt than sold" in said.out
    assert tandem("show", "noh-reduced-joint-reserve").out.startswith(said.out)
    (picture,) = Path("tandem-runs").glob("*.svg")
    first = picture.read_text(encoding="utf-8")
    tandem("run", *WORDS, *ONE, "--picture", "-q")
    assert picture.read_text(encoding="utf-8") == first


def test_tables_are_files() -> None:
    tandem("run", *WORDS, *ONE)
    assert tandem("export", "noh-reduced-joint-reserve", "--out", "x").code == 0
    with Path("x/awards.csv").open(encoding="utf-8") as file:
        assert [row["hour"] for row in csv.DictReader(file)] == ["1", "2"]
    with Path("x/books.csv").open(encoding="utf-8") as file:
        assert {row["item"] for row in csv.DictReader(file)} == {"energy", "congestion", "primary reserve", "fast reserve", "reserve"}


def test_for_machines() -> None:
    document = tandem("run", *WORDS, *ONE, "--json").document
    assert document["schema"] == "tandem/reserve-summary/1"
    assert len(document["hours"]) == len(document["awards"]) == len(document["checks"]) == 2
    assert document["trouble"]
    assert document["cost"] == document["cooperative"]
    beside = tandem("compare", *WORDS, "--schemes", "joint-reserve", "--json").document
    assert beside["schema"] == "tandem/reserve-compare/1"
    assert beside["schemes"][0]["cost"] == document["cost"]


def test_a_refined_nadir_is_cheaper_where_fast_reserve_is_slow() -> None:
    slow = (*ONE, "--hours", "1", "--fast-time", "8", "--json")
    cone, refined = (tandem("run", *WORDS, *slow, "--nadir-by", how).document for how in ("cone", "refined"))
    assert refined["cost"] < cone["cost"]
    assert refined["nadir_by"] == "refined"


def test_schemes_are_found_by_their_options_and_held_against_rules() -> None:
    assert "joint-reserve" in Wishes(nadir=0.8).all_of()
    said = tandem("compare", *WORDS, "--schemes", "joint-reserve", "--fail-if", "undelivered<0.01")
    assert said.code == 0
    assert "joint-reserve" in said.out
    assert tandem("compare", *WORDS, "--schemes", "joint-reserve", "--fail-if", "limits-broken>0").code == EXIT_RULE


def test_options_reach_the_study() -> None:
    longer = tandem("run", *WORDS, *ONE, "--primary-time", "11", "--fast-time", "2,0.5", "--nadir", "0.8", "--json").document
    usual = tandem("run", *WORDS, *ONE, "--first-hour", "2", "--json").document
    assert (longer["nadir_hz"], longer["steady_hz"], longer["primary_ramp_s"], longer["fast_delay_s"]) == (0.8, 0.5, 11.0, 0.5)
    assert all(a["primary_mw"] > b["primary_mw"] for a, b in zip(longer["hours"], usual["hours"], strict=True))
    assert [row["hour"] for row in usual["hours"]] == [2, 3]
    Path("hours.csv").write_text("hour,inertia_mws,loss_mw\n1,8350,100\n2,7850,100\n", encoding="utf-8")
    of_file = tandem("run", *WORDS, *ONE, "--inertia", "hours.csv", "--json").document
    assert [row["without_mw"] for row in of_file["hours"]] == pytest.approx([1_500_000 / 8350, 1_500_000 / 7850])


def test_reserve_that_is_not_felt_and_limits_that_break_contradict_a_plan_and_what_keeps_them_does_not() -> None:
    """Who believes that he moves nothing ends alone, and promised nothing."""
    one = ("run", "noh-reduced", "--first-hour", "4", "--hours", "1", "--scheme")
    for how in ("none", "base-only"):
        said = tandem(*one, "joint-reserve", "--feeders", how)
        assert (said.code, "CONTRADICTS" in said.out) == (EXIT_CONTRADICTED, True)
    assert tandem(*one, "joint-reserve").code == 0
    assert tandem(*one, "joint-reserve-price-taker").code == 0


def test_what_cannot_be_is_said_in_words() -> None:
    assert tandem("run", "noh-reduced", *ONE, "--hours", "0").code == EXIT_USAGE
    assert tandem("run", "noh-reduced", *ONE, "--hours", "25").code == EXIT_INVALID
    assert tandem("run", "golden-3bus", *ONE).code == EXIT_INVALID
    assert tandem("run", "noh-reduced", *ONE, "--feeders", "some").code == EXIT_USAGE
    assert tandem("run", "noh-reduced", *ONE, "--fast-time", "1,0,0").code == EXIT_USAGE
    other = tandem("run", "14A", "--nadir", "0.8")
    assert other.code == EXIT_USAGE
    assert other.err.startswith("tandem: nadir: for schemes of energy and reserve; take one of joint-reserve")
    Path("hours.csv").write_text("hour,inertia_mws,loss_mw\n1,1e9,9000\n", encoding="utf-8")
    said = tandem("run", "noh-reduced", *ONE, "--hours", "1", "--inertia", "hours.csv")
    assert said.code == EXIT_INVALID
    assert "hour 1" in said.err


def test_a_page_of_help_has_every_option() -> None:
    page = tandem("help", "reserve").out
    for word in ("--inertia", "--feeders", "--primary-time", "--fast-time", "--nadir", "--first-hour"):
        assert word in page
    assert all(f"{name} (" in page for name in scheme_names() if name.startswith("joint-reserve"))
