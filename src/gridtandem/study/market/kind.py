"""Which kind of study is asked for: a load flow or a market. Light on purpose: a load flow answers without loading a market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gridtandem.errors import Unreadable
from gridtandem.study.registry import is_market, market_names

FLOW_WORDS = {  # options of load flow, as people write them
    "loading": "loading", "feeder_solver": "feeder-solver", "q_rule": "q-limits", "slack": "slack", "taps": "hold-taps", "exponents": "exponents",
    "parallel": "parallel",
}  # fmt: skip
MARKET_WORDS = {"hours": "hours", "first_hour": "first-hour", "step_h": "step-h", "root_pu": "root-pu", "flow": "flow", "form": "form"}


def of_market(schemes: Sequence[object], flow: Mapping[str, object], market: Mapping[str, object]) -> bool:
    """Are these schemes of markets? Both kinds together are refused, and options (those given) of the other kind."""
    kinds = {is_market(s) for s in schemes}
    if len(kinds) > 1:
        told = ", ".join(str(s) for s in schemes if is_market(s))
        raise Unreadable(f"schemes of markets ({told}) and of load flow are not compared with each other; name schemes of one kind")
    if True in kinds and flow:
        raise Unreadable(f"{_listed(flow, FLOW_WORDS)}: for schemes of load flow; {', '.join(map(str, schemes))} clears a market; leave it out")
    if True not in kinds and market:
        raise Unreadable(f"{_listed(market, MARKET_WORDS)}: for schemes of markets; take one of {', '.join(market_names())}, or leave it out")
    return True in kinds


def _listed(given: Mapping[str, object], words: Mapping[str, str]) -> str:
    return ", ".join(words[name] for name in given)
