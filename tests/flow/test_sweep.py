"""The sweep: published feeders, the power-flow equations themselves, and answers that depend on their own row alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.library import network as feeder
from gridtandem.flow.newton import Newton, Options
from gridtandem.flow.sweep import Swept, sweep
from gridtandem.grid.forest import Forest, plant
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Real
from gridtandem.units import MVA
from tests.flow.making import tree, two_bus
from tests.tolerances import DIGITS_3, IMPEDANCE_EXPONENT, PRINTED_10_W, PRINTED_V, SLOPE_BY_DIFFERENCE, SWEEP_BALANCE, SWEEP_IS_NEWTON

ONE = np.ones(1)
SEEDS, SIZES = st.integers(0, 2**32 - 1), st.integers(2, 40)


def lone(net: Network, root: int = 0) -> tuple[Nodal, Forest]:
    nodal = Nodal.of(net)
    return nodal, plant([nodal], nodal.node[[root]], np.array([0]), ONE)


@pytest.mark.parametrize(
    ("name", "loss_kw", "v_low"),
    [
        ("case33bw", 202.677, 0.91309), ("case69", 224.992, 0.90919), ("case85", 299.307, 0.87389), ("case141", 632.696, 0.92786),
        ("case16am", 511.40, 0.96927), ("case17me-as-shipped", 950.68, 0.88483), ("case17me", 661.87, 0.92426), ("case18nbr-in-ohm", 47.728, 0.95996),
    ],
)  # fmt: skip
def test_published_losses_and_lowest_voltages(name: str, loss_kw: float, v_low: float) -> None:
    nodal, forest = lone(feeder(name))
    found = sweep(forest, ONE, ONE)
    loss = (found.s[0] - nodal.loads.s.sum()).real * MVA * 1e3
    assert loss == pytest.approx(loss_kw, abs=PRINTED_10_W)
    assert np.abs(found.v).min() == pytest.approx(v_low, abs=PRINTED_V)


@pytest.mark.parametrize(("name", "mva"), [("case141", 11.945 + 7.403j), ("case18nbr-in-ohm", 1.4105 + 1.4388j)])
def test_published_loads(name: str, mva: complex) -> None:
    assert abs(Nodal.of(feeder(name)).loads.s.sum() * MVA - mva) <= DIGITS_3 * abs(mva)


@given(SEEDS, SIZES, st.floats(0.9, 1.1), st.floats(0.0, 1.5))
@settings(max_examples=60, deadline=None)
def test_random_trees_obey_the_power_flow_equations(seed: int, buses: int, v: float, loading: float) -> None:
    """At every node, what the admittance matrix says enters the network is what units inject less what loads draw."""
    nodal, forest = lone(tree(seed, buses))
    found = sweep(forest, np.array([v]), np.array([loading]))
    assert found.ok.all()
    u = np.empty(nodal.nodes, complex)
    u[forest.node] = found.v
    into = u * np.conj(nodal.admittance() @ u)
    own = np.zeros(nodal.nodes, complex)
    np.add.at(own, nodal.units.node, nodal.units.s)
    np.add.at(own, nodal.loads.node, -loading * nodal.loads.at(np.abs(u)[nodal.loads.node])[0])
    left = into - own
    assert np.abs(left[1:]).max() <= SWEEP_BALANCE
    assert abs(left[0] - found.s[0]) <= SWEEP_BALANCE


@given(SEEDS, SIZES)
@settings(max_examples=25, deadline=None)
def test_sweep_equals_newton(seed: int, buses: int) -> None:
    nodal, forest = lone(tree(seed, buses))
    found = sweep(forest, np.array([1.02]), ONE)
    start = np.empty(nodal.nodes, complex)
    start[forest.node] = 1.02 * forest.turn  # shifts of 30 degrees would lead a flat start astray
    solution = Newton.of(nodal, np.array([0]), Options(tol=1e-12)).solve(start=start, fixed_v=np.array([1.02 + 0j]))
    assert solution.converged
    assert np.abs(solution.v[forest.node] - found.v).max() <= SWEEP_IS_NEWTON
    assert abs(solution.fixed_s[0] - found.s[0]) <= SWEEP_IS_NEWTON


@given(SEEDS, SIZES)
@settings(max_examples=25, deadline=None)
def test_slope_equals_central_difference(seed: int, buses: int) -> None:
    _, forest = lone(tree(seed, buses))
    step = 1e-4
    s = sweep(forest, np.array([[1 - step], [1 + step]]), ONE).s[:, 0]
    ds = sweep(forest, ONE, ONE).ds[0]
    assert abs(ds - (s[1] - s[0]) / (2 * step)) <= SLOPE_BY_DIFFERENCE * max(abs(ds), abs(s[0]))


def test_constant_impedances_draw_as_the_square_of_voltage() -> None:
    net = feeder("case33bw")
    n = len(net.loads)
    _, forest = lone(replace(net, loads=replace(net.loads, p_exponent=np.full(n, 2.0), q_exponent=np.full(n, 2.0))))
    found = sweep(forest, np.array([0.97]), ONE)
    assert found.ds.real * 0.97 / found.s.real == pytest.approx(2.0, abs=IMPEDANCE_EXPONENT)
    assert found.ds.imag * 0.97 / found.s.imag == pytest.approx(2.0, abs=IMPEDANCE_EXPONENT)


def test_exponents_0_1_2_are_the_shares_of_a_zip_load() -> None:
    net = tree(5, 12, plain=True)
    n = len(net.loads)
    for exponent, share in ((1.0, "i_share"), (2.0, "z_share")):
        by_exponent = replace(net.loads, p_exponent=np.full(n, exponent), q_exponent=np.full(n, exponent))
        by_share = replace(net.loads, **{f"p_{share}": np.ones(n), f"q_{share}": np.ones(n)})
        one, other = (sweep(lone(replace(net, loads=loads))[1], ONE, ONE) for loads in (by_exponent, by_share))
        assert one.s == pytest.approx(other.s, rel=0, abs=SWEEP_BALANCE)


def test_scale_takes_units_along_and_loading_does_not() -> None:
    nodal, _ = lone(tree(3, 20))
    root, model = np.zeros(2, int), np.zeros(2, int)
    forest = plant([nodal], root, model, np.array([1.0, 0.4]))
    none = sweep(forest, np.ones(2), np.zeros(2)).s.real
    assert none[0] < 0  # only units are left
    assert none[1] > none[0]
    half = plant([replace(nodal, loads=replace(nodal.loads, s=nodal.loads.s * 0.4))], root[:1], model[:1], ONE)
    assert sweep(half, ONE, ONE).s[0] == pytest.approx(sweep(plant([nodal], root[:1], model[:1], ONE), ONE, 0.4 * ONE).s[0], abs=SWEEP_BALANCE)


def test_root_load_counts_as_drawn() -> None:
    net = two_bus(1.0, 2.0, 3.0, 1.0)
    loads = replace(net.loads, name=np.array(["a", "b"]), bus=np.array([1, 0]), p_mw=np.array([3.0, 0.5]), q_mvar=np.array([1.0, 0.2]),
        **{c: np.zeros(2) for c in ("p_exponent", "q_exponent", "p_z_share", "p_i_share", "q_z_share", "q_i_share")},
        v_calibration_pu=np.ones(2), live=np.ones(2, bool))  # fmt: skip
    without, with_it = (sweep(lone(n)[1], ONE, ONE).s[0] for n in (net, replace(net, loads=loads)))
    assert (with_it - without) * MVA == pytest.approx(0.5 + 0.2j, abs=SWEEP_BALANCE * MVA)


# ── a row depends on itself alone ─────────────────────────────────────────────────────────────────────────────────────────────────


def same_bits(a: Swept, b: Swept) -> bool:
    return all(getattr(a, name).tobytes() == getattr(b, name).tobytes() for name in ("v", "s", "ds", "ok", "sweeps"))


def _some(found: Swept, forest: Forest, feeders: Real) -> Swept:
    """The answers of these feeders, cut out of a larger fleet's."""
    nodes = np.concatenate([np.arange(forest.start[f], forest.start[f + 1]) for f in feeders])
    return Swept(
        v=found.v[..., nodes], s=found.s[..., feeders], ds=found.ds[..., feeders], ok=found.ok[..., feeders], sweeps=found.sweeps[..., feeders]
    )


@pytest.mark.parametrize("exponents", [(0.0, 0.0), (0.9, 1.3)])
def test_two_thousand_feeders_are_bit_identical_one_by_one(exponents: tuple[float, float]) -> None:
    """Loadings up to beyond what solves, so that rows stop at very different counts."""
    net, n = feeder("case33bw"), 2000
    p, q = (np.full(len(net.loads), e) for e in exponents)
    nodal = Nodal.of(replace(net, loads=replace(net.loads, p_exponent=p, q_exponent=q)))
    zero, scale, v = np.zeros(n, int), np.geomspace(0.1, 60.0, n), np.linspace(0.9, 1.1, n)[::-1].copy()
    fleet = plant([nodal], zero, zero, scale)
    whole = sweep(fleet, v, np.ones(n))
    assert whole.ok.any()
    assert not whole.ok.all()
    for k in range(0, n, 13):
        own = sweep(plant([nodal], zero[:1], zero[:1], scale[k : k + 1]), v[k : k + 1], ONE)
        assert same_bits(own, _some(whole, fleet, np.array([k])))


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_any_split_of_a_mixed_fleet_gives_the_same_bits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    nodals = [Nodal.of(tree(int(k), int(rng.integers(2, 30)))) for k in rng.integers(0, 1000, 4)]
    n = 25
    model, scale = rng.integers(0, 4, n), rng.uniform(0.2, 4.0, n)
    root = np.zeros(n, int)
    v, loading = rng.uniform(0.85, 1.1, (2, 3, n)), rng.uniform(0.1, 2.5, (2, 3, n))
    fleet = plant(nodals, root, model, scale)
    whole = sweep(fleet, v, loading)
    order = rng.permutation(n)
    for part in np.split(order, np.sort(rng.integers(0, n, 3))):
        if len(part):
            own = sweep(plant(nodals, root[part], model[part], scale[part]), v[..., part], loading[..., part])
            assert same_bits(own, _some(whole, fleet, part))


def test_cutting_the_work_into_parts_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    nodals = [Nodal.of(tree(k, 15)) for k in range(3)]
    fleet = plant(nodals, np.zeros(9, int), np.arange(9) % 3, np.linspace(0.5, 2, 9))
    v = np.linspace(0.95, 1.05, 36).reshape(4, 9)
    whole = sweep(fleet, v, np.ones((4, 9)))
    monkeypatch.setattr("gridtandem.flow.sweep.AT_ONCE", 40)
    assert same_bits(whole, sweep(fleet, v, np.ones((4, 9))))


def test_a_row_without_solution_is_nan_alone() -> None:
    nodal = Nodal.of(feeder("case33bw"))
    fleet = plant([nodal], np.zeros(3, int), np.zeros(3, int), np.array([1.0, 9.0, 1.0]))
    found = sweep(fleet, np.array([1.0, 1.0, np.nan]), np.ones(3))
    assert found.ok.tolist() == [True, False, False]
    assert np.isnan(found.s[1:]).all()
    assert np.isnan(found.ds[1:]).all()
    assert np.isnan(found.v[33:]).all()
    assert np.isfinite(found.v[:33]).all()
