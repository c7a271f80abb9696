r"""What everybody does for an exchange and awards that a scheme has agreed on, and the prices of it.

Every feeder takes its least cost for them, transmission clears energy and primary reserve for them under what is asked of frequency. At a step of
offers several prices are right, and the scheme has one of them. So nodal prices are those of transmission's answer to the agreed prices λ, π^F,

.. math:: \min_{x, z, F}\; c_T(x) - \lambda^\top z + \pi^F F,

where what was agreed is such an answer (its regret, the cost of what it does less that minimum, is nothing); else those of the dispatch itself.

Companies that were told chords of the nadir's cone stop at the end of one, where either slope is right to them; the price of the exact requirement
there, the multiplier of fast reserve in the dispatch, lies between both. The plan keeps it beside the one that was agreed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridtandem.boundary.taken_home import Keeping
from gridtandem.frequency.schedule import OFF, JointPlan, JointSchedule
from gridtandem.program.answer import Status
from gridtandem.study.reserve.tables import FELT
from gridtandem.tables import Real

REGRET = 1e-5  # relative to the cost; less is what solvers leave of agreed prices


def planned(schedule: JointSchedule, keeping: Keeping) -> tuple[JointPlan, tuple[str, ...]]:
    """The plan for what was agreed; and a sentence where prices do not fit to it."""
    price, fast_price = keeping.price[0], _one(keeping.fast_price[0])
    plan = replace(schedule, agreed=(keeping.z[0], keeping.award[0])).solve()
    if plan.answer.status is not Status.SOLVED:
        return plan, (f"nobody can carry out what was agreed: {plan.answer.status.value}",)
    less = float(max(np.abs(plan.answer.x[way]).max(initial=0.0) for way in OFF))
    unkept = float((keeping.award[0] - plan.award).max(initial=0.0))
    said = (f"feeders cannot carry out what was agreed: exchange is off by up to {less:,.3f} MW, fast reserve by {unkept:,.3f} MW",) * (
        max(less, unkept) > FELT
    )
    free = schedule.priced(price, fast_price)
    if free.status is not Status.SOLVED:
        return plan, (*said, "transmission has no best answer to the agreed prices: those told are of the dispatch")
    hours = schedule.transmission.window.hours
    own = _cost(schedule, plan) + float((fast_price * keeping.award[0].sum(-1)).sum() - (price * keeping.z[0]).sum()) * hours
    if (regret := own - free.cost) > REGRET * max(1.0, abs(plan.cost)):
        return plan, (*said, f"at the agreed prices transmission would rather do otherwise, by {regret:,.2f}: prices told are of the dispatch")
    prices = {name: free.price.get(name, old) for name, old in plan.answer.price.items()}
    prices["sold"] = fast_price * hours
    told = replace(plan.answer, price=prices)
    energy, primary = schedule.transmission.price(told), told.price["tso.kept"] / hours
    return replace(plan, answer=told, energy=energy, primary_price=primary, fast_price=fast_price), said


def _one(fast_price: Real) -> Real:
    """Fast reserve has one price in an hour, wherever it is (period)."""
    return np.asarray(fast_price.mean(-1)) if fast_price.shape[-1] else np.zeros(len(fast_price))


def _cost(schedule: JointSchedule, plan: JointPlan) -> float:
    """Of transmission alone. [currency]"""
    program = schedule.transmission.program
    x = {name: plan.answer.x[f"tso.{name}"] for name in program.columns}
    each = (float((c.cost * x[name] + 0.5 * c.quadratic * x[name] ** 2).sum()) for name, c in program.columns.items())
    return program.constant + sum(each)
