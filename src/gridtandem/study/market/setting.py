"""A market study from plain words and numbers; and what belongs to the other kind of study, refused with a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gridtandem.cases.case import Case
from gridtandem.cases.named import case as named
from gridtandem.errors import Unreadable
from gridtandem.opf.forms.lindist import Flow
from gridtandem.orders.rules import Rules
from gridtandem.study.market.apart import Side, cleared_offers, shared_out
from gridtandem.study.market.exchange import AWARD, OFFER, Document, read_documents
from gridtandem.study.market.offer import Offered, offered
from gridtandem.study.market.study import MarketStudy
from gridtandem.study.registry import is_market, market_names, scheme_named

FLOW_WORDS = {  # options of load flow, as people write them
    "loading": "loading", "feeder_solver": "feeder-solver", "q_rule": "q-limits", "slack": "slack", "taps": "hold-taps", "exponents": "exponents",
    "parallel": "parallel",
}  # fmt: skip
MARKET_WORDS = {"hours": "hours", "first_hour": "first-hour", "step_h": "step-h", "root_pu": "root-pu", "flow": "flow"}
FIELDS = {"first_hour": "first"}  # where the study calls it otherwise


def of_market(schemes: Sequence[object], flow: Mapping[str, Any], market: Mapping[str, Any]) -> bool:
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


def offering(case: str, dso: str, hours: tuple[int, int], options: Mapping[str, float], flow: Flow) -> Offered:
    """The offers of a feeder, interface or company from the first to the last hour, under the rules of the market."""
    scheme = scheme_named("dso-offer", options)
    study = MarketStudy(case=named(case), scheme=scheme, first=hours[0], hours=hours[1] - hours[0] + 1, flow=flow)
    return offered(study, dso)


def clearing(transmission: str, paths: Sequence[Path], options: Mapping[str, float]) -> tuple[tuple[Document, ...], Side]:
    """Offer files, and what transmission makes of them."""
    asked = scheme_named("dso-offer", options).rules
    rules = Rules(asked.steps, asked.floor, asked.ceiling, asked.least_mw, asked.step_mw, asked.step_price)
    read = read_documents(paths, OFFER)
    return read, cleared_offers(named(transmission).transmission, read, rules)


def sharing(case: str, dso: str, path: Path, flow: Flow) -> Side:
    """What the feeders of that name do with the award in a file."""
    study = MarketStudy(case=named(case), scheme=None, flow=flow)
    return shared_out(study, dso, read_documents([path], AWARD))


def _listed(given: Mapping[str, Any], words: Mapping[str, str]) -> str:
    return ", ".join(words[name] for name in given)


def market_studied(case: Case, scheme: object, market: Mapping[str, Any], rounds: int) -> MarketStudy:
    """The study of a case under a scheme of markets, with those options that were given."""
    given = {FIELDS.get(name, name): value for name, value in market.items()}
    return MarketStudy(case=case, scheme=scheme, rounds=rounds, **given)
