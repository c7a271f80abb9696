r"""Why an AC optimal power flow has no solution: the limits that would have to give way, named, with how much.

All limits and balances give way at a price, the least total is sought (`gridtandem.program.elastic`), and what gave way is told in MW, Mvar, MVA, pu
and degrees, what weighs most first. An overload of 10 MVA (at a rating of 50) weighs as much as 1 MW beyond the limit of a unit, 0.01 pu beyond one
of voltage, 0.01 rad beyond one of an angle, and a tenth of 1 MW that is not delivered.
The total is a local minimum, so that another set of limits may do with less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridtandem.opf.forms.ac_polar import LOWEST
from gridtandem.program.answer import Status
from gridtandem.program.elastic import elastic, misses
from gridtandem.program.solvers.interior import Interior
from gridtandem.tables import Names
from gridtandem.units import MVA

if TYPE_CHECKING:
    from gridtandem.opf.ac import AcOpf

WEIGHTS = {
    "v": 10.0, "flow_from": 1.0, "flow_to": 1.0, "angle": 10.0, "p": 10.0, "q": 10.0, "capability": 10.0, "factor": 10.0, "balance": 100.0,
    "balance_q": 100.0,
}  # fmt: skip
SEEN = 1e-5  # per unit; solvers leave a hundredth of it
SHOWN = 6  # limits in a sentence, those that give most


def explained(problem: AcOpf) -> str:
    """What would have to give way, in a sentence."""
    relaxed = elastic(problem.program, WEIGHTS, {"v": LOWEST / 2})
    answer = Interior().solve(relaxed)
    if answer.status is not Status.SOLVED:
        return "Which limits stand against it could not be found either."
    gone = misses(relaxed, WEIGHTS, answer.x)
    found = sorted(((abs(by) * WEIGHTS[name], _sentence(problem, name, int(k), by)) for name, values in gone.items()
                    for k, by in enumerate(values.ravel()) if abs(by) > SEEN), reverse=True)  # fmt: skip
    if not found:
        return "All limits can be kept at once, so that this is trouble of the iteration: give another start, or another solver."
    more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return f"To have a solution nearby it would need: {'; '.join(words for _, words in found[:SHOWN])}{more}."


def _sentence(problem: AcOpf, name: str, k: int, by: float) -> str:
    """One limit and how far it is missed; negative: below its lower side."""
    form = problem.form
    units, capped, factored = unit_names(problem)
    way = "below" if by < 0 else "above"
    size = MVA * abs(by)
    if name == "v":
        given = problem.program.columns["v"]
        if given.low[k] == given.high[k]:
            return f"bus {form.nodal.label[k]!s} held {abs(by):.4g} pu {'lower' if by < 0 else 'higher'}"
        return f"bus {form.nodal.label[k]!s} {abs(by):.4g} pu {way} its voltage limit"
    if name in ("p", "q"):
        return f"unit {units[k]} {size:.4g} {'MW' if name == 'p' else 'Mvar'} {way} its limit"
    if name == "capability":
        g, row = form.nodal.network.generators, form.nodal.units.row
        most = g.s_high_mva[row][np.isfinite(g.s_high_mva[row])][k]
        return f"unit {capped[k]} {np.sqrt(most**2 + MVA * size) - most:.4g} MVA above its apparent power"
    if name == "factor":
        return f"unit {factored[k % max(len(factored), 1)]} {size:.4g} Mvar beyond its power factor"
    if name == "angle":
        return f"branch {branch_names(problem)[form.angled[k]]} {np.degrees(abs(by)):.4g}° {way} its angle limit"
    if name in ("balance", "balance_q"):
        return f"{size:.4g} {'MW' if name == 'balance' else 'Mvar'} {'not served' if by < 0 else 'too much'} at bus {form.nodal.label[k]!s}"
    over = MVA * (np.sqrt(form.rating[k] ** 2 + max(by, 0.0)) - form.rating[k])
    return f"branch {branch_names(problem)[form.rated[k]]} {over:.4g} MVA above its rating at the {name.removeprefix('flow_')} end"


def unit_names(problem: AcOpf) -> tuple[Names, Names, Names]:
    """Of all units, of those with a limit of apparent power, of those with one of the power factor."""
    nodal = problem.form.nodal
    g, row = nodal.network.generators, nodal.units.row
    return g.name[row], g.name[row[np.isfinite(g.s_high_mva[row])]], g.name[row[g.power_factor_low[row] > 0]]


def branch_names(problem: AcOpf) -> Names:
    """Of lines, then transformers, as the problem counts them."""
    nodal = problem.form.nodal
    br, net = nodal.branches, nodal.network
    return np.concatenate([net.lines.name[br.row[br.kind == 0]], net.transformers.name[br.row[br.kind == 1]]])
