"""Contingency analyses in plain words and as one document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.cases.renewables import renewable_share
from gridtandem.report.tables import as_records, plain, spelled
from gridtandem.security.severity import BASE_FACTOR, LEAST_MVA
from gridtandem.study.contingency.results import BASE, CURVES, FULL, SCREENED, Agreement, Ranking
from gridtandem.study.contingency.study import Contingency
from gridtandem.study.provenance import provenance
from gridtandem.study.registry import name_of
from gridtandem.tables import Real

if TYPE_CHECKING:
    from gridtandem.report.contingency.run import ContingencyRun

CONTINGENCY = "tandem/contingency/1"
SHOWN, LISTED, TOLD = 2, 10, 6  # islanding outages and refusals; rows of the table; outages that change places
SPENT = {BASE: "before any outage", CURVES: "for curves", SCREENED: "while screened", FULL: "for outages in full"}
ASK = "of the others only --screen full tells"
FEW = 0.05  # % of change of an index below which distribution hardly matters
COLUMNS = ("rank", "alone_rank", "outage", "by", "pi", "pi_alone", "change_percent", "loading_percent", "loaded_branch", "v_low_pu", "v_low_bus")
CHANGES = ("alone_rank", "pi_alone", "change_percent")  # what there is only with feeders


def contingency_in_words(run: ContingencyRun) -> str:
    """About two dozen lines."""
    return "\n".join(_lines(run))


def _lines(run: ContingencyRun) -> Iterator[str]:
    of, table = run.result.of, run.ranking
    solved = _in_full(run)
    share = renewable_share(of.study.case)
    feeders = f", renewables {spelled(100 * share, '%')} of the feeders' load" if share > 0 else ""
    way = "all solved in full" if solved == len(of.outages) else f"screened by {_way(of.screen)}, {solved:,} solved in full"
    load = "" if (k := float(of.study.loading[0, 0])) == 1 else f", loads and schedules times {k:g}"
    scheme = f" under {name_of(of.study.scheme)}" if of.feeds else ", no feeders"
    yield f"{of.study.case.name}{scheme}{feeders}{load}: {_many(len(of.outages), 'outage')}, {way}"
    yield from (f"  note      {note}" for note in notes(of))
    if of.ratings == "base":
        yield f"  ratings   where the case has none: {BASE_FACTOR:g} times the apparent power before any outage, at least {LEAST_MVA:g} MVA"
    yield from _collapsed(table)
    known = table.take(table.rank > 0)
    columns = [c for c in COLUMNS if of.feeds or c not in CHANGES]
    yield from (f"  {line}" for line in plain(known, columns=columns, rows=LISTED).splitlines())
    yield from _changes(table)
    yield from _screening(run)
    if of.feeds:
        yield from _solves(run)
    yield from _islanding(run)
    if run.path is not None:
        yield f"  run file  {run.path}"


def notes(of: Contingency) -> Iterator[str]:
    """What was named more than once, and loads that hardly anybody means."""
    yield from of.outages.notes
    case = of.study.case
    for network in (case.transmission, *{m.name: m for m in case.models}.values()):
        loads = network.loads
        p, q = (loads.p_exponent, loads.p_z_share, loads.p_i_share), (loads.q_exponent, loads.q_z_share, loads.q_i_share)
        odd = loads.live & (((_rise(*p) < 0) & (loads.p_mw != 0)) | ((_rise(*q) < 0) & (loads.q_mvar != 0)))
        if odd.any():
            some = ", ".join(loads.name[odd][:TOLD].tolist()) + ", …" * (int(odd.sum()) > TOLD)
            why = "exponent" if (np.minimum(loads.p_exponent, loads.q_exponent)[odd] < 0).any() else "shares"
            yield f"loads of {network.name} take more as their voltage falls (negative {why}): {some}"


def _rise(exponent: Real, z_share: Real, i_share: Real) -> Real:
    """Derivative of a load by its voltage where both are 1: 2 z + i + (1 − z − i) n."""
    return 2 * z_share + i_share + (1 - z_share - i_share) * exponent


def _way(screen: str) -> str:
    return "shift factors" if screen == "dc" else "decoupled steps"


def _collapsed(table: Ranking) -> Iterator[str]:
    """Outages without an answer, which may be the worst of all, and whether they have one without distribution."""
    none = table.take(table.rank == 0)
    for k in range(min(len(none), SHOWN)):
        yield f"  refused   {none.outage[k]}: {none.why[k]}"
    if (more := len(none) - SHOWN) > 0:
        yield f"            … {more:,} more (table ranking, column why)"
    if len(missed := none.outage[np.isfinite(none.pi_alone)]):
        some = ", ".join(missed[:TOLD].tolist()) + ", …" * (len(missed) > TOLD)
        yield f"  missed    {_many(len(missed), 'outage')} without an answer would have one if feeders drew what they drew before: {some}"


def _changes(table: Ranking) -> Iterator[str]:
    """What distribution does to order and size, whether or not it is much."""
    full = table.take((table.by == FULL) & (table.alone_rank > 0) & (table.rank > 0))
    if not len(full):
        return
    moved = full.take(full.moved != 0)
    if len(moved):
        some = moved.take(np.argsort(-np.abs(moved.moved), kind="stable")[:TOLD])
        told = ", ".join(f"{name} {abs(m)} {'up' if m > 0 else 'down'}" for name, m in zip(some.outage.tolist(), some.moved.tolist(), strict=True))
        yield f"  order     {len(moved):,} of {_many(len(full), 'outage')} change places because of distribution: {told}" + ", …" * (
            len(moved) > TOLD
        )
    else:
        yield f"  order     none of {_many(len(full), 'outage')} solved in full changes its place because of distribution"
    worst = int(np.argmax(np.abs(full.change_percent)))
    size = np.abs(full.change_percent)
    small = "; distribution hardly matters here" if size.max() < FEW else ""
    yield f"  severity  the index changes by {size.max():.3g} % at most ({full.outage[worst]}), {np.median(size):.2g} % in the middle{small}"


def _screening(run: ContingencyRun) -> Iterator[str]:
    """Where all are solved in full, against that; else of those alone, and against all without distribution, which nobody has chosen."""
    of, found = run.result.of, run.agreement()
    if not found.count:
        return
    if _in_full(run) == len(of.outages):
        yield f"  screening against full: {told(found)}"
        return
    yield f"  screening against full: Spearman {_rank(found)} over the {found.count:,} solved in full because they came first; {ASK}"
    if of.feeds:
        yield f"  screening against feeders that draw what they drew before: {told(run.agreement(against='alone'))}"


def told(found: Agreement) -> str:
    """How far two orders agree, in words."""
    return f"Spearman {_rank(found)} over {_many(found.count, 'outage')}, {found.overlap} of the first {found.top} the same"


def _rank(found: Agreement) -> str:
    return "–" if np.isnan(found.spearman) else f"{found.spearman:.6g}"


def _solves(run: ContingencyRun) -> Iterator[str]:
    own = run.feeder_solves
    parts = ", ".join(f"{own[step]:,} {words}" for step, words in SPENT.items() if own.get(step, 0))
    yield f"  feeders   {sum(own.values()):,} DSO solves{': ' * bool(parts)}{parts}"


def _islanding(run: ContingencyRun) -> Iterator[str]:
    for k in range(min(len(run.islanding), SHOWN)):
        yield f"  islanding {run.islanding.outage[k]} {run.islanding.why[k]}; not solved"
    if (more := len(run.islanding) - SHOWN) > 0:
        yield f"            … {more:,} more (table islanding)"


def contingency_document(run: ContingencyRun) -> dict[str, object]:
    """The order, what distribution changes, how good the screening is, and what it took."""
    of = run.result.of
    share = renewable_share(of.study.case)
    return {
        "schema": CONTINGENCY, "case": of.study.case.name, "scheme": name_of(of.study.scheme), "contingency_digest": of.digest(),
        "end": run.end.name.lower().replace("_", "-"), "screen": of.screen, "power": of.power, "ratings": of.ratings,
        "renewable_share": None if np.isnan(share) else share, "outages": len(of.outages), "outages_in_full": _in_full(run),
        "notes": list(notes(of)),
        "feeder_solves": run.feeder_solves,
        "screening": _compared(run.agreement()),
        "screening_against_alone": _compared(run.agreement(against="alone")) if of.feeds else None,
        "ranking": as_records(run.ranking), "islanding": as_records(run.islanding), "run_file": None if run.path is None else str(run.path),
        "made_with": provenance(),
    }  # fmt: skip


def _in_full(run: ContingencyRun) -> int:
    return int((run.findings.step == FULL).sum())


def _compared(found: Agreement) -> dict[str, object]:
    return {"outages": found.count, "spearman": None if np.isnan(found.spearman) else found.spearman, "top": found.top, "overlap": found.overlap}


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"
