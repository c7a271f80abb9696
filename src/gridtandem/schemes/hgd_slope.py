"""Heterogeneous decomposition with slopes: transmission also says how its prices rise, so that feeders do not answer more than it bears.

Paper    Z. Li, Q. Guo, H. Sun, J. Wang, "Coordinated economic dispatch of coupled transmission and distribution systems using heterogeneous
         decomposition", IEEE Trans. Power Syst. 31(6), 2016; the slope of prices by draws, from transmission's optimality
         conditions, bounded by its row sums where feeders share a price, is our reading of the LMP-sensitivity variant. Steps as in `hgd`.
Decides  both sides, in turn.
Crosses  per round, interface and period: 8 numbers down (voltage, two prices, three slopes and the draw they hold at), 3 up (two powers, κ) and the
         feeder's cost; transmission hears these 3 and says 6 and its cost. Once before: its own forecast and prices, 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.cycles import MEMORY, cycling
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.opf_letters import DispatchAlone, Drawn, DrawnOn, SteepBus, SteepBusUnder
from gridtandem.boundary.taken_home import Schedule
from gridtandem.coordinate import Gap, widest
from gridtandem.tables import Real

ADVICE = "feeders answer prices more than transmission bears; take copf"


@final
@dataclass(frozen=True, slots=True, eq=False)
class HgdSlopeState:
    """Draws and κ for the next round, the last letters, and what is seen of a cycle."""

    s: Real  # (scenario, period, interface, 2) [MW, Mvar]
    kappa: Real  # [currency/pu/h]
    bus: SteepBus | None = None
    feeder: Drawn | None = None
    gaps: tuple[float, ...] = ()
    seen: tuple[Real, ...] = ()
    trouble: str = ""


@final
@dataclass(frozen=True, slots=True)
class HgdSlope:
    """Ends when draws move by less than ``tol_mw``, voltages by less than ``tol_pu``."""

    relaxation: float = 1.0  # share of the way to the new draws and κ
    tol_mw: float = 1e-4
    tol_pu: float = 1e-6

    asks_tso: ClassVar = frozenset({DispatchAlone, SteepBusUnder})
    asks_dsos: ClassVar = frozenset({DrawnOn})

    def start(self, mail: Mail) -> HgdSlopeState:
        """Draws as transmission forecasts them; voltage is worth nothing."""
        return HgdSlopeState(mail.ask_tso(DispatchAlone(), worth=Worth.ESTIMATE).y[..., :2], np.zeros(mail.shape))

    def round(self, mail: Mail, s: HgdSlopeState) -> HgdSlopeState:
        """Prices and slopes down, powers up."""
        bus = mail.ask_tso(SteepBusUnder(s.s, s.kappa), worth=Worth.ESTIMATE)  # (a)
        feeder = mail.ask_dsos(DrawnOn(bus.v, bus.price, s.s, bus.rise), worth=Worth.ESTIMATE)  # (b)
        moved = max(widest(feeder.s - s.s) / self.tol_mw, np.inf if s.bus is None else widest(bus.v - s.bus.v) / self.tol_pu)
        gaps, seen = (*s.gaps, moved), (*s.seen, bus.price[..., 0])[-MEMORY:]
        share = self.relaxation
        return HgdSlopeState(
            s.s + share * (feeder.s - s.s), s.kappa + share * (feeder.kappa - s.kappa), bus, feeder, gaps, seen, cycling(seen, gaps, 1.0, ADVICE)
        )  # (c)

    def gap(self, s: HgdSlopeState) -> Gap:
        """The widest movement against its tolerance."""
        return Gap(s.gaps[-1] if s.gaps else np.inf, 1.0, trouble=s.trouble)

    def schedule(self, s: HgdSlopeState) -> Schedule:
        """The last draws at the last voltages and prices; both moved by less than the tolerance, so slopes add nothing."""
        return Schedule.of(s.bus, s.feeder)
