"""One module for each kind of study, all with the same functions, so that nobody else asks which kind it is.

May import: study, and report itself. A module is loaded when a study of its kind is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gridtandem.cases.case import Case
    from gridtandem.coordinate import Outcome
    from gridtandem.study.kinds import Kind
    from gridtandem.tables import Table

Watch = Callable[["Outcome[object]"], None]
Named = Callable[[str, "Outcome[object]"], None]


class Asked(Protocol):
    """A study of any kind, as far as everybody looks at it."""

    @property
    def case(self) -> Case: ...
    @property
    def scheme(self) -> Any: ...
    def digest(self) -> str: ...


class Shown(Protocol):
    """A run of any kind, as far as everybody looks at it."""

    @property
    def scheme(self) -> str: ...
    @property
    def outcome(self) -> Outcome[object]: ...
    @property
    def path(self) -> Path | None: ...
    def plot(self, kind: str = "overview") -> Figure: ...


class Beside(Protocol):
    """A comparison of any kind."""

    @property
    def table(self) -> Table: ...
    @property
    def runs(self) -> Sequence[Any]: ...
    def plot(self, kind: str = "overview") -> Figure: ...


class Asks(Protocol):
    """How a study is asked for."""

    def studied(self, case: Case, given: Mapping[str, Any], rounds: int) -> Any: ...
    def chosen(self, study: Any, scheme: object, options: Mapping[str, object] | None) -> object: ...
    def several(self, study: Any, schemes: Sequence[object] | None, options: Mapping[str, float | str] | None) -> tuple[object, ...]: ...
    def able(self, study: Any) -> tuple[str, ...]: ...


class Answers(Protocol):
    """How it is carried out, and read again."""

    def carried(self, study: Any, *, save: Path | None = None, watch: Watch | None = None) -> Any: ...
    def compared(self, study: Any, schemes: Sequence[object], *, save: Callable[[str], Path] | None = None, watch: Named | None = None) -> Any: ...
    def resumed(self, path: Path, *, rounds: int | None = None, watch: Watch | None = None) -> Any: ...
    def reopened(self, path: Path) -> Any: ...


class Tells(Protocol):
    """How it is told to machines."""

    def summary(self, run: Any) -> dict[str, object]: ...
    def document(self, comparison: Any) -> dict[str, object]: ...
    def tables(self, run: Any) -> dict[str, Table]: ...
    def row(self, run: Any) -> Table: ...


class Door(Asks, Answers, Tells, Protocol):
    """Everything that a module of this room can do."""


def door(kind: Kind) -> Door:
    """The module of a kind of study."""
    return cast("Door", import_module(kind.door))


def door_of(shown: object) -> Door:
    """The module of a run or a comparison."""
    return cast("Door", import_module(shown.door))  # type: ignore[attr-defined]
