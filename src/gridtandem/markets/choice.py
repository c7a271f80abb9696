r"""Settlement where units of a feeder may sell in the wholesale market: who is paid what, and what makes the choice never a loss.

A unit that makes P and sold w of it wholesale at π_b gets :math:`\pi_b w + \pi_i (P - w)`, π_i the price at its bus in the feeder's own market.
The company buys z + Σ w at π_b for those who consume at π_i. Incentives, paid by the company:

* made whole: :math:`I_i = \max(0, \pi_i - \pi_b)\, w_i`, so that no unit regrets having sold wholesale;
* a share σ of what the choice saved, by power sold: :math:`I_i = \sigma\, \max(0, \text{saving})\, w_i / \sum_j w_j`.

Where the company's surplus does not pay them, the deficit is told. Framework: M. Gupta, PhD thesis, IIT Delhi, 2022; formulas are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Settled:
    """Payments of one feeder over one period. [currency]"""

    wholesale: Real  # (unit) for what was sold there
    local: Real  # (unit) for the rest
    incentive: Real  # (unit)
    demand: float  # paid by who consumes
    bought: float  # paid to the wholesale market, by the company
    surplus: float  # what the company keeps before incentives

    @property
    def left(self) -> float:
        """What the company keeps after incentives."""
        return self.surplus - float(self.incentive.sum())

    @property
    def deficit(self) -> float:
        """What incentives cost beyond the surplus."""
        return max(0.0, -self.left)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sales:
    """What happened in one feeder and period."""

    made: Real  # (unit) [MW]
    sold: Real  # (unit) of that, wholesale [MW]
    price: Real  # (unit) at its bus [currency/MWh]
    wholesale_price: float
    exchange: float  # z [MW]
    demand: float  # Σ price · power of all that consumes, less other injections [currency/h]
    hours: float = 1.0


def made_whole(sales: Sales) -> Real:
    """Incentives that leave no unit worse off than in the feeder's own market."""
    return np.maximum(0.0, sales.price - sales.wholesale_price) * sales.sold * sales.hours


def shared(sales: Sales, saving: float, share: float) -> Real:
    """Incentives that hand on a share of what the choice saved; a choice that saved nothing earns nothing."""
    whole = float(sales.sold.sum())
    return share * max(0.0, saving) * sales.sold / whole if whole > 0 else np.zeros(len(sales.sold))


def settled(sales: Sales, incentive: Real) -> Settled:
    """All payments."""
    h, sold = sales.hours, sales.sold
    wholesale, local = sales.wholesale_price * sold * h, sales.price * (sales.made - sold) * h
    bought = sales.wholesale_price * (sales.exchange + float(sold.sum())) * h
    surplus = sales.demand * h - float(local.sum()) - bought
    return Settled(wholesale=wholesale, local=local, incentive=incentive, demand=sales.demand * h, bought=bought, surplus=surplus)
