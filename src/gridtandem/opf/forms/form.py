"""What a problem asks of the network equations of a feeder without losses: limits, and what they are called."""

from __future__ import annotations

from typing import Protocol

from gridtandem.opf.limits import Limits
from gridtandem.tables import Real


class Form(Protocol):
    """Limits linear in nodal injections, beside one balance of active power."""

    @property
    def limits(self) -> Limits:
        """All of them; those out of reach are left out by the problem."""
        ...

    @property
    def p_shunt(self) -> Real:
        """What the network itself injects at each node. [MW]"""
        ...

    @property
    def q_shunt(self) -> Real:
        """The same. [Mvar]"""
        ...

    def voltage(self, p: Real, q: Real) -> Real:
        """Voltages (period, node) under injections net of demand. [pu]"""
        ...

    def named(self, kind: int, element: int) -> str:
        """The element of a limit of that kind as people call it."""
        ...
