"""Least exchange of heterogeneous decomposition: prices and voltages down, powers up, and nobody asks what voltage is worth.

Paper    Z. Li, Q. Guo, H. Sun, J. Wang, "Coordinated economic dispatch of coupled transmission and distribution systems using heterogeneous
         decomposition", IEEE Trans. Power Syst. 31(6), 2016; without the multiplier of V_root = V_bus: where it settles, nobody
         answers for what transmission's voltages do to the feeders, and the cost of that is the gap to the optimum. Steps as in `hgd`.
Decides  both sides, in turn.
Crosses  per round, interface and period: 3 numbers down (voltage, two prices), 3 up (two powers, and κ, which is not used) and the feeder's cost;
         transmission hears 3 (κ as 0) and says those 3 and its cost. Once before: its own forecast and prices, 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.cycles import MEMORY, cycling
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.opf_letters import Bus, BusUnder, DispatchAlone, Drawn, DrawnAt
from gridtandem.boundary.taken_home import Schedule
from gridtandem.coordinate import Gap, widest
from gridtandem.tables import Real

ADVICE = "feeders answer prices more than transmission bears; take copf"


@final
@dataclass(frozen=True, slots=True, eq=False)
class HgdPlainState:
    """Draws for the next round, the last letters, and what is seen of a cycle."""

    s: Real  # (scenario, period, interface, 2) [MW, Mvar]
    bus: Bus | None = None
    feeder: Drawn | None = None
    gaps: tuple[float, ...] = ()
    seen: tuple[Real, ...] = ()
    trouble: str = ""


@final
@dataclass(frozen=True, slots=True)
class HgdPlain:
    """Ends when draws move by less than ``tol_mw``, voltages by less than ``tol_pu``."""

    relaxation: float = 1.0  # share of the way to the new draws
    tol_mw: float = 1e-4
    tol_pu: float = 1e-6

    asks_tso: ClassVar = frozenset({DispatchAlone, BusUnder})
    asks_dsos: ClassVar = frozenset({DrawnAt})

    def start(self, mail: Mail) -> HgdPlainState:
        """Draws as transmission forecasts them."""
        return HgdPlainState(mail.ask_tso(DispatchAlone(), worth=Worth.ESTIMATE).y[..., :2])

    def round(self, mail: Mail, s: HgdPlainState) -> HgdPlainState:
        """Prices down, powers up."""
        bus = mail.ask_tso(BusUnder(s.s, np.zeros(mail.shape)), worth=Worth.ESTIMATE)  # (a)
        feeder = mail.ask_dsos(DrawnAt(bus.v, bus.price), worth=Worth.ESTIMATE)  # (b)
        moved = max(widest(feeder.s - s.s) / self.tol_mw, np.inf if s.bus is None else widest(bus.v - s.bus.v) / self.tol_pu)
        gaps, seen = (*s.gaps, moved), (*s.seen, bus.price[..., 0])[-MEMORY:]
        return HgdPlainState(s.s + self.relaxation * (feeder.s - s.s), bus, feeder, gaps, seen, cycling(seen, gaps, 1.0, ADVICE))  # (c)

    def gap(self, s: HgdPlainState) -> Gap:
        """The widest movement against its tolerance."""
        return Gap(s.gaps[-1] if s.gaps else np.inf, 1.0, trouble=s.trouble)

    def schedule(self, s: HgdPlainState) -> Schedule:
        """The last draws at the last voltages and prices; nobody pays for voltage."""
        found = Schedule.of(s.bus, s.feeder)
        return Schedule(found.y, found.price * [1.0, 1.0, 0.0])
