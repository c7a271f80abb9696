"""Dispatch under AC physics: the nine published situations against one owner's dispatch, run files, periods, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.cases.case import Case
from gridtandem.coordinate import End, Outcome
from gridtandem.errors import InvalidCase, NotAgreed
from gridtandem.grid import devices as dv
from gridtandem.schemes.admm import Admm
from gridtandem.schemes.central import Central
from gridtandem.schemes.copf import Copf
from gridtandem.schemes.hgd import Hgd
from gridtandem.schemes.hgd_plain import HgdPlain
from gridtandem.schemes.hgd_slope import HgdSlope
from gridtandem.schemes.independent_opf import IndependentOpf
from gridtandem.study.craft import saved
from gridtandem.study.dispatch.run import DispatchResult, compare, dispatch, reopened, resume
from gridtandem.study.dispatch.study import DispatchStudy, seated
from gridtandem.study.side_by_side import crossed, model_numbers
from tests.tolerances import DISPATCH_GAP, DISPATCH_GAP_LEAST, DISPATCH_PRICE, DISPATCH_VOLTAGE, MONEY_CLOSES, OWN_COST, SAME_CHECK
from tools.dispatch_counts import CASES

ROUNDS = 6  # promised of boundary-SQP
SETTLES = ("feeder ends, quadratic", "feeder ends, linear", "30 buses", "118 buses, cheap")  # where prices to and fro come to rest
SWINGS = ("next to root, 0.03", "next to root, 0.01", "overvoltage", "overvoltage, no Q", "118 buses, flat")  # and where not
PARALLEL = 2  # feeders behind each interface of T14D2


@cache
def result(name: str, scheme: Any = None) -> DispatchResult:
    return dispatch(DispatchStudy(case=CASES[name].case() if name in CASES else gt.case(name), scheme=Copf() if scheme is None else scheme))


def told(found: DispatchResult) -> dict[str, object]:
    """Everything a dispatch tells, to the bit."""
    tables = {name: table.digest() for name, table in found.named().items()}
    return {**tables, "gaps": found.outcome.gaps, "end": found.outcome.end, "letters": found.letters.digest(), "trouble": found.trouble}


# ── against one owner ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", CASES)
def test_boundary_sqp_is_the_dispatch_of_one_owner(name: str) -> None:
    found, best = result(name), result(name, Central())
    assert found.outcome.agreed
    assert found.outcome.rounds <= ROUNDS
    assert abs(found.gap) <= DISPATCH_GAP
    assert found.central == best.central
    assert not len(found.tables.violations)
    e, b = found.tables.exchanges, best.tables.exchanges
    assert e.price_per_mwh == pytest.approx(e.price_central_per_mwh, rel=DISPATCH_PRICE)
    assert e.v_pu == pytest.approx(b.v_pu, abs=DISPATCH_VOLTAGE)
    assert found.tables.prices.v_checked_pu == pytest.approx(best.tables.prices.v_checked_pu, abs=DISPATCH_VOLTAGE)
    assert found.realised == pytest.approx(best.central, rel=DISPATCH_GAP)


@pytest.mark.parametrize("name", SETTLES)
def test_prices_to_and_fro_settle_where_feeders_bend(name: str) -> None:
    for scheme in (Hgd(), HgdSlope()):
        found = result(name, scheme)
        assert found.outcome.agreed
        assert abs(found.gap) <= DISPATCH_GAP_LEAST


@pytest.mark.parametrize("name", SWINGS)
def test_prices_that_swing_are_told_with_interface_and_advice(name: str) -> None:
    found = result(name, Hgd())
    assert found.outcome.end is End.CYCLES
    assert len(found.trouble) == 1
    assert "prices come again every 2 rounds between" in found.trouble[0]
    assert "in period 1 at interface" in found.trouble[0]
    assert found.trouble[0].endswith("take copf")
    assert not len(found.tables.exchanges)
    with pytest.raises(NotAgreed, match="take copf"):
        found.require()


@pytest.mark.parametrize("name", ["feeder ends, quadratic", "next to root, 0.03", "118 buses, flat"])
def test_alternating_directions_arrive_too(name: str) -> None:
    """In few rounds also where costs are flat: the weight may fall, but ever less each time it turns."""
    found = result(name, Admm())
    assert found.outcome.agreed
    assert found.outcome.rounds <= 40
    assert abs(found.gap) <= DISPATCH_GAP_LEAST


def test_nobody_answers_for_voltage_and_that_costs() -> None:
    full, plain = result("14A", Hgd()), result("14A", HgdPlain())
    assert abs(full.gap) <= DISPATCH_GAP
    assert plain.outcome.agreed
    assert plain.gap > 100 * DISPATCH_GAP
    assert plain.tables.checks.voltage_error_pu.max() <= DISPATCH_VOLTAGE  # it can be carried out; it is only dear
    assert not plain.tables.exchanges.price_per_pu.any()


def test_an_independent_plan_promises_less_because_nobody_can_carry_it_out() -> None:
    dear = result("14A", IndependentOpf())
    assert dear.promised < dear.central * (1 - 100 * DISPATCH_GAP)
    assert dear.realised > dear.central * (1 + 100 * DISPATCH_GAP)
    found = result("overvoltage", IndependentOpf())
    assert found.outcome.end is End.ALONE
    assert found.gap < -100 * DISPATCH_GAP
    broken = found.tables.violations
    assert set(broken.element) == {"bus"}
    assert (broken.value > broken.limit).all()
    assert broken.limit == pytest.approx(1.1)


def test_what_crosses_is_what_headers_say() -> None:
    """Per round and interface; transmission's cost once a letter. The first letter tells exchange and price."""
    interfaces, alone = 2, 6
    each = {
        Copf(): 9 + 13 + 12 + 6, Hgd(): 3 + 4 + 3 + 3, HgdPlain(): 3 + 4 + 3 + 3, HgdSlope(): 8 + 4 + 3 + 6, Admm(): 9 + 4 + 9 + 6,
        IndependentOpf(): 3 + 4 + 3 + 3,
    }  # fmt: skip
    for scheme, often in each.items():
        found = result("feeder ends, quadratic", scheme)
        assert crossed(found) == interfaces * (alone + often * found.outcome.rounds) + 1 + found.outcome.rounds, type(scheme).__name__
        assert {e.question for e in found.outcome.ledger} == {q.__name__ for q in scheme.asks_tso | scheme.asks_dsos}
    whole = result("feeder ends, quadratic", Central())
    assert crossed(whole) == model_numbers(whole.study.case)


# ── books of the study ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_costs_are_those_of_units_and_powers_balance() -> None:
    found = result("feeder ends, quadratic")
    d, e, c = found.tables.decisions, found.tables.exchanges, found.tables.checks
    assert d.cost_per_h.sum() == pytest.approx(found.promised, rel=OWN_COST)
    assert d.p_mw[d.company != "tso"].min() >= -SAME_CHECK
    assert e.p_mw == pytest.approx(e.p_checked_mw, abs=SAME_CHECK)
    assert e.p_mw == pytest.approx(e.p_feeder_mw, abs=SAME_CHECK)
    case = found.study.case  # loads of constant power
    load = case.transmission.loads.p_mw.sum() + sum(m.loads.p_mw.sum() for m in case.models) * PARALLEL * 2
    made = d.p_mw.sum() + c.slack_mw[0]
    assert made == pytest.approx(load + c.loss_mw[0], abs=SAME_CHECK)


def test_the_same_study_gives_the_same_bits() -> None:
    study = DispatchStudy(case=gt.case("T14D2"), scheme=Copf())
    assert told(dispatch(study)) == told(dispatch(study))
    digests = {replace(study, **more).digest() for more in ({}, {"first": 2}, {"hours": 2}, {"rounds": 3}, {"scheme": Copf(weight=1.0)})}
    assert len(digests) == 5


@pytest.mark.parametrize("scheme", [Copf(), Hgd(), Admm()])
def test_a_stopped_run_goes_on_as_if_it_had_never_stopped(scheme: Any, tmp_path: Path) -> None:
    study = DispatchStudy(case=CASES["feeder ends, quadratic"].case(), scheme=scheme)
    whole = dispatch(study)
    assert whole.outcome.rounds > 2

    def stop(outcome: Outcome[object]) -> None:
        if len(outcome.gaps) == 2:
            raise KeyboardInterrupt

    begun = dispatch(study, save=tmp_path / "a.tandem", watch=stop)
    assert begun.outcome.end is End.STOPPED
    assert np.isnan(reopened(tmp_path / "a.tandem").promised)
    assert told(resume(tmp_path / "a.tandem")) == told(whole)
    assert told(reopened(tmp_path / "a.tandem")) == told(whole)
    assert reopened(tmp_path / "a.tandem").study.digest() == study.digest()
    assert told(reopened(saved(whole, tmp_path / "b.tandem").path)) == told(whole)  # type: ignore[arg-type]


@pytest.mark.parametrize("system", ["14B", "30B"])
def test_plans_keep_what_was_agreed_where_a_voltage_is_at_its_limit(system: str) -> None:
    """With draws fixed the best voltages of transmission alone are others; prices of voltage agree with those of who sees everything."""
    found, best = result(system), result(system, Central())
    for one in (found, best):
        assert abs(one.gap) <= DISPATCH_GAP
        assert not len(one.tables.violations)
    assert found.tables.exchanges.price_per_pu == pytest.approx(best.tables.exchanges.price_per_pu, rel=DISPATCH_PRICE)


def test_a_comparison_has_a_row_for_each_scheme() -> None:
    found = compare(DispatchStudy(case=CASES["overvoltage"].case(), scheme=None), [Central(), Copf(), Hgd()])
    t = found.table
    assert t.scheme.tolist() == ["central", "copf", "hgd"]
    assert t.agreed.tolist() == [True, True, False]
    assert abs(t.gap_to_central[0]) <= MONEY_CLOSES
    assert np.isnan(t.promised[2])
    assert np.isnan(t.price_error_per_mwh[2])
    assert t.price_error_per_mwh[1] <= DISPATCH_PRICE * found.results[1].tables.exchanges.price_per_mwh.max()


# ── what is refused, and what has no answer ──────────────────────────────────────────────────────────────────────────────────


def faults(what: Case, **more: Any) -> dict[str, str]:
    with pytest.raises(InvalidCase) as said:
        seated(DispatchStudy(**{"case": what, "scheme": Copf(), **more}))
    return {f.code: str(f) for f in said.value.faults}


def test_all_wrong_settings_and_devices_are_told_at_once() -> None:
    told = faults(gt.case("ieee118-2dso-storage"), hours=0, first="one", rounds=2.5)
    assert set(told) == {"study-024", "study-026"}
    assert "out of service" in told["study-026"]
    told = faults(gt.case("ieee118-2dso-storage"), hours=25)
    assert set(told) == {"study-025", "study-026"}
    assert "24 of 25" in told["study-025"]


@pytest.mark.parametrize("kind", ["storages", "vehicles", "flexible"])
def test_devices_that_dispatch_does_not_know_are_named(kind: str) -> None:
    rows = {
        "storages": dv.Storages.of({"name": ["heap"], "bus": [3], "charge_high_mw": [1.0], "discharge_high_mw": [1.0], "energy_high_mwh": [1.0]}),
        "vehicles": dv.Vehicles.of({"name": ["heap"], "bus": [3], "charge_high_mw": [1.0], "energy_need_mwh": [0.5]}),
        "flexible": dv.Flexible.of({"name": ["heap"], "bus": [3], "p_high_mw": [1.0], "price_per_mwh": [1.0]}),
    }[kind]
    what = gt.case("T14D2")
    said = faults(replace(what, models=(replace(what.models[0], **{kind: rows}),)))
    assert set(said) == {"study-026"}
    assert kind in said["study-026"]
    assert "'heap'" in said["study-026"]
    asleep = replace(rows, live=np.array([False]))
    seated(DispatchStudy(case=replace(what, models=(replace(what.models[0], **{kind: asleep}),)), scheme=Copf()))


def test_a_unit_without_limits_is_named() -> None:
    what = CASES["feeder ends, linear"].case()
    net = what.models[0]
    high = np.array(net.generators.p_high_mw)
    high[-1] = np.inf
    said = faults(replace(what, models=(replace(net, generators=replace(net.generators, p_high_mw=high)),)))
    assert set(said) == {"study-023"}
    assert "unit-2" in said["study-023"]


def test_feeders_with_two_ports_and_cases_without_feeders_are_refused() -> None:
    assert "study-022" in faults(gt.case("T14R2"))
    net = gt.case("ieee14")
    alone = net if isinstance(net, Case) else Case(name="alone", transmission=net)
    assert "case-058" in faults(alone)
    assert dispatch(DispatchStudy(case=alone, scheme=Central())).outcome.agreed


def banded(what: Case, low: float, high: float) -> Case:
    """Its feeders with another band of voltage, the roots aside."""
    net = what.models[0]
    inner = np.arange(len(net.buses)) > 0
    buses = replace(net.buses, v_low_pu=np.where(inner, low, 0.0), v_high_pu=np.where(inner, high, np.inf))
    return replace(what, models=(replace(net, buses=buses),))


@pytest.mark.parametrize("scheme", [Copf(), Hgd(), Central()])
def test_a_band_that_a_feeder_cannot_keep_is_named_with_its_buses(scheme: Any) -> None:
    found = dispatch(DispatchStudy(case=banded(gt.case("T14D2"), 0.99, 1.0), scheme=scheme))
    assert found.outcome.end is End.REFUSED
    assert not len(found.tables.exchanges)
    assert np.isnan(found.promised)
    said = " ".join(found.trouble)
    assert "To have a solution nearby it would need: " in said
    assert "at bus " in said
    assert ("all networks as one" in said) == isinstance(scheme, Central)


def test_what_each_can_alone_and_not_together_is_told_by_who_sees_both() -> None:
    """Feeders that want more than 1.06 pu, which they may have and transmission may not give."""
    found = dispatch(DispatchStudy(case=banded(gt.case("T14D2"), 0.99, 1.1), scheme=Copf()))
    assert found.outcome.end is End.CYCLES
    assert found.trouble[1].startswith("all networks as one, To have a solution nearby it would need: bus ")
    kept = dispatch(DispatchStudy(case=banded(gt.case("T14D2"), 0.95, 1.1), scheme=Copf()))  # no feeder has a dispatch at 1 pu, all at 1.05
    assert kept.outcome.agreed
    assert abs(kept.gap) <= DISPATCH_GAP


def test_a_band_that_transmission_cannot_keep_is_named_with_its_buses() -> None:
    what = gt.case("T14D2")
    b = what.transmission.buses
    tight = replace(what, transmission=replace(what.transmission, buses=replace(b, v_low_pu=np.full(len(b), 1.0), v_high_pu=np.full(len(b), 1.0))))
    found = dispatch(DispatchStudy(case=tight, scheme=Copf()))
    assert found.outcome.end is End.REFUSED
    assert found.trouble[0].startswith("tso, ")
    assert "its voltage limit" in found.trouble[0]


def test_an_island_is_named() -> None:
    what = gt.case("T14D2")
    net = what.models[0]
    closed = np.array(net.lines.closed)
    closed[10] = False
    with pytest.raises(InvalidCase) as said:
        dispatch(DispatchStudy(case=replace(what, models=(replace(net, lines=replace(net.lines, closed=closed)),)), scheme=Copf()))
    assert "12" in str(said.value)
