"""Transmission as a part of a day's schedule: stations' energy, what they keep as primary reserve, demand shed where nothing else helps, lines.

Offers of primary reserve are the network's offers of regulation up: the most is what a station has delivered in time, its price is for keeping it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.opf.fast_reserve import BOUGHT, UP
from gridtandem.opf.forms.dc import Dc
from gridtandem.program.answer import Answer
from gridtandem.program.arrays import Columns, Matrix, Program, Rows
from gridtandem.resources.day import Owned, owned
from gridtandem.resources.part import Window
from gridtandem.resources.regulation import Regulators
from gridtandem.tables import Index, Real

SHED, SHORT = 1000.0, 200.0  # currency/MWh of demand not served; currency/MW in an hour of primary reserve that is not there


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SecureTransmission:
    """Blocks ``given`` (period, interface), what feeders take; ``up`` (period, station); ``short`` and ``primary`` (period) [MW]."""

    network: Network
    nodal: Nodal
    window: Window
    owned: Owned
    form: Dc
    regulators: Regulators
    at: Index  # (interface) node
    program: Program

    @staticmethod
    def of(network: Network, bus: Index, window: Window) -> SecureTransmission:
        """``bus`` is the transmission bus of each interface."""
        nodal = Nodal.of(network)
        have = owned(network, nodal.node, nodal.nodes, window, source=True)
        form = Dc.of(nodal, window.periods)
        made = Regulators.of(network, have.steps, window, BOUGHT)
        at, t, h = nodal.node[bus], window.periods, window.hours
        columns = {
            **have.part.columns, **form.columns, UP: made.columns[UP], "given": Columns.of((t, len(at))), "primary": Columns.of((t,)),
            "shed": Columns.of(have.p_load.shape, 0.0, np.maximum(have.p_load, 0.0), cost=SHED * h), "short": Columns.of((t,), 0.0, cost=SHORT * h),
        }  # fmt: skip
        right = have.p_load - have.part.p_fixed - form.fixed
        leaves = sparse.csr_array((np.ones(len(at)), (at, np.arange(len(at)))), shape=(nodal.nodes, len(at)))
        day = sparse.eye_array(t)
        parts: dict[str, Matrix] = {
            **have.part.p, **form.balance, "given": sparse.csr_array(-sparse.kron(day, leaves)),
            "shed": sparse.csr_array(sparse.eye_array(t * nodal.nodes)),
        }  # fmt: skip
        every: Matrix = sparse.csr_array(sparse.kron(day, np.ones((1, len(made.row)))))
        rows = {
            **have.part.rows, **form.rows, **{k: r for k, r in made.rows.items() if k in ("room_up", "held_up")},
            "balance": Rows.of(right.shape, right, right, parts), "kept": Rows.of((t,), 0.0, np.inf, {UP: every, "short": day, "primary": -day}),
        }  # fmt: skip
        return SecureTransmission(
            network=network, nodal=nodal, window=window, owned=have, form=form, regulators=made, at=at,
            program=Program(columns, rows, constant=have.steps.constant * h * t),
        )  # fmt: skip

    def price(self, answer: Answer) -> Real:
        """Of energy (period, node). [currency/MWh]"""
        return np.asarray(answer.price["tso.balance"] / self.window.hours)
