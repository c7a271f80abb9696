"""Storage that feeders lend to the market beside their offers, and what the market makes of it. Parts of other letters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.boundary.layout import long
from gridtandem.tables import Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class Stores:
    """Storage within envelopes, a row for each period: with any steps of the same feeder's offer, any use that keeps to them can be delivered."""

    scenario: Index = long("of the storage", dtype="i8")
    period: Index = long("of the row", dtype="i8")
    interface: Index = long("of the feeder", dtype="i8")
    unit: Index = long("its number in the feeder", dtype="i8")
    charge_mw: Real = long("most power taken", "MW")
    discharge_mw: Real = long("most power given", "MW")
    energy_low_mwh: Real = long("least energy inside after the period", "MWh")
    energy_high_mwh: Real = long("most energy inside after the period", "MWh")
    energy_start_mwh: Real = long("energy inside before the first period", "MWh")
    efficiency_in: Real = long("share of what is taken that arrives inside")
    efficiency_out: Real = long("share of what leaves the inside that is given")
    cost_per_mwh: Real = long("wear, on every MWh taken and on every MWh given", "currency/MWh")


@final
@dataclass(frozen=True, slots=True, eq=False)
class StoreUse:
    """What storage that was lent shall do."""

    scenario: Index = long("of the storage", dtype="i8")
    period: Index = long("of the row", dtype="i8")
    interface: Index = long("of the feeder", dtype="i8")
    unit: Index = long("its number in the feeder", dtype="i8")
    charge_mw: Real = long("power taken", "MW")
    discharge_mw: Real = long("power given", "MW")

    def of(self, interface: int, shape: tuple[int, ...]) -> tuple[Real, Real]:
        """Power taken and given (period, storage) at one interface; NaN where nothing was lent."""
        mine, out = self.interface == interface, np.full((2, *shape), np.nan)
        place = self.period[mine], self.unit[mine]
        out[0][place], out[1][place] = self.charge_mw[mine], self.discharge_mw[mine]
        return out[0], out[1]


_NONE, _NOTHING = np.zeros(0, np.int64), np.zeros(0)
NO_STORES = Stores(_NONE, _NONE, _NONE, _NONE, _NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING)
NO_USE = StoreUse(_NONE, _NONE, _NONE, _NONE, _NOTHING, _NOTHING)
