"""``tandem experiment`` for experiments of reserve: words, a picture, and the same for machines and in Python."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

import gridtandem as gt
from gridtandem.report.experiment.reserve import drawn
from gridtandem.report.style import save
from gridtandem.study.experiment import of_rows
from gridtandem.study.reserve.experiment import Findings, ReserveCarried
from gridtandem.study.reserve.experiments import experiment_named
from gridtandem.study.reserve.experiments.limits import LimitTrials
from gridtandem.study.reserve.experiments.nadir import NadirTrials
from tests.doors.console import ROOT
from tests.doors.terminal import tandem
from tests.tolerances import INK


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_words_table_picture_and_document_are_of_one_experiment() -> None:
    said = tandem("experiment", "reserve-inertia", "--plot", "inertia.png", "--csv", "inertia.csv")
    assert said.code == 0
    assert said.out.startswith("noh-reduced, reserve-inertia: ")
    assert "held    hour 4 by itself; a loss of 100 MW" in said.out
    assert len(Path("inertia.csv").read_text(encoding="utf-8").splitlines()) == 13
    shown, now = imread(ROOT / "docs/pictures/reserve-inertia.png"), imread("inertia.png")
    assert shown.shape == now.shape
    assert np.mean(np.abs(shown - now)) <= INK
    run = gt.experiment("reserve-inertia", "noh-reduced")
    assert repr(run) == said.out.rstrip("\n")
    figure = run.plot()
    assert "Held: hour 4" in "".join(t.get_text() for t in figure.texts)
    assert [t.get_text() for t in figure.axes[0].get_legend().get_texts()] == [
        "none, primary",
        "none, both",
        "as offered, primary",
        "as offered, both",
    ]
    told = json.loads(json.dumps(run.document(), allow_nan=False))
    assert told["schema"] == "tandem/reserve-experiment/1"
    assert [row["total_mw"] for row in told["tables"]["trials"]] == run.trials.total_mw.tolist()
    assert told["tables"]["trials"][0]["fast_per_mw"] is None, "nobody sells any"


def test_every_form_of_chart_is_drawn(tmp_path: Path) -> None:
    """Bars and a histogram with a limit across, of tables that are made by hand."""
    limits, nadir = (experiment_named(name) for name in ("reserve-feeder-limits", "reserve-nadir"))
    rows = [("1 ×, 1.05 pu", model, 1.0, 1.05, 4.0, 0.0, 0.0, beyond, 0.5, 0, 24, 1.0) for model, beyond in (("full", 0.0), ("none", np.nan))]
    hours = [(hour, 8000.0, 80.0, 36.0, True, 59.0, 59.0, 59.6, 59.5, 59.1) for hour in (1, 2, 3)]
    for what, table in ((limits, of_rows(LimitTrials, rows)), (nadir, of_rows(NadirTrials, hours))):
        figure = drawn(ReserveCarried(experiment=what, case=gt.case("noh-reduced"), findings=Findings(table=table)))
        assert len(figure.axes) == 2
        assert save(figure, tmp_path / f"{what.name}.svg").stat().st_size > 0
        assert figure.axes[1].patches


def test_a_case_without_offers_of_reserve_is_refused() -> None:
    assert "no feeder that offers reserve" in tandem("experiment", "reserve-inertia", "T14D2").err
