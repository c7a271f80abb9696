"""Importing the package does nothing but make names available; the names are a promise."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

import gridtandem
from gridtandem.machine_code import Shelf

ROOT = Path(__file__).parents[2]
NAMES = ROOT / "tests/golden/public_names.txt"

TRACES = """
import json, logging, sys, threading, os
env, handlers, filters = dict(os.environ), list(logging.getLogger().handlers), list(__import__("warnings").filters)
{line}
heavy = [m for m in ("numpy", "scipy", "pandas", "matplotlib", "numba", "click", "rich", "opendssdirect", "highspy", "clarabel") if m in sys.modules]
loggers = [n for n, g in logging.Logger.manager.loggerDict.items() if getattr(g, "handlers", None)]
print(json.dumps({{
    "heavy": heavy, "threads": threading.active_count(), "loggers": loggers, "root handlers": len(logging.getLogger().handlers) - len(handlers),
    "environment": dict(os.environ) != env, "warning filters": list(__import__("warnings").filters) != filters,
}}))
"""
NOTHING = {"heavy": [], "threads": 1, "loggers": [], "root handlers": 0, "environment": False, "warning filters": False}


def traces(line: str) -> dict[str, object]:
    """What a line leaves behind in a fresh interpreter; it may print nothing but the answer."""
    env = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONWARNINGS": "error"}
    done = subprocess.run([sys.executable, "-c", TRACES.format(line=line)], capture_output=True, text=True, env=env, check=True, timeout=60)
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_import_does_nothing() -> None:
    assert traces("import gridtandem") == NOTHING


@pytest.mark.parametrize(
    ("line", "trace"),
    [
        ("import numpy", "heavy"),
        ("threading.Timer(1e-2, str).start()", "threads"),
        ("logging.getLogger('a').addHandler(logging.NullHandler())", "loggers"),
        ("logging.basicConfig()", "root handlers"),
        ("os.environ['A'] = 'b'", "environment"),
    ],
)
def test_a_trace_would_be_seen(line: str, trace: str) -> None:
    assert traces(line)[trace] != NOTHING[trace]


def test_a_room_loads_no_picture_no_frame_and_no_solver() -> None:
    modules = sorted(p.relative_to(ROOT / "src").with_suffix("").as_posix().replace("/", ".") for p in (ROOT / "src").rglob("*.py"))
    own = [m for m in modules if not m.endswith("__main__") and ".kernels_" not in m]  # compiled kernels are imported where they are used
    line = "; ".join(f"import {m.removesuffix('.__init__')}" for m in own)
    assert not {"pandas", "matplotlib", "numba", "opendssdirect", "highspy", "clarabel"} & set(traces(line)["heavy"])  # type: ignore[call-overload]


NOT_FOR_A_LOAD_FLOW = (
    "numba", "scipy", "pandas", "matplotlib", "highspy", "clarabel", "gridtandem.boundary.market_letters", "gridtandem.cases.itd",
    "gridtandem.cases.market_systems", "gridtandem.cases.matpower", "gridtandem.cases.opendss", "gridtandem.flow.abreast", "gridtandem.flow.outages",
    "gridtandem.grid.three_phase", "gridtandem.opf", "gridtandem.program", "gridtandem.schemes.anderson", "gridtandem.study.batch.study",
    "gridtandem.study.diagnose", "gridtandem.study.market.study",
)  # fmt: skip
RUN = """
import sys
from gridtandem.cli import main
try:
    main(["run", "14A"])
except SystemExit as e:
    assert not e.code
print(*(name for name in {names!r} if name in sys.modules), file=sys.stderr)
"""


@pytest.mark.skipif(Shelf.here() is None, reason="here numba loads its own cache")
def test_a_load_flow_loads_what_it_needs(tmp_path: Path) -> None:
    """The first run may have to compile; from the second on nobody waits for a compiler, a solver, or another room's matter."""
    env = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    for _ in range(2):
        command = [sys.executable, "-c", RUN.format(names=NOT_FOR_A_LOAD_FLOW)]
        done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=tmp_path, check=True, timeout=300)
        assert "the parties agree" in done.stdout
    assert done.stderr.split() == []


def test_what_a_load_flow_does_not_load_exists() -> None:
    assert [name for name in NOT_FOR_A_LOAD_FLOW if find_spec(name) is None] == []


def test_public_names_are_the_promised_ones() -> None:
    promised = NAMES.read_text(encoding="utf-8").split()
    assert sorted(gridtandem.__all__) == promised, "a change of public names needs a changelog line; then write the new list to tests/golden"


@pytest.mark.parametrize("name", gridtandem.__all__)
def test_a_public_name_loads(name: str) -> None:
    assert getattr(gridtandem, name) is not None
    assert name in dir(gridtandem)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Cases'"):
        _ = gridtandem.Cases  # type: ignore[attr-defined]


def test_editors_and_interpreter_see_the_same_names() -> None:
    tree = ast.parse((ROOT / "src/gridtandem/__init__.py").read_text(encoding="utf-8"))
    block = next(n for n in tree.body if isinstance(n, ast.If))
    seen = {a.asname: f"{n.module}:{a.name}" for n in block.body if isinstance(n, ast.ImportFrom) for a in n.names}
    assert seen == gridtandem._PLACE
    for place in seen.values():
        module, _, attribute = place.partition(":")
        assert hasattr(import_module(module), attribute)
