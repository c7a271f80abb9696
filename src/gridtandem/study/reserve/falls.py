"""Tables of a replay: how deep frequency falls after each loss, and frequency in time. Hours count from 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from gridtandem.tables import Index, Names, Real, Table, column


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Falls(Table):
    """One row for each loss: what stands against it, and how deep frequency falls.

    Infinite where reserve never equals the loss; NaN: not asked, or not yet reached.
    """

    kind: ClassVar[str] = "falls"
    hour: Index = column("hour, counted from 1", dtype="i8")
    lost: Names = column("unit that goes out", dtype="U")
    loss_mw: Real = column("power that is lost", unit="MW")
    inertia_mws: Real = column("energy of the masses that keep turning", unit="MW·s")
    primary_mw: Real = column("primary reserve of those that stay", unit="MW")
    fast_mw: Real = column("fast reserve that was sold and is felt", unit="MW")
    rocof_hz_per_s: Real = column("rate of change at the first moment", unit="Hz/s")
    open_hz: Real = column("lowest frequency if reserve comes as promised", unit="Hz")
    open_s: Real = column("when", unit="s")
    closed_hz: Real = column("lowest frequency with governors that act on what they see", unit="Hz")
    closed_s: Real = column("when", unit="s")
    end_hz: Real = column("frequency when the replay with governors ends", unit="Hz")
    rest_hz: Real = column("where frequency comes to rest with governors", unit="Hz")
    margin_hz: Real = column("lowest frequency less its limit, with governors where these were asked for; NaN: still falling at the end", unit="Hz")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Trajectory(Table):
    """Frequency and reserve in time, every loss of an hour after the other. NaN: after the lowest point as promised, of which no more is said."""

    kind: ClassVar[str] = "trajectory"
    hour: Index = column("hour, counted from 1", dtype="i8")
    lost: Names = column("unit that goes out", dtype="U")
    time_s: Real = column("since the loss", unit="s")
    open_hz: Real = column("frequency if reserve comes as promised", unit="Hz")
    frequency_hz: Real = column("frequency as it was asked for: with governors, or as promised", unit="Hz")
    primary_mw: Real = column("primary reserve that is there then", unit="MW")
    fast_mw: Real = column("fast reserve that is there then", unit="MW")
