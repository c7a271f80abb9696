r"""Red: the distribution operator moves DERs until the limits of its feeder hold, and cuts load last.

Aims in this order: as little as possible stays broken; as little load as possible is cut; the least :math:`\sum_i \lvert \Delta_i \rvert`; the least
cost; and of equal answers the one that moves earlier steps up and later steps down. Every move is an instruction with the limit for whose sake it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.architecture.simulation.moving import HELD, Moves, moves
from gridtandem.architecture.simulation.offered import Offered
from gridtandem.tables import Flag, Real

if TYPE_CHECKING:
    from gridtandem.architecture.simulation.day import Wires


@final
@dataclass(frozen=True, slots=True)
class Instruction:
    """One command."""

    period: int
    step: int  # −1: load is cut
    node: int  # load node where load is cut; −1: a step moves
    mw: float  # more injection is positive, and so is less load
    limit: int  # row for whose sake


@final
@dataclass(frozen=True, slots=True, eq=False)
class Repair:
    """What was commanded."""

    change: Real  # (period, step) [MW]
    shed: Real  # (period, load node) [MW]
    left: Real  # (period) what stays broken, all limits together [MW]
    instructions: tuple[Instruction, ...]

    @property
    def held(self) -> Flag:
        """Periods in which all limits hold in the end."""
        return np.asarray(self.left <= HELD)


def repaired(wires: Wires, offered: Offered, here: Real, sheddable: Real | None = None) -> Repair:
    """Commands that mend what is broken with steps here (period, step); ``sheddable`` (period, load node) is load that may be cut. [MW]"""
    offered.checked(wires)
    one, price = np.ones(1), offered.price
    aims = [{"shed": one}, {"up": one, "down": one}, {"up": price, "down": -price}, in_order(price.shape[1])]
    found = moves(wires, here, (offered.least, offered.most), aims, shed=sheddable, why=1)
    return Repair(found.change, found.shed, found.missed, instructions_of(found))


def in_order(steps: int) -> dict[str, Real]:
    """The aim that tells equal answers apart: earlier steps up, later steps down."""
    rank = np.arange(1.0, steps + 1)
    return {"up": rank / steps, "down": rank[::-1] / steps}


def instructions_of(found: Moves) -> tuple[Instruction, ...]:
    """Every move as a command, period by period, steps first."""
    steps, nodes = np.argwhere(found.change).tolist(), np.argwhere(found.shed).tolist()
    told = [Instruction(t, j, -1, float(found.change[t, j]), int(found.reason[t, j])) for t, j in steps]
    told += [Instruction(t, -1, i, float(found.shed[t, i]), int(found.shed_reason[t, i])) for t, i in nodes]
    return tuple(sorted(told, key=lambda i: (i.period, i.node >= 0, i.step, i.node)))
