"""Rows and unknowns of market programs under the names people gave to buses, lines and units; for sentences that say why there is no answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.grid.network import Network
from gridtandem.opf.feeder import FeederProblem
from gridtandem.orders.products import PRODUCTS
from gridtandem.parties.wholesale import Wholesale
from gridtandem.program.answer import Status
from gridtandem.program.arrays import Program
from gridtandem.program.solve import hold, solve
from gridtandem.program.why import Conflict, Hold, Miss, why
from gridtandem.resources.reactive import free_units
from gridtandem.resources.steps import UNIT, PricedSteps

UNITS = {"balance": "MW", "limit": "pu² or MVA", "flow": "MW", "requirement": "MW", "store": "MWh"}  # of rows, for people
STORES = {"charge": "charging", "discharge": "discharging", "energy": "energy", "store": "energy from hour to hour"}  # blocks of storage, for people
PLACE = re.compile(rf"(?:feeder(\d+)\.|(tso)\.)?\b(balance|limit|flow|order|x|q|requirement|{'|'.join(STORES)})\[(\d+)(?:,(\d+))?\]")
LIMIT = re.compile(r"((?:voltage at|flow on) [^;,]* is [^ ]+) pu² or MVA (above|below) [^ ;,]+")  # sides of these rows are of no use to people


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Known:
    """Whose names the rows and unknowns of a program may carry."""

    wholesale: Wholesale | None = None
    feeders: tuple[FeederProblem, ...] = ()


def unserved(problem: FeederProblem, period: int) -> str:
    """Why no exchange serves a feeder in a period, counted from 1; ``problem`` may be of that period alone."""
    when = "over all periods" if problem.window.periods > 1 else f"in period {period}"
    told = f"no exchange serves feeder {problem.network.name!r} {when}"
    return f"{told}: {reason(problem.program, Known(feeders=(problem,)), 0)}"


def unoffered(problem: FeederProblem, period: int) -> str:
    """Why a feeder makes no offer for a period."""
    if problem.owned.coupled:
        if solve(problem.program).status is Status.INFEASIBLE:
            return unserved(problem, period)
        return f"hours of feeder {problem.network.name!r} hang together, so no offer hour by hour can tell what it costs"
    if problem.physics is not None:
        found = hold(problem.program).solve(cost={"z": np.full(problem.window.periods, problem.physics.least_price * problem.window.hours)})
        if found.status is Status.SOLVED:
            told = f"the model with losses of feeder {problem.network.name!r} is a load flow at no price in period {period}"
            return f"{told} (slack {float(problem.physics.slack(found).max()):.2g}), so that it cannot be offered; take the form lindist"
    return unserved(problem, period)


def unvectored(problem: FeederProblem, period: int, planes: int) -> str:
    """Why a feeder makes no offer of energy and regulation together for a period."""
    name, instead = repr(problem.network.name), "take dso-reserve-offer, which sends an energy curve and two reserve prices"
    if problem.owned.coupled and problem.window.periods > 1:
        return (
            f"hours of feeder {name} hang together, so no offer hour by hour can tell what it costs; clear one hour, or leave out what couples them"
        )
    if problem.program.quadratic:
        return f"feeder {name} has costs with slopes, and an offer of planes needs costs in steps; give them as cost points"
    if solve(problem.program).status is Status.INFEASIBLE:
        return unserved(problem, period)
    return (
        f"the cost of feeder {name} by energy and regulation in period {period} takes more than {planes} planes (the option planes); {instead}, "
        f"or let fewer than its {len(problem.network.regulation)} devices regulate"
    )


def reason(program: Program, known: Known, here: int | None) -> str:
    """Why the program has no answer; ``here`` is the interface whose feeder it is, None for transmission or everything together."""

    def spoken(name: str) -> str:
        return PLACE.sub(lambda found: _named(found, known, here), name)

    found = why(program, units=_units(len(known.feeders)))
    rows, misses = {miss.row for miss in found.misses}, dict[str, Miss]()
    for miss in found.misses:  # the largest first; a limit of apparent power has many sides and one name
        misses.setdefault(spoken(miss.row), replace(miss, row=spoken(miss.row)))
    holds = dict.fromkeys(spoken(hold.name) for hold in found.holds if hold.name.split(" ")[0] not in rows)
    named = str(Conflict(tuple(misses.values()), tuple(Hold(name, 0.0) for name in holds), found.total))
    return LIMIT.sub(lambda found: f"{found[1]} {'MVA' if found[1].startswith('flow') else 'pu²'} {found[2]} its limit", named)


def _units(feeders: int) -> Mapping[str, str]:
    return {f"{place}{name}": unit for place in ("", "tso.", *(f"feeder{i}." for i in range(feeders))) for name, unit in UNITS.items()}


def _named(found: re.Match[str], known: Known, here: int | None) -> str:
    feeder, tso, block, first, second = found.groups()
    row = int(feeder) if feeder else (None if tso else here)
    if row is None:
        return _above(known, block, int(first), second)
    problem = known.feeders[row]
    return f"{_inside(problem, block, second)} of feeder {problem.network.name!r} in period {int(first) + 1 + problem.window.first}"


def _inside(problem: FeederProblem, block: str, second: str | None) -> str:
    if block == "limit" and second:
        return problem.label(int(second))
    if block == "x" and second:
        return _step(problem.owned.steps, problem.network, int(second))
    if block == "q" and second:
        return f"reactive power of {problem.network.generators.label(int(free_units(problem.network)[int(second)]))!r}"
    if block in STORES and second:
        return f"{STORES[block]} of {_stores(problem.network)[int(second)]!r}"
    return "balance"


def _stores(net: Network) -> list[str]:
    """Storage in service, by name."""
    s = net.storages
    return [s.label(k) for k in np.flatnonzero(s.live & net.buses.live[s.bus]).tolist()]


def _above(known: Known, block: str, first: int, second: str | None) -> str:
    w = known.wholesale
    assert w is not None
    if block == "requirement":
        return f"regulation {PRODUCTS[int(second or 0)].replace('_', ' ')} required in period {first + 1 + w.window.first}"
    if block == "order":
        t, step = divmod(first, w.owned.steps.low.shape[1])
        return f"{_step(w.owned.steps, w.network, step)} in period {t + 1 + w.window.first}"
    if block in STORES and second:
        return f"{STORES[block]} of {_stores(w.network)[int(second)]!r} in period {first + 1 + w.window.first}"
    what = (
        "balance" if second is None else f"balance at {w.nodal.label[int(second)]}" if block == "balance" else f"flow on {w.form.label(int(second))}"
    )
    return f"{what} in period {first + 1 + w.window.first}"


def _step(steps: PricedSteps, net: Network, step: int) -> str:
    """A step by the name of its unit."""
    table = net.generators if steps.source[step] == UNIT else net.flexible
    return f"a step of {table.label(int(steps.row[step]))}"
