r"""Settlement where units of a feeder may sell in the wholesale market: who is paid what, and what makes the choice never a loss.

A unit that makes P and sold w of it wholesale at π_b, less a fee for the wires, gets :math:`(\pi_b - f) w + \pi_i (P - w)`, π_i what the feeder's own
market pays it per MWh. The company has the fee, and buys z + Σ w at π_b for those who consume. Rules of the own market:

* marginal: π_i is the price at the bus of who sells, and of who consumes;
* bid: π_i is what was offered; who consumes pays the price at its bus;
* average: one price for everybody, the mean of what the supply costs,
  :math:`(\sum_i \beta_i (P_i - w_i) + \pi_b D) / (\sum_i (P_i - w_i) + D)` over all who sell there, with :math:`D = \max(0, z + \sum_i w_i)`.

Incentives, paid by the company:

* made whole: :math:`I_i = \max(0, \pi_i - \pi_b + f)\, w_i`, so that no unit regrets having sold wholesale;
* a share σ of what the choice saved, by power sold: :math:`I_i = \sigma\, \max(0, \text{saving})\, w_i / \sum_j w_j`.

Where the company's surplus does not pay them, the deficit is told. Framework: M. Gupta, PhD thesis, IIT Delhi, 2022; formulas are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What an own market sells."""

    power: float  # of who sells there [MW]
    cost: float  # as they offered it [currency/h]
    bought: float  # from the wholesale market, below 0 sold there [MW]
    price: float  # of that [currency/MWh]

    @property
    def mean(self) -> float:
        """Of what it costs; where there is none, the price of buying some. [currency/MWh]"""
        more = max(0.0, self.bought)
        power = self.power + more
        return (self.cost + self.price * more) / power if power > 0 else self.price


def own_prices(rule: str, marginal: Real, offered: Real, supply: Supply) -> Real:
    """What the own market pays those who sell, per MWh."""
    return {"marginal": marginal, "bid": offered, "average": np.full(marginal.shape, supply.mean)}[rule]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sales:
    """What happened in one feeder and period."""

    made: Real  # (unit) [MW]
    sold: Real  # (unit) of that, wholesale [MW]
    price: Real  # (unit) of the own market [currency/MWh]
    wholesale_price: float
    exchange: float  # z [MW]
    demand: float  # what all that consumes pays, less what all else that sells gets [currency/h]
    fee: float = 0.0  # for what is sold wholesale [currency/MWh]
    hours: float = 1.0


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Settled:
    """Payments of one feeder over one period. [currency]"""

    wholesale: Real  # (unit) for what was sold there
    local: Real  # (unit) for the rest
    fee: Real  # (unit) paid to the company
    incentive: Real  # (unit)
    demand: float  # paid by who consumes, less what all else that sells gets
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


def made_whole(sales: Sales) -> Real:
    """Incentives that leave no unit worse off than in the feeder's own market."""
    return np.maximum(0.0, sales.price - sales.wholesale_price + sales.fee) * sales.sold * sales.hours


def shared(sold: Real, saving: float, share: float) -> Real:
    """Incentives that hand on a share of what the choice saved, by power sold; a choice that saved nothing earns nothing."""
    whole = float(sold.sum())
    return share * max(0.0, saving) * sold / whole if whole > 0 else np.zeros(sold.shape)


def settled(sales: Sales, incentive: Real) -> Settled:
    """All payments."""
    h, sold = sales.hours, sales.sold
    wholesale, local, fee = sales.wholesale_price * sold * h, sales.price * (sales.made - sold) * h, sales.fee * sold * h
    bought = sales.wholesale_price * (sales.exchange + float(sold.sum())) * h
    surplus = sales.demand * h + float(fee.sum()) - float(local.sum()) - bought
    return Settled(wholesale=wholesale, local=local, fee=fee, incentive=incentive, demand=sales.demand * h, bought=bought, surplus=surplus)
