r"""Why an AC optimal power flow has no solution: the limits that would have to give way, named, with how much.

All limits and balances give way at a price, the least total is sought and left with nothing that is not needed (`gridtandem.program.elastic`), and
what gave way is told in MW, Mvar, MVA, pu and degrees, what weighs most first. An overload of 10 MVA (at a rating of 50) weighs as much as 1 MW
beyond the limit of a unit, 0.01 pu beyond one of voltage, 0.01 rad beyond one of an angle, and a tenth of 1 MW that is not delivered. Of these
limits none can be kept while the others hold; as every search here finds what is nearby, another set elsewhere may be smaller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from gridtandem.opf.forms.ac_polar import LOWEST
from gridtandem.program.answer import Status
from gridtandem.program.elastic import elastic, irreducible, misses
from gridtandem.tables import Index, Names, Real, Table, column
from gridtandem.units import MVA

if TYPE_CHECKING:
    from gridtandem.opf.ac import AcOpf

WEIGHTS = {
    "v": 10.0, "flow_from": 1.0, "flow_to": 1.0, "angle": 10.0, "p": 10.0, "q": 10.0, "capability": 10.0, "factor": 10.0, "balance": 100.0,
    "balance_q": 100.0,
}  # fmt: skip
SEEN = 1e-5  # per unit; solvers leave a hundredth of it
SHOWN = 12  # limits in a sentence, those that give most


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Relief(Table):
    """Limits that together would have to give way for there to be a dispatch, none of which can be left out; what weighs most first."""

    kind: ClassVar[str] = "relief"
    element: Names = column("bus, unit or branch", dtype="U")
    name: Names = column("its name", dtype="U")
    where: Names = column("its bus, or its buses", dtype="U")
    limit: Names = column("which limit, and to which side", dtype="U")
    by: Real = column("how far it would have to give way", at_least=0.0)
    unit: Names = column("unit of that", dtype="U")

    def sentence(self, row: int) -> str:
        """One limit in words."""
        element, name, where, limit, unit = (str(getattr(self, c)[row]) for c in ("element", "name", "where", "limit", "unit"))
        size = f"{self.by[row]:.4g}{'°' if unit == 'deg' else ' ' + unit}"
        if limit in UNSERVED:
            return f"{size} {limit} at bus {name}"
        return f"{element} {name} {size} {limit}{'' if where in ('', name) else f' ({where})'}"


UNSERVED = ("not served", "too much")


def explained(problem: AcOpf) -> tuple[str, Relief]:
    """What would have to give way, in a sentence and as a table."""
    relaxed = elastic(problem.program, WEIGHTS, {"v": LOWEST / 2})
    answer, shown = irreducible(relaxed, SEEN, _limits(problem))
    if answer.status is not Status.SOLVED:
        return "Which limits stand against it could not be found either.", Relief.empty()
    gone = misses(relaxed, WEIGHTS, answer.x)
    gone["flow_to"], gone["flow_from"] = np.maximum(gone["flow_to"], gone["flow_from"]), np.zeros(len(problem.form.rated))  # one rating
    found = sorted(((-abs(by) * WEIGHTS[name], name, k, by) for name, values in gone.items()
                    for k, by in enumerate(values.ravel().tolist()) if abs(by) > SEEN))  # fmt: skip
    if not found:
        return f"All limits can be kept at once, so that this is trouble of the iteration: {_unbounded(problem)}.", Relief.empty()
    rows = [_row(problem, name, k, by) for _, name, k, by in found]
    relief = Relief(**dict(zip(Relief.columns(), map(np.array, zip(*rows, strict=True)), strict=True)))
    words = "; ".join(relief.sentence(k) for k in range(min(len(rows), SHOWN)))
    more = f"; and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    need = "" if len(rows) == 1 else f" None of these {len(rows)} can be left out." if shown else " Some of these may not be needed."
    return f"To have a solution nearby it would need: {words}{more}.{need}", relief


def _unbounded(problem: AcOpf) -> str:
    """What may lie behind a search that does not end, and what to do."""
    v = problem.program.columns["v"].high
    if many := int(np.isinf(v).sum()):
        return f"{many} of {len(v)} buses have no upper limit of voltage (v_high_pu), and where losses tell little any voltage will do; give them one"
    return "give another start, or another solver"


def _limits(problem: AcOpf) -> Index:
    """Which misses, as `gridtandem.program.elastic` orders them, are of one limit: both ends of a branch, both sides of a power factor."""
    size = {name: int(np.prod(s.shape)) for name, s in (*problem.program.rows.items(), *problem.program.columns.items()) if name in WEIGHTS}
    first = dict(zip(size, np.cumsum([0, *size.values()]).tolist(), strict=False))
    one = {name: first[name] + np.arange(many) for name, many in size.items()}
    one["flow_to"] = one["flow_from"]
    one["factor"] = first["factor"] + np.arange(size["factor"]) % max(size["factor"] // 2, 1)
    below = np.concatenate([one[name] for name in size])
    return np.unique(np.concatenate([below, below + sum(size.values())]), return_inverse=True)[1].astype(np.int64)


def _row(problem: AcOpf, name: str, k: int, by: float) -> tuple[str, str, str, str, float, str]:
    """One limit and how far it is missed; negative: below its lower side."""
    form = problem.form
    way, size = "below" if by < 0 else "above", MVA * abs(by)
    if name == "v":
        span = problem.program.columns["v"]
        given = span.low[k] == span.high[k] and form.v_low[k] < form.v_high[k]  # from outside
        limit = f"{way} the voltage it is given" if given else f"{way} its voltage limit"
        return "bus", str(form.nodal.label[k]), "", limit, abs(by), "pu"
    if name in ("balance", "balance_q"):
        return "bus", str(form.nodal.label[k]), "", UNSERVED[0 if by < 0 else 1], size, "MW" if name == "balance" else "Mvar"
    if name in ("p", "q", "capability", "factor"):
        return _of_unit(problem, name, k, by)
    if name == "angle":
        return "branch", *_branch(problem, form.angled[k]), f"{way} its angle limit", float(np.degrees(abs(by))), "deg"
    over = MVA * (np.sqrt(form.rating[k] ** 2 + max(by, 0.0)) - form.rating[k])
    return "branch", *_branch(problem, form.rated[k]), "above its rating", float(over), "MVA"


def _of_unit(problem: AcOpf, name: str, k: int, by: float) -> tuple[str, str, str, str, float, str]:
    """The same of a unit."""
    nodal = problem.form.nodal
    net, row = nodal.network, nodal.units.row
    g, size = net.generators, MVA * abs(by)
    capped, factored = row[np.isfinite(g.s_high_mva[row])], row[g.power_factor_low[row] > 0]
    which = {"p": row, "q": row, "capability": capped, "factor": np.tile(factored, 2)}[name][k]
    named = "unit", str(g.name[which]), f"bus {net.buses.name[g.bus[which]]}"
    if name == "capability":
        most = g.s_high_mva[which]
        return *named, "above its apparent power", float(np.sqrt(most**2 + MVA * size) - most), "MVA"
    if name == "factor":
        return *named, "beyond its power factor", size, "Mvar"
    return *named, f"{'below' if by < 0 else 'above'} its limit", size, "MW" if name == "p" else "Mvar"


def _branch(problem: AcOpf, k: int) -> tuple[str, str]:
    """Name and buses of a branch; nothing of the buses where the name is made of them."""
    nodal = problem.form.nodal
    br, net = nodal.branches, nodal.network
    table = net.lines if br.kind[k] == 0 else net.transformers
    name = str(table.name[br.row[k]])
    ends = [str(net.buses.name[end[br.row[k]]]) for end in (table.from_bus, table.to_bus)]
    return name, "" if name.partition("#")[0] == "-".join(ends) else " to ".join(ends)
