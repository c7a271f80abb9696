"""Feeders behind interfaces: the method that fits, one answer whatever the method, ends of solvability."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.cases.library import network as feeder
from gridtandem.errors import InvalidCase
from gridtandem.flow.feeders import Feeders, Method
from gridtandem.flow.newton import CURRENT, Options
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.units import MVA
from tests.flow.making import KV, tree, two_bus
from tests.tolerances import EDGE_FOUND, NEWTON_FLOORS, SLOPE_BY_DIFFERENCE, SWEEP_BALANCE, SWEEP_IS_NEWTON, TURNED, next_to_nothing

SHARP = Options(tol=1e-12)


def feeders(*nets: Network, method: Method = "auto", scale: float = 1.0) -> Feeders:
    """One interface per network, root at the first bus."""
    n = len(nets)
    zero = np.zeros(n, int)
    return Feeders.of([Nodal.of(k) for k in nets], root=zero, model=np.arange(n), scale=np.full(n, scale), method=method, options=SHARP)


def looped() -> Network:
    net = feeder("case33bw")
    return replace(net, name="looped", lines=replace(net.lines, closed=net.lines.closed | (net.lines.name == "9-15")))


def with_unit() -> Network:
    """case33bw with a unit that holds the voltage of its last bus."""
    net = feeder("case33bw")
    return replace(net, name="held", generators=el.Generators(name=["pv"], bus=[17], p_mw=[0.5], control=[el.VOLTAGE], v_set_pu=[0.98]))


GRID = np.ones((2, 3, 1))


def test_each_is_served_by_the_method_that_fits() -> None:
    found = feeders(feeder("case33bw"), looped(), tree(8, 15), with_unit())
    assert found.swept.tolist() == [0, 2]
    assert (found.single >= 0).tolist() == [False, True, False, True]
    drawn = found.draw(np.ones((1, 1, 4)), np.ones((1, 1, 4)), slope=True)
    assert drawn.ok.all()
    assert drawn.s[0, 0, 1].real < drawn.s[0, 0, 0].real  # a closed ring loses less


def test_sweep_of_what_cannot_be_swept_lists_every_reason() -> None:
    with pytest.raises(InvalidCase) as caught:
        feeders(feeder("case33bw"), looped(), with_unit(), method="sweep")
    assert [(f.place, f.code) for f in caught.value.faults] == [("looped", "case-060"), ("held", "case-061")]


@pytest.mark.parametrize("slope", [True, False])
def test_both_methods_agree(slope: bool) -> None:
    nets = (feeder("case33bw"), feeder("case141"), tree(8, 15), tree(9, 33))
    v, loading = np.linspace(0.95, 1.05, 24).reshape(2, 3, 4), np.linspace(1.3, 0.0, 24).reshape(2, 3, 4)
    one, other = (feeders(*nets, method=m, scale=0.8).draw(v, loading, slope=slope) for m in ("sweep", "newton"))
    assert one.ok.all()
    assert other.ok.all()
    floor = np.array([NEWTON_FLOORS * f.newton.tol(f.newton.nodal.branches.ratio) for f in feeders(*nets, method="newton").singles])
    allowed = np.maximum(SWEEP_IS_NEWTON, floor)  # branches of case141 as short as 1e-4 pu on 10 MVA leave Newton at 1.4e-9
    assert (np.abs(one.s - other.s) <= allowed).all()
    assert np.isnan(one.ds).all() == (not slope)
    if slope:
        assert (np.abs(one.ds - other.ds) <= allowed).all()


def test_newton_slope_equals_central_difference() -> None:
    found, step = feeders(looped(), with_unit()), 1e-4
    s = [found.draw(np.full((1, 1, 2), 1 + d), np.ones((1, 1, 2)), slope=False).s for d in (-step, step)]
    ds = found.draw(np.ones((1, 1, 2)), np.ones((1, 1, 2)), slope=True).ds
    assert (np.abs(ds - (s[1] - s[0]) / (2 * step)) <= SLOPE_BY_DIFFERENCE * np.maximum(np.abs(ds), np.abs(s[0]))).all()


@pytest.mark.parametrize("method", ["auto", "newton"])
def test_turning_the_root_turns_everything_and_changes_nothing_else(method: Method) -> None:
    found = feeders(feeder("case33bw"), tree(8, 15), looped(), method=method)
    size, turn = np.array([1.0, 0.98, 1.03]), np.exp(1j * np.array([0.7, -2.0, 3.0]))
    straight, turned = found.states(size + 0j, np.ones(3)), found.states(size * turn, np.ones(3))
    for k in range(3):
        assert np.abs(turned[k].v - straight[k].v * turn[k]).max() <= TURNED
        assert straight[k].v[0] == pytest.approx(size[k], abs=TURNED)


def test_states_draw_what_draw_says() -> None:
    found = feeders(feeder("case33bw"), looped())
    s = found.draw(np.full((1, 1, 2), 1.02), np.ones((1, 1, 2)), slope=False).s[0, 0]
    for k, state in enumerate(found.states(np.full(2, 1.02 + 0j), np.ones(2))):
        nodal, v = found.nodals[k], state.v
        assert abs(v[0] * np.conj((nodal.admittance() @ v)[0]) - s[k]) <= SWEEP_IS_NEWTON


@pytest.mark.parametrize("method", ["auto", "newton"])
def test_no_solution_is_nan_in_its_own_row(method: Method) -> None:
    found = feeders(feeder("case33bw"), looped(), method=method)
    loading = np.array([[[1.0, 9.0]], [[9.0, 1.0]]])
    drawn = found.draw(np.ones((2, 1, 2)), loading, slope=True)
    assert drawn.ok[:, 0].tolist() == [[True, False], [False, True]]
    assert (np.isnan(drawn.s) == ~drawn.ok).all()
    assert (np.isnan(drawn.ds) == ~drawn.ok).all()
    assert not found.draw(np.array([[[np.nan, -1.0]]]), np.ones((1, 1, 2)), slope=False).ok.any()
    states = found.states(np.array([1.0, np.nan], complex), np.array([9.0, 1.0]))
    assert all(np.isnan(state.v).all() for state in states)


def test_close_to_the_nose_newton_finishes_what_the_sweep_leaves() -> None:
    net = two_bus(10.0, 20.0, 1.0, 0.4)
    found = feeders(net, method="sweep")
    edge = _two_bus_share(net)
    near = edge * (1 - 1e-6)
    drawn = found.draw(np.ones((1, 1, 2))[..., :1], np.full((1, 1, 1), near), slope=True)
    assert drawn.ok.all()
    assert drawn.s[0, 0, 0].real * MVA > near
    assert not found.draw(np.ones((1, 1, 1)), np.full((1, 1, 1), edge * (1 + 1e-6)), slope=False).ok.any()


def _two_bus_share(net: Network) -> float:
    r"""Largest λ of the load s behind z at 1 pu: :math:`1 = 2\lambda\,(\mathrm{Re}(z\bar s) + |z||s|)`."""
    z = complex(net.lines.r_ohm[0], net.lines.x_ohm[0]) * MVA / KV**2
    s = complex(net.loads.p_mw[0], net.loads.q_mvar[0]) / MVA
    return 1 / (2 * ((z * s.conjugate()).real + abs(z) * abs(s)))


@pytest.mark.parametrize("method", ["auto", "newton"])
def test_ends_of_solvability_of_two_buses(method: Method) -> None:
    net = two_bus(10.0, 20.0, 1.0, 0.4)
    found, edge = feeders(net, method=method), _two_bus_share(net)
    assert found.loadable(1.0, 0, 1.0) == 1.0
    assert found.loadable(1.0, 0, 2 * edge) == pytest.approx(0.5, abs=EDGE_FOUND)
    assert found.loadable(0.9, 0, 2 * edge) == pytest.approx(0.5 * 0.9**2, abs=EDGE_FOUND)
    assert found.lowest_voltage(0, 1.0) == pytest.approx(edge**-0.5, abs=EDGE_FOUND)
    assert found.lowest_voltage(0, 1.44 * edge) == pytest.approx(1.2, abs=EDGE_FOUND)
    assert found.lowest_voltage(0, 9 * edge) == np.inf


def test_a_feeder_of_constant_impedance_solves_at_any_voltage() -> None:
    found, admittance = feeders(two_bus(10.0, 20.0, 5.0, 2.0, exponent=2.0)), KV**2 / MVA / abs(10 + 20j)
    assert found.lowest_voltage(0, 1.0) <= next_to_nothing(Options().tol, CURRENT, admittance)
    assert found.loadable(0.1, 0, 1.0) == 1.0


def test_newton_has_the_last_word_where_impedances_take_half_the_voltage() -> None:
    net = two_bus(0.0, 20.0, 30.0, 5.0, exponent=2.0)  # |z y| = 1.5, where no sweep converges
    y = np.conj(30.0 + 5.0j) / KV**2
    v_end = 1 / (1 + 20j * y)
    found = feeders(net, method="sweep")
    drawn = found.draw(np.ones((1, 1, 1)), np.ones((1, 1, 1)), slope=True)
    assert drawn.s[0, 0, 0] == pytest.approx(np.conj((1 - v_end) / 20j) * KV**2 / MVA, abs=SWEEP_IS_NEWTON)
    assert drawn.ds[0, 0, 0] == pytest.approx(2 * drawn.s[0, 0, 0], abs=SWEEP_IS_NEWTON)
    assert found.states(np.ones(1, complex), np.ones(1))[0].v[1] == pytest.approx(v_end, abs=SWEEP_IS_NEWTON)


def test_the_end_of_sweeps_is_the_end_of_newton() -> None:
    """Where sweeps run away there is no solution: just inside the end that Newton finds they rest, just outside they do not."""
    for name in ("case33bw", "case69", "case85"):
        found = feeders(feeder(name), method="sweep")
        share = 6 * found.loadable(1.0, 0, 6.0)
        loading = np.array([share * (1 - 1e-3), share * (1 + 1e-3)]).reshape(2, 1, 1)
        assert found.draw(np.ones((2, 1, 1)), loading, slope=False).ok.ravel().tolist() == [True, False]


def test_parallel_scale_of_nothing_draws_nothing() -> None:
    found = feeders(with_unit(), feeder("case33bw"), scale=0.0)
    drawn = found.draw(np.ones((1, 1, 2)), np.ones((1, 1, 2)), slope=False)
    assert drawn.ok.all()
    assert abs(drawn.s[0, 0, 1]) <= SWEEP_BALANCE
