"""Tables of what can follow a price: storage, vehicles, demand that gives way or buys, ramps; and forecasts by period. MW, MWh, currency.

Units that only inject (stations, DGs, PV, wind) are `gridtandem.grid.elements.Generators`; their offers are its cost tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.errors import Fault
from gridtandem.tables import Code, Flag, Index, Names, Real, Table, column

INF = float("inf")
GIVES, TAKES = 0, 1  # what flexible demand does for its price
FOLLOWERS = ("loads", "generators", "flexible", "storages", "vehicles")  # kinds of rows that may follow a profile
REGULATORS = ("generators", "flexible", "storages")  # kinds of rows that may sell regulation


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Storages(Table):
    """Batteries and other stores of energy."""

    kind: ClassVar[str] = "storages"
    name: Names = column("name of the storage", dtype="U", unique=True)
    bus: Index = column("where it is", dtype="i8", refers="buses")
    charge_high_mw: Real = column("most power taken from the bus", unit="MW", at_least=0.0)
    discharge_high_mw: Real = column("most power given to the bus", unit="MW", at_least=0.0)
    energy_high_mwh: Real = column("most energy inside", unit="MWh", above=0.0)
    energy_low_mwh: Real = column("least energy inside", unit="MWh", default=0.0, at_least=0.0)
    energy_start_mwh: Real = column("energy inside before the first period", unit="MWh", default=0.0, at_least=0.0)
    returns: Flag = column("yes: after the last period it holds what it held before the first", dtype="?", default=True)
    efficiency_in: Real = column("share of what is taken that arrives inside", default=1.0, above=0.0, at_most=1.0)
    efficiency_out: Real = column("share of what leaves the inside that is given", default=1.0, above=0.0, at_most=1.0)
    cost_per_mwh: Real = column("wear, on every MWh taken and on every MWh given", unit="currency/MWh", default=0.0, at_least=0.0)
    q_high_mvar: Real = column("most reactive power, either way", unit="Mvar", default=0.0, at_least=0.0)
    live: Flag = column("no: out of service", dtype="?", default=True)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Vehicles(Table):
    """Charging stations that owe an amount of energy by a deadline."""

    kind: ClassVar[str] = "vehicles"
    name: Names = column("name of the station", dtype="U", unique=True)
    bus: Index = column("where it is", dtype="i8", refers="buses")
    charge_high_mw: Real = column("most power taken from the bus", unit="MW", at_least=0.0)
    discharge_high_mw: Real = column("most power given back to the bus", unit="MW", default=0.0, at_least=0.0)
    arrives: Index = column("first period plugged in, counted from 1", dtype="i8", default=1, at_least=1)
    leaves: Index = column("last period plugged in", dtype="i8", default=24, at_least=1)
    energy_need_mwh: Real = column("energy owed inside by the end of that period", unit="MWh", at_least=0.0)
    energy_room_mwh: Real = column("most energy inside above that at arrival", unit="MWh", default=INF, at_least=0.0, finite=False)
    efficiency_in: Real = column("share of what is taken that arrives inside", default=1.0, above=0.0, at_most=1.0)
    efficiency_out: Real = column("share of what leaves the inside that is given", default=1.0, above=0.0, at_most=1.0)
    cost_per_mwh: Real = column("wear, on every MWh given back", unit="currency/MWh", default=0.0, at_least=0.0)
    live: Flag = column("no: out of service", dtype="?", default=True)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Flexible(Table):
    r"""Demand with a price; several rows at a bus are the steps of one curve.

    ``gives``: part of the loads is not served against payment; the marginal cost of the x-th MW is price + slope x.
    ``takes``: demand beyond the loads, served where it pays; its worth is price − slope x.
    """

    kind: ClassVar[str] = "flexible"
    name: Names = column("name of the step", dtype="U", unique=True)
    bus: Index = column("where it is", dtype="i8", refers="buses")
    does: Code = column("gives: demand response; takes: elastic demand", dtype="i8", default=0, choices=("gives", "takes"))
    p_high_mw: Real = column("most power", unit="MW", at_least=0.0)
    price_per_mwh: Real = column("price of the first MW", unit="currency/MWh")
    slope: Real = column("change of the price by power; rising for gives, falling for takes", unit="currency/MWh/MW", default=0.0, at_least=0.0)
    q_share: Real = column("reactive power that goes with it", unit="Mvar/MW", default=0.0)
    live: Flag = column("no: out of service", dtype="?", default=True)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Ramps(Table):
    """How fast a unit may change; units without a row may jump."""

    kind: ClassVar[str] = "ramps"
    generator: Index = column("whose ramp", dtype="i8", refers="generators")
    up_mw_per_h: Real = column("most rise in an hour", unit="MW/h", at_least=0.0)
    down_mw_per_h: Real = column("most fall in an hour", unit="MW/h", at_least=0.0)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Profiles(Table):
    """Forecasts by period: one row for each profile and period, a factor on what follows it."""

    kind: ClassVar[str] = "profiles"
    profile: Names = column("name of the profile", dtype="U")
    period: Index = column("period, counted from 1", dtype="i8", at_least=1)
    factor: Real = column("factor on power", at_least=0.0)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Follows(Table):
    """Who follows which profile. Power of loads and flexible demand, most power of units and storage, are multiplied by it."""

    kind: ClassVar[str] = "follows"
    what: Code = column("kind of rows", dtype="i8", choices=FOLLOWERS)
    row: Names = column("name of the row; empty: all rows of the kind that no other line names", dtype="U", default="")
    profile: Names = column("its profile", dtype="U")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Regulation(Table):
    """Offers of regulation: capacity to follow the operator's signal up (more injection) and down, paid by capacity and by mileage, the way made.

    Capacity has room within the limits of the device, and in a feeder the network must carry its full deployment either way. One MW of
    capacity makes at least one MW of mileage in an hour, and at most what its row says.
    """

    kind: ClassVar[str] = "regulation"
    what: Code = column("kind of device", dtype="i8", choices=REGULATORS)
    row: Names = column("name of the device", dtype="U")
    up_high_mw: Real = column("most capacity up", unit="MW", default=INF, at_least=0.0, finite=False)
    down_high_mw: Real = column("most capacity down", unit="MW", default=INF, at_least=0.0, finite=False)
    ramp_mw_per_min: Real = column("how fast it follows; capacity is what it reaches in 5 min", unit="MW/min", default=INF, above=0.0, finite=False)
    up_per_mw: Real = column("price of capacity up, for an hour", unit="currency/MW", default=0.0, at_least=0.0)
    down_per_mw: Real = column("price of capacity down, for an hour", unit="currency/MW", default=0.0, at_least=0.0)
    mileage_up_per_mw: Real = column("price of mileage up", unit="currency/MW", default=0.0, at_least=0.0)
    mileage_down_per_mw: Real = column("price of mileage down", unit="currency/MW", default=0.0, at_least=0.0)
    mileage_up_most: Real = column("most mileage up in an hour for each MW of capacity up", default=1.0, at_least=1.0)
    mileage_down_most: Real = column("most mileage down in an hour for each MW of capacity down", default=1.0, at_least=1.0)
    sustain_h: Real = column("how long storage must be able to hold its capacity from what is inside", unit="h", default=0.25, at_least=0.0)
    live: Flag = column("no: does not regulate", dtype="?", default=True)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Requirements(Table):
    """What the operator of transmission buys of regulation in each period; periods without a row want none. Mileage is counted in an hour."""

    kind: ClassVar[str] = "requirements"
    period: Index = column("period, counted from 1", dtype="i8", at_least=1)
    up_mw: Real = column("capacity up", unit="MW", default=0.0, at_least=0.0)
    down_mw: Real = column("capacity down", unit="MW", default=0.0, at_least=0.0)
    mileage_up_mw: Real = column("mileage up", unit="MW", default=0.0, at_least=0.0)
    mileage_down_mw: Real = column("mileage down", unit="MW", default=0.0, at_least=0.0)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Tariffs(Table):
    """What final customers of a feeder pay its company for energy. Without a row they pay the price of their bus.

    Demand that gives way does not pay, which a company that looks at its own cost minds.
    """

    kind: ClassVar[str] = "tariffs"
    period: Index = column("period, counted from 1; 0: every period without a row of its own", dtype="i8", default=0, at_least=0)
    price_per_mwh: Real = column("what they pay", unit="currency/MWh", at_least=0.0)

    def over(self, periods: int) -> Real:
        """Price of every period, counted from 1; NaN where no row says. [currency/MWh]"""
        flat = self.price_per_mwh[self.period == 0]
        out = np.full(periods, flat[0] if len(flat) else np.nan)
        mine = (self.period > 0) & (self.period <= periods)
        out[self.period[mine] - 1] = self.price_per_mwh[mine]
        return out


def tariff_faults(tariffs: Tariffs, periods: int) -> Iterator[Fault]:
    """Periods with two prices, periods without one, and rows that the profiles do not reach."""
    _, first = np.unique(tariffs.period, return_index=True)
    for k in sorted(set(range(len(tariffs))) - set(first.tolist())):
        yield tariffs.fault(k, "period", f"{int(tariffs.period[k])} stands in two rows", "say once what a period costs", "case-062")
    for k in np.flatnonzero(tariffs.period > periods).tolist() if periods else ():
        yield tariffs.fault(k, "period", f"is {tariffs.period[k]}, and profiles reach to {periods}", "drop the row, or give profiles", "case-089")
    yield from unpriced(tariffs, max(periods, int(tariffs.period.max(initial=0))))


def unpriced(tariffs: Tariffs, periods: int) -> Iterator[Fault]:
    """Periods without a price, where some have one."""
    there = set(tariffs.period.tolist())
    missing = sorted(set(range(1, periods + 1)) - there) if there and 0 not in there else []
    if missing:
        told = ", ".join(map(str, missing[:8]))
        yield tariffs.fault(0, "period", f"has no row for period {told}", "give every period a row, or one row of period 0 for the rest", "case-063")


def regulation_faults(offers: Regulation, names: dict[str, Names]) -> Iterator[Fault]:
    """Offers of devices that do not exist, or that offer twice."""
    seen: dict[tuple[int, str], int] = {}
    for k in range(len(offers)):
        code, row = int(offers.what[k]), str(offers.row[k])
        if not 0 <= code < len(REGULATORS):
            continue  # told by the column
        if row not in names[REGULATORS[code]]:
            yield offers.fault(k, "row", f"names {row!r}", f"name one of the {REGULATORS[code]}", "case-068")
        if (first := seen.setdefault((code, row), k)) != k:
            yield offers.fault(k, "row", f"offers for {row!r}, as row {first + 1} does", "give a device one offer of regulation", "case-069")


def requirement_faults(wanted: Requirements, periods: int) -> Iterator[Fault]:
    """Periods that are asked for twice, that are left out, or that the profiles do not reach."""
    if missing := sorted(set(range(1, int(wanted.period.max(initial=0)) + 1)) - set(wanted.period.tolist())):
        told = ", ".join(map(str, missing[:8]))
        yield wanted.fault(0, "period", f"has no row for period {told}", "give every period a row, of 0 where nothing is needed", "case-087")
    for k in np.flatnonzero(wanted.period > periods).tolist() if periods else ():
        yield wanted.fault(k, "period", f"is {wanted.period[k]}, and profiles reach to {periods}", "drop the row, or give profiles", "case-088")
    _, first = np.unique(wanted.period, return_index=True)
    for k in sorted(set(range(len(wanted))) - set(first.tolist())):
        yield wanted.fault(k, "period", f"{int(wanted.period[k])} stands in two rows", "say once what a period needs", "case-085")


def profile_faults(profiles: Profiles, follows: Follows, names: dict[str, Names]) -> Iterator[Fault]:
    """Profiles that nobody wrote, rows that do not exist, periods written twice or left out."""
    known = sorted(set(profiles.profile.tolist()))
    for k in range(len(follows)):
        if str(follows.profile[k]) not in known:
            yield follows.fault(k, "profile", f"names {str(follows.profile[k])!r}", f"profiles are: {', '.join(known) or 'none'}", "case-064")
        row, what = str(follows.row[k]), FOLLOWERS[follows.what[k]]
        if row and row not in names[what]:
            yield follows.fault(k, "row", f"names {row!r}", f"name one of the {what}, or leave it empty for all", "case-065")
    for name in known:
        mine = np.flatnonzero(profiles.profile == name)
        period = profiles.period[mine]
        if missing := sorted(set(range(1, int(period.max()) + 1)) - set(period.tolist())):
            told = ", ".join(map(str, missing[:8]))
            yield profiles.fault(int(mine[0]), "period", f"{str(name)!r} has no row for period {told}", "give every period a factor", "case-066")
        if len(np.unique(period)) < len(period):
            yield profiles.fault(int(mine[0]), "period", f"{str(name)!r} has a period twice", "give every period one factor", "case-067")


def factors(profiles: Profiles, follows: Follows, what: str, names: Names, periods: int) -> Real:
    """Factors (period, row); the line that names a row counts before the line for all."""
    out = np.ones((periods, len(names)))
    mine = np.flatnonzero(follows.what == FOLLOWERS.index(what))
    for k in sorted(mine.tolist(), key=lambda k: bool(follows.row[k])):
        rows = profiles.profile == follows.profile[k]
        by_period = np.full(periods, np.nan)
        inside = profiles.period[rows] <= periods
        by_period[profiles.period[rows][inside] - 1] = profiles.factor[rows][inside]
        out[:, (names == follows.row[k]) | (follows.row[k] == "")] = by_period[:, None]
    return out
