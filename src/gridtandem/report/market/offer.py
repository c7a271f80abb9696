"""Offers, clearings and awards in words and for machines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.boundary.market_letters import Tier, tier_word
from gridtandem.cases.case import Case
from gridtandem.cases.phase_case import PhaseCase
from gridtandem.errors import AlreadyThere
from gridtandem.opf.forms.branch_flow import FLOOR
from gridtandem.opf.forms.lindist import Flow
from gridtandem.report.tables import as_records, plain, spelled
from gridtandem.study.market.apart import Side
from gridtandem.study.market.exchange import offer_document
from gridtandem.study.market.offer import Offered, OfferSteps, loss_of_rules
from gridtandem.study.market.phase_check import PhaseChecks
from gridtandem.study.market.setting import offering

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDE, EXPLAINED = "tandem/market-side/1", "tandem/offer-explained/1"
PROMISES = {
    Tier.HOURLY: "hours do not hang together: the curve is the whole truth",
    Tier.CERTIFIED: "hours hang together: any award can be delivered, some of what storage could earn is left",
    Tier.SCHEDULED: "hours hang together: storage keeps to a schedule made beforehand",
}
ENDS = 1e-9  # MW; where two curves end at the same place


def offer(
    case: str | Path | Case | PhaseCase,
    *,
    dso: str = "",
    hours: tuple[int, int] = (1, 1),
    flow: Flow = "apparent",
    margin_pu: float = 0.0,
    bus: str = "",
    rules: Mapping[str, float | str] | None = None,
) -> Offered:
    """What a company offers to the wholesale market: the twin of ``tandem offer``.

    ``case`` is a name, folder or file, or the thing itself; a three-phase feeder needs no ``dso``. ``hours`` are the first and the last. ``rules``
    are those of the market: steps, floor, ceiling, least_mw, step_mw, step_price. ``margin_pu`` and ``bus`` are for three-phase feeders: by how much
    lower voltage limits are tightened, and the transmission bus.
    """
    given = case if isinstance(case, Case | PhaseCase) else str(case)
    return offering(given, dso, hours, rules or {}, flow=flow, margin_pu=margin_pu, bus=bus)


def offer_in_words(offer: Offered, rows: int = 40) -> str:
    """The steps, what made them, and what the offer promises."""
    return "\n".join(_offer_lines(offer, rows))


def offer_explained(offer: Offered) -> dict[str, object]:
    """What is sent, and beside it what shaped each step, which stays at home."""
    return {
        "schema": EXPLAINED, "offer": offer_document(offer), "steps": as_records(offer.steps), "trouble": list(offer.trouble),
        "true_cost": [
            {"interval": t.period, "dso": t.interface, "export_mw": t.curve.x.tolist(), "cost_per_h": t.curve.cost.tolist()} for t in offer.truths
        ], **_checks(offer.checks),
    }  # fmt: skip


def offer_picture(offer: Offered) -> Figure:
    """The first offer against the true cost; see `gridtandem.report.market.pictures`."""
    from gridtandem.report.market.pictures import offer as drawn

    return drawn(offer)


def side_in_words(side: Side, rows: int = 40) -> str:
    """Awards, prices and resources of one side."""
    lines = [f"trouble   {line}" for line in side.trouble]
    lines += [f"note      {name} of this case sent no offer: nothing is served there" for name in side.unheard]
    if len(side.awards):
        lines += [plain(side.awards, rows=rows), "", plain(side.prices, rows=rows), "", plain(side.devices, rows=rows), ""]
        lines += [f"cost of these resources {side.cost:,.2f} {side.currency}", *_check_lines(side.checks)]
    return "\n".join(lines)


def side_document(side: Side) -> dict[str, object]:
    """The same for machines."""
    return {
        "schema": SIDE, "currency": side.currency, "cost": None if np.isnan(side.cost) else side.cost, "trouble": list(side.trouble),
        "unheard": list(side.unheard), "awards": as_records(side.awards), "prices": as_records(side.prices), "devices": as_records(side.devices),
        **_checks(side.checks),
    }  # fmt: skip


def write_new(documents: Mapping[Path, Mapping[str, object]]) -> tuple[Path, ...]:
    """Write JSON files; none may be there already."""
    if there := [str(p) for p in documents if p.exists()]:
        raise AlreadyThere(f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already; choose another place, or remove it first")
    for path, document in documents.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    return tuple(documents)


def _offer_lines(offer: Offered, rows: int) -> Iterator[str]:
    study = offer.study
    names = ", ".join(study.case.interfaces.name[offer.rows].tolist())
    who, money = study.case.interfaces.company[offer.rows[0]], study.case.currency
    yield f"{names} of {study.case.name}: what {who} would offer; export is positive, money in {money}"
    if len(offer.steps):
        level = not offer.steps.rise_per_mwh.any()
        yield plain(offer.steps, columns=[c for c in OfferSteps.columns() if not (level and c == "rise_per_mwh")], rows=rows)
    for tier in sorted(set(offer.curves.tier[offer.curves.worth > 0].tolist())):
        yield f"tier {tier_word(tier)}: {PROMISES[Tier(tier)]}"
    if many := len(np.unique(np.stack([(lent := offer.curves.stores).interface, lent.unit]), axis=1).T):
        envelope = f"{spelled(float(lent.charge_mw.sum()), 'MWh')} taken or {spelled(float(lent.discharge_mw.sum()), 'MWh')} given over all hours"
        yield f"beside these steps {many} storage{'s' * (many != 1)} lent, at most {envelope}; certified at every corner of every hour's envelope"
    yield from _loss_lines(offer)
    yield from _check_lines(offer.checks)
    for line in offer.trouble:
        yield f"trouble   {line}"


def _checks(checks: PhaseChecks | None) -> dict[str, object]:
    return {} if checks is None else {"checks": as_records(checks)}


def _check_lines(checks: PhaseChecks | None) -> Iterator[str]:
    """The exact load flow of a three-phase feeder in a sentence or two."""
    if checks is None or not len(checks):
        return
    solved, count = checks.take(checks.solved == 1), len(checks)
    yield f"exact load flow of its phases at {count} point{'s' * (count > 1)} (`--json` has each):"
    if len(solved) < count:
        yield f"  no load flow at {count - len(solved)}"
    if len(solved):
        high, low = solved.too_high_pu.max(), solved.too_low_pu.max()
        yield f"  the model tells voltages up to {high:.4f} pu too high and {low:.4f} pu too low"
        yield f"  losses, which it leaves out, are {solved.loss_mw.min():.4f} to {solved.loss_mw.max():.4f} MW"
        worst = solved.beyond_pu.max()
        broken = int((solved.limits_broken > 0).sum())
        yield f"  limits are broken at {broken}" + (f", voltages by up to {worst:.4f} pu; --margin tightens lower limits" if broken else "")


def _loss_lines(offer: Offered) -> Iterator[str]:
    """How far the rules of the market lead the offer away from the true cost."""
    loss, held = loss_of_rules(offer)
    if offer.study.form != "lindist" and (error := float(offer.curves.error.max(initial=0.0))):
        yield f"steps are chords of a cost with losses, above it by at most {error:,.4g} {offer.study.case.currency}/h"
        money = offer.study.case.currency
        yield f"not offered: what only prices below {FLOOR:g} {money}/MWh call for, and exports that no load flow of the feeder has"
    if loss > ENDS or held > ENDS:
        back = f", and {spelled(held, 'MW')} of range are not offered" if held > ENDS else ""
        yield f"the market's rules make the offer dearer than the truth by at most {loss:,.4g} {offer.study.case.currency}/h{back}"
