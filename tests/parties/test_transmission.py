"""Transmission's answers to many scenarios and periods at once."""

import numpy as np

from gridtandem.boundary.letters import PowerCurve, VoltageUnder, Worth
from gridtandem.cases.library import network
from gridtandem.flow.newton import Options
from gridtandem.parties.transmission import SIDE_BY_SIDE, Transmission, boundary_bus
from tests.tolerances import SAME_FLOW


def test_scenarios_side_by_side_are_each_their_own_load_flow() -> None:
    """With curves that differ, one feeder that gave none, and one scenario beyond what the network carries."""
    rng, loading = np.random.default_rng(3), np.array([[0.9, 1.0, 1.1], [0.8, 1.0, 40.0]])
    assert loading.size >= SIDE_BY_SIDE
    desk = Transmission.of(network("case14"), boundary_bus(np.array([3, 8, 13]), np.full(3, 0.1 + 0.05j), np.full((3, 2), 0.9)), loading, Options())
    worth = np.full((2, 3, 3), Worth.EXACT, np.int8)
    worth[1, 1, 2] = Worth.REFUSED
    draw = PowerCurve(np.full((2, 3, 3), 0.9), np.full((2, 3, 3), 1.1), rng.uniform(0, 8, (2, 3, 3, 2, 3)) * [1, 0.2, 0.1], worth)
    reply = desk.voltage_under(VoltageUnder(draw))
    for st in np.ndindex(2, 3):
        found = desk.solve(draw, st)
        if found is None or not found.converged:
            assert np.isnan(reply.v[st]).all()
            assert (reply.worth[st] == Worth.REFUSED).all()
        else:
            np.testing.assert_allclose(reply.v[st] * np.exp(1j * reply.angle[st]), found.v[[3, 8, 13]], rtol=0, atol=SAME_FLOW)
    assert np.isnan(reply.v).any(-1).tolist() == [[False] * 3, [False, True, True]]
