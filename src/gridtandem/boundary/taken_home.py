"""What parties take home when a scheme ends: what holds at every interface from then on, one record for each kind of study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.boundary.letters import PortResponse, PowerCurve
from gridtandem.boundary.storage_letters import NO_USE, StoreUse
from gridtandem.tables import Real

if TYPE_CHECKING:
    from gridtandem.boundary.market_letters import Plan
    from gridtandem.boundary.opf_letters import Bus, Drawn, SteepBus


@final
@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """What the parties take home: the voltage each feeder reckons with, and the draw transmission reckons with (none: its own forecast)."""

    v: Real  # (scenario, period, interface) [pu]
    angle: Real  # [rad]
    draw: PowerCurve | PortResponse | None


@final
@dataclass(frozen=True, slots=True, eq=False)
class Bargain:
    """What the parties of a market take home: exchange and price at every interface; NaN where nothing was cleared."""

    z: Real  # (scenario, period, interface) [MW]
    price: Real  # [currency/MWh]
    reserve: Real | None = None  # (scenario, period, interface, product) regulation sold; None: no market of feeders' regulation [MW]
    reserve_price: Real | None = None  # [currency/MW in an hour]
    use: StoreUse = NO_USE  # of storage that feeders lent

    @staticmethod
    def of(plan: Plan | None) -> Bargain:
        """As the wholesale market cleared it."""
        nowhere = np.full((0, 0, 0), np.nan)
        if plan is None:
            return Bargain(nowhere, nowhere)
        sold = plan.reserve.shape[-1] > 0
        return Bargain(plan.z, plan.price, plan.reserve if sold else None, plan.reserve_price if sold else None, plan.use)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """What the parties of an optimal power flow take home: exchange and its price at every interface; NaN where there is none."""

    y: Real  # (scenario, period, interface, 3) [MW, Mvar, pu]
    price: Real  # [currency/MWh, currency/Mvarh, currency/pu/h]
    feeders: Real | None = None  # what feeders reckon with, where it is something else

    @property
    def below(self) -> Real:
        """What feeders reckon with."""
        return self.y if self.feeders is None else self.feeders

    @staticmethod
    def of(bus: Bus | SteepBus | None, feeder: Drawn | None) -> Schedule:
        """What feeders draw, at the voltages and prices of transmission and the feeders' price of voltage."""
        if bus is None or feeder is None:
            return Schedule.none()
        y = np.concatenate([feeder.s, bus.v[..., None]], -1)
        return Schedule(y, np.concatenate([bus.price, -feeder.kappa[..., None]], -1))

    @staticmethod
    def none() -> Schedule:
        """Nothing was found."""
        nothing = np.full((0, 0, 0, 3), np.nan)
        return Schedule(nothing, nothing)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Keeping:
    """What the parties of a day of energy and reserve take home at every interface; NaN where nothing was agreed."""

    z: Real  # (scenario, period, interface) [MW]
    award: Real  # fast reserve sold [MW]
    price: Real  # of energy [currency/MWh]
    fast_price: Real  # [currency/MW in an hour]

    @staticmethod
    def none() -> Keeping:
        """Nothing was found."""
        nowhere = np.full((0, 0, 0), np.nan)
        return Keeping(nowhere, nowhere, nowhere, nowhere)
