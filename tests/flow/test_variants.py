"""One network with other powers, against the same made anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.cases.library import network
from gridtandem.flow.newton import Newton
from gridtandem.flow.variants import powered
from gridtandem.grid.nodal import Nodal


@pytest.mark.parametrize("name", ["case14", "case118"])
def test_other_powers_on_the_same_wires_are_the_network_made_anew_to_the_bit(name: str) -> None:
    net, rng = network(name), np.random.default_rng(3)
    nodal = Nodal.of(net)
    newton = Newton.of(nodal)
    for _ in range(3):
        ld, g = net.loads, net.generators
        loads = replace(ld, p_mw=ld.p_mw * rng.uniform(0.8, 1.2, len(ld)), q_mvar=ld.q_mvar * rng.uniform(0.8, 1.2, len(ld)))
        units = replace(g, p_mw=g.p_mw * rng.uniform(0.8, 1.2, len(g)), q_high_mvar=0.5 * g.q_high_mvar)
        other = replace(net, loads=loads, generators=units)
        here, anew = powered(newton, nodal.powered(other)).solve(), Newton.of(Nodal.of(other)).solve()
        assert here.converged
        assert (here.v == anew.v).all()
        assert (here.unit_s == anew.unit_s).all()
        assert here.slack == anew.slack
