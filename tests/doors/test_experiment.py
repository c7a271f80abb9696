"""``tandem experiment``: its table, its picture with what is held, and the same for machines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import gridtandem as gt
from gridtandem.study.margin.experiments import FILES
from tests.doors.terminal import tandem


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_it_says_what_is_varied_and_held_and_draws_it() -> None:
    said = tandem("experiment", "transformer", "--plot", "t.svg", "--csv", "t.csv")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == "T14D2, transformer: Interconnecting transformers"
    assert [line.split()[0] for line in lines[1:3]] == ["varied", "held"]
    assert sum(line.startswith("exponents (0, 0)") for line in lines) == 12
    assert said.err.splitlines() == ["wrote t.csv", "picture   t.svg"]
    picture = Path("t.svg").read_text(encoding="utf-8")
    assert "Held: ratio 1" in picture
    assert "Voltage at bus 10, coordinated: exponents (0, 0)" in picture
    assert len(Path("t.csv").read_text(encoding="utf-8").splitlines()) == 25


def test_machines_and_python_read_the_same_numbers() -> None:
    told = json.loads(tandem("experiment", "unit-place", "--json").out)
    assert told["schema"] == "tandem/experiment/1"
    assert told["held"]
    run = gt.experiment("unit-place")
    assert [row["growth"] for row in told["tables"]["trials"]] == run.trials.growth.tolist()
    assert len(told["tables"]["curves"]) == len(run.curves)
    assert repr(run).startswith("T14D2, unit-place")
    assert "Held: 1 MW" in "".join(t.get_text() for t in run.plot().texts)


def test_help_lists_every_experiment() -> None:
    said = tandem("help", "experiments").out
    assert all(f"\n{name} " in said for name in FILES)
    assert "did you mean 'transformer'" in tandem("experiment", "transformers").err
    assert tandem("experiment", "transformer", "case14").code == 2
