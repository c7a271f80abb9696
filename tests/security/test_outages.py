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
from gridtandem.flow.newton import Draw, Newton, Options
from gridtandem.flow.outages import solve_outages
from gridtandem.flow.results import branch_flows
from gridtandem.flow.variants import cut_off, loaded, without
from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.nodal import Nodal
from gridtandem.grid.topology import bridges
from gridtandem.security.outages import branch_names, outages_of
from gridtandem.study.judge import EDGE
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


@pytest.mark.parametrize("options", OPTIONS, ids=["plain", "limits", "shared"])
def test_many_outages_are_each_alone(options: Options) -> None:
    """Every row as `Newton.solve` of the network without its branches has it; and the same bits whichever rows are solved beside it."""
    net, rng = gt.network("case118"), np.random.default_rng(5)
    net = replace(net, generators=replace(net.generators, slack_share=np.ones(len(net.generators))))
    nodal = Nodal.of(net)
    newton, outages = Newton.of(nodal, options=options), outages_of(net, "n-1")
    two = tuple(np.union1d(a, b) for a, b in zip(outages.branch[:20], outages.branch[40:60], strict=True))
    opened = tuple(b for b in (NOBODY, *outages.branch[::5], *two) if not len(cut_off(nodal, newton.fixed, b)))
    loads, units = rng.uniform(0.5, 1.3, len(opened)), rng.uniform(0.5, 1.3, len(opened))
    at = np.sort(rng.choice(nodal.nodes, 3, replace=False))
    c = rng.uniform(-0.1, 0.1, (len(opened), 3, 2)) + 1j * rng.uniform(-0.05, 0.05, (len(opened), 3, 2))
    draw = Draw(node=at, low=np.full(c.shape[:2], 0.9), high=np.full(c.shape[:2], 1.1), c=c)
    start = np.repeat(newton.solve().v[None], len(opened), axis=0)
    found = solve_outages(newton, opened=opened, loads=loads, units=units, start=start, draw=draw)
    assert found.alone.all() == (options is not OPTIONS[0])
    assert found.converged.sum() > len(opened) // 2
    for r in range(len(opened)):
        own = Draw(node=at, low=draw.low[r], high=draw.high[r], c=c[r])
        one = without(newton, opened[r]).solve(start=start[r], loads=float(loads[r]), units=float(units[r]), draw=own)
        assert one.converged == found.converged[r]
        assert not one.converged or np.abs(one.v - found.v[r]).max() < OPENED
        assert not one.converged or np.abs(one.fixed_s - found.fixed_s[r]).max() < OPENED
        assert bool(found.trouble[r]) != one.converged
    rows = np.array([3, 0, 7])
    some = Draw(node=at, low=draw.low[rows], high=draw.high[rows], c=c[rows])
    few = solve_outages(newton, opened=[opened[r] for r in rows], loads=loads[rows], units=units[rows], start=start[rows], draw=some)
    assert np.array_equal(few.v, found.v[rows], equal_nan=True)
    assert np.array_equal(few.fixed_s, found.fixed_s[rows], equal_nan=True)


def test_an_outage_without_a_load_flow_says_so() -> None:
    newton, outages = Newton.of(Nodal.of(gt.network("case14"))), outages_of(gt.network("case14"), ["1-2"])
    found = solve_outages(newton, opened=outages.branch, loads=np.array([9.0]), units=np.ones(1), start=newton.begin[None])
    assert not found.converged[0]
    assert np.isnan(found.v).all()
    assert "no load flow" in found.trouble[0]


def test_a_transformer_out_of_service_holds_nothing() -> None:
    """One that moves in service stands idle when it is open; the bus it held is fed by its neighbour."""
    net = gt.network("case14")
    t = net.transformers
    moved = replace(t, control=np.array([1, *[0] * (len(t) - 1)]), regulated_bus=np.array([t.to_bus[0], *[-1] * (len(t) - 1)]))
    net = replace(net, transformers=replace(moved, v_target_pu=np.full(len(t), 1.04)))
    nodal = Nodal.of(net)
    branch = int(nodal.taps.branch[0])
    less = replace(net, transformers=replace(net.transformers, closed=np.arange(len(t)) != 0))
    one, other = without(Newton.of(nodal), np.array([branch])).solve(), Newton.of(Nodal.of(less)).solve()
    assert np.abs(one.v - other.v).max() < OPENED
    assert abs(abs(Newton.of(nodal).solve().v[nodal.taps.node[0]]) - 1.04) < OPENED


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
