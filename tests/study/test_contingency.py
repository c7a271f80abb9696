"""Contingency analyses: full answers against the joined network, screening against full, counts against the ledger, and what goes wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.cases.join import joined
from gridtandem.cases.library import network
from gridtandem.cases.renewables import renewable_share
from gridtandem.coordinate import End
from gridtandem.errors import InvalidCase, Unreadable, Unsolved
from gridtandem.flow.newton import Newton
from gridtandem.flow.variants import without
from gridtandem.grid.nodal import Nodal
from gridtandem.report.contingency.run import ContingencyRun
from gridtandem.schemes import Merged
from gridtandem.security.outages import branch_names
from gridtandem.security.severity import severity, yardstick
from gridtandem.study.batch.run import Progress
from gridtandem.study.contingency.results import ALONE, BASE, FULL, SCREENED, index_of
from tests.tolerances import AGREED_INDEX, IDENTITY, PRINTED_FLOW_MVA, SCREENED_INDEX, SCREENED_RANK

NAME = "ieee118-4bb"
VARYING = {"p_exponent": 2.0, "q_exponent": 2.0}


@pytest.fixture(scope="module")
def whole() -> ContingencyRun:
    return gt.contingency(NAME, screen="full", cycles=1)


def test_screening_orders_as_the_full_solution_does_with_a_handful_of_feeders_asked(whole: ContingencyRun) -> None:
    found = whole.agreement()
    assert found.count == len(whole.ranking) == 177
    assert found.spearman >= SCREENED_RANK
    assert found.overlap == found.top == 20
    assert whole.feeder_solves["screened"] <= 11  # of 708 when all are asked
    assert whole.feeder_solves["alone"] == 0
    full, screened = (index_of(whole.findings, step, 177, 1) for step in (FULL, SCREENED))
    assert (np.abs(screened - full) <= SCREENED_INDEX * full).all()
    more = gt.contingency(NAME, screen="full", cycles=2)
    better = index_of(more.findings, SCREENED, 177, 1)
    assert np.abs(better / full - 1).max() < np.abs(screened / full - 1).max() / 3  # one more cycle removes most of it


def test_curves_asked_once_say_what_letters_say_and_feeders_are_counted_as_the_ledger_has_them(whole: ContingencyRun) -> None:
    some = gt.contingency(NAME, screen="full", solve="letters", outages=whole.ranking.outage[::6].tolist())
    found = some.findings
    base, full = found.take(found.step == BASE), found.take(found.step == FULL)
    assert base.feeder_solves.tolist() == [4 * int(base.rounds[0]) + 4]  # each round asks four feeders, and once more for their slopes
    np.testing.assert_array_equal(full.feeder_solves, 4 * full.rounds)
    assert some.feeder_solves["curves"] == 0
    assert whole.feeder_solves["curves"] == 4 * (8 + 9)  # values at eight voltages, and nine where they are held against
    assert whole.feeder_solves["full"] == 0
    own = found.step != BASE
    np.testing.assert_array_equal(some.ranking.feeder_solves.sum(), found.feeder_solves[own].sum())
    theirs = dict(zip(whole.ranking.outage.tolist(), whole.ranking.pi.tolist(), strict=True))
    np.testing.assert_allclose(some.ranking.pi, [theirs[name] for name in some.ranking.outage.tolist()], rtol=AGREED_INDEX)


def test_where_curves_do_not_reach_letters_do() -> None:
    case = gt.joined("ieee14", "case33bw", where=["10", "14"], count=1, p_exponent=1.0, q_exponent=1.0)
    both = [gt.contingency(case, ratings="base", loading=2.6, screen="full", solve=way) for way in ("curves", "letters")]
    assert both[0].feeder_solves["curves"] > 0
    assert 0 < both[0].feeder_solves["full"] < both[1].feeder_solves["full"]
    np.testing.assert_array_equal(both[0].ranking.outage, both[1].ranking.outage)
    np.testing.assert_allclose(both[0].ranking.pi, both[1].ranking.pi, rtol=AGREED_INDEX)


def test_a_full_answer_is_that_of_the_joined_network(whole: ContingencyRun) -> None:
    case = gt.case(NAME)
    together = Nodal.of(joined(case).network)
    own = Nodal.of(case.transmission)
    names, joint = branch_names(own), branch_names(together)
    newton = Newton.of(together)
    base = newton.solve().v
    at = together.node[: len(case.transmission.buses)][own.bus]
    by = yardstick(own, "case", base[at])
    full = whole.findings.take(whole.findings.step == FULL)
    for name in ("8-5", "38-37", "49-50", "80-98"):
        k = full.outage.tolist().index(name)
        alike = [j for j in joint if j == name or j.endswith(f"/{name}")]
        v = without(newton, np.array([joint.index(alike[0])])).solve().v[at]
        seen = severity(own, by, v[None], [np.array([names.index(name)])])
        np.testing.assert_allclose(full.flow_1[k] + full.voltage_1[k], seen.flow[0, 0] + seen.voltage[0, 0], rtol=AGREED_INDEX)
        np.testing.assert_allclose(full.flow_2[k] + full.voltage_2[k], seen.flow[0, 1] + seen.voltage[0, 1], rtol=AGREED_INDEX)


def test_without_feeders_that_answer_nothing_changes_and_with_them_something_does(whole: ContingencyRun) -> None:
    table = whole.ranking
    assert np.abs(table.change_percent).max() > 0.1
    assert (table.moved != 0).any()
    assert sorted(table.rank.tolist()) == sorted(table.alone_rank.tolist()) == list(range(1, 178))
    np.testing.assert_array_equal(table.moved, table.alone_rank - table.rank)
    stiff = gt.contingency(with_constant_feeders(), screen="full")
    assert np.nanmax(np.abs(stiff.ranking.change_percent)) < np.abs(table.change_percent).max() / 10
    assert stiff.agreement("alone").spearman > whole.agreement("alone").spearman


def with_constant_feeders() -> gt.Case:
    """Feeders without impedance to speak of and with loads of constant power draw what they drew."""
    case = gt.with_exponents(gt.case(NAME), 0.0, 0.0)
    thin = tuple(replace(m, lines=replace(m.lines, r_ohm=1e-3 * m.lines.r_ohm, x_ohm=1e-3 * m.lines.x_ohm)) for m in case.models)
    return replace(case, models=thin)


def test_merged_finds_the_same_order_and_asks_nobody(whole: ContingencyRun) -> None:
    one = gt.contingency(NAME, outages=["8-5", "38-37", "49-50", "80-98"], scheme=Merged())
    assert one.feeder_solves["full"] == one.feeder_solves["curves"] == 0
    theirs = dict(zip(whole.ranking.outage.tolist(), whole.ranking.pi.tolist(), strict=True))
    for name, pi in zip(one.ranking.outage.tolist(), one.ranking.pi.tolist(), strict=True):
        np.testing.assert_allclose(pi, theirs[name], rtol=AGREED_INDEX)


def test_only_the_first_of_both_orders_are_solved_in_full(whole: ContingencyRun) -> None:
    few = gt.contingency(NAME, top=5)
    table = few.ranking
    assert table.by[:5].tolist() == ["full"] * 5
    assert set(table.by.tolist()) == {"full", "decoupled"}
    assert (table.by == FULL).sum() <= 10
    assert table.outage[:5].tolist() == whole.ranking.outage[:5].tolist()
    assert not table.moved[table.by != FULL].any()
    assert np.isnan(table.change_percent[table.by != FULL]).all()
    shifted = gt.contingency(NAME, top=5, screen="dc")
    assert shifted.feeder_solves["screened"] == 0
    assert shifted.ranking.outage[:3].tolist() == whole.ranking.outage[:3].tolist()
    assert not shifted.findings.voltage_1[shifted.findings.step == SCREENED].any()


def test_an_outage_of_two_branches_is_one_row_and_the_same_however_it_is_cut_or_stopped(tmp_path: Path) -> None:
    outages = ["8-5", ["38-37", "49-50"], "26-30", ["11-12", "13-15", "30-17"], "1-2"]
    plain = gt.contingency(NAME, outages=outages, top=2)
    assert "38-37 + 49-50" in plain.ranking.outage.tolist()

    def halt(progress: Progress) -> None:
        if progress.done >= stop:
            raise KeyboardInterrupt

    for stop in (1, 2, 4, 9, 12):
        path = tmp_path / f"{stop}.tandem"
        begun = gt.contingency(NAME, outages=outages, top=2, block=2, save=path, watch=halt)
        assert begun.end is End.STOPPED
        done = ContingencyRun.resume(path, block=1)
        assert done.end is End.AGREED
        again = ContingencyRun.opened(path)
        assert again.end is End.AGREED
        for run in (done, again, ContingencyRun.resume(path)):
            assert run.ranking.digest() == plain.ranking.digest()
            assert run.feeder_solves == plain.feeder_solves


def test_one_outage_without_an_answer_loses_no_other() -> None:
    case = gt.joined("ieee14", "case33bw", where=["10", "14"], count=1)
    run = gt.contingency(case, ratings="base", loading=2.4, screen="full")
    table = run.ranking
    none = table.take(table.rank == 0)
    assert run.end is End.REFUSED
    assert 0 < len(none) < len(table)
    assert all(none.why)
    assert np.isnan(none.pi).all()
    assert np.isfinite(table.pi[table.rank > 0]).all()
    assert table.rank[: len(none)].tolist() == [0] * len(none)  # they stand first
    assert table.rank[len(none) :].tolist() == list(range(1, len(table) - len(none) + 1))
    said = repr(run)
    assert "refused" in said
    missed = none.outage[np.isfinite(none.pi_alone)]
    assert len(missed)
    assert f"missed    {len(missed)} outage" in said
    assert {"7-8"} <= set(run.islanding.outage.tolist())


def test_bad_input_is_told_at_once_and_a_base_case_without_an_answer_by_itself() -> None:
    case = gt.case("T14D2")
    with pytest.raises(InvalidCase) as told:
        gt.contingency(case, outages=["1-2", "9-41"], power=3, cycles=0, screen="fast", solve="well")  # type: ignore[arg-type]
    assert [f.code for f in told.value.faults] == ["outage-005", "outage-011", "outage-016", "outage-012", "outage-013", "outage-009"]
    assert "did you mean" in told.value.faults[0].mend
    net = case.transmission
    split = replace(case, transmission=replace(net, lines=replace(net.lines, closed=~np.isin(net.lines.name, ["9-14", "13-14"]))))
    with pytest.raises(InvalidCase) as told:
        gt.contingency(split, outages=["nothing like it"])
    assert [f.code for f in told.value.faults] == ["case-047", "outage-005", "outage-009"]
    with pytest.raises(Unsolved, match="no load flow before any outage"):
        gt.contingency(case, ratings="base", loading=30.0)
    with pytest.raises(InvalidCase, match="outage-014"):
        gt.contingency(case, ratings="base", outages=["7-8"])
    with pytest.raises(InvalidCase, match="outage-010"):
        gt.contingency(case, ratings="base", loading=[1.0, 1.1])  # type: ignore[arg-type]


def test_ratings_of_the_named_case_follow_their_rule() -> None:
    nodal = Nodal.of(network("ieee118"))
    by = yardstick(nodal, "base", Newton.of(nodal).solve().v)
    rated = Nodal.of(gt.case(NAME).transmission)
    assert branch_names(rated) == branch_names(nodal)
    own = yardstick(rated, "case", rated.start).rating
    np.testing.assert_allclose(100 * own, 100 * by.rating, rtol=0, atol=PRINTED_FLOW_MVA)


def test_renewables_are_a_share_of_the_feeders_load() -> None:
    for name in (NAME, "14B", "30B"):
        case = gt.case(name)
        had = renewable_share(case)
        for share in (0.6, 1.2):
            np.testing.assert_allclose(renewable_share(gt.with_renewables(case, share)), share, rtol=IDENTITY)
        if had > 0:
            with pytest.raises(Unreadable, match="already"):
                gt.with_renewables(case, 0.0)
    none = gt.with_renewables(gt.case(NAME), 0.0)
    assert [len(m.generators) for m in none.models] == [len(m.generators) for m in gt.case(NAME).models]
    with pytest.raises(Unreadable, match="no feeders"):
        gt.with_renewables(gt.case("ieee118"), 0.5)
    with pytest.raises(Unreadable, match="0 or more"):
        gt.with_renewables(gt.case(NAME), -0.5)


def test_half_of_the_load_served_within_halves_what_is_taken() -> None:
    case = gt.with_exponents(gt.case(NAME), 0.0, 0.0)
    found = [gt.contingency(gt.with_renewables(case, share), outages=["8-5"]).findings for share in (0.0, 0.5)]
    (before, after) = (float(f.exchange_mw[f.step == BASE][0]) for f in found)
    load = sum(float(m.loads.p_mw.sum()) * int(c) for m, c in zip([case.models[0]] * 4, case.interfaces.count, strict=True))
    assert load / 2 < before - after < 1.1 * load / 2  # losses fall too


@pytest.mark.parametrize("kind", ["ranks", "indices"])
def test_pictures_are_drawn(whole: ContingencyRun, kind: str) -> None:
    assert whole.plot(kind).axes[0].get_title(loc="left")


def test_index_of_a_step_that_was_not_taken_is_no_number(whole: ContingencyRun) -> None:
    assert np.isnan(index_of(whole.findings.take(whole.findings.step == BASE), ALONE, 3, 1)).all()


@pytest.mark.parametrize("screen", ["dc", "decoupled", "full"])
def test_a_network_without_feeders_is_screened_and_solved_in_full(screen: str, tmp_path: Path) -> None:
    net = network("ieee14")
    run = gt.contingency(net, ratings="base", screen=screen, top=5, save=tmp_path / "one.tandem")  # type: ignore[arg-type]
    assert run.end is End.AGREED
    assert (run.findings.step == FULL).sum() == (19 if screen == "full" else 5)
    assert not (run.findings.step == ALONE).any()
    assert not any(run.feeder_solves.values())
    nodal = Nodal.of(net)
    newton, names = Newton.of(nodal), branch_names(nodal)
    by = yardstick(nodal, "base", newton.solve().v)
    full = run.findings.take(run.findings.step == FULL)
    for name, pi in zip(full.outage.tolist(), full.index(1).tolist(), strict=True):
        out = np.array([names.index(name)])
        seen = severity(nodal, by, without(newton, out).solve().v[None], [out])
        np.testing.assert_allclose(pi, seen.flow[0, 0] + seen.voltage[0, 0], rtol=AGREED_INDEX)
    letters = gt.contingency(net, ratings="base", screen=screen, top=5, solve="letters")  # type: ignore[arg-type]
    np.testing.assert_allclose(letters.ranking.pi, run.ranking.pi, rtol=AGREED_INDEX)
    assert ContingencyRun.opened(tmp_path / "one.tandem").ranking.digest() == run.ranking.digest()
    said = repr(run)
    assert said.startswith("ieee14, no feeders: 19 outages, ")
    assert not any(word in said for word in ("DSO", "merged", "alone", "distribution"))
    assert [run.plot(kind).axes[0].get_title(loc="left") for kind in ("ranks", "indices")] == ["Severity of outages"] * 2


def test_what_was_screened_first_does_not_vouch_for_the_screening(whole: ContingencyRun) -> None:
    few = gt.contingency(NAME, top=20)
    assert few.agreement().count < 177
    other = few.agreement(against="alone")
    assert other.count == 177
    assert other.spearman >= SCREENED_RANK
    assert other.overlap == other.top == 20
    assert "of the others only --screen full tells" in repr(few)
    assert "screening against feeders that draw what they drew before" in repr(few)
    assert "--screen full" not in repr(whole)
