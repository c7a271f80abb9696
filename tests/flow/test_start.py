"""Starts follow phase shifts: whatever the vector group of a transformer, the root of normal voltage is found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.cases.library import network
from gridtandem.flow.newton import LOW, Newton
from gridtandem.flow.start import following
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from tests.tolerances import SAME_FLOW


def village(shift: float, exponent: float) -> Network:
    """The 33-bus feeder with a bus of 0.4 kV behind a transformer at bus 18."""
    net = network("case33bw")
    b, ld = net.buses, net.loads
    buses = el.Buses.of({"name": [*b.name.tolist(), "LV"], "nominal_kv": [*b.nominal_kv.tolist(), 0.4]})
    more = {"name": "village", "bus": len(b), "p_mw": 0.2, "q_mvar": 0.05}
    loads = el.Loads.of({c: [*getattr(ld, c).tolist(), more.get(c, s.default)] for c, s in el.Loads.columns().items()})
    loads = replace(loads, p_exponent=np.full(len(loads), exponent), q_exponent=np.full(len(loads), exponent))
    transformer = {"name": ["T"], "from_bus": [17], "to_bus": [len(b)], "base_mva": [0.63], "r_pu": [0.01], "x_pu": [0.04], "shift_deg": [shift]}
    return replace(net, buses=buses, loads=loads, transformers=el.Transformers.of(transformer))


@pytest.mark.parametrize("exponent", [0.0, 1.5, 2.0])
@pytest.mark.parametrize("shift", [-150.0, -60.0, -30.0, 0.0, 10.0, 30.0, 60.0, 150.0, 180.0])
def test_magnitudes_do_not_depend_on_the_vector_group(shift: float, exponent: float) -> None:
    plain, turned = (Newton.of(Nodal.of(village(s, exponent))).solve() for s in (0.0, shift))
    assert turned.converged
    assert np.abs(np.abs(turned.v) - np.abs(plain.v)).max() <= SAME_FLOW
    assert np.abs(turned.v).min() > LOW
    assert turned.trouble == ""


@pytest.mark.parametrize("name", ["ieee14", "ieee300"])
def test_solved_cases_keep_their_start(name: str) -> None:
    nodal = Nodal.of(network(name))
    assert np.abs(following(nodal, nodal.start, np.array([0])) - nodal.start).max() <= SAME_FLOW


def two_buses(x_ohm: float, p_mw: float, exponent: float) -> Newton:
    """A source of 1 pu, a reactance, a load; 10 kV, so that 1 ohm is 1 pu."""
    buses = el.Buses.of({"name": ["source", "end"], "nominal_kv": [10.0, 10.0]})
    lines = el.Lines.of({"name": ["line"], "from_bus": [0], "to_bus": [1], "r_ohm": [0.0], "x_ohm": [x_ohm]})
    loads = el.Loads.of({"name": ["load"], "bus": [1], "p_mw": [p_mw], "p_exponent": [exponent]})
    units = el.Generators.of({"name": ["grid"], "bus": [0], "control": [el.REFERENCE]})
    return Newton.of(Nodal.of(Network(name="two", buses=buses, lines=lines, loads=loads, generators=units)))


def test_a_root_of_low_voltage_is_left_for_the_higher_one() -> None:
    """|V|² = (1 ± √(1 − 4 x² P²)) / 2; the iteration alone stays at the lower root when it begins there."""
    newton = two_buses(0.1, 100.0, 0.0)
    high, low = (np.sqrt((1 + sign * np.sqrt(1 - 4 * 0.1**2)) / 2) for sign in (1, -1))
    begin = np.array([1.0, low * np.exp(-1j * np.arccos(low))])
    alone = newton._solve(begin, None, None, (1.0, 1.0))
    assert abs(alone.v[1]) == pytest.approx(low, abs=SAME_FLOW)
    found = newton.solve(start=begin)
    assert abs(found.v[1]) == pytest.approx(high, abs=SAME_FLOW)
    assert found.trouble == ""


def test_where_there_is_no_higher_root_the_low_one_is_named() -> None:
    """A constant impedance that takes most of the voltage: but for zero, the equations have one root."""
    found = two_buses(1.0, 250.0, 2.0).solve()
    assert found.converged
    assert abs(found.v[1]) == pytest.approx(1 / abs(1 + 2.5j), abs=SAME_FLOW)
    assert found.trouble == "0.371 pu at 'end': no network is run there; this may be a root of low voltage"
