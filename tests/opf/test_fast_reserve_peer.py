"""Fast reserve beside pandapower: a feeder with its reserve called, built anew there from impedances and injections."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from gridtandem.cases.rts24_ffr import Rts24Ffr
from gridtandem.frequency.schedule import Hung, JointPlan, JointSchedule
from gridtandem.frequency.security import Inertia
from gridtandem.frequency.transmission import SecureTransmission
from gridtandem.grid.network import Network
from gridtandem.opf.fast_replay import replayed
from gridtandem.opf.fast_reserve import STATES, FastFeeder, Model
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.leader import of_group
from gridtandem.program.answer import Answer
from gridtandem.resources.part import Window
from gridtandem.tables import Real
from tests.tolerances import BROKEN_PU, DELIVERED_MW, PEER_MISMATCH_MVA, SAME_AWARD_MW, SAME_AWARD_PU

pytestmark = [pytest.mark.peer, pytest.mark.filterwarnings("ignore")]
HOURS = Window(first=3, periods=2)


@cache
def planned(size: float, v_high_pu: float, model: Model) -> tuple[FastFeeder, Answer]:
    """Two hours of the market with that feeder at bus 14, and what the feeder does in it."""
    options = Rts24Ffr(feeders=(("14", 1),), size=size, v_high_pu=v_high_pu)
    case = options.case("peer")
    made = FastFeeder.of(FeederProblem.of(case.models[0], int(case.interfaces.root[0]), HOURS), model)
    inertia = Inertia.of({"hour": [4, 5], "inertia_mws": [7850.0, 7850.0], "loss_mw": [100.0, 100.0]})
    plan: JointPlan = JointSchedule.of(SecureTransmission.of(case.transmission, case.interfaces.bus, HOURS), [Hung(feeder=made)], inertia).solve()
    return made, Answer(**{name: getattr(plan.answer, name) for name in Answer.__slots__} | {"x": of_group(plan.answer.x, 0)})


def built(pp: Any, net: Network, root: int) -> Any:
    """Its buses, closed lines, and the regulator as an impedance between two buses of one voltage level."""
    theirs = pp.create_empty_network(f_hz=60, sn_mva=1.0)
    for kv in net.buses.nominal_kv.tolist():
        pp.create_bus(theirs, vn_kv=kv)
    pp.create_ext_grid(theirs, root, vm_pu=1.0)
    n = net.lines
    for k in np.flatnonzero(n.closed).tolist():
        pp.create_line_from_parameters(
            theirs, int(n.from_bus[k]), int(n.to_bus[k]), 1.0, r_ohm_per_km=n.r_ohm[k], x_ohm_per_km=n.x_ohm[k], c_nf_per_km=0.0, max_i_ka=1.0
        )
    t = net.transformers
    for k in np.flatnonzero(t.closed).tolist():
        pp.create_impedance(theirs, int(t.from_bus[k]), int(t.to_bus[k]), rft_pu=t.r_pu[k], xft_pu=t.x_pu[k], sn_mva=t.base_mva[k])
    return theirs


def run(pp: Any, made: FastFeeder, p: Real, q: Real) -> tuple[float, Real, Real]:
    """Import, voltages by bus, and apparent power by rating of closed lines."""
    net, nodal = made.feeder.network, made.feeder.nodal
    theirs = built(pp, net, made.feeder.root)
    for bus, node in enumerate(nodal.node.tolist()):
        pp.create_sgen(theirs, bus, p_mw=p[node], q_mvar=q[node])
    assert len(np.unique(nodal.node)) == len(nodal.node)
    pp.runpp(theirs, tolerance_mva=PEER_MISMATCH_MVA, numba=False, max_iteration=50)
    sent = np.maximum(
        np.hypot(theirs.res_line.p_from_mw, theirs.res_line.q_from_mvar), np.hypot(theirs.res_line.p_to_mw, theirs.res_line.q_to_mvar)
    )  # fmt: skip
    return float(theirs.res_ext_grid.p_mw.sum()), theirs.res_bus.vm_pu.to_numpy(), sent.to_numpy() / net.lines.rating_mva[net.lines.closed]


def both(size: float, v_high_pu: float, model: Model) -> tuple[Real, Real, Real, FastFeeder, Answer]:
    """Import (state, hour), most that a voltage is beyond its limit, and largest loading (state, hour)."""
    pp = pytest.importorskip("pandapower")
    made, answer = planned(size, v_high_pu, model)
    buses, out = made.feeder.network.buses, np.zeros((3, len(STATES), HOURS.periods))
    some = np.arange(len(buses)) != made.feeder.root
    for s, state in enumerate(STATES):
        p, q = made.injected(answer, state)
        for t in range(HOURS.periods):
            took, v, loading = run(pp, made, p[t], q[t])
            beyond = np.maximum(np.maximum(buses.v_low_pu - v, v - buses.v_high_pu), 0.0)[some].max()
            out[:, s, t] = took, beyond, loading.max()
    return out[0], out[1], out[2], made, answer


@pytest.mark.parametrize(("size", "v_high_pu"), [(1.0, 1.05), (2.0, 1.02)])
def test_pandapower_feels_the_award_within_limits(size: float, v_high_pu: float) -> None:
    took, beyond, loading, made, answer = both(size, v_high_pu, "full")
    award = answer.x["award"]
    assert award.min() > 1.0
    assert beyond.max() <= BROKEN_PU
    assert loading.max() <= 1 + BROKEN_PU
    assert (took[0] - took[1] >= award - DELIVERED_MW).all()
    ours = replayed(made, answer)
    np.testing.assert_allclose(took.ravel(), ours.z_mw, rtol=0, atol=SAME_AWARD_MW)


def test_pandapower_breaks_what_a_plan_without_the_network_would_break() -> None:
    took, beyond, _, made, answer = both(2.0, 1.02, "none")
    assert (took[0] - took[1] < answer.x["award"] - DELIVERED_MW).all()
    assert (beyond[1] > BROKEN_PU).all()
    ours = replayed(made, answer)
    np.testing.assert_allclose(took.ravel(), ours.z_mw, rtol=0, atol=SAME_AWARD_MW)
    np.testing.assert_allclose(beyond.ravel(), ours.beyond_pu, rtol=0, atol=SAME_AWARD_PU)
