"""Energy, primary and fast reserve of a day at least cost, for one owner of all models, in a line of Python; a run is `ReserveStudy`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.named import case as named
from gridtandem.frequency.schedule import JointPlan
from gridtandem.frequency.security import Inertia, Security
from gridtandem.opf.fast_reserve import Model
from gridtandem.program.answer import Status
from gridtandem.schemes.joint_reserve import JointReserve as Cooperative
from gridtandem.study.reserve.certificate import ReserveCertificates
from gridtandem.study.reserve.results import ReserveAwards, ReserveHours, ReserveStations
from gridtandem.study.reserve.study import DAY, ReserveStudy, inertia_of, seated
from gridtandem.study.reserve.tables import told
from gridtandem.tables import Real

if TYPE_CHECKING:
    import pandas

TINY = 1e-9  # MW; where no reserve is needed none is saved


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class JointReserve:
    """A day's plan. ``trouble`` says why there is none, or what is wrong with it."""

    case: Case
    feeders: Model
    cost: float  # [currency]
    bound: float  # no plan costs less [currency]
    hours: ReserveHours
    awards: ReserveAwards
    stations: ReserveStations
    trouble: tuple[str, ...]
    plan: JointPlan
    study: ReserveStudy

    def __repr__(self) -> str:
        money, h = self.case.currency, self.hours
        if not len(h):
            return f"Joint reserve of {self.case.name}: no plan; {'; '.join(self.trouble)}"
        saved = 100 * (1 - (h.primary_mw + h.fast_mw).sum() / max(h.without_mw.sum(), TINY))
        lines = [
            f"Joint reserve of {self.case.name}, {len(h)} h, feeders {self.feeders}",
            f"  cost      {self.cost:,.2f} {money}, at most {max(self.cost - self.bound, 0.0):,.2f} more than the least of this model",
            f"  primary   {_range(h.primary_mw)} MW; without fast reserve {_range(h.without_mw)} MW",
            f"  fast      {_range(h.fast_mw)} MW; both together {saved:.1f} % less than primary reserve alone",
            f"  lowest    {_range(h.lowest_hz, 3)} Hz if reserve comes as promised",
            f"  prices    energy {_range(h.energy_per_mwh)} at loads of transmission, primary {_range(h.primary_per_mw)}, "
            f"fast {_range(h.fast_per_mw)} {money}",
        ]
        return "\n".join([*lines, *(f"  beware    {word}" for word in self.trouble)])


def joint_reserve(
    given: Case | str | Path, *, inertia: Inertia | pandas.DataFrame | str | Path | None = None, hours: int = DAY, first_hour: int = 1,
    feeders: Model = "full", security: Security | None = None,
) -> JointReserve:  # fmt: skip
    """Least cost of energy, primary and fast reserve over some hours, secure in frequency against each loss of ``inertia``.

    ``inertia`` is a table, a DataFrame or a CSV file with the columns hour, inertia_mws and loss_mw, and perhaps lost; the cases rts24-ffr and
    noh-reduced have one of their own. Offers of regulation up are offers of primary reserve in transmission and of fast reserve in feeders.
    ``feeders`` says how their networks count: full, base-only or none. ``security`` has limits and delivery times; usual: 60 Hz, at most 1 Hz below
    it, 10 s for primary and 1 s for fast reserve.
    """
    case = given if isinstance(given, Case) else named(given)
    study = ReserveStudy(
        case=case, scheme=Cooperative(), first=first_hour, hours=hours, feeders=feeders, inertia=inertia_of(inertia), security=security or Security()
    )  # fmt: skip
    seats = seated(study)
    plan = seats.owner.solve()
    if plan.answer.status is not Status.SOLVED:
        return JointReserve(
            case=case, feeders=feeders, cost=np.nan, bound=np.nan, hours=ReserveHours.empty(), awards=ReserveAwards.empty(),
            stations=ReserveStations.empty(), trouble=(plan.answer.status.value,), plan=plan, study=study,
        )  # fmt: skip
    tables, trouble = told(case, seats.schedule, plan, plan, ReserveCertificates.empty())
    return JointReserve(
        case=case, feeders=feeders, cost=plan.cost, bound=plan.bound, hours=tables.hours, awards=tables.awards, stations=tables.stations,
        trouble=trouble, plan=plan, study=study,
    )  # fmt: skip


def _range(values: Real, digits: int = 2) -> str:
    low, high = f"{values.min():,.{digits}f}", f"{values.max():,.{digits}f}"
    return low if low == high else f"{low} to {high}"
