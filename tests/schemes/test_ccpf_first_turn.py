"""Coordinated margins where the curve turns several times, where limits are met together, and where loads draw most before λ turns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.boundary.arc import DONE, LIMIT, Arc, Seen
from gridtandem.boundary.growth_points import leapt, strayed
from gridtandem.cases.case import Case
from gridtandem.cases.generate import interfaces, with_exponents
from gridtandem.cases.join import joined
from gridtandem.coordinate import coordinate
from gridtandem.flow.newton import Newton
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.report.margin.run import MarginRun, margin
from gridtandem.schemes.ccpf import Ccpf
from gridtandem.study.margin.ask import Growth
from gridtandem.study.margin.coordinated import GrowthSeats
from gridtandem.study.margin.tables import KINDS
from tests.flow.networks import pair, six, tail
from tests.tolerances import LIMIT_KEPT, MOST_DRAWN, PEAK, SAME_LIMIT, SAME_NOSE

TOOLS = ("merged", "ccpf", "ccpf-response", "ccpf-nose")


def tails(*buses: int) -> Case:
    """`six` with a tail at each of these buses."""
    return hung(six(), buses)


def hung(grid: Network, buses: tuple[int, ...], model: Network | None = None) -> Case:
    size = len(buses)
    table = interfaces(
        [str(b) for b in buses], np.zeros(size, np.int64), [0] * size, np.array(buses, np.int64), count=np.ones(size, np.int64), scale=np.ones(size)
    )
    return Case(name=grid.name, transmission=grid, models=(model or tail(),), interfaces=table)


def same(run: MarginRun) -> None:
    one = run.tools.growth[0]
    assert np.abs(run.tools.growth - one).max() <= SAME_NOSE * one
    assert np.abs(run.tools.most_mw - run.tools.most_mw[0]).max() <= MOST_DRAWN * run.tools.most_mw[0]


@pytest.mark.parametrize("exponent", [0.6, 0.664, 0.668])
def test_all_tools_end_at_the_first_turn(exponent: float) -> None:
    """Up to 0.664 the curve turns back and rises again, beyond its first turn; from 0.668 on it does not, and goes on to the next."""
    run = margin(with_exponents(tails(5, 4), exponent, exponent), tools=TOOLS, until="nose")
    same(run)
    assert all("nose" in told for told in run.tools.end.tolist())


def test_a_margin_does_not_depend_on_how_far_the_curve_is_drawn() -> None:
    what = with_exponents(tails(5, 4), 0.6, 0.6)
    runs = [margin(what, tools=("merged", "ccpf"), until=until) for until in ("past", "whole")]
    for run in runs:
        same(run)
        assert np.abs(run.tools.growth - runs[0].tools.growth).max() == 0
    curve = runs[-1].curves.take(runs[-1].curves.tool == "ccpf")
    assert curve.growth[-1] > run.tools.growth[1]  # it rises beyond
    plain = margin(what, tools=("ccpf-fixed-point",))
    assert "lower bound" in str(plain.tools.end[0])
    assert plain.tools.growth[0] <= run.tools.growth[0]
    assert np.isnan(plain.tools.most_mw[0])


def test_the_most_that_loads_draw_is_solved_for() -> None:
    """There a load flow draws what is told, and a little to either side less."""
    what = with_exponents(tails(5, 4), 0.6, 0.6)
    run = margin(what, tools=TOOLS, until="nose")
    peaks = run.events.take(run.events.met == KINDS.index("peak"))
    assert peaks.tool.tolist() == list(TOOLS)
    assert np.abs(peaks.load_mw - run.tools.most_mw).max() == 0
    at = float(run.tools.most_growth[1])
    drawn = [load_flow(what, growth) for growth in (at - PEAK, at, at + PEAK)]
    assert abs(drawn[1] - run.tools.most_mw[1]) <= MOST_DRAWN * drawn[1]
    assert max(drawn[0], drawn[2]) < drawn[1]
    assert run.tools.growth[1] > at + PEAK


def load_flow(what: Case, growth: float) -> float:
    """What loads draw at a growth of everything."""
    whole = joined(what).network
    nodal = Nodal.of(whole)
    own = nodal.units.row < len(what.transmission.generators)
    newton = Newton.of(nodal)
    p = np.where(own, 1 + growth, 1.0) * nodal.units.s.real
    found = Newton.of(replace(nodal, units=replace(nodal.units, s=p + 1j * nodal.units.s.imag)), options=newton.options).solve(loads=1 + growth)
    assert found.converged
    law = nodal.loads
    return 100 * (1 + growth) * float(law.at(np.abs(found.v)[law.node])[0].real.sum())


def test_constant_power_has_no_peak_of_its_own() -> None:
    run = margin(tails(5, 4), tools=TOOLS, until="nose")
    same(run)
    assert KINDS.index("peak") not in run.events.met[run.events.tool != "merged"].tolist()
    assert np.abs(run.tools.most_growth - run.tools.growth).max() == 0


@pytest.mark.parametrize("more", [0.0, 1e-7, 1e-3])
def test_units_that_are_equal_give_way_together(more: float) -> None:
    run = margin(hung(pair(q_high=(40.0, 40.0 + more)), (1,)), tools=("merged", "ccpf"), keep=("q",))
    same(run)
    for tool in ("merged", "ccpf"):
        events = run.events.take((run.events.tool == tool) & (run.events.met == KINDS.index("q")))
        assert sorted(events.element.tolist()) == ["left", "right"]
        assert np.ptp(events.growth) <= SAME_LIMIT + more


def changing() -> Network:
    """The tail behind a transformer that holds the voltage of what was its root."""
    net = tail()
    oltc = el.Transformers(
        name=["T"], from_bus=[5], to_bus=[0], base_mva=[10.0], r_pu=[0.005], x_pu=[0.08], control=[1], regulated_bus=[0], v_target_pu=[1.0],
        ratio_low=[0.9], ratio_high=[1.1],
    )  # fmt: skip
    buses = el.Buses(name=[*net.buses.name.tolist(), "grid side"], nominal_kv=np.full(6, 20.0))
    return replace(net, buses=buses, transformers=oltc, generators=replace(net.generators, bus=np.array([5, 3])))


@pytest.mark.parametrize("keep", [(), ("q",)])
def test_tap_changers_of_equal_feeders_stand_at_their_ends_together(keep: tuple[str, ...]) -> None:
    what = hung(six(), (4, 4), changing())
    what = replace(what, interfaces=replace(what.interfaces, root=np.array([5, 5])))
    run = margin(what, tools=("merged", "ccpf"), keep=keep)
    same(run)
    for tool in ("merged", "ccpf"):
        assert int(((run.events.tool == tool) & (run.events.met == KINDS.index("tap")) & ~run.events.past).sum()) == 2


def test_no_limit_is_passed_at_any_place() -> None:
    """Asked at the owners' doors after every round."""
    seats = GrowthSeats.of(hung(pair(), (1,)), Growth(keep=("q",)))
    most = [-np.inf]

    def look(outcome: object) -> None:
        state = outcome.state  # type: ignore[attr-defined]
        most.append(state.base.over)

    coordinate(seats.mailbox(), Ccpf(past=0.1), rounds=500, watch=look).require()
    assert max(most) <= LIMIT_KEPT


def test_a_limit_at_hand_gives_way_where_it_is_left_behind_and_only_there() -> None:
    arc = Arc.of(0.05, 0.0).measured(Seen(growth=0.0, slope=1.0, over=0.0, rise=1.0))
    over, _ = arc.tried(Seen(growth=0.01, slope=1.0, over=1e-3, rise=1.0))
    probed, taken = over.tried(Seen(growth=0.0001, slope=1.0, over=1e-5, rise=1.0))
    assert (probed.phase, taken) == (LIMIT, False)
    away, taken = over.tried(Seen(growth=0.0001, slope=1.0, over=-1e-5, rise=1.0))
    assert taken
    assert away.phase != LIMIT


def test_a_limit_that_turns_the_curve_ends_it() -> None:
    arc = Arc.of(0.05, 0.0).measured(Seen(growth=0.0, slope=1.0))
    assert arc.began(Seen(growth=1.0, slope=-0.5, over=-1.0)).phase == DONE
    waits = arc.began(Seen(growth=1.0, slope=-0.5, over=0.0))
    assert waits.phase != DONE
    assert waits.tried(Seen(growth=1.0, slope=-0.5, over=-1e-4))[0].phase == DONE


def test_steps_to_another_piece_of_the_curve_are_noticed() -> None:
    seats = GrowthSeats.of(with_exponents(tails(5, 4), 0.6, 0.6), Growth())
    mail = seats.mailbox()
    state = Ccpf().start(mail)
    here = state.base
    there = Ccpf().round(mail, state).base
    length = state.arc.length
    assert not strayed(here, there, state.arc)
    assert leapt(here, replace(there, v_low=there.v_low - 0.2), state.arc, length)
    assert strayed(here, replace(there, turn=there.turn * np.array([1, 1, 1, 40.0])), state.arc)
    assert strayed(here, replace(there, growth=here.growth - 0.01), state.arc)
