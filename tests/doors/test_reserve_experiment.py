"""``tandem experiment`` for experiments of reserve: words, a picture, and the same for machines and in Python."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import gridtandem as gt
from tests.doors.terminal import tandem


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_words_table_picture_and_document_are_of_one_experiment() -> None:
    said = tandem("experiment", "reserve-price-ratio", "--plot", "ratio.svg", "--csv", "ratio.csv")
    assert said.code == 0
    assert said.out.startswith("noh-reduced, reserve-price-ratio: ")
    assert "held    hour 4 by itself; a loss of 100 MW" in said.out
    assert len(Path("ratio.csv").read_text(encoding="utf-8").splitlines()) == 11
    assert "Held: hour 4" in Path("ratio.svg").read_text(encoding="utf-8").replace("<!-- ", "")
    told = json.loads(tandem("experiment", "reserve-price-ratio", "noh-reduced", "--json").out)
    assert told["schema"] == "tandem/reserve-experiment/1"
    run = gt.experiment("reserve-price-ratio")
    assert [row["ratio"] for row in told["tables"]["trials"]] == run.trials.ratio.tolist()
    assert repr(run) == said.out.rstrip("\n")


def test_a_case_without_offers_of_reserve_is_refused() -> None:
    assert "no feeder that offers reserve" in tandem("experiment", "reserve-inertia", "T14D2").err
