"""Coordinated load flow by master-slave splitting: voltages go down, powers come up, until neither moves.

Paper    H. Sun, Q. Guo, B. Zhang et al., "Master-slave-splitting based distributed global power flow method for integrated
         transmission and distribution analysis", IEEE Trans. Smart Grid 6(3), 2015, doi 10.1109/TSG.2014.2336810 (abstract;
         the equations (a)-(c) below are our derivation, see docs/explanation/coordinated-load-flow.md).
Decides  nobody; both sides only compute.
Crosses  per interface and round: feeders hear 1 number (voltage) and say 2 (powers); transmission hears 4 (powers and the voltage
         range they are meant for) and says 2 (voltage and angle).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Alone, PowerAt, PowerCurve, VoltageUnder
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.taken_home import Agreement
from gridtandem.coordinate import Gap, farthest, widest
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class LoadFlowState:
    """Voltages, and the powers transmission took for them."""

    v: Real
    angle: Real
    draw: PowerCurve | None = None
    moved: Real | float = np.inf  # (scenario)


@final
@dataclass(frozen=True, slots=True)
class LoadFlow:
    """The plain fixed point V ← T(D(V)). Contracts with ρ = spectral radius of T'·D'; see `tandem diagnose`."""

    tol: float = 1e-9  # of a voltage step [pu]
    start_pu: float = 1.0  # where it begins; 0: at transmission's own forecast

    asks_tso: ClassVar = frozenset({VoltageUnder, Alone})
    asks_dsos: ClassVar = frozenset({PowerAt})

    def start(self, mail: Mail) -> LoadFlowState:
        """Flat, or where transmission stands with its own forecast of the draws."""
        v = np.full(mail.shape, self.start_pu) if self.start_pu > 0 else mail.ask_tso(Alone()).v
        return LoadFlowState(v, np.zeros(mail.shape))

    def round(self, mail: Mail, s: LoadFlowState) -> LoadFlowState:
        """One exchange."""
        power = mail.ask_dsos(PowerAt(s.v))  # (a) S = D(V)
        draw = PowerCurve(s.v - 1, s.v + 1, power.s[..., None], power.worth)
        reply = mail.ask_tso(VoltageUnder(draw))  # (b) V = T(S)
        return LoadFlowState(reply.v, reply.angle, draw, farthest(reply.v - s.v))

    def gap(self, s: LoadFlowState) -> Gap:
        """Largest voltage step. [pu] (c)"""
        return Gap(widest(self.gaps(s)), self.tol)

    def gaps(self, s: LoadFlowState) -> Real:
        """The same of each scenario. [pu]"""
        return np.broadcast_to(s.moved, len(s.v))

    def agreement(self, s: LoadFlowState) -> Agreement:
        """What the parties take home."""
        return Agreement(s.v, s.angle, s.draw)
