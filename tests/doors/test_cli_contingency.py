"""``tandem contingency``: what it says, what it leaves behind, how it goes on, and its exit codes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

import gridtandem as gt
from gridtandem.report.contingency.run import ContingencyRun
from gridtandem.study.batch.run import Progress
from tests.doors.console import ROOT, commands, missing, run_python
from tests.doors.terminal import run_file, tandem
from tests.tolerances import IDENTITY, INK

PAGE = ROOT / "docs/how-to/rank-outages-with-feeders-as-they-are.md"
NAME = "ieee118-4bb"
RUN = f"{NAME}-response-contingency"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_outages_are_ranked_and_what_distribution_changes_is_said() -> None:
    said = tandem("contingency", NAME, "--re", "60%", "--plot", "ranks.svg")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0].startswith(f"{NAME} under response, renewables 60.0 % of the feeders' load: 177 outages, screened by decoupled steps, 2")
    for word in ("  order ", "  severity ", "  screening against full: Spearman", "DSO solves", "  islanding "):
        assert any(word in line for line in lines), word
    assert Path("ranks.svg").is_file()
    path = run_file(said)
    run = ContingencyRun.opened(path)
    assert repr(run) == said.out.rstrip("\n")
    assert tandem("runs").out.splitlines()[1].split()[:4] == [path.stem, NAME, "response", "AGREED"]
    assert tandem("show", RUN).out.splitlines()[0] == lines[0]
    assert json.loads(tandem("show", RUN, "--table", "ranking", "--json").out)["rows"][0]["outage"] == "8-5"
    assert tandem("plot", RUN).code == tandem("plot", RUN, "--kind", "indices", "--out", "i.png").code == 0
    assert tandem("export", RUN, "--out", "tables").code == 0
    assert sorted(p.name for p in Path("tables").iterdir()) == ["findings.csv", "islanding.csv", "ranking.csv", "summary.json"]


def test_the_document_has_every_outage_and_every_count() -> None:
    told = json.loads(tandem("contingency", NAME, "--screen", "dc", "--top", "3", "--json").out)
    assert told["schema"] == "tandem/contingency/1"
    assert len(told["ranking"]) == 177
    assert told["feeder_solves"]["screened"] == 0
    assert told["renewable_share"] == 0.0
    assert {row["by"] for row in told["ranking"]} == {"full", "dc"}


def test_shares_of_renewables_stand_side_by_side() -> None:
    said = tandem("contingency", NAME, "--re", "0,40,80%", "--outages", "8-5,38-37+49-50", "--plot", "shares.svg")
    assert said.code == 0
    rows = [line.split() for line in said.out.splitlines() if line.split()[0] in ("0.0", "40.0", "80.0")]
    taken = [float(row[1]) for row in rows]
    assert len(rows) == 3
    assert taken == sorted(taken, reverse=True)
    assert Path("shares.svg").is_file()
    told = json.loads(tandem("contingency", NAME, "--re", "0,40%", "--outages", "8-5,26-30", "--json").out)
    assert [len(r) for r in told["rankings"]] == [2, 2]
    assert tandem("contingency", NAME, "--re", "40,20%").code == 2
    assert tandem("contingency", NAME, "--re", "-5%").code == 2
    assert "against that at 0 %" in said.out


@pytest.mark.parametrize("share", ["0.6", "60", "60%%", "110%", "%", "0,20", "6%0"])
def test_a_share_has_its_sign_once_and_is_no_more_than_all(share: str) -> None:
    said = tandem("contingency", NAME, "--re", share)
    assert said.code == 2
    assert "--re" in said.err.splitlines()[-1]


def test_at_another_loading_as_in_python() -> None:
    said = tandem("contingency", "T14D2", "--ratings", "base", "--outages", "1-2,1-5", "--loading", "1.1")
    assert said.out.startswith("T14D2 under response, loads and schedules times 1.1: 2 outages")
    own = gt.contingency("T14D2", ratings="base", outages=["1-2", "1-5"], loading=1.1)
    assert ContingencyRun.opened(run_file(said)).ranking.digest() == own.ranking.digest()
    assert "case-059" in tandem("contingency", "T14D2", "--ratings", "base", "--loading", "nan").err


def test_a_feeder_with_two_roots_is_refused_in_words_of_this_command() -> None:
    said = tandem("contingency", "T14R2", "--ratings", "base")
    assert said.code == 3
    assert "contingency does not serve 'F10'" in said.err
    assert not any(word in said.err for word in ("batch does", "scenarios"))


def test_a_network_alone_needs_no_feeders() -> None:
    said = tandem("contingency", "case14", "--ratings", "base", "--plot", "i.svg")
    assert (said.code, said.out.split(":")[0]) == (0, "ieee14, no feeders")
    assert Path("i.svg").is_file()
    refused = tandem("contingency", "case14", "--ratings", "base", "--re", "60%")
    assert (refused.code, "no feeders" in refused.err) == (2, True)


def test_lists_come_from_files_and_faults_all_at_once() -> None:
    Path("pairs.csv").write_text("outage,branch\nnorth,8-5\nnorth,26-30\nsouth,80-98\n")
    said = tandem("contingency", NAME, "--outages", "pairs.csv")
    assert said.code == 0
    assert "north" in said.out
    refused = tandem("contingency", "T118Dn4", "--outages", "8-5x,nowhere")
    assert refused.code == 3
    assert "did you mean '8-5'" in refused.err
    assert "186 of 186 branches in service have no rating" in refused.err
    assert "3 faults" in refused.err
    assert tandem("contingency", "T118Dn4", "--outages", "8-5", "--ratings", "base").code == 0
    assert tandem("contingency", "T14D2", "--ratings", "base", "--exponents", "1,1", "--parallel", "40").code == 4  # no load flow before any outage


@pytest.mark.parametrize("name", ["outage-ranks.png", "outage-shares.png"])
def test_pictures_of_the_page_are_those_of_its_commands(name: str) -> None:
    (command,) = [c for c in commands(PAGE.read_text(encoding="utf-8")) if name in c.words]
    assert tandem(*command.words.split()[1:]).code == 0
    shown, now = imread(ROOT / "docs/pictures" / name), imread(name)
    assert shown.shape == now.shape
    assert np.mean(np.abs(shown - now)) <= INK


def test_the_page_does_what_it_says_near_the_end_of_what_feeders_take() -> None:
    (command,) = [c for c in commands(PAGE.read_text(encoding="utf-8")) if "--loading" in c.words]
    said = tandem(*command.words.split()[1:])
    assert missing(command.shown, said.out) == []
    assert (said.code, "6-12, 7-9" in said.out) == (4, True)


def test_the_python_of_the_page_runs(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8") + f"\n```python\nassert abs(lodf.loc['1-5', '1-2'] - 1) < {IDENTITY} and ptdf.shape == (20, 14)\n```\n"
    assert (done := run_python(text, tmp_path)).returncode == 0, done.stderr


def test_negative_exponents_are_named() -> None:
    said = tandem("contingency", "T14D2", "--ratings", "base", "--exponents", "-1,0", "--outages", "1-2")
    assert said.code == 0
    (note,) = [line for line in said.out.splitlines() if line.startswith("  note ")]
    assert "loads of case33bw take more as their voltage falls (negative exponent)" in note
    net = gt.case("case14").transmission
    odd = replace(net, loads=replace(net.loads, p_z_share=np.where(net.loads.name == net.loads.name[3], -1.0, 0.0)))
    (other,) = [line for line in repr(gt.contingency(odd, ratings="base", outages=["1-2"])).splitlines() if line.startswith("  note ")]
    assert other.endswith(f"loads of ieee14 take more as their voltage falls (negative shares): {net.loads.name[3]}")


def test_what_was_stopped_goes_on() -> None:
    def halt(progress: Progress) -> None:
        if progress.done > 4:
            raise KeyboardInterrupt

    path = Path("tandem-runs") / "stopped.tandem"
    gt.contingency(NAME, outages=["8-5", "26-30", "80-98"], block=1, save=path, watch=halt)
    assert tandem("show", "stopped").code == 0
    done = tandem("resume", "stopped")
    assert done.code == 0
    assert "3 outages, all solved in full" in done.out
    assert ContingencyRun.opened(path).ranking.digest() == gt.contingency(NAME, outages=["8-5", "26-30", "80-98"]).ranking.digest()
