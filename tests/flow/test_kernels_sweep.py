"""The compiled sweep: equal to its readable twin, and right or refused on feeders of every shape."""

from __future__ import annotations

from dataclasses import replace

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.library import network as feeder
from gridtandem.flow.kernels_lanes import fill, power, put, take
from gridtandem.flow.sweep import Ready, Swept, sweep
from gridtandem.grid import elements as el
from gridtandem.grid.forest import Forest, plant
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Index, Real
from tests.flow.making import KV, tree, two_bus
from tests.flow.sweep_twin import sweep as twin
from tests.tolerances import CHAIN_DROP, POWER_ROUNDS, SWEEP_IS_TWIN

SEEDS = st.integers(0, 2**32 - 1)


def same(a: Swept, b: Swept) -> None:
    assert np.array_equal(a.ok, b.ok)
    for name in ("v", "s", "ds"):
        one, other = getattr(a, name), getattr(b, name)
        assert np.array_equal(np.isnan(one), np.isnan(other))
        assert np.abs(np.nan_to_num(one - other)).max(initial=0.0) <= SWEEP_IS_TWIN * max(1.0, np.abs(np.nan_to_num(other)).max(initial=0.0))


@given(SEEDS, st.integers(1, 25), st.booleans())
@settings(max_examples=40, deadline=None)
def test_equals_its_twin_for_every_law_of_load(seed: int, buses: int, plain: bool) -> None:
    """More rows than lanes, loadings from reverse flow over none to heavy, some far beyond what solves."""
    rng = np.random.default_rng(seed)
    nodals = [Nodal.of(tree(int(k), buses + j, plain=plain)) for j, k in enumerate(rng.integers(0, 1000, 2))] if buses > 1 else [lone_bus()]
    model = rng.integers(0, len(nodals), 5)
    forest = plant(nodals, np.zeros(5, int), model, rng.uniform(0.2, 2.0, 5))
    v, loading = rng.uniform(0.9, 1.1, (3, 5)), rng.choice([-1.0, 0.0, 1.0, 1.5, 300.0], (3, 5), p=[0.2, 0.1, 0.4, 0.2, 0.1])
    same(sweep(forest, v, loading, sweeps=100), twin(forest, v, loading, sweeps=100))


def lone_bus() -> Nodal:
    net = two_bus(1.0, 1.0, 2.0, 1.0, exponent=1.3)
    return Nodal.of(replace(net, buses=net.buses.take(np.array([0])), lines=el.Lines.empty(), loads=replace(net.loads, bus=np.zeros(1, int))))


@numba.njit
def _powers(m, n, out):  # type: ignore[no-untyped-def]
    for k in range(len(m)):
        put(out, k, power(take(m, k), fill(n)))


@given(st.lists(st.floats(1e-3, 1e3), min_size=8, max_size=8), st.floats(-6.0, 6.0))
@settings(max_examples=200, deadline=None)
def test_powers(m: list[float], n: float) -> None:
    out = np.empty((1, 8))
    _powers(np.array([m]), n, out)
    assert np.abs(out / np.array([m]) ** n - 1).max() <= POWER_ROUNDS * max(1.0, abs(n) * np.abs(np.log(m)).max())


@pytest.mark.parametrize("exponent", [0.0, 1.3])
def test_threads_and_parts_change_no_bit(exponent: float, monkeypatch: pytest.MonkeyPatch) -> None:
    net = feeder("case33bw")
    n = np.full(len(net.loads), exponent)
    nodals = [Nodal.of(replace(net, loads=replace(net.loads, p_exponent=n, q_exponent=n))), Nodal.of(feeder("case69"))]
    ready = Ready.of(plant(nodals, np.zeros(7, int), np.arange(7) % 2, np.geomspace(0.2, 20.0, 7)))
    v, loading = np.linspace(0.9, 1.1, 350).reshape(50, 7), np.linspace(1.2, 0.2, 350).reshape(50, 7)
    whole = ready.sweep(v, loading, threads=1)
    assert 0 < whole.ok.sum() < whole.ok.size
    monkeypatch.setattr("gridtandem.flow.sweep.AT_ONCE", 500)
    assert len(ready._parts(ready._groups(350)[0])) > 20
    for threads in (1, 3):
        other = ready.sweep(v, loading, threads=threads)
        assert all(getattr(other, name).tobytes() == getattr(whole, name).tobytes() for name in ("v", "s", "ds", "ok", "sweeps"))


def test_what_is_not_asked_for_changes_nothing_else() -> None:
    ready = Ready.of(plant([Nodal.of(feeder("case33bw"))], np.zeros(3, int), np.zeros(3, int), np.array([1.0, 0.5, 50.0])))
    full, short = (ready.sweep(np.ones(3), np.ones(3), voltages=wish, slope=wish) for wish in (True, False))
    assert short.s.tobytes() == full.s.tobytes()
    assert short.v.size == 0
    assert np.isnan(short.ds).all()
    assert full.ok.tolist() == [True, True, False]


# ── shapes ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def shaped(parent: Index, ohm: Real, p_mw: Real) -> Forest:
    """A feeder of lines with these resistances above each bus but the root."""
    n = len(parent)
    net = Network(
        name="shape", buses=el.Buses(name=[f"b{k}" for k in range(n)], nominal_kv=np.full(n, KV)),
        lines=el.Lines(name=[f"l{k}" for k in range(1, n)], from_bus=parent[1:], to_bus=np.arange(1, n), r_ohm=ohm[1:], x_ohm=ohm[1:]),
        loads=el.Loads(name=[f"d{k}" for k in range(n)], bus=np.arange(n), p_mw=p_mw, q_mvar=np.zeros(n)),
    )  # fmt: skip
    return plant([Nodal.of(net)], np.zeros(1, int), np.zeros(1, int), np.ones(1))


def test_a_chain_of_ten_thousand_nodes_is_its_own_difference_equation() -> None:
    """From the far end, drops and currents add up node by node to the voltage at the root."""
    n = 10_000
    forest = shaped(np.arange(-1, n - 1), np.full(n, 1e-4), np.full(n, 1e-3))
    found = sweep(forest, np.ones(1), np.ones(1))
    assert found.ok.all()
    u, j = found.v[-1], 0.0 + 0.0j
    s = forest.loads.s[np.argsort(forest.loads.node)]
    for k in range(n - 1, 0, -1):
        j += np.conj(s[k] / u)
        u = u + forest.z[k] * j
    assert abs(u - 1.0) <= CHAIN_DROP
    assert abs(found.s[0] - np.conj(j + np.conj(s[0]))) <= CHAIN_DROP


def test_a_star_is_so_many_pairs() -> None:
    n = 3000
    forest = shaped(np.concatenate([[-1], np.zeros(n - 1, int)]), np.full(n, 1.0), np.linspace(0.0, 4.0, n))
    found = sweep(forest, np.ones(1), np.ones(1))
    s, z = forest.loads.s[np.argsort(forest.loads.node)][1:], forest.z[1:]
    zs = z * np.conj(s)  # |U|² = U − z conj(S) for U at the end of z behind 1 pu, larger real part
    exact = 0.5 + np.sqrt(0.25 - zs.real - zs.imag**2) - 1j * zs.imag
    assert np.abs(found.v[1:] - exact).max() <= SWEEP_IS_TWIN
    assert np.array_equal(found.v[forest.loads.node[forest.loads.s == 0]], np.ones(1))


def test_no_load_at_all_leaves_every_voltage_alone() -> None:
    forest = plant([Nodal.of(feeder("case33bw"))], np.zeros(1, int), np.zeros(1, int), np.ones(1))
    found = sweep(forest, np.array([[1.0], [1.03]]), np.zeros(1))
    assert np.array_equal(found.v, np.repeat([[1.0], [1.03]], 33, axis=1))
    assert not found.s.any()
    assert not found.ds.any()
    assert found.sweeps.ravel().tolist() == [1, 1]


def test_near_the_nose_rows_are_right_and_beyond_it_refused() -> None:
    """Two buses and unit power factor: solutions end at P = |V|² / 2(|z| + r)."""
    forest = plant([Nodal.of(two_bus(4.0, 3.0, 1.0, 0.0))], np.zeros(1, int), np.zeros(1, int), np.ones(1))
    z = complex(forest.z[1])
    most = 1 / (2 * (abs(z) + z.real)) / forest.loads.s[0].real
    share = np.array([0.5, 0.9, 0.99, 1.001, 1.1, 2.0])[:, None]
    found = sweep(forest, np.ones((6, 1)), most * share, sweeps=2000)
    assert found.ok.ravel().tolist() == [True, True, True, False, False, False]
    zs = z * np.conj(forest.loads.s[0]) * (most * share[:3, 0])
    real = 0.5 + np.sqrt(0.25 - zs.real - zs.imag**2)
    assert np.abs(found.v[:3, 1] - (real - 1j * zs.imag)).max() <= SWEEP_IS_TWIN / (1 - 0.99)
