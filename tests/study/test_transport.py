"""Networks that only carry: published and hand-made costs, ratings, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.errors import InvalidCase, Unsolved
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.study.transport import transport
from tests.tolerances import CARRIED_BY_SQUARES, PUBLISHED_ITD, TRANSPORTED


def two(rating_mva: float = 1e3, **more: object) -> Network:
    """Two buses, a cheap unit at one, a dear one at the other, where 100 MW are drawn."""
    return Network(
        name="two", buses=el.Buses.of({"name": ["a", "b"], "nominal_kv": [110.0, 110.0], "v_low_pu": [0.9] * 2, "v_high_pu": [1.1] * 2}),
        lines=el.Lines.of({"name": ["ab"], "from_bus": [0], "to_bus": [1], "r_ohm": [3.0], "x_ohm": [10.0], "rating_mva": [rating_mva]}),
        loads=el.Loads.of({"name": ["town"], "bus": [1], "p_mw": [100.0], "q_mvar": [40.0]}),
        generators=el.Generators.of({
            "name": ["cheap", "dear"], "bus": [0, 1], "p_low_mw": [0.0, 0.0], "p_high_mw": [150.0, 150.0], "control": [2, 0],
            "q_low_mvar": [-99.0] * 2, "q_high_mvar": [99.0] * 2,
        }),
        costs=el.Costs.of({"generator": [0, 0, 0, 1], "order": [0, 1, 2, 1], "coefficient": [7.0, 10.0, 0.1, 26.0]}),
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.peer
def test_the_published_objective() -> None:
    """case5_withload with case3_balanced_withoutgen, "NFA,NFAU" (PowerModelsITD.jl, test/opfitd.jl); 600·10 + 40·14 + 170·15 + 189·30 = 14 780."""
    pytest.importorskip("opendssdirect")
    found = gt.transport("case5_case3_bal_nogen")
    assert found.cost_per_h == pytest.approx(14779.99974, abs=PUBLISHED_ITD)
    assert found.cost_per_h == pytest.approx(14780.0, abs=TRANSPORTED)
    assert found.currency == "USD"
    assert sorted(found.units.p_mw.round(6).tolist()) == [0.0, 40.0, 170.0, 189.0, 600.0]


def test_a_square_meets_a_price_where_both_are_equal() -> None:
    """10 + 0.2 p = 26 at p = 80 MW; 7 + 800 + 640 + 20 · 26 = 1967."""
    found = transport(two())
    np.testing.assert_allclose(found.units.p_mw, [80.0, 20.0], atol=CARRIED_BY_SQUARES)
    assert found.cost_per_h == pytest.approx(1967.0, abs=TRANSPORTED)
    assert found.branches.p_mw[0] == pytest.approx(80.0, abs=CARRIED_BY_SQUARES)
    assert found.cost_per_h == pytest.approx(found.units.cost_per_h.sum())
    assert gt.optimal_power_flow(two()).require().cost_per_h > found.cost_per_h + 1.0


def test_ratings_hold_and_points_cost_what_they_say() -> None:
    """A line of 50 MVA carries 50 MW; the dear unit asks 26 up to 20 MW and 40 beyond."""
    points = el.CostPoints.of({"generator": [1, 1, 1], "p_mw": [0.0, 20.0, 150.0], "cost_per_h": [0.0, 520.0, 5720.0]})
    net = two(50.0, cost_points=points)
    found = transport(replace(net, costs=net.costs.take(net.costs.generator == 0)))
    np.testing.assert_allclose(found.units.p_mw, [50.0, 50.0], atol=CARRIED_BY_SQUARES)
    np.testing.assert_allclose(found.units.cost_per_h, [7 + 500 + 250, 520 + 30 * 40], atol=TRANSPORTED)


def test_too_little_to_carry_and_curves_it_cannot_follow() -> None:
    with pytest.raises(Unsolved):
        transport(replace(two(50.0), generators=replace(two().generators, p_high_mw=[150.0, 40.0])))
    net = two()
    bent = replace(net, costs=replace(net.costs, order=[0, 1, 3, 1]))
    with pytest.raises(InvalidCase, match="costs by a third power") as caught:
        transport(bent)
    assert [(f.label, f.code) for f in caught.value.faults] == [("cheap", "opf-001")]
    with pytest.raises(InvalidCase, match="a square that falls"):
        transport(replace(net, costs=replace(net.costs, coefficient=[7.0, 10.0, -0.1, 26.0])))
