"""A market study from plain words and numbers; and what belongs to the other kind of study, refused with a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gridtandem.cases.case import Case
from gridtandem.cases.named import case as named
from gridtandem.cases.phase_case import PhaseCase, is_phase_case, phase_case
from gridtandem.errors import Fault, InvalidCase, UnknownName
from gridtandem.opf.forms.lindist import Flow
from gridtandem.orders.rules import Rules
from gridtandem.study.market.apart import Side, cleared_offers, offer_faults, shared_out
from gridtandem.study.market.exchange import AWARD, OFFER, Document, read_documents
from gridtandem.study.market.offer import Offered, offered
from gridtandem.study.market.phase_study import PhaseStudy, phase_offered, phase_shared
from gridtandem.study.market.study import Form, MarketStudy
from gridtandem.study.registry import scheme_named


def offering(
    case: str | Case | PhaseCase,
    dso: str,
    hours: tuple[int, int],
    options: Mapping[str, float | str],
    *,
    flow: Flow,
    form: Form = "lindist",
    margin_pu: float = 0.0,
    bus: str = "",
) -> Offered:
    """The offers of a feeder, interface or company from the first to the last hour, under the rules of the market.

    Of a three-phase feeder, ``margin_pu`` tightens lower voltage limits, and ``bus`` says where it hangs.
    """
    scheme = scheme_named("dso-offer", options)
    if isinstance(case, PhaseCase) or (not isinstance(case, Case) and is_phase_case(case)):
        return phase_offered(_phases(case, dso, scheme, flow=flow, margin_pu=margin_pu, bus=bus).over(hours[0], hours[1] - hours[0] + 1))
    _for_phases(margin_pu, bus)
    found, many = case if isinstance(case, Case) else named(case), hours[1] - hours[0] + 1
    study = MarketStudy(case=found, scheme=scheme, first=hours[0], hours=many, flow=flow, form=form)
    return offered(study, _whose(dso))


def clearing(transmission: str, paths: Sequence[Path], options: Mapping[str, float | str]) -> tuple[tuple[Document, ...], Side]:
    """Offer files, and what transmission makes of them."""
    asked = scheme_named("dso-offer", options).rules
    rules = Rules(asked.steps, asked.floor, asked.ceiling, asked.least_mw, asked.step_mw, asked.step_price)
    case = named(transmission)
    read = read_documents(paths, OFFER, also=lambda told: offer_faults(case.transmission, told, rules))
    heard = {str(r["dso"]) for d in read for r in d.rows}
    unheard = tuple(name for name in case.interfaces.name.tolist() if name not in heard)
    return read, replace(cleared_offers(case.transmission, read, rules), unheard=unheard)


def sharing(case: str, dso: str, path: Path, *, flow: Flow, form: Form = "lindist", margin_pu: float = 0.0) -> Side:
    """What the feeders of that name do with the award in a file."""
    if is_phase_case(case):
        return phase_shared(_phases(case, dso, None, flow=flow, margin_pu=margin_pu), read_documents([path], AWARD))
    _for_phases(margin_pu, "")
    study = MarketStudy(case=named(case), scheme=None, flow=flow, form=form)
    return shared_out(study, _whose(dso), read_documents([path], AWARD))


def _phases(case: str | PhaseCase, dso: str, scheme: object, *, flow: Flow, margin_pu: float, bus: str = "") -> PhaseStudy:
    """A three-phase feeder under its own name or that of its company."""
    found = case if isinstance(case, PhaseCase) else phase_case(case)
    if dso not in ("", found.name, found.company):
        raise UnknownName("interface, feeder or company", dso, [found.name, found.company])
    return PhaseStudy.of(replace(found, bus=bus or found.bus), scheme, flow=flow, margin_pu=margin_pu)


def _for_phases(margin_pu: float, bus: str) -> None:
    """Settings that only a three-phase feeder has."""
    given = [name for name, there in (("margin", margin_pu != 0), ("bus", bool(bus))) if there]
    if given:
        raise InvalidCase([Fault(name, "is for three-phase feeders", "leave it out; the case says it", "study-001") for name in given])


def _whose(dso: str) -> str:
    if not dso:
        raise InvalidCase([Fault("dso", "is not given, and a case has several", "name a feeder, interface or company", "study-001")])
    return dso
