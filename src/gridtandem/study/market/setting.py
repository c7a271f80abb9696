"""A market study from plain words and numbers; and what belongs to the other kind of study, refused with a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gridtandem.cases.case import Case
from gridtandem.cases.named import case as named
from gridtandem.opf.forms.lindist import Flow
from gridtandem.orders.rules import Rules
from gridtandem.study.market.apart import Side, cleared_offers, shared_out
from gridtandem.study.market.exchange import AWARD, OFFER, Document, read_documents
from gridtandem.study.market.offer import Offered, offered
from gridtandem.study.market.study import Form, MarketStudy
from gridtandem.study.registry import scheme_named

FIELDS = {"first_hour": "first"}  # where the study calls it otherwise


def offering(case: str, dso: str, hours: tuple[int, int], options: Mapping[str, float], flow: Flow, *, form: Form = "lindist") -> Offered:
    """The offers of a feeder, interface or company from the first to the last hour, under the rules of the market."""
    scheme = scheme_named("dso-offer", options)
    study = MarketStudy(case=named(case), scheme=scheme, first=hours[0], hours=hours[1] - hours[0] + 1, flow=flow, form=form)
    return offered(study, dso)


def clearing(transmission: str, paths: Sequence[Path], options: Mapping[str, float]) -> tuple[tuple[Document, ...], Side]:
    """Offer files, and what transmission makes of them."""
    asked = scheme_named("dso-offer", options).rules
    rules = Rules(asked.steps, asked.floor, asked.ceiling, asked.least_mw, asked.step_mw, asked.step_price)
    read = read_documents(paths, OFFER)
    return read, cleared_offers(named(transmission).transmission, read, rules)


def sharing(case: str, dso: str, path: Path, flow: Flow, *, form: Form = "lindist") -> Side:
    """What the feeders of that name do with the award in a file."""
    study = MarketStudy(case=named(case), scheme=None, flow=flow, form=form)
    return shared_out(study, dso, read_documents([path], AWARD))


def market_studied(case: Case, scheme: object, market: Mapping[str, Any], rounds: int) -> MarketStudy:
    """The study of a case under a scheme of markets, with those options that were given."""
    given = {FIELDS.get(name, name): value for name, value in market.items()}
    return MarketStudy(case=case, scheme=scheme, rounds=rounds, **given)
