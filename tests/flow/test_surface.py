"""Curves of feeders for any loading in a range, from one sweep."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.library import network as feeder
from gridtandem.flow.feeders import Feeders
from gridtandem.flow.newton import Options
from gridtandem.flow.surface import Surface
from gridtandem.grid import elements as el
from gridtandem.grid.nodal import Nodal
from tests.flow.making import tree
from tests.tolerances import PRODUCT_OF_SERIES, SERIES_ROUNDS

V, LOADING = (0.9, 1.1), (0.2, 1.2)


def feeders(*nets: object) -> Feeders:
    n, none = len(nets), np.zeros(len(nets), int)
    return Feeders.of([Nodal.of(k) for k in nets], root=none, model=np.arange(n), scale=np.ones(n), options=Options(q_rule="switch"))  # type: ignore[arg-type]


PUBLISHED = feeders(feeder("case33bw"), feeder("case141"), tree(3, 20))
SURFACE = Surface.of(PUBLISHED, v=V, loading=LOADING, degree=(9, 9))


@given(st.floats(*V), st.lists(st.floats(*LOADING), min_size=3, max_size=3))
@settings(max_examples=40, deadline=None)
def test_a_curve_at_any_loading_is_what_the_feeder_draws(v: float, loading: list[float]) -> None:
    draw = SURFACE.at(np.arange(3), np.array(loading))
    s, ds = draw.each(np.full(3, v))
    true = PUBLISHED.draw(np.full((1, 1, 3), v), np.array(loading), slope=True)
    assert (np.abs(s - true.s[0, 0]) <= SURFACE.error + SERIES_ROUNDS).all()
    assert np.abs(s - true.s[0, 0]).max() <= PRODUCT_OF_SERIES
    assert np.abs(ds - true.ds[0, 0]).max() <= 1000 * PRODUCT_OF_SERIES


def test_the_promise_falls_with_either_degree_and_is_no_idle_one() -> None:
    error = [Surface.of(PUBLISHED, v=V, loading=LOADING, degree=d).error.max() for d in ((3, 3), (3, 9), (9, 3), (9, 9))]
    assert error[0] >= max(error[1:3]) > 10 * error[3]
    assert error[3] <= 1000 * PRODUCT_OF_SERIES


def test_outside_the_range_of_loadings_there_is_no_curve() -> None:
    s, _ = SURFACE.at(np.arange(3), np.array([0.1, 1.0, 1.3])).each(np.ones(3))
    assert np.isnan(s).tolist() == [True, False, True]


def test_feeders_that_cannot_be_told_so_are_nan_and_spare_the_others() -> None:
    held = feeder("case33bw")
    units = el.Generators(name=["pv"], bus=[17], p_mw=[0.5], control=[el.VOLTAGE], v_set_pu=[0.98], q_low_mvar=[-0.1], q_high_mvar=[0.1])
    mixed = feeders(replace(held, generators=units), feeder("case33bw"), feeder("case85"))
    found = Surface.of(mixed, v=V, loading=LOADING)
    assert np.isnan(found.error).tolist() == [True, False, False]
    heavy = Surface.of(mixed, v=V, loading=(0.2, 2.6))  # at 0.9 pu case85 has no load flow at the end of this range, case33bw still has
    assert np.isnan(heavy.error).tolist() == [True, False, True]
    assert np.isnan(heavy.c).any((1, 2, 3)).tolist() == [True, False, True]
