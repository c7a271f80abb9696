"""Scripted experiments of voltage security on T14D2: what rises, what falls, and a few numbers of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gridtandem.cases.case import Case
from gridtandem.cases.named import case
from gridtandem.errors import InvalidCase, UnknownName, Unreadable
from gridtandem.study.margin.experiment import Carried, Experiment, Progress, Trial, TrialResults, carried_out
from gridtandem.study.margin.experiments import FILES, experiment_named
from gridtandem.study.margin.experiments.renewables import FULL, HOLDING, LIMITED, UNITY
from gridtandem.study.margin.experiments.tap_changer import FREE, ONE, STAYS, V_TARGET_PU, ratios
from gridtandem.tables import Real
from tests.tolerances import EXPERIMENT_LOSS_MW, EXPERIMENT_STAR, SUPPORT_EQUAL

FEW = {"renewables": ("0%", "60%"), "tap-changer": ("0", "1", "2")}  # settings; all of them where none are named


@cache
def carried(name: str) -> Carried:
    what, on = experiment_named(name), case("T14D2")
    chosen = (t for t in what.trials(on) if t.setting in FEW.get(name, (t.setting,)))
    return carried_out(replace(what, trials=lambda _: chosen), on)


def rows(name: str, line: str = "", tool: str = "ccpf") -> TrialResults:
    trials = carried(name).trials
    found = trials.take((trials.line == line) & (trials.tool == tool))
    assert len(found)
    return found


def close(values: Real, told: tuple[float, ...], margin: float = EXPERIMENT_STAR) -> bool:
    return bool((np.abs(values - np.array(told)) <= margin).all())


def test_exponents_order_the_tools() -> None:
    """At constant power the feeders collapse first while their buses look well; from exponents near 1 on, transmission alone says too little."""
    coordinated, power, model = (rows("load-exponents", tool=t) for t in ("ccpf", "tcpf", "tcpf-lm"))
    assert coordinated.growth[0] < 0.7 * power.growth[0]
    assert coordinated.boundary_v_pu[0] > 0.9 > 2 * coordinated.weakest_v_pu[0]
    low = np.isin(coordinated.setting, ["(0, 0)", "(0.5, 0.5)"])
    assert (coordinated.growth < power.growth).tolist() == low.tolist()
    assert close(coordinated.growth[:4], (1.9918, 2.8886, 3.1353, 3.1300))
    assert close(model.growth[:4], (3.0568, 3.1008, 3.1369, 3.1335))


def test_the_load_model_of_transmission_is_no_upper_bound_beyond_exponent_one() -> None:
    coordinated, model = (rows("load-exponents", tool=t) for t in ("ccpf", "tcpf-lm"))
    above = coordinated.growth > model.growth
    assert above.tolist() == [False] * 4 + [True] * 3
    assert close(coordinated.growth[-1:] - model.growth[-1:], (0.0301,))


def test_the_convention_decides_what_the_ratio_of_lines_does() -> None:
    x, r, z = (rows("line-ratio", f"{h} held") for h in ("X", "R", "|z|"))
    assert (np.diff(x.growth) < 0).all()
    assert (np.diff(x.loss_mw) > 0).all()
    assert (np.diff(r.growth) > 0).all()
    assert (np.diff(r.loss_mw) < 0).all()
    assert np.sign(np.diff(z.growth)).tolist() == [-1, -1, 1, 1]
    assert close(x.growth, (2.794, 2.378, 1.950, 1.579, 1.023))
    assert close(x.loss_mw, (0.227, 0.468, 0.724, 0.999, 1.616), EXPERIMENT_LOSS_MW)


def test_units_help_where_they_are_far_from_the_root() -> None:
    found = rows("unit-place")
    assert found.setting.tolist() == ["none", "2", "6", "18", "33"]
    assert close(found.growth, (1.992, 2.003, 2.088, 2.183, 2.178))
    gain = found.growth[1:] - found.growth[0]
    assert gain[0] < 0.1 * gain[2:].min()
    assert (rows("unit-place", tool="tcpf").growth > 1.4 * found.growth).all()


def test_reactive_support_adds_to_the_margin() -> None:
    unity, full, holding = (rows("renewables", line) for line in (UNITY, FULL, HOLDING))
    assert close(unity.growth, (1.992, 2.460))
    assert close(full.growth, (1.992, 2.637))
    assert close(holding.growth, tuple(full.growth), SUPPORT_EQUAL)  # at the nose every converter is at its limit
    assert (holding.loss_mw[1:] > full.loss_mw[1:]).all()  # though not where load is small
    everywhere = [rows("renewables", f"{line}, {LIMITED}") for line in (UNITY, HOLDING)]
    assert all((np.diff(found.growth) > 0).all() for found in everywhere)
    assert (everywhere[1].growth < 0.4 * holding.growth).all()
    assert close(everywhere[1].growth, (0.6843, 0.8034))


def test_tap_changers_help_constant_power_and_hurt_what_falls_with_voltage() -> None:
    free, stays, one = (rows("tap-changer", line) for line in (FREE, STAYS, ONE))
    assert (free.growth > stays.growth).tolist() == [True, False, False]
    assert (free.growth > one.growth).tolist() == [True, False, False]
    assert close(free.growth[:2], (1.3625, 3.1665))
    assert close(stays.growth[:2], (1.0208, 3.2058))
    assert np.abs(free.loss_mw - stays.loss_mw).max() <= EXPERIMENT_LOSS_MW  # they begin alike


def test_a_transformer_costs_margin_where_loads_hold_their_power() -> None:
    power, falling = (rows("transformer", f"exponents {n}") for n in ("(0, 0)", "(0.9, 1.3)"))
    assert (np.diff(power.growth) < 0).all()
    assert (np.diff(falling.growth) > 0).all()
    assert close(power.growth, (1.9918, 1.1825, 1.0201, 0.8752))
    assert close(falling.growth[:3], (3.1300, 3.1721, 3.1876))


def test_ratios_are_those_that_hold_the_voltage() -> None:
    free = next(t for t in experiment_named("tap-changer").trials(case("T14D2")) if t.line == FREE).case
    found = ratios(free)
    assert found is not None
    assert found.shape == (2,)
    assert V_TARGET_PU == 1.0
    assert (np.abs(found - 1) < 0.1).all()
    assert found[0] != found[1]


def test_ratios_of_a_case_without_load_flow_are_none() -> None:
    heavy = case("T14D2")
    heavy = replace(heavy, interfaces=replace(heavy.interfaces, scale=np.array([9.0, 1.0])))
    assert ratios(heavy) is None
    assert len(list(experiment_named("tap-changer").trials(heavy))) == 15


def _two(what: Case) -> Iterator[Trial]:
    heavy = replace(what, interfaces=replace(what.interfaces, scale=np.array([9.0, 1.0])))
    yield Trial(line="", setting="heavy", value=0.0, case=heavy)
    yield Trial(line="", setting="usual", value=1.0, case=what)


def test_a_trial_without_load_flow_loses_no_other() -> None:
    heard: list[Progress] = []
    found = carried_out(Experiment(name="two", title="", varied="", held="", trials=_two), case("T14D2"), watch=heard.append)
    assert not found.found
    assert np.isnan(found.trials.growth).tolist() == [True] * 3 + [False] * 3
    assert np.isnan(found.trials.loss_mw[0])
    assert all("no load flow of all networks together to start from" in end for end in found.trials.end[:3].tolist())
    assert set(found.curves.setting.tolist()) == {"usual"}
    assert [(p.done, p.size, p.refused) for p in heard] == [(1, 2, 3), (2, 2, 3)]


def test_what_cannot_be_altered_is_refused_by_name() -> None:
    with pytest.raises(UnknownName, match="experiment"):
        experiment_named("line")
    with pytest.raises(Unreadable, match="has no feeders"):
        carried_out(experiment_named("line-ratio"), case("case14"))
    with pytest.raises(UnknownName, match="bus of 'case16am"):
        carried_out(experiment_named("unit-place"), case("14A"))
    torn = case("T14D2")
    with pytest.raises(InvalidCase, match="case-04"):
        carried_out(experiment_named("line-ratio"), replace(torn, interfaces=replace(torn.interfaces, model=np.array([0, 5]))))


def test_every_experiment_says_what_it_holds() -> None:
    for name in FILES:
        what = experiment_named(name)
        assert what.name == name
        assert what.held
        assert what.varied
