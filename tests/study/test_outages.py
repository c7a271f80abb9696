"""Branches whose loss islands something, networks with branches open, figures of many load flows: each against a slow readable twin."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse import csgraph

import gridtandem as gt
from gridtandem.flow.newton import Newton, Options
from gridtandem.flow.results import branch_flows
from gridtandem.flow.variants import cut_off, loaded, without
from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.nodal import Nodal
from gridtandem.grid.topology import bridges
from gridtandem.study.judge import EDGE
from gridtandem.study.outages import branch_names, outages_of
from gridtandem.study.survey import Extremes, Layout, Voltages, surveyed
from gridtandem.tables import Complex, Index
from tests.flow.networks import meshed
from tests.tolerances import OPENED, SAME_ROUNDING, TWIN

NOBODY = np.empty(0, np.int64)


def thinned(seed: int) -> Nodal:
    """A random network of few branches: trees, rings, parallel branches, islands."""
    rng = np.random.default_rng(seed)
    nodal = Nodal.of(meshed(seed, 9))
    kept = np.sort(rng.choice(len(nodal.branches.z), rng.integers(4, len(nodal.branches.z)), replace=False))
    br = nodal.branches
    twice = np.concatenate([kept, rng.choice(kept, 2)])
    return replace(nodal, branches=replace(br, **{c: getattr(br, c)[twice] for c in br.__slots__}))


def islanded(nodal: Nodal, roots: Index, branch: int) -> set[int]:
    """Nodes that have a path to a root with all branches, and none without this one."""

    def reach(keep: Index) -> set[int]:
        br = nodal.branches
        link = sparse.coo_array((np.ones(len(keep)), (br.start[keep], br.end[keep])), shape=(nodal.nodes, nodal.nodes))
        _, part = csgraph.connected_components(link, directed=False)
        return set(np.flatnonzero(np.isin(part, part[roots])).tolist())

    every = np.arange(len(nodal.branches.z))
    return reach(every) - reach(np.delete(every, branch))


@given(st.integers(0, 10**6), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_bridges_are_what_opening_each_branch_shows(seed: int, count: int) -> None:
    nodal = thinned(seed)
    roots = np.sort(np.random.default_rng(seed).choice(nodal.nodes, count, replace=False))
    found = bridges(nodal, roots)
    truth = {k: cut for k in range(len(nodal.branches.z)) if (cut := islanded(nodal, roots, k))}
    assert {k: set(nodes.tolist()) for k, nodes in found.items()} == truth


def test_a_chain_is_all_bridges() -> None:
    """Ten thousand deep: the walk does not recurse."""
    nodal, n = Nodal.of(gt.network("case14")), 10_000
    br = nodal.branches
    made = {c: np.resize(getattr(br, c), n - 1) for c in br.__slots__} | {"start": np.arange(n - 1), "end": np.arange(1, n)}
    found = bridges(replace(nodal, nodes=n, branches=replace(br, **made)), np.array([0]))
    assert sorted(found) == list(range(n - 1))
    assert found[n - 2].tolist() == [n - 1]
    assert len(found[0]) == n - 1


OPTIONS = (Options(), Options(q_rule="switch"), Options(slack="shared"))


@pytest.mark.parametrize("options", OPTIONS, ids=["plain", "limits", "shared"])
@given(st.integers(0, 10**6), st.integers(0, 10))
@settings(max_examples=15, deadline=None)
def test_without_is_a_network_without(options: Options, seed: int, branch: int) -> None:
    net = meshed(seed)
    nodal = Nodal.of(net)
    lines = int((nodal.branches.kind == 0).sum())
    opened = np.arange(len(net.lines)) != branch, np.arange(len(net.transformers)) != branch - lines
    less = replace(net, lines=replace(net.lines, closed=opened[0]), transformers=replace(net.transformers, closed=opened[1]))
    one, other = without(Newton.of(nodal, options=options), np.array([branch])).solve(), Newton.of(Nodal.of(less), options=options).solve()
    assert one.converged == other.converged
    if one.converged:
        assert np.abs(one.v - other.v).max() < OPENED
        assert np.abs(one.unit_s - other.unit_s).max() < OPENED
        s_from, s_to = branch_flows(without(Newton.of(nodal), np.array([branch])).nodal, one.v, one.ratio)
        assert s_from[branch] == s_to[branch] == 0


def test_without_a_bridge_somebody_is_lost() -> None:
    nodal = Nodal.of(gt.network("case14"))
    newton = Newton.of(nodal)
    (branch,) = bridges(nodal, newton.fixed)
    assert cut_off(nodal, newton.fixed, np.array([branch])).tolist() == sorted(bridges(nodal, newton.fixed)[branch].tolist())
    assert "'8': no path" in without(newton, np.array([branch])).solve().trouble
    assert without(newton, NOBODY) is newton


@given(st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_loaded_is_a_network_of_other_loads(seed: int) -> None:
    net, rng = meshed(seed), np.random.default_rng(seed)
    factor = rng.uniform(0, 1.2, len(net.loads))
    more = replace(net, loads=replace(net.loads, p_mw=net.loads.p_mw * factor, q_mvar=net.loads.q_mvar * factor))
    one, other = loaded(Newton.of(Nodal.of(net)), factor).solve(), Newton.of(Nodal.of(more)).solve()
    assert one.converged == other.converged
    assert not one.converged or np.abs(one.v - other.v).max() < OPENED


def test_every_single_outage_of_case118_is_solved_or_islands() -> None:
    net = gt.network("case118")
    nodal = Nodal.of(net)
    found = outages_of(net, "n-1")
    assert len(found) + len(found.islanding) == len(nodal.branches.z) == 186
    roots = np.unique(nodal.units.node[nodal.units.control == REFERENCE])
    newton, base = Newton.of(nodal), Newton.of(nodal).solve()
    for branch in found.branch:
        assert not len(cut_off(nodal, roots, branch))
        assert without(newton, branch).solve(start=base.v).converged


def test_names_that_two_branches_share() -> None:
    net = gt.network("case14")
    t = net.transformers
    both = replace(net, transformers=replace(t, name=np.array([net.lines.name[0], *t.name.tolist()[1:]])))
    names = branch_names(Nodal.of(both))
    assert f"line {net.lines.name[0]}" in names
    assert f"transformer {net.lines.name[0]}" in names
    assert len(outages_of(both, [f"transformer {net.lines.name[0]}"])) == 1
    with pytest.raises(gt.InvalidCase, match="outage-003"):
        outages_of(both, [str(net.lines.name[0])])


def figures(layout: Layout, v: Complex, ratio: Complex, off: Index, loading: float) -> tuple[list[float], list[int]]:
    """A row of the survey as one would write it without haste."""
    own, on = int(layout.first_branch[1]), np.ones(len(layout.y), bool)
    on[off] = False
    inner = v[layout.start] / ratio
    through = layout.y * (inner - v[layout.end])
    f, t = inner * (through + layout.half * inner).conj(), v[layout.end] * (layout.half * v[layout.end] - through).conj()
    loss, part = on * layout.weight * (f + t).real, on * np.maximum(abs(f), abs(t)) / layout.rating
    node, law = layout.load
    u = abs(v[node]) / law[:, 4]
    load = loading * (law[:, 0] * (law[:, 2] * u**2 + law[:, 3] * u + (1 - law[:, 2] - law[:, 3]) * u ** law[:, 1])).sum()
    seen = np.where(layout.counted, abs(v), np.nan)
    broken = (part > 1 + EDGE).sum() + ((seen < layout.low * (1 - EDGE)) | (seen > layout.high * (1 + EDGE))).sum()
    where = [int(np.nanargmin(seen)), int(np.nanargmax(seen)), int(np.argmax(part)) if part.max() > 0 else -1, int(broken)]
    return [loss[:own].sum(), loss[own:].sum(), load, float(np.nanmin(seen)), float(np.nanmax(seen)), part.max()], where


@pytest.mark.parametrize("name", ["T14D2", "30A"])
@given(seed=st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_the_survey_is_its_twin(name: Literal["T14D2", "30A"], seed: int) -> None:
    """On random voltages, with random branches out of service."""
    case, rng = gt.case(name), np.random.default_rng(seed)
    net = replace(case.transmission, lines=replace(case.transmission.lines, rating_mva=rng.uniform(1, 200, len(case.transmission.lines))))
    layout, rows = Layout.of(replace(case, transmission=net)), 6
    v = rng.uniform(0.8, 1.1, (rows, layout.nodes)) * np.exp(1j * rng.uniform(-0.1, 0.1, (rows, layout.nodes)))
    ratio = np.stack([layout.ratio, layout.ratio * rng.uniform(0.95, 1.05, len(layout.ratio))])
    opened = [np.sort(rng.choice(int(layout.first_branch[1]), k, replace=False)) for k in (0, 1, 2, 0, 1, 3)]
    ok, loading, ratio_of = np.array([1, 1, 1, 0, 1, 1], bool), rng.uniform(0.5, 1.5, rows), np.array([0, 1, 0, 0, 1, 0])
    worst = Extremes.none(layout)
    seen = Voltages(v=v, ratio=ratio, ratio_of=ratio_of, ok=ok)
    found, places = surveyed(layout, seen, worst, number=10 + np.arange(rows), opened=opened, loading=loading)
    assert np.isnan(found[3]).all()
    assert (places[3] == -1).all()
    for r in np.flatnonzero(ok).tolist():
        row, where = figures(layout, v[r], ratio[ratio_of[r]], opened[r], float(loading[r]))
        assert np.abs(found[r] - row).max() < SAME_ROUNDING
        assert places[r].tolist() == where
    assert abs(worst.lowest.min(where=layout.counted, initial=np.inf) - found[ok, 3].min()) < TWIN
    assert set(worst.lowest_at[layout.counted]) <= {10, 11, 12, 14, 15}
    assert abs(worst.worst.max() - found[ok, 5].max()) < TWIN
    assert worst.above.sum() <= places[ok, 3].sum()
