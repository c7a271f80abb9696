"""The last resort for a day whose feeders' cones stay loose: feeders do what load flow says, and transmission clears again around them.

In hours and feeders with loose cones the plan of devices stays, exchange is that of load flow, and awards are cut to what is felt within limits
(`gridtandem.opf.fast_repair`). With both fixed, transmission's energy and primary reserve are at least cost again, secure in frequency. Prices are
those of that clearing: feeders would not choose the same at them. The bound is that of the relaxation, so the distance to it tells what is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from gridtandem.opf.fast_repair import repaired
from gridtandem.opf.leader import of_group
from gridtandem.program.answer import Status
from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.tables import Real

if TYPE_CHECKING:
    from gridtandem.frequency.schedule import JointPlan, JointSchedule
    from gridtandem.opf.fast_reserve import FastFeeder


def mended(schedule: JointSchedule, plan: JointPlan, loose: float, tolerance: float) -> JointPlan:
    """The plan with load flows where cones are looser than that; as it was where there is none, or where transmission cannot do without."""
    where = np.nan_to_num(plan.slack).max(1) > loose
    feeders, cost = dict[str, Real](), 0.0
    for k, hung in enumerate(schedule.feeders):
        own = replace(plan.answer, x=of_group(plan.answer.x, k))
        found = repaired(hung.feeder, own, where[k]) if where[k].any() else own
        if found is None:
            return plan
        feeders |= {f"feeder{k}.{name}": x for name, x in found.x.items()}
        cost += hung.count * _cost(hung.feeder, found.x)
    count = np.array([float(h.count) for h in schedule.feeders])
    given, award = (count * np.column_stack([feeders[f"feeder{k}.{name}"] for k in range(len(count))]) for name in ("z", "award"))
    answer = Clarabel(tolerance=tolerance).solve(_transmission(schedule, given, award.sum(-1)))
    if answer.status is not Status.SOLVED:
        return plan
    whole = replace(answer, x={**answer.x, **feeders}, cost=answer.cost + cost)
    cut = np.where(where.T, plan.award - award, np.nan)
    return replace(schedule.told(whole, plan.penalty, plan.bound), cut=cut)


def _transmission(schedule: JointSchedule, given: Real, fast: Real) -> Program:
    """Transmission around feeders that take and keep what they do; rows are called as in `JointSchedule.program`."""
    t, rows, cones = len(fast), *schedule.secure()
    one = sparse.eye_array(given.size)
    links = {
        "tie": Rows.of(given.shape, given, given, {"tso.given": one}),
        "sold": Rows.of((t,), -fast, np.inf, {"award": -sparse.eye_array(t)}), **rows,
    }  # fmt: skip
    made = Program.beside({"tso": schedule.transmission.program}, links)
    return replace(made, columns={**made.columns, "award": Columns.of((t,), 0.0)}, cones={**made.cones, **cones})


def _cost(fast: FastFeeder, x: Mapping[str, Real]) -> float:
    """What one feeder's program makes of it, penalties and all. [currency]"""
    each = (float((c.cost * x[name] + 0.5 * c.quadratic * x[name] ** 2).sum()) for name, c in fast.program.columns.items())
    return fast.program.constant + sum(each)
