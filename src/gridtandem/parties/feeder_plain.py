"""A distribution company's desk for markets that do not coordinate: its plain forecast, and its resources' offers as if it had no network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from gridtandem.boundary.cmo_letters import Forecast, Stack
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.market_letters import Curves, Draw, Reach, Tier
from gridtandem.opf.feeder import FeederProblem, free_power
from gridtandem.opf.offers import Asked
from gridtandem.parties.feeder_value import FeederValues
from gridtandem.program.arrays import Program
from gridtandem.resources.steps import UNIT
from gridtandem.tables import Code, Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class FeederPlain:
    """Beside the desk for questions about cost."""

    values: FeederValues

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        """Letters this desk answers."""
        return {Forecast: self.forecast, Stack: self.stack}

    def forecast(self, ask: Forecast) -> Draw:  # noqa: ARG002 — the letter has no content
        """All demand served, all free power used, as far as the feeder's limits allow; nothing else runs."""
        reach, z = self.values.reach(Reach()), np.full(self.values.shape, np.nan)
        for f, problem in enumerate(self.values.whole):
            z[0][:, self.values.kind == f] = _plain(problem)[:, None]
        z = np.clip(z, reach.low, reach.high)
        return Draw(z, np.full(z.shape, np.nan), reach.worth)

    def stack(self, ask: Stack) -> Curves:  # noqa: ARG002 — the letter has no content
        """Exact cost by exchange of each period without the network's limits; storage and ramps are left to the day itself, so tiers say ESTIMATE."""
        start, worth = np.full(self.values.shape, np.nan), np.full(self.values.shape, Worth.ESTIMATE, np.int8)
        steps: list[tuple[int, int, Real, Real, Real]] = []
        for f, hours in enumerate(self.values.hourly):
            for t, problem in enumerate(hours):
                rows = np.flatnonzero(self.values.kind == f)
                found = Asked.of(unlimited(problem)).curve()
                if found is None:
                    worth[0, t, rows] = Worth.REFUSED
                    continue
                start[0, t, rows] = -found.offer.x[0]
                steps += [(t, int(i), np.diff(found.offer.x), found.offer.first, found.offer.bend) for i in rows]
            worth[:, :, self.values.kind == f] = worth[:, :, self.values.kind == f] if hours else Worth.REFUSED
        return curves_of(start, worth, steps)


def unlimited(problem: FeederProblem) -> FeederProblem:
    """The feeder as if its network carried anything."""
    program = problem.program
    return replace(problem, program=Program(program.columns, {k: r for k, r in program.rows.items() if k != "limit"}, constant=program.constant))


def curves_of(start: Real, worth: Code, steps: list[tuple[int, int, Real, Real, Real]]) -> Curves:
    """Offers from (period, interface, widths, first prices, rises) of each."""
    count = [len(step[2]) for step in steps]
    period, interface = (np.repeat(np.array([s[k] for s in steps], np.int64), count) for k in (0, 1))
    mw, price, rise = (np.concatenate([np.empty(0), *(s[k] for s in steps)]) for k in (2, 3, 4))
    none = np.zeros(len(mw), np.int64)
    return Curves(start, np.full(start.shape, Tier.HOURLY, np.int8), worth, none, period, interface, mw, price, rise, np.zeros(start.shape))


def _plain(problem: FeederProblem) -> Real:
    """Demand, also that which buys, less free power (period). [MW]"""
    steps = problem.owned.steps
    buying = steps.high[:, (steps.sign < 0) & (steps.source != UNIT)].sum(-1)
    return np.asarray(buying + problem.owned.p_load.sum(-1) - free_power(problem.owned))
