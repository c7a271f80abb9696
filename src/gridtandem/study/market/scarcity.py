"""What the wholesale market lacks where companies take what they would: no offer then makes the price, so that there is none to settle at.

The market of `gridtandem.parties.residual_market` prices every limit of its own, so that it has an answer to each exchange. A penalty in use is a
price of ours and of no offer; the true market has no clearing there.
"""

from __future__ import annotations

import numpy as np

from gridtandem.parties.residual_market import ResidualMarket
from gridtandem.parties.wholesale import Wholesale, spread
from gridtandem.program.answer import Status
from gridtandem.program.solve import solve
from gridtandem.tables import Index, Real

WORDS = {"shed": "lacks up to {:.6g} MW", "spill": "cannot place up to {:.6g} MW"}
FORCED = "breaks its limits by up to {:.6g} MW"  # of lines; where hours hang together of ramps and storage too
LEAST = 1e-6  # MW; what lies below it is rounding


def scarcity(wholesale: Wholesale, z: Real) -> str:
    """A sentence about exchanges (period, interface) that the market cannot clear; empty where it can."""
    lacks = [f"{words.format(mw.max())} {_when(wholesale, mw)}" for words, mw in _lacking(wholesale, z) if mw.max() > LEAST]
    if not lacks:
        return ""
    mend = "a penalty and no offer would make the price; see which offers or limits of transmission are too small by `--scheme ideal`"
    return f"the wholesale market {' and '.join(lacks)} with what companies would take: {mend}"


def _lacking(wholesale: Wholesale, z: Real) -> list[tuple[str, Real]]:
    """Words for each kind of penalty, and its use (period)."""
    made, coupled = ResidualMarket.of(wholesale), wholesale.owned.coupled
    taken, nobody = spread(z, wholesale.at, wholesale.nodal.nodes), wholesale.at[:0]
    followers = [made.whole(taken, nobody)] if coupled else list(made.hourly(taken, nobody))
    found = [solve(follower.program) for follower in followers]
    if any(answer.status is not Status.SOLVED for answer in found):
        return []
    size = len(z) if coupled else 1
    use = {name: np.concatenate([np.abs(a.x[name]).reshape(size, -1).sum(1) for a in found]) for name in followers[0].penalties}
    forced = np.sum([np.zeros(len(z)), *(mw for name, mw in use.items() if name not in WORDS)], axis=0)
    return [*((words, use[name]) for name, words in WORDS.items()), (FORCED, forced)]


def _when(wholesale: Wholesale, mw: Real) -> str:
    """Periods, from 1, in runs."""
    return f"in {spans(np.flatnonzero(mw > LEAST) + wholesale.window.first + 1)}"


def spans(period: Index) -> str:
    """Periods in words, those that follow each other as one run."""
    runs = np.split(period, np.flatnonzero(np.diff(period) > 1) + 1)
    told = [f"{run[0]}" if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    return f"period{'s' * (len(period) > 1)} {', '.join(told)}"
