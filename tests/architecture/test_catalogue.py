"""The catalogue of architectures, its two forms of writing, what each refuses, and what differs between two."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.architecture.catalogue import architecture, architectures, names, published
from gridtandem.architecture.difference import changes, counterparts
from gridtandem.architecture.files import read_toml, write_toml
from gridtandem.architecture.graph import BID, CUSTOMER, INFO, INSTR, LIMIT, ROLES, SETPOINT, Edges, Graph
from gridtandem.architecture.lines import read_lines
from gridtandem.architecture.statements import WORDS, Description, Entry, Value, leading
from gridtandem.architecture.words import REGIONS, words
from gridtandem.errors import InvalidCase, UnknownName
from tests.tolerances import SHARES

TYPED = Path(__file__).parent / "mine.txt"
GOOD = TYPED.read_text(encoding="utf-8")
ARCHITECTURES, STATEMENTS = 37, 190  # of the source


def codes(text: str) -> list[str]:
    with pytest.raises(InvalidCase) as e:
        read_lines(text, "mine.txt")
    return sorted(f.code for f in e.value.faults)


def without_lines(graph: Graph) -> tuple[str, ...]:
    """What a graph says, wherever it stood in a file."""
    nodes, edges = graph.nodes, graph.edges
    bare = replace(nodes, line=np.zeros(len(nodes), int)), replace(edges, line=np.zeros(len(edges), int))
    return (graph.id, graph.name, graph.source, graph.family, *(t.digest() for t in bare))


def test_all_of_the_source_are_there() -> None:
    found = published()
    assert len(found) == ARCHITECTURES
    assert sum(len(leading(g.edges)) for g in found) == STATEMENTS
    for graph in found:
        assert graph.faults() == []
        assert graph.nodes.share[graph.nodes.tier == CUSTOMER].sum() == pytest.approx(1.0, abs=SHARES)
        assert graph.source
        assert (graph.edges.latency_s > 0).all()


@pytest.mark.parametrize("name", names())
def test_written_and_read_is_the_same(name: str) -> None:
    graph = architecture(name)
    assert without_lines(read_toml(write_toml(graph), "again")) == without_lines(graph)


def test_line_grammar_says_the_same_as_toml() -> None:
    (typed,) = architectures(TYPED)
    assert without_lines(replace(typed, name="", source="")) == without_lines(replace(architecture("UK2"), name="", source=""))
    assert typed.edges.line.tolist() == [6, 6, 6, 7, 7, 7, 8, 8, 8, 9]
    assert typed.nodes.line.tolist() == [2, 3, 4, 5]


def test_a_dispatch_is_an_instruction_down_and_information_and_a_bid_up() -> None:
    edges = read_lines(GOOD)[0].edges.take(np.arange(3))
    assert edges.what.tolist() == [INSTR, INFO, BID]
    assert (edges.from_node.tolist(), edges.to_node.tolist()) == ([0, 2, 2], [2, 0, 0])
    assert edges.authority.tolist() == [SETPOINT, 0, 0]


def test_a_base_comes_first(tmp_path: Path) -> None:
    text = GOOD + 'ARCH MINE "with an envelope" src=me family=Hybrid base=UK2\nlim DSO AGG c=.7\n'
    assert changes(*read_lines(text)).what.tolist() == ["lim DSO > AGG"]
    path = tmp_path / "own.toml"
    head = 'id = "OWN"\nname = "with an envelope"\nsource = "me"\nfamily = "Hybrid"\nbase = "UK2"\n'
    path.write_text(head + 'statements = [\n    { word = "lim", from = "DSO", to = "AGG" },\n]\n', encoding="utf-8")
    found = architecture(str(path))
    assert changes(architecture("UK2"), found).what.tolist() == ["lim DSO > AGG"]
    assert found.edges.authority[-1] == LIMIT
    assert found.edges.line[-1] == 7


def test_which_of_several_is_said(tmp_path: Path) -> None:
    path = tmp_path / "two.txt"
    path.write_text(GOOD + 'ARCH B "b" src=me family=Hybrid base=UK2\n', encoding="utf-8")
    assert architecture(f"{path}:B").name == "b"
    with pytest.raises(UnknownName, match="say which"):
        architecture(str(path))
    with pytest.raises(UnknownName, match="did you mean 'UK2'"):
        architecture("UK22")


BAD = """\
ARCH A "a" src=x family=Hybrid
N TSO role=TSOO tier=1 org=T
N DSO role=DSO tier=2 org=D
N AGG role=AGG tier=3 org=A
N DER role=DER tier=4 org=C cap=.7
disp TSO DSO c=.9
disp DSO AGG
disp AGG TSO
ctl DSO DEER
coord TSO DSO
"""


def test_all_faults_at_once_with_file_and_line() -> None:
    with pytest.raises(InvalidCase) as e:
        read_lines(BAD, "mine.txt")
    told = [str(f) for f in e.value.faults]
    for place, what, code in (
        ("mine.txt:2: nodes[TSO].role", "is 'TSOO'", "arch-002"), ("mine.txt:5: nodes.share", "sum to 0.7", "arch-007"),
        ("mine.txt:9: statements[ctl DSO DEER].to", "did you mean 'DER'?", "arch-025"),
        ("mine.txt:10: statements[coord TSO DSO].strength", "joint, limits, advisory", "arch-021"),
        ("mine.txt:7: edges", "cycle of instructions", "arch-012"),
    ):  # fmt: skip
        assert sum(place.split(":")[0] in t and place.split(" ")[-1] in t and what in t and code in t for t in told) == 1, told
    assert len(told) == 5
    assert any(f"cycle of instructions {c}" in t for t in told for c in ("TSO > DSO > AGG > TSO", "DSO > AGG > TSO > DSO", "AGG > TSO > DSO > AGG"))


@pytest.mark.parametrize(
    ("line", "instead", "code"),
    [
        ("disp ESO AGG c=.80", "dispatch ESO AGG", "arch-020"),
        ("disp ESO AGG c=.80", "disp ESO", "arch-022"),
        ("disp ESO AGG c=.80", "disp ESO AGG c=much", "arch-035"),
        ("disp ESO AGG c=.80", "disp ESO AGG sure=1", "arch-034"),
        ("disp ESO AGG c=.80", "disp ESO AGG c=1.2", "case-014"),
        ("disp ESO AGG c=.80", "disp ESO ESO", "arch-009"),
        ("disp ESO AGG c=.80", "disp DSO AGG", "arch-010"),
        ("disp ESO AGG c=.80", "noedge ESO DSO", "arch-011"),
        ("disp ESO AGG c=.80", "disp ESO AGG s=joint", "arch-021"),
        ("disp ESO AGG c=.80", 'disp "ESO AGG', "arch-030"),
        ("disp ESO AGG c=.80", "disp ESO AGG c=.80 item=rset", "arch-026"),
        ("N ESO role=TSO tier=1 org=NGESO", "N ESO role=TSO tier=5 org=NGESO", "arch-003"),
        ("N ESO role=TSO tier=1 org=NGESO", "N ESO role=TSO tier=1 org=NGESO cap=.1", "arch-006"),
        ("N ESO role=TSO tier=1 org=NGESO", "N ESO role=TSO tier=1 org=NGESO arb=1..0", "arch-004"),
        ("N ESO role=TSO tier=1 org=NGESO", "N ESO role=TSO tier=1 org=NGESO agent_of=ESO", "arch-005"),
        ("N ESO role=TSO tier=1 org=NGESO", "N ESO role=TSO tier=1 org=NGESO agent_of=NOBODY", "arch-025"),
        ("N ESO role=TSO tier=1 org=NGESO", "N ESO role=TSO tier=1", "arch-022"),
        ("family=Hybrid", "family=Mixed", "arch-001"),
        ("family=Hybrid", "family=Hybrid base=NY1", "arch-033"),
        ("ARCH UK2", "# ARCH", "arch-031"),
        ("ARCH UK2", "ARCH ../UK2", "arch-013"),
    ],
)
def test_each_fault_has_its_code(line: str, instead: str, code: str) -> None:
    assert line in GOOD
    assert code in codes(GOOD.replace(line, instead))


def test_a_key_stands_once_on_a_line_and_an_item_is_known() -> None:
    text = GOOD.replace("cap=1.0", "cap=1.0 cap=0.4").replace("disp ESO AGG c=.80", "disp ESO AGG c=.80 c=.1 c=.2\ninfo DSO ESO item=dgird")
    with pytest.raises(InvalidCase) as e:
        read_lines(text, "mine.txt")
    lines = {
        each: f"mine.txt:{number}" for number, line in enumerate(text.splitlines(), 1) for each in ("cap=1.0", "disp ESO", "dgird") if each in line
    }
    told = sorted((f.code, f.place) for f in e.value.faults)
    assert told == sorted([("arch-036", lines["cap=1.0"]), *[("arch-036", lines["disp ESO"])] * 2, ("arch-026", lines["dgird"])])
    (item,) = (str(f) for f in e.value.faults if f.code == "arch-026")
    assert "did you mean 'dgrid'?" in item
    assert "der_state, sched, dgrid, prequal, rest" in item


def test_an_item_is_known_in_toml_too() -> None:
    text = write_toml(architecture("AU1"))
    assert 'item = "sched"' in text
    wrong = text.replace('item = "sched"', 'item = "shed"')
    rows = [number for number, line in enumerate(wrong.splitlines(), 1) if '"shed"' in line]
    with pytest.raises(InvalidCase) as e:
        read_toml(wrong, "own.toml")
    assert [(f.code, f.place) for f in e.value.faults] == [("arch-026", f"own.toml:{row}") for row in rows]
    assert rows


def test_a_name_twice_and_an_architecture_twice() -> None:
    assert codes(GOOD + GOOD) == ["arch-032"]
    assert "case-017" in codes(GOOD.replace("N AGG", "N DSO").replace("AGG", "DSO"))


def test_two_circles_are_two_faults_and_those_below_are_none() -> None:
    more = "N A role=AGG tier=3 org=A\nN B role=AGG tier=3 org=B\nN C role=AGG tier=3 org=C\n"
    text = GOOD + more + "disp A B\ndisp B A\ndisp B C\ndisp C DER\ndisp DER DSO\n"
    with pytest.raises(InvalidCase) as e:
        read_lines(text, "mine.txt")
    told = sorted(f.what.removeprefix("closes a cycle of instructions ") for f in e.value.faults)
    assert [set(each.split(" > ")) for each in told] == [{"A", "B"}, {"DSO", "AGG", "DER"}]


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidCase, match="UTF-8"):
        architecture(str(path))


@pytest.mark.parametrize(
    ("line", "instead", "code"),
    [
        ('name = "ESO"', 'nama = "ESO"', "arch-023"), ("tier = 1", 'tier = "bulk"', "arch-024"), ("tier = 1", "tier = true", "arch-024"),
        ("tier = 1", "tier = 1, arb = [0.1]", "arch-024"), ("confidence = 0.95", "confidence = nan", "case-010"),
        ('family = "Hybrid"', "", "arch-041"),
        ('family = "Hybrid"', 'family = "Hybrid"\ncolour = 1', "arch-040"), ("nodes = [", "nodes = 1\nmore = [", "arch-042"),
        ("nodes = [", "nodes = {", "arch-043"),
    ],
)  # fmt: skip
def test_faults_of_toml(line: str, instead: str, code: str) -> None:
    text = write_toml(architecture("UK2"))
    assert line in text
    with pytest.raises(InvalidCase) as e:
        read_toml(text.replace(line, instead, 1), "own.toml")
    assert code in {f.code for f in e.value.faults}
    assert all(f.place.startswith("own.toml") for f in e.value.faults)


def test_positions_that_no_node_has() -> None:
    graph = architecture("UK2")
    edges = replace(graph.edges, to_node=np.full(len(graph.edges), 9))
    assert {f.code for f in replace(graph, edges=edges).faults()} == {"arch-008"}
    with pytest.raises(InvalidCase):
        replace(graph, edges=edges).checked()
    assert len(replace(graph, edges=Edges.empty()).checked().edges) == 0
    assert graph.tell(0) == "disp ESO > AGG"


@st.composite
def descriptions(draw: st.DrawFn) -> Description:
    """Any architecture without a fault: instructions lead down the list of nodes, so that nobody is above himself."""
    count = draw(st.integers(2, 6))
    tiers = [*sorted(draw(st.lists(st.integers(1, 4), min_size=count - 1, max_size=count - 1))), CUSTOMER]
    share = 1 / tiers.count(CUSTOMER)
    nodes = list[dict[str, Value]]()
    for k, tier in enumerate(tiers):
        more: dict[str, Value] = {"share": share} if tier == CUSTOMER else {"own": draw(st.booleans()), "arb": [0.25, 0.5]}
        more |= {"trusted": draw(st.booleans()), "network_aware": draw(st.booleans()), "instances": draw(st.sampled_from((1, 7, 1_000_000)))}
        more |= {"agent_of": "n0"} if k and draw(st.booleans()) else {}
        nodes.append({"name": f"n{k}", "role": draw(st.sampled_from(ROLES)), "tier": tier, "org": draw(st.sampled_from("ab")), **more})
    pairs = draw(st.lists(st.tuples(st.integers(0, count - 2), st.sampled_from([w for w in WORDS if w != "noedge"])), unique=True, max_size=8))
    said = list[Entry]()
    for a, word in pairs:
        told: dict[str, Value] = {
            "word": word,
            "from": f"n{a}",
            "to": f"n{a + 1}",
            "unsure": draw(st.booleans()),
            "source": draw(st.sampled_from("xy")),
        }
        told |= {"latency_s": draw(st.sampled_from((0.0, 4.0, 60.0, 300.0))), "confidence": draw(st.floats(0.0, 1.0))}
        said.append(Entry(told | ({"strength": "joint"} if word == "coord" else {"item": "sched"})))
    return Description("X", "any", "none", "Hybrid", tuple(map(Entry, nodes)), tuple(said))


@settings(max_examples=40, deadline=None)
@given(descriptions())
def test_any_architecture_is_read_as_it_was_written(drawn: Description) -> None:
    graph = drawn.graph()
    again = read_toml(write_toml(graph), "again")
    assert without_lines(again) == without_lines(graph)
    assert len(changes(graph, again)) == 0


@pytest.mark.parametrize("name", ["NY1", "CA1", "JP1"])
def test_a_difference_is_what_was_taken_away(name: str) -> None:
    graph = architecture(name)
    for k in leading(graph.edges):
        edges = graph.edges.take(graph.edges.statement != graph.edges.statement[k])
        found = changes(graph, replace(graph, edges=edges))
        assert found.part.tolist() == ["statement"]
        assert found.what[0].startswith(graph.tell(k))
        assert (found.before[0] != "", found.after[0]) == (True, "")


def test_differences_of_two_designs() -> None:
    found = changes(architecture("NY1"), architecture("NY2"))
    told = dict(zip(found.what.tolist(), zip(found.before.tolist(), found.after.tolist(), strict=True), strict=True))
    assert told["family"] == ("Hybrid", "TotalDSO")
    assert told["DER"] == ("share 1.0", "share 0.8")
    assert told["disp NYISO > DSP"] == ("", "confidence 0.9")
    assert told["coord NYISO > DSP"] == ("confidence 0.6", "")
    assert counterparts(architecture("UK2"), architecture("AU4")) == {"ESO": "AEMO"}


def test_words_of_regions() -> None:
    known = words()
    assert known.of("DO", "AU") == "DNSP"
    assert known.of("DER", "JP") == "DER"
    assert set(known.roles) <= set(ROLES)
    assert all(set(each) == set(REGIONS) for each in known.functions.values())
    assert {trap.term for trap in known.traps_of("EU")} == {"DSO"}
    with pytest.raises(UnknownName):
        known.of("DSO", "XX")
