"""Why a company that moves the price got no curve, or had no answer to it: asked at the owners' doors."""

from __future__ import annotations

import numpy as np

from gridtandem.boundary.mailbox import Refusal
from gridtandem.boundary.strategic_letters import Disclose, ResidualCurve
from gridtandem.boundary.strategy_letters import BestAgainst, BestWithin
from gridtandem.study.market.study import MarketSeats

STRATEGIC = tuple(q.__name__ for q in (ResidualCurve, Disclose, BestAgainst, BestWithin))

ROUTES = "take a route that is told the market whole: `tandem run` with `--set route=kkt-sos1` or `kkt-bigm`"


def untold(seats: MarketSeats, refusal: Refusal) -> str:
    """A sentence about a refusal of one of these letters."""
    _, _, i = refusal.rows[0]
    residual = seats.residual
    heads, company = residual.heads, str(residual.company[i])
    mine = np.unique(heads[residual.company == company])
    if refusal.by == "tso":
        several = f"{company} moves the price at {len(mine)} buses at once, where no curve of one of them is true; take route kkt-sos1 or kkt-bigm"
        if residual.trouble:
            return f"{residual.trouble}; {ROUTES}" if residual.market.owned.coupled else residual.trouble
        return several if len(mine) > 1 else "a feeder tells of no interval in which its exchange lies"
    if refusal.question == BestWithin.__name__ and len(np.unique(residual.company)) > 1:
        return f"{company} shares its market with other companies, whose moves it cannot be told; take route cells"
    return f"{company} has no best answer within what it was told"
