"""Generator costs of a MATPOWER file: polynomials of any degree, and piecewise-linear curves.

Cost of reactive power is refused by name: no table here can hold it, and dropping it would change an optimum without a word.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from gridtandem.cases.matpower.tables import row_fault
from gridtandem.errors import Fault
from gridtandem.grid.elements import CostPoints, Costs
from gridtandem.tables import Real

PIECEWISE, POLYNOMIAL = 1, 2
MODEL, STARTUP, SHUTDOWN, NCOST, COST = range(5)
MOST: Final = 10_000  # numbers in one row


def read_costs(table: Real, generators: int, faults: list[Fault]) -> tuple[Costs, CostPoints]:
    """Rows of ``gencost``: NCOST numbers count, what stands behind them is padding. Coefficients of 0 make no row."""
    if len(table) not in (0, generators, 2 * generators):
        mend = "give one row per generator, or two (active, then reactive)"
        faults.append(Fault("mpc.gencost", f"has {len(table)} rows for {generators} generators", mend, "case-117"))
        return Costs.empty(), CostPoints.empty()
    if len(table) and table.shape[1] <= COST:
        faults.append(Fault("mpc.gencost", f"has {table.shape[1]} columns", "a MATPOWER file has 5 or more here", "case-111"))
        return Costs.empty(), CostPoints.empty()
    polynomial: list[tuple[int, int, float]] = []
    points: list[tuple[int, float, float]] = []
    for row, values in enumerate(table):
        numbers = _numbers(row, values, faults)
        if row >= generators:
            if numbers is not None and numbers.any():
                what = "is a cost of reactive power, which no table here can hold"
                faults.append(row_fault("gencost", row, "", what, "delete the second half of mpc.gencost", code="case-118"))
        elif numbers is None:
            continue
        elif values[MODEL] == POLYNOMIAL:
            polynomial += [(row, len(numbers) - 1 - k, c) for k, c in enumerate(numbers.tolist()) if c != 0]
        else:
            power, cost = numbers[0::2], numbers[1::2]
            if (np.diff(power) <= 0).any():
                faults.append(row_fault("gencost", row, "COST", "has points whose power does not rise", "order the points by power", code="case-117"))
            points += [(row, p, c) for p, c in zip(power.tolist(), cost.tolist(), strict=True)]
    costs = Costs.of({"generator": [c[0] for c in polynomial], "order": [c[1] for c in polynomial], "coefficient": [c[2] for c in polynomial]})
    return costs, CostPoints.of({"generator": [c[0] for c in points], "p_mw": [c[1] for c in points], "cost_per_h": [c[2] for c in points]})


def _numbers(row: int, values: Real, faults: list[Fault]) -> Real | None:
    """The NCOST coefficients, or the 2 · NCOST coordinates."""
    if values[MODEL] not in (PIECEWISE, POLYNOMIAL):
        mend = "it must be 1 (piecewise linear) or 2 (polynomial)"
        faults.append(row_fault("gencost", row, "MODEL", f"is {values[MODEL]:g}", mend, code="case-117"))
        return None
    count = values[NCOST]
    if not (0 <= count <= MOST and count == round(count)):
        faults.append(row_fault("gencost", row, "NCOST", f"is {count:g}", "give the number of points or coefficients", code="case-117"))
        return None
    needed = int(count) * (2 if values[MODEL] == PIECEWISE else 1)
    if len(values) - COST < needed:
        what = f"promises {needed} numbers where the row has {len(values) - COST}"
        faults.append(row_fault("gencost", row, "NCOST", what, "complete the row or correct NCOST", code="case-117"))
        return None
    return values[COST : COST + needed]
