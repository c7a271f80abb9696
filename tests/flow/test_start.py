"""Starts follow phase shifts: whatever the vector group of a transformer, the root of normal voltage is found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.cases.library import network
from gridtandem.flow.newton import LOW, Newton, Options
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
    assert (
        np.array_equal(following(nodal, nodal.start, np.array([0])), nodal.start)
        or np.abs(following(nodal, nodal.start, np.array([0])) - nodal.start).max() <= SAME_FLOW
    )


def test_a_root_of_low_voltage_is_left_for_the_higher_one_or_named() -> None:
    nodal = Nodal.of(village(0.0, 0.0))
    low = np.where(np.arange(nodal.nodes) == nodal.nodes - 1, 0.01, nodal.start)
    newton = Newton.of(nodal, options=Options())
    found = newton.solve(start=low)
    assert found.converged
    assert np.abs(found.v).min() > LOW
    heavy = newton.solve(loads=3.3)
    assert heavy.converged is False or np.abs(heavy.v).min() >= LOW or "this may be a root of low voltage" in heavy.trouble
