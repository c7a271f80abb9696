"""Feeder curves: one letter up, one solve, one look; refused outside their range and where controls bend them."""

from __future__ import annotations

import numpy as np
import pytest

from gridtandem.boundary.letters import PowerAt, PowerCurve, PowerOver, Worth
from gridtandem.cases.named import case
from gridtandem.coordinate import End
from gridtandem.schemes import FeederCurve, Response
from gridtandem.schemes.feeder_curve import curve_at
from gridtandem.study.run import run
from gridtandem.study.study import Study, seated
from tests.schemes.test_feeders_as_they_are import KINDS, made
from tests.tolerances import MERGED, SERIES_ROUNDS

SMOOTH = ("everything", "looped", "holds a voltage", "fixed tap", "reverse flow")


def test_one_curve_one_solve_one_look() -> None:
    found = run(Study(case=case("30B"), scheme=FeederCurve())).require()
    assert found.outcome.rounds == 1
    assert [e.question for e in found.outcome.ledger].count("VoltageUnder") == 1
    assert {e.question for e in found.outcome.ledger} == {"PowerOver", "VoltageUnder", "PowerAt"}


@pytest.mark.parametrize("kind", SMOOTH)
def test_feeders_whose_draw_is_smooth_are_served(kind: str) -> None:
    found = run(Study(case=made(kind), scheme=FeederCurve(), q_rule="switch")).require()
    assert found.verdict is not None
    assert found.verdict.checks.voltage_error_pu.max() <= MERGED


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(SMOOTH)))
def test_controls_that_bend_the_curve_are_refused_with_the_reason(kind: str) -> None:
    found = run(Study(case=made(kind), scheme=FeederCurve(), q_rule="switch"))
    assert found.outcome.end is End.REFUSED
    assert found.verdict is None
    assert "taps, reactive limits or a near end of solvability bend them; take scheme response" in found.trouble[0]


@pytest.mark.parametrize("kind", ["moving tap", "holds a voltage until its limit"])
def test_a_bent_curve_does_not_promise_much(kind: str) -> None:
    seats = seated(Study(case=made(kind), scheme=FeederCurve(), q_rule="switch"))
    fleet, rows = seats.fleets[0]
    shape = (1, 1, len(rows))
    reply = fleet.power_over(PowerOver(np.full(shape, 0.9), np.full(shape, 1.1), 15))
    v = np.linspace(0.9, 1.1, 101)
    true = np.stack([fleet.power_at(PowerAt(np.full(shape, x))).s[0, 0, 0] for x in v])
    off = np.linalg.norm(np.stack([np.polynomial.chebyshev.chebval((v - 1) / 0.1, reply.c[0, 0, 0, i]) for i in range(2)], -1) - true, axis=-1)
    assert reply.worth[0, 0, 0] == Worth.ESTIMATE
    assert np.sort(off)[-3] <= reply.error[0, 0, 0]  # but for the jumps themselves


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
