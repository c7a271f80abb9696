"""What the command line says where a word was wrong, exactly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import gridtandem as gt
from gridtandem.errors import UnknownName
from tests.doors.terminal import ROOT, tandem


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


KNOWN = ("14A", "14B", "25", "case14", "Case14", "IEEE", "response")


@pytest.mark.parametrize(
    ("name", "near"),
    [("14a", "14A"), ("14b", "14B"), ("case14", "case14"), ("CASE14", "case14"), ("ieee", "IEEE"), ("respond", "response"), ("14X", "14B"),
     ("5", ""), ("15", ""), ("x", ""), ("", ""), ("zzz", "")],
)  # fmt: skip
def test_the_nearest_name_is_the_same_in_other_capitals_or_shares_letters(name: str, near: str) -> None:
    said = str(UnknownName("case", name, KNOWN))
    assert said == f"no case named {name!r}; " + (f"did you mean {near!r}?" if near else "known: 14A, 14B, 25, case14, Case14, IEEE, response")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "14a"], "tandem: no case or folder named '14a'; did you mean '14A'?"),
        (["run", "14A", "--resume", "f"], "Error: --resume f takes the case from the run file; leave '14A' out."),
        (["run"], "Error: give a case, e.g. `tandem run 14A`, or --resume RUN."),
        (["run", "14A", "--loading", "nan"], "Error: Invalid value for '--loading': 'nan' is not finite; give numbers such as 0.9 or 1."),
        (["run", "14A", "--loading", "1,inf"], "Error: Invalid value for '--loading': '1,inf' is not finite; give numbers such as 0.9 or 1."),
        (["run", "14A", "--exponents", "nan,1"], "Error: Invalid value for '--exponents': 'nan,1' is not finite; give numbers such as 0.9 or 1."),
        (["run", "14A", "--parallel", "9999999999"], "Error: Invalid value for '--parallel': '9999999999' is too large."),
    ],
)
def test_messages(words: list[str], message: str) -> None:
    said = tandem(*words)
    assert (said.code, said.out, said.err.splitlines()[-1]) == (2, "", message)


def test_every_place_says_that_the_demo_has_four_schemes() -> None:
    assert "under four schemes" in tandem().out
    assert "under four schemes" in tandem("--help").out
    assert "three" not in tandem("--help").out + tandem().out


def test_the_package_itself_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "gridtandem", "--version"], cwd=ROOT / "src", capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout.split()[0], done.stderr) == (0, "tandem", "")


def test_the_front_door_shows_public_names_only() -> None:
    assert dir(gt) == sorted(gt.__all__)
