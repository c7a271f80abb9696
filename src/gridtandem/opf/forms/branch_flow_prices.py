r"""What an answer to a feeder with losses means: its state, and its prices with their split.

Where every cone is tight, the multipliers of the relaxation are those of the load flow itself. With y the flows, squared currents and voltages of
one period, J the slopes of its equations (balances, drops, :math:`\ell w = P^2 + Q^2`) and g the slope of the cost by y that one kind of number
brings in,

.. math:: J^\top a = g, \qquad \pi = a_{\text{balance}}, \qquad \rho = a_{\text{reactive balance}}

for g of the power taken at the root at price λ (energy and losses: :math:`\pi = \lambda (1 + \partial \text{loss} / \partial d)`), of voltage limits
and of limits of flow. The parts add up to the price of the balance. What limits and losses leave with the company follows from the same conditions
times the state,

.. math:: \sum_n \pi_n (d_n - p_n) - \lambda z + \sum_n \rho_n (d^q_n - q_n) = -\sum \mu_w w - \sum \mu_\ell \ell - \sum \mu_s \bar s

where the sum over w is parted into the rent of voltage limits, :math:`\sum \mu_w (w_0 - w)`, and what losses leave: prices are those of the last MW
lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from gridtandem.opf.feeder import FeederState
from gridtandem.opf.limits import KINDS
from gridtandem.program.answer import Answer, Status
from gridtandem.tables import Real

if TYPE_CHECKING:
    from gridtandem.opf.forms.branch_flow import BranchFlow

PARTS = (*KINDS, "loss")
RATED = ("sent", "received")  # cones of apparent power


def state(form: BranchFlow, answer: Answer) -> FeederState:
    """Of a feeder with losses."""
    feeder, hours = form.feeder, form.feeder.window.hours
    p, q = feeder.injected(answer)
    energy = answer.price["balance"][:, feeder.root] / hours
    v, split = np.empty_like(p), np.zeros((len(p), len(PARTS), p.shape[1]))
    v[:, form.node] = np.sqrt(np.maximum(answer.x["w"] * form.scale, 0.0))
    if answer.status is Status.SOLVED:
        split[:, :, form.node[1:]] = _split(form, answer)
    else:
        split[:] = np.nan
    return FeederState(
        z=answer.x["z"], p=p, q=q, v=v, cost=answer.cost, energy=energy, price=answer.price["balance"] / hours,
        price_q=answer.price["balance_q"] / hours, split=split[:, : len(KINDS)], shadow=np.zeros((len(p), len(feeder.limits.kind))),
        loss=split[:, -1], answer=answer,
    )  # fmt: skip


def rents(form: BranchFlow, prices: FeederState, dispatch: FeederState) -> Real:
    """What voltage limits, limits of flow and losses leave (period, part). [currency/h]"""
    told, x, hours = prices.answer, dispatch.answer.x, form.feeder.window.hours
    by_w, periods = told.reduced["w"], len(x["w"])
    voltage = (by_w * (x["w"][:, :1] - x["w"]))[:, 1:].sum(-1)
    flow = -(told.reduced["ell"] * x["ell"]).sum(-1)
    for name in RATED:
        if name in form.program.cones:
            flow = flow - (told.price[name] * form.program.cones[name].right).reshape(periods, -1).sum(-1)
    return np.stack([voltage, flow, -x["w"][:, 0] * by_w.sum(-1)], -1) / hours


def holds(form: BranchFlow, answer: Answer, period: int, least: float = 1e-2) -> tuple[str, ...]:
    """Names of the limits that bind, the dearest first. An interior point leaves a little price on every limit, less than ``least``."""
    if answer.status is not Status.SOLVED:
        return ()
    nodal, rated = form.feeder.nodal, _pulls(form, answer)
    told = [(abs(x), f"voltage at {nodal.label[form.node[j]]}") for j, x in enumerate(answer.reduced["w"][period].tolist()) if j]
    flow = np.maximum(np.abs(rated).max(0)[period], np.abs(answer.reduced["ell"][period]))
    for j in range(1, len(form.node)):
        row = int(form.branch[j])
        table = nodal.network.lines if nodal.branches.kind[row] == 0 else nodal.network.transformers
        told.append((float(flow[j]), f"flow on {table.label(int(nodal.branches.row[row]))}"))
    return tuple(dict.fromkeys(name for size, name in sorted(told, key=lambda one: -one[0]) if size > least))


def _pulls(form: BranchFlow, answer: Answer) -> Real:
    """What limits of apparent power bring to the conditions of flow_p, flow_q and ell (block, period, position)."""
    out = np.zeros((3, *answer.x["w"].shape))
    for name in RATED:
        if name in form.program.cones:
            parts = form.program.cones[name].parts
            for k, block in enumerate(("flow_p", "flow_q", "ell")):
                if block in parts:
                    out[k] += np.asarray(parts[block].T @ answer.price[name].ravel()).reshape(out[k].shape)
    return out


def _split(form: BranchFlow, answer: Answer) -> Real:
    """Voltage, flow and loss (period, part, position below the root). [currency/MWh]"""
    m, periods = len(form.node) - 1, len(answer.x["w"])
    pulls, hours = _pulls(form, answer)[:, :, 1:], form.feeder.window.hours
    out = np.empty((periods, len(PARTS), m))
    for t in range(periods):
        energy = answer.price["balance"][t, form.feeder.root]
        right = np.zeros((4 * m, 3))
        right[3 * m :, 0] = -answer.reduced["w"][t, 1:]
        right[: 3 * m, 1] = -np.concatenate([pulls[0, t], pulls[1, t], pulls[2, t] + answer.reduced["ell"][t, 1:]])
        right[:m, 2] = np.where(form.parent[1:] == 0, energy, 0.0)
        price = splu(_slopes(form, answer, t).T.tocsc()).solve(right)[:m]
        out[t] = (price - np.array([0.0, 0.0, energy])).T / hours
    return out


def _slopes(form: BranchFlow, answer: Answer, t: int) -> sparse.csr_array:
    """J of one period: balances, drops and currents, by flows, squared currents and voltages of the positions below the root."""
    p, q, ell, w = (answer.x[k][t] for k in ("flow_p", "flow_q", "ell", "w"))
    parent, r, x = form.parent[1:], form.r[1:], form.x[1:]
    m = len(parent)
    inner = np.flatnonzero(parent > 0)
    from_parent = sparse.csr_array((np.ones(len(inner)), (inner, parent[inner] - 1)), shape=(m, m))
    one, none = sparse.csr_array(sparse.eye_array(m)), sparse.csr_array((m, m))
    tree = one - from_parent.T
    blocks = [
        [tree, none, -_diagonal(r), none],
        [none, tree, -_diagonal(x), none],
        [_diagonal(2 * r), _diagonal(2 * x), -_diagonal(r**2 + x**2), one - from_parent],
        [-_diagonal(2 * p[1:]), -_diagonal(2 * q[1:]), _diagonal(w[parent]), _diagonal(ell[1:]) @ from_parent],
    ]
    return sparse.csr_array(sparse.vstack([sparse.hstack(row) for row in blocks]))


def _diagonal(x: Real) -> sparse.csr_array:
    return sparse.csr_array(sparse.diags_array(x))
