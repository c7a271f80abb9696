"""The command line as a test sees it: in this process, or in one of its own where start-up matters."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import pytest

from gridtandem.cli import main

ROOT = Path(__file__).parents[2]
MAIN = "import sys; from gridtandem.cli import main; sys.argv[0] = 'tandem'; main()"


@final
@dataclass(frozen=True, slots=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The JSON document on stdout."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


def tandem(*words: str) -> Said:
    """A command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
        main(words)
    code = left.value.code
    assert isinstance(code, int)
    return Said(code, out.getvalue(), err.getvalue())


def process(*words: str, code: str = MAIN, env: dict[str, str] | None = None, cwd: Path | None = None) -> Said:
    """A command in a process of its own."""
    around = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONWARNINGS": "error", "PYTHONUTF8": "1"} | (env or {})
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, env=around, cwd=cwd, check=False, timeout=60)
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())


def run_file(said: Said) -> Path:
    """The run file that a command says it wrote."""
    found = re.search(r"run file  (\S+)", said.out)
    assert found is not None
    return Path(found[1])
