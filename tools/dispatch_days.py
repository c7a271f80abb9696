"""A day of AC dispatch hour by hour: each hour begun by itself, and each from where the hour before it agreed.

``python -m tools.dispatch_days`` prints the table of docs/explanation/coordinated-dispatch.md. Loads of all networks follow the winter weekday of
the IEEE Reliability Test System (Reliability Test System Task Force, IEEE Trans. Power App. Syst. PAS-98(6), 1979, table 3: per cent of the day's
peak), except in the market system, which has a day of its own; its demand that buys is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import process_time
from typing import Any

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.named import case
from gridtandem.coordinate import Outcome, coordinate
from gridtandem.grid import devices as dv
from gridtandem.grid.network import Network
from gridtandem.schemes.copf import Copf
from gridtandem.study.dispatch.day import hour, hour_by_hour, rounds_by_period, schedule_of
from gridtandem.study.dispatch.plans import plans_of
from gridtandem.study.dispatch.study import DayState, DispatchSeats, DispatchStudy, seated
from gridtandem.tables import Real
from tools.dispatch_counts import CASES

HOURS = 24
WEEKDAY = np.array([67, 63, 60, 59, 59, 60, 74, 86, 95, 96, 96, 95, 95, 95, 93, 94, 99, 100, 100, 96, 91, 83, 73, 63]) / 100


def with_day(what: Case, factor: Sequence[float] = tuple(WEEKDAY)) -> Case:
    """Loads of all networks follow the factors."""
    many = len(factor)
    profiles = dv.Profiles.of({"profile": ["day"] * many, "period": np.arange(1, many + 1), "factor": factor})
    follows = dv.Follows.of({"what": [dv.FOLLOWERS.index("loads")], "profile": ["day"]})

    def on(net: Network) -> Network:
        return replace(net, profiles=profiles, follows=follows)

    return replace(what, transmission=on(what.transmission), models=tuple(map(on, what.models)))


def market_day() -> Case:
    """Transmission costs in steps, feeders of units with flat costs, voltages at their limits."""
    what, buys = case("ieee14-3x17"), dv.FOLLOWERS.index("flexible")
    models = tuple(replace(m, flexible=dv.Flexible.empty(), follows=m.follows.take(m.follows.what != buys)) for m in what.models)
    return replace(what, models=models)


DAYS: dict[str, Callable[[], Case]] = {
    "14A": lambda: with_day(case("14A")), "feeder ends, quadratic": lambda: with_day(CASES["feeder ends, quadratic"].case()),
    "next to root, 0.03": lambda: with_day(CASES["next to root, 0.03"].case()), "overvoltage": lambda: with_day(CASES["overvoltage"].case()),
    "118 buses, flat": lambda: with_day(CASES["118 buses, flat"].case()), "118 buses, cheap": lambda: with_day(CASES["118 buses, cheap"].case()),
    "market system": market_day,
}  # fmt: skip


def one_by_one(seats: DispatchSeats, study: DispatchStudy) -> Outcome[Any]:
    """Every hour begun by itself; as one outcome."""
    found = [coordinate(hour(seats, t).mailbox(study.scheme), study.scheme, rounds=study.rounds) for t in range(study.hours)]
    each = DayState(tuple(f.state for f in found), tuple(f.rounds for f in found))
    return replace(found[-1], state=each, ledger=tuple(e for f in found for e in f.ledger))


def hot(seats: DispatchSeats, study: DispatchStudy) -> Outcome[Any]:
    """Every hour from where the one before it agreed."""
    return hour_by_hour(seats, study, None, lambda _: None)


def promised(seats: DispatchSeats, study: DispatchStudy, outcome: Outcome[Any]) -> Real:
    """What the plans of each hour cost."""
    plans = [plans_of(seats, schedule_of(study, outcome.state), t) for t in range(study.hours)]
    return np.array([np.nan if p is None else p.promised for p in plans])


def row(name: str) -> str:
    """Rounds, letters and CPU time both ways, and how far costs are apart."""
    study = DispatchStudy(case=DAYS[name](), scheme=Copf(), hours=HOURS)
    seats, told, costs = seated(study), [], []
    for carried in (one_by_one, hot):
        begin = process_time()
        found = carried(seats, study)
        spent, each = process_time() - begin, rounds_by_period(found.state)
        told.append(f"{sum(each)} ({min(each)}-{max(each)}) | {len(found.ledger)} | {1e3 * spent / HOURS:.0f}")
        costs.append(promised(seats, study, found))
    return f"| {name} | {' | '.join(told)} | {np.max(np.abs(costs[1] / costs[0] - 1)):.0e} |"


def main() -> None:
    """Print the table."""
    print("| day | rounds, each by itself | letters | CPU ms an hour | rounds, from the hour before | letters | CPU ms an hour | costs apart |")
    print("|---|---|---|---|---|---|---|---|")
    for name in DAYS:
        print(row(name), flush=True)


if __name__ == "__main__":
    main()
