r"""The wholesale market as a program whose right-hand sides move with what companies take, every limit of it at a price.

With what is taken at nodes k as :math:`\theta`, all else given, the market of one period is

.. math:: V(\theta) = \min\; c^\top x + S \sum_n s_n + O \sum_n o_n + K \sum_l (w^+_l + w^-_l)

over orders x, load shed s, spill o and excess w over limits of lines, under one balance and a row for each limited branch, whose flow follows from
shift factors H:

.. math:: \sum_n (x + s - o + \text{fixed})_n = \sum_k \theta_k, \qquad
          \underline f \le H (x + s - o + \text{fixed} - \theta) + w^- - w^+ \le \overline f

The slope of V is the price at the nodes k. As shed, spill and excess have prices, the market has an answer to every exchange and no price lies beyond
bounds known beforehand: from −O to S at every node, and at most K for a line. Where one of them is not 0, a penalty and no order made the price.
Where periods hang together, rows of ramps and storage may give way at K too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.flow.shift_factors import ShiftFactors
from gridtandem.parties.wholesale import Wholesale
from gridtandem.program.arrays import Columns, Matrix, Program, Rows
from gridtandem.program.follower import Follower
from gridtandem.resources.part import at_nodes, repeated
from gridtandem.tables import Index, Real

SHED, SPILL, EXCESS = 1000.0, 500.0, 1000.0  # prices of scarcity [currency/MWh], while no offer is dearer than a fifth of the least of them
ABOVE = 5.0  # times the dearest offer, where one is


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ResidualMarket:
    """A wholesale market ready to be asked about what is taken at some nodes."""

    wholesale: Wholesale
    factors: Real  # (branch with a limit, node) shift factors
    scale: float  # of the prices of scarcity

    @staticmethod
    def of(wholesale: Wholesale) -> ResidualMarket:
        """Shift factors of the branches that have limits."""
        nodes, limited = np.arange(wholesale.nodal.nodes), wholesale.form.branch
        factors = ShiftFactors.of(wholesale.nodal).ptdf(nodes)[limited] if len(limited) else np.zeros((0, len(nodes)))
        dearest = float(np.abs(wholesale.orders.price).max(initial=0.0))
        return ResidualMarket(wholesale=wholesale, factors=factors, scale=max(1.0, ABOVE * dearest / min(SHED, SPILL, EXCESS)))

    def hourly(self, taken: Real, nodes: Index) -> Iterator[Follower]:
        """One program for each period; θ is what ``nodes`` take, ``taken`` (period, node) what is taken besides."""
        parts = self._parts(1)
        for t in range(len(taken)):
            yield self._follower(parts, (t, t + 1), taken[t : t + 1], nodes)

    def whole(self, taken: Real, nodes: Index) -> Follower:
        """One program for all periods with what couples them; θ lies (period, node)."""
        return self._follower(self._parts(len(taken)), (0, len(taken)), taken, nodes)

    def _parts(self, periods: int) -> Mapping[str, Matrix]:
        """What each block of unknowns injects at (period, node); the same in every period."""
        w, size = self.wholesale, periods * self.wholesale.nodal.nodes
        each = len(w.orders.node) // w.window.periods
        others = {k: m for k, m in w.owned.part.p.items() if k != "x"} if periods == w.window.periods else {}
        one = sparse.csr_array(sparse.eye_array(size))
        return {"order": at_nodes(w.orders.node[:each], periods, w.nodal.nodes), **others, "shed": one, "spill": -one}

    def _follower(self, parts: Mapping[str, Matrix], span: tuple[int, int], taken: Real, nodes: Index) -> Follower:
        w, h = self.wholesale, self.factors
        periods, hours, lines = span[1] - span[0], w.window.hours, len(self.factors)
        fixed = w.fixed[span[0] : span[1]] - taken
        every = repeated(sparse.csr_array(np.ones((1, w.nodal.nodes))), periods)
        rows = {"balance": Rows.of((periods,), -fixed.sum(1), -fixed.sum(1), {k: every @ m for k, m in parts.items()})}
        into: dict[str, Matrix] = {"balance": repeated(sparse.csr_array(np.ones((1, len(nodes)))), periods)}
        if lines:
            shift = repeated(sparse.csr_array(h), periods)
            low, high = (side[span[0] : span[1]] - fixed @ h.T for side in (w.form.rows["flow"].low, w.form.rows["flow"].high))
            rows["flow"] = Rows.of((periods, lines), low, high, {k: shift @ m for k, m in parts.items()})
            into["flow"] = repeated(sparse.csr_array(h[:, nodes]), periods)
        if periods == w.window.periods:
            rows |= {k: Rows(r.low, r.high, {("order" if b == "x" else b): m for b, m in r.parts.items()}) for k, r in w.owned.part.rows.items()}
        ways = {f"{k}_{way}": (k, sign) for k in rows if k != "balance" for way, sign in (("over", -1.0), ("under", 1.0))}
        columns = self._columns(span, hours) | {way: Columns.of(rows[k].shape, 0.0, cost=EXCESS * self.scale * hours) for way, (k, _) in ways.items()}
        for way, (k, sign) in ways.items():
            rows[k] = replace(rows[k], parts={**rows[k].parts, way: sparse.csr_array(sign * sparse.eye_array(rows[k].low.size))})
        constant = w.owned.steps.constant * hours * periods
        return Follower(Program(columns, rows, constant=constant), into, ("shed", "spill", *ways))

    def _columns(self, span: tuple[int, int], hours: float) -> dict[str, Columns]:
        w = self.wholesale
        periods, each = span[1] - span[0], len(w.orders.node) // w.window.periods
        mine, places = slice(span[0] * each, span[1] * each), (periods, w.nodal.nodes)
        out = {"order": Columns.of((periods * each,), w.orders.low[mine], w.orders.high[mine], cost=w.orders.price[mine] * hours)}
        if periods == w.window.periods:
            out |= {k: c for k, c in w.owned.part.columns.items() if k != "x"}
        scarce = {"shed": SHED, "spill": SPILL}
        return out | {k: Columns.of(places, 0.0, cost=price * self.scale * hours) for k, price in scarce.items()}
