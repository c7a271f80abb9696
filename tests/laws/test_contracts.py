"""The import contracts hold, and each of them can be broken: a copy of the tree is spoilt on purpose and the linter must say so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = "import sys; from importlinter.cli import lint_imports_command; sys.argv[0] = 'lint-imports'; lint_imports_command()"


def lint(tree: Path) -> tuple[int, str]:
    """Run ``lint-imports`` on a tree; its exit code, and its text with line breaks made spaces."""
    env = os.environ | {"PYTHONPATH": str(tree / "src"), "NO_COLOR": "1", "COLUMNS": "300"}
    done = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"], cwd=tree, env=env, capture_output=True, text=True, encoding="utf-8", check=False, timeout=120
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of everything the linter reads."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "library"))
    shutil.copytree(ROOT / "tools", tmp_path / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def write(tree: Path, module: str, text: str) -> None:
    """A module of the copied package, with the rooms it needs."""
    path = tree / "src" / Path(*module.split("."))
    path.parent.mkdir(parents=True, exist_ok=True)
    for room in path.relative_to(tree / "src").parents[:-1]:
        (tree / "src" / room / "__init__.py").touch()
    path.with_suffix(".py").write_text(text, encoding="utf-8")


def test_the_tree_keeps_all_contracts() -> None:
    code, said = lint(ROOT)
    assert code == 0, said
    assert "0 broken" in said


SPOILT = [
    ("gridtandem.schemes.peeker", "from gridtandem.flow import newton", "A scheme knows letters, never grids BROKEN"),
    ("gridtandem.schemes.peeker", "from gridtandem.cases import case", "A scheme knows letters, never grids BROKEN"),
    ("gridtandem.schemes.peeker", "from gridtandem import Network", "A scheme imports boundary, orders, coordinate and tables BROKEN"),
    ("gridtandem.schemes.peeker", "from scipy import optimize", "A scheme imports boundary, orders, coordinate and tables BROKEN"),
    ("gridtandem.schemes.peeker", "from gridtandem.parties import peeked", "Parties and schemes never meet BROKEN"),
    ("gridtandem.parties.peeker", "from gridtandem.schemes import peeked", "Parties and schemes never meet BROKEN"),
    ("gridtandem.boundary.peeker", "from gridtandem.grid import network", "Letters know no grid BROKEN"),
    ("gridtandem.program.peeker", "from gridtandem.grid import network", "A program knows arrays, never grids BROKEN"),
    ("gridtandem.cli.peeker", "from gridtandem.flow import newton", "Doors compute nothing BROKEN"),
    ("gridtandem.cli.peeker", "import numpy", "Doors compute nothing BROKEN"),
    ("gridtandem.grid.peeker", "from gridtandem.cases import case", "Lower floors never import higher ones BROKEN"),
    ("gridtandem.cellar", "import json", "Lower floors never import higher ones BROKEN"),
]


@pytest.mark.parametrize(("module", "line", "broken"), SPOILT, ids=[f"{m.split('.')[1]}: {t}" for m, t, _ in SPOILT])
def test_a_broken_contract_is_named(tree: Path, module: str, line: str, broken: str) -> None:
    for room in ("flow.newton", "parties.peeked", "schemes.peeked"):
        if not (tree / "src/gridtandem" / f"{room.replace('.', '/')}.py").exists():
            write(tree, f"gridtandem.{room}", "")
    write(tree, module, line + "\n")
    code, said = lint(tree)
    assert code == 1, said
    assert broken in said
    assert module in said
