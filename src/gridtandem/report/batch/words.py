"""Batches in plain words and as one document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.report.tables import as_records, spelled
from gridtandem.study.batch.results import Cases
from gridtandem.study.provenance import provenance
from gridtandem.study.registry import name_of

if TYPE_CHECKING:
    from gridtandem.report.batch.run import BatchRun

BATCH = "tandem/batch/1"
SHOWN = 2  # refused cases and islanding outages told of
WORST = 10  # branches and buses in the document


def batch_in_words(run: BatchRun) -> str:
    """About a dozen lines."""
    return "\n".join(_lines(run, run.cases))


def _lines(run: BatchRun, cases: Cases) -> Iterator[str]:
    batch, good = run.result.batch, cases.take(cases.ok)
    outages = f", each also under {_many(len(batch.outages), 'outage')}" if len(batch.outages) else ""
    yield f"{batch.study.case.name} under {name_of(batch.study.scheme)}: {_many(len(batch.study.loading), 'scenario')}{outages}: {_state(run, cases)}"
    yield from (f"  note      {note}" for note in batch.outages.notes)
    if len(good):
        yield from _figures(run, good)
    for k in np.flatnonzero(~cases.ok)[:SHOWN].tolist():
        yield f"  refused   {_where(cases, k)}: {cases.why[k]}"
    if (more := int((~cases.ok).sum()) - SHOWN) > 0:
        yield f"            … {more:,} more (table cases, column why)"
    for k in range(min(len(run.islanding), SHOWN)):
        yield f"  islanding {run.islanding.outage[k]} {run.islanding.why[k]}; not solved"
    if (more := len(run.islanding) - SHOWN) > 0:
        yield f"            … {more:,} more (table islanding)"
    if run.result.path is not None:
        yield f"  run file  {run.result.path}"


def _state(run: BatchRun, cases: Cases) -> str:
    size, none = run.result.batch.size, int((~cases.ok).sum())
    said = f"{_many(len(cases), 'case')} solved" if not none else f"{_many(len(cases) - none, 'case')} solved, {none:,} without an answer"
    return said if len(cases) == size else f"{said}; {size - len(cases):,} to come"


def _figures(run: BatchRun, good: Cases) -> Iterator[str]:
    low, high, full = int(np.argmin(good.v_low_pu)), int(np.argmax(good.v_high_pu)), int(np.argmax(good.loading_percent))
    least, most = int(good.rounds.min()), int(good.rounds.max())
    rounds = _many(most, "round") if least == most else f"{least} to {most} rounds"
    yield f"  scheme    {rounds}; powers reckoned and drawn differ by {_most(good)} at most"
    yield f"  voltage   lowest {spelled(good.v_low_pu[low], 'pu')} at {good.v_low_bus[low]} ({_where(good, low)})"
    yield f"            highest {spelled(good.v_high_pu[high], 'pu')} at {good.v_high_bus[high]} ({_where(good, high)})"
    if good.loading_percent[full] > 0:
        yield f"  loading   highest {spelled(good.loading_percent[full], '%')} on {good.loaded_branch[full]} ({_where(good, full)})"
    if broken := int((good.limits_broken > 0).sum()):
        yield f"  limits    broken in {broken:,} of {_many(len(good), 'case')}"
    for name, mw in (("transmission", good.transmission_loss_mw), ("feeders", good.distribution_loss_mw)):
        head = "losses" if name == "transmission" else "      "
        yield f"  {head}    {name} {spelled(mw.mean(), 'MW')} on average, {spelled(mw.max(), 'MW')} at most"
    if energy := energies(run, good):
        yield f"  energy    {energy['hours']:,.6g} h without outage: {energy['demand_mwh']:,.6g} MWh into loads of transmission and feeders,"
        yield f"            losses {energy['transmission_loss_mwh']:,.6g} MWh transmission, {energy['distribution_loss_mwh']:,.6g} MWh feeders"


def energies(run: BatchRun, good: Cases) -> dict[str, float]:
    """Energy of all scenarios that have an answer, without outage; empty where nobody said how long a scenario lasts."""
    hours, plain = run.result.batch.hours, good.take(good.outage == "")
    if np.isnan(hours) or not len(plain):
        return {}
    return {
        "hours": hours * len(plain),
        "demand_mwh": hours * float((plain.transmission_load_mw + plain.exchange_mw).sum()),
        "exchange_mwh": hours * float(plain.exchange_mw.sum()),
        "transmission_loss_mwh": hours * float(plain.transmission_loss_mw.sum()),
        "distribution_loss_mwh": hours * float(plain.distribution_loss_mw.sum()),
    }


def batch_document(run: BatchRun) -> dict[str, object]:
    """How a batch ended, its extremes and its energy."""
    batch, cases = run.result.batch, run.cases
    good = cases.take(cases.ok)
    first = np.flatnonzero(~cases.ok)[:WORST]
    return {
        "schema": BATCH,
        "case": batch.study.case.name,
        "scheme": name_of(batch.study.scheme),
        "batch_digest": batch.digest(),
        "end": run.end.name.lower().replace("_", "-"),
        "scenarios": len(batch.study.loading),
        "outages": len(batch.outages),
        "notes": list(batch.outages.notes),
        "cases": {"all": batch.size, "done": len(cases), "solved": len(good), "limits_broken": int((good.limits_broken > 0).sum())},
        "energy": energies(run, good),
        "branches": as_records(run.branches.take(np.arange(min(WORST, len(run.branches))))),
        "buses": as_records(run.buses.take(np.arange(min(WORST, len(run.buses))))),
        "without_answer": as_records(cases.take(first)),
        "islanding": as_records(run.islanding),
        "run_file": None if run.result.path is None else str(run.result.path),
        "made_with": provenance(),
    }


def _most(good: Cases) -> str:
    return spelled(float(good.exchange_error_mva.max()), "MVA")


def _where(cases: Cases, k: int) -> str:
    return f"scenario {cases.scenario[k]}" + (f", outage {cases.outage[k]}" if cases.outage[k] else "")


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"
