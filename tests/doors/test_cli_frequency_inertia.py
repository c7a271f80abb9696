"""The command that makes inertia from a commitment."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import gridtandem as gt
from gridtandem.cli.exits import EXIT_INVALID
from gridtandem.errors import InvalidCase
from gridtandem.frequency.security import Security
from tests.doors.terminal import tandem
from tests.tolerances import PRINTED_NADIR, PRINTED_PRIMARY

WORDS = ("frequency", "inertia", "rts24-market")
HELP_LINES = 25


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_day_is_written_as_other_commands_read_it_and_what_no_reserve_bears_is_named() -> None:
    said = tandem(*WORDS, "--out", "inertia.csv")
    assert said.code == 0
    found = gt.committed_inertia("rts24-market")
    assert said.out.startswith(repr(found))
    worst = int((found.hours.needed_mw - found.hours.there_mw).argmax())
    assert f"hour {found.hours.hour[worst]} without station-8: a loss of 400.00 MW asks for" in said.out
    assert "so it is in 24 of 24 hours" in said.out
    with Path("inertia.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["hour", "inertia_mws", "loss_mw", "lost"]
    assert [row["hour"] for row in rows] == [str(h) for h in range(1, 25)]
    refused = tandem("run", "rts24-ffr", "--scheme", "joint-reserve", "--hours", "1", "--inertia", "inertia.csv")
    assert refused.code == EXIT_INVALID
    assert "hour 1, station-8" in refused.err


def test_with_a_smaller_loss_it_can_be_scheduled() -> None:
    assert tandem(*WORDS, "--loss", "100", "--hours", "2", "--out", "inertia.csv", "-q").err == ""
    document = tandem("run", "noh-reduced", "--scheme", "joint-reserve", "--hours", "2", "--inertia", "inertia.csv", "--json").document
    need = 1_500_000 / float(Path("inertia.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[1])
    assert document["hours"][0]["without_mw"] == pytest.approx(need, abs=PRINTED_PRIMARY)
    assert document["hours"][0]["lowest_hz"] == pytest.approx(59.0, abs=PRINTED_NADIR)


def test_all_plants_on_would_ask_for_what_is_stated() -> None:
    """11,252 MW·s without a unit of 400 MW: 2,133 MW."""
    Path("plants.csv").write_text("name,energy_mws\nstation-8,2355\nstation-9,2355\nstation-12,8896.7647\n", encoding="utf-8")
    document = tandem(*WORDS, "--plants", "plants.csv", "--hours", "1", "--first-hour", "18", "--json").document
    (hour,) = document["hours"]
    assert (hour["hour"], hour["plants"], hour["loss_mw"]) == (18, 3, 400.0)
    assert hour["needed_mw"] == pytest.approx(400**2 * 600 / (4 * hour["inertia_mws"]), abs=PRINTED_PRIMARY)
    assert round(hour["needed_mw"]) == 2133
    assert document["runs"] == [["station-8", "station-9", "station-12"]]


def test_bad_questions_are_refused_in_words() -> None:
    assert tandem("frequency", "inertia", "golden-3bus").code == EXIT_INVALID
    assert "frequency-077" in tandem(*WORDS, "--hours", "0").err
    assert "frequency-078" in tandem(*WORDS, "--loss", "-1").err
    assert "frequency-078" in tandem(*WORDS, "--loss", "0").err
    Path("plants.csv").write_text("name,energy_mws\nstation-8,0\n", encoding="utf-8")
    still = tandem(*WORDS, "--plants", "plants.csv", "--hours", "1", "--out", "none.csv")
    assert (still.code, "hour 1, station-8" in still.err, "frequency-006" in still.err) == (EXIT_INVALID, True, True)
    assert not Path("none.csv").exists()
    Path("plants.csv").write_text("name,energy_mws,least_mw,before_h,down_h\nstation-8,2355,0,-1,24\n", encoding="utf-8")
    off = tandem(*WORDS, "--plants", "plants.csv", "--hours", "1")
    assert (off.code, "frequency-007" in off.err) == (EXIT_INVALID, True)
    with pytest.raises(InvalidCase, match="frequency-080"):
        gt.committed_inertia("rts24-market", hours=1, security=Security(nadir="exact"))  # type: ignore[arg-type]
    Path("plants.csv").write_text("name,energy_mws\nstation-8,much\n", encoding="utf-8")
    said = tandem(*WORDS, "--plants", "plants.csv")
    assert said.code == EXIT_INVALID
    assert "plants.csv" in said.err


def test_help_is_short() -> None:
    assert len(tandem("frequency", "inertia", "--help").out.splitlines()) <= HELP_LINES
