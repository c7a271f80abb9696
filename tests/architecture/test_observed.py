"""Ledgers read back as architectures: what every letter means, runs of several schemes, messages of a simulation, declared against observed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import ClassVar, final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gridtandem as gt
from gridtandem.architecture.catalogue import architecture, published
from gridtandem.architecture.graph import CUSTOMER, ITEMS, ROLES, Graph
from gridtandem.architecture.lines import read_lines
from gridtandem.architecture.observed import runs
from gridtandem.architecture.observed.compare import declared_against_observed, standing_for
from gridtandem.architecture.observed.ledger import observed
from gridtandem.architecture.observed.letters import COMPANY, OWNER, TRANSMISSION, meanings
from gridtandem.architecture.observed.runs import seen
from gridtandem.architecture.simulation.derived import derived
from gridtandem.architecture.simulation.run import judge_of, simulated
from gridtandem.architecture.simulation.scenarios import Setting, scene_of
from gridtandem.architecture.statements import STATEMENT_KEYS, WORDS, statement_entries
from gridtandem.architecture.verdicts.judged import judge
from gridtandem.boundary.layout import Ask
from gridtandem.boundary.mailbox import Entry
from gridtandem.boundary.wire import register
from gridtandem.cases.case import Case
from gridtandem.errors import InvalidCase
from gridtandem.study.kinds import KINDS
from gridtandem.tables import Names, Table, column
from tests.tolerances import SHARES

LETTERS = {name for name, kind in register().items() if issubclass(kind, Ask)}
SCHEMES = sorted({(kind.group, e.name) for kind in KINDS for e in entry_points(group=kind.group)})
GRAPHS = published()
OWNED = {"merged", "fused", "central", "ideal", "joint-reserve"}  # one owner of all models


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Posted(Table):
    """Messages of a simulation."""

    kind: ClassVar[str] = "posted"
    sender: Names = column("who told", dtype="U")
    receiver: Names = column("who was told", dtype="U")
    word: Names = column("word", dtype="U")
    item: Names = column("what", dtype="U")


def posted(rows: Sequence[tuple[str, str, str, str]]) -> Posted:
    names = ("word", "sender", "receiver", "item")
    return Posted.of({name: [row[k] for row in rows] for k, name in enumerate(names)}) if rows else Posted.empty()


def said(graph: Graph) -> list[tuple[str, str, str, str]]:
    return [(str(e["word"]), str(e["from"]), str(e["to"]), str(e.get("item", ""))) for e in statement_entries(graph)]


def letters(case: Case, above: Sequence[str], below: Sequence[str], *, owner: bool = False) -> list[Entry]:
    top = [Entry(1, "owner" if owner else "tso", kind, len(case.interfaces), 1, 1, 1) for kind in above]
    return top + [Entry(1, name, kind, 1, 1, 1, 1) for kind in below for name in case.companies]


def between(graph: Graph, *, company: str, above: str = "tso") -> set[str]:
    short = {above: "T", company: "D", f"{company} customers": "C"}
    told = [(e, [short.get(str(e[end]), "") for end in ("from", "to")]) for e in statement_entries(graph)]
    return {" ".join(filter(None, (f"{e['word']} {a} > {b}", str(e.get("strength", e.get("item", "")))))) for e, (a, b) in told if a and b}


def test_every_letter_means_something() -> None:
    assert set(meanings()) == LETTERS
    for name, m in meanings().items():
        assert m.decides in ("", COMPANY, TRANSMISSION, OWNER), name
        assert not (m.whole and (m.asks or m.answers)), name
        for words in filter(None, (m.asks, m.answers)):
            word, _, item = words.partition(" ")
            assert word in WORDS
            assert (word == "info") == bool(item), name
            assert word == "coord" or item in ITEMS, name


@pytest.mark.parametrize(("group", "name"), SCHEMES, ids=[name for _, name in SCHEMES])
def test_every_scheme_can_be_observed(group: str, name: str) -> None:
    scheme = next(e for e in entry_points(group=group) if e.name == name).load()
    case = gt.case("golden-3bus")
    above, below = (sorted(q.__name__ for q in asked) for asked in (scheme.asks_tso, scheme.asks_dsos))
    whole = any(meanings()[kind].whole for kind in above)
    assert whole == (name in OWNED)
    graph = seen(letters(case, above, below, owner=whole), case, name)
    assert graph.faults() == []
    assert graph.nodes.share[graph.nodes.tier == CUSTOMER].sum() == pytest.approx(1.0, abs=SHARES)
    decides = any(meanings()[kind].decides for kind in (*above, *below))
    assert (graph.family == "Market") == (not decides)
    assert all(key in STATEMENT_KEYS for e in statement_entries(graph) for key in e)
    assert set(graph.nodes.role.tolist()) <= set(ROLES)


EXPECTED = {
    "dso-offer": {"disp T > D", "info D > T sched", "disp D > C"},
    "cmo-cuts": {"disp T > D", "info T > D sched", "info D > T range", "disp D > C"},
    "cmo-admm": {"coord T > D joint", "info D > T range", "disp D > C"},
    "price-taker": {"price T > D", "info D > T sched", "disp D > C"},
    "conventional-1": {"price T > D", "info D > T sched"},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_a_market_was(name: str) -> None:
    run = gt.run("golden-3bus", scheme=name, hours=1)
    graph = seen(run.outcome.ledger, run.result.study.case, run.scheme)
    for company in run.result.study.case.companies:
        assert between(graph, company=company) == EXPECTED[name]


def test_an_owner_of_all_models_is_a_central_optimum() -> None:
    run = gt.run("golden-3bus", scheme="ideal", hours=1)
    graph = seen(run.outcome.ledger, run.result.study.case, run.scheme)
    company = run.result.study.case.companies[0]
    assert between(graph, company=company, above="owner") == {"info D > T dgrid", "info D > T der_state", "disp T > C"}
    assert graph.nodes.network_aware[graph.nodes.name == "owner"].all()
    assert judge(graph).levels()["TB"] == judge(architecture("AU1")).levels()["TB"]


def test_a_layered_market_is_judged_as_a_layered_architecture() -> None:
    run = gt.run("golden-3bus", scheme="dso-offer", hours=1)
    found = declared_against_observed(architecture("R3"), seen(run.outcome.ledger, run.result.study.case, run.scheme))
    assert found.unused == ("disp DSO > AGG", "disp AGG > DER")  # nobody aggregates in the run
    assert found.undeclared == ()
    ours, theirs = found.as_declared.levels(), found.as_observed.levels()
    assert {k for k, level in ours.items() if theirs[k] != level} == {"LC"}  # and so nobody hands on


def test_nobody_tells_anybody_where_each_studies_alone() -> None:
    run = gt.run("14A", scheme="independent")
    graph = seen(run.outcome.ledger, run.result.study.case, run.scheme)
    assert len(graph.edges) == 0
    many = len(run.result.study.case.companies)
    assert judge(graph).levels()["CG"] == (many, many)


def test_many_alike_are_one_node(monkeypatch: pytest.MonkeyPatch) -> None:
    case, told = gt.case("golden-3bus"), (["ClearWith"], ["Offers"])
    apart = seen(letters(case, *told), case, "x")
    monkeypatch.setattr(runs, "APART", 1)
    together = seen(letters(case, *told), case, "x")
    assert together.nodes.name.tolist() == ["tso", "dso-a and 1 more", "dso-a and 1 more customers"]
    assert together.nodes.instances[1] == len(case.companies)
    assert together.nodes.instances[2] == apart.nodes.instances[apart.nodes.tier == CUSTOMER].sum()
    assert judge(together).levels() == judge(apart).levels()


def test_a_feeder_with_two_ports_holds_its_resources_once() -> None:
    case = gt.case("T14R2")
    table, (unit,) = case.interfaces, case.models[0].generators.name.tolist()
    assert table.feeder[0] == table.feeder[1], unit
    graph = seen(letters(case, ["ClearWith"], ["Offers"]), case, "x")
    assert graph.nodes.instances[graph.nodes.tier == CUSTOMER].tolist() == [table.count[0]]


@pytest.mark.parametrize(("name", "kind", "code"), [("golden-3bus", "Rumour", "arch-070"), ("case14", "Alone", "arch-071")])
def test_what_cannot_be_observed_is_told(name: str, kind: str, code: str) -> None:
    with pytest.raises(InvalidCase) as e:
        seen([Entry(1, "tso", kind, 1, 1, 1, 1)], gt.case(name), "x")
    assert [f.code for f in e.value.faults] == [code]


@pytest.mark.parametrize("graph", GRAPHS, ids=lambda g: g.id)
def test_what_is_used_whole_is_what_was_declared(graph: Graph) -> None:
    found = observed(graph, posted([row for row in said(graph) if row[0] != "noedge"]))
    assert said(found) == said(graph)
    compared = declared_against_observed(graph, found)
    assert (compared.unused, compared.undeclared, compared.stands_for) == ((), (), {})
    if not graph.edges.unsure.any():
        assert compared.as_observed.levels() == compared.as_declared.levels()


@given(st.data())
def test_only_what_was_used_is_left(data: st.DataObject) -> None:
    graph = data.draw(st.sampled_from(GRAPHS))
    rows = [row for row in said(graph) if row[0] != "noedge"]
    used = data.draw(st.lists(st.sampled_from(rows), unique=True)) if rows else []
    back = {(word, b, a, "") for w, a, b, _ in used for word in {"disp": ("info", "bid"), "ctl": ("info",)}.get(w, ())}
    found = observed(graph, posted(data.draw(st.permutations([*used, *used, *sorted(back)]))))
    used = [*used, *(row for row in rows if row[3] == "" and row in back and row not in used)]
    assert {row for row in said(found) if row[0] != "noedge"} == set(used)
    told = {" ".join(filter(None, (f"{w} {a} > {b}", i))) for w, a, b, i in rows if (w, a, b, i) not in used}
    compared = declared_against_observed(graph, found)
    assert set(compared.unused) <= told  # a dispatch that was used holds its reports
    assert compared.undeclared == ()
    assert np.array_equal(found.edges.confidence, np.ones(len(found.edges)))


TYPED = """
ARCH A "a" src=x family=Hybrid
N TSO role=TSO tier=1 org=T
N DSO role=DSO tier=2 org=D
N AGG role=AGG tier=3 org=A
N DER role=DER tier=4 org=C cap=1.0
disp TSO AGG
disp AGG DER
info DSO TSO item=dgrid
noedge DSO AGG
"""


def test_what_goes_a_new_way_is_told() -> None:
    (graph,) = read_lines(TYPED)
    rows = [("disp", "AGG", "DER", ""), ("bid", "AGG", "TSO", ""), ("info", "DSO", "TSO", "sched"), ("lim", "DSO", "AGG", ""),
            ("coord", "DSO", "TSO", ""), ("coord", "TSO", "DSO", "")]  # fmt: skip
    found = observed(graph, posted(rows))
    assert said(found) == [("disp", "AGG", "DER", ""), ("bid", "AGG", "TSO", ""), ("info", "DSO", "TSO", "sched"), ("lim", "DSO", "AGG", ""),
                           ("coord", "DSO", "TSO", "")]  # fmt: skip
    compared = declared_against_observed(graph, found)
    assert compared.unused == ("disp TSO > AGG", "info DSO > TSO dgrid")
    assert compared.undeclared == ("info DSO > TSO sched", "lim DSO > AGG", "coord DSO > TSO")  # the bid belongs to the dispatch that was declared
    assert judge(found).levels()["TB"] == (0, 0)


def test_an_instruction_is_new_though_its_reports_were_declared() -> None:
    (graph,) = read_lines(TYPED + "info DSO TSO\n")
    compared = declared_against_observed(graph, observed(graph, posted([("ctl", "TSO", "DSO", "")])))
    assert compared.undeclared == ("ctl TSO > DSO",)
    assert "info DSO > TSO" not in compared.unused


@pytest.mark.parametrize("name", ["R1", "GR1", "UK3", "AU4", "NY1", "PT1"])
def test_what_a_simulated_day_was(name: str) -> None:
    scene, graph = scene_of(Setting(case=gt.case("toy-two-feeders"), flow="active"), "nominal"), architecture(name)
    links = simulated(derived(graph), scene, judge_of(scene)).links
    rows = {(str(w), str(a), str(b)) for w, a, b in zip(links.word, links.sender, links.receiver, strict=True)}
    declared = {line[:3] for line in said(graph)}
    compared = declared_against_observed(graph, observed(graph, links))
    assert compared.unused == tuple(" ".join(filter(None, (f"{w} {a} > {b}", i))) for w, a, b, i in said(graph) if (w, a, b) not in rows)
    switched = {(w, a, b) for w, a, b in rows if w == "ctl"} - declared  # what nobody declared: switches in red
    assert compared.undeclared == tuple(f"{w} {a} > {b}" for w, a, b in sorted(switched))


def test_who_opens_switches_that_nobody_declared_is_coupled_unseen() -> None:
    graph = architecture("GR1")
    day = [*said(graph), ("ctl", "DSO", "DER", "switch")]
    compared = declared_against_observed(graph, observed(graph, posted(day)))
    assert compared.undeclared == ("ctl DSO > DER",)
    assert compared.as_observed.levels()["HC"] > compared.as_declared.levels()["HC"]


def test_an_agreement_carries_information() -> None:
    (graph,) = read_lines(TYPED + "coord TSO DSO s=limits\n")
    found = observed(graph, posted([("info", "DSO", "TSO", "exchange")]))
    assert [line for line in said(found) if line[0] != "noedge"] == [("coord", "TSO", "DSO", "")]


def test_a_message_of_nobody_is_refused() -> None:
    with pytest.raises(InvalidCase) as e:
        observed(read_lines(TYPED)[0], posted([("disp", "TSO", "NOBODY", ""), ("shout", "TSO", "AGG", "")]))
    assert sorted(f.code for f in e.value.faults) == ["arch-020", "arch-025"]


def test_a_denied_link_stays_denied_where_nothing_went() -> None:
    (graph,) = read_lines(TYPED)
    assert ("noedge", "DSO", "AGG", "") in said(observed(graph, posted([("disp", "TSO", "AGG", "")])))


def test_who_stands_for_whom() -> None:
    (graph,) = read_lines(TYPED)
    case = gt.case("golden-3bus")
    found = seen(letters(case, ["ClearWith"], ["Offers"]), case, "x")
    assert standing_for(graph, found) == {"tso": "TSO", "dso-a": "DSO", "dso-b": "DSO", "dso-a customers": "DER", "dso-b customers": "DER"}
    assert standing_for(graph, graph) == {}
