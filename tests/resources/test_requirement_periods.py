"""What is asked for period by period has a row for each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridtandem.cases.named import case
from gridtandem.grid.network import Network


def codes(net: Network) -> list[str]:
    return [f.code for f in net.faults() if f.code in ("case-087", "case-088")]


def test_a_period_left_out_and_one_too_many_are_told() -> None:
    net = case("golden-3bus-regulation").transmission
    wanted = net.requirements
    assert codes(net) == []
    assert codes(replace(net, requirements=wanted.take(np.array([0, 2, 3])))) == ["case-087"]
    assert codes(replace(net, requirements=replace(wanted, period=wanted.period + 1))) == ["case-087", "case-088"]
