"""Storage that feeders lend, as the wholesale market clears it: a resource of its own at the bus of the feeder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.boundary.storage_letters import Stores, StoreUse
from gridtandem.program.arrays import Columns, Matrix, Rows
from gridtandem.resources.part import at_nodes
from gridtandem.resources.storage import stored
from gridtandem.tables import Index, Real

PREFIX = "lent."  # of its blocks


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LentStores:
    """Blocks of unknowns, what they bring to nodes, rows; and whose storage it is."""

    columns: dict[str, Columns]
    balance: dict[str, Matrix]
    rows: dict[str, Rows]
    interface: Index  # (lent)
    unit: Index

    @staticmethod
    def of(stores: Stores, at: Index, nodes: int, hours: float) -> LentStores:
        """``at`` is the node of each interface; every storage has a row for each period."""
        if not len(stores.unit):
            return LentStores(columns={}, balance={}, rows={}, interface=stores.interface, unit=stores.unit)
        order = np.lexsort((stores.unit, stores.interface, stores.period))
        periods = len(np.unique(stores.period))

        def table(x: Real) -> Real:
            return x[order].reshape(periods, -1)

        interface, unit = (x[order].reshape(periods, -1)[0] for x in (stores.interface, stores.unit))
        columns, rows = stored(
            (table(stores.charge_mw), table(stores.discharge_mw)), (table(stores.energy_low_mwh), table(stores.energy_high_mwh)),
            table(stores.energy_start_mwh)[0], efficiency=(table(stores.efficiency_in)[0], table(stores.efficiency_out)[0]),
            cost=table(stores.cost_per_mwh)[0], hours=hours,
        )  # fmt: skip
        give = at_nodes(at[interface], periods, nodes)
        return LentStores(
            columns={PREFIX + k: c for k, c in columns.items()}, balance={PREFIX + "charge": -give, PREFIX + "discharge": give},
            rows={PREFIX + k: Rows(r.low, r.high, {PREFIX + name: m for name, m in r.parts.items()}) for k, r in rows.items()},
            interface=interface, unit=unit,
        )  # fmt: skip

    def used(self, x: dict[str, Real], wide: int) -> tuple[StoreUse, Real, float]:
        """What it does, its injection (period, interface), and its wear."""
        charge, discharge = (x[PREFIX + k] for k in ("charge", "discharge"))
        periods, size = charge.shape
        behind = sparse.csr_array((np.ones(size), (np.arange(size), self.interface)), shape=(size, wide))
        wear = sum(float((self.columns[PREFIX + k].cost * x[PREFIX + k]).sum()) for k in ("charge", "discharge"))
        period = np.repeat(np.arange(periods), size)
        use = StoreUse(
            np.zeros_like(period), period, np.tile(self.interface, periods), np.tile(self.unit, periods), charge.ravel(), discharge.ravel()
        )
        return use, np.asarray((discharge - charge) @ behind), wear
