"""The joined grid: what enters each feeder, against the feeder's own equations; each part of it, against that feeder alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.cases.case import Case
from gridtandem.cases.generate import joined as hung
from gridtandem.cases.join import bundle, joined
from gridtandem.cases.library import network
from gridtandem.flow.newton import Options
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.parties.owner import Owner
from tests.tolerances import PORT_IS_FEEDER


def full_root(net: Network) -> Network:
    """A feeder with a load, a unit, a shunt, a transformer and a bus tie at its root; the unit costs something."""
    root, bus = 0, net.buses
    buses = el.Buses.of({name: [*getattr(bus, name).tolist(), "beside" if name == "name" else getattr(bus, name)[root]] for name in bus.columns()})
    last, loads = len(bus), net.loads
    more = {"name": "at root", "bus": last, "p_mw": 0.7, "q_mvar": 0.3, "p_exponent": 1.5, "q_exponent": 2.5}
    load = el.Loads.of({name: [*getattr(loads, name).tolist(), more.get(name, spec.default)] for name, spec in loads.columns().items()})
    units = el.Generators.of(
        {"name": ["source", "DG", "far"], "bus": [root, last, 5], "p_mw": [0.0, 0.4, 0.2], "control": [el.REFERENCE, el.PQ, el.PQ]}
    )
    first = el.Transformers.of({"name": ["substation"], "from_bus": [last], "to_bus": [1], "r_pu": [0.002], "x_pu": [0.08], "ratio": [0.97]})
    return replace(
        net, name="full root", buses=buses, loads=load, generators=units, transformers=first, lines=net.lines.take(np.arange(1, len(net.lines))),
        ties=el.Ties.of({"name": ["coupler"], "from_bus": [root], "to_bus": [last]}),
        shunts=el.Shunts.of({"name": ["capacitor", "reactor"], "bus": [root, 7], "b_mvar": [0.4, -0.1], "g_mw": [0.05, 0.0]}),
        costs=el.Costs.of({"generator": [0, 1, 1], "order": [1, 1, 2], "coefficient": [9.0, 20.0, 0.5]}),
        cost_points=el.CostPoints.of({"generator": [2, 2], "p_mw": [0.0, 1.0], "cost_per_h": [0.0, 30.0]}),
    )  # fmt: skip


@pytest.fixture(scope="module")
def case() -> Case:
    feeders = [full_root(network("case33bw")), network("case69")]
    made = hung("ieee30", feeders, where=["3", "3", "10", "14", "15", "24", "30"], count=1, spread=0.5, seed=4).check()
    return replace(made, interfaces=replace(made.interfaces, count=np.array([1, 2, 3, 1, 4, 1, 2])))


def test_what_enters_a_feeder_is_what_its_own_equations_say(case: Case) -> None:
    """Slow twin: the feeder by itself, S = V conj(Y V) at its root with load there added and units taken off."""
    owner = Owner.of(case, np.array([[0.8]]), Options())
    found = owner.solve((0, 0))
    assert found.converged
    got, table, whole = owner.exchange(found, (0, 0)), case.interfaces, owner.joined
    for k in range(len(table)):
        feeder = Nodal.of(bundle(case.models[table.model[k]], count=int(table.count[k]), scale=float(table.scale[k])))
        v = found.v[owner.newton.nodal.node[whole.first_bus[whole.interface_feeder[k]] + feeder.bus]]
        root = feeder.node[table.root[k]]
        demand, _ = feeder.loads.at(np.abs(v[feeder.loads.node]))
        s = v[root] * np.conj((feeder.admittance() @ v)[root]) + 0.8 * demand[feeder.loads.node == root].sum()
        s -= feeder.units.s[feeder.units.node == root].sum()
        assert abs(got[k] - s) <= PORT_IS_FEEDER * max(1.0, abs(s))


def test_parallel_feeders_are_the_feeder_so_many_times(case: Case) -> None:
    one, many = Nodal.of(bundle(case.models[0])), Nodal.of(bundle(case.models[0], count=3, scale=0.7))
    y = one.admittance().toarray()
    np.testing.assert_allclose(many.admittance().toarray(), 3 * y, atol=PORT_IS_FEEDER * abs(y).max())
    np.testing.assert_allclose(many.loads.s, 3 * 0.7 * one.loads.s, rtol=PORT_IS_FEEDER)
    np.testing.assert_allclose(many.units.s, 3 * 0.7 * one.units.s, rtol=PORT_IS_FEEDER)
    cost, point = many.network.costs, many.network.cost_points
    assert (cost.generator.tolist(), point.generator.tolist()) == ([0, 0], [1, 1])
    np.testing.assert_allclose(cost.coefficient, [20.0, 0.5 / 2.1], rtol=PORT_IS_FEEDER)  # 2.1 times as much at 2.1 times the power
    np.testing.assert_allclose(np.stack([point.p_mw, point.cost_per_h]), [[0.0, 2.1], [0.0, 63.0]], rtol=PORT_IS_FEEDER)


def test_each_part_of_the_joined_grid_is_its_feeder(case: Case) -> None:
    """All columns of all tables, with rows counted from where the part begins; root, start and names are looked at apart."""
    whole, table = joined(case), case.interfaces
    assert whole.feeders == tuple(table.feeder.tolist())
    for part in range(1 + len(table)):
        k = part - 1
        own = case.transmission if part == 0 else bundle(case.models[table.model[k]], count=int(table.count[k]), scale=float(table.scale[k]))
        first = {name: int(np.searchsorted(rows, part)) for name, rows in whole.part.items()}
        for name, alone in own.tables().items():
            here = getattr(whole.network, name).take(np.flatnonzero(whole.part[name] == part))
            for column, spec in alone.columns().items():
                if name == "buses" and column in ("v_start_pu", "angle_start_deg", "v_low_pu", "v_high_pu") and part:
                    continue
                want = getattr(alone, column)
                if spec.refers:
                    want = np.where(want >= 0, want + first[spec.refers], -1)
                if column == "name" and part:
                    want = np.array([f"{table.feeder[k]}/{word}" for word in want.tolist()], dtype=str)
                np.testing.assert_array_equal(getattr(here, column), want, f"{name}.{column} of part {part}")
    ties = whole.network.ties.take(np.arange(len(whole.network.ties) - len(table), len(whole.network.ties)))
    assert ties.name.tolist() == [f"interface {name}" for name in table.name.tolist()]
    assert ties.from_bus.tolist() == table.bus.tolist()
    assert ties.to_bus.tolist() == (whole.first_bus + table.root).tolist()
    assert ties.closed.all()


def test_feeders_begin_at_the_voltage_above_them_and_have_no_limits_there(case: Case) -> None:
    whole, table, above = joined(case), case.interfaces, case.transmission.buses
    buses, root = whole.network.buses, whole.first_bus + table.root
    np.testing.assert_allclose(buses.v_start_pu[root], above.v_start_pu[table.bus], rtol=PORT_IS_FEEDER)
    np.testing.assert_allclose(buses.angle_start_deg[root], above.angle_start_deg[table.bus], atol=PORT_IS_FEEDER)
    assert (buses.v_low_pu[root] == 0).all()
    assert np.isinf(buses.v_high_pu[root]).all()
    assert np.array_equal(buses.v_low_pu[: len(above)], above.v_low_pu)
