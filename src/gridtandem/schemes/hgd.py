"""Heterogeneous decomposition: transmission says voltages and prices, feeders answer what they draw and what voltage is worth to them.

Paper    Z. Li, Q. Guo, H. Sun, J. Wang, "Coordinated economic dispatch of coupled transmission and distribution systems using heterogeneous
         decomposition", IEEE Trans. Power Syst. 31(6), 2016; with the price of voltage κ, which owns V_root = V_bus, derived in
         docs/explanation/coordinated-dispatch.md: transmission's step (a), the feeders' (b), a share of the way (c).
Decides  both sides, in turn.
Crosses  per round, interface and period: 3 numbers down (voltage, two prices), 3 up (two powers, κ) and the feeder's cost; transmission hears these
         3 and says those 3 and its cost. Once before: its own forecast and prices, 6.
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
class HgdState:
    """Draws and κ for the next round, the last letters, and what is seen of a cycle."""

    s: Real  # (scenario, period, interface, 2) [MW, Mvar]
    kappa: Real  # [currency/pu/h]
    forecast: Real  # of draws, by transmission
    bus: Bus | None = None
    feeder: Drawn | None = None
    gaps: tuple[float, ...] = ()
    seen: tuple[Real, ...] = ()
    trouble: str = ""


@final
@dataclass(frozen=True, slots=True)
class Hgd:
    """Ends when draws move by less than ``tol_mw``, voltages by less than ``tol_pu``."""

    relaxation: float = 1.0  # share of the way to the new draws and κ
    tol_mw: float = 1e-4
    tol_pu: float = 1e-6

    asks_tso: ClassVar = frozenset({DispatchAlone, BusUnder})
    asks_dsos: ClassVar = frozenset({DrawnAt})

    def start(self, mail: Mail) -> HgdState:
        """Draws as transmission forecasts them; voltage is worth nothing."""
        s = mail.ask_tso(DispatchAlone(), worth=Worth.ESTIMATE).y[..., :2]
        return HgdState(s, np.zeros(mail.shape), s)

    def after(self, mail: Mail, before: HgdState) -> HgdState:
        """Draws of an earlier period, moved by what the forecast of them changes, and κ as it was."""
        s = mail.ask_tso(DispatchAlone(), worth=Worth.ESTIMATE).y[..., :2]
        return HgdState(before.s + s - before.forecast, before.kappa, s)

    def round(self, mail: Mail, s: HgdState) -> HgdState:
        """Prices down, powers up."""
        bus = mail.ask_tso(BusUnder(s.s, s.kappa), worth=Worth.ESTIMATE)  # (a)
        feeder = mail.ask_dsos(DrawnAt(bus.v, bus.price), worth=Worth.ESTIMATE)  # (b)
        moved = max(widest(feeder.s - s.s) / self.tol_mw, np.inf if s.bus is None else widest(bus.v - s.bus.v) / self.tol_pu)
        gaps, seen = (*s.gaps, moved), (*s.seen, bus.price[..., 0])[-MEMORY:]
        share = self.relaxation
        draws, kappa = s.s + share * (feeder.s - s.s), s.kappa + share * (feeder.kappa - s.kappa)  # (c)
        return HgdState(draws, kappa, s.forecast, bus, feeder, gaps, seen, cycling(seen, gaps, 1.0, ADVICE))

    def gap(self, s: HgdState) -> Gap:
        """The widest movement against its tolerance."""
        return Gap(s.gaps[-1] if s.gaps else np.inf, 1.0, trouble=s.trouble)

    def schedule(self, s: HgdState) -> Schedule:
        """The last draws at the last voltages and prices."""
        return Schedule.of(s.bus, s.feeder)
