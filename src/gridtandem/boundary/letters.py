"""The vocabulary of the boundary: questions and their replies. One vocabulary for all schemes; new letters come with new schemes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import final

import numpy as np

from gridtandem.boundary.layout import Ask, common, dense, long
from gridtandem.tables import Code, Index, Real


class Worth(IntEnum):
    """What a row of a reply is worth; one code per row, because one reply covers thousands of feeders."""

    REFUSED = 0  # no answer; the numbers in this row are NaN
    ESTIMATE = 1
    BOUND = 2  # never above the truth
    EXACT = 3


# ── replies ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@final
@dataclass(frozen=True, slots=True, eq=False)
class Power:
    """What the feeders draw."""

    s: Real = dense("active and reactive power drawn (…, 2)", "MW, Mvar")
    worth: Code = dense("worth of the row", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """What the feeders draw, and how it changes with the voltage."""

    v: Real = dense("voltage at which it was taken", "pu")
    s: Real = dense("active and reactive power drawn (…, 2)", "MW, Mvar")
    ds: Real = dense("derivative by the voltage magnitude (…, 2)", "MW/pu, Mvar/pu")
    worth: Code = dense("worth of the row", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class PortResponse:
    """What the feeders draw at each of their ports, and how that changes with the voltages of all their ports."""

    v: Real = dense("voltage magnitude at which it was taken", "pu")
    angle: Real = dense("voltage angle at which it was taken", "rad")
    s: Real = dense("active and reactive power drawn (…, 2)", "MW, Mvar")
    interface: Index = long("interface that draws", dtype="i8")
    other: Index = long("interface of the same feeder whose voltage changes", dtype="i8")
    dv: Real = long("derivative by its magnitude (row, scenario, period, 2)", "MW/pu, Mvar/pu")
    dangle: Real = long("derivative by its angle (row, scenario, period, 2)", "MW/rad, Mvar/rad")
    worth: Code = dense("worth of the row", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Bends:
    """Further pieces of curves, where controls bend them: each holds from its knot to the next one, or to the end of the range. By interface,
    scenario, period and knot in ascending order.
    """

    scenario: Index = long("scenario of the piece", dtype="i8")
    period: Index = long("period of the piece", dtype="i8")
    interface: Index = long("interface of the piece", dtype="i8")
    knot: Real = long("voltage from which on it holds", "pu")
    c: Real = long("Chebyshev coefficients (…, 2, degree + 1) between this knot and the next", "MW, Mvar")

    @staticmethod
    def none(terms: int = 1) -> Bends:
        """Curves of one piece each."""
        nobody = np.empty(0, np.int64)
        return Bends(nobody, nobody, nobody, np.empty(0), np.empty((0, 2, terms)))


STRAIGHT = Bends.none()


@final
@dataclass(frozen=True, slots=True, eq=False)
class PowerCurve:
    """Σ_k c_k T_k(u), u from −1 at ``low`` to +1 at ``high``, or at the first knot. Degree 0 is a number, 1 a tangent, 7 a whole feeder."""

    low: Real = dense("lowest voltage meant", "pu")
    high: Real = dense("highest voltage meant", "pu")
    c: Real = dense("Chebyshev coefficients (…, 2, degree + 1)", "MW, Mvar")
    worth: Code = dense("worth of the row", dtype="i1")
    bends: Bends = common("what follows the first piece", default=STRAIGHT)


@final
@dataclass(frozen=True, slots=True, eq=False)
class FeederCurve:
    """What the feeders draw over a whole range of voltages, as in `PowerCurve`, and how exact that is."""

    c: Real = dense("Chebyshev coefficients (…, 2, degree + 1)", "MW, Mvar")
    error: Real = dense("largest error to be reckoned with anywhere in the range", "MVA")
    worth: Code = dense("worth of the row", dtype="i1")
    bends: Bends = common("what follows the first piece", default=STRAIGHT)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Voltage:
    """The interfaces' voltages."""

    v: Real = dense("voltage magnitude", "pu")
    angle: Real = dense("voltage angle; for reports and looped feeders", "rad")
    worth: Code = dense("worth of the row", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Boundary:
    """A whole answer at the interfaces: voltage and power."""

    v: Real = dense("voltage magnitude", "pu")
    angle: Real = dense("voltage angle", "rad")
    s: Real = dense("active and reactive power drawn (…, 2)", "MW, Mvar")
    worth: Code = dense("worth of the row", dtype="i1")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """A whole answer at the interfaces, and what it took."""

    v: Real = dense("voltage magnitude", "pu")
    angle: Real = dense("voltage angle", "rad")
    s: Real = dense("active and reactive power drawn (…, 2)", "MW, Mvar")
    worth: Code = dense("worth of the row", dtype="i1")
    steps: Index = common("steps of transmission (scenario, period)")
    sweeps: Index = common("sweeps of the feeder that took most (scenario, period)")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Sensitivity:
    """How the interfaces' voltages fall when they draw more."""

    dv: Real = dense("derivative of this row's |V| by the power drawn at each interface (…, interface, 2)", "pu/MW, pu/Mvar")
    worth: Code = dense("worth of the row", dtype="i1")


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@final
@dataclass(frozen=True, slots=True, eq=False)
class PowerAt(Ask[Power]):
    """What do you draw at this voltage?"""

    v: Real = dense("voltage magnitude", "pu")


@final
@dataclass(frozen=True, slots=True, eq=False)
class ResponseAt(Ask[Response]):
    """What do you draw at this voltage, and how does that change with it?"""

    v: Real = dense("voltage magnitude", "pu")


@final
@dataclass(frozen=True, slots=True, eq=False)
class PortResponseAt(Ask[PortResponse]):
    """What do you draw at each port at these voltages, and how does that change with them? For feeders with any number of ports."""

    v: Real = dense("voltage magnitude", "pu")
    angle: Real = dense("voltage angle; only differences between ports of one feeder matter", "rad")


@final
@dataclass(frozen=True, slots=True, eq=False)
class PowerOver(Ask[FeederCurve]):
    """What do you draw at any voltage from ``low`` to ``high``?"""

    low: Real = dense("lowest voltage meant", "pu")
    high: Real = dense("highest voltage meant", "pu")
    degree: int = common("degree of the series")


@final
@dataclass(frozen=True, slots=True, eq=False)
class VoltageUnder(Ask[Voltage]):
    """What voltage do the interfaces have when they draw along these curves?"""

    draw: PowerCurve = common("curve of each interface")


@final
@dataclass(frozen=True, slots=True, eq=False)
class VoltageUnderPorts(Ask[Voltage]):
    """What voltage do the interfaces have when they draw along these tangents?"""

    draw: PortResponse = common("power of each interface, linear in the voltages of its feeder's ports")


@final
@dataclass(frozen=True, slots=True, eq=False)
class SensitivityUnder(Ask[Sensitivity]):
    """How do the interfaces' voltages move when they draw more than these curves say?"""

    draw: PowerCurve = common("curve of each interface")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Alone(Ask[Boundary]):
    """What do you reckon without the other side? Transmission takes its own forecast of the draws, a feeder takes nominal voltage."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Together(Ask[Boundary]):
    """What are voltages and powers when all networks are solved as one? Only an owner of all models can say."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Interleaved(Ask[Joint]):
    """What are voltages and powers when transmission and feeders are solved side by side? Only an owner of all models can say."""
