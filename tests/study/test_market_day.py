"""Run files of cleared days: the same tables again, the same bits twice, resumed as if never stopped, and damage told as damage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.coordinate import End, Outcome
from gridtandem.errors import AlreadyThere, InvalidCase
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.study.craft import saved
from gridtandem.study.kinds import FLOW, MARKET
from gridtandem.study.market.day import MarketDay, clear, compare, reopened, resume
from gridtandem.study.market.study import MarketStudy
from gridtandem.study.registry import scheme_named

FUZZED = 60
SEVERAL = "cmo-level"  # a scheme that needs several rounds


def study(name: str = "dso-offer", **more: object) -> MarketStudy:
    return replace(MarketStudy(case=gt.case("golden-3bus"), scheme=scheme_named(name), flow="active"), **more)  # type: ignore[arg-type]


def told(day: MarketDay) -> dict[str, object]:
    """Everything a day tells, to the bit."""
    tables = {name: table.digest() for name, table in day.named().items()}
    return {**tables, "cost": day.cost, "ideal": day.ideal, "gaps": day.outcome.gaps, "end": day.outcome.end, "letters": day.letters.digest()}


def test_a_day_is_read_again_as_it_was(tmp_path: Path) -> None:
    day = clear(study(), save=tmp_path / "a.tandem")
    again = reopened(tmp_path / "a.tandem")
    assert told(again) == told(day)
    assert again.study.digest() == day.study.digest()
    assert np.array_equal(again.outcome.state.plan.z, day.outcome.state.plan.z)


def test_the_same_study_gives_the_same_bits_and_another_has_another_digest() -> None:
    assert told(clear(study())) == told(clear(study()))
    digests = {study(**more).digest() for more in ({}, {"first": 2}, {"hours": 3}, {"flow": "apparent"}, {"scheme": DsoOffer(steps=3)})}
    assert len(digests) == 5


def test_a_stopped_run_goes_on_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    whole = clear(study(SEVERAL))
    assert whole.outcome.rounds > 3

    def stop(outcome: Outcome[object]) -> None:
        if len(outcome.gaps) == 3:
            raise KeyboardInterrupt

    begun = clear(study(SEVERAL), save=tmp_path / "a.tandem", watch=stop)
    assert begun.outcome.end is End.STOPPED
    assert not len(begun.tables.awards)
    assert np.isnan(reopened(tmp_path / "a.tandem").cost)
    assert told(resume(tmp_path / "a.tandem")) == told(whole)
    assert told(reopened(tmp_path / "a.tandem")) == told(whole)


def test_a_file_of_one_kind_is_not_read_as_the_other(tmp_path: Path) -> None:
    clear(study(), save=tmp_path / "m.tandem")
    gt.run("T14D2", save=tmp_path / "f.tandem")
    assert gt.opened(tmp_path / "m.tandem").kind is MARKET
    assert gt.opened(tmp_path / "f.tandem").kind is FLOW
    with pytest.raises(InvalidCase, match="holds a run"):
        reopened(tmp_path / "f.tandem")
    with pytest.raises(AlreadyThere):
        saved(clear(study()), tmp_path / "f.tandem")


def test_damage_is_a_fault_of_the_file(tmp_path: Path) -> None:
    clear(study(), save=tmp_path / "a.tandem")
    whole, rng = (tmp_path / "a.tandem").read_bytes(), np.random.default_rng(3)
    refused = whole_ones = 0
    for _ in range(FUZZED):
        bad = bytearray(whole)
        for place in rng.integers(0, len(bad), 5):
            bad[place] ^= int(rng.integers(1, 256))
        (tmp_path / "b.tandem").write_bytes(bad)
        try:
            gt.opened(tmp_path / "b.tandem")
        except InvalidCase as e:
            refused += e.faults[0].code.startswith("run-")
        else:
            whole_ones += 1
    assert refused > 0
    assert refused + whole_ones == FUZZED


def test_a_day_without_an_answer_is_kept_with_its_trouble(tmp_path: Path) -> None:
    case = gt.case("golden-3bus")
    net = case.models[1]
    heavy = replace(net, loads=replace(net.loads, p_mw=3 * net.loads.p_mw))
    day = clear(study(case=replace(case, models=(case.models[0], heavy))), save=tmp_path / "a.tandem")
    assert day.outcome.end is End.REFUSED
    assert len(day.trouble) == 1
    assert "no exchange serves feeder 'B' in period 1: " in day.trouble[0]
    assert "in period 2" not in day.trouble[0]  # of the period that fails only
    assert "[" not in day.trouble[0]
    assert "B-DDG3" in day.trouble[0]
    again = reopened(tmp_path / "a.tandem")
    assert again.trouble == day.trouble
    assert not len(again.tables.awards)


def test_comparisons_measure_schemes_against_the_ideal_market() -> None:
    found = compare(study(), [scheme_named(name) for name in ("ideal", "conventional-1")])
    assert found.table.price_error_per_mwh[0] < found.table.price_error_per_mwh[1]
    assert found.table.gap_to_ideal[1] > 0
    assert found.table.exchange_error_mw[0] == pytest.approx(0.0, abs=0)
