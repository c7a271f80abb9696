"""What people hold in their hands of a study of any kind: tables by name, words, pictures, a file; and several schemes side by side.

What a kind has of its own to say lies in its record, see `gridtandem.report.kinds`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from gridtandem.coordinate import Outcome
from gridtandem.errors import UnknownName
from gridtandem.report.drawing import drawn
from gridtandem.report.kinds import door, door_of
from gridtandem.study.craft import Named, Watch, saved
from gridtandem.study.kinds import Kind
from gridtandem.study.registry import name_of
from gridtandem.study.result import Result
from gridtandem.study.results import Letters, Rounds
from gridtandem.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gridtandem.study.diagnose import Diagnosis


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Run:
    """One case under one scheme. Its tables are attributes, e.g. ``run.buses``, and empty where it found no answer; ``trouble`` then says why."""

    result: Result[Any, Any]
    scheme: str  # its name
    outcome: Outcome[object]  # how it ended: state, gaps, ledger
    trouble: tuple[str, ...]  # why there is no answer, or not everywhere
    letters: Letters
    rounds: Rounds

    @staticmethod
    def of(result: Result[Any, Any]) -> Run:
        """The friendly face of a result."""
        return Run(
            result=result, scheme=name_of(result.study.scheme), outcome=result.outcome, trouble=result.trouble, letters=result.letters,
            rounds=result.rounds,
        )  # fmt: skip

    @property
    def kind(self) -> Kind:
        """The kind of study."""
        kind: Kind = self.result.study.kind
        return kind

    @property
    def tables(self) -> Mapping[str, Table]:
        """All its tables by name."""
        return {**self.result.named(), "letters": self.letters, "rounds": self.rounds}

    @property
    def end(self) -> str:
        """The end as a sentence."""
        if apart := self.result.contradicted:
            return f"the parties agree, but the AC check CONTRADICTS their plans by {apart:.2g} pu: do not use them"
        return self.outcome.end.value

    @property
    def path(self) -> Path | None:
        """The run file, if there is one."""
        return self.result.path

    def save(self, path: str | Path) -> Run:
        """Write the run file; the run that knows where it lies is returned."""
        return replace(self, result=saved(self.result, Path(path)))

    def require(self) -> Run:
        """The run itself, or `NotAgreed`."""
        self.result.require()
        return self

    def plot(self, kind: str = "overview") -> Figure:
        """A picture by name."""
        return drawn(door_of(self).words.run_pictures, kind, self)

    def __getattr__(self, name: str) -> Any:
        """A table by name."""
        tables = {} if name.startswith("_") or name in Run.__slots__ else self.tables
        if name not in tables:
            hint = "" if name.startswith("_") or name in Run.__slots__ else door_of(self).fields.elsewhere.get(name, "")
            raise AttributeError(str(UnknownName("table of a run", name, sorted(tables), hint=hint)), name=name, obj=self)
        return tables[name]

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *self.tables})

    def __repr__(self) -> str:
        return door_of(self).words.run(self)

    def _repr_html_(self) -> str | None:
        return door_of(self).words.run_page(self)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Comparison:
    """One case under several schemes, every one held against the same AC check."""

    kind: Kind
    table: Any  # one row per scheme; which columns, says its kind
    runs: tuple[Run, ...]
    diagnosis: Diagnosis | None = None  # what was to be expected of the plain exchange

    def plot(self, kind: str = "overview") -> Figure:
        """A picture by name."""
        return drawn(door_of(self).words.comparison_pictures, kind, self)

    def __repr__(self) -> str:
        return door_of(self).words.comparison(self)

    def _repr_html_(self) -> str | None:
        return door_of(self).words.comparison_page(self)


def carried(study: Any, *, save: Path | None = None, watch: Watch | None = None) -> Run:
    """Carry out a study of any kind."""
    return Run.of(door(study.kind).craft.run(study, save=save, watch=watch))


def compared(study: Any, schemes: Sequence[object], *, save: Callable[[str], Path] | None = None, watch: Named | None = None) -> Comparison:
    """Carry it out under every scheme."""
    done = door(study.kind).craft.compare(study, schemes, save=save, watch=watch)
    return Comparison(kind=study.kind, table=done.table, runs=tuple(map(Run.of, done.results)))


def row(run: Run) -> Table:
    """A run as a comparison of one, which is what rules are held against."""
    table: Table = door_of(run).craft.tabled([run.result], [0.0])
    return table
