"""Structure against physics: each structural score beside what a simulated day measures of it, over all architectures, by rank.

Every score is turned so that more is worse, as is every measure. Nominal days and degraded ones stand apart. A measure under degraded scenarios is
the mean, over those in which it has a number, of its rank among architectures divided by how many there are, so that no scenario drowns another by
the size of its numbers. Nothing found is told as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.architecture.simulation.measures import RankCorrelation, rank_correlation, ranks
from gridtandem.architecture.simulation.results import Results
from gridtandem.architecture.verdicts.findings import PRINCIPLES
from gridtandem.architecture.verdicts.judged import Judged
from gridtandem.tables import Index, Names, Real, Table, column

NOMINAL = "nominal"
CONDITIONS = (NOMINAL, "degraded")
FEWEST = 3  # architectures
CHANCE = 0.05  # above it, an order like this comes by chance
SHOWN = 3  # disagreements
COUNTERPARTS: Mapping[str, tuple[str, ...]] = {  # what a day measures of each principle
    "TB": ("violation_before", "voltage_before"), "HC": ("conflicts", "double_mwh"), "LD": ("gap_percent", "iterations"),
    "LC": ("missed", "latency_p95_s"), "CY": ("blast_mw",), "SC": ("fan_in", "largest_problem", "messages"), "OB": ("observed_share",),
    "RC": ("skew_mw",), "CG": ("violation_after", "voltage_after"),
}  # fmt: skip
BETTER = frozenset({"LD", "observed_share"})  # scores and measures of which more is better: 1 minus them counts


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Correlations(Table):
    """One row for each principle, each measure of it, and each condition."""

    kind: ClassVar[str] = "correlations"
    principle: Names = column("short name of the structural principle", dtype="U")
    measure: Names = column("column of the results", dtype="U")
    condition: Names = column("nominal or degraded", dtype="U")
    pairs: Index = column("architectures that have both", dtype="i8", at_least=0)
    rho: Real = column("Spearman's rank correlation; more of both is worse", at_least=-1.0, at_most=1.0)
    p_value: Real = column("share of orders at least as far from 0", at_least=0.0, at_most=1.0)
    disagree: Names = column("architectures whose two ranks differ most", dtype="U")
    told: Names = column("a sentence where the structure tells nothing, or the opposite; else empty", dtype="U")


def scores_of(judged: Judged) -> dict[str, float]:
    """Score of each principle, the middle of its interval, turned so that more is worse."""
    middle = {short: sum(verdict.score) / 2 for short, verdict in judged.verdicts.items()}
    return {short: 1 - score if short in BETTER else score for short, score in middle.items()}


def correlations(results: Results, scores: Mapping[str, Mapping[str, float]], *, seed: int = 0) -> Correlations:
    """``scores`` by architecture and principle; see `scores_of`."""
    names = [n for n in dict.fromkeys(results.architecture.tolist()) if n in scores]
    rows: list[tuple[str | int | float, ...]] = []
    for short in (p.short for p in PRINCIPLES):
        score = np.array([scores[n][short] for n in names], np.float64)
        for measure in COUNTERPARTS[short]:
            for condition, x in zip(CONDITIONS, measured(results, names, measure), strict=True):
                found = rank_correlation(score, x, seed=seed)
                rows.append(
                    (short, measure, condition, found.pairs, found.rho, found.p_value, _disagreement(names, score, x), _told(found, score, x))
                )
    return Correlations.of({name: [row[k] for row in rows] for k, name in enumerate(Correlations.columns())})


def measured(results: Results, names: list[str], measure: str) -> tuple[Real, Real]:
    """Of each architecture under the nominal scenario, and under degraded ones."""
    table: Real = getattr(results, measure)
    given = (1 - table if measure in BETTER else table).tolist()
    by: dict[str, dict[str, float]] = {}
    for name, scenario, x in zip(results.architecture.tolist(), results.scenario.tolist(), given, strict=True):
        if name in by.setdefault(scenario, {}):
            raise ValueError(f"results have {name} under {scenario} twice")
        by[scenario][name] = x
    each = {s: np.array([row.get(n, np.nan) for n in names], np.float64) for s, row in by.items()}
    degraded = [rank_shares(x) for s, x in each.items() if s != NOMINAL]
    nothing = np.full(len(names), np.nan)
    if not degraded:
        return each.get(NOMINAL, nothing), nothing
    known = ~np.isnan(degraded)
    count, total = known.sum(0), np.where(known, degraded, 0.0).sum(0)
    return each.get(NOMINAL, nothing), np.divide(total, count, out=nothing.copy(), where=count > 0)


def rank_shares(x: Real) -> Real:
    """Rank among numbers, over how many there are."""
    out, there = np.full(len(x), np.nan), ~np.isnan(x)
    out[there] = ranks(x[there]) / max(int(there.sum()), 1)
    return out


def _disagreement(names: list[str], score: Real, x: Real) -> str:
    """Those whose ranks differ most, the worst first."""
    there = np.flatnonzero(~(np.isnan(score) | np.isnan(x)))
    a, b = ranks(score[there]), ranks(x[there])
    apart = np.abs(a - b)
    worst = [k for k in np.argsort(-apart, kind="stable")[:SHOWN].tolist() if apart[k] > 0]
    return "; ".join(f"{names[int(there[k])]}: {a[k]:g} by structure, {b[k]:g} measured, of {len(there)}" for k in worst)


def _told(found: RankCorrelation, score: Real, x: Real) -> str:
    """What there is to say where the structure does not tell the measure."""
    there = ~(np.isnan(score) | np.isnan(x))
    if found.pairs < FEWEST:
        return f"no answer: {found.pairs} architectures have both"
    if np.isnan(found.rho):
        what = "score" if np.ptp(ranks(score[there])) == 0 else "measure"
        return f"no answer: the {what} is the same in all {found.pairs} architectures"
    numbers = f"rank correlation {found.rho:.2f}, p {found.p_value:.2g}, {found.pairs} architectures"
    if found.p_value > CHANCE:
        return f"a null result: the score does not tell this measure ({numbers})"
    return f"the other way about: a worse score goes with a better day ({numbers})" if found.rho < 0 else ""
