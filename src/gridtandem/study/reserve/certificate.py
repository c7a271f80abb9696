"""Prices that leading companies were told, held against a market that is solved again without the search that found them, as only an owner can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

from gridtandem.boundary.secure_letters import ResidualSecure
from gridtandem.boundary.taken_home import Keeping
from gridtandem.program.certify import against
from gridtandem.study.reserve.study import ReserveSeats
from gridtandem.tables import Flag, Index, Real, Table, column


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ReserveCertificates(Table):
    """What remains of the conditions of a leading answer where the market of an hour is solved again; see `gridtandem.program.certify`."""

    kind: ClassVar[str] = "reserve_certificates"
    hour: Index = column("hour, counted from 1", dtype="i8")
    slope: Real = column("by how much the two prices are no slope of the market's cost there", unit="currency")
    identity: Real = column("what the payment identity misses", unit="currency")
    penalty_mw: Real = column("what the market lacks, spills or forces through lines: where above 0, scarcity made the prices", unit="MW")
    holds: Flag = column("is every condition met?", dtype="?")


def certificates(seats: ReserveSeats, scheme: Any, keeping: Keeping) -> ReserveCertificates:
    """A row for each hour; none under schemes in which nobody is told pieces of the market."""
    if ResidualSecure not in scheme.asks_tso:
        return ReserveCertificates.empty()
    desk, window = seats.market, seats.schedule.transmission.window
    theta = desk.totals(keeping.z[0], keeping.award[0])
    price = desk.prices(keeping.price[0], keeping.fast_price[0]) * window.hours
    found = [against(f, at, told) for f, at, told in zip(desk.market.followers(), theta, price, strict=True)]
    return ReserveCertificates.of({
        "hour": range(window.first + 1, window.end + 1), "slope": [c.slope for c in found], "identity": [c.identity for c in found],
        "penalty_mw": [c.penalty for c in found], "holds": [c.holds() for c in found],
    })  # fmt: skip
