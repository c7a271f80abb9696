"""``tandem batch`` and ``tandem resume``: what they say, what they leave behind, and the exit codes that scripts rely on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gridtandem.report.batch.run import BatchRun
from gridtandem.study.batch.run import Progress
from tests.doors.terminal import run_file, tandem


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_batch_from_files_to_tables_and_picture() -> None:
    Path("year.csv").write_text("time,loading\na,0.8\nb,1.0\n")
    Path("feeders.csv").write_text("I10,I12\n0.8,0.9\n1,1.1\n")
    Path("out.csv").write_text("outage,branch\none,1-2\ntwo,1-5\ntwo,2-3\n")
    said = tandem(
        "batch", "T14D2", "--loading", "year.csv", "--feeder-loading", "feeders.csv", "--outages", "out.csv", "--hours", "0.25", "--keep", "voltages",
        "--picture",
    )  # fmt: skip
    assert said.code == 0
    assert said.out.splitlines()[0] == "T14D2 under response: 2 scenarios, each also under 2 outages: 6 cases solved"
    assert "0.5 h without outage" in said.out
    path = run_file(said)
    assert path.with_suffix(".svg").is_file()
    run = BatchRun.opened(path)
    assert run.cases.outage.tolist() == ["", "one", "two"] * 2
    assert run.voltages().shape == (6, 80)
    name = "T14D2-response-batch"
    assert tandem("show", name).out.splitlines()[0] == said.out.splitlines()[0]
    assert len(tandem("show", name, "--table", "exchange").out.splitlines()) == 13
    assert json.loads(tandem("show", name, "--table", "buses", "--json").out)["table"] == "worst_buses"
    assert tandem("show", name, "--table", "cases", "--out", "cases.csv").out == "wrote cases.csv\n"
    assert len(Path("cases.csv").read_text().splitlines()) == 7
    assert tandem("show", "T14D2", "--table", "tso/lines", "--out", "lines.json").code == 0
    assert json.loads(Path("lines.json").read_text())["table"] == "lines"
    for words, said_why in ((("--table", "cases", "--out", "."), "is a directory"), (("--out", "a.csv"), "say which by --table")):
        refused = tandem("show", name, *words)
        assert (refused.code, said_why in refused.err) == (2, True)
    refused = tandem("show", name, "--table", "cases", "--out", "a.txt")
    assert (refused.code, "ends in .csv or .json" in refused.err) == (2, True)
    assert tandem("plot", name, "--out", "a.png").code == 0
    assert tandem("plot", name, "--kind", "network").code == 2
    assert tandem("export", name, "--out", "tables").code == 0
    assert sorted(p.name for p in Path("tables").iterdir()) == [
        "branches.csv", "buses.csv", "cases.csv", "exchange.csv", "islanding.csv", "summary.json",
    ]  # fmt: skip
    assert tandem("runs").out.splitlines()[1].split() == [path.stem, "T14D2", "response", "AGREED", "6"]


def test_outages_keep_their_names_and_the_same_twice_is_one() -> None:
    Path("out.csv").write_text("outage,branch\nnorth,1-2\nnorth,1-2\nsouth,1-2\npair,1-5\npair,2-3\n")
    said = tandem("batch", "T14D2", "--outages", "out.csv")
    run = BatchRun.opened(run_file(said))
    assert run.cases.outage.tolist() == ["", "north", "pair"]
    for told in (said, tandem("show", "T14D2-response-batch")):
        notes = [line.partition("note      ")[2] for line in told.out.splitlines() if "  note " in line]
        assert notes == ["outage north names a branch more than once", "outage south is solved as north, the same"]
    document = json.loads(tandem("batch", "T14D2", "--outages", "1-5+2-3,2-3+1-5", "--json").out)
    assert (document["outages"], document["notes"]) == (1, ["outage 2-3 + 1-5 is solved as 1-5 + 2-3, the same"])


def test_faults_in_files_have_file_and_row() -> None:
    Path("out.csv").write_text("outage,branch\none,1-2\ntwo,1-22\n")
    said = tandem("batch", "T14D2", "--outages", "out.csv")
    assert said.code == 3
    assert "out.csv row 3: outages '1-22' is no branch of transmission; did you mean '1-2'?" in said.err
    Path("year.csv").write_text("time,loading\na,0.8\nb,1.0\n")
    Path("feeders.csv").write_text("time,I10,I12\na,0.8,0.9\nc,1,1.1\n")
    said = tandem("batch", "T14D2", "--loading", "year.csv", "--feeder-loading", "feeders.csv")
    assert said.code == 3
    assert "feeders.csv row 3: feeder_loading.time is 'c' where year.csv row 3 has 'b'" in said.err
    said = tandem("batch", "T14D2", "--loading", "1,1,1", "--feeder-loading", "feeders.csv")
    assert "feeders.csv: feeder_loading has 2 rows, and loading has 3 scenarios; give a row for each scenario" in said.err


def test_one_loading_is_that_of_all_rows_of_feeders() -> None:
    Path("feeders.csv").write_text("I10,I12\n0.8,0.9\n1,1.1\n")
    Path("year.csv").write_text("loading\n1\n1\n")
    short = BatchRun.opened(run_file(tandem("batch", "T14D2", "--feeder-loading", "feeders.csv")))
    long = BatchRun.opened(run_file(tandem("batch", "T14D2", "--loading", "year.csv", "--feeder-loading", "feeders.csv", "--out", "other")))
    assert short.result.batch.digest() == long.result.batch.digest()


def test_one_document() -> None:
    said = tandem("batch", "T14D2", "--loading", "0.9,9", "--outages", "n-1", "--json")
    document = json.loads(said.out)
    assert said.code == 4
    assert (document["schema"], document["end"]) == ("tandem/batch/1", "refused")
    assert document["cases"]["all"] == 40
    assert document["cases"]["solved"] == 20
    assert document["islanding"][0]["outage"] == "7-8"
    assert len(document["without_answer"]) == 10


def test_exit_codes() -> None:
    assert tandem("batch", "30A", "--scheme", "load-flow", "--loading", "2", "--rounds", "3").code == 5
    wrong = tandem("batch", "T14D2", "--outages", "1-2,1-22")
    assert wrong.code == 3
    assert "did you mean '1-2'?" in wrong.err
    assert tandem("batch", "T14D2", "--outages", "1-2,,").code == 2
    assert tandem("batch", "T14D2", "--loading", "missing.csv").code == 3
    assert tandem("batch", "T14D2", "--hours", "0").code == 2


def test_stopped_and_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    from gridtandem.cli import patience

    counted = patience.Watch.counted

    def impatient(watch: patience.Watch, progress: Progress) -> None:
        watch.wanted = True
        counted(watch, progress)

    monkeypatch.setattr(patience.Watch, "counted", impatient)
    said = tandem("batch", "T14D2", "--loading", "0.8,0.9,1.0", "--block", "2", "-v")
    assert said.code == 130
    assert "2 cases solved; 1 to come" in said.out
    assert "2 of 3 cases" in said.err
    path = run_file(said)
    assert f"go on with  tandem resume {path}" in said.err
    monkeypatch.setattr(patience.Watch, "counted", counted)
    said = tandem("resume", path.stem)
    assert said.code == 0
    assert "3 cases solved" in said.out
    assert tandem("resume", path.stem, "--rounds", "5").code == 2


def test_resume_takes_runs_too() -> None:
    path = run_file(tandem("run", "30A", "--scheme", "load-flow", "--rounds", "2"))
    assert tandem("resume", path.stem, "--rounds", "50").code == 0
    assert tandem("resume", path.stem, "--block", "5").code == 2
