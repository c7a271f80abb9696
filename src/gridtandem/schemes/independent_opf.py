"""Independent optimal power flows, the practice that coordination replaces: each side dispatches on a guess of the other.

Paper    common practice; our reading of the T-OPF and D-OPF of the coordinated-operation literature: prices from a dispatch in which feeders are
         fixed nominal loads (a), feeders dispatched at 1 pu and these prices (b), transmission dispatched for the draws they nominate (c).
Decides  each side alone; nothing is agreed.
Crosses  per interface and period: transmission says its forecast and prices, 6; down go 3, the voltage to reckon with and posted prices, and up come
         3, the draw that the feeder nominates and κ, which is not used, with its cost; transmission hears these 3 and says 3 and its cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.opf_letters import Bus, BusUnder, DispatchAlone, Drawn, DrawnAt
from gridtandem.boundary.taken_home import Schedule
from gridtandem.coordinate import End, Gap


@final
@dataclass(frozen=True, slots=True, eq=False)
class IndependentOpfState:
    """Both dispatches, side by side."""

    tso: Bus | None = None
    dsos: Drawn | None = None


@final
@dataclass(frozen=True, slots=True)
class IndependentOpf:
    """One look each; done. What is promised cannot be had where voltages are others than feeders reckoned with; the AC check says what can."""

    root_pu: float = 1.0  # voltage that feeders reckon with

    asks_tso: ClassVar = frozenset({DispatchAlone, BusUnder})
    asks_dsos: ClassVar = frozenset({DrawnAt})

    def start(self, mail: Mail) -> IndependentOpfState:  # noqa: ARG002 — every scheme is given the mail
        """Nothing is known yet."""
        return IndependentOpfState()

    def round(self, mail: Mail, s: IndependentOpfState) -> IndependentOpfState:  # noqa: ARG002
        """Prices, nominations, dispatch."""
        posted = mail.ask_tso(DispatchAlone(), worth=Worth.ESTIMATE).price[..., :2]  # (a)
        dsos = mail.ask_dsos(DrawnAt(np.full(mail.shape, self.root_pu), posted), worth=Worth.ESTIMATE)  # (b)
        return IndependentOpfState(mail.ask_tso(BusUnder(dsos.s, np.zeros(mail.shape)), worth=Worth.ESTIMATE), dsos)  # (c)

    def gap(self, s: IndependentOpfState) -> Gap:
        """Open until both have looked."""
        return Gap(np.inf if s.dsos is None else 0.0, 0.0, End.ALONE)

    def schedule(self, s: IndependentOpfState) -> Schedule:
        """Each side's own voltage; nobody pays for voltage."""
        if s.tso is None or s.dsos is None:
            return Schedule.none()
        y, below = (np.concatenate([s.dsos.s, v[..., None]], -1) for v in (s.tso.v, np.full_like(s.tso.v, self.root_pu)))
        return Schedule(y, np.concatenate([s.tso.price, np.zeros_like(s.tso.v)[..., None]], -1), below)
