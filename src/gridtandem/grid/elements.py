"""The tables of a network: one vocabulary for transmission and distribution, in MW, Mvar, kV and ohm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.errors import Fault
from gridtandem.tables import Code, Flag, Index, Names, Real, Table, column

INF = float("inf")
FIXED, CONTINUOUS, STEPPED = 0, 1, 2  # tap control
PQ, VOLTAGE, REFERENCE = 0, 1, 2  # generator control


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Buses(Table):
    """Places where things connect."""

    kind: ClassVar[str] = "buses"
    name: Names = column("name of the bus", dtype="U", unique=True)
    nominal_kv: Real = column("nominal voltage, line to line", unit="kV", above=0.0)
    v_low_pu: Real = column("least voltage allowed; 0: no limit", unit="pu", default=0.0, at_least=0.0)
    v_high_pu: Real = column("most voltage allowed; inf: no limit", unit="pu", default=INF, above=0.0, finite=False)
    v_start_pu: Real = column("voltage magnitude where an iteration may start", unit="pu", default=1.0, above=0.0)
    angle_start_deg: Real = column("its angle; at the reference bus the angle itself", unit="deg", default=0.0)
    area: Index = column("area number", dtype="i8", default=1)
    zone: Index = column("zone number", dtype="i8", default=1)
    live: Flag = column("no: the bus and all that hangs on it is out of service", dtype="?", default=True)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Lines(Table):
    """Lines and cables; both ends have the same nominal voltage."""

    kind: ClassVar[str] = "lines"
    name: Names = column("name of the line", dtype="U", unique=True)
    from_bus: Index = column("bus at one end", dtype="i8", refers="buses")
    to_bus: Index = column("bus at the other end", dtype="i8", refers="buses")
    r_ohm: Real = column("series resistance", unit="ohm")
    x_ohm: Real = column("series reactance", unit="ohm")
    b_us: Real = column("charging susceptance, both halves together", unit="µS", default=0.0)
    rating_mva: Real = column("limit for normal operation; inf: no limit", unit="MVA", default=INF, above=0.0, finite=False)
    rating_short_mva: Real = column("limit for a short time", unit="MVA", default=INF, above=0.0, finite=False)
    rating_emergency_mva: Real = column("limit in emergencies", unit="MVA", default=INF, above=0.0, finite=False)
    angle_low_deg: Real = column("least angle difference, from minus to", unit="deg", default=-360.0)
    angle_high_deg: Real = column("most angle difference, from minus to", unit="deg", default=360.0)
    equivalent: Flag = column("yes: series capacitor, star leg or reduced network; impedance may be negative", dtype="?", default=False)
    closed: Flag = column("no: open", dtype="?", default=True)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Transformers(Table):
    """Two-winding transformers: ideal ratio at the from side, then series impedance."""

    kind: ClassVar[str] = "transformers"
    name: Names = column("name of the transformer", dtype="U", unique=True)
    from_bus: Index = column("bus at the tapped side", dtype="i8", refers="buses")
    to_bus: Index = column("bus at the other side", dtype="i8", refers="buses")
    base_mva: Real = column("power on which r, x and b are stated", unit="MVA", default=100.0, above=0.0)
    r_pu: Real = column("series resistance, on base_mva and nominal voltages", unit="pu")
    x_pu: Real = column("series reactance, on base_mva and nominal voltages", unit="pu")
    b_pu: Real = column("shunt susceptance, both halves together, on base_mva", unit="pu", default=0.0)
    ratio: Real = column("off-nominal ratio, from over to", unit="pu", default=1.0, above=0.0)
    shift_deg: Real = column("phase shift, from ahead of to", unit="deg", default=0.0)
    control: Code = column("who moves the ratio", dtype="i8", default=0, choices=("fixed", "continuous", "stepped"))
    regulated_bus: Index = column("bus whose voltage it holds; −1: none", dtype="i8", default=-1, refers="buses", at_least=-1)
    v_target_pu: Real = column("voltage it holds there", unit="pu", default=1.0, above=0.0)
    ratio_low: Real = column("least ratio", unit="pu", default=0.9, above=0.0)
    ratio_high: Real = column("most ratio", unit="pu", default=1.1, above=0.0)
    steps: Index = column("number of steps between the ends (stepped)", dtype="i8", default=32, at_least=1)
    rating_mva: Real = column("limit for normal operation; inf: no limit", unit="MVA", default=INF, above=0.0, finite=False)
    rating_short_mva: Real = column("limit for a short time", unit="MVA", default=INF, above=0.0, finite=False)
    rating_emergency_mva: Real = column("limit in emergencies", unit="MVA", default=INF, above=0.0, finite=False)
    angle_low_deg: Real = column("least angle difference, from minus to", unit="deg", default=-360.0)
    angle_high_deg: Real = column("most angle difference, from minus to", unit="deg", default=360.0)
    equivalent: Flag = column("yes: star leg or reduced network, so impedance may be negative", dtype="?", default=False)
    closed: Flag = column("no: open", dtype="?", default=True)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Ties(Table):
    """Switches and bus couplers: closed ones have no impedance at all and make two buses one node."""

    kind: ClassVar[str] = "ties"
    name: Names = column("name of the switch", dtype="U", unique=True)
    from_bus: Index = column("bus at one end", dtype="i8", refers="buses")
    to_bus: Index = column("bus at the other end", dtype="i8", refers="buses")
    closed: Flag = column("no: open", dtype="?", default=True)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Loads(Table):
    r"""Demand that depends on voltage; one law covers exponential and ZIP loads.

    .. math:: P(v) = P_0 \left[ z\,u^2 + i\,u + (1-z-i)\,u^{n} \right], \qquad u = v / v_0
    """

    kind: ClassVar[str] = "loads"
    name: Names = column("name of the load", dtype="U", unique=True)
    bus: Index = column("where it is", dtype="i8", refers="buses")
    p_mw: Real = column("active demand at the calibration voltage", unit="MW")
    q_mvar: Real = column("reactive demand at the calibration voltage", unit="Mvar", default=0.0)
    p_exponent: Real = column("exponent n of active demand: 0 power, 1 current, 2 impedance", default=0.0)
    q_exponent: Real = column("exponent n of reactive demand", default=0.0)
    p_z_share: Real = column("share z of active demand at constant impedance", default=0.0)
    p_i_share: Real = column("share i of active demand at constant current", default=0.0)
    q_z_share: Real = column("share z of reactive demand at constant impedance", default=0.0)
    q_i_share: Real = column("share i of reactive demand at constant current", default=0.0)
    v_calibration_pu: Real = column("voltage v0 at which p and q were read", unit="pu", default=1.0, above=0.0)
    live: Flag = column("no: out of service", dtype="?", default=True)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Generators(Table):
    """Power stations, DGs and sources: injection into the bus is positive."""

    kind: ClassVar[str] = "generators"
    name: Names = column("name of the unit", dtype="U", unique=True)
    bus: Index = column("where it is", dtype="i8", refers="buses")
    p_mw: Real = column("scheduled active injection", unit="MW", default=0.0)
    q_mvar: Real = column("scheduled reactive injection (control pq)", unit="Mvar", default=0.0)
    control: Code = column(
        "pq: holds power; voltage: holds |V|; reference: holds |V| and the angle", dtype="i8", default=0, choices=("pq", "voltage", "reference")
    )
    v_set_pu: Real = column("voltage it holds", unit="pu", default=1.0, above=0.0)
    p_low_mw: Real = column("least active injection", unit="MW", default=-INF, finite=False)
    p_high_mw: Real = column("most active injection", unit="MW", default=INF, finite=False)
    q_low_mvar: Real = column("least reactive injection", unit="Mvar", default=-INF, finite=False)
    q_high_mvar: Real = column("most reactive injection", unit="Mvar", default=INF, finite=False)
    s_high_mva: Real = column("most apparent power, |Q| ≤ √(S² − P²); inf: no cap", unit="MVA", default=INF, above=0.0, finite=False)
    power_factor_low: Real = column("least power factor, |Q| ≤ P tan(acos pf); 0: no cap", default=0.0, at_least=0.0, at_most=1.0)
    slack_share: Real = column("share of the system's imbalance it takes; all 0: the reference takes it", default=0.0, at_least=0.0)
    startup_cost: Real = column("cost of a start", unit="currency", default=0.0)
    shutdown_cost: Real = column("cost of a stop", unit="currency", default=0.0)
    live: Flag = column("no: out of service", dtype="?", default=True)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Shunts(Table):
    """Capacitors, reactors and other constant admittances."""

    kind: ClassVar[str] = "shunts"
    name: Names = column("name of the shunt", dtype="U", unique=True)
    bus: Index = column("where it is", dtype="i8", refers="buses")
    g_mw: Real = column("active power drawn at 1 pu", unit="MW", default=0.0)
    b_mvar: Real = column("reactive power injected at 1 pu", unit="Mvar", default=0.0)
    live: Flag = column("no: out of service", dtype="?", default=True)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Costs(Table):
    """Polynomial cost of generators, one row per power of P (MW): cost per hour = Σ coefficient · P^order."""

    kind: ClassVar[str] = "costs"
    generator: Index = column("whose cost", dtype="i8", refers="generators")
    order: Index = column("power of P", dtype="i8", at_least=0)
    coefficient: Real = column("factor of P^order", unit="currency/h/MW^order")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class CostPoints(Table):
    """Piecewise-linear cost of generators, points in rising order of power."""

    kind: ClassVar[str] = "cost_points"
    generator: Index = column("whose cost", dtype="i8", refers="generators")
    p_mw: Real = column("active injection", unit="MW")
    cost_per_h: Real = column("cost there", unit="currency/h")


def cost_faults(costs: Costs, points: CostPoints, units: Generators) -> Iterator[Fault]:
    """Costs that are given twice: one power of P in two rows, or as a polynomial and by points. Their sum is nobody's cost."""
    known = {k: units.label(k) for k in range(len(units))}
    first: dict[tuple[int, int], int] = {}
    for row, key in enumerate(zip(costs.generator.tolist(), costs.order.tolist(), strict=True)):
        if (other := first.setdefault(key, row)) != row and key[0] in known:
            what = f"of unit {known[key[0]]!r} is {key[1]}, as in costs[{other + 1}]"
            yield costs.fault(row, "order", what, "keep one row for each power of P", "case-036")
    seen = set(points.generator.tolist())
    for unit, row in {k: row for row, k in reversed(list(enumerate(costs.generator.tolist())))}.items():
        if unit in seen and unit in known:
            what = f"is {known[unit]!r}, which has points in cost_points too: a polynomial and a piecewise-linear cost"
            yield costs.fault(row, "generator", what, "keep one of the two", "case-035")


def impedance_faults(table: Lines | Transformers) -> list[tuple[int, str, str]]:
    """(row, column, what) where a series impedance is negative without saying why, or missing altogether."""
    unit, r, x = ("ohm", table.r_ohm, table.x_ohm) if isinstance(table, Lines) else ("pu", table.r_pu, table.x_pu)
    bad = [(int(k), f"r_{unit}", f"is negative ({r[k]:g} {unit})") for k in np.flatnonzero((r < 0) & ~table.equivalent)]
    bad += [(int(k), f"x_{unit}", f"is negative ({x[k]:g} {unit})") for k in np.flatnonzero((x < 0) & ~table.equivalent)]
    return bad + [(int(k), f"x_{unit}", f"and r_{unit} are both 0") for k in np.flatnonzero((r == 0) & (x == 0))]
