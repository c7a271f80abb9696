r"""What a feeder with losses would offer: chords of its cost, with a certified error.

The cost bends everywhere, so points are asked for until no chord lies above it by more than ``tol``; the largest error of a chord is what the
program at its own slope is cheaper. Between two load flows the cone holds a point that costs no more than the chord. Prices run from a floor above 0
to a ceiling; points that are no load flow are discarded, and the widest range without them is offered.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.opf.forms.branch_flow import FLOOR, TIGHT, BranchFlow
from gridtandem.opf.value_curve import Curve, Point, searched
from gridtandem.program.answer import Answer, Status
from gridtandem.program.solve import Holding, hold
from gridtandem.tables import Real

WITHIN = 0.1  # currency/h; error of chords unless another is asked for
CEILING = 10000.0  # currency/MWh; a price above those of markets, at which a solver of interior points keeps its digits


def chords(feeder: BranchFlow, *, tol: float = WITHIN, floor: float = FLOOR, ceiling: float = CEILING) -> Curve | None:
    """The curve of one period, within ``tol`` [currency/h] for prices from floor to ceiling; None where no point is a load flow."""
    held, hours, loose = hold(feeder.program), feeder.feeder.window.hours, list[float]()

    def at(price: float) -> Point:
        answer = at_price(held, price, hours)
        point = _point(feeder, answer)
        if feeder.slack(answer).max() > TIGHT:
            loose.append(point.x)
        return point

    if at_price(held, floor, hours).status is not Status.SOLVED:
        return None
    while at_price(held, ceiling, hours).status is not Status.SOLVED and ceiling > 2 * floor:
        ceiling /= 2  # a price so high that the solver loses its digits
    found = searched(at(floor), at(ceiling), lambda price: at(float(np.clip(price, floor, ceiling))), tol=tol)
    kept = _longest(found.points, np.array(loose))
    return replace(found, points=kept, asked=found.asked + 2) if kept else None


def _longest(points: tuple[Point, ...], loose: Real) -> tuple[Point, ...]:
    """The widest run of neighbours with no point between or among them that is no load flow."""
    runs: list[list[Point]] = [[]]
    for point in points:
        last = runs[-1][-1].x if runs[-1] else point.x
        if ((loose >= last) & (loose <= point.x)).any():
            runs.append([])
        if not (loose == point.x).any():
            runs[-1].append(point)
    width = [run[-1].x - run[0].x if run else -1.0 for run in runs]
    return tuple(runs[width.index(max(width))])


def at_price(held: Holding, price: float, hours: float) -> Answer:
    """Cheapest at a price per MWh of export, which must be above the floor of the form."""
    if not price >= FLOOR:
        mend = f"a feeder with losses answers prices of {FLOOR:g} per MWh and more; below, its relaxation burns power that it has not"
        raise InvalidCase([Fault("offers", f"is asked for at a price of {price:g}", mend, "offer-008")])
    return held.solve(cost={"z": np.array([price * hours])})


def _point(feeder: BranchFlow, answer: Answer) -> Point:
    found, program = answer.require(), feeder.program
    cost = sum(float((c.cost * found.x[k] + 0.5 * c.quadratic * found.x[k] ** 2).sum()) for k, c in program.columns.items() if k != "z")
    return Point(-float(found.x["z"][0]), (cost + program.constant) / feeder.feeder.window.hours)
