"""Run a study: seat the parties, let the scheme coordinate, take the plans, hold them against the AC check, keep everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np

from gridtandem.boundary.mailbox import Entry, Mail, Mailbox, Refusal
from gridtandem.coordinate import End, Outcome, coordinate
from gridtandem.study.judge import Verdict, judged
from gridtandem.study.plans import plans_of
from gridtandem.study.results import BranchResults, BusResults, Checks, InterfaceResults, Letters, Rounds, UnitResults, Violations
from gridtandem.study.store import RunFile, followed
from gridtandem.study.study import Seats, Study, seated
from gridtandem.tables import Table

TABLES: dict[str, type[Table]] = {
    "buses": BusResults, "interfaces": InterfaceResults, "branches": BranchResults, "units": UnitResults, "checks": Checks, "violations": Violations,
}  # fmt: skip


CONTRADICTS = 1e-6  # pu; plans that agree to 1e-9 lie within 1e-8 of the joined grid, a wrong one is off by far more
STALL, SLOW = 3, 0.8  # rounds looked at, and the ratio of gaps from which nine digits take about a hundred rounds


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Result:
    """Everything a run left behind. Where it found no answer, numbers are absent and ``trouble`` says why."""

    study: Study
    outcome: Outcome[Any]
    verdict: Verdict | None
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
    def contradicted(self) -> float:
        """By how much the AC check contradicts an agreement [pu]; 0 where it confirms it, or where nothing was agreed."""
        if self.verdict is None or not self.outcome.agreed:
            return 0.0
        apart = float(self.verdict.checks.voltage_error_pu.max())
        return 0.0 if apart <= max(CONTRADICTS, 1000 * self.outcome.goal) else apart

    def require(self) -> Result:
        """The result itself, or `NotAgreed`."""
        self.outcome.require()
        return self


def run(
    study: Study,
    *,
    save: Path | None = None,
    watch: Callable[[Outcome[Any]], None] | None = None,
    through: Callable[[Mailbox], Mail] = lambda mail: mail,
) -> Result:
    """Carry out a study. With ``save`` a run file grows round by round, so that nothing is lost if the run is interrupted."""
    seats = seated(study)
    file = None if save is None else RunFile.create(save, study)
    return _carried(study, seats, file, None, watch=watch, through=through)


def resume(path: Path, *, rounds: int | None = None, watch: Callable[[Outcome[Any]], None] | None = None) -> Result:
    """Go on with the run in a file, to the bit as if it had never stopped. ``rounds`` raises or lowers its limit."""
    file = RunFile.open(path)
    study = file.study()
    before = file.outcome(study)
    if rounds is not None:
        study = replace(study, rounds=rounds)
    return _carried(study, seated(study), file, before, watch=watch, through=lambda mail: mail)


def reopened(path: Path) -> Result:
    """A finished or interrupted run, read from its file without computing anything."""
    file = RunFile.open(path)
    facts, study = file.facts(), file.study()
    found = {name: file.get(name, kind) for name, kind in TABLES.items()} if facts.get("judged") == "yes" else None
    trouble = tuple(line for line in facts.get("trouble", "").split("\n") if line)
    return Result(study=study, outcome=file.outcome(study), verdict=None if found is None else Verdict(**found), trouble=trouble, path=path)  # type: ignore[arg-type]


def _carried(
    study: Study,
    seats: Seats,
    file: RunFile | None,
    before: Outcome[Any] | None,
    *,
    watch: Callable[[Outcome[Any]], None] | None,
    through: Callable[[Mailbox], Mail],
) -> Result:
    mail = seats.mailbox(study.scheme, (study.loading.shape[0], study.loading.shape[1]))
    outcome = coordinate(mail, study.scheme, rounds=study.rounds, resume=before, watch=followed(file, watch), through=through)
    if not len(study.case.interfaces):
        outcome = _alone(seats, study, outcome)
    there = living(study, outcome)
    plans = tuple(plans_of(seats, study.scheme.agreement(outcome.state), st) for st in there)
    verdict = judged(seats.owner, plans) if plans else None
    trouble = (*explained(study, seats, outcome), *(() if verdict is None else verdict.trouble))
    result = Result(study=study, outcome=outcome, verdict=verdict, trouble=trouble)
    return result if file is None else _kept(result, file)


def saved(result: Result, path: Path) -> Result:
    """Write the run file of a result that was not saved while it ran."""
    return _kept(result, RunFile.create(path, result.study))


def _kept(result: Result, file: RunFile) -> Result:
    file.save(result.outcome)
    tables = {} if result.verdict is None else {name: getattr(result.verdict, name) for name in TABLES}
    file.put(tables, {"judged": "no" if result.verdict is None else "yes", "trouble": "\n".join(result.trouble)})
    return replace(result, path=file.path)


def _alone(seats: Seats, study: Study, outcome: Outcome[Any]) -> Outcome[Any]:
    """Without interfaces nobody can refuse a letter; the load flow itself says whether there is an answer."""
    unsolved = [st for st in np.ndindex(study.loading.shape) if not seats.owner.solve((st[0], st[1])).converged]
    if not unsolved:
        return outcome
    refusal = Refusal("tso", "Together", tuple((s, t, 0) for s, t in unsolved))
    return replace(outcome, end=End.REFUSED, refused=(*outcome.refused, refusal))


def living(study: Study, outcome: Outcome[Any]) -> list[tuple[int, int]]:
    """Scenarios and periods that have an agreement to be judged."""
    if not outcome.answered or outcome.state is None:
        return []
    v = study.scheme.agreement(outcome.state).v
    return [(s, t) for s, t in np.ndindex(v.shape[0], v.shape[1]) if np.isfinite(v[s, t]).all()]


def explained(study: Study, seats: Seats, outcome: Outcome[Any]) -> tuple[str, ...]:
    """Why a run has no answer, or not everywhere, in sentences; asked at the owners' doors."""
    said: list[str] = _stalled(outcome)
    if told := getattr(outcome.state, "trouble", ""):  # a scheme may know best why it refuses
        said.append(told)
    for refusal in outcome.refused:
        s, t, _ = refusal.rows[0]
        where = f" (scenario {s}, period {t})" if study.loading.size > 1 else ""
        if refusal.question in ("PowerAt", "ResponseAt", "PowerOver", "PortResponseAt") or (refusal.question == "Alone" and refusal.by != "tso"):
            said.append(_feeder_says(seats, refusal, outcome) + where)
        elif refusal.by == "tso" and refusal.question != "Together":
            draw = None if refusal.question == "Alone" else getattr(outcome.state, "draw", None)
            said.append(seats.transmission.explain(draw, (s, t)) + where)
        elif seats.holder is not None:
            said.append(seats.holder.explain((s, t)) + where)
        said.append(seats.owner.explain((s, t)) + where)
    return tuple(dict.fromkeys(said))


def _stalled(outcome: Outcome[Any]) -> list[str]:
    """One sentence where the gap hardly shrank over the last rounds, or grew."""
    last = [g for g in outcome.gaps[-STALL - 1 :] if np.isfinite(g) and g > 0]
    if outcome.end is not End.OUT_OF_ROUNDS or len(last) <= STALL:
        return []
    ratio = float((last[-1] / last[0]) ** (1 / STALL))
    if ratio < SLOW:
        return []
    word = "grows by" if ratio > 1 else "is still"
    return [
        f"the gap {word} a factor {ratio:.3f} per round: this exchange stalls or swings; take scheme response (or anderson), which see the slopes"
    ]


def _feeder_says(seats: Seats, refusal: Refusal, outcome: Outcome[Any]) -> str:
    fleet, rows = seats.fleets[seats.companies.index(refusal.by)]
    s, t, i = refusal.rows[0]
    state: Any = outcome.state
    v = state.draw.low if refusal.question == "PowerOver" else getattr(state, "v", None)  # low voltages are where load flows end
    asked = np.ones(len(rows), np.complex128)
    if v is not None:
        asked = np.nan_to_num(v[s, t, rows], nan=1.0) * np.exp(1j * np.nan_to_num(getattr(state, "angle", 0.0 * v)[s, t, rows]))
    whole = "; a curve needs a load flow at every voltage of its range, and controls that settle there" if refusal.question == "PowerOver" else ""
    return f"{refusal.by}, {fleet.explain(int(np.flatnonzero(rows == i)[0]), asked, (s, t))}{whole}"


def letters_table(ledger: tuple[Entry, ...]) -> Letters:
    """The ledger as a table."""
    columns = {name: [getattr(e, name if name != "recipient" else "to") for e in ledger] for name in Letters.columns()}
    return Letters.of(columns) if ledger else Letters.empty()
