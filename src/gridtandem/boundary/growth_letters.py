r"""The vocabulary of continuation: transmission and feeders follow one curve of (voltages, λ), and neither shows its network.

At every joint iterate a feeder eliminates its interior with its own factors and says what is left: five rows, each linear in what moves.

.. math:: \text{row}(1, \Delta V, \Delta\lambda, u) = r_1 + r_V\,\Delta V + r_\lambda\,\Delta\lambda + r_u\,u

ΔV is the step of its root voltage, u that of the voltage of its weakest node. Rows: active and reactive power drawn; *local*, which must be 0 and
says what u is, so that a feeder whose interior is singular at a fixed root voltage (a nose inside it) needs no factorisation of that; *arc*, its
share of the row that holds the length of the step; *load*, what its loads draw.

An answer depends on its letter alone. A party that must step carries what it needs in a *memo*, which comes with its reply and goes back with the
next letter, and which nobody else reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.boundary.layout import Ask, common, dense, long
from gridtandem.tables import Code, Index, Real

ROWS = ("p", "q", "local", "arc", "load")
COLUMNS = ("now", "v", "growth", "swing")
NOBODY: Index = np.empty(0, np.int64)
NOTHING: Real = np.empty(0)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Eliminated:
    """A feeder without its interior."""

    rows: Real = dense("rows p, q, local, arc, load by columns now, v, growth, swing (…, 5, 4)", "MW, Mvar, pu, 1, MW; by 1, pu, 1, pu")
    left: Real = dense("largest mismatch inside; 0: below what numbers can tell; inf: there is nothing to go on from here", "MVA")
    v_low: Real = dense("lowest voltage inside", "pu")
    over: Real = dense("by how much the nearest limit that changes the equations inside is passed; −inf: none is kept", "pu")
    interface: Index = long("whose memo", dtype="i8")
    memo: Real = long("what the feeder wants to be reminded of")
    worth: Code = dense("worth of the row", dtype="i1")


def nobody(shape: tuple[int, int, int]) -> Eliminated:
    """Feeders that draw nothing, in the place of those that have not spoken yet."""
    rows, none = np.zeros((*shape, 5, 4)), np.zeros(shape)
    rows[..., 2, 3] = 1.0
    return Eliminated(rows, none, none, none - np.inf, NOBODY, NOTHING, np.ones(shape, np.int8))


@final
@dataclass(frozen=True, slots=True, eq=False)
class Stepped:
    """The joint step from here, and the tangent of the curve: weights of the columns of `Eliminated`, for every interface."""

    step: Real = dense("Newton's step (…, 4)", "1, pu, 1, pu")
    turn: Real = dense("the tangent, of length 1 in transmission's unknowns, λ and swings (…, 4)", "1, pu, 1, pu")
    v: Real = dense("voltage magnitude here", "pu")
    growth: float = common("λ here")
    left: float = common("largest mismatch at transmission; 0: below what numbers can tell; inf: no step from here", "MVA")
    load: float = common("active power that loads of transmission draw, and feeders as they said", "MW")
    rise: float = common("its derivative along the tangent", "MW")
    over: float = common("by how much the nearest limit of units that changes the equations is passed; −inf: none is kept", "pu")
    speed: float = common("largest change of a voltage [pu], or a fifth of one of an angle [rad], along the tangent")
    memo: Real = common("what transmission wants to be reminded of")
    worth: Code = dense("worth of the row", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Eliminate(Ask[Eliminated]):
    """Move by these weights of your last rows, take that root voltage and λ, and say what is left of you there.

    Without a memo: begin with your load flow there.
    """

    v: Real = dense("voltage magnitude at the root", "pu")
    growth: Real = dense("growth λ of loads P0 (1 + λ)")
    by: Real = dense("weights of the columns by which to move first (…, 4)", "1, pu, 1, pu")
    turn: Real = dense("weights that become the direction of the arc; all 0: it stays (…, 4)", "1, pu, 1, pu")
    give: Code = dense("1: what is at its limit inside gives way here, and new equations hold", dtype="i1")
    interface: Index = long("whose memo", dtype="i8")
    memo: Real = long("what the feeder wanted to be reminded of")


@final
@dataclass(frozen=True, slots=True, eq=False)
class RespondAt(Ask[Eliminated]):
    """What is left of you at this root voltage and λ once your load flow is solved? Without a memo, without a share of the arc."""

    v: Real = dense("voltage magnitude at the root", "pu")
    growth: Real = dense("growth λ of loads P0 (1 + λ)")


@final
@dataclass(frozen=True, slots=True, eq=False)
class JointStep(Ask[Stepped]):
    """Move by these parts of your last step and tangent; with these feeders, what is the joint step from there, and the tangent?"""

    feeders: Eliminated = common("what is left of them")
    by: Real = common("parts of the last step and of the last tangent by which to move first (2)")
    turn: bool = common("does the last tangent become the direction of the arc?")
    give: bool = common("does the unit at its limit give way here, and the curve go on with new equations?")
    memo: Real = common("what transmission wanted to be reminded of")
