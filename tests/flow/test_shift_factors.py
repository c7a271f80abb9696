"""Shift factors against what they are derivatives and differences of: DC flows with other injections, and of networks with branches gone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.library import network
from gridtandem.errors import InvalidCase
from gridtandem.flow.dc import dc_flow, scheduled_injection
from gridtandem.flow.shift_factors import ShiftFactors
from gridtandem.flow.variants import cut_off
from gridtandem.grid import elements as el
from gridtandem.grid.nodal import Nodal
from gridtandem.grid.topology import bridges
from gridtandem.tables import Index, Real
from tests.flow.networks import meshed, two_buses
from tests.tolerances import LODF, PTDF, scaled


def resolved(nodal: Nodal, branches: Index) -> Real:
    """Flows of the network without these branches, solved again; none in those."""
    kept = np.setdiff1d(np.arange(len(nodal.branches.z)), branches)
    out = np.zeros(len(nodal.branches.z))
    out[kept] = dc_flow(replace(nodal, branches=nodal.branches.take(kept))).flow
    return out


def meshes(seed: int) -> Nodal:
    return Nodal.of(meshed(seed, 12))


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_ptdf_is_what_a_dc_flow_with_one_more_unit_shows(seed: int) -> None:
    nodal = meshes(seed)
    node = np.random.default_rng(seed).integers(nodal.nodes, size=3)
    before, p = dc_flow(nodal).flow, scheduled_injection(nodal)
    more = [dc_flow(nodal, injection=p + np.eye(nodal.nodes)[k]).flow - before for k in node.tolist()]
    np.testing.assert_allclose(ShiftFactors.of(nodal).ptdf(node), np.stack(more, -1), rtol=0, atol=PTDF)


@pytest.mark.parametrize("name", ["case118", "case300"])
def test_flows_are_ptdf_times_injections_and_lodf_is_the_outage_solved_again(name: str) -> None:
    nodal = Nodal.of(network(name))
    factors, base = ShiftFactors.of(nodal), dc_flow(nodal)
    still = replace(nodal, branches=replace(nodal.branches, ratio=np.abs(nodal.branches.ratio).astype(complex)))  # shifts drive flows of their own
    flow = factors.ptdf(np.arange(nodal.nodes)) @ scheduled_injection(nodal)
    np.testing.assert_allclose(flow, dc_flow(still).flow, rtol=0, atol=scaled(PTDF, flow))
    roots = np.unique(nodal.units.node[nodal.units.control == el.REFERENCE])
    branch = np.setdiff1d(np.arange(len(nodal.branches.z)), np.array(sorted(bridges(nodal, roots))))
    share = factors.lodf(branch)
    after = np.stack([resolved(nodal, np.array([k])) for k in branch.tolist()], -1)
    np.testing.assert_allclose(base.flow[:, None] + share * base.flow[branch], after, rtol=0, atol=scaled(LODF, after))
    np.testing.assert_allclose(factors.after(base.flow, branch[:, None]), after.T, rtol=0, atol=scaled(LODF, after))


@given(st.integers(0, 10**6), st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_outages_of_several_branches_are_those_solved_again(seed: int, many: int) -> None:
    nodal = meshes(seed)
    rng = np.random.default_rng(seed)
    groups = [np.sort(rng.choice(len(nodal.branches.z), many, replace=False)) for _ in range(4)]
    factors, flow = ShiftFactors.of(nodal), dc_flow(nodal).flow
    found = factors.after(flow, groups)
    for group, row in zip(groups, found, strict=True):
        if len(cut_off(nodal, factors.given, group)):
            assert np.isnan(row).all()
        else:
            np.testing.assert_allclose(row, resolved(nodal, group), rtol=0, atol=scaled(LODF, row))


def test_shared_weights_balance_themselves() -> None:
    nodal = Nodal.of(network("case14"))
    weights = np.random.default_rng(1).dirichlet(np.ones(nodal.nodes))
    shared = ShiftFactors.of(nodal).ptdf(np.arange(nodal.nodes), weights)
    np.testing.assert_allclose(shared @ weights, 0.0, atol=PTDF)
    apart = np.zeros(nodal.nodes)
    apart[[3, 9]] = 1.0, -1.0  # what sums to nothing does not ask who balances
    np.testing.assert_allclose(shared @ apart, ShiftFactors.of(nodal).ptdf(np.array([3, 9])) @ [1.0, -1.0], atol=PTDF)


def test_branch_7_8_of_the_ieee_14_islands_and_leaves_no_number() -> None:
    nodal = Nodal.of(network("case14"))
    factors, flow = ShiftFactors.of(nodal), dc_flow(nodal).flow
    own = set(zip(nodal.label[nodal.branches.start].tolist(), nodal.label[nodal.branches.end].tolist(), strict=True))
    assert ("7", "8") in own
    dead = np.isnan(factors.after(flow, np.arange(len(flow))[:, None])).any(axis=1)
    (lost,) = np.flatnonzero(dead).tolist()
    assert (nodal.label[nodal.branches.start[lost]], nodal.label[nodal.branches.end[lost]]) == ("7", "8")
    assert np.isnan(factors.lodf(np.array([lost]))).all()


def test_three_buses_by_hand() -> None:
    """A ring of equal reactances: one third goes the long way, and an outage sends it all there."""
    net = two_buses(p_mw=30.0, q_mvar=0.0)
    buses = el.Buses(name=["a", "b", "c"], nominal_kv=[110.0] * 3)
    lines = el.Lines(name=["ab", "bc", "ca"], from_bus=[0, 1, 2], to_bus=[1, 2, 0], r_ohm=[0.0] * 3, x_ohm=[12.1] * 3)
    ring = replace(
        net, buses=buses, lines=lines, loads=el.Loads(name=["d"], bus=[1], p_mw=[30.0]), generators=el.Generators(name=["g"], bus=[0], control=[2])
    )
    nodal = Nodal.of(ring)
    factors = ShiftFactors.of(nodal)
    np.testing.assert_allclose(factors.ptdf(np.array([1]))[:, 0], [-2 / 3, 1 / 3, 1 / 3], atol=PTDF)
    np.testing.assert_allclose(factors.lodf(np.array([0]))[:, 0], [-1.0, -1.0, -1.0], atol=PTDF)
    np.testing.assert_allclose(factors.after(dc_flow(nodal).flow, [np.array([0])]), [[0.0, -0.3, -0.3]], atol=PTDF)


def test_flows_are_the_same_bits_in_blocks_of_any_size() -> None:
    nodal = Nodal.of(network("case118"))
    factors, flow = ShiftFactors.of(nodal), dc_flow(nodal).flow
    opened = np.arange(len(flow))[:, None]
    whole = factors.after(flow, opened)
    for size in (1, 7, 100):
        pieces = [part for _, part in factors.blocks(flow, opened, size)]
        assert np.concatenate(pieces).tobytes() == whole.tobytes()


def test_reactances_that_cancel_are_a_fault() -> None:
    ends = {"from_bus": [0, 0], "to_bus": [1, 1], "r_ohm": [0.0, 0.0], "x_ohm": [10.0, -10.0], "equivalent": [True, True]}
    with pytest.raises(InvalidCase, match="outage-006"):
        ShiftFactors.of(Nodal.of(replace(two_buses(), lines=el.Lines(name=["a", "b"], **ends))))
    with pytest.raises(InvalidCase, match="outage-015"):
        ShiftFactors.of(Nodal.of(replace(two_buses(), lines=replace(two_buses().lines, closed=[False]))))
