"""Feeders with losses: load flows, certified chords, and no fictitious power."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gridtandem.errors import InvalidCase
from gridtandem.flow.newton import Newton
from gridtandem.flow.results import branch_flows
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.opf.branch_flow_curve import at_price, chords
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.forms.branch_flow import TIGHT, BranchFlow
from gridtandem.opf.offers import Asked
from gridtandem.program.solve import hold
from gridtandem.resources.part import Window
from gridtandem.units import MVA
from tests.opf.feeders import feeder, units
from tests.tolerances import CONE_IS_FLOW, CONE_MONEY, LITTLE_LOSS, PAID_FOR_LOSS

TREE = [0, 1, 2, 1, 4]
ROWS = ((3, 1.0, 20.0, 0.0), (5, 1.5, 35.0, 6.0), (1, 0.8, 50.0, 0.0))


def lossy(net: Network, **window: float) -> BranchFlow:
    return BranchFlow.of(FeederProblem.of(net, 0, Window(**window)))  # type: ignore[arg-type]


def test_a_tight_point_is_a_load_flow() -> None:
    """Newton on the same network with the dispatch as loads: voltages and what the root takes."""
    net = feeder(TREE, **units(*ROWS, q=0.2))
    form = lossy(net)
    answer = at_price(hold(form.program), 30.0, 1.0).require()
    assert form.slack(answer).max() <= TIGHT
    problem = form.feeder
    p, q = (there + sum(np.asarray(m @ answer.x[k].ravel()).reshape(there.shape) for k, m in maps.items())
            for there, maps in ((problem.p_there, problem.owned.part.p), (problem.q_there, problem.owned.part.q)))  # fmt: skip
    source: dict[str, Any] = {"name": ["root"], "bus": [0], "control": [el.REFERENCE], "p_low_mw": [-np.inf], "p_high_mw": [np.inf],
              "q_low_mvar": [-np.inf], "q_high_mvar": [np.inf]}  # fmt: skip
    alone = replace(
        net, generators=el.Generators.of(source), costs=el.Costs.empty(),
        loads=el.Loads.of({"name": [f"d{k}" for k in range(1, 6)], "bus": range(1, 6), "p_mw": -p[0, 1:], "q_mvar": -q[0, 1:]}),
    )  # fmt: skip
    nodal = Nodal.of(alone)
    flow = Newton.of(nodal).solve()
    tree = np.sqrt(answer.x["w"][0])
    order = problem.form.node
    assert np.abs(flow.v)[order] == pytest.approx(tree, abs=CONE_IS_FLOW)
    lost = float(sum(part.real.sum() for part in branch_flows(nodal, flow.v, flow.ratio))) * MVA
    assert form.losses(answer)[0] == pytest.approx(lost, abs=CONE_IS_FLOW)
    assert answer.x["z"][0] == pytest.approx(lost - p.sum(), abs=CONE_IS_FLOW)


@pytest.mark.parametrize("tol", [1.0, 0.05])
@pytest.mark.parametrize("rating", [np.inf, 1.2])
def test_chords_certify_their_error(tol: float, rating: float) -> None:
    form = lossy(feeder(TREE, low=0.96, rating=rating, **units(*ROWS, q=0.2)))
    curve, held = chords(form, tol=tol), hold(form.program)
    assert curve is not None
    assert curve.error <= tol
    x = np.linspace(curve.points[0].x, curve.points[-1].x, 25)[1:-1]
    answers = [held.solve(bounds={"z": (np.array([-one]), np.array([-one]))}).require() for one in x]
    gap = curve.offer.at(x) - np.array([a.cost for a in answers])
    assert gap.min() >= -CONE_MONEY
    assert 0 < gap.max() <= curve.error + CONE_MONEY
    assert max(form.slack(a).max() for a in answers) <= TIGHT


def test_with_little_resistance_it_is_nearly_the_lossless_curve() -> None:
    net = feeder(TREE, **units(*ROWS[:1]))
    net = replace(net, lines=replace(net.lines, r_ohm=net.lines.r_ohm * 0.02, x_ohm=net.lines.x_ohm * 0.02))
    curve, plain = chords(lossy(net), tol=1e-3), Asked.of(FeederProblem.of(net, 0, Window())).curve()
    assert curve is not None
    assert plain is not None
    x = np.linspace(curve.points[0].x, curve.points[-1].x, 9)[1:-1]
    assert curve.offer.x[[0, -1]] == pytest.approx(plain.offer.x[[0, -1]], abs=LITTLE_LOSS)
    assert curve.offer.at(x) == pytest.approx(plain.offer.at(x), abs=PAID_FOR_LOSS)


def test_power_worth_less_than_nothing_is_burnt_so_such_prices_are_refused() -> None:
    form = lossy(feeder(TREE, **units(*ROWS, q=0.2)))
    held = hold(form.program)
    burnt = held.solve(cost={"z": np.array([-5.0])}).require()
    assert form.slack(burnt).max() > TIGHT
    with pytest.raises(InvalidCase, match=r"0\.5 per MWh"):
        at_price(held, 0.4, 1.0)
    with pytest.raises(InvalidCase):
        chords(form, floor=-5.0)


def test_points_that_are_no_load_flow_are_not_offered() -> None:
    """Cheap power behind a voltage limit: the relaxation burns some to lower the voltage, and exports more than the network can."""
    form = lossy(feeder([0, 1], load=(0.05, 0.0), high=1.01, **units((2, 6.0, 1.0, 0.0), (1, 0.5, 30.0, 0.0))))
    curve, held = chords(form, tol=0.05), hold(form.program)
    loose = form.slack(at_price(held, 100.0, 1.0)).max()
    assert loose > TIGHT
    assert curve is not None
    for a in curve.points:
        answer = held.solve(bounds={"z": (np.array([-a.x]), np.array([-a.x]))}).require()
        assert form.slack(answer).max() <= 10 * TIGHT
