"""Carry out a dispatch: seat the parties, let the scheme coordinate, take the plans, hold them against the AC check and one owner's dispatch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, final

import numpy as np

from gridtandem.coordinate import End, Outcome, coordinate
from gridtandem.opf.ac_boundary import Asked, solved
from gridtandem.study.dispatch.day import DayState, hour_by_hour
from gridtandem.study.dispatch.results import BusPrices, Decisions, DispatchChecks, Exchanges
from gridtandem.study.dispatch.study import PREVIOUS, DispatchSeats, DispatchStudy, seated
from gridtandem.study.dispatch.tables import Told, told
from gridtandem.study.kinds import DISPATCH
from gridtandem.study.results import Letters, Rounds, Violations
from gridtandem.study.run import letters_table
from gridtandem.study.store import RunFile, followed
from gridtandem.tables import Table

TABLES: dict[str, type[Table]] = {
    "exchanges": Exchanges, "decisions": Decisions, "prices": BusPrices, "checks": DispatchChecks, "violations": Violations,
}  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DispatchResult:
    """What a study of dispatch left behind. ``trouble`` says why there is no answer, or not in every period."""

    study: DispatchStudy
    outcome: Outcome[Any]
    tables: Told
    trouble: tuple[str, ...] = ()
    path: Path | None = None  # its run file

    @property
    def letters(self) -> Letters:
        """The ledger."""
        return letters_table(self.outcome.ledger)

    @property
    def rounds(self) -> Rounds:
        """Gap by round."""
        return Rounds(round=np.arange(1, self.outcome.rounds + 1), gap=np.array(self.outcome.gaps))

    @property
    def promised(self) -> float:
        """Cost of all plans over all periods, one hour each; NaN where a period has none. [currency]"""
        return self._sum("promised_per_h")

    @property
    def realised(self) -> float:
        """What they really cost. [currency]"""
        return self._sum("realised_per_h")

    @property
    def central(self) -> float:
        """What one owner would pay. [currency]"""
        return self._sum("central_per_h")

    @property
    def gap(self) -> float:
        """What the plans cost more than the dispatch of one owner, relative to it."""
        return (self.promised - self.central) / max(1.0, abs(self.central))

    @property
    def contradicted(self) -> float:
        """By how much the AC check contradicts an agreement [pu]; 0 where it confirms it."""
        checks = self.tables.checks
        apart = float(np.max(checks.voltage_error_pu[checks.solved], initial=0.0)) if self.outcome.agreed else 0.0
        return 0.0 if apart <= CONTRADICTS else apart

    def require(self) -> DispatchResult:
        """The result itself, or `NotAgreed`."""
        self.outcome.require()
        return self

    def _sum(self, name: str) -> float:
        column = getattr(self.tables.checks, name)
        return float(column.sum()) if len(column) == self.study.hours else np.nan


CONTRADICTS = 1e-4  # pu; schemes agree to 1e-6, and what is left of an exchange moves voltages by less than this


def dispatch(study: DispatchStudy, *, save: Path | None = None, watch: Callable[[Outcome[Any]], None] | None = None) -> DispatchResult:
    """Carry out a study. With ``save`` a run file grows round by round."""
    seats = seated(study)
    return _carried(study, seats, None if save is None else RunFile.create(save, study, kind=DISPATCH.name), None, watch=watch)


def resume(path: Path, *, rounds: int | None = None, watch: Callable[[Outcome[Any]], None] | None = None) -> DispatchResult:
    """Go on with the run in a file, to the bit as if it had never stopped."""
    file = RunFile.open(path)
    study = file.study_of(DISPATCH, DispatchStudy)
    before = file.outcome(study, [DayState])
    study = study if rounds is None else replace(study, rounds=rounds)
    return _carried(study, seated(study), file, before, watch=watch)


def reopened(path: Path) -> DispatchResult:
    """A run read from its file without computing anything."""
    file = RunFile.open(path)
    facts, study = file.facts(), file.study_of(DISPATCH, DispatchStudy)
    there = facts.get("judged") == "yes"
    found: dict[str, Any] = {name: file.get(name, kind) if there else kind.empty() for name, kind in TABLES.items()}
    trouble = tuple(line for line in facts.get("trouble", "").split("\n") if line)
    return DispatchResult(study=study, outcome=file.outcome(study, [DayState]), tables=Told(**found), trouble=trouble, path=path)


def saved(result: DispatchResult, path: Path) -> DispatchResult:
    """Write the run file of a result that was not saved while it ran."""
    return _kept(result, RunFile.create(path, result.study, kind=DISPATCH.name))


def _carried(
    study: DispatchStudy, seats: DispatchSeats, file: RunFile | None, before: Outcome[Any] | None, *, watch: Callable[[Outcome[Any]], None] | None
) -> DispatchResult:
    outcome = _coordinated(study, seats, before, followed(file, watch))
    tables, missing = told(seats, study, outcome)
    planned = frozenset((tables.exchanges.period - study.first).tolist())
    result = DispatchResult(study=study, outcome=outcome, tables=tables, trouble=(*explained(seats, outcome, planned), *missing))
    return result if file is None else _kept(result, file)


def _coordinated(study: DispatchStudy, seats: DispatchSeats, before: Outcome[Any] | None, watch: Callable[[Outcome[Any]], None]) -> Outcome[Any]:
    if study.start == PREVIOUS:
        return hour_by_hour(seats, study, before, watch)
    return coordinate(seats.mailbox(study.scheme), study.scheme, rounds=study.rounds, resume=before, watch=watch)


def explained(seats: DispatchSeats, outcome: Outcome[Any], planned: frozenset[int] = frozenset()) -> tuple[str, ...]:
    """Why there is no answer, asked at the owners' doors: which limits would have to give way. Periods that have plans need no words."""
    said = [words] if (words := getattr(outcome.state, "trouble", "")) else []
    for refusal in outcome.refused:
        _, t, i = refusal.rows[0]
        if t in planned:  # it went another way
            continue
        hour = f"in period {t + 1}: " if len(seats.cases) > 1 else ""
        if refusal.by == "owner":
            said.append(_impossible(seats, t))
        elif refusal.by == "tso":
            said.append(f"tso, {hour}{seats.transmission.explained(t)}")
        else:
            desk, rows = next((desk, rows) for desk, rows in seats.fleets if i in rows)
            said.append(f"{refusal.by}, {hour}{desk.explained((0, t, int(np.flatnonzero(rows == i)[0])))}")
    if outcome.end in (End.CYCLES, End.OUT_OF_ROUNDS):  # of what nobody could agree on, the owner knows whether it can be had at all
        said += [_impossible(seats, t) for t in range(len(seats.cases)) if not solved(seats.owner.solve(t))]
    return tuple(dict.fromkeys(said))


def _impossible(seats: DispatchSeats, t: int) -> str:
    """Why all networks as one have no dispatch."""
    at, hour = seats.owner.held[t], f"in period {t + 1}: " if len(seats.cases) > 1 else ""
    return f"all networks as one, {hour}{at.explained(Asked(toll=at.free(), fixed={}))}"


def _kept(result: DispatchResult, file: RunFile) -> DispatchResult:
    file.save(result.outcome)
    file.put({f.name: getattr(result.tables, f.name) for f in fields(result.tables)}, {"judged": "yes", "trouble": "\n".join(result.trouble)})
    return replace(result, path=file.path)
