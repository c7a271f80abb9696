"""Reactive power of units that hold the voltage of a node together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.flow.sums import summed
from gridtandem.tables import Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sharing:
    """Each unit's part of what its node's units inject together. [per unit]

    Where all have limits, each stands at the same fraction of its range (so all meet their limits together; equal parts if every range
    is empty). Where none has, all take equal parts. Where some have, each takes an equal part, those with limits no more than these
    allow, the unlimited the rest. The first two are straight lines, found once.
    """

    unit: Index  # its row
    node: Index
    offset: Real
    gain: Real
    mixed: Index  # units at nodes where some have limits and some have none
    low: Real
    high: Real

    @staticmethod
    def of(unit: Index, node: Index, low: Real, high: Real, nodes: int) -> Sharing:
        """Units with their nodes and limits."""
        spread = high - low
        limited = np.isfinite(spread)
        count, free = summed(node, np.ones(len(node)), nodes)[node], summed(node, ~limited, nodes)[node]
        finite_low, finite_spread = np.where(limited, low, 0.0), np.where(limited, spread, 0.0)
        lows, spreads = summed(node, finite_low, nodes)[node], summed(node, finite_spread, nodes)[node]
        part = np.divide(finite_spread, spreads, out=1 / np.maximum(count, 1.0), where=spreads > 0)
        return Sharing(
            unit=unit, node=node, low=low, high=high, mixed=np.flatnonzero((free > 0) & (free < count)),
            offset=np.where(free == 0, finite_low - lows * part, 0.0), gain=np.where(free == 0, part, 1 / np.maximum(count, 1.0)),
        )  # fmt: skip

    def __call__(self, total: Real) -> Real:
        """Of each unit, from the ``total`` of each node."""
        q = self.offset + self.gain * total[self.node]
        if len(self.mixed):
            q[self.mixed] = self._capped(total)
        return q

    def _capped(self, total: Real) -> Real:
        node, low, high = self.node[self.mixed], self.low[self.mixed], self.high[self.mixed]
        limited = np.isfinite(high - low)
        count, free = (summed(node, which, len(total))[node] for which in (np.ones(len(node)), ~limited))
        equal = total[node] / count
        capped = np.where(limited, np.clip(equal, low, high), 0.0)
        rest = (total[node] - summed(node, capped, len(total))[node]) / free
        return np.asarray(np.where(limited, capped, rest))
