"""Everything that keeps a case from a market under given settings: all of it at once, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.boundary.market_letters import Tier
from gridtandem.cases.case import Case
from gridtandem.errors import Fault
from gridtandem.grid.network import Network, table_faults
from gridtandem.resources.day import faults
from gridtandem.schemes.choice_of_market import ChoiceOfMarket
from gridtandem.schemes.dso_offer import DsoOffer
from gridtandem.schemes.dso_reserve_offer import DsoReserveOffer
from gridtandem.schemes.dso_vector_offer import DsoVectorOffer
from gridtandem.schemes.ideal import Ideal

if TYPE_CHECKING:
    from gridtandem.study.market.study import MarketStudy

WORDS = {"flow": ("apparent", "active"), "form": ("lindist", "branch-flow"), "benchmark": ("prices", "joint")}  # that a rule may be
REFERS = "case-020"  # code of rows that refer to rows which do not exist


def study_faults(study: MarketStudy) -> Iterator[Fault]:
    """Settings, rules of the scheme, what markets ask of interfaces, and offers, forecasts and stores of every network whose rows can be followed."""
    yield from _setting_faults(study)
    yield from _form_faults(study)
    if isinstance(study.scheme, DsoOffer | DsoReserveOffer):
        yield from _rule_faults(study.scheme)
    if isinstance(study.scheme, DsoVectorOffer) and not study.scheme.planes >= 1:
        yield Fault("study", f"is {study.scheme.planes!r}", "give the most planes of an offer, 1 or more", "study-012", column="planes")
    if isinstance(study.scheme, ChoiceOfMarket):
        yield from _choice_faults(study.scheme, study.case.transmission)
    yield from _interface_faults(study.case, alone=isinstance(study.scheme, Ideal))
    end = study.window.end
    for k, net in enumerate((study.case.transmission, *study.case.models)):
        if _followed(net):
            yield from (f.at(net.name) for f in faults(net, end, source=k == 0))


def _setting_faults(study: MarketStudy) -> Iterator[Fault]:
    for name, least in (("first", 1), ("hours", 0), ("rounds", 1)):
        given = getattr(study, name)
        if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < least:
            yield Fault("study", f"is {given!r}", f"give a whole number of {least} or more", "study-010", column=name)
    for name in ("step_h", "root_pu"):
        if not (isinstance(getattr(study, name), int | float) and 0 < getattr(study, name) < np.inf):
            yield Fault("study", f"is {getattr(study, name)!r}", "give a number above 0", "study-011", column=name)
    if not (isinstance(study.essential, int | float) and 0 <= study.essential <= 1):
        yield Fault("study", f"is {study.essential!r}", "give a share from 0 to 1", "study-013", column="essential")
    if study.forecast and (len(study.forecast) != study.window.periods or not np.isfinite(np.asarray(study.forecast, float)).all()):
        mend = f"give one price for each of the {study.window.periods} periods, or none"
        yield Fault("study", f"has {len(study.forecast)} entries", mend, "study-014", column="forecast")
    for name, known in WORDS.items():
        if getattr(study, name) not in known:
            yield Fault("study", f"is {getattr(study, name)!r}", f"it must be one of {', '.join(known)}", "study-001", column=name)


def _form_faults(study: MarketStudy) -> Iterator[Fault]:
    """What a form with losses cannot do."""
    if study.form != "branch-flow":
        return
    if not (study.scheme is None or isinstance(study.scheme, DsoOffer | Ideal)):
        told = f"is branch-flow, which scheme {type(study.scheme).__name__} has no answer for"
        yield Fault("study", told, "take the scheme dso-offer or ideal, or the form lindist", "study-015", column="form")
    if isinstance(study.scheme, DsoOffer) and study.scheme.tier == Tier.CERTIFIED:
        told = "is branch-flow, whose offers of tier 2 would need more than linear programs to be certified"
        yield Fault("study", told, "take tier 3, or the form lindist", "study-017", column="form")
    if len(study.case.transmission.requirements):
        told = "is branch-flow, which knows no regulation, where transmission asks for some"
        yield Fault("study", told, "leave the requirements out, or take the form lindist", "study-018", column="form")
    if study.flow == "active":
        told = "is active, but branch flow limits apparent power"
        yield Fault("study", told, "leave it at apparent, or take the form lindist", "study-016", column="flow")


def _rule_faults(rules: DsoOffer | DsoReserveOffer) -> Iterator[Fault]:
    """Comparisons are written so that what is no number fails them."""
    if not rules.steps >= 0:
        yield Fault("study", f"is {rules.steps!r}", "give the most steps of an offer, or 0 for any number", "study-012", column="steps")
    if not rules.floor <= rules.ceiling:
        told = f"is {rules.floor:g} where the ceiling is {rules.ceiling:g}"
        yield Fault("study", told, "give a floor at or below the ceiling", "study-012", column="floor")
    if isinstance(rules, DsoOffer):
        yield from _promise_faults(rules)
    for name in ("least_mw", "step_mw", "step_price"):
        if not 0 <= getattr(rules, name) < np.inf:
            yield Fault("study", f"is {getattr(rules, name)!r}", "give a number of 0 or more", "study-012", column=name)


def _promise_faults(rules: DsoOffer) -> Iterator[Fault]:
    if rules.tier not in (Tier.CERTIFIED, Tier.SCHEDULED):
        mend = "give 2 (lend storage, certified) or 3 (keep to a schedule); feeders whose hours do not hang together are of tier 1 by themselves"
        yield Fault("study", f"is {rules.tier!r}", mend, "study-012", column="tier")
    if not 0 < rules.within < np.inf:
        yield Fault("study", f"is {rules.within!r}", "give a number above 0", "study-012", column="within")


def _choice_faults(rules: ChoiceOfMarket, above: Network) -> Iterator[Fault]:
    for name, known in rules.words.items():
        if getattr(rules, name) not in known:
            yield Fault("study", f"is {getattr(rules, name)!r}", f"it must be one of {', '.join(known)}", "study-012", column=name)
    for name in ("fee", "least_mw", "blocks", "passes", "saving"):
        if not 0 <= getattr(rules, name) < np.inf:
            yield Fault("study", f"is {getattr(rules, name)!r}", "give a number of 0 or more", "study-012", column=name)
    if not rules.share <= 1:
        yield Fault("study", f"is {rules.share!r}", "give a share up to 1, or one below 0 for the choice of each unit", "study-012", column="share")
    if not rules.saving <= 1:
        yield Fault("study", f"is {rules.saving!r}", "give a share from 0 to 1", "study-012", column="saving")
    if rules.blocks and (above.costs.coefficient[above.costs.order == 2] != 0).any():
        told = f"is {rules.blocks} where transmission has quadratic costs, which no solver here clears with whole numbers"
        yield Fault("study", told, "give stations stepped costs, or take 0", "study-012", column="blocks")


def _interface_faults(case: Case, *, alone: bool) -> Iterator[Fault]:
    names, count = np.unique(case.interfaces.feeder, return_counts=True)
    if len(many := names[count > 1].tolist()):
        what = f"{', '.join(map(repr, many))}: fed from more than one transmission bus"
        mend = "an offer is about one exchange; give each port a feeder of its own, or open one"
        yield Fault("interfaces", what, mend, "study-022", column="feeder", place=case.name)
    if not len(case.interfaces) and not alone:
        mend = "take the scheme ideal, which then is a plain market, or hang feeders on it"
        yield Fault("interfaces", "has no row: there is nobody to coordinate with", mend, "case-058", place=case.name)


def _followed(net: Network) -> bool:
    """Whether every row refers to one that exists, so that offers can be looked at."""
    return all(f.code != REFERS for f in table_faults(net.tables()))
