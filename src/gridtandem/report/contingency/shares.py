"""The same contingency analysis at several shares of renewables in the feeders: what they feed back, which outages gain and lose severity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from gridtandem.report.contingency.run import ContingencyRun
from gridtandem.report.drawing import drawn
from gridtandem.report.tables import as_records, plain
from gridtandem.study.contingency.results import BASE, FULL, Agreement
from gridtandem.study.provenance import provenance
from gridtandem.tables import Index, Names, Real, Table, column

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHARES = "tandem/contingency-shares/1"
PICTURES = {"shares": "gridtandem.report.contingency.pictures:shares"}
FIRST = 5  # outages that a table and a picture follow


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Shares(Table):
    """One row for each share of renewables."""

    kind: ClassVar[str] = "shares"
    renewables_percent: Real = column("share of the feeders' load that units inside them serve", unit="%")
    exchange_mw: Real = column("active power into all feeders before any outage", unit="MW")
    exchange_mvar: Real = column("reactive power into all feeders before any outage", unit="Mvar")
    pi_before: Real = column("performance index before any outage")
    pi_first: Real = column("that of the most severe outage")
    first: Names = column("which is that", dtype="U")
    moved: Index = column("outages solved in full that distribution moves to another place", dtype="i8")
    spearman: Real = column("of ranks with those at the first share, of outages solved in full at both")
    overlap: Index = column("outages among the first 20 that are so at the first share too", dtype="i8")
    feeder_solves: Index = column("answers of single feeders that it took, by the ledger", dtype="i8")


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ShareSweep:
    """Analyses at rising shares, and what they come to."""

    shares: tuple[float, ...]
    runs: tuple[ContingencyRun, ...]

    @property
    def table(self) -> Shares:
        """One row for each share."""
        rows = [_row(share, run, self.runs[0]) for share, run in zip(self.shares, self.runs, strict=True)]
        return Shares(**{name: np.concatenate([getattr(row, name) for row in rows]) for name in Shares.columns()})

    def plot(self, kind: str = "shares") -> Figure:
        """A picture; ``kind`` is one of `PICTURES`."""
        return drawn(PICTURES, kind, self)

    def __repr__(self) -> str:
        return "\n".join(_lines(self))


def by_share(shares: Sequence[float], analysed: Callable[[float], ContingencyRun]) -> ShareSweep:
    """Carry out an analysis at each share of renewables."""
    return ShareSweep(shares=tuple(shares), runs=tuple(analysed(share) for share in shares))


def index_by_outage(run: ContingencyRun) -> dict[str, float]:
    """Performance index of every outage that was solved in full."""
    own = run.findings.take((run.findings.step == FULL) & run.findings.ok)
    return dict(zip(own.outage.tolist(), own.index(run.result.of.power).tolist(), strict=True))


def before(run: ContingencyRun) -> float:
    """Performance index before any outage."""
    return float(run.findings.take(run.findings.step == BASE).index(run.result.of.power)[0])


def _row(share: float, run: ContingencyRun, first: ContingencyRun) -> Shares:
    base, table = run.findings.take(run.findings.step == BASE), run.ranking
    mine, theirs = index_by_outage(run), index_by_outage(first)
    both = [name for name in mine if name in theirs]
    same = Agreement.of(np.array([mine[n] for n in both]), np.array([theirs[n] for n in both]), 20)
    return Shares.of({
        "renewables_percent": [100 * share], "exchange_mw": base.exchange_mw, "exchange_mvar": base.exchange_mvar, "pi_before": [before(run)],
        "pi_first": table.pi[:1], "first": table.outage[:1], "moved": [int((table.moved != 0).sum())], "spearman": [same.spearman],
        "overlap": [same.overlap], "feeder_solves": [sum(run.feeder_solves.values())],
    })  # fmt: skip


def _lines(sweep: ShareSweep) -> Iterator[str]:
    of = sweep.runs[0].result.of
    yield f"{of.study.case.name}: {len(of.outages):,} outage{'s' * (len(of.outages) != 1)} at {len(sweep.shares)} shares of renewables in the feeders"
    yield from (f"  {line}" for line in plain(sweep.table).splitlines())
    if len(sweep.shares) > 1:
        yield f"  spearman and overlap: the order of outages solved in full, against that at {100 * sweep.shares[0]:g} %"
    found = [index_by_outage(run) for run in sweep.runs]
    for name in sweep.runs[-1].ranking.outage[:FIRST].tolist():
        values = " → ".join(f"{pi[name]:.5g}" if name in pi else "–" for pi in found)
        yield f"  PI of {name}: {values}"


def shares_document(sweep: ShareSweep) -> dict[str, object]:
    """The table, and the order at each share."""
    return {
        "schema": SHARES, "case": sweep.runs[0].result.of.study.case.name, "shares": as_records(sweep.table),
        "rankings": [as_records(run.ranking) for run in sweep.runs], "made_with": provenance(),
    }  # fmt: skip
