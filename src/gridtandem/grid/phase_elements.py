"""The tables of a phase-resolved network: what is in the ground, conductor by conductor, in MW, Mvar, kV and ohm.

Phases are a, b, c; a star point lies at ground; neutral conductors are reduced (Kron) before they come here. What hangs between phases
is made of **coils** (`coils`): a wye has one coil from each of its terminals to ground, a delta one between each terminal and the next,
so a delta of two terminals is a single coil from the first to the second. A rated voltage is the one across the coil where there is
one coil, and line to line where there are several (`coil_kv`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.tables import Code, Complex, Flag, Index, Names, Real, Table, column

INF = float("inf")
WYE, DELTA = 0, 1
POWER, IMPEDANCE, CURRENT, POWER_REACTANCE, EXPONENTS, ZIP = range(6)  # laws of loads
FROM, TO = 0, 1

PHASES = ("a", "b", "c")
NODES = ("none", *PHASES)
PAIRS = tuple(p + q for p in PHASES for q in PHASES)
CONNECTIONS = ("wye", "delta")
RATED = "rated voltage: across the coil where there is one, else line to line"


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PhaseBuses(Table):
    """Places where things connect, with the phases that exist there."""

    kind: ClassVar[str] = "buses"
    name: Names = column("name of the bus", dtype="U", unique=True)
    nominal_kv: Real = column("nominal voltage, line to line", unit="kV", above=0.0)
    phases: Flag = column("phases that exist here", dtype="?", parts=PHASES)
    v_low_pu: Real = column("least voltage allowed, to ground, between phases where they float; 0: no limit", unit="pu", default=0.0, at_least=0.0)
    v_high_pu: Real = column("most voltage allowed, likewise; inf: no limit", unit="pu", default=INF, above=0.0, finite=False)
    located: Flag = column("yes: x and y are known", dtype="?", default=False)
    x: Real = column("place on a map, in the unit of the file", default=0.0)
    y: Real = column("place on a map, in the unit of the file", default=0.0)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PhaseLines(Table):
    """Lines, cables and switches. Matrices are whole-line totals; their rows and columns are the phases at the from end."""

    kind: ClassVar[str] = "lines"
    name: Names = column("name of the line", dtype="U", unique=True)
    from_bus: Index = column("bus at one end", dtype="i8", refers="buses")
    to_bus: Index = column("bus at the other end", dtype="i8", refers="buses")
    to_phase: Index = column("phase at the to end of the conductor that is a, b, c at the from end; none: no conductor", dtype="i8",
                             choices=NODES, parts=PHASES)  # fmt: skip
    r_ohm: Real = column("series resistance", unit="ohm", parts=PAIRS, shape=(3, 3))
    x_ohm: Real = column("series reactance at the network's frequency", unit="ohm", parts=PAIRS, shape=(3, 3))
    b_us: Real = column("charging susceptance at the network's frequency, both halves together", unit="µS", default=0.0, parts=PAIRS, shape=(3, 3))
    rating_a: Real = column("limit for normal operation; inf: no limit", unit="A", default=INF, above=0.0, finite=False)
    rating_emergency_a: Real = column("limit in emergencies", unit="A", default=INF, above=0.0, finite=False)
    switch: Flag = column("yes: a switch, and the impedance is a stand-in for none", dtype="?", default=False)
    closed: Flag = column("no: open at both ends", dtype="?", default=True)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PhaseTransformers(Table):
    r"""Two windings, each with its tap; three coils a side, or one (single-phase units, of which regulator banks are made).

    Per coil pair, with :math:`u = v_{coil} / (v_{rated} \cdot tap)` on both sides and S the base per coil pair:

    .. math:: u_{from} - (r_{from} + r_{to} + j x)\, i = u_{to}

    No-load loss and magnetizing current are drawn by the to side, at its voltage over the tap. A guard anchors sides that float: at
    both ends of every coil an inductive admittance to ground of :math:`\tfrac12 10^{-6}` ``guard_ppm`` :math:`S / v_{rated}^2`.
    """

    kind: ClassVar[str] = "transformers"
    name: Names = column("name of the transformer", dtype="U", unique=True)
    from_bus: Index = column("bus at the first winding", dtype="i8", refers="buses")
    to_bus: Index = column("bus at the second winding", dtype="i8", refers="buses")
    connection_from: Code = column("connection of the first winding", dtype="i8", choices=CONNECTIONS)
    connection_to: Code = column("connection of the second winding", dtype="i8", choices=CONNECTIONS)
    terminals_from: Index = column("phases on which the first winding ends, in its order", dtype="i8", choices=NODES, parts=("1", "2", "3"))
    terminals_to: Index = column("phases on which the second winding ends, in its order", dtype="i8", choices=NODES, parts=("1", "2", "3"))
    nominal_from_kv: Real = column("first winding, " + RATED, unit="kV", above=0.0)
    nominal_to_kv: Real = column("second winding, " + RATED, unit="kV", above=0.0)
    low_side: Code = column("wye-delta: lower voltage lags or leads the higher one by 30°", dtype="i8", default=0, choices=("lags", "leads"))
    base_mva: Real = column("power of all coils together, on which r and x are stated", unit="MVA", above=0.0)
    r_from_pu: Real = column("resistance of the first winding", unit="pu", default=0.0, at_least=0.0)
    r_to_pu: Real = column("resistance of the second winding", unit="pu", default=0.0, at_least=0.0)
    x_pu: Real = column("leakage reactance between the windings", unit="pu")
    no_load_loss_pu: Real = column("active power drawn at rated voltage", unit="pu", default=0.0, at_least=0.0)
    magnetizing_pu: Real = column("magnetizing current at rated voltage", unit="pu", default=0.0, at_least=0.0)
    guard_ppm: Real = column("reactive guard against floating", unit="1e-6", default=0.0, at_least=0.0)
    tap_from_pu: Real = column("tap of the first winding", unit="pu", default=1.0, above=0.0)
    tap_from_low_pu: Real = column("least tap", unit="pu", default=0.9, above=0.0)
    tap_from_high_pu: Real = column("most tap", unit="pu", default=1.1, above=0.0)
    steps_from: Index = column("number of steps between the ends", dtype="i8", default=32, at_least=0)
    tap_to_pu: Real = column("tap of the second winding", unit="pu", default=1.0, above=0.0)
    tap_to_low_pu: Real = column("least tap", unit="pu", default=0.9, above=0.0)
    tap_to_high_pu: Real = column("most tap", unit="pu", default=1.1, above=0.0)
    steps_to: Index = column("number of steps between the ends", dtype="i8", default=32, at_least=0)
    rating_mva: Real = column("limit for normal operation; inf: no limit", unit="MVA", default=INF, above=0.0, finite=False)
    rating_emergency_mva: Real = column("limit in emergencies", unit="MVA", default=INF, above=0.0, finite=False)
    bank: Names = column("bank to which it belongs; empty: none", dtype="U", default="")
    closed: Flag = column("no: open at both ends", dtype="?", default=True)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Regulators(Table):
    r"""Controls that step the tap of one winding until a compensated voltage, on the secondary of the voltage transformer, lies in a band.

    .. math:: \left|\, V / n_{PT} - (R + jX)\, I / I_{CT} \,\right| \in v_{target} \pm band/2 \quad [\mathrm{V}]

    with I out of the winding into the feeder; R + jX are the volts that drop at the rated current :math:`I_{CT}`.
    """

    kind: ClassVar[str] = "regulators"
    name: Names = column("name of the control", dtype="U", unique=True)
    transformer: Index = column("transformer whose tap it moves", dtype="i8", refers="transformers")
    side: Code = column("winding that it taps and watches", dtype="i8", default=TO, choices=("from", "to"))
    coil: Index = column("coil whose voltage and current it watches, counted from 1", dtype="i8", default=1, at_least=1)
    v_target_v: Real = column("voltage it holds, at the voltage transformer", unit="V", above=0.0)
    band_v: Real = column("width of the band", unit="V", above=0.0)
    pt_ratio: Real = column("ratio of the voltage transformer", above=0.0)
    ct_primary_a: Real = column("rated primary current of the current transformer", unit="A", above=0.0)
    r_drop_v: Real = column("resistive setting of the line-drop compensator", unit="V", default=0.0)
    x_drop_v: Real = column("reactive setting of the line-drop compensator", unit="V", default=0.0)
    delay_s: Real = column("time outside the band before the first step", unit="s", default=15.0, at_least=0.0)
    tap_delay_s: Real = column("time between steps", unit="s", default=2.0, at_least=0.0)
    most_steps: Index = column("most steps in one control move", dtype="i8", default=16, at_least=0)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PhaseLoads(Table):
    r"""Demand, shared evenly by the coils. Within ``v_low_pu`` … ``v_high_pu`` one law, that of the balanced `Loads`, per coil:

    .. math:: P(v) = P_0 \left[ z\,u^2 + i\,u + (1-z-i)\,u^{n} \right], \qquad u = |v_{coil}| / v_{rated}

    Outside the limits the coil draws as in OpenDSS, with :math:`y_0 = \overline{S_0} / v_{rated}^2` and m = 2 (m = 1 for law current): above,
    an admittance :math:`y_0 / v_{high}^m`; below ``v_linear_pu``, the admittance :math:`y_0`; between ``v_linear_pu`` and ``v_low_pu`` a
    current whose magnitude is linear in u, from that of :math:`y_0` to that of :math:`y_0 / v_{low}^m`. Law impedance has no limits.
    """

    kind: ClassVar[str] = "loads"
    name: Names = column("name of the load", dtype="U", unique=True)
    bus: Index = column("where it is", dtype="i8", refers="buses")
    connection: Code = column("connection", dtype="i8", choices=CONNECTIONS)
    terminals: Index = column("phases on which it ends, in its order", dtype="i8", choices=NODES, parts=("1", "2", "3"))
    nominal_kv: Real = column(RATED, unit="kV", above=0.0)
    p_mw: Real = column("active demand of all coils at rated voltage", unit="MW")
    q_mvar: Real = column("reactive demand of all coils at rated voltage", unit="Mvar", default=0.0)
    law: Code = column("what stays constant", dtype="i8", default=POWER,
                       choices=("power", "impedance", "current", "power and reactance", "exponents", "zip"))  # fmt: skip
    p_exponent: Real = column("exponent n of active demand: 0 power, 1 current, 2 impedance", default=0.0)
    q_exponent: Real = column("exponent n of reactive demand", default=0.0)
    p_z_share: Real = column("share z of active demand at constant impedance", default=0.0)
    p_i_share: Real = column("share i of active demand at constant current", default=0.0)
    q_z_share: Real = column("share z of reactive demand at constant impedance", default=0.0)
    q_i_share: Real = column("share i of reactive demand at constant current", default=0.0)
    v_cut_pu: Real = column("voltage below which a zip load is off", unit="pu", default=0.0, at_least=0.0)
    v_low_pu: Real = column("voltage below which it turns into an impedance", unit="pu", default=0.0, at_least=0.0)
    v_high_pu: Real = column("voltage above which it turns into an impedance", unit="pu", default=INF, above=0.0, finite=False)
    v_linear_pu: Real = column("voltage below which the impedance is that of rated voltage", unit="pu", default=0.0, at_least=0.0)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Capacitors(Table):
    """Shunt capacitors of equal steps."""

    kind: ClassVar[str] = "capacitors"
    name: Names = column("name of the capacitor", dtype="U", unique=True)
    bus: Index = column("where it is", dtype="i8", refers="buses")
    connection: Code = column("connection", dtype="i8", choices=CONNECTIONS)
    terminals: Index = column("phases on which it ends, in its order", dtype="i8", choices=NODES, parts=("1", "2", "3"))
    nominal_kv: Real = column(RATED, unit="kV", above=0.0)
    q_mvar: Real = column("injection of all coils and steps at rated voltage", unit="Mvar", at_least=0.0)
    steps: Index = column("number of steps", dtype="i8", default=1, at_least=1)
    steps_closed: Index = column("steps in service", dtype="i8", default=1, at_least=0)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PhaseGenerators(Table):
    """DGs: injection into the bus is positive, shared evenly by the coils."""

    kind: ClassVar[str] = "generators"
    name: Names = column("name of the unit", dtype="U", unique=True)
    bus: Index = column("where it is", dtype="i8", refers="buses")
    connection: Code = column("connection", dtype="i8", choices=CONNECTIONS)
    terminals: Index = column("phases on which it ends, in its order", dtype="i8", choices=NODES, parts=("1", "2", "3"))
    nominal_kv: Real = column(RATED, unit="kV", above=0.0)
    p_mw: Real = column("active injection of all coils", unit="MW", default=0.0)
    q_mvar: Real = column("reactive injection of all coils", unit="Mvar", default=0.0)
    control: Code = column("power: holds P and Q; impedance: both with v²; voltage: holds P and |V|", dtype="i8", default=0,
                           choices=("power", "impedance", "voltage"))  # fmt: skip
    v_set_pu: Real = column("voltage it holds (control voltage)", unit="pu", default=1.0, above=0.0)
    q_low_mvar: Real = column("least reactive injection (control voltage)", unit="Mvar", default=-INF, finite=False)
    q_high_mvar: Real = column("most reactive injection (control voltage)", unit="Mvar", default=INF, finite=False)
    rating_mva: Real = column("apparent power of all coils; inf: no limit", unit="MVA", default=INF, above=0.0, finite=False)
    v_low_pu: Real = column("voltage below which it turns into an impedance", unit="pu", default=0.0, at_least=0.0)
    v_high_pu: Real = column("voltage above which it turns into an impedance", unit="pu", default=INF, above=0.0, finite=False)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PhaseSources(Table):
    """Equal voltages a, b, c (b lags a by 120°) behind a short-circuit impedance of sequence values; see `matrix`."""

    kind: ClassVar[str] = "sources"
    name: Names = column("name of the source", dtype="U", unique=True)
    bus: Index = column("where it is", dtype="i8", refers="buses")
    nominal_kv: Real = column("voltage at 1 pu, line to line", unit="kV", above=0.0)
    v_pu: Real = column("voltage behind the impedance", unit="pu", default=1.0, above=0.0)
    angle_deg: Real = column("its angle in phase a", unit="deg", default=0.0)
    r_positive_ohm: Real = column("positive- and negative-sequence resistance", unit="ohm", default=0.0)
    x_positive_ohm: Real = column("positive- and negative-sequence reactance", unit="ohm")
    r_zero_ohm: Real = column("zero-sequence resistance", unit="ohm", default=0.0)
    x_zero_ohm: Real = column("zero-sequence reactance", unit="ohm")

    def matrix(self) -> Complex:
        r"""Short-circuit impedance between phases, (source, 3, 3). [ohm]

        .. math:: Z = A\,\mathrm{diag}(z_0, z_1, z_1)\,A^{-1}: \qquad z_{self} = (z_0 + 2 z_1)/3, \quad z_{mutual} = (z_0 - z_1)/3

        C. L. Fortescue, "Method of symmetrical co-ordinates applied to the solution of polyphase networks", Trans. AIEE 37(2), 1918.
        """
        z_0, z_1 = self.r_zero_ohm + 1j * self.x_zero_ohm, self.r_positive_ohm + 1j * self.x_positive_ohm
        mutual = (z_0 - z_1) / 3
        return np.asarray(mutual[:, None, None] + z_1[:, None, None] * np.eye(3), np.complex128)


def coils(connection: int, terminals: Index, *, turn: int = 1) -> list[tuple[int, int]]:
    """(start, end) of each coil; 1, 2, 3 are phases a, b, c and 0 is ground. A delta goes to the next terminal, or with turn −1 back."""
    ends = [int(t) for t in terminals if t > 0]
    if connection == WYE:
        return [(t, 0) for t in ends]
    pairs = list(zip(ends, ends[turn:] + ends[:turn], strict=True))
    return pairs[:1] if len(ends) == 2 else pairs


def winding_coils(t: PhaseTransformers, row: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Coils of both windings of a transformer; those in the same place sit on the same limb.

    A delta goes back (a to c) where that makes the lower voltage lag a wye at the higher one, or a wye at the lower one lag it; so
    it does when the delta is the higher side of ``lags`` or the lower side of ``leads``, and only against a wye.
    """
    kinds = int(t.connection_from[row]), int(t.connection_to[row])
    high = FROM if t.nominal_from_kv[row] >= t.nominal_to_kv[row] else TO
    back = kinds[FROM] != kinds[TO] and (kinds[high] == DELTA) == (t.low_side[row] == 0)
    turn = -1 if back and (t.terminals_from[row] > 0).all() and (t.terminals_to[row] > 0).all() else 1
    return coils(kinds[FROM], t.terminals_from[row], turn=turn), coils(kinds[TO], t.terminals_to[row], turn=turn)


def coil_kv(connection: Code, terminals: Index, nominal_kv: Real) -> Real:
    r"""Rated voltage across each row's coils: :math:`v/\sqrt{3}` in a wye of several coils, else :math:`v`. [kV]"""
    several = (terminals > 0).sum(axis=1) > 1
    return np.where((connection == WYE) & several, nominal_kv / np.sqrt(3.0), nominal_kv)
