"""Tools by name: schemes of coordinated continuation, all networks as one, and transmission by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.join import joined
from gridtandem.errors import UnknownName
from gridtandem.flow.continuation.trace import Knot
from gridtandem.flow.sums import summed
from gridtandem.grid.nodal import Nodal
from gridtandem.parties.owner import Ports
from gridtandem.study.margin.ask import SMOOTH, Growth
from gridtandem.study.margin.shown import LUMPED
from gridtandem.study.margin.single import Tool, followed
from gridtandem.tables import Real

SCHEMES = {
    "ccpf": ("ccpf", "Ccpf"), "ccpf-response": ("ccpf_response", "CcpfResponse"), "ccpf-fixed-point": ("ccpf_fixed_point", "CcpfFixedPoint"),
    "ccpf-nose": ("ccpf_nose", "CcpfNose"),
}  # fmt: skip
MERGED = "merged"
TOOLS = (*SCHEMES, *LUMPED, MERGED)
USUAL = ("ccpf", "tcpf", "tcpf-lm")  # the three that are compared
BEHIND = {"nose": 0.0, "past": 0.1, "whole": 1.0}  # part of λ* behind the nose


def followed_by(case: Case, growth: Growth, tools: Sequence[str]) -> tuple[Tool, ...]:
    """The margin of a case with feeders, by each of these tools."""
    for name in tools:
        if name not in TOOLS:
            raise UnknownName("tool", name, list(TOOLS))
    return tuple(_followed(case, growth, name) for name in tools)


def _followed(case: Case, growth: Growth, name: str) -> Tool:
    if name in SCHEMES:
        from gridtandem.study.margin.coordinated import coordinated

        return coordinated(case, growth, scheme_of(name, growth), name)
    if name == MERGED:
        return _merged(case, growth)
    from gridtandem.study.margin.lumped import lumped

    return followed(lumped(case, growth, "tcpf" if name == "tcpf" else "tcpf-lm"), growth, name)


def _merged(case: Case, growth: Growth) -> Tool:
    """All networks as one; feeders' units keep their schedule."""
    whole = joined(case)
    nodal = Nodal.of(whole.network)
    found = followed(whole.network, growth, MERGED, units=(nodal.units.row < len(case.transmission.generators)).astype(float))
    ports = Ports.of(whole, nodal, case.interfaces.bus)

    def behind(knot: Knot) -> Real:
        """What leaves each node into feeders; loads at their roots are the node's own."""
        s = ports.drawn(knot.place.v, knot.place.ratio, np.zeros(len(ports.at)))
        return summed(ports.at, s.real, nodal.nodes)

    return replace(found, behind=behind)


def scheme_of(name: str, growth: Growth) -> Any:
    """A scheme by name, as far behind the nose as asked for."""
    module, kind = SCHEMES[name]
    found = getattr(import_module(f"gridtandem.schemes.{module}"), kind)
    if name == "ccpf-nose":
        return found()
    return found(past=BEHIND[growth.until], **({"longest": SMOOTH} if name == "ccpf" else {}))
