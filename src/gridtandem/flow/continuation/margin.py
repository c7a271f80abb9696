r"""What a curve says of security: how much can be added, what ends it, and where the network is weakest.

Two margins: λ*, where λ turns first when it grows from the base case, and the most power that the loads draw along the curve up to there, P_max. For
constant power both lie at the nose; loads that fall with their voltage draw most before it. Behind it the curve may rise again, beyond λ* even: that
is no margin, for the network has collapsed before.

At a nose the Jacobian is singular, :math:`J\phi = 0,\ \psi^\top J = 0`. A node's part in it is

.. math:: p_i = \frac{\psi_{Q_i}\,\phi_{V_i}}{\sum_j \psi_{Q_j}\,\phi_{V_j}} ,

its participation factor in the mode of voltages and reactive powers that collapses. Source: B. Gao, G. K. Morison and P. Kundur, "Voltage stability
evaluation using modal analysis", IEEE Trans. Power Syst. 7(4), 1992, doi 10.1109/59.207377.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from gridtandem.flow.continuation.stage import Place, Stage, bordered
from gridtandem.flow.continuation.trace import Curve, power
from gridtandem.tables import Real

End = Literal["nose", "limit", "units", "target", "endless", "lost", "none"]

ENDS: dict[End, str] = {
    "nose": "a nose: λ turns though nothing meets a limit there",
    "limit": "a limit of a unit at which λ turns (limit-induced bifurcation)",
    "units": "no unit is left that could take the balance",
    "target": "the λ that was asked for",
    "endless": "nothing: loads fall with their voltage, λ grows without end, and the most power that they draw is the margin",
    "lost": "the curve could not be followed further",
    "none": "no load flow to start from",
}


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Margin:
    """Of one curve. NaN where there is none. [per unit]"""

    growth: float  # λ*, the first collapse; inf where there is none
    end: End
    knot: int  # where, among the places of the curve; −1: nowhere
    base: float  # active power of all loads before anything grows
    most: float  # P_max
    most_knot: int
    sway: Real  # (node) change of |V| along the curve there, the largest 1
    participation: Real  # (node) adds up to 1; NaN where the end is no nose
    weakest: int  # node; −1: nowhere

    @property
    def added(self) -> float:
        """Active power that can be added."""
        return self.most - self.base


def margin_of(curve: Curve) -> Margin:
    """The margins of a curve that was followed at least to its nose."""
    if not curve.knots:
        nothing = np.empty(0)
        return Margin(growth=np.nan, end="none", knot=-1, base=np.nan, most=np.nan, most_knot=-1, sway=nothing, participation=nothing, weakest=-1)
    drawn, growth = np.array([power(k) for k in curve.knots]), np.array([k.place.growth for k in curve.knots])
    knot = next((m.knot for m in curve.met if m.sign.kind == "nose" or m.induced), int(np.argmax(growth)))  # the first that is met from the base case
    most = int(np.argmax(drawn[: knot + 1]))
    end, turn = _end(curve, knot), curve.knots[knot]
    p, nodes = turn.stage.pattern, len(turn.place.vm)
    sway = np.zeros(nodes)
    sway[p.lift] = turn.along.x[len(p.turn) : len(p.turn) + len(p.lift)]
    sway = np.abs(sway) / max(float(np.abs(sway).max(initial=0.0)), np.finfo(float).tiny)
    parts = participation(turn.stage, turn.place) if end == "nose" else np.full(nodes, np.nan)
    return Margin(
        growth=float(growth[knot]) if end != "endless" else np.inf, end=end, knot=knot, base=float(drawn[0]), most=float(drawn[most]), most_knot=most,
        sway=sway, participation=parts, weakest=int(np.argmax(sway)),
    )  # fmt: skip


def _end(curve: Curve, knot: int) -> End:
    here = [m for m in curve.met if m.knot == knot]
    if any(m.induced for m in here):
        return "limit"
    if any(m.sign.kind == "nose" for m in here):
        return "nose"
    if any(m.sign.kind == "target" for m in here):
        return "target"
    if any(m.sign.kind in ("p", "q") for m in here):
        return "units"
    return "endless" if not curve.trouble else "lost"


def participation(stage: Stage, place: Place) -> Real:
    """(node) Part of each node in the collapse at a nose."""
    from scipy.sparse.linalg import splu

    p, n = stage.pattern, len(place.vm)
    j = stage.matrix(place)
    size = j.shape[0]
    right = np.ones(size)
    left, last = np.ones(size), np.append(np.zeros(size), 1.0)
    for _ in range(2):  # a border that is nearly null makes the matrix as regular as can be
        whole = bordered(j, left, right, 0.0)
        right, left = splu(whole).solve(last)[:size], splu(whole.T.tocsc()).solve(last)[:size]
        right, left = right / np.linalg.norm(right), left / np.linalg.norm(left)
    voltage, reactive = np.zeros(n), np.zeros(n)
    voltage[p.lift] = right[len(p.turn) : len(p.turn) + len(p.lift)]
    reactive[p.q_rows] = left[len(p.p_rows) :]
    both = voltage * reactive
    return np.asarray(both / both.sum(), np.float64)
