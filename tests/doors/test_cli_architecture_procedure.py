"""The command that says what an architecture would do."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridtandem.architecture.catalogue import names
from gridtandem.cli.exits import EXIT_INVALID, EXIT_USAGE
from tests.doors.terminal import tandem

HELP_LINES = 25
BOUND = """id = "MINE"
name = "UK current with envelopes"
source = "own"
family = "Hybrid"
base = "UK0"
statements = [
    { word = "lim", from = "DNO", to = "AGG" },
]
"""
SILENT = """ARCH A "nobody asks" src=me family=Hybrid
N T role=TSO tier=1 org=T
N D role=DSO tier=2 org=D
N x role=DER tier=4 org=C cap=.5
N y role=DER tier=4 org=C cap=.5
coord T D s=limits
lim D x
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_one_with_its_ways_reasons_and_links() -> None:
    said = tandem("architecture", "procedure", "CA1")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[1] == "M6  layered, one after the other"
    assert "DER1         0.5  M6         leftover  DSO > DER1; CAISO > AGG > DER1" in lines
    assert "  DER2  disp CAISO > DSO: DSO offers what lies behind it, and shares out what is taken" in lines
    assert "limits known to   DSO" in lines
    assert "depends on links  CAISO > DSO" in lines
    assert tandem("architecture", "procedure", "R1").out.splitlines()[-2:] == [
        "limits known to   DO, TSO, along DO > TSO",
        "depends on links  DO > TSO",
    ]


def test_what_is_unknown_is_told_beside() -> None:
    lines = tandem("architecture", "procedure", "EU2").out.splitlines()
    assert [line.split()[0] for line in lines[-2:]] == ["M3", "M8"]
    assert tandem("architecture", "procedure", "EU2", "--arb", "0").out.splitlines()[1].startswith("M3 ")
    assert tandem("architecture", "procedure", "NY4", "--unsure").out.splitlines()[1].startswith("M6 ")
    assert "unknown" not in tandem("architecture", "procedure", "R1").out
    assert "also buying       BRP" in tandem("architecture", "procedure", "SNE").out


def test_all_as_a_table_and_for_machines() -> None:
    rows = tandem("architecture", "procedure", "all").out.splitlines()
    assert [row.split()[0] for row in rows[1 : len(names()) + 1]] == list(names())
    assert next(row for row in rows if row.startswith("NY4 ")).split() == ["NY4", "M3", "M3", "M6", "NYISO", "DSP", "none", "twice"]
    assert rows[-1] == "M11  prices only"
    told = tandem("architecture", "procedure", "all", "--json").document
    found = {a["id"]: a for a in told["architectures"]}
    assert {a["procedure"] for a in found.values()} == set(told["procedures"]) - {"M9"}  # another way to compute M2, asked for
    (sole,) = found["UK2"]["classes"]
    assert (sole["chains"]["bulk"], sole["chains"]["network"]) == ([["ESO", "AGG", "DER"]], [["DSO", "AGG", "DER"]])
    assert (found["UK2"]["links"], found["UK2"]["unknown"], sole["envelope_at"]) == ([["ESO", "DSO"]], [], None)
    assert [a["procedure"] for a in found["EU2"]["unknown"]] == ["M3", "M8"]


def test_ones_own() -> None:
    Path("mine.toml").write_text(BOUND, encoding="utf-8")
    said = tandem("architecture", "procedure", "mine.toml").out
    assert "M4  central within envelopes" in said
    assert "envelopes reach   AGG" in said
    Path("silent.txt").write_text(SILENT, encoding="utf-8")
    refused = tandem("architecture", "procedure", "silent.txt")
    assert refused.code == EXIT_INVALID
    assert [f"silent.txt:{line}: nodes[{name}] is instructed by nobody" in refused.err for line, name in ((4, "x"), (5, "y"))] == [True, True]


@pytest.mark.parametrize(("words", "code"), [(("NY9",), EXIT_USAGE), (("SNE", "--arb", "0"), EXIT_INVALID), (("SNE", "--arb", "much"), EXIT_USAGE)])
def test_what_cannot_be(words: tuple[str, ...], code: int) -> None:
    assert tandem("architecture", "procedure", *words).code == code


def test_help_is_short() -> None:
    assert len(tandem("architecture", "procedure", "--help").out.splitlines()) <= HELP_LINES
