r"""What is left of a feeder's plan whose cones are no load flow: its injections as they are, true flows in both states, and less fast reserve.

Devices keep their active and reactive power. Load flow then says what the feeder takes, :math:`z^0`, and what it would take with a share s of all
reserve called, :math:`z^1(s)`. s is the largest share, by halving, up to which the called state keeps limits of voltages and ratings, and the
award is at most what is felt:

.. math:: F \leftarrow \min\bigl(F,\; z^0 - z^1(s),\; s \textstyle\sum_i f_i\bigr)

A feeder that breaks its limits as it stands sells nothing there, and still breaks them: that is for the judge to tell.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridtandem.opf.fast_replay import replayed, swept
from gridtandem.opf.fast_reserve import CALLED, UP, FastFeeder
from gridtandem.program.answer import Answer
from gridtandem.tables import Flag, Real

HALVINGS = 20  # of the share: to a millionth
KEPT = 1e-6  # pu, relative; what a limit is kept to


def repaired(fast: FastFeeder, answer: Answer, where: Flag) -> Answer | None:
    """The answer with load flows in these periods; None where there is no load flow. Only states whose network the program holds count."""
    network = fast.network
    if network is None:
        return answer
    share = np.ones(len(where))
    if CALLED in fast.states:
        share = np.where(where, _share(fast, answer), 1.0)
    x = dict(answer.x) | {UP: share[:, None] * answer.x[UP]}
    for state in fast.states:
        now = replace(answer, x=x)
        flow, ell, w = swept(network, *fast.injected(now, state))
        if not np.isfinite(w[where]).all():
            return None
        into = flow.real.copy()
        into[:, 0] = 0.0  # what comes from above is z
        for name, found in (("z", flow[:, 0].real), ("flow_p", into), ("flow_q", flow.imag), ("ell", ell), ("w", w)):
            old = x[name + state]
            x[name + state] = np.where(where.reshape((-1,) + (1,) * (old.ndim - 1)), found, old)
    if CALLED in fast.states:
        most = np.minimum(x["z"] - x["z" + CALLED], x[UP].sum(-1))
        x["award"] = np.where(where, np.clip(most, 0.0, answer.x["award"]), answer.x["award"])
    return replace(answer, x=x)


def _share(fast: FastFeeder, answer: Answer) -> Real:
    """Of all reserve (period), the most that may be called at once."""

    def fine(share: Real) -> Flag:
        told = replayed(fast, replace(answer, x=dict(answer.x) | {UP: share[:, None] * answer.x[UP]}))
        called = slice(len(share), None)
        found: Flag = (told.beyond_pu[called] <= KEPT) & (told.loading[called] <= 1 + KEPT)
        return found

    periods = fast.feeder.window.periods
    low, high = np.zeros(periods), np.ones(periods)
    whole = fine(high)
    for _ in range(0 if whole.all() else HALVINGS):
        middle = (low + high) / 2
        good = fine(middle)
        low, high = np.where(good, middle, low), np.where(good, high, middle)
    return np.where(whole, 1.0, low)
