"""Energy and reserve: what a day that holds frequency says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gridtandem.cases.case import Case
from gridtandem.frequency.security import Limits, Security, Service
from gridtandem.report.kinds import FIELDS, Asked, Door, Fields, Words, plainly
from gridtandem.report.reserve import words
from gridtandem.report.run import Run
from gridtandem.report.tables import number
from gridtandem.study.kinds import RESERVE
from gridtandem.study.reserve.run import CRAFT, ReserveDay
from gridtandem.study.reserve.study import ReserveStudy, inertia_of

NADIR, PRIMARY, FAST = 1.0, (10.0, 0.0), (1.0, 0.0)  # Hz below nominal; seconds of delivery, and of the delay before it
STEADY = 0.5  # Hz; at most the nadir


def studied(case: Case, given: Mapping[str, Any], rounds: int) -> ReserveStudy:
    """The study that words and numbers of the door mean; hours of inertia may be a file or a DataFrame."""
    own = {FIELDS.get(name, name): given[name] for name in ("hours", "first_hour", "feeders") if name in given}
    return ReserveStudy(
        case=case, scheme=None, rounds=rounds, inertia=inertia_of(given.get("inertia")),
        security=given.get("security") or _security(given), **own,
    )  # fmt: skip


def _security(given: Mapping[str, Any]) -> Security:
    """Limits and services by their numbers."""
    nadir = float(given.get("nadir", NADIR))
    primary, fast = (
        Service(ramp_s=ramp, delay_s=delay, name=name)
        for name, (ramp, delay) in (("primary", given.get("primary_time", PRIMARY)), ("fast", given.get("fast_time", FAST)))
    )
    return Security(limits=Limits(nadir_hz=nadir, steady_hz=min(STEADY, nadir)), primary=primary, fast=(fast,), nadir=given.get("nadir_by", "cone"))


def _figures(run: Run) -> dict[str, object]:
    day: ReserveDay = run.result
    told = day.tables
    return {
        "cost": number(told.cost), "bound": number(told.bound), "cooperative": number(told.cooperative), "gap_to_cooperative": number(told.gap),
        "companies_cost": number(told.companies), "companies_exact": number(told.companies_exact),
    }  # fmt: skip


def _about(study: ReserveStudy) -> dict[str, object]:
    limits, services = study.security.limits, (study.security.primary, *study.security.fast)
    return {
        "currency": study.case.currency, "feeders": study.feeders, "f0_hz": limits.f0_hz, "nadir_hz": limits.nadir_hz,
        "nadir_by": study.security.nadir,
        "rocof_hz_per_s": limits.rocof_hz_per_s, "steady_hz": limits.steady_hz, "damping_mw_per_hz": limits.damping_mw_per_hz,
        **{f"{s.name}_{name}": getattr(s, name) for s in services for name in ("ramp_s", "delay_s")},
    }  # fmt: skip


ASKED = plainly(RESERVE, ReserveStudy)
DOOR = Door(
    craft=CRAFT,
    asked=Asked(studied=studied, meant=ASKED.meant, usual=ASKED.usual, able=ASKED.able),
    words=Words(
        run=words.run_in_words, comparison=words.comparison_in_words,
        run_pictures={
            "overview": "gridtandem.report.reserve.pictures:overview",
            "awards": "gridtandem.report.reserve.pictures:awards",
            "stations": "gridtandem.report.reserve.pictures:stations",
        },
        comparison_pictures={
            "overview": "gridtandem.report.reserve.pictures:compared",
            "prices": "gridtandem.report.reserve.pictures:prices",
        },
    ),
    fields=Fields(
        schemas=("tandem/reserve-summary/1", "tandem/reserve-compare/1"), figures=_figures, shown=("hours", "awards", "checks"), about=_about,
        elsewhere={"buses": "voltages beyond limits are in table 'violations'", "units": "what units do is in tables 'stations' and 'devices'"},
    ),
)  # fmt: skip
