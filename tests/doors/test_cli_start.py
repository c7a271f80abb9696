"""Starting up, help pages, completion: light, short, complete."""

from __future__ import annotations

import ast
import shutil
import subprocess
from pathlib import Path

import pytest

from gridtandem.cli.app import COMMANDS, SECTIONS
from gridtandem.cli.exits import MEANING
from gridtandem.cli.topics import TOPICS
from gridtandem.study.kinds import all_schemes
from gridtandem.study.registry import scheme_names
from tests.doors.terminal import MAIN, ROOT, process, tandem

HEAVY = ("numpy", "scipy", "pandas", "matplotlib", "rich")
TRACE = f"import atexit, sys; atexit.register(lambda: print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)); "
HELP_LINES = 25
SECTION = 7  # commands in one; as many as are read at a glance
COMMAND_LINES = 15


@pytest.mark.parametrize("words", [(), ("--help",), ("--version",), ("help",), ("help", "files"), ("run", "--help"), ("completion", "zsh"), ("rnu",)])
def test_nothing_heavy_is_loaded_for_words_alone(words: tuple[str, ...]) -> None:
    assert process(*words, code=TRACE + MAIN).err.splitlines()[-1] == "[]"


def test_the_trace_would_show() -> None:
    assert "numpy" in process("run", "14A", "--set", "tool=1", code=TRACE + MAIN).err.splitlines()[-1]


def test_the_welcome_names_what_to_do_next() -> None:
    said = tandem()
    assert (said.code, said.err) == (0, "")
    for word in ("tandem demo", "tandem cases", "tandem run", "tandem new my-case", "tandem --help"):
        assert word in said.out


def test_version() -> None:
    said = tandem("--version")
    assert (said.code, said.out.split()[0]) == (0, "tandem")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_shows_an_example_first_and_fits_a_terminal(name: str) -> None:
    said = tandem(name, "--help")
    lines = said.out.splitlines()
    assert said.code == 0
    assert len(lines) <= HELP_LINES
    assert "tandem" in lines[2]
    assert name in lines[2]
    assert max(map(len, lines)) <= 80


def test_help_lists_every_command() -> None:
    said = tandem("--help").out
    told = [line.split()[0] for line in said.splitlines() if line.startswith("  ")]
    assert told[-len(COMMANDS) :] == list(COMMANDS)
    assert all(f"{section}:" in said.splitlines() for section in SECTIONS)
    assert max(map(len, SECTIONS.values())) <= SECTION


@pytest.mark.parametrize("topic", TOPICS)
def test_topics_are_short(topic: str) -> None:
    said = tandem("help", topic)
    assert said.code == 0
    assert 4 < len(said.out.splitlines()) <= (6 * len(all_schemes()) if topic == "schemes" else HELP_LINES)


def test_exit_codes_are_told() -> None:
    said = tandem("help", "exit-codes").out
    assert all(f"{code:>3}  {meaning}" in said for code, meaning in MEANING.items())


def test_schemes_are_told() -> None:
    said = tandem("help", "schemes").out
    assert all(f"\n{name} " in said for name in (*scheme_names(), "auto"))


def test_help_of_a_command_is_its_help_page() -> None:
    assert tandem("help", "run").out == tandem("run", "--help").out


def test_help_of_nothing_known() -> None:
    said = tandem("help", "shemes")
    assert (said.code, said.err) == (2, "tandem: no topic or command named 'shemes'; did you mean 'schemes'?\n")


@pytest.mark.parametrize(
    ("shell", "word"), [("bash", "complete -o nosort -F"), ("zsh", "compdef _tandem_completion tandem"), ("fish", "complete --no-files")]
)
def test_completion_scripts(shell: str, word: str) -> None:
    said = tandem("completion", shell)
    assert said.code == 0
    assert word in said.out
    if shutil.which(shell) is not None:
        assert subprocess.run([shell, "-n"], input=said.out.encode(), check=False).returncode == 0


@pytest.mark.parametrize(
    ("line", "offers"),
    [
        ("tandem co", ["convert", "compare", "contingency", "completion"]),
        ("tandem run 30", ["30A", "30B"]), ("tandem run 14A --scheme res", ["response"]),
        ("tandem show 14B-m", ["14B-merged-000000"]), ("tandem help exi", ["exit-codes"]),
    ],
)  # fmt: skip
def test_names_complete(line: str, offers: list[str], tmp_path: Path) -> None:
    shelf = tmp_path / "tandem-runs"
    shelf.mkdir()
    (shelf / "14B-merged-000000.tandem").touch()
    env = {"_TANDEM_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    said = process(env=env, cwd=tmp_path)
    assert [word.removeprefix("plain,") for word in said.out.split()] == offers


def test_a_command_reads_calls_and_writes() -> None:
    long = []
    for path in sorted((ROOT / "src/gridtandem/cli").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                body = node.body[ast.get_docstring(node) is not None :] or node.body
                if (size := (node.end_lineno or 0) - body[0].lineno + 1) > COMMAND_LINES:
                    long.append(f"{path.name}: {node.name} has {size} lines")
    assert long == []
