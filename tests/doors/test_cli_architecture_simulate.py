"""The commands that follow architectures over a day and over years."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from gridtandem.architecture.simulation.campaign import Campaign
from gridtandem.architecture.simulation.kept import CampaignFile
from gridtandem.cli.exits import EXIT_INTERRUPTED, EXIT_INVALID, EXIT_USAGE
from gridtandem.study.experiment import Progress
from tests.doors.terminal import tandem

HELP_LINES = 28
TOY = ("--case", "toy-two-feeders")
SIMULATE = ("architecture", "simulate")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_table_for_each_scenario_the_cheapest_first() -> None:
    found = tandem(*SIMULATE, "NY1", "R1", "R3", *TOY, "--scenarios", "nominal,lost-link", "--plot", "places.svg")
    assert found.code == 0
    day = found.out.split("\n\n")[1].splitlines()
    assert day[0] == "nominal: everybody knows what is; one owner of all models pays 1,725.00"
    assert [line.split()[:3] for line in day[2:]] == [["R1", "M1", "1,725.00"], ["R3", "M5", "1,725.00"], ["NY1", "M3", "1,785.00"]]
    assert "places by cost" in found.out
    assert "null results" in found.out
    (family,) = (part for part in found.out.split("\n\n") if part.startswith("mean place"))
    assert [line.split()[:2] for line in family.splitlines()[1:4]] == [["Hybrid", "3.0"], ["TotalDSO", "1.0"], ["TotalTSO", "1.0"]]
    assert family.splitlines()[-1] == "lost-link: Hybrid overtakes TotalDSO"
    calm = tandem(*SIMULATE, "R1", "NY1", *TOY, "--scenarios", "nominal,slow-aggregator").out
    assert "No family overtakes another" in calm
    assert "picture   places.svg" in found.err
    assert "lost-link" in Path("places.svg").read_text(encoding="utf-8")


def test_for_machines_and_one_table() -> None:
    told = json.loads(tandem(*SIMULATE, "R1", "R3", *TOY, "--scenarios", "nominal", "--json").out)
    assert told["architectures"] == ["R1", "R3"]
    assert (told["end"], told["settings"]["first"], told["case"]) == ("agreed", 1, "toy-two-feeders")
    assert {len(told[name]) for name in ("results", "places")} == {2}
    assert all(told[name] for name in ("links", "deciders", "correlations", "scores"))
    assert Path(told["run_file"]).is_file()
    links = tandem(*SIMULATE, "R1", *TOY, "--scenarios", "nominal", "--table", "links").out.splitlines()
    assert links[0].split()[:4] == ["architecture", "scenario", "sender", "receiver"]
    one = json.loads(tandem(*SIMULATE, "R1", *TOY, "--scenarios", "nominal", "--table", "deciders", "--json").out)
    assert one["table"] == "deciders"


def test_what_was_interrupted_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    words = (*SIMULATE, "R1", "R3", "SNA", *TOY, "--scenarios", "nominal", "--out", "mine.tandem")
    whole, seen = Campaign.run, list[Progress]()

    def stopped(self: Campaign, **given: object) -> object:
        def watch(progress: Progress) -> None:
            seen.append(progress)
            if progress.done == 2:
                raise KeyboardInterrupt

        return whole(self, **{**given, "watch": watch})  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Campaign, "run", stopped)
        found = tandem(*words)
    assert found.code == EXIT_INTERRUPTED
    assert "2 of 3 simulated" in found.out
    assert "--resume" in found.err
    assert len(CampaignFile.open(Path("mine.tandem")).known()) == 2
    monkeypatch.setattr(Campaign, "run", lambda self, **given: whole(self, **{**given, "watch": seen.append}))
    assert tandem(*words, "--resume").code == 0
    assert [(p.done, p.before) for p in seen] == [(1, 0), (2, 0), (3, 2)]


def test_choices_that_a_design_leaves_open_are_told_and_matter() -> None:
    boxed = [
        json.loads(tandem(*SIMULATE, "AU4", *TOY, "--scenarios", "nominal", "--envelope", rule, "--json").out) for rule in ("equal", "auctioned")
    ]
    assert [told["settings"]["envelope"] for told in boxed] == ["equal", "auctioned"]
    assert boxed[0]["results"][0]["cost"] != boxed[1]["results"][0]["cost"]
    assert boxed[0]["run_file"] != boxed[1]["run_file"]
    lit, dark = (
        tandem(*SIMULATE, "R3", "--scenarios", "forecast-error", "--first", "17", "--hours", "4", *light).out for light in (("--lights", "three"), ())
    )
    assert "lights of three colours" in lit.splitlines()[0]
    assert "no lights" in dark.splitlines()[0]
    assert lit.splitlines()[1:] != dark.splitlines()[1:]
    little, much = (
        json.loads(tandem(*SIMULATE, "EU2", *TOY, "--scenarios", "nominal", "--arb", how, "--json").out)["results"][0] for how in ("low", "high")
    )
    assert (little["procedure"], much["procedure"]) == ("M3", "M8")


def test_a_design_of_a_file() -> None:
    Path("mine.toml").write_text('id = "MINE"\nname = "mine"\nsource = "own"\nfamily = "Hybrid"\nbase = "UK2"\nstatements = []\n', encoding="utf-8")
    found = tandem(*SIMULATE, "mine.toml", "UK2", *TOY, "--scenarios", "nominal", "--json")
    rows = json.loads(found.out)["results"]
    assert [row["architecture"] for row in rows] == ["MINE", "UK2"]
    assert rows[0]["cost"] == rows[1]["cost"]


def test_a_file_is_shown_and_exported() -> None:
    tandem(*SIMULATE, "R1", "R3", *TOY, "--scenarios", "nominal", "--out", "mine.tandem")
    shown = tandem("show", "mine.tandem")
    assert shown.code == 0
    assert "nominal: everybody knows what is" in shown.out
    assert "correlations 32" in shown.out
    assert tandem("show", "mine.tandem", "--table", "places").out.splitlines()[0].startswith("architecture")
    assert tandem("export", "mine.tandem", "--out", "tables").code == 0
    assert (Path("tables") / "results.csv").read_text(encoding="utf-8").count("\n") == 3
    assert tandem("runs", "--in", ".").out.splitlines()[1].split() == ["mine", "toy-two-feeders", "architectures", "AGREED", "2"]
    again = tandem("resume", "mine.tandem")
    assert again.code == EXIT_USAGE
    assert "architecture simulate" in again.err


def test_all_that_is_wrong_is_told_at_once() -> None:
    found = tandem(*SIMULATE, "UK9", "R1", "R1", "--scenarios", "nominal,hail", "--hours", "40")
    assert found.code == EXIT_INVALID
    for word in ("UK9", "hail", "named twice", "period 24 of 40"):
        assert word in found.err
    assert not Path("tandem-runs").exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((*SIMULATE, "R1", *TOY, "--table", "beauty"), EXIT_USAGE), (SIMULATE, EXIT_USAGE),
        ((*SIMULATE, "R1", *TOY, "--scenarios", ""), EXIT_INVALID), ((*SIMULATE, "R1", "--case", "nowhere"), EXIT_USAGE),
        ((*SIMULATE, "R1", *TOY, "--scenarios", "nominal", "--plot", "a.svg"), EXIT_USAGE), (("architecture", "path", "UK0"), EXIT_USAGE),
        (("architecture", "path", "UK0", "UK9"), EXIT_USAGE),
    ],
)  # fmt: skip
def test_what_cannot_be(words: tuple[str, ...], code: int) -> None:
    assert tandem(*words).code == code


def test_a_path_of_designs() -> None:
    found = tandem("architecture", "path", "UK0", "UK2", "UK1", "--plot", "path.svg")
    assert found.code == 0
    assert found.out.splitlines()[1].split() == ["procedure", "M0", "M2", "M5"]
    assert "UK0 > UK2: 3 come, 9 go, 2 change" in found.out
    assert "  better  tier_bypass, hidden_coupling, layered_decomposition" in found.out
    assert "coord ESO" in Path("path.svg").read_text(encoding="utf-8")
    told = json.loads(tandem("architecture", "path", "UK0", "UK2", "--json").out)
    assert [step["id"] for step in told["steps"]] == ["UK0", "UK2"]
    assert told["steps"][1]["verdicts"]["tier_bypass"] == {"level": [2, 2], "score": [0.3, 0.3]}
    assert "scalability" in told["between"][0]["worse"]


@pytest.mark.parametrize("command", ["simulate", "path"])
def test_help_is_short(command: str) -> None:
    assert len(tandem("architecture", command, "--help").out.splitlines()) <= HELP_LINES


def test_a_finished_run_is_kept() -> None:
    words = (*SIMULATE, "R1", "R3", *TOY, "--out", "mine.tandem")
    assert "4 of 4 simulated\n" in tandem(*words, "--scenarios", "nominal,lost-link").out
    assert "2 of 2 simulated, 2 more in mine.tandem\n" in tandem(*words, "--scenarios", "nominal").out
    assert "4 of 4 simulated, 2 asked for by earlier calls\n" in tandem("show", "mine.tandem").out
    told = json.loads(tandem(*words, "--scenarios", "nominal", "--resume", "--json").out)
    assert (told["asked"], told["besides"]) == (2, 2)


def test_an_interrupted_run_says_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Campaign.run

    def stopping(progress: Progress) -> None:
        if progress.done == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Campaign, "run", lambda self, **given: whole(self, **{**given, "watch": stopping}))
    tandem(*SIMULATE, "R1", "R3", *TOY, "--scenarios", "nominal,lost-link,compromised", "--out", "mine.tandem")
    assert "1 of 6 simulated" in tandem("show", "mine.tandem").out


def test_a_file_of_another_version_says_so_at_every_door() -> None:
    words = (*SIMULATE, "R1", *TOY, "--scenarios", "nominal", "--out", "mine.tandem")
    tandem(*words)
    with sqlite3.connect("mine.tandem") as db:
        db.execute("DROP TABLE payments")
    for again in (words, (*words, "--resume"), ("show", "mine.tandem"), ("export", "mine.tandem", "--out", "tables")):
        found = tandem(*again)
        assert found.code == EXIT_INVALID
        assert "made by another version of gridtandem" in found.err
        assert "table payments" in found.err


def test_what_cannot_be_drawn_is_refused_before_the_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Campaign, "run", lambda *_, **__: pytest.fail("simulated"))
    found = tandem(*SIMULATE, "R1", *TOY, "--scenarios", "nominal", "--plot", "a.svg")
    assert found.code == EXIT_USAGE
    assert "two or more" in found.err


def test_a_price_is_a_number_and_a_case_without_profiles_one_period() -> None:
    found = tandem(*SIMULATE, "R1", *TOY, "--scenarios", "nominal", "--price", "nan", "--hours", "4")
    assert found.code == EXIT_INVALID
    assert "simulate.price is nan" in found.err
    assert "has no profiles" in found.err


def test_one_bad_statement_is_told_once() -> None:
    nodes = "N TSO role=TSO tier=1 org=a\nN DER role=DER tier=4 org=b cap=1\n"
    text = f'ARCH MINE "mine" src=own family=Hybrid\n{nodes}disp TSO DER c=7\n'
    Path("mine.txt").write_text(text, encoding="utf-8")
    found = tandem(*SIMULATE, "mine.txt", *TOY, "--scenarios", "nominal")
    assert found.code == EXIT_INVALID
    assert found.err.count("confidence") == 1
    assert "mine.txt:4" in found.err
