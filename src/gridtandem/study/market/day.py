"""A cleared day as people hold it and as a run file keeps it: how it ended, what it costs, and its tables. Needs no party and no solver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar, final

import numpy as np

from gridtandem.coordinate import Outcome
from gridtandem.study.kinds import MARKET
from gridtandem.study.market.books import books, surplus
from gridtandem.study.market.check import checked
from gridtandem.study.market.choice import unit_sales
from gridtandem.study.market.regulation import regulation, reserves
from gridtandem.study.market.results import Awards, Books, DeviceResults, MarketChecks, NodePrices, RegulationResults, Reserves, Surplus, UnitSales
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.study import MarketSeats, MarketStudy, seated
from gridtandem.study.market.tables import awards, devices, prices
from gridtandem.study.results import Letters, Rounds, Violations
from gridtandem.study.run import letters_table
from gridtandem.study.store import RunFile, followed, reading
from gridtandem.tables import Table

T = TypeVar("T", bound=Table)

TABLES: dict[str, type[Table]] = {
    "awards": Awards, "prices": NodePrices, "devices": DeviceResults, "books": Books, "surplus": Surplus, "sales": UnitSales, "checks": MarketChecks,
    "violations": Violations, "reserves": Reserves, "regulation": RegulationResults,
}  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MarketTables:
    """Everything a cleared day tells. Empty where nothing was cleared."""

    awards: Awards
    prices: NodePrices
    devices: DeviceResults
    books: Books
    surplus: Surplus
    sales: UnitSales
    checks: MarketChecks
    violations: Violations
    reserves: Reserves
    regulation: RegulationResults

    @staticmethod
    def of(result: MarketResult) -> MarketTables:
        """From plans; the AC check is made here."""
        checks, violations = checked(result)
        return MarketTables(
            awards=_plain(awards(result)), prices=_plain(prices(result)), devices=_plain(devices(result)), books=_plain(books(result)),
            surplus=_plain(surplus(result)), sales=_plain(unit_sales(result)), checks=_plain(checks), violations=_plain(violations),
            reserves=_plain(reserves(result)), regulation=_plain(regulation(result)),
        )  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MarketDay:
    """What a market study left behind. ``trouble`` says why there is no answer."""

    study: MarketStudy
    outcome: Outcome[Any]
    tables: MarketTables
    cost: float  # of transmission's and all feeders' plans together; NaN where there is none [currency]
    ideal: float  # least cost with everything in one market [currency]
    trouble: tuple[str, ...] = ()
    path: Path | None = None  # its run file

    @property
    def gap(self) -> float:
        """What the day costs more than the ideal market, relative to it."""
        return (self.cost - self.ideal) / max(1.0, abs(self.ideal))

    @property
    def letters(self) -> Letters:
        """The ledger."""
        return letters_table(self.outcome.ledger)

    @property
    def rounds(self) -> Rounds:
        """Gap by round."""
        return Rounds(round=np.arange(1, self.outcome.rounds + 1), gap=np.array(self.outcome.gaps))

    @property
    def contradicted(self) -> float:
        """Nothing: a linear market is off by some voltage in any case; `checks` says by how much."""
        return 0.0

    def require(self) -> MarketDay:
        """The day itself, or `NotAgreed`."""
        self.outcome.require()
        return self


def clear(study: MarketStudy, *, save: Path | None = None, watch: Callable[[Outcome[Any]], None] | None = None) -> MarketDay:
    """Carry out a market study. With ``save`` a run file grows round by round."""
    seats = seated(study)
    return _carried(study, seats, None if save is None else RunFile.create(save, study, kind=MARKET.name), None, watch=watch)


def resume(path: Path, *, rounds: int | None = None, watch: Callable[[Outcome[Any]], None] | None = None) -> MarketDay:
    """Go on with the run in a file, to the bit as if it had never stopped."""
    file = RunFile.open(path)
    study = file.study_of(MARKET, MarketStudy)
    before = file.outcome(study)
    study = study if rounds is None else replace(study, rounds=rounds)
    return _carried(study, seated(study), file, before, watch=watch)


def reopened(path: Path) -> MarketDay:
    """A run read from its file without computing anything."""
    file = RunFile.open(path)
    facts, study = file.facts(), file.study_of(MARKET, MarketStudy)
    there = facts.get("judged") == "yes"
    found: dict[str, Any] = {name: file.get(name, kind) if there else kind.empty() for name, kind in TABLES.items()}
    trouble = tuple(line for line in facts.get("trouble", "").split("\n") if line)
    with reading(path):
        cost, ideal = (float(facts.get(name, "nan")) for name in ("cost", "ideal"))
    return MarketDay(study=study, outcome=file.outcome(study), tables=MarketTables(**found), cost=cost, ideal=ideal, trouble=trouble, path=path)


def saved(day: MarketDay, path: Path) -> MarketDay:
    """Write the run file of a day that was not saved while it was cleared."""
    return _kept(day, RunFile.create(path, day.study, kind=MARKET.name))


def _plain(table: T) -> T:
    """Without negative zeros, which say nothing and which a run file would not keep."""
    whole = {name: getattr(table, name) + 0.0 for name, spec in table.columns().items() if spec.dtype == "f8"}
    return replace(table, **whole)


def _carried(
    study: MarketStudy, seats: MarketSeats, file: RunFile | None, before: Outcome[Any] | None, *, watch: Callable[[Outcome[Any]], None] | None
) -> MarketDay:
    result = run_market(study, seats=seats, watch=followed(file, watch), resume=before)
    day = MarketDay(study=study, outcome=result.outcome, tables=MarketTables.of(result), cost=result.cost, ideal=result.ideal, trouble=result.trouble)
    return day if file is None else _kept(day, file)


def _kept(day: MarketDay, file: RunFile) -> MarketDay:
    file.save(day.outcome)
    tables = {f.name: getattr(day.tables, f.name) for f in fields(day.tables)}
    file.put(tables, {"judged": "yes", "trouble": "\n".join(day.trouble), "cost": repr(day.cost), "ideal": repr(day.ideal)})
    return replace(day, path=file.path)
