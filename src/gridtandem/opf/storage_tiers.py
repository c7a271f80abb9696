r"""A feeder whose hours hang together, hour by hour: storage, vehicles and ramped units keep to a schedule made at forecast prices.

With the schedule s of the day's answer to the forecast, the curve of an hour is

.. math:: V_t(x; s_t) = \min \{ c_t(u) : u \text{ carries export } x \text{ in hour } t,\ \text{what couples hours as in } s \}

The sum of such slices lies above the cost of the day, whatever is awarded in each hour can be delivered together, and the day costs at most what
the slices say; at the true prices' own schedule they support the optimum. What a wrong forecast costs is the regret of the award.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.forms.branch_flow import BranchFlow
from gridtandem.program.answer import Status
from gridtandem.program.arrays import Columns, Matrix, Program, Rows
from gridtandem.program.solve import hold
from gridtandem.resources.part import Window
from gridtandem.resources.steps import UNIT
from gridtandem.tables import Real

COUPLED_ROWS = ("store", "owed", "ramp")  # that carry one hour into the next
CARRIED = ("energy", "battery")  # unknowns of those rows alone
KEPT = ("charge", "discharge", "plug", "back")  # unknowns that a schedule fixes


def scheduled(whole: FeederProblem, price: Real) -> tuple[FeederProblem, ...] | None:
    """The hours of a day under the schedule that answers prices (period); None where the feeder cannot be served at all."""
    form = whole.physics if isinstance(whole.physics, BranchFlow) else None
    least = -np.inf if form is None else form.least_price
    answer = hold(whole.program).solve(cost={"z": np.maximum(price, least) * whole.window.hours})
    if answer.status is not Status.SOLVED:
        return None
    if form is None:
        return tuple(_hour(whole, answer.x, t) for t in range(whole.window.periods))
    return tuple(BranchFlow.of(_hour(form.feeder, answer.x, t), root_pu=form.root_pu).problem for t in range(whole.window.periods))


def _hour(whole: FeederProblem, schedule: Mapping[str, Real], t: int) -> FeederProblem:
    """One hour of the day's own program, without what couples it to others."""
    program, have, periods = whole.program, whole.owned, whole.window.periods
    columns = {k: _at(c, t, schedule[k] if k in KEPT else None) for k, c in program.columns.items() if k not in CARRIED}
    if (ramped := np.isin(have.steps.row, whole.network.ramps.generator) & (have.steps.source == UNIT)).any() and "ramp" in program.rows:
        x, plan = columns["x"], schedule["x"][t : t + 1]
        columns["x"] = replace(x, low=np.where(ramped, plan, x.low), high=np.where(ramped, plan, x.high))
    rows = {k: Rows(r.low[t : t + 1], r.high[t : t + 1], _maps(r.parts, t, periods)) for k, r in program.rows.items() if k not in COUPLED_ROWS}
    part = replace(have.part, columns={k: c for k, c in columns.items() if k != "z"}, rows={}, p=_maps(have.part.p, t, periods),
                   q=_maps(have.part.q, t, periods))  # fmt: skip
    steps = replace(have.steps, low=have.steps.low[t : t + 1], high=have.steps.high[t : t + 1])
    owned = replace(have, part=part, steps=steps, p_load=have.p_load[t : t + 1], q_load=have.q_load[t : t + 1])
    window = Window(first=whole.window.first + t, periods=1, hours=whole.window.hours)
    return replace(whole, window=window, owned=owned, p_there=whole.p_there[t : t + 1], q_there=whole.q_there[t : t + 1],
                   program=Program(columns, rows, constant=program.constant / periods))  # fmt: skip


def _at(c: Columns, t: int, plan: Real | None) -> Columns:
    """A block of one hour, where it was planned if it was."""
    low, high, cost, quadratic = (x[t : t + 1] for x in (c.low, c.high, c.cost, c.quadratic))
    if plan is not None:
        low = high = np.clip(plan[t : t + 1], low, high)
    return replace(c, low=low, high=high, cost=cost, quadratic=quadratic)


def _maps(parts: Mapping[str, Matrix], t: int, periods: int) -> dict[str, Matrix]:
    """The hour's own block of matrices that lie by hour on both sides."""
    out = {}
    for name, m in parts.items():
        if name not in CARRIED:
            tall, wide = m.shape[0] // periods, m.shape[1] // periods
            out[name] = m[t * tall : (t + 1) * tall, t * wide : (t + 1) * wide]
    return out
