"""From graph to play: which procedure every published architecture is, why, and how it changes with its edges."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from gridtandem.architecture.catalogue import architecture, names
from gridtandem.architecture.graph import COORD, INSTR, NOEDGE, PRICE, Graph
from gridtandem.architecture.lines import read_lines
from gridtandem.architecture.relations import World, skeleton_of
from gridtandem.architecture.simulation.derived import derived, plays, said
from gridtandem.architecture.simulation.play import Play, Way
from gridtandem.architecture.statements import Description, Entry, node_entries, statement_entries
from gridtandem.architecture.verdicts.judged import judge
from gridtandem.errors import InvalidCase
from tests.architecture.playing import FOUR, HEAD, PLATFORM, changed, of_lines, play, ways
from tests.tolerances import SHARES

EXPECTED = {  # which graphs run as which procedure, after the study of procedures that this room follows
    "M0": "UK0 EU0 CA0 NY0 AU0 SNA GR1", "M1": "R1 AU1 UK4", "M2": "SND UK2", "M3": "NY1 NY3 NY4 R2", "M4": "AU4 AU5",
    "M5": "R3 AU2 AU3 UK1 EU1 EU1a EU1c NY2 NY5", "M6": "SNB CA1 PT1", "M7": "SNC", "M8": "SNE UK5 EU2", "M10": "JP0 JP1", "M11": "UK3",
}  # fmt: skip
LETTERS = {name: letter for letter, of in EXPECTED.items() for name in of.split()}


def chains(found: Play) -> set[tuple[int, ...]]:
    return {p for c in found.classes for p in (*c.bulk, *c.network, *c.through, *c.control, *c.own, *c.priced)}


def test_every_published_architecture_is_in_the_table() -> None:
    assert sorted(LETTERS) == sorted(names())


@pytest.mark.parametrize("name", names())
def test_procedures_of_published_architectures(name: str) -> None:
    assert play(name).procedure == LETTERS[name]


def test_the_page_has_the_same_table() -> None:
    page = (Path(__file__).parents[2] / "docs/explanation/architectures.md").read_text(encoding="utf-8").split("## From graph to procedure")[1]
    rows = re.findall(r"^\| (M\d+) \| ([^;|]*)", page, re.MULTILINE)
    assert {letter: set(of.strip().split(", ")) for letter, of in rows} == {letter: set(of.split()) for letter, of in EXPECTED.items()}
    assert all(f"| {way.name.lower()} |" in page for way in Way)


def test_a_marketplace_of_unknown_kind_is_two_plays() -> None:
    """ENTSO-E's single marketplace: each order stands for itself where it settles nothing; agreed limits change nothing of either."""
    graph = architecture("EU2")
    assert [derived(graph, arb=far).procedure for far in (0.0, 0.49, 0.5, 1.0)] == ["M3", "M3", "M8", "M8"]
    assert [(p.procedure, p.arb) for p in plays(graph)] == [("M3", 0.0), ("M8", 1.0)]


def test_unsure_statements_make_other_plays() -> None:
    """New York's DSP 2.0 with its optional scheduling comes before the NYISO; a Japanese retailer under the coordinator is no longer on its own."""
    assert [p.procedure for p in plays(architecture("NY4"))] == ["M3", "M6"]
    assert derived(architecture("NY4"), unsure=True).procedure == "M6"
    assert [ways(p)["DERb"][0] for p in plays(architecture("JP1"))] == [Way.OWN, Way.HELD]
    assert [len(plays(architecture(name))) for name in ("R1", "UK2")] == [1, 1]


def test_classes_of_one_architecture_go_different_ways() -> None:
    assert ways(play("UK1")) == {"DSOF": (Way.LEFTOVER, "M6"), "DER": (Way.CURVE, "M5")}
    assert ways(play("JP1")) == {"DERa": (Way.HELD, "M10"), "DERb": (Way.OWN, "M11"), "PV": (Way.HELD, "M10")}
    assert ways(play("CA1")) == {"DER1": (Way.LEFTOVER, "M6"), "DER2": (Way.CURVE, "M5")}


def test_who_comes_first_by_dispatch_and_by_what_it_forwards() -> None:
    """SmartNet B forwards the rest through the DSO; OneNet's DSO strikes bids out of a market that it does not run."""
    assert ways(play("SNB")) == {"DER": (Way.REST, "M6")}
    assert ways(play("PT1")) == {"DER": (Way.FILTERED, "M6")}


def test_commercial_buyers_are_told() -> None:
    found = play("SNE")
    assert ([str(found.graph.nodes.name[k]) for k in found.buyers], found.arb) == (["BRP"], 0.75)


@pytest.mark.parametrize("name", names())
def test_chains_run_along_edges_and_reasons_are_statements(name: str) -> None:
    found = play(name)
    edges = found.graph.edges
    rows = list(zip(edges.what.tolist(), edges.from_node.tolist(), edges.to_node.tolist(), strict=True))
    steps = {(a, b) for what, a, b in rows if what in (INSTR, PRICE)} | {pair for what, a, b in rows if what == COORD for pair in ((a, b), (b, a))}
    assert all(step in steps for chain in chains(found) for step in pairwise(chain))
    assert chains(found)
    world = World.of(skeleton_of(found.graph))
    every = {said(world, r) for r in world.relations}
    assert all(set(reason.split(": ")[0].split(", ")) <= every for reason in found.reasons)
    assert {c.reason for c in found.classes} == set(found.reasons)
    linked = {pair for what, a, b in rows if what != NOEDGE for pair in ((a, b), (b, a))}
    assert set(found.links) <= linked


@pytest.mark.parametrize("name", names())
def test_every_class_has_a_way(name: str) -> None:
    found = play(name)
    assert sum(c.share for c in found.classes) == pytest.approx(1.0, abs=SHARES)
    assert len(found.classes) == (found.graph.nodes.tier == 4).sum()
    ends = {(c.customer, p[-1]) for c in found.classes for p in (*c.bulk, *c.network, *c.through, *c.control, *c.own, *c.priced)}
    assert all(customer == end for customer, end in ends)


@pytest.mark.parametrize(
    ("name", "without", "added", "letter"),
    [
        ("UK0", "", ("lim DNO AGG",), "M4"), ("AU0", "", ("lim DNSP DERa", "lim DNSP DERb"), "M4"), ("R1", "info DO TSO", (), "M0"),
        ("R1", "ctl DO DER", ("disp DO DER",), "M3"),
        ("R2", "coord TSO DSO", ("coord TSO DSO strength=joint",), "M2"), ("CA0", "noedge CAISO UDC", ("info UDC CAISO item=dgrid",), "M1"),
        ("SNB", "disp TSO DSO", ("disp TSO DSO",), "M5"), ("CA1", "disp CAISO DSO", (), "M3"), ("CA1", "disp CAISO AGG", (), "M5"),
        ("PT1", "info MOT DSO", (), "M4"), ("PT1", "lim DSO MOT", (), "M3"), ("AU4", "lim DSO AGG", (), "M3"), ("NY1", "", ("lim DSP DER",), "M4"),
        ("NY1", "", ("lim DSP AGG",), "M3"), ("SNC", "coord TSO DSO", ("disp TSO DSO",), "M5"), ("SNC", "", ("disp TSO AGG",), "M3"),
        ("R3", "disp TSO DSO", ("coord TSO DSO strength=advisory",), "M7"), ("R3", "", ("coord TSO DSO strength=joint",), "M2"),
        ("SND", "coord TSO DSO", (), "M2"), ("SNE", "", ("coord TSO DSO strength=joint",), "M8"), ("UK3", "", ("disp ESO SUP",), "M11"),
    ],
)  # fmt: skip
def test_a_statement_more_or_less_is_another_procedure(name: str, without: str, added: tuple[str, ...], letter: str) -> None:
    """Each rule at its edge; UK3's supplier passes on no set-point, so an instruction to it alone instructs nobody."""
    assert derived(changed(architecture(name), without, *added)).procedure == letter


def test_an_envelope_on_one_of_two_chains_leaves_the_other_free() -> None:
    found = derived(changed(architecture("NY1"), "", "lim DSP AGG"))
    assert "NYISO > DER is not bound" in found.reasons[0]


def test_the_envelope_is_told_to_whom_all_pass() -> None:
    graph = changed(architecture("R1"), "info DO TSO", "lim DO DER")
    (found,) = derived(graph).classes
    assert (found.way, graph.nodes.name[found.boxed_at]) == (Way.BOXED, "DER")
    assert [play("AU4").graph.nodes.name[c.boxed_at] for c in play("AU4").classes] == ["AGG"]
    both = changed(architecture("AU4"), "", "lim DSO DER")
    assert [both.nodes.name[c.boxed_at] for c in derived(both).classes] == ["DER"]  # the nearest to the customer


@pytest.mark.parametrize(
    ("arb", "more", "letter"),
    [
        ("arb=0..0.4", "", "M3"), ("", "", "M3"), ("arb=1..1", "", "M8"), ("arb=1..1 net=D", "", "M2"),
        ("arb=1..1 net=D", "N R role=RET tier=3 org=R\norder R P\n", "M8"), ("arb=.5..1", "coord T D s=joint\n", "M2"),
    ],
)  # fmt: skip
def test_platforms(arb: str, more: str, letter: str) -> None:
    assert of_lines(PLATFORM.format(arb) + more).procedure == letter


def test_control_alone_counts_where_nobody_dispatches() -> None:
    (found,) = of_lines(FOUR + "coord T D s=advisory\nctl D x\n").classes
    assert (found.way, found.network, len(found.control)) == (Way.LOCAL, (), 1)
    assert "nothing agreed" in found.reason
    (beside,) = of_lines(FOUR + "disp T x\nctl D x\n").classes
    assert beside.way is Way.BLIND


def test_one_company_holds_its_customers() -> None:
    """The same edges as R3, of one owner; and an aggregator of its own stays on its own."""
    one = FOUR.replace("org=D", "org=T").replace("cap=1", "cap=.6") + "N R role=RET tier=3 org=R own=1\nN y role=DER tier=4 org=C cap=.4\n"
    assert ways(of_lines(one + "disp T D\ndisp D x\ndisp R y\n")) == {"x": (Way.HELD, "M10"), "y": (Way.OWN, "M11")}


def test_who_is_reached_by_nobody_is_named() -> None:
    two = FOUR.replace("cap=1", "cap=.5") + "N y role=DER tier=4 org=C cap=.5\n"
    with pytest.raises(InvalidCase) as refused:
        of_lines(two + "lim D x\n")
    assert [(f.label, f.code) for f in refused.value.faults] == [("X", "arch-080"), ("x", "arch-081"), ("y", "arch-061")]
    assert refused.value.faults[1].place == "test.txt:5"
    with pytest.raises(InvalidCase, match=r"nodes\[y\] is instructed by nobody, and no price reaches it") as one:
        of_lines(two + "disp T x\n")
    assert len(one.value.faults) == 1


def test_a_platform_settles_within_its_interval() -> None:
    with pytest.raises(InvalidCase, match=r"nodes\[IMO\] settles between 0.5 and 1, not 0.2"):
        derived(architecture("SNE"), arb=0.2)
    with pytest.raises(InvalidCase, match="not nan"):
        derived(architecture("SNE"), arb=float("nan"))
    assert derived(architecture("R1"), arb=0.2).procedure == "M1"


def test_more_unknown_than_can_be_tried_is_refused() -> None:
    many = "".join(f"N x{k} role=DER tier=4 org=C cap={1 / 16}\ndisp T x{k} alt=1\n" for k in range(16))
    with pytest.raises(InvalidCase, match="16 unknown"):
        plays(read_lines(HEAD + "N T role=TSO tier=1 org=T\n" + many)[0])


def test_the_item_of_a_dispatch_moves_no_verdict() -> None:
    graph = architecture("SNB")
    plain = changed(graph, "disp TSO DSO", "disp TSO DSO")
    assert judge(graph).levels() == judge(plain).levels()
    assert (derived(graph).procedure, derived(plain).procedure) == ("M6", "M5")


@some.composite
def graphs(draw: some.DrawFn) -> Graph:
    """A published architecture with some statements gone and some new."""
    graph = architecture(draw(some.sampled_from(names())))
    known = graph.nodes.name.tolist()
    kept = [s for s in statement_entries(graph) if draw(some.integers(0, 4))]
    pairs = some.tuples(some.sampled_from(["disp", "ctl", "lim", "veto", "info dgrid", "price", "coord joint", "coord limits"]),
                        some.sampled_from(known), some.sampled_from(known))  # fmt: skip
    for told, a, b in draw(some.lists(pairs, max_size=4)):
        word, _, more = told.partition(" ")
        kept.append({"word": word, "from": a, "to": b} | ({"strength" if word == "coord" else "item": more} if more else {}))
    nodes = tuple(Entry(n) for n in node_entries(graph))
    try:
        return Description("X", "any", "test", graph.family, nodes, tuple(map(Entry, kept))).graph()
    except InvalidCase:
        assume(False)
        raise


def or_codes(graph: Graph) -> Play | frozenset[str]:
    try:
        return derived(graph)
    except InvalidCase as e:
        return frozenset(f.code for f in e.faults)


@given(graphs())
@settings(max_examples=300, deadline=None)
def test_any_graph_has_a_way_for_every_class_or_is_refused_by_class(graph: Graph) -> None:
    found = or_codes(graph)
    if isinstance(found, frozenset):
        assert found <= {"arch-080", "arch-081"}
        return
    names_ = [f"n{k}" for k in range(len(graph.nodes))]
    other = derived(replace(graph, nodes=replace(graph.nodes, name=np.array(names_))))
    assert [replace(c, reason="") for c in found.classes] == [replace(c, reason="") for c in other.classes]  # names mean nothing
    assert (found.procedure, found.links, found.models) == (other.procedure, other.links, other.models)
    tier, pairs = graph.nodes.tier, {frozenset(p) for p in zip(graph.edges.from_node.tolist(), graph.edges.to_node.tolist(), strict=True)}
    assert all(frozenset(step) in pairs for chain in chains(found) for step in pairwise(chain))
    for c in found.classes:
        past = {Way.BLIND, Way.SEEN, Way.BOXED, Way.TWICE, Way.LEFTOVER}
        assert c.way not in past or c.bulk
        assert c.way not in {Way.TWICE, Way.LEFTOVER} or c.network
        assert (c.boxed_at >= 0) == (c.way is Way.BOXED)
        assert all(tier[k] != 2 for p in c.bulk for k in p)
