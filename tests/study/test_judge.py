"""Columns of the verdict against the same figures looked up one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.cases.case import Case
from gridtandem.cases.generate import joined
from gridtandem.cases.named import case as named
from gridtandem.flow.results import branch_flows
from gridtandem.study.judge import Verdict
from gridtandem.study.run import run
from gridtandem.study.study import seated
from gridtandem.units import MVA
from tests.study.asked import studied
from tests.tolerances import SUMMED_UP

LOADING = (0.8, 1.0, 9.0)  # the last has no solution


@pytest.fixture(scope="module")
def case() -> Case:
    made = joined("ieee30", ["case33bw", "case69"], how_many=6, count=2, spread=0.4, dg_share=0.2, seed=2)
    low = tuple(replace(m, buses=replace(m.buses, v_low_pu=np.full(len(m.buses), 0.99))) for m in made.models)
    tight = tuple(replace(m, lines=replace(m.lines, rating_mva=np.ones(len(m.lines)))) for m in low)
    grid = made.transmission
    grid = replace(
        grid, buses=replace(grid.buses, v_high_pu=np.full(len(grid.buses), 1.04)),
        transformers=replace(grid.transformers, rating_mva=np.full(len(grid.transformers), 5.0)),
    )  # fmt: skip
    return replace(made, models=tight, transmission=grid)


@pytest.fixture(scope="module")
def verdict(case: Case) -> Verdict:
    found = run(studied(case, loading=LOADING)).verdict
    assert found is not None
    return found


def test_interfaces_sum_up_their_feeders(case: Case, verdict: Verdict) -> None:
    table, buses, branches = verdict.interfaces, verdict.buses, verdict.branches
    assert len(table) == 2 * len(case.interfaces)
    for row in range(len(table)):
        mine = buses.take((buses.feeder == table.feeder[row]) & (buses.scenario == table.scenario[row]))
        k = int(np.argmin(mine.v_pu))
        assert (table.v_low_pu[row], table.v_low_bus[row]) == (mine.v_pu[k], mine.bus[k])
        lost = branches.loss_mw[(branches.feeder == table.feeder[row]) & (branches.scenario == table.scenario[row])].sum()
        assert table.loss_mw[row] == pytest.approx(lost * table.count[row], rel=SUMMED_UP)
        root = case.models[case.interfaces.model[row % len(case.interfaces)]].buses.name[case.interfaces.root[0]]
        assert table.v_checked_pu[row] == mine.v_checked_pu[mine.bus == root][0]
        above = (buses.company == "tso") & (buses.bus == table.bus[row]) & (buses.scenario == table.scenario[row])
        assert table.v_pu[row] == buses.v_pu[above][0]


def test_of_equal_voltages_the_first_bus_is_named() -> None:
    """Without load a feeder lies at its root's voltage everywhere."""
    found = run(studied(named("T14D2"), loading=0.0)).verdict
    assert found is not None
    models, table = named("T14D2").models, named("T14D2").interfaces
    assert found.interfaces.v_low_bus.tolist() == [models[m].buses.name[r] for m, r in zip(table.model, table.root, strict=True)]
    np.testing.assert_array_equal(found.interfaces.v_low_pu, found.interfaces.v_feeder_pu)


def test_the_check_is_the_joined_load_flow(case: Case, verdict: Verdict) -> None:
    owner = seated(studied(case, loading=LOADING)).owner
    net, nodal = owner.joined.network, owner.newton.nodal
    for s in (0, 1):
        found, checks = owner.solve((s, 0)), verdict.checks.take(verdict.checks.scenario == s)
        v = np.abs(found.v)
        loss = np.sum(branch_flows(nodal, found.v, found.ratio), axis=0).real * MVA
        low = int(np.argmin(v))
        assert (checks.v_low_pu[0], checks.v_low_bus[0]) == (v[low], net.buses.name[nodal.bus[low]])
        names = [(net.lines, net.transformers)[kind].name[row] for kind, row in zip(nodal.branches.kind, nodal.branches.row, strict=True)]
        own = np.array([not name.startswith("F") for name in names])
        assert checks.transmission_loss_mw[0] == pytest.approx(loss[own].sum(), rel=SUMMED_UP)
        assert checks.distribution_loss_mw[0] == pytest.approx(loss[~own].sum(), rel=SUMMED_UP)
        buses = verdict.buses.take(verdict.buses.scenario == s)
        assert checks.voltage_error_pu[0] == np.abs(buses.v_pu - buses.v_checked_pu).max()
        at = {name: v[n] for name, n in zip(net.buses.name.tolist(), nodal.node.tolist(), strict=True)}
        for feeder, bus, seen in zip(buses.feeder.tolist(), buses.bus.tolist(), buses.v_checked_pu.tolist(), strict=True):
            assert seen == at[f"{feeder}/{bus}" if feeder else bus]


def test_broken_limits_are_those_found_one_by_one(case: Case, verdict: Verdict) -> None:
    owner = seated(studied(case, loading=LOADING)).owner
    net, nodal = owner.joined.network, owner.newton.nodal
    for s in (0, 1):
        found = owner.solve((s, 0))
        v = np.abs(found.v[nodal.node]).tolist()
        want = [("bus", name, x, low) for name, x, low in zip(net.buses.name.tolist(), v, net.buses.v_low_pu.tolist(), strict=True) if x < low]
        want += [("bus", name, x, high) for name, x, high in zip(net.buses.name.tolist(), v, net.buses.v_high_pu.tolist(), strict=True) if x > high]
        s_from, s_to = branch_flows(nodal, found.v, found.ratio)
        for k, (kind, row) in enumerate(zip(nodal.branches.kind.tolist(), nodal.branches.row.tolist(), strict=True)):
            table, flow = (net.lines, net.transformers)[kind], MVA * max(abs(s_from[k]), abs(s_to[k]))
            if flow > table.rating_mva[row]:
                want.append((("line", "transformer")[kind], table.name[row], flow, table.rating_mva[row]))
        got = verdict.violations.take(verdict.violations.scenario == s)
        assert {e for e, *_ in want} == {"bus", "line", "transformer"}
        assert list(zip(got.element.tolist(), got.name.tolist(), got.limit.tolist(), strict=True)) == [(e, n, x) for e, n, _, x in want]
        np.testing.assert_allclose(got.value, [x for _, _, x, _ in want], rtol=SUMMED_UP)
        assert got.unit.tolist() == ["pu" if e == "bus" else "MVA" for e, *_ in want]
        assert verdict.checks.limits_broken[s] == len(want)
    assert verdict.checks.scenario.tolist() == [0, 1]
