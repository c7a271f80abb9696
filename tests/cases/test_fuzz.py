"""Ten thousand damaged files: each is read or refused with a list of faults; nothing else, and quickly."""

from __future__ import annotations

import json
import re
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gridtandem.cases.doors import read_network
from gridtandem.cases.folder.write import write_network_folder
from gridtandem.cases.matpower.read import read_matpower
from gridtandem.cases.pandapower.read import read_pandapower
from gridtandem.errors import InvalidCase
from gridtandem.grid.network import Network
from tests.cases.test_pandapower import DATA
from tests.cases.texts import SMALL, matpower_folder

Generator = np.random.Generator
Damage = Callable[[Generator, str], str]

FILES = 10_000  # in all
PARTS = 20  # so that they can run side by side
SECONDS = 2.0  # of processor time for one file; usual files take hundredths
MEMORY = 1e9  # bytes for one file; ten tables of the largest size allowed

NUMBERS = ("NaN", "Inf", "-Inf", "1e400", "-1e308", "1e-320", "0", "-0", "-1", "1e9", "99999999999999999999", "1.5", "true", "null", '""', "[]")
STATEMENTS = (
    "if fixed\n", "end\n", "mpc.bus = mpc.bus';\n", "mpc.bus(:, 3) = mpc.bus(:, 3) * 1e300;\n", "x = 1:1e15;\n", "mpc.bus = [mpc.bus mpc.bus];\n",
    "mpc.bus(1, 1) = 1/0;\n", "mpc.branch = mpc.branch / 0;\n", "mpc.gen = [];\n", "mpc = 3;\n", "mpc.bus = 'text';\n", "x = 9^9^9^9;\n",
    "system('x');\n", "%{\n", "...\n", "x = {1; 'a'};\n", "function y = z\n", "mpc.baseMVA = mpc.bus;\n", "mpc.dcline = 1;\n", "mpc.gencost = NaN;\n",
    "mpc.bus_name = {'a'};\n", "mpc.bus(end + 1, 1) = 3;\n", "a = [1 1]; a = [a a; a a];\n",
)  # fmt: skip
NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")


def flipped(rng: Generator, text: str) -> str:
    """A few characters become others, among them control characters and ones outside ASCII."""
    letters = list(text)
    for at in rng.integers(len(letters), size=rng.integers(1, 6)):
        letters[at] = chr(int(rng.choice([rng.integers(1, 128), rng.integers(128, 0x2100)])))
    return "".join(letters)


def cut_off(rng: Generator, text: str) -> str:
    return text[: rng.integers(len(text))]


def swapped(rng: Generator, text: str) -> str:
    """Two words change places."""
    parts = re.split(r"(\s+|[,;\[\](){}\"])", text)
    for _ in range(3):
        a, b = rng.integers(len(parts), size=2)
        parts[a], parts[b] = parts[b], parts[a]
    return "".join(parts)


def renumbered(rng: Generator, text: str) -> str:
    """A few numbers become awkward ones."""
    places = list(NUMBER.finditer(text))
    for k in sorted(rng.choice(len(places), size=min(len(places), int(rng.integers(1, 4))), replace=False), reverse=True):
        text = text[: places[k].start()] + str(rng.choice(NUMBERS)) + text[places[k].end() :]
    return text


def relined(rng: Generator, text: str) -> str:
    """Lines are deleted, repeated or moved."""
    lines = text.split("\n")
    for _ in range(int(rng.integers(1, 4))):
        at, to = (int(k) for k in rng.integers(len(lines), size=2))
        line = lines[at]
        if rng.random() < 0.6:
            del lines[at]
        if rng.random() < 0.6 or not lines:
            lines.insert(to, line)
    return "\n".join(lines)


def injected(rng: Generator, text: str) -> str:
    """Statements appear between the lines."""
    lines = text.split("\n")
    for _ in range(int(rng.integers(1, 4))):
        lines.insert(int(rng.integers(len(lines) + 1)), str(rng.choice(STATEMENTS)))
    return "\n".join(lines)


CELLS = (None, True, -1, 0, 1.5, 99, 1e308, -1e-320, float("nan"), float("inf"), 10**30, "", "x", "hv", "Ratio", [], {})


def retabled(rng: Generator, text: str) -> str:
    """Cells, columns, rows and tables of a pandapower file change, while it stays well formed."""
    try:
        content = json.loads(text)
        members = content["_object"]
        kinds = [kind for kind in sorted(members) if isinstance(members[kind], dict)]
        for _ in range(int(rng.integers(1, 5))):
            kind = kinds[int(rng.integers(len(kinds)))]
            table = json.loads(members[kind]["_object"])
            row, column = int(rng.integers(len(table["data"]))), int(rng.integers(len(table["columns"])))
            what = rng.random()
            if what < 0.8:
                table["data"][row][column] = CELLS[int(rng.integers(len(CELLS)))]
            elif what < 0.85:
                table["columns"][column] = "other"
            elif what < 0.9:
                table["index"][row] = CELLS[int(rng.integers(len(CELLS)))]
            elif what < 0.95:
                del table["data"][row], table["index"][row]
            else:
                table["data"][row].pop()
            members[kind]["_object"] = json.dumps(table)
    except (ValueError, KeyError, TypeError, IndexError):
        return text  # an earlier damage left nothing to change
    return json.dumps(content)


DAMAGES: tuple[Damage, ...] = (flipped, cut_off, swapped, renumbered, relined, injected)


def seeds() -> list[tuple[Callable[[str], Network], str]]:
    folder = matpower_folder()
    texts = [SMALL] + [(folder / f"{name}.m").read_text() for name in ("case9", "case14", "case33bw") if folder]
    files = [(DATA / f"{name}.json").read_text() for name in ("all_elements", "case14", "cigre_mv_der")]
    return [(_matpower, text) for text in texts] + [(_pandapower, text) for text in files]


def _matpower(text: str) -> Network:
    return read_matpower(text + "\n")


def _pandapower(text: str) -> Network:
    return read_pandapower("{" + text.lstrip().removeprefix("{"))


def survives(read: Callable[[], Network], seconds: float = SECONDS) -> bool:
    """Read or refused, in time; anything else is an error of ours."""
    began, refusal = time.process_time(), None
    try:
        assert not list(read().faults())
    except InvalidCase as e:
        refusal = e
    assert time.process_time() - began < seconds
    if refusal:
        assert refusal.faults
        assert all(f.code and f.mend and str(f) for f in refusal.faults)
    return refusal is None


@pytest.mark.parametrize("part", range(PARTS))
def test_a_damaged_file_is_read_or_refused(part: int) -> None:
    rng, sources = np.random.default_rng(part), seeds()
    accepted = 0
    for k in range(FILES // PARTS):
        read, text = sources[k % len(sources)]
        for _ in range(int(rng.integers(1, 3))):
            damage = retabled if read is _pandapower and rng.random() < 0.6 else DAMAGES[int(rng.integers(len(DAMAGES)))]
            text = damage(rng, text) or " "
        accepted += survives(lambda: read(text))  # noqa: B023 – called at once
    assert 0 < accepted < FILES // PARTS


@pytest.mark.parametrize("part", range(4))
def test_a_damaged_folder_is_read_or_refused(part: int, tmp_path: Path) -> None:
    write_network_folder(read_matpower(SMALL), tmp_path / "good")
    good = {f.name: f.read_text() for f in sorted((tmp_path / "good").iterdir())}
    rng = np.random.default_rng(100 + part)
    for _ in range(150):
        victim = str(rng.choice(sorted(good)))
        damage = DAMAGES[int(rng.integers(len(DAMAGES) - 1))]
        (tmp_path / "good" / victim).write_text(damage(rng, good[victim]), encoding="utf-8")
        survives(lambda: read_network(tmp_path / "good"))
        (tmp_path / "good" / victim).write_text(good[victim], encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    [
        SMALL + "x = [1 1];\n" + "x = [x x; x x];\n" * 60,
        SMALL + "x = 1:2999999;\n" * 3 + "y = x .* x; z = [x; x];\n",
        SMALL + "x = " + "[" * 20_000 + "\n",
        SMALL + "x = " + "-" * 50_000 + "1;\n",
        SMALL + "x = '" + "''" * 100_000 + "\n",
        SMALL + "%{\n" * 20_000,
        SMALL + "x = 1" + "^9" * 20_000 + ";\n",
        SMALL + "x(1)" * 20_000 + "\n",
        SMALL + "mpc.bus(" * 5_000 + "\n",
        SMALL + "k = 1:2900000;\n" + "k(1) = 2;\n" * 200,
    ],
)
def test_hostile_text_costs_neither_time_nor_memory(text: str) -> None:
    survives(lambda: read_matpower(text))
    tracemalloc.start()
    try:
        survives(lambda: read_matpower(text), seconds=np.inf)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()
