"""Tables of a contingency analysis: what each step found for each outage, and the order that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.grid.nodal import Nodal
from gridtandem.security.severity import Severity
from gridtandem.study.contingency.study import Contingency
from gridtandem.tables import Complex, Flag, Index, Names, Real, Table, column

BASE, CURVES, ALONE, SCREENED, FULL = "base", "curves", "alone", "screened", "full"


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Findings(Table):
    """What one step found for one outage; NaN where there is no answer."""

    kind: ClassVar[str] = "findings"
    step: Names = column(
        "base: nothing is out; curves: feeders tell theirs; alone: they draw what they drew before; screened: by few steps; full: coordinated",
        dtype="U",
    )
    number: Index = column("number of the outage, from 0; −1: none", dtype="i8")
    outage: Names = column("what is out of service", dtype="U")
    ok: Flag = column("is there an answer?", dtype="?")
    flow_1: Real = column("performance index of active flows, n = 1")
    flow_2: Real = column("the same, n = 2")
    voltage_1: Real = column("performance index of voltages, n = 1; 0 from a DC network")
    voltage_2: Real = column("the same, n = 2")
    loading_percent: Real = column("largest active flow over its rating", unit="%")
    loaded_branch: Names = column("of which branch", dtype="U")
    v_low_pu: Real = column("lowest voltage of transmission", unit="pu")
    v_low_bus: Names = column("where that is", dtype="U")
    v_high_pu: Real = column("highest voltage of transmission", unit="pu")
    v_high_bus: Names = column("where that is", dtype="U")
    exchange_mw: Real = column("active power into all feeders; NaN while screened", unit="MW")
    exchange_mvar: Real = column("reactive power into all feeders; NaN while screened", unit="Mvar")
    rounds: Index = column("rounds of letters", dtype="i8")
    feeder_solves: Index = column("answers of single feeders that it took, by the ledger", dtype="i8")
    why: Names = column("why there is no answer", dtype="U")

    def index(self, power: int) -> Real:
        """PI = PI_P + PI_V for n = ``power``."""
        return np.asarray(self.flow_1 + self.voltage_1 if power == 1 else self.flow_2 + self.voltage_2, np.float64)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Ranking(Table):
    """Outages, the most severe first: those without an answer, those solved in full, then the others as they were screened."""

    kind: ClassVar[str] = "ranking"
    rank: Index = column("place in the order, from 1; 0: without an answer, which may be the most severe of all", dtype="i8")
    outage: Names = column("what is out of service", dtype="U")
    by: Names = column("full, or how it was screened", dtype="U")
    pi: Real = column("performance index that ranks")
    pi_flow: Real = column("its part of active flows")
    pi_voltage: Real = column("its part of voltages")
    pi_other: Real = column("the index with the other power n")
    alone_rank: Index = column("place without distribution, among the same outages, from 1; 0: without an answer, or not solved in full", dtype="i8")
    moved: Index = column("places that distribution moves it up; 0 where not both are solved in full", dtype="i8")
    pi_alone: Real = column("performance index where feeders draw what they drew before the outage")
    change_percent: Real = column("change of the index by distribution, of the one without", unit="%")
    pi_screened: Real = column("performance index as it was screened")
    loading_percent: Real = column("largest active flow over its rating", unit="%")
    loaded_branch: Names = column("of which branch", dtype="U")
    v_low_pu: Real = column("lowest voltage of transmission", unit="pu")
    v_low_bus: Names = column("where that is", dtype="U")
    feeder_solves: Index = column("answers of single feeders that it took, screening included", dtype="i8")
    why: Names = column("why there is no answer", dtype="U")


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Agreement:
    """How far two orders of the same outages agree."""

    count: int
    spearman: float  # of ranks; NaN for fewer than two, and where all are equal
    top: int
    overlap: int  # of the first ``top`` of both

    @staticmethod
    def of(one: Real, other: Real, top: int) -> Agreement:
        """Of two indices of the same outages, all of which have both."""
        from scipy.stats import rankdata

        a, b = rankdata(one), rankdata(other)
        apart = len(one) > 1 and np.ptp(a) > 0 and np.ptp(b) > 0
        most = min(top, len(one))
        first = [set(np.argsort(-x, kind="stable")[:most].tolist()) for x in (one, other)]
        spearman = float(np.corrcoef(a, b)[0, 1]) if apart else np.nan
        return Agreement(count=len(one), spearman=spearman, top=most, overlap=len(first[0] & first[1]))


def tabled(
    nodal: Nodal, branch: Names, step: str, outage: tuple[Index, Names], found: Severity, *, spent: tuple[Index, Index], s: Complex, why: Names
) -> Findings:  # fmt: skip
    """What a step found for outages (numbers, names), with the names of branches and buses; rounds and answers spent, power into feeders [MVA]."""
    (number, name), (rounds, asked) = outage, spent
    ok, p, q = np.isfinite(found.flow[:, 0]), s.real, s.imag
    return Findings(
        step=np.full(len(number), step), number=number, outage=name, ok=ok, flow_1=found.flow[:, 0], flow_2=found.flow[:, 1],
        voltage_1=found.voltage[:, 0], voltage_2=found.voltage[:, 1], loading_percent=100 * found.loading, loaded_branch=_named(branch, found.branch),
        v_low_pu=found.low, v_low_bus=_named(nodal.label, found.low_at), v_high_pu=found.high, v_high_bus=_named(nodal.label, found.high_at),
        exchange_mw=np.where(ok, p, np.nan), exchange_mvar=np.where(ok, q, np.nan), rounds=rounds, feeder_solves=asked, why=np.where(ok, "", why),
    )  # fmt: skip


def together(*parts: Findings) -> Findings:
    """One after another."""
    return Findings(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in Findings.columns()})


def overlaid(findings: Findings, rows: Index, other: Findings) -> Findings:
    """With these rows of another."""
    order = np.arange(len(findings))
    order[rows] = len(findings) + np.arange(len(rows))
    return together(findings, other).take(order)


def _named(words: Names, at: Index) -> Names:
    return np.where(at >= 0, words[at] if len(words) else "", "")


def index_of(findings: Findings, step: str, size: int, power: int) -> Real:
    """Performance index (outage) that a step found; NaN where it found none or has not come to it."""
    own, out = findings.take(findings.step == step), np.full(size, np.nan)
    out[own.number] = own.index(power)
    return out


def ranking(of: Contingency, findings: Findings) -> Ranking:
    """The order of all outages. What distribution moves is told of those that both ways are solved in full, ranked among themselves."""
    size, power = len(of.outages), of.power
    full, alone, screened = (index_of(findings, step, size, power) for step in (FULL, ALONE, SCREENED))
    known = np.isfinite(full)
    pi = np.where(known, full, screened)
    asked = np.zeros(size, bool)
    asked[findings.number[findings.step == FULL]] = True
    pi[asked & ~known] = np.nan
    none = np.isnan(pi)
    order = np.lexsort((np.arange(size), np.where(none, 0.0, -pi), ~known, ~none))
    place = np.zeros(size, np.int64)
    place[order] = np.arange(1, size + 1) - none.sum()
    both = known & np.isfinite(alone)
    mine, theirs = _places(full, both), _places(alone, both)
    shown = _last(findings, size)
    own = findings.take(shown)
    solves = np.zeros(size, np.int64)
    later = np.isin(findings.step, (SCREENED, FULL))
    np.add.at(solves, findings.number[later], findings.feeder_solves[later])
    first = own.flow_1 if power == 1 else own.flow_2
    with np.errstate(divide="ignore", invalid="ignore"):
        change = 100 * (pi - alone) / alone
    table = Ranking(
        rank=np.where(none, 0, place), outage=np.array(of.outages.name, str), by=np.where(asked, FULL, of.screen), pi=pi, pi_flow=first,
        pi_voltage=own.voltage_1 if power == 1 else own.voltage_2, pi_other=own.index(3 - power), alone_rank=theirs,
        moved=np.where(both, theirs - mine, 0), pi_alone=alone, change_percent=np.where(known, change, np.nan), pi_screened=screened,
        loading_percent=own.loading_percent, loaded_branch=own.loaded_branch, v_low_pu=own.v_low_pu, v_low_bus=own.v_low_bus,
        feeder_solves=solves, why=own.why,
    )  # fmt: skip
    return table.take(order)


def _last(findings: Findings, size: int) -> Index:
    """Row of each outage's last step: full where it has come to that, else screened."""
    out = np.zeros(size, np.int64)
    for step in (SCREENED, FULL):
        rows = np.flatnonzero(findings.step == step)
        out[findings.number[rows]] = rows
    return out


def _places(pi: Real, among: Flag) -> Index:
    """Place in falling order among those marked, from 1; equal ones in the order of their numbers; 0 for the others."""
    out, rows = np.zeros(len(pi), np.int64), np.flatnonzero(among)
    out[rows[np.lexsort((rows, -pi[rows]))]] = np.arange(1, len(rows) + 1)
    return out
