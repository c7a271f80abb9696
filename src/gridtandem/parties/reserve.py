"""Regulation in transmission: what its own stations can give, and what the operator must have; rows and unknowns beside a clearing of energy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.grid.network import Network
from gridtandem.orders.products import PRODUCTS
from gridtandem.program.answer import Answer
from gridtandem.program.arrays import Columns, Matrix, Rows
from gridtandem.resources.part import Window
from gridtandem.resources.regulation import Regulators, wanted
from gridtandem.resources.steps import PricedSteps
from gridtandem.tables import Flag, Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Reserve:
    """Offers of stations, and the requirement."""

    regulators: Regulators
    wanted: Real  # (period, product) [MW]
    sign: Real  # (step) of the injection by its unknown
    hours: float

    @staticmethod
    def of(net: Network, steps: PricedSteps, window: Window) -> Reserve | None:
        """None where nothing is wanted."""
        need = wanted(net, window)
        bought = np.asarray(need.any(0))
        if not bought.any():
            return None
        return Reserve(regulators=Regulators.of(net, steps, window, bought), wanted=need, sign=steps.sign, hours=window.hours)

    @property
    def bought(self) -> Flag:
        """(product) what is wanted in some period."""
        return np.asarray(self.wanted.any(0))

    @property
    def names(self) -> tuple[str, ...]:
        """Of what is bought."""
        return tuple(name for name, yes in zip(PRODUCTS, self.bought.tolist(), strict=True) if yes)

    def blocks(self, orders: int, sold: Columns | None) -> tuple[Mapping[str, Columns], Mapping[str, Rows]]:
        """Unknowns and rows for a clearing of so many orders; ``sold`` (period, interface, product) comes from feeders."""
        periods = len(self.wanted)
        have: dict[str, Matrix] = self.regulators.supplied(periods, self.bought)
        if sold is not None:
            each = sparse.kron(np.ones((1, sold.shape[1])), sparse.diags_array(self.bought.astype(float)))
            have["reserve"] = sparse.csr_array(sparse.kron(sparse.eye_array(periods), each))
        rows = {name: Rows(r.low, r.high, self._as_orders(r.parts, orders)) for name, r in self.regulators.rows.items()}
        return self.regulators.columns, {**rows, "requirement": Rows.of(self.wanted.shape, self.wanted, np.inf, have)}

    def price(self, answer: Answer) -> Real:
        """Of each product (period, product): d cost / d requirement. [currency/MW in an hour]"""
        return np.asarray(answer.price["requirement"] / self.hours)

    def _as_orders(self, parts: Mapping[str, Matrix], orders: int) -> dict[str, Matrix]:
        """Rows over unknowns of steps as rows over orders, which count injection and of which the own come first."""
        out = dict(parts)
        if "x" in out:
            m = sparse.csr_array(out.pop("x") @ sparse.diags_array(np.tile(self.sign, len(self.wanted))))
            out["order"] = sparse.csr_array((m.data, m.indices, m.indptr), shape=(m.shape[0], orders))
        return out
