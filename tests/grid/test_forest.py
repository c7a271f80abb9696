"""Forests: order, repeats, what cannot be swept and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.library import network as feeder
from gridtandem.errors import InvalidCase
from gridtandem.grid import elements as el
from gridtandem.grid.forest import Forest, plant, slices
from gridtandem.grid.loops import radial_faults
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from tests.flow.making import KV, tree

ONE = np.ones(1)


def planted(net: Network, root: int = 0) -> Forest:
    nodal = Nodal.of(net)
    return plant([nodal], nodal.node[[root]], np.array([0]), ONE)


def ring(*, ties: bool = False, closed: bool = True) -> Network:
    """A root and a ring of four buses b1–b4; with ``ties``, b2 and b3 are joined by a coupler instead of line l23, and b3 has a spur."""
    ends = [(0, 1), (1, 2), (3, 4), (4, 1)] + [(3, 5)] + ([] if ties else [(2, 3)])
    n = 6
    return Network(
        name="ring",
        buses=el.Buses(name=[f"b{k}" for k in range(n)], nominal_kv=np.full(n, KV)),
        lines=el.Lines(
            name=[f"l{a}{b}" for a, b in ends], from_bus=[a for a, _ in ends], to_bus=[b for _, b in ends],
            r_ohm=np.ones(len(ends)), x_ohm=np.ones(len(ends)), closed=[closed or e != (4, 1) for e in ends],
        ),
        ties=el.Ties(name=["coupler"], from_bus=[2], to_bus=[3]) if ties else el.Ties.empty(),
    )  # fmt: skip


@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
@settings(max_examples=40, deadline=None)
def test_order_is_depth_first_and_subtrees_are_slices(seed: int, buses: int) -> None:
    forest = planted(tree(seed, max(buses, 2)))
    n = len(forest.parent)
    assert sorted(forest.node.tolist()) == list(range(n))
    assert forest.parent[0] == -1
    assert forest.level[0] == 0
    for k in range(1, n):
        up = int(forest.parent[k])
        assert up < k
        assert forest.level[k] == forest.level[up] + 1
        assert k < forest.last[k] <= forest.last[up]
    ancestors = [{k} for k in range(n)]
    for k in range(1, n):
        ancestors[k] |= ancestors[forest.parent[k]]
    for k in range(n):
        assert [j for j in range(n) if k in ancestors[j]] == list(range(k, int(forest.last[k])))


def test_repeats_are_copies_with_their_own_scale() -> None:
    one, two = Nodal.of(tree(1, 9)), Nodal.of(tree(2, 14))
    scale = np.array([1.0, 2.0, 0.5, 1.0])
    model = np.array([1, 0, 1, 0])
    forest = plant([one, two], np.zeros(4, int), model, scale)
    assert forest.feeders == 4
    for k, m in enumerate(model):
        own = plant([one, two], np.zeros(1, int), np.array([m]), scale[k : k + 1])
        a, b = forest.start[k], forest.start[k + 1]
        p, q = forest.first_load[k], forest.first_load[k + 1]
        for name in ("node", "level", "z", "ratio", "turn", "shunt", "injection"):
            assert getattr(forest, name)[a:b].tobytes() == getattr(own, name).tobytes()
        assert (forest.last[a:b] - a).tolist() == own.last.tolist()
        assert (forest.parent[a + 1 : b] - a).tolist() == own.parent[1:].tolist()
        assert (forest.loads.node[p:q] - a).tolist() == own.loads.node.tolist()
        assert forest.loads.s[p:q].tobytes() == own.loads.s.tobytes()
    assert forest.feeder.tolist() == np.repeat(np.arange(4), np.diff(forest.start)).tolist()


def test_slices() -> None:
    assert slices(np.array([3, 10, 0]), np.array([2, 0, 3])).tolist() == [3, 4, 0, 1, 2]
    assert slices(np.array([], int), np.array([], int)).tolist() == []


def test_published_feeders_are_radial() -> None:
    for name in ("case33bw", "case69", "case16am"):
        assert radial_faults(Nodal.of(feeder(name)), 0) == []


def test_closing_a_switch_of_case33bw_names_its_loop() -> None:
    net = feeder("case33bw")
    nodal = Nodal.of(replace(net, lines=replace(net.lines, closed=net.lines.closed | (net.lines.name == "9-15"))))
    (fault,) = radial_faults(nodal, 0)
    assert fault.code == "case-060"
    assert fault.place == "case33bw"
    for name in ("9-15", "9-10", "10-11", "11-12", "12-13", "13-14", "14-15"):
        assert name in fault.what
    assert "8-9" not in fault.what
    assert "open one of them or choose feeder solver newton" in str(fault)


def test_a_loop_through_a_tie_names_the_tie_and_not_the_spur() -> None:
    (fault,) = radial_faults(Nodal.of(ring(ties=True)), 0)
    assert "ties coupler" in fault.what
    assert "l35" not in fault.what
    assert all(name in fault.what for name in ("l12", "l34", "l41"))
    assert radial_faults(Nodal.of(ring(ties=True, closed=False)), 0) == []


def test_ties_in_a_ring_of_their_own_are_no_loop() -> None:
    net = ring(ties=True, closed=False)
    more = el.Ties(name=["coupler", "second"], from_bus=[2, 3], to_bus=[3, 2])
    assert radial_faults(Nodal.of(replace(net, ties=more)), 0) == []


def test_every_loop_is_named() -> None:
    net = feeder("case33bw")
    nodal = Nodal.of(replace(net, lines=replace(net.lines, closed=np.ones(len(net.lines), bool))))
    faults = radial_faults(nodal, 0)
    assert [f.code for f in faults] == ["case-060"] * 5
    with pytest.raises(InvalidCase, match="5 faults"):
        plant([nodal], np.zeros(3, int), np.zeros(3, int), np.ones(3))


def parallel(ratio: float, *, turned: bool) -> Network:
    a, b = (1, 0) if turned else (0, 1)
    return Network(
        name="pair",
        buses=el.Buses(name=["root", "end"], nominal_kv=[KV, KV]),
        transformers=el.Transformers(
            name=["t1", "t2"], from_bus=[0, a], to_bus=[1, b], r_pu=[0.01, 0.02], x_pu=[0.1, 0.2], ratio=[1.05, ratio],
        ),
    )  # fmt: skip


def test_parallel_branches_of_one_ratio_are_one() -> None:
    for net in (parallel(1.05, turned=False), parallel(1 / 1.05, turned=True)):
        assert radial_faults(Nodal.of(net), 0) == []
    (fault,) = radial_faults(Nodal.of(parallel(1.0, turned=False)), 0)
    assert fault.what == "has a loop through transformers t2, t1"


def test_whatever_holds_a_voltage_is_named() -> None:
    net = tree(4, 8, plain=True)
    g = el.Generators(name=["pv", "own", "at root"], bus=[3, 5, 0], p_mw=[1.0, 0.0, 0.0], control=[el.VOLTAGE, el.REFERENCE, el.REFERENCE])
    t = el.Transformers(name=["oltc"], from_bus=[0], to_bus=[8], r_pu=[0.01], x_pu=[0.1], control=[el.STEPPED], regulated_bus=[8])
    buses = replace(net.buses, **{n: np.append(getattr(net.buses, n), getattr(net.buses, n)[:1]) for n in net.buses.columns() if n != "name"},
        name=np.append(net.buses.name, "low"))  # fmt: skip
    faults = radial_faults(Nodal.of(replace(net, buses=buses, generators=g, transformers=t)), 0)
    assert [(f.code, f.label) for f in faults] == [("case-061", "pv"), ("case-061", "own"), ("case-061", "oltc")]


def test_a_bus_without_a_path_is_named() -> None:
    net = tree(4, 8, plain=True)
    last = net.lines.closed.copy()
    last[-1] = False
    faults = radial_faults(Nodal.of(replace(net, lines=replace(net.lines, closed=last))), 0)
    assert [f.code for f in faults] == ["case-050"]
