"""Result tables: units, names, and what is left out."""

from dataclasses import replace

import numpy as np

from gridtandem.cases.library import network
from gridtandem.flow.newton import Newton, Options
from gridtandem.flow.results import FlowResults, results
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from tests.flow.networks import meshed, two_buses
from tests.tolerances import BALANCE, IDENTITY, SAME_FLOW


def tables(net: Network, options: Options | None = None) -> FlowResults:
    newton = Newton.of(Nodal.of(net), options=options)
    return results(newton, newton.solve())


def test_a_line_by_hand():
    """x = 0.1 pu, Q = 0: V² = (1 + √(1 − 4 x² p²)) / 2, and the line takes x p² / V² of reactive power."""
    found = tables(two_buses(p_mw=100.0, q_mvar=0.0, x_pu=0.1))
    square = (1 + np.sqrt(1 - 4 * 0.01)) / 2
    assert abs(found.buses.v_pu[1] - np.sqrt(square)) <= SAME_FLOW
    assert abs(found.buses.v_kv[1] - 110 * np.sqrt(square)) <= 110 * SAME_FLOW
    assert abs(found.branches.q_from_mvar[0] - 10 / square) <= 100 * SAME_FLOW
    assert abs(found.branches.loss_mvar[0] - 10 / square) <= 100 * SAME_FLOW
    assert abs(found.branches.p_to_mw[0] + 100) <= 100 * SAME_FLOW
    assert abs(found.units.p_mw[0] - 100) <= 100 * SAME_FLOW
    assert found.loss_mw <= 100 * SAME_FLOW


def test_every_bus_balances_with_the_branches_at_it():
    net = meshed(11)
    found = tables(net)
    at = {name: k for k, name in enumerate(net.buses.name.tolist())}
    left = found.buses.p_mw + 1j * found.buses.q_mvar - found.buses.load_p_mw - 1j * found.buses.load_q_mvar
    left = left - found.buses.shunt_p_mw - 1j * found.buses.shunt_q_mvar
    ends = np.concatenate([net.lines.from_bus, net.transformers.from_bus, net.lines.to_bus, net.transformers.to_bus])
    br = found.branches
    np.add.at(left, ends, -np.concatenate([br.p_from_mw + 1j * br.q_from_mvar, br.p_to_mw + 1j * br.q_to_mvar]))
    assert len(at) == len(found.buses)
    assert abs(left).max() <= 100 * BALANCE


def test_loading_counts_the_larger_end_and_no_limit_loads_nothing():
    net = two_buses(p_mw=60.0, q_mvar=0.0)
    free = tables(net).branches
    assert np.isinf(free.rating_mva[0])
    assert free.loading_percent[0] == 0
    rated = tables(replace(net, lines=replace(net.lines, rating_mva=[50.0]))).branches
    sizes = np.hypot(rated.p_from_mw, rated.q_from_mvar), np.hypot(rated.p_to_mw, rated.q_to_mvar)
    assert abs(rated.loading_percent[0] - 100 * max(s[0] for s in sizes) / 50) <= IDENTITY * 100
    assert rated.loading_percent[0] > 120


def test_what_is_out_of_service_does_not_appear():
    net = meshed(2)
    off = replace(
        net, buses=replace(net.buses, live=np.arange(9) != 8), lines=replace(net.lines, closed=np.arange(len(net.lines)) != 1),
        generators=replace(net.generators, live=np.arange(5) != 2),
    )  # fmt: skip
    found = tables(off)
    assert "b8" not in found.buses.bus
    assert "l1" not in found.branches.name
    assert found.units.name.tolist() == ["slack", "g1", "pq", "g3"]
    assert len(found.buses) == 8


def test_words_for_limits_and_kinds():
    found = tables(network("case118"), Options(q_rule="switch"))
    frame = found.units.frame()
    assert set(frame["at_limit"]) == {"within", "lower", "upper"}
    assert frame[frame["at_limit"] == "upper"]["bus"].tolist() == ["103"]
    assert set(found.branches.frame()["kind_of_branch"]) == {"line", "transformer"}


def test_ratios_are_shown_as_they_ended():
    net = two_buses()
    t = el.Transformers(
        name=["t"], from_bus=[0], to_bus=[1], r_pu=[0.0], x_pu=[0.1], control=[el.CONTINUOUS], regulated_bus=[1], v_target_pu=[0.99],
    )  # fmt: skip
    found = tables(replace(net, lines=el.Lines.empty(), transformers=t))
    assert found.branches.ratio[0] < 1
    assert abs(found.buses.v_pu[1] - 0.99) <= SAME_FLOW


def test_without_solution_tables_are_empty():
    found = tables(two_buses(p_mw=2000.0))
    assert (len(found.buses), len(found.branches), len(found.units)) == (0, 0, 0)
    assert np.isnan(found.loss_mw)
    assert found.trouble
