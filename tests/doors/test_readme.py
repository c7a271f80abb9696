"""What the README and the pages show is what happens."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import copy, copytree

import pytest

from tests.doors.console import ROOT, Command, blocks, commands, exact, missing, plain, run_python, run_tandem

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {p.relative_to(ROOT).as_posix(): p.read_text(encoding="utf-8") for p in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]}
TANDEM = {name: [c for c in commands(text) if c.words.startswith(("tandem", "printf"))] for name, text in PAGES.items()}
README_MOST = 120  # lines
EXACT = frozenset({"docs/how-to/study-a-company-that-moves-the-price.md"})  # pages whose numbers are held to as well
FEEDERS = "docs/how-to/study-a-feeder-phase-by-phase.md"
YEAR = "time,loading\n2030-01-01 00:00,0.71\n2030-01-01 00:15,0.70\n"  # as the page shows it


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= README_MOST


def test_readme_says_how_to_pass_the_tests() -> None:
    """One command from nothing to tested; ``.ci/run`` carries out this very line."""
    lines = [line for line in README.splitlines() if "python3 -m venv" in line and "-m pytest" in line]
    assert len(lines) == 1
    assert "-c locks/" in lines[0]


def test_readme_says_how_the_bare_word_is_found_and_where_a_run_is_looked_at() -> None:
    assert ". .venv/bin/activate" in README
    assert "--table violations" in README
    assert "--table checks" in README


def test_readme_python_runs(tmp_path: Path) -> None:
    done = run_python(README, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("page", [name for name, found in TANDEM.items() if found])
def test_commands_say_what_the_page_shows(page: str, tmp_path: Path) -> None:
    if page == FEEDERS:
        pytest.importorskip("opendssdirect")
        copytree(ROOT / "tests/data/ieee_feeders/123", tmp_path, dirs_exist_ok=True)
    (tmp_path / "year.csv").write_text(YEAR, encoding="utf-8")  # the reader has these files
    copy(ROOT / "docs/how-to/sun-and-wind.csv", tmp_path)
    copy(ROOT / "tests/architecture/use_cases/uc-gr-4.md", tmp_path)
    for command in TANDEM[page]:
        if command.words.startswith("printf"):
            subprocess.run(["sh", "-c", command.words], cwd=tmp_path, check=True)
            continue
        done = run_tandem(command.words, tmp_path)
        assert done.returncode == command.ends, (command.words, done.stderr)
        assert missing(command.shown, done.stdout, read=exact if page in EXACT else plain) == [], (command.words, done.stdout)


PAGE = """
```python
x = 1
```
```console
$ pip install x          # not ours
$ tandem demo  # 10 s
merged   ━━━━ 202.68 kW   0.9 s
…
done
```
```python
assert x == {}
```
"""


def test_blocks_are_found() -> None:
    assert blocks(PAGE, "python") == ["x = 1\n", "assert x == {}\n"]
    assert commands(PAGE) == [Command("pip install x", ()), Command("tandem demo", ("merged   ━━━━ 202.68 kW   0.9 s", "…", "done"))]


def test_numbers_may_move_and_words_may_not() -> None:
    shown = commands(PAGE)[1].shown
    assert missing(shown, "merged 198,000 kW 3 s\nanything\ndone\n") == []
    assert missing(shown, "central 198,000 kW 3 s\ndone\n") == [shown[0]]
    assert missing(shown, "done\nmerged 1 kW 3 s\n") == ["done"]


def test_numbers_of_some_pages_may_not_move_either() -> None:
    shown = ("cost 1,836 numbers", "0.5 MW …")
    assert missing(shown, "cost  1,836 numbers\n0.5 MW at 3 USD\n", read=exact) == []
    assert missing(shown, "cost 1,837 numbers\n0.6 MW at 3 USD\n", read=exact) == [*shown]


def test_python_of_a_page_can_fail(tmp_path: Path) -> None:
    assert run_python(PAGE.format(1), tmp_path).returncode == 0
    assert run_python(PAGE.format(2), tmp_path).returncode == 1
