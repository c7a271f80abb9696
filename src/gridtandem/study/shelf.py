"""Where run files lie and what they are called: ``tandem-runs/<case>-<scheme>-<first six of the study's digest>.tandem``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, final

from gridtandem.cases.library import known_names
from gridtandem.cases.systems import SYSTEMS
from gridtandem.errors import InvalidCase, Unavailable, UnknownName, Unreadable
from gridtandem.study.kinds import Stored
from gridtandem.study.registry import name_of
from gridtandem.study.store import RunFile
from gridtandem.tables import Index, Names, Table, column

if TYPE_CHECKING:
    from gridtandem.study.batch.study import Batch
    from gridtandem.study.contingency.study import Contingency
    from gridtandem.study.margin.file import Question

FOLDER = Path("tandem-runs")
SUFFIX = ".tandem"
DIGITS = 6
ARCHITECTURES = "architectures"  # kind of the files that a floor above writes
DIGEST = rf"-[0-9a-f]{{{DIGITS}}}"  # end of a name


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Shelf(Table):
    """Run files of a folder."""

    kind: ClassVar[str] = "runs"
    run: Names = column("name of the run: its file without the ending", dtype="U")
    case: Names = column("name of the case", dtype="U")
    scheme: Names = column("scheme", dtype="U")
    end: Names = column("how it ended; STOPPED and OUT_OF_ROUNDS can be resumed", dtype="U")
    rounds: Index = column(
        "rounds so far; of a batch, cases; of a contingency analysis, findings; of margins, places of curves; of architectures, simulated days",
        dtype="i8",
    )


def place_of(study: Stored, folder: Path = FOLDER) -> Path:
    """Where the run file of a study belongs; the same study always has the same place."""
    return _place(f"{study.case.name}-{name_of(study.scheme)}", study.digest(), folder)


def place_of_batch(batch: Batch, folder: Path = FOLDER) -> Path:
    """The same for a batch."""
    return _place(f"{batch.study.case.name}-{name_of(batch.study.scheme)}-batch", batch.digest(), folder)


def place_of_contingency(of: Contingency, folder: Path = FOLDER) -> Path:
    """The same for a contingency analysis."""
    return _place(f"{of.study.case.name}-{name_of(of.study.scheme)}-contingency", of.digest(), folder)


def place_of_margin(asked: Question, folder: Path = FOLDER) -> Path:
    """The same for margins."""
    return _place(f"{asked.case.name}-margin", asked.digest(), folder)


def place_of_architectures(asked: Stored, folder: Path = FOLDER) -> Path:
    """The same for simulated architectures: all that are simulated on one day of a case share a file."""
    return _place(f"{asked.case.name}-{ARCHITECTURES}", asked.digest(), folder)


def places(study: Any, schemes: Sequence[object], folder: Path = FOLDER) -> Callable[[str], Path]:
    """Where the run file of each scheme belongs, by the scheme's name."""
    return {name_of(s): place_of(replace(study, scheme=s), folder) for s in schemes}.__getitem__


def names_in(folder: Path = FOLDER) -> list[str]:
    """Names of the runs in a folder, in alphabetical order."""
    return sorted(p.name.removesuffix(SUFFIX) for p in folder.glob(f"*{SUFFIX}"))


def find(word: str, folder: Path = FOLDER) -> Path:
    """A run file by path, by name, by ``case-scheme``, of several studies the newest, or by a beginning that no other run shares."""
    if word.endswith(SUFFIX) and Path(word).is_file():
        return Path(word)
    names = names_in(folder)
    wanted = word.removesuffix(SUFFIX)
    begin = [wanted] if wanted in names else studies(word, folder)[:1] or [n for n in names if n.startswith(wanted)]
    if len(begin) > 1:
        raise Unreadable(f"{word!r} begins {len(begin)} runs; write more of it, newest first: {', '.join(_newest(begin, folder))}")
    if not begin:
        raise UnknownName("run", word, names)
    return folder / (begin[0] + SUFFIX)


def studies(word: str, folder: Path = FOLDER) -> list[str]:
    """Names of the runs that ``case-scheme`` was saved under, newest first; none where the word is a path or the whole name of a run."""
    names, wanted = names_in(folder), word.removesuffix(SUFFIX)
    if wanted in names or (word.endswith(SUFFIX) and Path(word).is_file()):
        return []
    return _newest([n for n in names if re.fullmatch(re.escape(wanted) + DIGEST, n)], folder)


def _newest(names: Sequence[str], folder: Path) -> list[str]:
    return sorted(names, key=lambda n: (-(folder / (n + SUFFIX)).stat().st_mtime_ns, n))


def _place(words: str, digest: str, folder: Path) -> Path:
    return folder / (re.sub(r"[^\w.-]+", "-", f"{words}-{digest[:DIGITS]}") + SUFFIX)


def is_run(word: str, folder: Path = FOLDER) -> bool:
    """Is the word meant to be a run? Names of cases and of other files come before beginnings of names on the shelf."""
    names = names_in(folder)
    if word.endswith(SUFFIX) or word in names:
        return True
    from gridtandem.cases.market_systems import MARKETS

    return any(n.startswith(word) for n in names) and not (word in SYSTEMS or word in MARKETS or word in known_names() or Path(word).exists())


def is_batch(path: Path) -> bool:
    """Does the file hold a batch?"""
    from gridtandem.study.batch.file import KIND

    return RunFile.open(path).kind() == KIND


def is_contingency(path: Path) -> bool:
    """Does the file hold a contingency analysis?"""
    from gridtandem.study.contingency.file import KIND

    return RunFile.open(path).kind() == KIND


def is_margin(path: Path) -> bool:
    """Does the file hold margins?"""
    from gridtandem.study.margin.file import KIND

    return RunFile.open(path).kind() == KIND


def is_architectures(path: Path) -> bool:
    """Does the file hold simulated architectures?"""
    return RunFile.open(path).kind() == ARCHITECTURES


def shelf(folder: Path = FOLDER) -> Shelf:
    """All run files of a folder, unreadable ones included."""
    rows = [_row(folder / (name + SUFFIX), name) for name in names_in(folder)]
    return Shelf.of({column: [row[k] for row in rows] for k, column in enumerate(Shelf.columns())})


def _row(path: Path, name: str) -> tuple[str, str, str, str, int]:
    from gridtandem.study.batch.file import KIND, BatchFile
    from gridtandem.study.contingency.file import KIND as CONTINGENCY
    from gridtandem.study.contingency.file import ContingencyFile
    from gridtandem.study.margin.file import KIND as MARGIN
    from gridtandem.study.margin.file import places as places_of

    try:
        file = RunFile.open(path)
        facts = file.facts()
        far = BatchFile.open(path).done() if file.kind() == KIND else file.rounds()
        far = len(ContingencyFile.open(path).findings()) if file.kind() == CONTINGENCY else far
        far = places_of(path) if file.kind() == MARGIN else far
        return name, facts["case"], facts["scheme_name"], file.end().name, far
    except (InvalidCase, Unavailable, KeyError):
        return name, "", "", "UNREADABLE", 0
