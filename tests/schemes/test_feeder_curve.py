"""Feeder curves: one letter up, one solve, one look; knots where controls bend them; refused outside their range and where a jump has no answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.boundary.curves import curve_at
from gridtandem.boundary.letters import PowerAt, PowerCurve, PowerOver
from gridtandem.cases.case import Case
from gridtandem.cases.named import case
from gridtandem.coordinate import End
from gridtandem.errors import Unreadable
from gridtandem.schemes import FeederCurve, Merged, Response
from gridtandem.study.registry import scheme_named, scheme_of
from gridtandem.study.run import reopened, run
from gridtandem.study.study import Study, seated
from gridtandem.units import MVA
from tests.schemes.test_conformance import bits, carried
from tests.schemes.test_feeders_as_they_are import KINDS, made, transformer
from tests.tolerances import CURVE_KEPT, KNOT_FOUND, MERGED, SERIES_ROUNDS, STEP_OF_TAPS

TIGHT = 1e-10
BENT = ("holds a voltage until its limit", "moving tap", "moving tap at its end")


def stepped(steps: int) -> Case:
    """The 33-bus feeders behind substation transformers that hold 1 pu in so many steps of their ratio from 0.9 to 1.1."""
    what = case("T14D2")
    taps = {"control": [2], "regulated_bus": [1], "v_target_pu": [1.0], "steps": [steps]}
    return replace(what, models=tuple(transformer(m, **taps) for m in what.models))


def test_one_curve_one_solve_one_look() -> None:
    found = run(Study(case=case("30B"), scheme=FeederCurve())).require()
    assert found.outcome.rounds == 1
    assert [e.question for e in found.outcome.ledger].count("VoltageUnder") == 1
    assert {e.question for e in found.outcome.ledger} == {"PowerOver", "VoltageUnder", "PowerAt"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_feeder_is_served_and_smooth_ones_in_one_piece(kind: str) -> None:
    found = run(Study(case=made(kind), scheme=FeederCurve(), q_rule="switch")).require()
    assert found.verdict is not None
    assert found.verdict.checks.voltage_error_pu.max() <= MERGED
    assert (len(found.outcome.state.draw.bends.knot) > 0) == (kind in BENT)


@pytest.mark.parametrize(("what", "loading"), [*((made(kind), 1.0) for kind in BENT), (made(BENT[0]), 1.3), (stepped(8), 0.7), (stepped(8), 1.4)])
def test_curves_with_knots_give_the_answer_of_response(what: Case, loading: float) -> None:
    settings = {"case": what, "loading": np.full((1, 1), loading), "q_rule": "switch"}
    one, other = (run(Study(scheme=s, **settings)).require() for s in (FeederCurve(), Response(tol=TIGHT)))  # type: ignore[arg-type]
    assert one.verdict is not None
    assert other.verdict is not None
    assert np.abs(one.verdict.buses.v_pu - other.verdict.buses.v_pu).max() <= MERGED
    assert np.abs(one.verdict.interfaces.p_mw - other.verdict.interfaces.p_mw).max() <= MERGED * MVA


def test_voltages_on_both_sides_of_limits_in_one_study() -> None:
    """A DG that holds its voltage in one scenario and sits at each of its limits in others; the same numbers as response."""
    what = made("holds a voltage until its limit")
    loading = np.array([[0.5, 0.6], [0.75, 1.3]])
    one, other = (run(Study(case=what, scheme=s, loading=loading, q_rule="switch")).require() for s in (FeederCurve(), Response(tol=TIGHT)))
    assert one.verdict is not None
    assert other.verdict is not None
    assert set(one.verdict.units.at_limit[one.verdict.units.feeder == "F10"].tolist()) == {0, 1, 2}
    assert np.array_equal(one.verdict.units.at_limit, other.verdict.units.at_limit)
    assert np.abs(one.verdict.buses.v_pu - other.verdict.buses.v_pu).max() <= MERGED


@pytest.mark.parametrize(("what", "jumps"), [(made(BENT[0]), False), (made(BENT[2]), False), (stepped(8), True)])
def test_pieces_of_a_letter_keep_their_promise_and_join_where_the_draw_does(what: Case, jumps: bool) -> None:
    fleet, _ = seated(Study(case=what, scheme=FeederCurve(), q_rule="switch")).fleets[0]
    shape = (1, 1, 1)
    low, high = np.full(shape, 0.9), np.full(shape, 1.1)
    reply = fleet.power_over(PowerOver(low, high, 7))
    draw = PowerCurve(low, high, reply.c, reply.worth, reply.bends)
    assert len(reply.bends.knot)
    for x in np.linspace(0.9, 1.1, 41):
        v = np.full(shape, x)
        assert (np.abs(curve_at(draw, v) - fleet.power_at(PowerAt(v)).s).max(-1) <= reply.error + SERIES_ROUNDS).all()
    for knot in reply.bends.knot:
        below, above = (curve_at(draw, np.full(shape, knot + side * KNOT_FOUND)) for side in (-1, 1))
        assert (np.abs(above - below).max() > STEP_OF_TAPS) == jumps  # a unit lets go when it is past its limit by the hysteresis


def test_equal_feeders_behind_many_interfaces_are_solved_once_and_say_the_same() -> None:
    what = stepped(8)
    table = what.interfaces
    rows = np.zeros(40, np.int64)
    names = np.array([f"F{k}" for k in rows.cumsum() + np.arange(40)])
    many = replace(what, interfaces=replace(table.take(rows), name=names, feeder=names, company=np.full(40, "all")))
    fleet, _ = seated(Study(case=many, scheme=FeederCurve())).fleets[0]
    reply = fleet.power_over(PowerOver(np.full((1, 1, 40), 0.9), np.full((1, 1, 40), 1.1), 3))
    assert np.bincount(reply.bends.interface, minlength=40).tolist() == [np.sum(reply.bends.interface == 0)] * 40
    assert (reply.c == reply.c[:, :, :1]).all()


def test_a_jump_that_no_voltage_satisfies_is_a_result_that_says_so() -> None:
    """Steps of 5 %: at this loading the voltage passes the knot whichever position is taken, and schemes that step go to and fro for ever."""
    study = Study(case=stepped(4), scheme=FeederCurve(), loading=np.full((1, 1), 2.29375), rounds=20)
    found = run(study)
    assert found.outcome.end is End.REFUSED
    assert found.verdict is None
    assert "what the feeder draws jumps by 0.488 MW and 0.693 Mvar where the voltage passes 0.978652 pu" in found.trouble[0]
    assert "take scheme merged" in found.trouble[0]
    assert run(replace(study, scheme=Response())).outcome.end is End.OUT_OF_ROUNDS
    assert run(replace(study, scheme=Merged())).outcome.agreed


def test_outside_the_range_there_is_no_answer() -> None:
    found = run(Study(case=case("T14D2"), scheme=FeederCurve(low=1.2, high=1.3)))
    assert found.outcome.end is End.REFUSED
    assert found.verdict is None
    assert "voltages leave the range 1.2 … 1.3 pu" in found.trouble[0]


def test_a_range_that_reaches_below_the_end_of_solvability_is_refused_and_a_narrower_one_is_not() -> None:
    loading = np.full((1, 1), 2.7)
    found = run(Study(case=case("T14D2"), scheme=FeederCurve(low=0.5), loading=loading))
    assert found.outcome.end is End.REFUSED
    assert "it is infeasible below" in found.trouble[0]
    assert run(Study(case=case("T14D2"), scheme=FeederCurve(), loading=loading)).require().verdict is not None


@pytest.mark.parametrize("kept", [False, True])
def test_knots_have_the_same_bits_over_the_wire_after_resuming_and_for_any_split_of_companies(kept: bool) -> None:
    what = made("moving tap")
    scheme = FeederCurve(degree=1)
    whole = carried(what, scheme)
    assert whole.rounds > 2
    assert len(whole.state.draw.bends.knot) == 2
    if kept:
        scheme = replace(scheme, kept=whole.state.draw)
        whole = carried(what, scheme)
    one = replace(what, interfaces=replace(what.interfaces, company=np.array(["all", "all"])))
    turned = replace(what, interfaces=what.interfaces.take(np.array([1, 0])))
    assert bits(carried(what, scheme, wire=True)) == bits(whole)
    assert bits(carried(one, scheme)) == bits(whole)
    assert np.array_equal(carried(turned, replace(scheme, kept=None)).state.draw.bends.knot, whole.state.draw.bends.knot[::-1])
    half = carried(what, scheme, rounds=1)
    assert bits(carried(what, scheme, resume=half)) == bits(whole)


def test_controls_that_never_settle_are_refused_with_what_a_curve_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gridtandem.flow.knots.MOST", 1)
    found = run(Study(case=stepped(8), scheme=FeederCurve()))
    assert found.outcome.end is End.REFUSED
    assert found.verdict is None
    assert "a curve needs a load flow at every voltage of its range, and controls that settle there" in found.trouble[0]


def test_one_scenario_outside_spares_the_others() -> None:
    found = run(Study(case=case("T14D2"), scheme=FeederCurve(low=1.0), loading=np.array([[1.0], [2.9]])))
    alone = run(Study(case=case("T14D2"), scheme=Response(), loading=np.array([[1.0], [2.9]])))
    assert found.outcome.agreed
    assert alone.verdict is not None
    assert found.verdict is not None
    assert alone.verdict.checks.scenario.tolist() == [0, 1]
    assert found.verdict.checks.scenario.tolist() == [0]
    assert "voltages leave the range" in found.trouble[0]


def test_the_promised_error_is_kept_and_falls_with_the_degree() -> None:
    seats = seated(Study(case=case("T14D2"), scheme=FeederCurve()))
    fleet, rows = seats.fleets[0]
    shape = (1, 1, len(rows))
    low, high = np.full(shape, 0.87), np.full(shape, 1.13)
    promised = []
    for degree in (3, 7, 11):
        reply = fleet.power_over(PowerOver(low, high, degree))
        promised.append(float(reply.error.max()))
        for x in np.linspace(0.87, 1.13, 27):
            v = np.full(shape, x)
            draw = PowerCurve(low, high, reply.c, reply.worth)
            off = np.linalg.norm(curve_at(draw, v) - fleet.power_at(PowerAt(v)).s, axis=-1)
            assert (off <= reply.error + SERIES_ROUNDS).all()
    assert promised[0] > 100 * promised[1] > 10_000 * promised[2]


# ── kept curves ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def without(what: Case, line: int) -> Case:
    """The same with a line of transmission open."""
    lines = what.transmission.lines
    closed = np.arange(len(lines)) != line
    return replace(what, transmission=replace(what.transmission, lines=replace(lines, closed=lines.closed & closed)))


@pytest.mark.parametrize("what", [case("T14D2"), made(BENT[0])])
def test_after_an_outage_in_transmission_feeders_are_not_asked_for_curves_again(what: Case) -> None:
    first = run(Study(case=what, scheme=FeederCurve(), q_rule="switch")).require()
    outage = Study(case=without(what, 3), scheme=FeederCurve(kept=first.outcome.state.draw), q_rule="switch")
    kept, anew = run(outage).require(), run(replace(outage, scheme=FeederCurve())).require()
    assert [e.question for e in kept.outcome.ledger] == ["VoltageUnder", "PowerAt", "PowerAt"]
    assert kept.verdict is not None
    assert anew.verdict is not None
    assert np.abs(first.outcome.state.v - kept.outcome.state.v).max() > 1000 * CURVE_KEPT
    assert np.abs(kept.outcome.state.v - anew.outcome.state.v).max() <= CURVE_KEPT
    assert kept.verdict.checks.voltage_error_pu.max() <= MERGED


def test_kept_curves_that_no_longer_hold_are_asked_for_anew() -> None:
    what = case("T14D2")
    first = run(Study(case=what, scheme=FeederCurve())).require()
    heavier = Study(case=what, scheme=FeederCurve(kept=first.outcome.state.draw), loading=np.full((1, 1), 1.3))
    found, fresh = run(heavier).require(), run(replace(heavier, scheme=FeederCurve())).require()
    assert "PowerOver" in {e.question for e in found.outcome.ledger}
    assert found.outcome.state.v.tobytes() == fresh.outcome.state.v.tobytes()
    other_shape = replace(heavier, loading=np.ones((2, 1)))
    assert "PowerOver" in {e.question for e in run(other_shape).require().outcome.ledger}


def test_a_batch_of_outages_on_kept_curves_is_that_of_response() -> None:
    what = made(BENT[0])
    kept = run(Study(case=what, scheme=FeederCurve(), q_rule="switch")).require().outcome.state.draw
    settings = {"loading": [0.8, 1.0], "outages": ["2-4", "4-5"], "q_rule": "switch"}
    one, other = (gt.batch(what, scheme=s, **settings).cases for s in (FeederCurve(kept=kept), Response(tol=TIGHT)))  # type: ignore[arg-type]
    assert one.ok.all()
    assert (one.rounds[one.scenario == 1] == 1).all()
    assert np.abs(one.exchange_mw - other.exchange_mw).max() <= MERGED * MVA
    assert np.abs(one.v_low_pu - other.v_low_pu).max() <= MERGED


def test_kept_curves_are_part_of_the_study_and_of_its_file(tmp_path: Path) -> None:
    first = run(Study(case=made(BENT[0]), scheme=FeederCurve(), q_rule="switch")).require()
    study = Study(case=first.study.case, scheme=FeederCurve(kept=first.outcome.state.draw), q_rule="switch")
    again = reopened(run(study, save=tmp_path / "kept.tandem").path or tmp_path)
    assert again.study.digest() == study.digest() != replace(study, scheme=FeederCurve()).digest()
    assert again.study.scheme.kept.bends.knot.tobytes() == first.outcome.state.draw.bends.knot.tobytes()
    assert scheme_of(study.scheme, {"tol_mva": 1e-6}).kept is study.scheme.kept
    with pytest.raises(Unreadable, match="option kept of scheme feeder-curve is what an earlier run found"):
        scheme_named("feeder-curve", {"kept": 3.0})


def test_the_how_to_runs_as_written(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/keep-feeder-curves.md").read_text(encoding="utf-8")
    exec(page.split("```python")[1].split("```")[0], {})
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 4
    assert all("AGREED {'VoltageUnder': 1, 'PowerAt': 2," in line for line in told)
