"""LinDist3Flow: one with the balanced form where phases are alike, exact to first order around no load, and a curve like any other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.market_systems import market_system
from gridtandem.cases.phase_case import tripled
from gridtandem.flow.phase_response import NodeCoils
from gridtandem.flow.phases import ReadyPhases
from gridtandem.grid import elements as el
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.network import Network
from gridtandem.grid.phase_feeder import PhaseFeeder
from gridtandem.grid.phase_tree import PhaseTree, phase_tree
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.offers import Asked
from gridtandem.opf.phase_feeder import PhaseMarket
from gridtandem.opf.value_curve import Curve
from gridtandem.resources.part import Window
from gridtandem.tables import Complex
from tests.flow.phase_making import feeder as any_feeder
from tests.tolerances import COEFFICIENT, HALVED, LINEAR_NOISE, REDUCED


def curve_of(problem: FeederProblem) -> Curve:
    found = Asked.of(problem).curve()
    assert found is not None
    return found


def as_devices(net: Network) -> Network:
    """What hangs on a balanced feeder, at spots of the same names; its loads are those of the three-phase network."""
    return replace(
        net, lines=el.Lines.empty(), loads=el.Loads.empty(), buses=el.Buses.of({"name": net.buses.name, "nominal_kv": net.buses.nominal_kv})
    )


@pytest.mark.parametrize("hour", [3, 12, 18])
def test_alike_phases_without_mutual_impedance_are_the_balanced_feeder(hour: int) -> None:
    net = market_system("ieee118-2dso").models[0]
    three = PhaseMarket.of(PhaseFeeder(network=tripled(net), devices=as_devices(net))).problem(Window(first=hour))
    one, many = (curve_of(p) for p in (FeederProblem.of(net, 0, Window(first=hour)), three))
    assert any(Asked.of(three).shaped_by(many))  # limits of the network shape it
    assert len(one.points) == len(many.points)
    assert many.offer.x == pytest.approx(one.offer.x, rel=REDUCED, abs=REDUCED)
    assert many.offer.cost == pytest.approx(one.offer.cost, rel=REDUCED, abs=REDUCED)


def line(z: Complex) -> ThreePhaseNetwork:
    return ThreePhaseNetwork(
        name="line", buses=pe.PhaseBuses(name=["s", "e"], nominal_kv=[10.0, 10.0], phases=[[True] * 3] * 2),
        lines=pe.PhaseLines(name=["l"], from_bus=[0], to_bus=[1], to_phase=[[1, 2, 3]], r_ohm=[z.real], x_ohm=[z.imag]),
        sources=pe.PhaseSources(name=["grid"], bus=[0], nominal_kv=[10.0], x_positive_ohm=[0.0], x_zero_ohm=[0.0], angle_deg=[17.0]),
    ).check()  # fmt: skip


def test_coefficients_of_a_line_are_the_published_ones() -> None:
    """Of L. Gan and S. H. Low, PSCC 2014; its currents are those of what hangs below, phase by phase."""
    rng = np.random.default_rng(3)
    m = rng.uniform(0.1, 1.0, (2, 3, 3))
    z = (m[0] + m[0].T) + 1j * (m[1] + m[1].T)
    form = PhaseMarket.of(PhaseFeeder(network=line(z), devices=Network(name="none", buses=el.Buses.empty()))).form
    r, x, root3 = z.real / 10.0**2 * 3, z.imag / 10.0**2 * 3, np.sqrt(3)  # one phase has a third of the power
    ahead, behind = np.roll(np.eye(3), 1, axis=1), np.roll(np.eye(3), -1, axis=1)  # (a, b), (b, c), (c, a); and the others
    by_p = -2 * r * np.eye(3) + (r - root3 * x) * ahead + (r + root3 * x) * behind
    by_q = -2 * x * np.eye(3) + (x + root3 * r) * ahead + (x - root3 * r) * behind
    assert [s.bus for s in form.spots] == [0, 0, 0, 1, 1, 1]
    assert -form.w_by_p.toarray()[4:, 4:] == pytest.approx(by_p, abs=COEFFICIENT)
    assert -form.w_by_q.toarray()[4:, 4:] == pytest.approx(by_q, abs=COEFFICIENT)


def injected(net: ThreePhaseNetwork, tree: PhaseTree, coils: NodeCoils, s: Complex) -> Complex:
    """Voltages (node, phase) of the exact sweep with these powers injected at coils [MVA]."""
    rows = []
    for node, ends in zip(coils.node.tolist(), coils.ends, strict=True):
        a, b = int(np.argmax(ends)) + 1, int(np.argmin(ends)) + 1
        rows.append((int(tree.bus[node]), pe.DELTA if ends.min() < 0 else pe.WYE, [a, b, 0] if ends.min() < 0 else [a, 0, 0]))
    units = pe.PhaseGenerators(
        name=[f"g{k}" for k in range(len(rows))], bus=[r[0] for r in rows], connection=[r[1] for r in rows], terminals=[r[2] for r in rows],
        nominal_kv=np.ones(len(rows)), p_mw=s.real, q_mvar=s.imag,
    )  # fmt: skip
    there = phase_tree(replace(net, generators=units))
    swept = ReadyPhases.of([there]).sweep(np.array([abs(there.source[0])]), np.ones(1), tol=1e-14, slope=False)
    assert swept.ok.all()
    return swept.v


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), buses=st.integers(2, 9))
def test_voltages_and_currents_are_exact_to_first_order(seed: int, buses: int) -> None:
    """On feeders with everything a sweep serves: half the power leaves a quarter of the error."""
    net = replace(any_feeder(seed, buses), loads=pe.PhaseLoads.empty())
    tree = phase_tree(net)
    market = PhaseMarket.of(PhaseFeeder(network=net, devices=Network(name="none", buses=el.Buses.empty())))
    spots = market.form.spots
    coils = NodeCoils.of([int(tree.node[s.bus]) for s in spots], [s.coils[0] for s in spots])
    scale = np.where(coils.ends.min(1) < 0, np.sqrt(3), 1.0)
    rng = np.random.default_rng(seed)
    s = rng.normal(size=len(spots)) + 1j * rng.normal(size=len(spots))
    s *= 0.05 / np.abs(market.form.voltage(*(np.concatenate([[0.0], x])[None] for x in (s.real, s.imag)))[0, 1:] ** 2 - market.form.w_base[1:]).max()
    error = []
    for t in (1.0, 0.5, 0.25):
        p, q = (np.concatenate([[0.0], t * x])[None] for x in (s.real, s.imag))
        told = market.form.voltage(p, q)[0, 1:]
        error.append(told**2 - (np.abs(coils.across(injected(net, tree, coils, t * s))) / scale) ** 2)
    biggest = [float(np.abs(e).max()) for e in error]
    if biggest[0] > LINEAR_NOISE:
        assert biggest[1] <= HALVED * biggest[0]
        assert biggest[2] <= HALVED * biggest[1]
