"""How a study of any kind is carried out, kept in its run file, read again and resumed: the same steps, with what each kind has of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar, final

from gridtandem.coordinate import Outcome
from gridtandem.study.result import Result, S, T, figures_in, nothing, tables_in
from gridtandem.study.side_by_side import under_each
from gridtandem.study.store import RunFile, followed, reading
from gridtandem.tables import Table

P = TypeVar("P")  # parties at their places
C = TypeVar("C", bound=Table)  # results beside each other
Watch = Callable[[Outcome[Any]], None]
Named = Callable[[str, Outcome[Any]], None]  # the scheme's name first


@final
@dataclass(frozen=True, slots=True, eq=False)
class Compared(Generic[S, T, C]):
    """Results beside each other, and the results themselves."""

    table: C
    results: tuple[Result[S, T], ...]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Craft(Generic[S, T, P, C]):
    """What a kind of study has of its own: its record, its tables, its parties, how a result comes of them, and what sets several apart."""

    study: type[S]
    tables: type[T]  # tables and figures that its results have
    seated: Callable[[S], P]  # refuses a study that cannot be carried out
    carried: Callable[[S, P, Outcome[Any] | None, Watch], Result[S, T]]  # from where it came before, if it did; the watch sees every round
    tabled: Callable[[Sequence[Result[S, T]], Sequence[float]], C]  # one row for each result, and for its wall time [s]

    def run(self, study: S, *, save: Path | None = None, watch: Watch | None = None) -> Result[S, T]:
        """Carry out a study. With ``save`` a run file grows round by round, so that nothing is lost if the run is interrupted."""
        seats = self.seated(study)
        file = None if save is None else RunFile.create(save, study)
        return _kept(self.carried(study, seats, None, followed(file, watch)), file)

    def resume(self, path: Path, *, rounds: int | None = None, watch: Watch | None = None) -> Result[S, T]:
        """Go on with the run in a file, to the bit as if it had never stopped. ``rounds`` raises or lowers its limit."""
        file = RunFile.open(path)
        study = file.study_of(self.study)
        before = file.outcome(study)
        study = study if rounds is None else replace(study, rounds=rounds)  # type: ignore[type-var]
        return _kept(self.carried(study, self.seated(study), before, followed(file, watch)), file)

    def reopened(self, path: Path) -> Result[S, T]:
        """A finished or interrupted run, read from its file without computing anything."""
        file = RunFile.open(path)
        facts, study = file.facts(), file.study_of(self.study)
        judged = facts.get("judged") == "yes"
        trouble = tuple(line for line in facts.get("trouble", "").split("\n") if line)
        return Result(
            study=study, outcome=file.outcome(study), tables=_read(file, facts, self.tables) if judged else nothing(self.tables), judged=judged,
            trouble=trouble, path=path,
        )  # fmt: skip

    def compare(
        self, study: S, schemes: Sequence[object], *, save: Callable[[str], Path] | None = None, watch: Named | None = None
    ) -> Compared[S, T, C]:
        """Carry it out under every scheme. ``save`` names the run file of a scheme; ``watch`` hears the scheme's name and its outcome so far."""
        results, seconds = under_each(study, schemes, self.run, save=save, watch=watch)
        return Compared(self.tabled(results, seconds), tuple(results))


def saved(result: Result[S, T], path: Path) -> Result[S, T]:
    """Write the run file of a result that was not saved while it ran."""
    return _kept(result, RunFile.create(path, result.study))


def _read(file: RunFile, facts: dict[str, str], record: type[T]) -> T:
    tables = {name: file.get(name, kind) for name, kind in tables_in(record).items()}
    with reading(file.path):
        return record(**tables, **{name: float(facts.get(name, "nan")) for name in figures_in(record)})


def _kept(result: Result[S, T], file: RunFile | None) -> Result[S, T]:
    if file is None:
        return result
    file.save(result.outcome)
    figures = {name: repr(getattr(result.tables, name)) for name in figures_in(type(result.tables))} if result.judged else {}
    told = {"judged": "yes" if result.judged else "no", "trouble": "\n".join(result.trouble), **figures}
    file.put(result.named() if result.judged else {}, told)
    return replace(result, path=file.path)
