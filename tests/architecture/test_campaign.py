"""Many architectures under many scenarios: any order gives the same bits, what was interrupted goes on, and only what changed is simulated again."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from gridtandem.architecture.catalogue import architecture
from gridtandem.architecture.files import read_toml, write_toml
from gridtandem.architecture.graph import Graph
from gridtandem.architecture.simulation.campaign import Campaign, Simulated, reopened, settled
from gridtandem.architecture.simulation.costs import above_ideal, ranked_by_cost
from gridtandem.architecture.simulation.kept import CampaignFile, digest
from gridtandem.architecture.simulation.scenarios import Setting
from gridtandem.cases.named import case
from gridtandem.coordinate import End
from gridtandem.errors import AlreadyThere, InvalidCase
from gridtandem.study.experiment import Progress
from gridtandem.tables import Table

NAMES, SCENARIOS = ("R1", "CA0", "UK5"), ("nominal", "lost-link")


@cache
def setting() -> Setting:
    return Setting(case=case("toy-two-feeders"))


def graphs(*names: str) -> tuple[Graph, ...]:
    return tuple(map(architecture, names))


@cache
def whole() -> Simulated:
    return Campaign(setting=setting(), architectures=graphs(*NAMES), scenarios=SCENARIOS).run()


def same(a: Table, b: Table) -> bool:
    return all(np.array_equal(getattr(a, c), getattr(b, c), equal_nan=getattr(a, c).dtype.kind == "f") for c in a.columns())


def by_pair(found: Simulated, pair: tuple[str, str]) -> tuple[Table, ...]:
    tables = (found.results, found.links, found.deciders)
    return tuple(t.take((t.architecture == pair[0]) & (t.scenario == pair[1])) for t in tables)


def test_rows_stand_scenario_by_scenario() -> None:
    found = whole().results
    assert list(zip(found.scenario.tolist(), found.architecture.tolist(), strict=True)) == [(s, n) for s in SCENARIOS for n in NAMES]
    assert whole().end is End.AGREED
    assert whole().path is None


def test_any_order_gives_the_same_bits() -> None:
    other = Campaign(setting=setting(), architectures=graphs(*NAMES[::-1]), scenarios=SCENARIOS[::-1]).run()
    for pair in ((n, s) for n in NAMES for s in SCENARIOS):
        assert all(same(a, b) for a, b in zip(by_pair(whole(), pair), by_pair(other, pair), strict=True))


def test_what_was_interrupted_can_be_read_and_goes_on(tmp_path: Path) -> None:
    path, seen = tmp_path / "a.tandem", list[Progress]()

    def stopping(progress: Progress) -> None:
        seen.append(progress)
        if progress.done == 4:
            raise KeyboardInterrupt

    campaign = Campaign(setting=setting(), architectures=graphs(*NAMES), scenarios=SCENARIOS)
    first = campaign.run(save=path, watch=stopping)
    assert first.end is End.STOPPED
    assert len(first.results) == len(CampaignFile.open(path).known()) == 4
    assert same(first.results, whole().results.take(np.arange(4)))
    second = campaign.run(save=path, resume=True, watch=seen.append)
    assert [(p.done, p.before) for p in seen] == [(1, 0), (2, 0), (3, 0), (4, 0), (5, 4), (6, 4)]
    assert second.end is End.AGREED
    assert all(same(getattr(second, t), getattr(whole(), t)) for t in ("results", "links", "deciders"))


def test_only_a_design_that_changed_is_simulated_again(tmp_path: Path) -> None:
    path, seen = tmp_path / "a.tandem", list[Progress]()
    Campaign(setting=setting(), architectures=graphs("R1", "CA0")).run(save=path)
    mended = replace(architecture("R3"), id="CA0")
    found = Campaign(setting=setting(), architectures=(*graphs("R1"), mended)).run(save=path, resume=True, watch=seen.append)
    assert [(p.done, p.before) for p in seen] == [(2, 1)]
    assert found.results.architecture.tolist() == ["R1", "CA0"]
    assert found.results.procedure.tolist() == ["M1", "M5"]
    kept = CampaignFile.open(path)
    assert kept.known() == {("R1", "nominal"): digest(architecture("R1")), ("CA0", "nominal"): digest(mended)}
    assert digest(kept.designs()["CA0", "nominal"]) == digest(mended)


def test_a_file_of_another_setting_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.tandem"
    Campaign(setting=setting(), architectures=graphs("R1")).run(save=path)
    before = path.read_bytes()
    for resume in (False, True):
        with pytest.raises(AlreadyThere, match="other data"):
            Campaign(setting=replace(setting(), seed=1), architectures=graphs("R1")).run(save=path, resume=resume)
    assert path.read_bytes() == before


def test_the_file_is_plain_sql(tmp_path: Path) -> None:
    path = tmp_path / "a.tandem"
    Campaign(setting=setting(), architectures=graphs("R1", "CA0")).run(save=path)
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT architecture FROM results ORDER BY cost LIMIT 1").fetchone() == ("R1",)


def test_platforms_settle_as_asked() -> None:
    arbs = [
        [float(x) for x in getattr(settled(architecture("UK5"), how).nodes, f"arb_{side}")] for how in ("low", "high") for side in ("low", "high")
    ]
    assert arbs[0] == arbs[1] != arbs[2] == arbs[3]
    assert settled(architecture("UK5"), "middle").id == "UK5"
    again = read_toml(write_toml(settled(architecture("UK5"), "low")), "here")
    assert digest(again) == digest(settled(architecture("UK5"), "low")) != digest(architecture("UK5"))


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = write_toml(architecture("R3"))
    nobody = replace(read_toml(text, "here"), id="NOBODY")
    nobody = replace(nobody, edges=nobody.edges.take(np.zeros(0, np.int64)))
    path = tmp_path / "a.tandem"
    with pytest.raises(InvalidCase) as caught:
        Campaign(setting=setting(), architectures=(*graphs("R1", "R1"), nobody), scenarios=("nominal", "hail", "reconfigured")).run(save=path)
    assert {f.code for f in caught.value.faults} >= {"arch-080", "arch-120", "arch-121", "arch-150"}
    assert not path.exists()


@pytest.mark.parametrize("resume", [False, True])
def test_a_file_keeps_what_it_has_and_says_so(tmp_path: Path, resume: bool) -> None:
    path, seen = tmp_path / "a.tandem", list[Progress]()
    first = Campaign(setting=setting(), architectures=graphs("R1", "CA0"), scenarios=SCENARIOS).run(save=path)
    second = Campaign(setting=setting(), architectures=graphs("R1", "UK5")).run(save=path, resume=resume, watch=seen.append)
    assert [p.done for p in seen] == ([2] if resume else [1, 2])  # asked for without --resume: simulated anew
    assert (second.size, len(second.results), second.besides) == (2, 2, 3)
    assert (first.size, first.besides) == (4, 0)
    kept = reopened(path)
    assert (kept.size, len(kept.results), kept.earlier, kept.end) == (5, 5, 3, End.AGREED)
    assert list(kept.scenarios) == list(SCENARIOS)
    for pair in ((n, s) for n in ("R1", "CA0") for s in SCENARIOS):
        assert all(same(a, b) for a, b in zip(by_pair(first, pair), by_pair(kept, pair), strict=True))


def test_a_pair_that_is_asked_for_again_replaces_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.tandem"
    Campaign(setting=setting(), architectures=graphs("R1", "CA0"), scenarios=SCENARIOS).run(save=path)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE results SET cost = 1")
    Campaign(setting=setting(), architectures=graphs("R1")).run(save=path)
    kept = reopened(path)
    anew = kept.results.take(kept.results.cost != 1)
    assert (anew.architecture.tolist(), anew.scenario.tolist()) == (["R1"], ["nominal"])
    assert kept.results.scenario.tolist() == ["nominal"] * 2 + ["lost-link"] * 2  # in the places in which they stood


def test_a_design_that_changed_is_not_told_as_the_one_that_was(tmp_path: Path) -> None:
    path = tmp_path / "a.tandem"
    Campaign(setting=setting(), architectures=graphs("R1", "CA0")).run(save=path)

    def stopping(_: Progress) -> None:
        raise KeyboardInterrupt

    mended = replace(architecture("R3"), id="CA0")
    found = Campaign(setting=setting(), architectures=(*graphs("R1"), mended)).run(save=path, watch=stopping)
    assert (found.results.architecture.tolist(), found.size, found.end) == (["R1"], 2, End.STOPPED)
    assert reopened(path).end is End.STOPPED


def test_what_was_asked_for_is_known_after_an_interruption(tmp_path: Path) -> None:
    path = tmp_path / "a.tandem"

    def stopping(progress: Progress) -> None:
        if progress.done == 2:
            raise KeyboardInterrupt

    Campaign(setting=setting(), architectures=graphs(*NAMES), scenarios=SCENARIOS).run(save=path, watch=stopping)
    kept = reopened(path)
    assert (len(kept.results), kept.size, kept.end) == (2, 6, End.STOPPED)
    Campaign(setting=setting(), architectures=graphs("R1")).run(save=path, resume=True)
    assert reopened(path).end is End.STOPPED  # four are missing still
    Campaign(setting=setting(), architectures=graphs(*NAMES), scenarios=SCENARIOS).run(save=path, resume=True)
    assert reopened(path).end is End.AGREED


@pytest.mark.parametrize("older", ["DROP TABLE payments", "ALTER TABLE results DROP COLUMN note", "DROP TABLE asked"])
def test_a_file_of_another_version_says_so(tmp_path: Path, older: str) -> None:
    path, campaign = tmp_path / "a.tandem", Campaign(setting=setting(), architectures=graphs("R1"))
    campaign.run(save=path)
    with sqlite3.connect(path) as db:
        db.execute(older)
    before = path.read_bytes()
    for again in (lambda: campaign.run(save=path), lambda: campaign.run(save=path, resume=True), lambda: reopened(path)):
        with pytest.raises(InvalidCase, match="made by another version of gridtandem") as caught:
            again()
        assert [f.code for f in caught.value.faults] == ["run-006"]
        assert older.split()[-1] in str(caught.value)
    assert path.read_bytes() == before


def test_what_is_no_run_file_is_left_alone_and_an_empty_one_is_taken(tmp_path: Path) -> None:
    path, campaign = tmp_path / "a.tandem", Campaign(setting=setting(), architectures=graphs("R1"))
    path.write_text("dear to somebody", encoding="utf-8")
    for resume in (False, True):
        with pytest.raises(AlreadyThere, match="no run file"):
            campaign.run(save=path, resume=resume)
    path.write_text("", encoding="utf-8")
    assert campaign.run(save=path, resume=True).end is End.AGREED


def test_a_case_without_profiles_has_one_period() -> None:
    for given in ({"hours": 4}, {"first": 3}):
        (fault,) = Campaign(setting=replace(setting(), **given), architectures=graphs("R1")).faults()  # type: ignore[arg-type]
        assert fault.code == "arch-108"
    assert not Campaign(setting=replace(setting(), hours=1), architectures=graphs("R1")).faults()


@pytest.mark.parametrize("off", [0.0, 1e-13, -1e-13])
def test_costs_that_differ_by_rounding_are_the_ideal_one_and_share_a_place(off: float) -> None:
    cost, ideal = np.array([100.0, 100.0 * (1 + off), np.nan, 101.0]), np.full(4, 100.0)
    assert above_ideal(cost, ideal)[[0, 1, 3]].tolist() == [0.0, 0.0, 1.0]
    assert ranked_by_cost(cost, ideal).tolist() == [1, 1, 4, 3]
