"""Batches: the same numbers as single runs, the same bits however they are cut, outages as if the branch were open, refusals that stay alone."""

from __future__ import annotations

import gc
import sqlite3
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gridtandem as gt
from gridtandem.coordinate import ByScenario, End, Outcome, widest
from gridtandem.errors import InvalidCase, Unreadable
from gridtandem.report.batch.duration import duration
from gridtandem.report.batch.run import BatchRun
from gridtandem.report.style import svg
from gridtandem.study.batch.block import Answers, Desk, solved
from gridtandem.study.batch.run import Progress
from gridtandem.study.batch.study import Batch
from gridtandem.study.registry import scheme_named, scheme_names
from gridtandem.study.study import Study
from gridtandem.study.survey import Extremes
from gridtandem.tables import Table
from tests.tolerances import BATCH_IS_RUN, BATCH_MEMORY, OUTAGE_IS_OPEN

LOADING = np.array([0.7, 1.0, 1.2])
OUTAGES = ("1-2", "4-9", ("1-5", "2-3"))
HOPELESS = 9.0  # a loading that nobody can serve


@pytest.fixture(scope="module")
def small() -> gt.Case:
    return gt.case("T14D2")


def tables(run: BatchRun) -> dict[str, Table]:
    return {name: getattr(run, name) for name in ("cases", "exchange", "branches", "buses", "islanding")}


def same_bits(one: BatchRun, other: BatchRun) -> None:
    for (name, mine), theirs in zip(tables(one).items(), tables(other).values(), strict=True):
        assert mine.digest() == theirs.digest(), name
    assert np.array_equal(one.voltages(), other.voltages(), equal_nan=True)
    assert one.end is other.end


class Stop:
    """Stops a batch after some blocks."""

    def __init__(self, after: int, by: type[BaseException] = KeyboardInterrupt) -> None:
        self.left, self.by = after, by

    def __call__(self, _: Progress) -> None:
        self.left -= 1
        if self.left == 0:
            raise self.by


@pytest.mark.parametrize("scheme", scheme_names())
def test_a_batch_has_the_numbers_of_single_runs(small: gt.Case, scheme: str) -> None:
    own = np.repeat(LOADING[:, None], 2, axis=1) if scheme == "fused" else np.array([[0.8, 0.6], [1.0, 1.1], [1.3, 0.9]])
    many = gt.batch(small, scheme=scheme, loading=LOADING, feeder_loading=None if scheme == "fused" else own, outages=[])
    cases, exchange = many.cases, many.exchange
    assert cases.ok.all()
    for s, loading in enumerate(LOADING):
        study = Study(case=small, scheme=scheme_named(scheme), loading=np.array([[loading]]))
        study = study if scheme == "fused" else replace(study, feeder_loading=own[s][None, None])
        one = gt.Run.of(run_study(study))
        row = one.checks
        if scheme != "independent":
            assert abs(cases.transmission_loss_mw[s] - row.transmission_loss_mw[0]) < BATCH_IS_RUN
            assert abs(cases.distribution_loss_mw[s] - row.distribution_loss_mw[0]) < BATCH_IS_RUN
            assert abs(cases.v_low_pu[s] - row.v_low_pu[0]) < BATCH_IS_RUN
            assert cases.v_low_bus[s] == row.v_low_bus[0]
            assert cases.limits_broken[s] == row.limits_broken[0]
        assert abs(cases.slack_mw[s] - row.slack_mw[0]) < BATCH_IS_RUN or scheme == "independent"
        mine = exchange.take(exchange.scenario == s)
        assert np.abs(mine.p_mw - one.interfaces.p_mw).max() < BATCH_IS_RUN
        assert np.abs(mine.v_pu - one.interfaces.v_feeder_pu).max() < BATCH_IS_RUN
        off = np.hypot(one.interfaces.p_mw - one.interfaces.p_feeder_mw, one.interfaces.q_mvar - one.interfaces.q_feeder_mvar).max()
        assert abs(cases.exchange_error_mva[s] - off) < BATCH_IS_RUN


def run_study(study: Study) -> gt.Run:
    from gridtandem.study.run import run

    return run(study)


@pytest.mark.parametrize("scheme", scheme_names())
def test_any_block_size_gives_the_same_bits(small: gt.Case, scheme: str) -> None:
    """Among the scenarios one is far heavier, so that rounds differ, and one has no answer."""
    loading, outages = [0.3, 1.0, 1.6, HOPELESS, 0.8], [] if scheme == "fused" else ["1-2", "9-14"]
    of = {k: gt.batch(small, scheme=scheme, loading=loading, outages=outages, keep=["voltages"], block=k) for k in (1, 4, 100)}
    same_bits(of[1], of[4])
    same_bits(of[1], of[100])
    assert of[1].cases.ok.sum() == (4 if scheme == "fused" else 11)  # nor has the heaviest under the first outage


def test_a_heavy_scenario_takes_its_own_rounds() -> None:
    many = gt.batch("30A", scheme="load-flow", loading=[0.2, 2.0]).cases
    alone = [gt.batch("30A", scheme="load-flow", loading=[k]).cases.rounds[0] for k in (0.2, 2.0)]
    assert many.rounds.tolist() == alone
    assert alone[0] < alone[1]


@pytest.mark.parametrize("by", [KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize("after", [1, 2])
def test_an_interrupted_batch_goes_on_to_the_same_bits(small: gt.Case, tmp_path: Path, after: int, by: type[BaseException]) -> None:
    whole = gt.batch(small, loading=LOADING, outages="n-1", keep=["voltages"], save=tmp_path / "whole.tandem")
    path = tmp_path / "part.tandem"
    try:
        part = gt.batch(small, loading=LOADING, outages="n-1", keep=["voltages"], save=path, block=7, watch=Stop(after, by))
        assert part.end is End.STOPPED
        assert len(part.cases) == 7 * after
    except RuntimeError:
        assert len(BatchRun.opened(path).cases) == 7 * after
    same_bits(whole, BatchRun.resume(path, block=11))
    same_bits(whole, BatchRun.opened(path))
    same_bits(whole, BatchRun.resume(path))  # nothing is left to do


def test_a_block_is_written_whole_or_not_at_all(small: gt.Case, tmp_path: Path) -> None:
    """The file breaks after the cases of a block, before the rest of it."""
    path, whole = tmp_path / "a.tandem", gt.batch(small, loading=LOADING, outages=["1-2"])
    gt.batch(small, loading=LOADING, outages=["1-2"], save=path, block=2, watch=Stop(1))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("ALTER TABLE extremes RENAME TO elsewhere")
    with pytest.raises(Exception, match="extremes"):
        BatchRun.resume(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("ALTER TABLE elsewhere RENAME TO extremes")
    assert len(BatchRun.opened(path).cases) == 2
    same_bits(whole, BatchRun.resume(path))


def opened(case: gt.Case, names: tuple[str, ...]) -> gt.Case:
    """The case with these branches of transmission open."""
    t = case.transmission
    parts = {k: replace(getattr(t, k), closed=getattr(t, k).closed & ~np.isin(getattr(t, k).name, names)) for k in ("lines", "transformers")}
    return replace(case, transmission=replace(t, **parts))


@pytest.mark.parametrize("scheme", ["response", "feeder-curve", "merged", "independent"])
def test_an_outage_is_an_open_branch(small: gt.Case, scheme: str) -> None:
    """Against runs of a case in which the branch is open, solved as one grid; independent against itself."""
    many = gt.batch(small, scheme=scheme, loading=[0.9, 1.1], outages=OUTAGES)
    cases, exchange, peer = many.cases, many.exchange, "independent" if scheme == "independent" else "merged"
    for names in OUTAGES:
        group = (names,) if isinstance(names, str) else names
        for s, loading in enumerate((0.9, 1.1)):
            one = gt.run(opened(small, group), scheme=peer, loading=loading)
            (row,) = np.flatnonzero((cases.scenario == s) & (cases.outage == " + ".join(group)))
            mine = exchange.take((exchange.scenario == s) & (exchange.outage == " + ".join(group)))
            assert np.abs(mine.p_mw - one.interfaces.p_mw).max() < OUTAGE_IS_OPEN
            assert np.abs(mine.v_pu - one.interfaces.v_feeder_pu).max() < OUTAGE_IS_OPEN
            if scheme != "independent":
                assert abs(cases.transmission_loss_mw[row] - one.checks.transmission_loss_mw[0]) < OUTAGE_IS_OPEN
                assert abs(cases.v_low_pu[row] - one.checks.v_low_pu[0]) < OUTAGE_IS_OPEN
    assert cases.transmission_loss_mw[1] > cases.transmission_loss_mw[0] + OUTAGE_IS_OPEN


def test_an_outage_of_one_of_two_equal_branches_is_no_special_case(small: gt.Case) -> None:
    """A branch twice, one of them out, is the branch once."""
    lines = small.transmission.lines
    double = replace(lines, **{c: np.concatenate([getattr(lines, c), getattr(lines, c)[:1]]) for c in lines.columns()})
    double = replace(double, name=np.array([*lines.name.tolist(), "second"]))
    case = replace(small, transmission=replace(small.transmission, lines=double))
    plain, many = gt.batch(small).cases, gt.batch(case, outages=["second"]).cases
    assert abs(many.transmission_loss_mw[1] - plain.transmission_loss_mw[0]) < OUTAGE_IS_OPEN
    assert many.transmission_loss_mw[0] < plain.transmission_loss_mw[0]


def test_outages_that_island_are_told_apart(small: gt.Case) -> None:
    many = gt.batch(small, outages="n-1")
    assert many.islanding.outage.tolist() == ["7-8"]
    assert many.islanding.why.tolist() == ["would cut off '8': 0 MW of load, 1 unit"]
    assert len(many.cases) == 20  # none, and all but one of the branches
    assert gt.batch(small, outages=[("1-2", "1-5"), "1-2"]).islanding.why[0] == (
        "would cut off '2', '3', '4', '5', '6' and 8 more: 243.9 MW of load, 4 units"
    )


def test_outages_that_are_none(small: gt.Case) -> None:
    idle = opened(small, ("2-3",))
    with pytest.raises(InvalidCase) as caught:
        gt.batch(idle, outages=["2-3", "1-22", (), "1-2"])
    assert [f.code for f in caught.value.faults] == ["outage-004", "outage-005", "outage-002"]
    assert "did you mean '1-2'?" in caught.value.faults[1].mend
    with pytest.raises(InvalidCase, match="outage-001"):
        gt.batch(small, outages="n-2")


def test_what_fused_does_not_serve(small: gt.Case) -> None:
    with pytest.raises(InvalidCase, match="batch-004"):
        gt.batch(small, scheme="fused", outages=["1-2"])
    with pytest.raises(InvalidCase, match="study-006"):
        gt.batch(small, scheme="fused", feeder_loading=[[1.0, 0.9]])


def test_a_scenario_without_an_answer_dies_alone(small: gt.Case) -> None:
    some, all_of_them = gt.batch(small, loading=[0.9, 1.1], outages=["1-2"]), gt.batch(small, loading=[0.9, HOPELESS, 1.1], outages=["1-2"])
    cases, left = all_of_them.cases, some.cases
    assert cases.ok.tolist() == [True, True, False, False, True, True]
    assert set(cases.end[~cases.ok]) == {"REFUSED"}
    assert (cases.why[cases.ok] == "").all()
    assert all("no load flow" in why for why in cases.why[~cases.ok])
    assert np.isnan(cases.transmission_loss_mw[~cases.ok]).all()
    kept = cases.take(cases.ok)
    assert all(np.array_equal(getattr(kept, c), getattr(left, c)) for c in left.columns() if c != "scenario")
    assert all_of_them.end is End.REFUSED
    assert some.end is End.AGREED


def test_a_feeder_without_an_answer_is_named(small: gt.Case) -> None:
    cases = gt.batch(small, loading=[1.0, 1.0], feeder_loading=[[1.0, 1.0], [1.0, 60.0]]).cases
    assert cases.ok.tolist() == [True, False]
    assert cases.why[1] == "dso-12: no load flow behind 'I12'"


def test_too_few_rounds_are_an_end_of_their_own() -> None:
    cases = gt.batch("30A", scheme="load-flow", loading=[0.2, 2.0], rounds=5)
    assert cases.end is End.OUT_OF_ROUNDS
    assert cases.cases.end.tolist()[1] == "OUT_OF_ROUNDS"
    assert "5 rounds" in cases.cases.why[1]


def test_an_outage_that_fails_from_the_base_begins_afresh(small: gt.Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The warm start is spoilt; the answer is the cold one."""
    from gridtandem.study.batch import block

    good = gt.batch(small, outages=["1-2"])
    before, starts = block.part, []

    def spoilt(state: object, rows: np.ndarray) -> object:
        found = before(state, rows)
        if found is not None and len(rows):
            starts.append(len(rows))
            return replace(found, v=np.full_like(found.v, 1e-3))
        return found

    monkeypatch.setattr(block, "part", spoilt)
    again = gt.batch(small, outages=["1-2"])
    assert starts == [1]
    assert again.cases.ok.all()
    assert abs(again.cases.transmission_loss_mw[1] - good.cases.transmission_loss_mw[1]) < OUTAGE_IS_OPEN


def test_loading_by_feeder(small: gt.Case) -> None:
    """Feeders of other loading are feeders of other scale; one loading for all is the plain one, whose digest stays."""
    table = small.interfaces
    scaled = replace(small, interfaces=replace(table, scale=table.scale * np.array([0.5, 1.2])))
    own, other = gt.batch(small, feeder_loading=[[0.5, 1.2]]).exchange, gt.batch(scaled).exchange
    assert np.abs(own.p_mw - other.p_mw).max() < BATCH_IS_RUN
    plain = Study(case=small, scheme=scheme_named("response"), loading=LOADING[:, None])
    assert "feeder_loading" not in plain.settings()
    told = replace(plain, feeder_loading=plain.at_feeders)
    assert told.digest() != plain.digest()
    one, same = (gt.Run.of(run_study(study)).interfaces for study in (told, plain))
    for c in ("v_pu", "p_mw", "q_mvar", "p_checked_mw", "v_checked_pu", "loss_mw"):
        assert np.abs(getattr(one, c) - getattr(same, c)).max() < BATCH_IS_RUN


@pytest.mark.parametrize("given", [np.ones((1, 2)), np.ones((3, 1, 3)), np.array([[[1.0, np.nan]]]), np.array([[[1.0, -1.0]]]), "1"])
def test_loadings_that_mean_nothing(small: gt.Case, given: object) -> None:
    faults = list(Study(case=small, scheme=scheme_named("response"), feeder_loading=given).faults())  # type: ignore[arg-type]
    assert [f.column for f in faults] == ["feeder_loading"]


def test_settings_that_mean_nothing(small: gt.Case) -> None:
    for wrong, code in (
        ({"loading": np.ones((2, 2))}, "batch-001"),
        ({"hours": -1.0}, "batch-002"),
        ({"keep": ["all"]}, "batch-003"),
        ({"feeder_loading": 1.0}, "study-005"),
    ):
        with pytest.raises(InvalidCase, match=code):
            gt.batch(small, **wrong)
    with pytest.raises(Unreadable, match="1 case or more"):
        gt.batch(small, block=0)


def test_gaps_of_scenarios_make_the_gap(small: gt.Case) -> None:
    from gridtandem.study.study import seated

    for name in scheme_names():
        scheme = scheme_named(name)
        if isinstance(scheme, ByScenario):
            study = Study(case=small, scheme=scheme, loading=LOADING[:, None])
            seen: list[Outcome[object]] = []
            from gridtandem.coordinate import coordinate

            coordinate(seated(study).mailbox(scheme, (3, 1)), scheme, watch=seen.append)
            for k, outcome in enumerate(seen):
                gaps = scheme.gaps(outcome.state)
                assert gaps.shape == (3,)
                assert widest(gaps) == outcome.gaps[k]
    assert isinstance(scheme_named("response"), ByScenario)
    assert not isinstance(scheme_named("feeder-curve"), ByScenario)


def test_memory_does_not_grow_with_scenarios(small: gt.Case) -> None:
    """Peak of allocations of 160 scenarios against 40, blocks of 20. A full collection empties the lists in which Python keeps freed tuples,
    up to 2000 of each length; steps of a block fill them, and nothing else grows.
    """
    peaks = []
    for count in (40, 160):
        batch = Batch(study=Study(case=small, scheme=scheme_named("response"), loading=np.linspace(0.5, 1.0, count)[:, None]))
        desk = Desk.of(batch)
        worst = Extremes.none(desk.layout)
        solved(desk, np.arange(20), worst)
        gc.collect()
        tracemalloc.start()
        for first in range(0, count, 20):
            assert len(solved(desk, np.arange(first, first + 20), worst).number) == 20
            gc.collect()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < BATCH_MEMORY * peaks[0]


def test_the_block_fits_the_size_of_the_grid(small: gt.Case, monkeypatch: pytest.MonkeyPatch) -> None:
    from gridtandem.study.batch import block

    desk = Desk.of(Batch(study=Study(case=small, scheme=scheme_named("response"))))
    assert desk.block == block.MOST
    monkeypatch.setattr(block, "AT_ONCE", 3 * desk.layout.nodes)
    assert desk.block == 3
    monkeypatch.setattr(block, "AT_ONCE", 1)
    assert desk.block == 1


def test_energy_is_power_times_hours(small: gt.Case) -> None:
    from gridtandem.report.batch.words import energies

    many = gt.batch(small, loading=LOADING, outages=["1-2"], hours=0.25)
    cases = many.cases
    plain = cases.take(cases.outage == "")
    found = energies(many, cases)
    assert found["hours"] == 0.75
    assert found["exchange_mwh"] == 0.25 * plain.exchange_mw.sum()
    generated = small.transmission.generators.p_mw.sum() * LOADING + plain.slack_mw
    served = plain.transmission_load_mw + plain.exchange_mw + plain.transmission_loss_mw
    assert np.abs(generated - served).max() < BATCH_IS_RUN
    assert energies(gt.batch(small), gt.batch(small).cases) == {}


def test_worst_of_all_is_the_worst_of_the_cases(small: gt.Case) -> None:
    rated = replace(small.transmission.lines, rating_mva=np.where(np.arange(len(small.transmission.lines)) % 2, 90.0, np.inf))
    case = replace(small, transmission=replace(small.transmission, lines=rated))
    many = gt.batch(case, loading=LOADING, outages="n-1")
    cases, branches, buses = many.cases, many.branches, many.buses
    k = int(np.argmax(cases.loading_percent))
    assert (branches.loading_percent[0], branches.scenario[0], branches.outage[0]) == (cases.loading_percent[k], cases.scenario[k], cases.outage[k])
    assert branches.branch[0] == cases.loaded_branch[k]
    k = int(np.argmin(cases.v_low_pu))
    assert (buses.v_low_pu[0], buses.low_scenario[0], buses.low_outage[0]) == (cases.v_low_pu[k], cases.scenario[k], cases.outage[k])
    assert all(a >= b for a, b in pairwise(branches.loading_percent.tolist()))
    assert branches.above.sum() > 0
    out = branches.take(branches.branch == "1-2")
    assert not len(out) or "1-2" not in out.outage.tolist()


@pytest.mark.parametrize("loading", [[0.9, 1.1], [HOPELESS]])
@pytest.mark.parametrize("rated", [True, False])
def test_pictures(small: gt.Case, loading: list[float], rated: bool) -> None:
    lines = small.transmission.lines
    rating = np.full(len(lines), 90.0 if rated else np.inf)
    case = replace(small, transmission=replace(small.transmission, lines=replace(lines, rating_mva=rating)))
    many = gt.batch(case, loading=loading, outages=["1-2"])
    assert svg(many.plot()) == svg(many.plot())
    titles = [axes.get_title(loc="left") for axes in many.plot().axes]
    assert ("Most loaded branch" in titles) == (rated and loading != [HOPELESS])
    with pytest.raises(gt.UnknownName):
        many.plot("network")


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=3000))
def test_duration_curves_fall(values: list[float]) -> None:
    share, ordered = duration(np.array(values))
    assert (np.diff(ordered) <= 0).all()
    assert (ordered[0], ordered[-1]) == (max(values), min(values))
    assert share[0] == 0
    assert len(values) == 1 or share[-1] == 100
    assert set(ordered.tolist()) <= set(values)


BROKEN: dict[str, str] = {
    "another outage": "UPDATE meta SET value = '[\"1-5\"]' WHERE key = 'batch.outages'",
    "no outages": "DELETE FROM meta WHERE key = 'batch.outages'",
    "hours that are none": "UPDATE meta SET value = 'x' WHERE key = 'batch.hours'",
    "half a block": "UPDATE blocks SET v = x'00'",
    "no cases": "DROP TABLE cases",
    "extremes of another grid": "UPDATE extremes SET data = x'0000000000000000'",
}


@pytest.mark.parametrize("name", BROKEN)
def test_damaged_files_are_faults(small: gt.Case, tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.tandem"
    gt.batch(small, outages=["1-2"], save=path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(BROKEN[name])
    with pytest.raises(InvalidCase) as caught:
        tables(BatchRun.opened(path))
    assert caught.value.faults[0].code == "run-002"


def test_a_run_is_no_batch_and_a_batch_no_run(small: gt.Case, tmp_path: Path) -> None:
    gt.run(small, save=tmp_path / "run.tandem")
    gt.batch(small, save=tmp_path / "batch.tandem")
    openers: tuple[tuple[Callable[[Path], object], str], ...] = ((gt.opened, "batch"), (gt.resume, "batch"), (BatchRun.opened, "run"))
    for opener, name in openers:
        with pytest.raises(InvalidCase, match="run-005"):
            opener(tmp_path / f"{name}.tandem")


def test_answers_can_be_cut_and_joined() -> None:
    many = Answers.none(4, 2, 3)
    many.put(np.array([1, 3]), Answers(**{**{f: getattr(Answers.none(2, 2, 3), f) for f in Answers.__slots__}, "why": ["a", "b"]}))
    assert many.why == ["", "a", "", "b"]
    assert many.take(np.array([3, 3])).why == ["b", "b"]
