"""Feeders with one thing changed: what is held stays to the bit, and what is changed is what was asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtandem.cases.altered import Held, each_feeder, with_head, with_line_ratio, with_unit
from gridtandem.cases.library import network
from gridtandem.cases.named import case
from gridtandem.errors import UnknownName, Unreadable
from gridtandem.grid.elements import REFERENCE, VOLTAGE
from tests.tolerances import SAME_RATIO

FEEDER = network("case33bw")


@given(ratio=st.floats(0.05, 20), held=st.sampled_from(["x", "r", "z"]))
def test_lines_have_the_ratio_and_keep_what_is_held(ratio: float, held: Held) -> None:
    before, after = FEEDER.lines, with_line_ratio(FEEDER, ratio, held).lines
    assert after.r_ohm == pytest.approx(ratio * after.x_ohm, rel=SAME_RATIO, abs=0)
    kept = {"x": lambda t: t.x_ohm, "r": lambda t: t.r_ohm, "z": lambda t: np.hypot(t.r_ohm, t.x_ohm)}[held]
    assert kept(after) == pytest.approx(kept(before), rel=SAME_RATIO, abs=0)


@pytest.mark.parametrize("ratio", [0.0, -1.0, float("nan"), float("inf")])
def test_a_ratio_that_is_none_is_refused(ratio: float) -> None:
    with pytest.raises(Unreadable, match="R/X"):
        with_line_ratio(FEEDER, ratio, "x")


def test_a_unit_stands_where_it_was_asked_for() -> None:
    twice = with_unit(with_unit(FEEDER, "18", p_mw=1.0, q_mvar=0.3), "18", p_mw=2.0, reach_mvar=0.5, v_set_pu=1.01)
    units = twice.check().generators
    assert units.name.tolist()[-2:] == ["DG18", "DG18-2"]
    assert twice.buses.name[units.bus[-2:]].tolist() == ["18", "18"]
    assert (units.q_mvar[-2], units.q_low_mvar[-1], units.q_high_mvar[-1], units.v_set_pu[-1]) == (0.3, -0.5, 0.5, 1.01)
    assert units.control[-1] == VOLTAGE
    with pytest.raises(UnknownName, match="bus of 'case33bw'"):
        with_unit(FEEDER, "34", p_mw=1.0)


def test_a_transformer_stands_before_every_feeder() -> None:
    plain = case("T14D2")
    both = with_head(plain, x_pu=0.1, rating_mva=5.0, regulates="continuous", ratio=(0.95, 1.02))
    assert not list(both.faults())
    assert len(both.models) == 2
    for row, ratio in enumerate((0.95, 1.02)):
        model = both.models[both.interfaces.model[row]]
        (t,) = [model.transformers.take(np.array([0]))]
        assert (t.ratio[0], t.x_pu[0], t.base_mva[0]) == (ratio, 0.1, 5.0)
        assert t.from_bus[0] == both.interfaces.root[row]
        assert t.to_bus[0] == t.regulated_bus[0] == plain.interfaces.root[row]
        held = model.generators.control == REFERENCE
        assert (model.generators.bus[held] == t.from_bus[0]).all()
    assert len(with_head(plain, x_pu=0.1, rating_mva=5.0).models) == 1
    again = with_head(both, x_pu=0.1, rating_mva=5.0)
    assert again.models[0].buses.name.tolist()[-2:] == ["head", "head-2"]


def test_every_feeder_is_changed() -> None:
    altered = each_feeder(case("14A"), lambda feeder: with_line_ratio(feeder, 1.0, "r"))
    assert all((m.lines.r_ohm == m.lines.x_ohm).all() for m in altered.models)
