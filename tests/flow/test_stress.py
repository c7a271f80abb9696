"""Networks at the edge of what equations and factorisations bear: right by every method, or refused with the reason.

Every feeder hangs on a stiff source behind a reactance and is solved by Newton (against the factorisation that exchanges rows, and a closed
form where there is one), by the sweep, and by coordination under several schemes (against all networks as one).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gridtandem.cases.case import Case
from gridtandem.cases.generate import interfaces
from gridtandem.coordinate import Scheme
from gridtandem.errors import InvalidCase
from gridtandem.flow.batch import solve_many
from gridtandem.flow.feeders import Feeders
from gridtandem.flow.iteration import iterate
from gridtandem.flow.newton import Newton, Options
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.report.run import Run
from gridtandem.schemes import Anderson, LoadFlow, Merged, Response
from gridtandem.schemes.feeder_curve import FeederCurve
from gridtandem.study.run import Result, run
from gridtandem.study.study import Study
from gridtandem.units import MVA
from tests.flow.making import KV
from tests.flow.networks import two_buses
from tests.flow.test_kernels_newton import leaf
from tests.tolerances import NEAR_NOSE, SAME_FLOW, STRESSED

OHM = KV**2 / MVA
X = 0.5  # pu; reactance of the feeder that is loaded to its end
AT_MOST = 1 / (2 * X)  # pu; active power at unity power factor beyond which a load behind X has no voltage
SIZE = 10_000
SCHEMES: tuple[Scheme[Any], ...] = (LoadFlow(), Anderson(), Response(), FeederCurve())


def radial(parent: np.ndarray, z: np.ndarray, s: np.ndarray, **law: float) -> Network:
    """Lines from each bus to its parent (bus 0 is the root), impedances and demand in per unit."""
    n, down = len(parent) + 1, np.arange(1, len(parent) + 1)
    return Network(
        name="stressed", buses=el.Buses(name=[f"b{k}" for k in range(n)], nominal_kv=np.full(n, KV)),
        lines=el.Lines(
            name=[f"l{k}" for k in down], from_bus=parent, to_bus=down, r_ohm=z.real * OHM, x_ohm=z.imag * OHM, equivalent=z.imag < 0
        ),
        loads=el.Loads(
            name=[f"d{k}" for k in down], bus=down, p_mw=s.real * MVA, q_mvar=s.imag * MVA, **{k: np.full(n - 1, v) for k, v in law.items()}
        ),
    )  # fmt: skip


def chain(z: list[complex], s: list[complex], **law: float) -> Network:
    return radial(np.arange(len(z)), np.array(z, complex), np.array(s, complex), **law)


def end_of(load: float, v: float = 1.0) -> complex:
    """Voltage of a load P = load · AT_MOST behind X: |V|² is the larger root of w² − v² w + (X P)² = 0."""
    xp = X * load * AT_MOST
    w = (v**2 + np.sqrt(v**4 - 4 * xp**2)) / 2
    return complex(w / v, -xp / v)


FEEDERS = {
    "heavily loaded": chain([1j * X], [0.999 * AT_MOST]),
    "heavily reversed": chain([1j * X], [-0.999 * AT_MOST]),
    "reverse flow": chain([0.05 + 0.1j, 0.05 + 0.1j], [-1.0, -1.2 - 0.1j]),
    "no load": chain([0.1 + 0.2j, 0.1j], [0, 0]),
    "single bus": Network(
        name="single", buses=el.Buses(name=["only"], nominal_kv=[KV]), loads=el.Loads(name=["d"], bus=[0], p_mw=[3.0], q_mvar=[1.0])
    ),
    "series capacitor": chain([0.02 + 0.2j, -0.15j, 0.01 + 0.05j], [0.2 + 0.1j, 0.3 + 0.1j, 0.1]),
    "more capacitor than line": chain([0.02 + 0.05j, 0.01 - 0.25j], [0.2 + 0.1j, 0.3 + 0.2j]),
    "short beside long": chain([0.2 + 0.3j, 1e-7j, 1e-7j, 0.3 + 0.3j], [0.1, 0.1 + 0.1j, 0.05, 0.1]),
    "chain": radial(np.arange(SIZE), np.full(SIZE, (2 + 3j) * 1e-5), np.full(SIZE, (5 + 2j) * 1e-5)),
    "star": radial(np.repeat([0, 1], [1, SIZE]), np.append(0.05 + 0.1j, np.full(SIZE, 20 + 30j)), np.append(0.0, np.full(SIZE, (3 + 1j) * 1e-5))),
    "star at the root": radial(np.zeros(SIZE, int), np.full(SIZE, 20 + 30j), np.full(SIZE, (30 + 10j) * 1e-5)),
}  # fmt: skip


def rooted(net: Network) -> Newton:
    return Newton.of(Nodal.of(net), np.array([0]))


def fed(net: Network, x: float = 0.02) -> Case:
    """The feeder behind a transmission of one line."""
    source = replace(two_buses(x_pu=x, p_mw=10.0, q_mvar=3.0), name="T")
    kv = net.buses.nominal_kv[0]
    source = replace(source, buses=replace(source.buses, nominal_kv=[kv, kv]), lines=replace(source.lines, x_ohm=[x * kv**2 / MVA]))
    one = np.array([1])
    return Case(
        name="stress", transmission=source, models=(net,), interfaces=interfaces(["load"], np.array([0]), [0], one, count=one, scale=np.ones(1))
    )


@pytest.mark.parametrize("kind", FEEDERS)
def test_newton_and_sweep_are_the_pivoting_twin(kind: str) -> None:
    newton, root = rooted(FEEDERS[kind]), np.array([1.0 + 0j])
    found = newton.solve(fixed_v=root)
    twin = iterate(newton.problem, newton.pattern(newton.held), newton.begin, newton.held.ratio, damped=False)
    assert found.converged
    assert not found.exchanged
    assert not twin.why
    near = NEAR_NOSE if "heavily" in kind else STRESSED
    np.testing.assert_allclose(found.v, twin.v, rtol=0, atol=near)
    np.testing.assert_allclose(solve_many(newton, loads=np.ones(3)).v, [found.v] * 3, rtol=0, atol=near)
    zero = np.array([0])
    swept = Feeders.of([newton.nodal], root=zero, model=zero, scale=np.ones(1), options=Options())
    drawn = swept.draw(np.ones((1, 1, 1)), np.ones((1, 1, 1)), slope=True)
    assert drawn.ok.all()
    assert len(swept.swept) == 1
    left = newton.nodal.nodes * newton.tol(found.ratio)  # the root's power adds up what is left over at every node
    np.testing.assert_allclose(drawn.s.ravel(), found.fixed_s, rtol=0, atol=near + left)


@pytest.mark.parametrize("load", [0.0, 0.5, 0.999, 1 - 1e-6, -0.999])
def test_a_load_at_the_end_of_a_reactance_has_its_closed_form(load: float) -> None:
    newton = rooted(chain([1j * X], [load * AT_MOST]))
    found = newton.solve()
    assert found.converged
    np.testing.assert_allclose(found.v[1], end_of(load), rtol=0, atol=NEAR_NOSE)


@pytest.mark.parametrize("load", [1.0001, 1.5, -1.0001])
def test_beyond_the_end_all_refuse_and_say_why(load: float) -> None:
    net = chain([1j * X], [load * AT_MOST])
    found = rooted(net).solve()
    assert not found.converged
    assert "no load flow found" in found.trouble
    assert np.isnan(found.v).all()
    zero = np.array([0])
    drawn = Feeders.of([Nodal.of(net)], root=zero, model=zero, scale=np.ones(1)).draw(np.ones((1, 1, 1)), np.ones((1, 1, 1)), slope=False)
    assert not drawn.ok.any()
    assert np.isnan(drawn.s).all()
    for scheme in SCHEMES:
        told = run(Study(case=fed(net), scheme=scheme))
        assert not told.outcome.agreed
        assert told.trouble


def right(told: Result) -> bool:
    """Agreed and confirmed by the networks as one; or refused, with a reason."""
    if not told.outcome.agreed:
        return bool(told.trouble)
    assert told.verdict is not None
    assert told.verdict.buses.v_pu.shape == told.verdict.buses.v_checked_pu.shape
    apart = abs(told.verdict.buses.v_pu - told.verdict.buses.v_checked_pu).max()
    return bool(apart <= NEAR_NOSE)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("kind", [k for k in FEEDERS if k not in ("chain", "star", "star at the root")])
def test_coordination_is_right_or_refused(kind: str, scheme: Scheme[Any]) -> None:
    told = run(Study(case=fed(FEEDERS[kind]), scheme=scheme))
    assert right(told)
    if kind not in ("heavily loaded", "heavily reversed"):
        assert told.outcome.agreed


@pytest.mark.parametrize("kind", ["chain", "star"])
def test_ten_thousand_buses_are_coordinated(kind: str) -> None:
    told = run(Study(case=fed(FEEDERS[kind]), scheme=Response()))
    assert told.outcome.agreed
    assert right(told)


def test_the_drop_along_a_chain_without_reactance_adds_up() -> None:
    """Constant currents (loads of exponent 1, resistances): the drop is a sum."""
    z, i = np.full(SIZE, 1e-5), np.full(SIZE, 1e-5)
    found = rooted(radial(np.arange(SIZE), z + 0j, i + 0j, p_exponent=1.0, q_exponent=1.0)).solve()
    expected = 1 - np.concatenate([[0.0], np.cumsum(z * np.cumsum(i[::-1])[::-1])])
    np.testing.assert_allclose(found.v, expected, rtol=0, atol=STRESSED)


def test_an_island_is_refused_by_all() -> None:
    net = FEEDERS["reverse flow"]
    net = replace(net, lines=replace(net.lines, closed=[True, False]))
    assert "'b2': no path" in rooted(net).solve().trouble
    with pytest.raises(InvalidCase, match="b2"):
        run(Study(case=fed(net), scheme=Response()))


def test_a_failing_pivot_is_told_where_a_user_looks() -> None:
    """At the leaf dQ/dln|V| is nothing: the AC check of a run exchanges rows, and says so."""
    whole = leaf(0.0)
    assert "solved with rows exchanged" in Newton.of(Nodal.of(whole)).solve().trouble
    feeder = replace(whole, name="leaf", generators=el.Generators.empty())
    told = run(Study(case=fed(feeder), scheme=Merged()))
    assert told.outcome.agreed
    assert "AC check: solved with rows exchanged: the pivots of the compiled iteration failed" in repr(Run.of(told))


def test_a_voltage_of_nothing_is_no_root() -> None:
    """Impedances draw nothing there, and so would meet the balance of power."""
    newton = Newton.of(Nodal.of(two_buses(p_exponent=2.0, q_exponent=2.0)))
    nothing = np.array([1.0, 1e-12 + 0j])
    alive = newton.solve(start=nothing)
    np.testing.assert_allclose(alive.v, newton.solve().v, rtol=0, atol=SAME_FLOW)
    found = replace(newton, flat=nothing).solve(start=nothing)
    assert not found.converged
    assert "the voltage at 'load' fell to nothing" in found.trouble
    assert np.isnan(found.v).all()


def test_a_short_circuit_is_a_root() -> None:
    """A voltage of nearly nothing that currents do balance: a load of so small an impedance."""
    net = two_buses(x_pu=0.1, p_mw=1e8, q_mvar=0.0, p_exponent=2.0)
    found = Newton.of(Nodal.of(net)).solve()
    assert found.converged
    np.testing.assert_allclose(found.v[1], 1 / (1 + 1e6 * 0.1j), rtol=0, atol=SAME_FLOW)
    assert "no network is run there" in found.trouble
