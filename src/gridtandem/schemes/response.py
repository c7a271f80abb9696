"""Response Newton: feeders send power and its slope, transmission solves with that tangent; quadratic convergence.

Paper    G. Krishnamoorthy and A. Dubey, "Transmission-distribution cosimulation: analytical methods for iterative coupling",
         arXiv 1912.07191 (second-order interface iteration; abstract), and the response functions of arXiv 1712.08282;
         the equations (a)-(c) below are our derivation, see docs/explanation/coordinated-load-flow.md.
Decides  nobody; both sides only compute.
Crosses  per interface and round: feeders hear 1 number (voltage) and say 5 (that voltage, two powers, two slopes); transmission
         hears 6 (powers, slopes and the voltage range they are meant for) and says 2 (voltage and angle).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Alone, PowerCurve, ResponseAt, VoltageUnder
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.taken_home import Agreement
from gridtandem.coordinate import Gap, farthest, widest
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class ResponseState:
    """Voltages, and the tangents transmission took for the feeders."""

    v: Real
    angle: Real
    draw: PowerCurve | None = None
    moved: Real | float = np.inf  # (scenario)


@final
@dataclass(frozen=True, slots=True)
class Response:
    """Newton on the boundary. The default: holds its speed where the plain fixed point slows down or fails."""

    tol: float = 1e-9  # of a voltage step [pu]
    start_pu: float = 1.0  # where it begins; 0: at transmission's own forecast

    asks_tso: ClassVar = frozenset({VoltageUnder, Alone})
    asks_dsos: ClassVar = frozenset({ResponseAt})

    def start(self, mail: Mail) -> ResponseState:
        """Flat, or where transmission stands with its own forecast of the draws."""
        v = np.full(mail.shape, self.start_pu) if self.start_pu > 0 else mail.ask_tso(Alone()).v
        return ResponseState(v, np.zeros(mail.shape))

    def round(self, mail: Mail, s: ResponseState) -> ResponseState:
        """One exchange; a tangent belongs to the voltage it was taken at, which under delay is not the voltage asked about."""
        feeder = mail.ask_dsos(ResponseAt(s.v))  # (a) S, S' = D(V), D'(V)
        tangent = np.stack([feeder.s, feeder.ds], axis=-1)  # (b) S + S'·(V − V_k), on V_k ± 1
        draw = PowerCurve(feeder.v - 1, feeder.v + 1, tangent, feeder.worth)
        reply = mail.ask_tso(VoltageUnder(draw))  # (c) V = T(S + S'·(V − V_k))
        return ResponseState(reply.v, reply.angle, draw, farthest(reply.v - feeder.v))

    def gap(self, s: ResponseState) -> Gap:
        """Largest voltage step. [pu]"""
        return Gap(widest(self.gaps(s)), self.tol)

    def gaps(self, s: ResponseState) -> Real:
        """The same of each scenario. [pu]"""
        return np.broadcast_to(s.moved, len(s.v))

    def agreement(self, s: ResponseState) -> Agreement:
        """What the parties take home."""
        return Agreement(s.v, s.angle, s.draw)
