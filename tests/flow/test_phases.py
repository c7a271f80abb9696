"""The three-phase sweep: equal to its readable twin, the same bits in any company, and right or refused on feeders of every shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.errors import InvalidCase
from gridtandem.flow.phases import ReadyPhases, SweptPhases
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.phase_tree import phase_tree, unfed
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.tables import Complex
from tests.flow.phase_making import feeder
from tests.grid import phase_twin as twin
from tests.grid.phase_networks import transposed, village
from tests.tolerances import CHAIN_DROP, GUARD_DRAWS, PHASES_ARE_TWIN, SLOPE_BY_DIFFERENCE, STEP, TURNED

SEEDS = st.integers(0, 2**32 - 1)


def solved(net: ThreePhaseNetwork, loading: float = 1.0) -> tuple[ReadyPhases, SweptPhases]:
    ready = ReadyPhases.of([net])
    return ready, ready.sweep(ready.v_root, np.array([loading]))


def at_buses(net: ThreePhaseNetwork, loading: float = 1.0) -> Complex:
    """Voltages (bus, phase) per unit of phase voltage; 0 where there is no supply."""
    ready, found = solved(net, loading)
    assert found.ok.all(), found.sweeps
    tree = ready.trees[0]
    return np.where((tree.node >= 0)[:, None] & tree.live[tree.node], found.v[tree.node], 0.0)


def twins(net: ThreePhaseNetwork) -> Complex:
    return twin.voltages(net) / (net.buses.nominal_kv[:, None] / np.sqrt(3.0))


@given(SEEDS, st.integers(1, 14), st.sampled_from([-1.0, 0.0, 1.0, 1.5]))
@settings(max_examples=60, deadline=None)
def test_equals_its_twin_with_every_element_and_law(seed: int, buses: int, loading: float) -> None:
    """From reverse flow over no load to heavy load."""
    net = feeder(seed, buses)
    scaled = replace(net, loads=replace(net.loads, p_mw=loading * net.loads.p_mw, q_mvar=loading * net.loads.q_mvar))
    np.testing.assert_allclose(at_buses(net, loading), twins(scaled), atol=PHASES_ARE_TWIN)


def test_parallel_elements_are_one_branch() -> None:
    """A second line beside the second one, and the first one as three lines of one phase each, one of them the other way round."""
    net = village()
    one, z = net.lines, {name: np.zeros((5, 3, 3)) for name in ("r_ohm", "x_ohm", "b_us")}
    for name, m in z.items():
        m[0, 0, 0], m[1, 1, 1], m[2, 2, 2] = getattr(one, name)[0].diagonal()
        m[3:] = getattr(one, name)[1]
    lines = pe.PhaseLines(
        name=["a", "b", "c", "second", "third"], from_bus=[0, 1, 0, 1, 1], to_bus=[1, 0, 1, 2, 2],
        to_phase=[[1, 0, 0], [0, 2, 0], [0, 0, 3], [1, 2, 3], [1, 2, 3]], **z,
    )  # fmt: skip
    many = replace(net, lines=lines, transformers=replace(net.transformers, guard_ppm=[2e5]))
    np.testing.assert_allclose(at_buses(many), twins(many), atol=PHASES_ARE_TWIN)


def test_a_star_of_a_thousand_equal_branches() -> None:
    """All ends have the same voltage, to the bit, and together draw a thousand times what one draws."""
    one = chain(2)
    n = 1000
    rows = np.zeros(n, np.int64)
    lines, loads, buses = one.lines.take(rows), one.loads.take(rows), one.buses.take(np.concatenate([[0], rows + 1]))
    ends = [f"b{k}" for k in range(1, n + 1)]
    star = replace(
        one, buses=replace(buses, name=["b0", *ends]), lines=replace(lines, name=ends, to_bus=rows + np.arange(1, n + 1)),
        loads=replace(loads, name=ends, bus=np.arange(1, n + 1)),
    )  # fmt: skip
    v = at_buses(star)
    assert len({x.tobytes() for x in v[1:]}) == 1
    np.testing.assert_allclose(v[1], at_buses(one)[1], atol=TURNED)
    np.testing.assert_allclose(solved(star)[1].s.sum(), n * solved(one)[1].s.sum(), rtol=TURNED)


@pytest.mark.parametrize("high", [pe.WYE, pe.DELTA])
@pytest.mark.parametrize("low", [pe.WYE, pe.DELTA])
@pytest.mark.parametrize("leads", [0, 1])
def test_every_connection_of_a_transformer(high: int, low: int, leads: int) -> None:
    net = village(high, low, leads, angle=15.0)
    net = replace(net, transformers=replace(net.transformers, guard_ppm=[2e5]))
    np.testing.assert_allclose(at_buses(net), twins(net), atol=PHASES_ARE_TWIN)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_the_slope_is_the_derivative(seed: int) -> None:
    ready = ReadyPhases.of([feeder(seed, 8)])
    found = ready.sweep(ready.v_root + np.array([[0.0], [STEP], [-STEP]]), np.ones((3, 1)))
    slope = (found.s[1] - found.s[2]) / (2 * STEP)
    bent = ready.coils.law[:, [11, 12, 13]]  # a step across a voltage limit has two slopes
    if found.ok.all() and not np.isfinite(bent[:, 1]).any():
        np.testing.assert_allclose(slope, found.ds[0], atol=SLOPE_BY_DIFFERENCE)


@pytest.mark.parametrize("law", range(6))
def test_the_slope_of_every_law(law: int) -> None:
    n = {pe.IMPEDANCE: 2.0, pe.CURRENT: 1.0, pe.EXPONENTS: 1.7}.get(law, 0.0)
    net = village()
    limits = {"v_low_pu": [0.5, 1.3, 0.5], "v_high_pu": [1.5, 1.6, 0.8]}
    net = replace(net, loads=replace(net.loads, law=[law] * 3, p_exponent=[n] * 3, q_exponent=[n] * 3, **limits))
    ready = ReadyPhases.of([net])
    found = ready.sweep(ready.v_root + np.array([[0.0], [STEP], [-STEP]]), np.ones((3, 1)))
    assert np.abs(found.ds[0]).min() > STEP
    np.testing.assert_allclose((found.s[1] - found.s[2]) / (2 * STEP), found.ds[0], atol=SLOPE_BY_DIFFERENCE)


def test_rows_feeders_and_threads_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    nets = [feeder(k, 6 + k) for k in range(5)]
    ready = ReadyPhases.of(nets)
    v, loading = np.linspace(0.95, 1.1, 100).reshape(20, 5), np.linspace(0.0, 3.0, 100).reshape(20, 5)
    loading[7, 2] = 500.0
    whole = ready.sweep(v, loading, threads=1)
    assert not whole.ok[7, 2]
    assert np.isnan(whole.v[7, ready.start[2] : ready.start[3]]).all()
    assert whole.ok.sum() > 90
    monkeypatch.setattr("gridtandem.flow.phases.AT_ONCE", 100)
    assert len(ready._parts(100)) > 10
    other = ready.sweep(v, loading, threads=3)
    assert all(getattr(other, name).tobytes() == getattr(whole, name).tobytes() for name in ("v", "s", "ds", "ok", "sweeps"))
    for f, net in enumerate(nets):
        alone = ReadyPhases.of([net]).sweep(v[:, [f]], loading[:, [f]])
        assert alone.s.tobytes() == whole.s[:, [f]].tobytes()


def test_calling_the_phases_otherwise_changes_nothing_else() -> None:
    """a becomes b, b becomes c, c becomes a, and the source turns with them."""
    net = village()
    turn = [2, 0, 1]  # new row of each old one
    matrices = {name: getattr(net.lines, name)[:, turn][:, :, turn] for name in ("r_ohm", "x_ohm", "b_us")}

    def named(ends: np.ndarray) -> np.ndarray:
        return np.where(ends > 0, ends % 3 + 1, 0)

    tables = {}
    for name in ("loads", "capacitors"):
        table = getattr(net, name)
        tables[name] = replace(table, terminals=named(table.terminals))
    t = net.transformers
    units = replace(t, terminals_from=named(t.terminals_from), terminals_to=named(t.terminals_to))
    turned = replace(net, lines=replace(net.lines, **matrices), transformers=units, sources=replace(net.sources, angle_deg=[-120.0]), **tables)
    there = at_buses(turned) * np.exp(2j * np.pi / 3)  # what was phase a is now the second, 120° behind the new first
    np.testing.assert_allclose(np.roll(there * np.exp(2j * np.pi / 3), -1, axis=1), at_buses(net), atol=TURNED)


def test_a_generator_is_a_negative_load() -> None:
    net = village()
    both = {"bus": [1, 3], "connection": [pe.WYE, pe.DELTA], "terminals": [[2, 0, 0], [1, 2, 3]], "nominal_kv": [6.3, 0.4]}
    limits = {"v_low_pu": [0.9, 1.2], "v_high_pu": [1.1, 1.3]}
    generators = pe.PhaseGenerators(name=["g", "h"], **both, p_mw=[0.2, 0.1], q_mvar=[0.05, -0.02], control=[0, 0], **limits)
    loads = pe.PhaseLoads(name=["g", "h"], **both, p_mw=[-0.2, -0.1], q_mvar=[-0.05, 0.02], **limits)
    columns = {name: np.concatenate([getattr(net.loads, name), getattr(loads, name)]) for name in net.loads.columns()}
    as_loads = replace(net, loads=pe.PhaseLoads(**columns))
    with_units = replace(net, generators=generators)
    np.testing.assert_allclose(at_buses(with_units), at_buses(as_loads), atol=TURNED)
    assert np.abs(at_buses(with_units) - at_buses(net)).max() > 100 * TURNED
    unloaded, alone = solved(with_units, 0.0)[1], solved(replace(with_units, loads=pe.PhaseLoads.empty()))[1]
    np.testing.assert_allclose(unloaded.s, alone.s, atol=TURNED)  # a loading leaves generators alone


def chain(buses: int) -> ThreePhaseNetwork:
    """Ten ohm in all, without coupling; one load at the far end, constant current on phase a."""
    n = buses - 1
    return ThreePhaseNetwork(
        name="chain", buses=pe.PhaseBuses(name=[f"b{k}" for k in range(buses)], nominal_kv=[10.0] * buses, phases=[[True] * 3] * buses),
        lines=pe.PhaseLines(
            name=[f"l{k}" for k in range(n)], from_bus=np.arange(n), to_bus=np.arange(1, buses), to_phase=[[1, 2, 3]] * n,
            r_ohm=[transposed(10.0 / buses, 0.0)] * n, x_ohm=[transposed(0.0, 0.0)] * n,
        ),
        loads=pe.PhaseLoads(
            name=["end"], bus=[buses - 1], connection=[pe.WYE], terminals=[[1, 0, 0]], nominal_kv=[10 / np.sqrt(3)], p_mw=[0.02], law=[pe.CURRENT],
            p_exponent=[1.0], q_exponent=[1.0], v_high_pu=[np.inf],
        ),
        sources=pe.PhaseSources(name=["s"], bus=[0], nominal_kv=[10.0], x_positive_ohm=[0.0], x_zero_ohm=[0.0]),
    )  # fmt: skip


def test_ten_thousand_lines_in_a_row_drop_what_ohm_says() -> None:
    buses = 10_000
    v = at_buses(chain(buses))[-1]
    drop = 0.02 / (10 / np.sqrt(3)) * 10.0 * (buses - 1) / buses / (10 / np.sqrt(3))
    np.testing.assert_allclose(v, [1.0 - drop, *np.exp([-2j * np.pi / 3, 2j * np.pi / 3])], atol=CHAIN_DROP)


def test_a_single_bus_and_no_load() -> None:
    net = village()
    alone = replace(
        net, buses=net.buses.take(np.array([0])), lines=pe.PhaseLines.empty(), transformers=pe.PhaseTransformers.empty(), loads=pe.PhaseLoads.empty(),
        capacitors=pe.Capacitors.empty(),
    )  # fmt: skip
    np.testing.assert_allclose(at_buses(alone)[0], 1.03 * twin.TURN, atol=TURNED)
    ready, found = solved(net, 0.0)
    assert found.sweeps[0] == 1
    assert (found.ok[0], ready.trees[0].parent.tolist()) == (True, [-1, 0, 1, 2, 3])


def changed(table: str, **columns: object) -> Callable[[ThreePhaseNetwork], ThreePhaseNetwork]:
    return lambda n: replace(n, **{table: replace(getattr(n, table), **columns)})


def with_tie(net: ThreePhaseNetwork) -> ThreePhaseNetwork:
    lines = net.lines.take(np.array([0, 1, 1]))
    return replace(net, lines=replace(lines, name=["first", "second", "tie"], from_bus=[0, 1, 0], to_bus=[1, 2, 2]))


def with_unit(net: ThreePhaseNetwork) -> ThreePhaseNetwork:
    unit = pe.PhaseGenerators(name=["chp"], bus=[1], connection=[0], terminals=[[1, 2, 3]], nominal_kv=[11.0], control=[2])
    return replace(net, generators=unit)


def floating(net: ThreePhaseNetwork) -> ThreePhaseNetwork:
    """The village's transformer leaves its low side without ground, where there is a load of a phase to ground."""
    loads = replace(net.loads, connection=[0, 0, 1], terminals=[[1, 2, 3], [1, 0, 0], [1, 2, 0]])
    return replace(net, loads=loads, transformers=replace(net.transformers, connection_to=[pe.DELTA], no_load_loss_pu=[0.0], magnetizing_pu=[0.0]))


REFUSED = [
    (with_tie, "case-082", "lines[tie].to_bus closes a loop"),
    (with_unit, "case-081", "generators[chp].control holds a voltage"),
    (lambda n: replace(n, sources=replace(n.sources.take(np.array([0, 0])), name=["grid", "other"])), "case-080", "sources[other].name is a second"),
    (floating, "case-084", "loads[delta].connection hangs between a phase and ground"),
    (lambda n: floating(changed("transformers", guard_ppm=[1.0])(n)), "case-084", "loads[delta].connection hangs"),
]


@pytest.mark.parametrize(("change", "code", "words"), REFUSED)
def test_what_a_sweep_does_not_serve_is_refused_by_name(change: Callable[[ThreePhaseNetwork], ThreePhaseNetwork], code: str, words: str) -> None:
    with pytest.raises(InvalidCase) as caught:
        ReadyPhases.of([change(village())])
    assert {f.code for f in caught.value.faults} == {code}
    assert words in str(caught.value)


def test_a_resonance_is_named() -> None:
    """On phase c of the second line, of 1 ohm of reactance alone, there is a capacitor of 1 S."""
    net = village()
    x = [np.diag([1.0, 1.0, 1.0])] * 2
    lines = replace(net.lines, r_ohm=np.zeros((2, 3, 3)), x_ohm=x, b_us=np.zeros((2, 3, 3)))
    bank = pe.Capacitors(name=["bank"], bus=[2], connection=[pe.WYE], terminals=[[3, 0, 0]], nominal_kv=[10.0], q_mvar=[100.0])
    bare = replace(net, lines=lines, capacitors=bank, transformers=replace(net.transformers, closed=[False]))
    with pytest.raises(InvalidCase, match=r"buses\[square\].name stands behind a branch whose admittances cancel, a resonance"):
        ReadyPhases.of([bare])


def test_delta_loads_behind_a_delta_need_no_ground() -> None:
    """With a guard and without one: voltages between phases are the same, and those to ground have no common part."""
    net = changed("transformers", connection_to=[pe.DELTA], no_load_loss_pu=[0.0], magnetizing_pu=[0.0])(village())
    guarded, bare = (at_buses(changed("transformers", guard_ppm=[ppm])(net))[3] for ppm in (1.0, 0.0))
    np.testing.assert_allclose(guarded, bare, atol=PHASES_ARE_TWIN)
    assert abs(bare.sum()) <= PHASES_ARE_TWIN
    strong = at_buses(changed("transformers", guard_ppm=[10.0])(net))[3]
    np.testing.assert_allclose(strong - np.roll(strong, 1), bare - np.roll(bare, 1), atol=GUARD_DRAWS)


def test_phases_and_buses_without_supply_are_named_and_draw_nothing() -> None:
    net = village()
    cut = replace(net, lines=replace(net.lines, to_phase=[[1, 2, 3], [1, 2, 0]], r_ohm=_without_c(net, "r_ohm"), x_ohm=_without_c(net, "x_ohm"),
                                     b_us=_without_c(net, "b_us")))  # fmt: skip
    cut = replace(cut, transformers=replace(cut.transformers, closed=[False]))
    tree = phase_tree(cut)
    assert unfed(tree) == ("without supply: inn, square.c",)
    v = at_buses(cut)
    assert v[2, 2] == v[3, 0] == 0.0
    assert abs(v[2, 0]) > 0.9


def _without_c(net: ThreePhaseNetwork, name: str) -> np.ndarray:
    out = getattr(net.lines, name).copy()
    out[1, 2, :] = out[1, :, 2] = 0.0
    return out


def test_more_load_than_the_feeder_carries_is_no_answer() -> None:
    _, found = solved(village(), 60.0)
    assert not found.ok[0]
    assert np.isnan(found.v).all()
    assert np.isnan(found.s).all()
