"""Tutorials are scripts that run, quietly and without leaving anything behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "docs/tutorials").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: s.stem)
def test_a_tutorial_runs(script: Path, tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(ROOT / "src"), "MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: s.stem)
def test_a_tutorial_checks_itself_and_is_shown(script: Path) -> None:
    assert "\nassert " in script.read_text(encoding="utf-8")
    assert script.name in (ROOT / "docs/tutorials/index.md").read_text(encoding="utf-8")
