"""Why a market has no answer, in the names of the data: asked at the owners' doors, and only about the period that fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from gridtandem.coordinate import Outcome
from gridtandem.grid.network import Network
from gridtandem.markets.energy import market
from gridtandem.opf.feeder import FeederProblem
from gridtandem.parties.wholesale import Wholesale
from gridtandem.program.arrays import Program
from gridtandem.program.why import why
from gridtandem.resources.steps import UNIT, PricedSteps
from gridtandem.study.market.study import MarketSeats

Place = tuple[int, ...]
Namer = Callable[[Place], str]
MARK = "of limit"  # stands for the unit of a feeder's limit until its kind is known
UNITS = {"balance": "MW", "limit": MARK, "flow": "MW"}  # of rows, for people
LIMIT = re.compile(rf"(voltage|flow)([^,;]*?) is ([-\d.e]+) {MARK} (below|above) [-\d.e]+")


def explained(seats: MarketSeats, outcome: Outcome[Any]) -> tuple[str, ...]:
    """Which feeder or market cannot be served, and by which limits."""
    said = [told] if (told := getattr(outcome.state, "trouble", "")) else []
    for refusal in outcome.refused:
        _, t, i = refusal.rows[0]
        if refusal.by == "owner":
            said.append(f"{refusal.by}: no clearing: {_pooled(seats)}")
        elif refusal.by == "tso":
            said.append(f"{refusal.by}: no clearing: {uncleared(seats.wholesale)}")
        else:
            said.append(f"{refusal.by}: {unserved(_hour(seats, i, t), seats.wholesale.window.first + t + 1)}")
    return tuple(dict.fromkeys(said))


def unserved(problem: FeederProblem, period: int) -> str:
    """Why no exchange serves a feeder in a period; ``problem`` may be of that period alone."""
    return f"no exchange serves feeder {problem.network.name!r} in period {period}: {_named(problem.program, UNITS, feeder_names(problem))}"


def uncleared(w: Wholesale) -> str:
    """Why transmission does not clear by itself, without any exchange."""
    program = market(w.orders, w.fixed, w.wires(len(w.orders.node), {}, {}, {}), hours=w.window.hours)
    return _named(program, UNITS, transmission_names(w))


def feeder_names(problem: FeederProblem) -> dict[str, Namer]:
    """Names of a feeder's rows and columns by block, for a place in it."""
    periods = problem.window.periods
    return {
        "limit": lambda at: problem.label(at[1]) + _when(problem.window.first, at[0], periods),
        "x": lambda at: step_name(problem.network, problem.owned.steps, at[1]) + _when(problem.window.first, at[0], periods),
        "z": lambda at: "the exchange" + _when(problem.window.first, at[0], periods),
        "balance": lambda at: "the balance" + _when(problem.window.first, at[0], periods),
    }


def transmission_names(w: Wholesale) -> dict[str, Namer]:
    """The same of transmission's clearing."""
    first, periods, steps = w.window.first, w.window.periods, w.owned.steps
    wide = steps.low.shape[1]
    return {
        "balance": lambda at: f"the balance at {w.nodal.label[at[1]]}" + _when(first, at[0], periods),
        "flow": lambda at: "flow on " + branch_name(w, int(w.form.branch[at[1]])) + _when(first, at[0], periods),
        "order": lambda at: step_name(w.network, steps, at[0] % wide) + _when(first, at[0] // wide, periods),
        "theta": lambda at: f"the angle at {w.nodal.label[at[1]]}" + _when(first, at[0], periods),
    }


def step_name(net: Network, steps: PricedSteps, k: int) -> str:
    """Unit or flexible demand behind a step."""
    row = int(steps.row[k])
    return net.generators.label(row) if steps.source[k] == UNIT else net.flexible.label(row)


def branch_name(w: Wholesale, k: int) -> str:
    """A branch of transmission."""
    table = w.network.lines if w.nodal.branches.kind[k] == 0 else w.network.transformers
    return table.label(int(w.nodal.branches.row[k]))


def _pooled(seats: MarketSeats) -> str:
    names = {f"tso.{block}": namer for block, namer in transmission_names(seats.wholesale).items()}
    for i, problem in enumerate(seats.pool.feeders):
        names |= {f"feeder{i}.{block}": _of(namer, problem.network.name) for block, namer in feeder_names(problem).items()}
    units = {f"{part}.{block}": unit for part in ("tso", *(f"feeder{i}" for i in range(len(seats.pool.feeders)))) for block, unit in UNITS.items()}
    return _named(seats.pool.program(), units, names)


def _of(namer: Namer, feeder: str) -> Namer:
    return lambda at: f"{namer(at)} of feeder {feeder}"


def _named(program: Program, units: Mapping[str, str], names: Mapping[str, Namer]) -> str:
    """The conflict with blocks and places in the words of the data, as far as they are known."""
    known = {block: unit for block, unit in units.items() if block in program.rows}

    def said(found: re.Match[str]) -> str:
        namer = names.get(found[1])
        return found[0] if namer is None else namer(tuple(map(int, found[2].split(","))))

    told = re.sub(r"([\w.]+)\[([\d,]+)\]", said, str(why(program, units=known)))
    return LIMIT.sub(lambda m: f"{m[1]}{m[2]} is {m[3]} {'pu²' if m[1] == 'voltage' else 'MVA'} {m[4]} its limit", told)


def _hour(seats: MarketSeats, i: int, t: int) -> FeederProblem:
    """The problem of one period, where periods do not hang together; else of the day."""
    for desk, rows in seats.fleets:
        for k in [k for k, row in enumerate(rows.tolist()) if row == i]:
            hourly = desk.hourly[int(desk.kind[k])]
            return hourly[t] if hourly else desk.whole[int(desk.kind[k])]
    raise LookupError(f"no interface {i}")


def _when(first: int, t: int, periods: int) -> str:
    return "" if periods == 1 else f" in period {first + t + 1}"
