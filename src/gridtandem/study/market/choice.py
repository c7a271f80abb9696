"""From a run of the scheme choice-of-market to what each feeder's units sold where, ready to be settled."""

from __future__ import annotations

import numpy as np

from gridtandem.errors import Unsolved
from gridtandem.markets.choice import Sales
from gridtandem.parties.feeder_choice import type_1
from gridtandem.schemes.choice_of_market import ChoiceOfMarketState
from gridtandem.study.market.run import FeederPlan, MarketResult


def sales(result: MarketResult, plan: FeederPlan, period: int) -> Sales:
    """One feeder in one period, counted from 0: its units of type 1 as sellers, all else as demand at the price of its bus."""
    state, problem, bargain = result.outcome.state, plan.problem, result.bargain
    if not isinstance(state, ChoiceOfMarketState) or bargain is None:
        raise Unsolved("there is nothing to settle: the run has no clearing by the scheme choice-of-market")
    rows, node = type_1(problem), problem.nodal.node[problem.owned.steps.bus]
    price, made = plan.prices.price[period], plan.decisions["x"][period, rows]
    sold = np.minimum(state.sold[0, period, plan.interface, : len(rows)], made)
    others = plan.dispatch.p[period].copy()
    np.subtract.at(others, node[rows], made)
    return Sales(
        made=made, sold=sold, price=price[node[rows]], wholesale_price=float(bargain.price[0, period, plan.interface]),
        exchange=float(bargain.z[0, period, plan.interface]), demand=-float(price @ others), hours=problem.window.hours,
    )  # fmt: skip
