"""Use-cases of IEC 62559-2 as architectures: two published ones beside the catalogue, spellings, kinds of relation, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtandem.architecture.catalogue import architecture
from gridtandem.architecture.files import read_toml, write_toml
from gridtandem.architecture.graph import CUSTOMER, Graph
from gridtandem.architecture.statements import statement_entries
from gridtandem.architecture.use_cases.pages import sheets
from gridtandem.architecture.use_cases.read import Imported, read_roles, read_use_case
from gridtandem.architecture.verdicts.judged import judge
from gridtandem.errors import InvalidCase
from tests.tolerances import SHARES

HERE = Path(__file__).parent / "use_cases"
HEAD = ("Step No.", "Event.", "Name of Process/ Activity", "Description", "Service", "Information Producer (Actor)", "Information Receiver (Actor)",
        "Information Exchanged")  # fmt: skip
# What the catalogue's transcription of WECL-PT-01 leaves out, in the use-case's own names. None of it moves a verdict.
BESIDE = {
    *(f"info {a} > {b} prequal" for a, b in (("DSO", "MO DSO"), ("TSO", "MO TSO"), ("MO DSO", "DSO"), ("MO TSO", "DSO"), ("DSO", "MO TSO"))),
    "info MO DSO > FSP prequal", "info MO TSO > FSP prequal", "info DSO > MO DSO dgrid", "info MO DSO > FSP dgrid",
    "info MO DSO > DSO sched", "info MO TSO > TSO sched",
}  # fmt: skip


def example(name: str) -> Imported:
    return read_use_case((HERE / name).read_text(encoding="utf-8"), name)


def said(graph: Graph) -> set[str]:
    entries = statement_entries(graph)
    return {" ".join(filter(None, (f"{e['word']} {e['from']} > {e['to']}", str(e.get("strength", "")), str(e.get("item", ""))))) for e in entries}


def renamed(graph: Graph, names: dict[str, str]) -> set[str]:
    swap = {f"{a} >": f"{b} >" for a, b in names.items()} | {f"> {a}": f"> {b}" for a, b in names.items()}
    out = set[str]()
    for line in said(graph):
        for old, new in swap.items():
            line = line.replace(old, new)
        out.add(line)
    return out


def test_a_published_use_case_is_what_the_catalogue_says_of_it() -> None:
    found = example("wecl-pt-01.html").graph
    declared = renamed(architecture("PT1"), {"MOT": "MO TSO", "MOD": "MO DSO"})
    assert said(found) - declared == BESIDE
    assert declared - said(found) == set()
    assert judge(found).levels() == judge(architecture("PT1")).levels()
    assert found.family == architecture("PT1").family


def test_customers_of_several_kinds_are_judged_as_one() -> None:
    found = example("uc-gr-4.md").graph
    customers = found.nodes.name[found.nodes.tier == CUSTOMER].tolist()
    assert sorted(customers) == ["Commercial customer", "RES", "Residential customer"]
    assert found.nodes.share.sum() == pytest.approx(1.0, abs=SHARES)
    own = {line.replace("Aggregator", "AGG") for line in said(found)}
    assert {line for line in own if not line.startswith("ctl")} == {line for line in said(architecture("GR1")) if not line.startswith("ctl")}
    assert {line for line in own if line.startswith("ctl")} == {f"ctl AGG > {customer}" for customer in customers}
    assert judge(found).levels() == judge(architecture("GR1")).levels()


def test_tools_belong_to_somebody_and_every_guess_is_told() -> None:
    found = example("uc-gr-4.md")
    rows = found.guesses
    told = {part: set(rows.what[rows.part == part].tolist()) for part in set(rows.part.tolist())}
    assert told["tool"] == {"AMR", "DMS", "DSO Data Server", "DSOTP", "GIS", "PMU", "SCADA"}
    assert told["name"] == {"Residential consumer", "Commercial consumer"}
    assert len(told["share"]) == (found.graph.nodes.tier == CUSTOMER).sum()
    assert told["edge"] == {f"{e['from']} > {e['to']}" for e in statement_entries(found.graph)}
    assert (found.graph.edges.confidence < 1).all()
    assert (rows.confidence < 1).all()


@pytest.mark.parametrize("name", ["wecl-pt-01.html", "uc-gr-4.md"])
def test_it_is_written_as_any_other(name: str) -> None:
    graph = example(name).graph
    again = read_toml(write_toml(graph), "again")
    assert said(again) == said(graph)
    assert judge(again).levels() == judge(graph).levels()


def page(how: str, steps: list[tuple[str, ...]], head: tuple[str, ...] = HEAD) -> str:
    rows = [head, *steps]
    if how == "html":
        body = "".join("<tr>" + "".join(f"<td><b>{c}</b></td>" for c in row) + "</tr>\n" for row in rows)
        return f"<h1>A use-case</h1><table>{body}</table>"
    if how == "csv":
        return "\n".join(";".join(f'"{c}"' for c in row) for row in rows)
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(["# A use-case", "", lines[0], "|" + " --- |" * len(head), *lines[1:]])


def test_an_actor_in_no_step_is_left_out_aloud() -> None:
    table = "# A use-case\n\n| Actor Name | Actor Type | Actor Description |\n| --- | --- | --- |\n" + "".join(
        f"| {name} | Role | somebody |\n" for name in ("DSO", "Customer", "Weather service")
    )
    told = read_use_case(table + page("md", steps(("DSO", "Customer", "Setpoint"))).removeprefix("# A use-case\n"), "typed.md").guesses
    assert [w for w, taken in zip(told.what.tolist(), told.taken.tolist(), strict=True) if taken == "left out"] == ["Weather service"]


def steps(*told: tuple[str, str, str]) -> list[tuple[str, ...]]:
    return [(str(k + 1), "", name, "", "", a, b, "") for k, (a, b, name) in enumerate(told)]


def graph_of(*told: tuple[str, str, str], roles: str = "") -> Graph:
    return read_use_case(page("md", steps(*told)), "typed.md", roles=read_roles(roles, "roles.toml")).graph


MARKET = (
    ("Aggregator", "DSO", "Send offer"),
    ("DSO", "Aggregator", "Activation"),
    ("Aggregator", "Customer", "Set-point"),
    ("TSO", "DSO", "Schedule"),
)


@pytest.mark.parametrize("how", ["md", "html", "csv"])
def test_markdown_html_and_csv_say_the_same(how: str) -> None:
    found = read_use_case(page(how, steps(*MARKET)), f"typed.{how}").graph
    assert said(found) == {"disp DSO > Aggregator", "ctl Aggregator > Customer", "info TSO > DSO sched"}
    assert found.edges.line[0] > 0


def test_headers_are_found_by_their_words() -> None:
    other = ("Step", "Event", "Activity", "Description of the activity", "Service", "Producer", "Recipient", "Information exchanged (IDs)")
    turned = [(row[6], *row[1:6], row[0], row[7]) for row in (other, *steps(*MARKET))]
    assert said(read_use_case(page("md", turned[1:], turned[0]), "typed.md").graph) == said(graph_of(*MARKET))


@given(st.lists(st.sampled_from(["MO DSO", "MO-DSO", "mo dso", "MO_DSO", "Mo  Dso", "MO DSO (market)", "MO DSOs"]), min_size=4, max_size=4))
def test_spelling_makes_no_other_actor(names: list[str]) -> None:
    told = (("FSP", names[0], "Offer"), (names[1], "FSP", "Result"), ("DSO", names[2], "Accept / reject bid"), (names[3], "DSO", "Send bids"))
    plain = [(a if a in ("FSP", "DSO") else "MO DSO", b if b in ("FSP", "DSO") else "MO DSO", name) for a, b, name in told]
    found, once = graph_of(*told), graph_of(*plain)
    assert len(found.nodes) == len(once.nodes)
    assert judge(found).levels() == judge(once).levels()


KINDS = [
    (("TSO", "MO TSO", "Accept / reject bids"), "order TSO > MO TSO"),
    (("DSO", "MO TSO", "Accept / reject bids"), "lim DSO > MO TSO"),
    (("TSO", "Market platform", "Activation request"), "order TSO > Market platform"),
    (("DSO", "Aggregator", "Operating envelope"), "lim DSO > Aggregator"),
    (("DSO", "Aggregator", "Activation"), "ctl DSO > Aggregator"),
    (("Aggregator", "DSO", "Inform of the activation"), "info Aggregator > DSO"),
    (("DSO", "Customer", "Flexibility request"), "disp DSO > Customer"),
    (("DSO", "Aggregator", "Tariffs"), "price DSO > Aggregator"),
    (("DSO", "Aggregator", "Settlement of activations"), "settle DSO > Aggregator"),
    (("Customer", "DSO", "Meter readings"), "info Customer > DSO der_state"),
    (("DSO", "TSO", "Network model"), "info DSO > TSO dgrid"),
    (("TSO", "DSO", "Network model"), "info TSO > DSO"),
    (("Market platform", "Customer", "Notify the result"), "info Market platform > Customer sched"),
    (("Customer", "Market platform", "Offer"), "bid Customer > Market platform"),
    (("Market platform", "DSO", "Send bids"), "info Market platform > DSO sched"),
    (("Customer", "DSO", "Prequalification of offers"), "info Customer > DSO prequal"),
]  # fmt: skip


@pytest.mark.parametrize(("told", "meant"), KINDS, ids=[meant for _, meant in KINDS])
def test_a_word_of_a_step_is_a_kind_of_relation(told: tuple[str, str, str], meant: str) -> None:
    everybody = (("TSO", "MO TSO", "Hello"), ("DSO", "Aggregator", "Hello"), ("Customer", "Market platform", "Settlement"))
    assert meant in said(graph_of(told, *everybody))


def test_what_executes_acts() -> None:
    step = ("1", "", "Hello", "", "EXECUTE", "DSO", "Customer", "")
    assert said(read_use_case(page("md", [step]), "typed.md").graph) == {"ctl DSO > Customer"}


def test_an_agreement_is_a_limit_both_ways() -> None:
    both = (("TSO", "DSO", "Cannot be activated"), ("DSO", "TSO", "Cannot be activated"), ("DSO", "Customer", "Setpoint"))
    assert said(graph_of(*both)) == {"coord TSO > DSO limits", "ctl DSO > Customer"}
    assert said(graph_of(*both[1:])) == {"lim DSO > TSO", "ctl DSO > Customer"}


def test_nobody_instructs_in_a_circle() -> None:
    asked = (("DSO", "Market platform", "Activation request"), ("DSO", "Market platform", "Offer"), ("Market platform", "DSO", "Result"))
    assert "info Market platform > DSO sched" in said(graph_of(*asked, ("Market platform", "Customer", "Activation")))


def test_a_broken_row_goes_on() -> None:
    whole = (("1", "", "Offer flexibility", "", "", "Customer", "DSO", ""),)
    broken = (("1", "", "Offer", "", "", "", "", ""), ("flexibility", "", "", "Customer", "DSO", "", "", ""))
    one, two = (read_use_case(page("html", list(rows)), "typed.html").graph for rows in (whole, broken))
    assert said(one) == said(two) == {"bid Customer > DSO"}


def test_a_cell_may_hold_several() -> None:
    listed = "| Actor name | Actor type |\n|---|---|\n| Research and Development | Role |\n| DSO | Role |\n| TSO | Role |\n| Battery | Role |\n\n"
    told = steps(("DSO / TSO", "Battery", "Set-point"), ("Research and Development", "DSO, TSO", "Forecast"))
    found = read_use_case(listed + page("md", told), "typed.md", roles={"Research and Development": {"role": "AGG"}}).graph
    assert said(found) == {"ctl DSO > Battery", "ctl TSO > Battery", "info Research and Development > DSO sched",
                           "info Research and Development > TSO sched"}  # fmt: skip
    assert said(graph_of(("DSO/TSO", "EV / Storage", "Set-point"))) == {f"ctl {a} > {b}" for a in ("DSO", "TSO") for b in ("EV", "Storage")}


LISTED = "| Actor name | Actor type | Description |\n|---|---|---|\n| {0} | Role | {1} |\n\n"


def test_an_almost_equal_name_is_that_actor_but_a_short_word_is_a_name_of_its_own() -> None:
    told = steps(("DSO", "Commercial consumer", "Set-point"))
    found = read_use_case(LISTED.format("Commercial customer", "") + page("md", told), "typed.md").graph
    assert said(found) == {"ctl DSO > Commercial customer"}
    told = steps(("Market operator TSO", "Customer", "Set-point"))
    found = read_use_case(LISTED.format("Market operator DSO", "") + page("md", told), "typed.md").graph
    assert said(found) == {"ctl Market operator TSO > Customer"}


@pytest.mark.parametrize(("name", "description"), [("Shared Customer Archive", ""), ("Archive (SCA)", "")])
def test_initials_and_words_in_brackets_are_names(name: str, description: str) -> None:
    told = steps(("DSO", "Customer", "Set-point"), ("SCA", "DSO", "Forecast"))
    found = read_use_case(LISTED.format(name, description) + page("md", told), "typed.md", roles={"SCA": {"role": "AGG"}}).graph
    assert name.split(" (")[0] in found.nodes.name.tolist()


def test_slips_of_the_pen_are_told_and_mean_who_was_meant() -> None:
    told = steps(("Market platfomr", "EV", "Set-point"), ("DSO", "market platform", "Activation request"), ("DSO", "Martket Platform", "Forecast"))
    found = read_use_case(page("md", told), "typed.md")
    assert said(found.graph) == {"ctl market platform > EV", "order DSO > market platform", "info DSO > market platform sched"}
    assert set(found.guesses.what[found.guesses.part == "name"].tolist()) == {"Market platfomr", "Martket Platform"}


def test_symbols_of_information_and_numbers_of_steps_may_be_spelled_loosely() -> None:
    names = "| Information exchanged ID | Name of Information |\n|---|---|\n| I-07 | Set-point |\n\n"
    told: list[tuple[str, ...]] = [("1 a", "", "Hello", "", "", "DSO", "Customer", "I - 07"), ("2 b", "", "Hello", "", "", "Customer", "DSO", "")]
    assert said(read_use_case(names + page("md", told), "typed.md").graph) == {"ctl DSO > Customer"}


def test_a_description_tells_where_a_name_does_not() -> None:
    told = steps(("DSO", "Quux", "Set-point"), ("Quux", "Customer", "Set-point"))
    found = read_use_case(LISTED.format("Quux", "aggregator of homes that also serves the TSO") + page("md", told), "typed.md").graph
    assert found.nodes.role[found.nodes.name == "Quux"].tolist() == ["AGG"]
    with pytest.raises(InvalidCase):
        read_use_case(LISTED.format("Quux", "one of those who, as is said further on, aggregate: aggregator") + page("md", told), "typed.md")


def test_all_who_are_unknown_are_told_at_once_and_mended() -> None:
    told = (("DSO", "Quux", "Setpoint"), ("Wizard", "DSO", "Forecast"), ("Grue", "Wizard", "Forecast"))
    with pytest.raises(InvalidCase) as e:
        graph_of(*told)
    assert [(f.code, f.label) for f in e.value.faults] == [("arch-061", name) for name in ("Quux", "Wizard", "Grue")]
    mended = graph_of(*told, roles='Quux = "DER"\n"wizard" = { part_of = "DSO" }\nGrue = { leave_out = true }\n')
    assert said(mended) == {"ctl DSO > Quux"}


def test_what_the_user_says_counts() -> None:
    roles = 'Customer = { role = "DER", share = 0.7, org = "HOMES" }\nPV = { role = "DER", instances = 5 }\nDSO = { role = "DO", own = true }\n'
    found = graph_of(("DSO", "Customer", "Setpoint"), ("DSO", "PV", "Setpoint"), roles=roles)
    nodes = {str(name): k for k, name in enumerate(found.nodes.name)}
    assert found.nodes.share[[nodes["Customer"], nodes["PV"]]].tolist() == pytest.approx([0.7, 0.3], abs=SHARES)
    assert (found.nodes.org[nodes["Customer"]], found.nodes.instances[nodes["PV"]]) == ("HOMES", 5)
    assert (found.nodes.role[nodes["DSO"]], bool(found.nodes.own[nodes["DSO"]])) == ("DO", True)


@pytest.mark.parametrize(
    ("text", "roles", "codes"),
    [
        ("# nothing here", "", ["arch-060"]),
        (page("md", steps(("DSO", "TSO", "Forecast"))), "", ["arch-063"]),
        (page("md", steps(("DSO", "Customer", "Setpoint"))), 'Custmer = "DER"\nDSO = { part_of = "DNO" }', ["arch-062", "arch-062"]),
        (page("md", steps(("DSO", "Customer", "Setpoint"))), "DSO = ", ["arch-064"]),
        (page("md", steps(("DSO", "Customer", "Setpoint"))), "DSO = 3\nCustomer = { rolle = 'DER' }", ["arch-065", "arch-065"]),
        (page("md", steps(("DSO", "Customer", "Setpoint"))), 'DSO = "KING"', ["arch-022"]),
        (page("md", steps(("DSO", "Customer", "Setpoint"))), 'DSO = { role = "DSO", tier = "low" }', ["arch-024"]),
        (page("md", steps(("DSO", "Customer", "Setpoint"))), 'Customer = { role = "DER", share = 0.5 }', ["arch-007"]),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(text: str, roles: str, codes: list[str]) -> None:
    with pytest.raises(InvalidCase) as e:
        read_use_case(text, "typed.md", roles=read_roles(roles, "roles.toml"))
    assert [f.code for f in e.value.faults] == codes
    assert all(f.place or f.label for f in e.value.faults)


def test_tables_within_tables_stand_apart() -> None:
    inner = "<table><tr><td>a</td></tr></table>"
    found = sheets(f"<table><tr><td>x{inner}</td><td>y</td></tr>\n<tr><td>z</td></tr></table>", ".html")
    assert [[row.cells for row in sheet] for sheet in found] == [[("a",)], [("x", "y"), ("z",)]]
    assert [row.line for row in found[1]] == [1, 2]
