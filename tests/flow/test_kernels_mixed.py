"""Feeders of different kinds swept side by side: the same bits as each of them alone, whichever rows go together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.flow.sweep import LANES, Ready, Swept
from gridtandem.grid.forest import plant
from gridtandem.grid.nodal import Nodal
from tests.flow.making import tree
from tests.flow.sweep_twin import sweep as twin
from tests.flow.test_kernels_sweep import lone_bus, same

SEEDS = st.integers(0, 2**32 - 1)
FIELDS = ("s", "ds", "ok", "sweeps")


def different(seed: int, feeders: int, most: int) -> Ready:
    """Trees of 2 to ``most`` buses with loads of every law or of constant power, and a lone bus; none is like another."""
    rng = np.random.default_rng(seed)
    of = zip(rng.integers(0, 2**32, feeders).tolist(), rng.integers(2, most, feeders).tolist(), (rng.random(feeders) < 0.5).tolist(), strict=True)
    nets = [tree(k, n, plain=p) for k, n, p in of]
    nodals = [*(Nodal.of(net) for net in nets), lone_bus()]
    return Ready.of(plant(nodals, np.zeros(len(nodals), int), np.arange(len(nodals)), rng.uniform(0.3, 1.5, len(nodals))))


def asked(seed: int, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Voltages, some of them none, and loadings from reverse flow over none to far beyond what solves."""
    rng = np.random.default_rng(seed)
    v = np.where(rng.random(shape) < 0.1, np.nan, rng.uniform(0.9, 1.1, shape))
    return v, rng.choice([-1.0, 0.0, 1.0, 1.5, 300.0], shape, p=[0.2, 0.1, 0.4, 0.2, 0.1])


def alone(ready: Ready, monkeypatch: pytest.MonkeyPatch, v: np.ndarray, loading: np.ndarray) -> Swept:
    """Every kind in lanes of its own."""
    monkeypatch.setattr("gridtandem.flow.sweep.FEW", 0)
    out = ready.sweep(v, loading, sweeps=100)
    monkeypatch.undo()
    return out


@given(SEEDS, st.integers(20, 30))
@settings(max_examples=25, deadline=None)
def test_side_by_side_or_alone_the_bits_are_the_same(seed: int, feeders: int) -> None:
    ready, (v, loading) = different(seed, feeders, 20), asked(seed, (1, feeders + 1))
    of_kinds, of_all = ready._groups(v.size)
    assert len(of_all)
    assert sorted(x for part in (of_kinds, of_all) for x in part.ravel().tolist() if x >= 0) == list(range(v.size))
    together = ready.sweep(v, loading, sweeps=100)
    with pytest.MonkeyPatch.context() as patch:
        apart = alone(ready, patch, v, loading)
    for name in (*FIELDS, "v"):
        assert getattr(together, name).tobytes() == getattr(apart, name).tobytes()


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_neighbours_do_not_matter(seed: int) -> None:
    """The same feeder asked among any others, in any order, and in any number of scenarios."""
    ready, (v, loading) = different(seed, 24, 15), asked(seed, (3, 25))
    whole = ready.sweep(v, loading, sweeps=100)
    for k in range(3):
        part = ready.sweep(v[k], loading[k], sweeps=100)
        assert all(getattr(part, name).tobytes() == getattr(whole, name)[k].tobytes() for name in FIELDS)
    mixed = np.random.default_rng(seed).permutation(3)
    turned = ready.sweep(v[mixed], loading[mixed], sweeps=100)
    assert all(getattr(turned, name).tobytes() == getattr(whole, name)[mixed].tobytes() for name in FIELDS)


@given(SEEDS, st.integers(18, 24))
@settings(max_examples=15, deadline=None)
def test_equals_the_twin(seed: int, feeders: int) -> None:
    rng = np.random.default_rng(seed)
    of = zip(rng.integers(0, 10**6, feeders).tolist(), rng.integers(2, 20, feeders).tolist(), strict=True)
    nodals = [Nodal.of(tree(k, n, plain=k % 2 == 0)) for k, n in of]
    forest = plant(nodals, np.zeros(feeders, int), np.arange(feeders), rng.uniform(0.3, 1.5, feeders))
    ready, (v, loading) = Ready.of(forest), asked(seed, (1, feeders))
    assert len(ready._groups(feeders)[1])
    v = np.nan_to_num(v, nan=1.0)
    same(ready.sweep(v, loading, sweeps=100), twin(forest, v, loading, sweeps=100))


def test_threads_and_parts_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    ready, (v, loading) = different(3, 60, 30), asked(3, (2, 61))
    whole = ready.sweep(v, loading, threads=1)
    monkeypatch.setattr("gridtandem.flow.sweep.AT_ONCE", 500)
    assert len(ready._parts(ready._groups(v.size)[1])) > 3
    for threads in (1, 3):
        other = ready.sweep(v, loading, threads=threads)
        assert all(getattr(other, name).tobytes() == getattr(whole, name).tobytes() for name in (*FIELDS, "v"))


def test_a_kind_with_many_rows_keeps_its_lanes() -> None:
    """Of 13 rows of each kind eight go together, and the other five too, for five are more than a few; of 9 rows the ninth goes with others."""
    ready = different(5, 19, 12)
    of_kinds, of_all = ready._groups(20 * 13)
    assert len(of_kinds) == 40
    assert len(of_all) == 0
    of_kinds, of_all = ready._groups(20 * 9)
    assert of_kinds.shape == (20, LANES)
    assert (of_kinds >= 0).all()
    assert (of_all >= 0).sum() == 20
    assert len(of_all) <= 4
    size, bends = np.diff(ready.start)[of_all % 20], ready.bends[of_all % 20]
    assert (bends == bends[:, :1])[of_all >= 0].all()
    assert (np.diff(size, axis=1)[of_all[:, 1:] >= 0] >= 0).all()
