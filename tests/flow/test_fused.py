"""Fused exchange: kernels equal their twin, the answer is the merged network's, the same bits by any number of threads, or a reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.case import Case
from gridtandem.cases.generate import interfaces
from gridtandem.cases.join import bundle, joined
from gridtandem.cases.library import network
from gridtandem.flow import abreast, fused
from gridtandem.flow.abreast import Abreast, Kept
from gridtandem.flow.fused import Fused, _Exchange
from gridtandem.flow.newton import Newton, Options
from gridtandem.grid.forest import plant
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Complex
from tests.flow.fused_twin import Feeder
from tests.flow.making import tree
from tests.flow.networks import meshed
from tests.tolerances import FUSED_IS_MERGED, FUSED_SLOPE, FUSED_TOL, FUSED_TOLD, SWEEP_IS_TWIN

SEEDS = st.integers(0, 2**32 - 1)


def idle() -> None:
    """Nothing beside the feeders."""


def case_of(transmission: Network, models: list[Network], bus: list[int], model: list[int], count: list[int], scale: list[float]) -> Case:
    """Feeders hang by their bus 0."""
    at = transmission.buses.name[bus].tolist()
    table = interfaces(at, np.array(model), [0] * len(bus), np.array(bus), count=np.array(count), scale=np.array(scale))
    return Case(name="fused", transmission=transmission, models=tuple(models), interfaces=table)


def fused_of(what: Case, options: Options) -> Fused:
    core, table = Newton.of(Nodal.of(what.transmission), options=options), what.interfaces
    nodals = [Nodal.of(bundle(m)) for m in what.models]
    root = np.array([nodals[m].node[r] for m, r in zip(table.model, table.root, strict=True)])
    node = core.nodal.node[table.bus]
    return Fused.of(core, nodals, node=node, model=table.model, root=root, scale=table.scale, count=table.count)


def merged(what: Case, options: Options, loads: float = 1.0) -> tuple[Complex, Complex]:
    """Voltages of transmission, and of all feeders' nodes one after another, by one Newton on the joined network."""
    whole = joined(what)
    nodal = Nodal.of(whole.network)
    mine = nodal.units.row < len(what.transmission.generators)
    found = Newton.of(nodal, options=options).solve(loads=loads, units=np.where(mine, loads, 1.0))
    assert found.converged
    places = [
        nodal.node[whole.first_bus[f] + Nodal.of(what.models[m]).bus] for f, m in zip(whole.interface_feeder, what.interfaces.model, strict=True)
    ]
    return found.v[nodal.node[Nodal.of(what.transmission).bus]], found.v[np.concatenate(places)]


def random_case(seed: int, feeders: int) -> Case:
    """Trees of every kind of load and branch on a meshed network, several at a bus, some in parallel."""
    rng = np.random.default_rng(seed)
    models = [replace(tree(int(k), int(n)), name=f"tree {j}") for j, (k, n) in enumerate(zip(rng.integers(0, 1000, 3), (2, 9, 17), strict=True))]
    pick, bus = rng.integers(0, 3, feeders), rng.integers(0, 9, feeders)
    return case_of(
        meshed(seed), models, bus.tolist(), pick.tolist(), rng.integers(1, 4, feeders).tolist(), rng.uniform(0.3, 1.0, feeders).tolist()
    )  # fmt: skip


@given(SEEDS, st.integers(2, 25), st.booleans())
@settings(max_examples=30, deadline=None)
def test_the_kernel_equals_its_twin_sweep_by_sweep(seed: int, buses: int, plain: bool) -> None:
    """Two kinds, more rows than lanes, three calls at different root voltages: everything they leave."""
    rng = np.random.default_rng(seed)
    nodals = [Nodal.of(tree(int(k), buses + j, plain=plain)) for j, k in enumerate(rng.integers(0, 1000, 2))]
    model, scale = rng.integers(0, 2, 11), rng.uniform(0.2, 1.5, 11)
    some = Abreast.of(nodals, model=model, root=np.zeros(11, int), scale=scale)
    kept = Kept.begun(some, 1.2)
    twins = [Feeder(plant(nodals, np.array([0]), np.array([m]), np.ones(1)), k, 1.2) for m, k in zip(model, scale, strict=True)]
    for times in (1, 2, 5):
        root = rng.uniform(0.95, 1.08, 11)
        moved = kept.sweep(root, 0.0, times, None, idle)
        for twin, v in zip(twins, root, strict=True):
            twin.sweep(v, times)
        for name, column in (("drawn", kept.drawn[:, :2]), ("entering", kept.drawn[:, 2:]), ("slope", kept.slope)):
            told = np.array([getattr(t, name) for t in twins])
            assert np.abs(column[:, 0] + 1j * column[:, 1] - told).max() <= SWEEP_IS_TWIN, name
        assert np.abs(kept.far - [t.far for t in twins]).max() <= SWEEP_IS_TWIN
        assert moved == kept.far.max()
    v, ends = some.voltages(kept, root * np.exp(0.3j)), np.cumsum(some.nodes)
    for k, twin in enumerate(twins):
        own = np.empty(len(twin.u), complex)
        own[twin.forest.node] = twin.u * twin.forest.turn * np.exp(0.3j)
        assert np.abs(v[ends[k] - len(own) : ends[k]] - own).max() <= SWEEP_IS_TWIN
    assert 3 <= kept.sweeps.min() <= kept.sweeps.max() <= 8  # fewer where a small feeder comes to rest to the last bit


def test_a_feeder_of_impedances_draws_with_the_square_and_its_slope_says_so() -> None:
    feeder = network("case33bw")
    ones = np.ones(len(feeder.loads))
    nodal = Nodal.of(replace(feeder, loads=replace(feeder.loads, p_z_share=ones, q_z_share=ones)))
    some = Abreast.of([nodal], model=np.zeros(1, int), root=np.zeros(1, int), scale=np.ones(1))
    kept = Kept.begun(some, 1.0)
    kept.sweep(np.full(1, 1.03), FUSED_TOL, 99, None, idle)
    assert kept.slope == pytest.approx(2 * kept.drawn[:, :2], abs=FUSED_SLOPE)


def test_power_is_reported_where_it_goes_and_so_errs_with_the_losses_alone() -> None:
    """The law by which few sweeps are enough: constant power behind voltages off by δ is off by about 2δ of its losses, not by δ of itself."""
    nodal = Nodal.of(bundle(network("case141")))
    some = Abreast.of([nodal], model=np.zeros(1, int), root=np.zeros(1, int), scale=np.ones(1))
    rested, early = Kept.begun(some, 1.0), Kept.begun(some, 1.0)
    rested.sweep(np.ones(1), FUSED_TOL, 99, None, idle)
    early.sweep(np.ones(1), 0.0, 1, None, idle)
    one = np.ones(1, np.complex128)
    off = np.abs(some.voltages(early, one) / some.voltages(rested, one) - 1).max()
    early.sweep(np.ones(1), 0.0, 1, None, idle)
    lost = np.hypot(*(rested.drawn[0, :2] - rested.total[0]))
    reported, entering = (np.hypot(*(early.drawn[0, k : k + 2] - rested.drawn[0, :2])) for k in (0, 2))
    assert reported <= 2 * off * lost
    assert entering > 5 * reported


@given(SEEDS, st.integers(1, 20))
@settings(max_examples=25, deadline=None)
def test_the_answer_is_the_merged_networks(seed: int, feeders: int) -> None:
    what, options = random_case(seed, feeders), Options()
    solver = fused_of(what, options)
    for loads in (1.0, 0.4):
        found = solver.solve(loads=loads, units=loads)
        assert found.converged, found.trouble
        transmission, inner = merged(what, options, loads)
        assert np.abs(found.v - transmission).max() <= FUSED_IS_MERGED
        assert np.abs(solver.voltages(found) - inner).max() <= FUSED_IS_MERGED
        assert found.core is None  # by the exchange itself, not in rounds


@pytest.mark.parametrize("rules", [{"q_rule": "switch"}, {"slack": "shared"}, {"q_rule": "switch", "slack": "shared"}], ids=str)
def test_rules_that_a_step_cannot_keep_are_kept_in_rounds(rules: dict[str, str]) -> None:
    what, options = random_case(5, 12), Options(**rules)  # type: ignore[arg-type]
    solver = fused_of(what, options)
    found = solver.solve()
    transmission, inner = merged(what, options)
    assert found.core is not None
    assert np.abs(found.v - transmission).max() <= FUSED_IS_MERGED
    assert np.abs(solver.voltages(found) - inner).max() <= FUSED_IS_MERGED
    if "q_rule" in rules:
        assert solver.transmission(found).at_limit.any()


def test_the_same_bits_by_one_thread_and_by_many(monkeypatch: pytest.MonkeyPatch) -> None:
    what = random_case(2, 60)
    one = fused_of(what, Options())
    monkeypatch.setattr(abreast, "AT_ONCE", 100)
    monkeypatch.setattr(fused, "WORTH", 0)
    many = fused_of(what, Options())
    assert len(many.feeders.parts) > 2
    alone, shared = one.solve(threads=1), many.solve(threads=3)
    assert np.array_equal(alone.v, shared.v)
    assert np.array_equal(one.voltages(alone), many.voltages(shared))
    assert (alone.steps, alone.sweeps, alone.mismatch, alone.moved) == (shared.steps, shared.sweeps, shared.mismatch, shared.moved)


def test_what_it_says_is_checked_by_kirchhoffs_laws_alone() -> None:
    """A solution that was touched after it was found does not pass."""
    solver = fused_of(random_case(3, 9), Options())
    found = solver.solve()
    assert max(found.mismatch, found.moved) <= FUSED_TOL

    def ended(at: int, by: float, *, feeder: bool) -> tuple[bool, str]:
        state = _Exchange.begun(solver, solver.core.begin, 1.0, 1.0, None)
        assert state is not None
        steps = state.converge()
        if feeder:
            state.kept.state[at] *= 1 + by
        else:
            state.v[at] *= 1 + by
        done = state.verified(steps)
        return done.converged, done.trouble

    assert ended(0, 0.0, feeder=False) == (True, "")
    for at in range(3):
        assert not ended(at, 1e-6, feeder=False)[0]
        assert not ended(2 + at, 1e-6, feeder=True)[0]
    assert "Kirchhoff's laws are missed by" in ended(0, 1e-6, feeder=False)[1]


def test_the_check_does_not_believe_the_power_that_was_exchanged() -> None:
    """A demand that is told wrong by a hundredth of a megawatt leads to voltages at which all is at rest, but Kirchhoff's laws do not hold."""
    solver = fused_of(case_of(meshed(1), [network("case33bw")], [3, 4], [0, 0], [2, 1], [1.0, 1.2]), Options())
    state = _Exchange.begun(solver, solver.core.begin, 1.0, 1.0, None)
    assert state is not None
    state.kept.total[0, 0] += 1e-4
    steps = state.converge()
    assert steps
    done = state.verified(steps)
    assert not done.converged
    assert done.mismatch == pytest.approx(2e-4, rel=FUSED_TOLD)
    assert done.moved <= FUSED_TOL
    assert solver.solve().converged


def test_beyond_what_can_be_carried_there_are_no_numbers_but_a_reason() -> None:
    solver = fused_of(random_case(4, 8), Options())
    found = solver.solve(loads=40.0)
    assert not found.converged
    assert np.isnan(found.v).all()
    assert np.isnan(found.s).all()
    assert "no load flow" in found.trouble
    assert solver.solve().converged  # and nothing stays behind


def test_feeders_of_one_node_and_of_thousands_in_a_row() -> None:
    """A lump at the bus, and a chain; each beside the other."""
    long = tree(1, 2000, plain=True)
    long = replace(long, lines=replace(long.lines, from_bus=np.arange(1999), to_bus=np.arange(1, 2000)))
    lump = tree(2, 2, plain=True)
    lump = replace(lump, name="lump", buses=lump.buses.take(np.array([0])), lines=lump.lines.take(np.empty(0, int)))
    lump = replace(lump, loads=lump.loads.take(lump.loads.bus == 0))
    what = case_of(meshed(0), [replace(long, name="chain"), lump], [3, 3, 7], [0, 1, 0], [1, 2, 1], [0.02, 1.0, 0.02])
    solver = fused_of(what, Options())
    found = solver.solve()
    transmission, inner = merged(what, Options())
    assert np.abs(found.v - transmission).max() <= FUSED_IS_MERGED
    assert np.abs(solver.voltages(found) - inner).max() <= FUSED_IS_MERGED
