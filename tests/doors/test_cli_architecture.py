"""The commands that list, show, compare and read architectures, and the skeleton picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gridtandem.architecture.catalogue import names, published
from gridtandem.architecture.graph import Graph
from gridtandem.architecture.statements import leading
from gridtandem.cli.exits import EXIT_INVALID, EXIT_USAGE
from gridtandem.report import style
from gridtandem.report.architecture.picture import LOOKS, MEANINGS, bent, placed, skeleton
from tests.doors.terminal import ROOT, tandem

TYPED = ROOT / "tests/architecture/mine.txt"
USE_CASE = ROOT / "tests/architecture/use_cases/uc-gr-4.md"
HELP_LINES = 25


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", ["list", "show", "diff", "import", "words", "observe"])
def test_help_shows_an_example_first_and_fits_a_terminal(name: str) -> None:
    said = tandem("architecture", name, "--help")
    assert said.code == 0
    assert len(said.out.splitlines()) <= HELP_LINES
    assert f"$ tandem architecture {name}" in said.out


def test_list_has_all_and_words_of_a_region() -> None:
    said = tandem("architecture", "list", "--words", "eu")
    assert [line.split()[0] for line in said.out.splitlines()[1 : 1 + len(names())]] == list(names())
    assert "DO    DSO" in said.out
    assert "beware: DSO is the company" in said.out
    assert len(tandem("architecture", "list", "--json").document["architectures"]) == len(names())


def test_show_in_words_and_for_machines() -> None:
    said = tandem("architecture", "show", "NY2", "--words", "UK")
    assert "DNO" not in said.out
    assert "disp  NYISO      DERL     setpoint <info <bid" in said.out
    told = tandem("architecture", "show", "PT1", "--json").document
    assert {node["node"]: node["remarks"] for node in told["nodes"]}["MOD"] == "agent of DSO"
    assert [s["word"] for s in told["statements"]][:2] == ["order", "order"]


def test_a_file_that_show_writes_is_read_again() -> None:
    said = tandem("architecture", "show", "JP1", "--toml")
    Path("own.toml").write_text(said.out, encoding="utf-8")
    assert tandem("architecture", "diff", "JP1", "own.toml").out.splitlines()[-1] == "nothing differs"


def test_import_writes_once() -> None:
    said = tandem("architecture", "import", str(TYPED), "--into", "mine")
    assert (said.code, said.err) == (0, "wrote mine/UK2.toml\n")
    assert tandem("architecture", "show", "mine/UK2.toml").code == 0
    again = tandem("architecture", "import", str(TYPED), "--into", "mine")
    assert again.code == EXIT_USAGE
    assert "is there already" in again.err


def test_import_of_a_use_case_tells_every_guess() -> None:
    said = tandem("architecture", "import", str(USE_CASE))
    assert (said.code, said.err) == (0, "wrote UC-GR-04.toml\n")
    assert "Residential consumer" in said.out.split("Guessed, and worth a look:")[1]
    assert tandem("architecture", "judge", "UC-GR-04.toml", "--draws", "0").code == 0
    Path("roles.toml").write_text('RES = { role = "DER", share = 0.8 }\n', encoding="utf-8")
    told = tandem("architecture", "import", str(USE_CASE), "--roles", "roles.toml", "--into", "again", "--json").document
    assert "RES" not in [g["what"] for g in told["guesses"]]
    assert [a["id"] for a in told["architectures"]] == ["UC-GR-04"]
    assert "share = 0.8" in Path("again/UC-GR-04.toml").read_text(encoding="utf-8")


def test_a_use_case_is_imported_first_and_roles_belong_to_it() -> None:
    said = tandem("architecture", "judge", str(USE_CASE))
    assert said.code == EXIT_INVALID
    assert "tandem architecture import" in said.err
    Path("roles.toml").write_text("", encoding="utf-8")
    assert tandem("architecture", "import", str(TYPED), "--roles", "roles.toml").code == EXIT_USAGE


def test_what_a_run_was_is_observed() -> None:
    tandem("run", "golden-3bus", "--scheme", "dso-offer", "--hours", "1", "-q")
    said = tandem("architecture", "observe", "golden-3bus-dso-offer", "--against", "R3", "--plot", "seen.svg")
    assert (said.code, Path("seen.svg").exists()) == (0, True)
    unused, new = said.out.split("Declared and never used:\n")[1].split("Used and not declared:\n")
    assert (unused.split("\n")[:-1], new.strip()) == (["  disp DSO > AGG", "  disp AGG > DER"], "nothing")
    told = tandem("architecture", "observe", "golden-3bus-dso-offer", "--against", "R3", "--json").document
    assert told["against"]["unused"] == ["disp DSO > AGG", "disp AGG > DER"]
    assert [row["principle"] for row in told["against"]["verdicts"] if row["differs"]] == ["latency_cascading"]
    assert tandem("architecture", "observe", "golden-3bus-dso-offer", "--json").document["against"] is None
    Path("seen.toml").write_text(tandem("architecture", "observe", "golden-3bus-dso-offer", "--toml").out, encoding="utf-8")
    assert "tier_bypass            none" in tandem("architecture", "judge", "seen.toml", "--draws", "0").out
    assert tandem("architecture", "observe", "golden-3bus-dso-offer", "--against", "R33").code == EXIT_USAGE


def test_faults_have_file_and_line() -> None:
    Path("bad.txt").write_text(
        TYPED.read_text(encoding="utf-8").replace("disp DSO AGG", "disp DSO AG").replace("cap=1.0", "cap=.9"), encoding="utf-8"
    )
    said = tandem("architecture", "show", "bad.txt")
    assert said.code == EXIT_INVALID
    assert "2 faults in the data" in said.err
    assert "bad.txt:7: statements[disp DSO AG].to 'AG' is no node; did you mean 'AGG'? (arch-025)" in said.err
    assert "bad.txt:5: nodes.share of tier 4 sum to 0.9" in said.err


def test_difference_is_told() -> None:
    said = tandem("architecture", "diff", "UK2", "AU4")
    assert "ESO is called AEMO in AU4" in said.out
    document = tandem("architecture", "diff", "UK2", "AU4", "--json").document
    assert document["renamed"] == {"ESO": "AEMO"}
    assert document["changes"][-1] == {"part": "statement", "what": "lim DSO > AGG", "before": "", "after": "confidence 0.85"}


def test_words_of_all_regions() -> None:
    said = tandem("architecture", "words").out
    assert "Aggregator Coordinator" in said
    assert set(tandem("architecture", "words", "--json").document["functions"]["aggregator"]) == {"AU", "UK", "EU", "US", "JP"}


def test_unknown_names_are_told() -> None:
    said = tandem("architecture", "show", "NY9")
    assert (said.code, said.err) == (EXIT_USAGE, "tandem: no architecture or file named 'NY9'; did you mean 'NY5'?\n")


def test_picture_is_the_same_twice_and_marks_what_offends() -> None:
    said = tandem("architecture", "show", "NY1", "--plot", "a.svg")
    assert said.err == "picture   a.svg\n"
    graph = next(g for g in published() if g.id == "NY1")
    plain, marked = style.svg(skeleton(graph)), style.svg(skeleton(graph, leading(graph.edges)[2:3]))
    assert Path("a.svg").read_text(encoding="utf-8") == plain
    assert style.WARN not in plain
    assert style.WARN in marked


@pytest.mark.parametrize("graph", published(), ids=names())
def test_lines_between_the_same_two_lie_apart_and_tiers_below_each_other(graph: Graph) -> None:
    places = placed(graph)
    assert len(set(places)) == len(places)
    assert [y for _, y in places] == (-graph.nodes.tier).tolist()
    edges, seen = graph.edges, set[tuple[int, int, float]]()
    bends = bent(graph, places, 3.5)
    for k, bend in zip(leading(edges), bends, strict=True):
        a, b = int(edges.from_node[k]), int(edges.to_node[k])
        seen.add((min(a, b), max(a, b), bend if a < b else -bend))
    assert len(seen) == len(bends)
    assert np.isfinite(bends).all()
    assert set(edges.word.tolist()) <= set(LOOKS) == set(MEANINGS)
