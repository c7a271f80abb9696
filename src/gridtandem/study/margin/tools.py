"""Tools by name: schemes of coordinated continuation, all networks as one, and transmission by itself."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from gridtandem.cases.case import Case
from gridtandem.cases.join import joined
from gridtandem.errors import UnknownName
from gridtandem.grid.nodal import Nodal
from gridtandem.study.margin.ask import Growth
from gridtandem.study.margin.single import Tool, followed

SCHEMES = {
    "ccpf": ("ccpf", "Ccpf"), "ccpf-response": ("ccpf_response", "CcpfResponse"), "ccpf-fixed-point": ("ccpf_fixed_point", "CcpfFixedPoint"),
    "ccpf-nose": ("ccpf_nose", "CcpfNose"),
}  # fmt: skip
LUMPED = ("tcpf", "tcpf-lm")
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
        whole = joined(case)
        rows = Nodal.of(whole.network).units.row
        return followed(whole.network, growth, name, units=(rows < len(case.transmission.generators)).astype(float))
    from gridtandem.study.margin.lumped import lumped

    return followed(lumped(case, growth, "tcpf" if name == "tcpf" else "tcpf-lm"), growth, name)


def scheme_of(name: str, growth: Growth) -> Any:
    """A scheme by name, as far behind the nose as asked for."""
    module, kind = SCHEMES[name]
    found = getattr(import_module(f"gridtandem.schemes.{module}"), kind)
    return found() if name == "ccpf-nose" else found(past=BEHIND[growth.until])


def feeding(case: Case) -> tuple[str, ...]:
    """Transmission buses that feed, in the order of the interfaces."""
    return tuple(dict.fromkeys(case.transmission.buses.name[case.interfaces.bus].tolist()))
