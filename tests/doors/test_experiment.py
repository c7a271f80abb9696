"""``tandem experiment``: its table, its picture with what is held, the same for machines, and its how-to page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

import gridtandem as gt
from gridtandem.report.experiment.run import known_experiments
from gridtandem.report.style import save
from tests.doors.console import ROOT, commands, missing
from tests.doors.terminal import tandem
from tests.tolerances import INK

PAGE = ROOT / "docs/how-to/experiment-with-margins.md"
PICTURE = ROOT / "docs/pictures/line-ratio.png"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_page_does_what_it_says() -> None:
    (command,) = commands(PAGE.read_text(encoding="utf-8"))
    said = tandem(*command.words.split()[1:], "--csv", "t.csv")
    assert said.code == 0
    assert missing(command.shown, said.out) == []
    assert said.err.splitlines() == ["wrote t.csv", "picture   line-ratio.png"]
    assert len(Path("t.csv").read_text(encoding="utf-8").splitlines()) == 16
    shown, now = imread(PICTURE), imread("line-ratio.png")
    assert shown.shape == now.shape
    assert np.mean(np.abs(shown - now)) <= INK


def test_machines_and_python_read_the_same_numbers() -> None:
    told = json.loads(tandem("experiment", "unit-place", "--json").out)
    assert told["schema"] == "tandem/experiment/1"
    assert told["held"]
    run = gt.experiment("unit-place")
    assert [row["growth"] for row in told["tables"]["trials"]] == run.trials.growth.tolist()
    assert len(told["tables"]["curves"]) == len(run.curves)
    assert repr(run).startswith("T14D2, unit-place")
    figure = run.plot()
    assert "Held: 1 MW" in "".join(t.get_text() for t in figure.texts)
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["none", "2", "6", "18", "33"]
    assert figure.axes[1].get_title(loc="left") == "Voltage at bus 10, coordinated"
    save(figure, "u.svg")


def test_flows_change_by_shift_factors_and_by_ac() -> None:
    said = tandem("experiment", "flow-changes", "--plot", "flow-changes.png", "--csv", "f.csv")
    assert said.code == 0
    shown, now = imread(ROOT / "docs/pictures/flow-changes.png"), imread("flow-changes.png")
    assert shown.shape == now.shape
    assert np.mean(np.abs(shown - now)) <= INK
    assert "held    schedules and loads of transmission as they are" in said.out
    assert Path("f.csv").read_text(encoding="utf-8").splitlines()[1].startswith("sun on one feeder,")
    told = json.loads(tandem("experiment", "flow-changes", "--json").out)
    assert told["schema"] == "tandem/flow-changes/1"
    run = gt.experiment("flow-changes")
    assert [row["apart_mw"] for row in told["tables"]["changes"]] == run.trials.apart_mw.tolist()
    assert repr(run) == said.out.rstrip("\n")


def test_help_lists_every_experiment() -> None:
    said = tandem("help", "experiments").out
    assert all(f"\n{name} " in said for name in known_experiments())
    assert "did you mean 'transformer'" in tandem("experiment", "transformers").err
    assert tandem("experiment", "transformer", "case14").code == 2
