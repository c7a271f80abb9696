"""Every command once and more: what it says, to whom, and what it leaves on the disk."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from gridtandem.cases.named import case, catalogue
from gridtandem.cli.demo import SCHEMES
from gridtandem.report.front import opened
from gridtandem.study.registry import scheme_names
from tests.doors.terminal import run_file, tandem
from tests.tolerances import AGREED_PU

CATALOGUE_WIDTH = 132


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_cases_names_every_system_with_size_source_and_licence() -> None:
    said, table = tandem("cases"), catalogue()
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert max(map(len, lines)) <= CATALOGUE_WIDTH
    text = " ".join(said.out.split())
    for k, name in enumerate(table.name):
        (line,) = [line for line in lines if line.startswith(f"  {name} ")]  # one line says it all
        assert table.size[k] in line
        assert table.title[k] in line
        number = re.findall(r"\[\d+\]$", line)[0]
        letter = re.findall(re.escape(f"{number} {table.source[k]}; licence ") + r"(\([a-z]\))", text)[0]
        assert f"{letter} {table.licence[k]}" in text


def test_cases_names_every_source_and_every_licence_once_and_joined_systems_first() -> None:
    said, table = tandem("cases").out, catalogue()
    assert said.splitlines()[0] == "joined systems"
    order = [line.split()[0] for line in said.splitlines() if line.startswith("  ") and line.split()[0] in set(table.name.tolist())]
    form = dict(zip(table.name.tolist(), zip(table.extra.tolist(), table.form.tolist(), strict=True), strict=True))
    rank = {"joined": 0, "network": 1, "feeder": 2}
    ranks = [3 if form[name][0] else rank[form[name][1]] for name in order]
    assert ranks == sorted(ranks)
    assert len(re.findall(r"^  \[\d+\] ", said, re.MULTILINE)) == len(set(table.source.tolist()))
    assert len(re.findall(r"^  \([a-z]\) ", said, re.MULTILINE)) == len(set(table.licence.tolist()))
    assert "case14 = ieee14" in said


def test_one_case() -> None:
    said = tandem("cases", "14A")
    assert said.out.startswith("14A: ")
    assert "licence: " in said.out


def test_run_tells_the_result_and_keeps_it() -> None:
    said = tandem("run", "14A", "--scheme", "load-flow")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("14A under load-flow: the parties agree")
    path = run_file(said)
    assert re.fullmatch(r"tandem-runs/14A-load-flow-[0-9a-f]{6}\.tandem", path.as_posix())
    assert opened(path).checks.voltage_error_pu.max() <= AGREED_PU


def test_the_same_study_has_the_same_file_and_another_has_not() -> None:
    first = run_file(tandem("run", "14A"))
    again, other = run_file(tandem("run", "14A")), run_file(tandem("run", "14A", "--set", "tol=1e-8"))
    assert first == again
    assert first != other


@pytest.mark.parametrize("scheme", [*scheme_names(), "auto"])
def test_run_as_one_document(scheme: str) -> None:
    said = tandem("run", "14A", "--scheme", scheme, "--json")
    assert (said.code, said.err) == (0, "")
    assert said.document["schema"] == "tandem/run-summary/1"


OPTIONS = {
    "loading": (["--loading", "0.9,1.1"], "loading", [[0.9], [1.1]]),
    "feeder-solver": (["--feeder-solver", "newton"], "feeder_solver", "newton"),
    "q-limits": (["--q-limits"], "q_rule", "switch"),
    "hold-taps": (["--hold-taps"], "taps", "hold"),
    "rounds": (["--rounds", "7"], "rounds", 7),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_reaches_the_study(name: str) -> None:
    words, field, wanted = OPTIONS[name]
    study = opened(run_file(tandem("run", "14A", *words))).result.study
    found = getattr(study, field)
    assert (found.tolist() if field == "loading" else found) == wanted


def test_a_shared_slack_reaches_the_study() -> None:
    """Which finds that nobody has a share."""
    said = tandem("run", "14A", "--slack", "shared")
    assert (said.code, "study.slack is shared, but no unit of transmission in service has a share" in said.err) == (3, True)


def test_options_of_the_scheme_and_of_the_case_reach_the_study() -> None:
    study = opened(run_file(tandem("run", "T14D2", "--set", "tol=1e-7", "--exponents", "0.5,1.5", "--parallel", "3,4"))).result.study
    assert study.scheme.tol == 1e-7
    assert study.case.interfaces.count.tolist() == [3, 4]
    assert set(study.case.models[0].loads.p_exponent) == {0.5}
    assert set(study.case.models[0].loads.q_exponent) == {1.5}


def test_a_network_without_feeders_is_a_plain_load_flow() -> None:
    said = tandem("run", "case14")
    assert said.code == 0
    assert "under merged" in said.out
    assert "losses 13.393 MW" in said.out


def test_compare_shows_schemes_side_by_side() -> None:
    said = tandem("compare", "14A", "--schemes", "independent,load-flow,merged")
    assert said.code == 0
    assert [line.split()[0] for line in said.out.splitlines()[2:5]] == ["independent", "load-flow", "merged"]
    assert len(list(Path("tandem-runs").glob("14A-*.tandem"))) == 3


def test_compare_all() -> None:
    rows = tandem("compare", "14A", "--schemes", "all", "--json").document["schemes"]
    assert [row["scheme"] for row in rows] == list(scheme_names())


def test_an_option_goes_to_the_schemes_that_have_it() -> None:
    assert tandem("compare", "14A", "--schemes", "merged,response", "--set", "tol=1e-7").code == 0
    said = tandem("compare", "14A", "--schemes", "merged,response", "--set", "tool=1e-7")
    assert (said.code, said.err) == (2, "tandem: no option of merged or response named 'tool'; did you mean 'tol'?\n")


def test_demo_leaves_a_table_a_picture_and_run_files() -> None:
    said = tandem("demo")
    assert said.code == 0
    schemes = SCHEMES.split(",")
    assert [line.split()[0] for line in said.out.splitlines()[2:]] == schemes
    assert {"independent", "load-flow", "merged"} <= set(schemes)
    assert Path("tandem-runs/demo.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert len(list(Path("tandem-runs").glob("*.tandem"))) == len(schemes)
    assert "next " in said.err


def test_a_picture_lies_beside_the_run_file() -> None:
    path = run_file(tandem("run", "14A", "--picture"))
    assert path.with_suffix(".svg").is_file()


def test_new_check_run() -> None:
    said = tandem("new", "my-case", "--transmission", "case14", "--from", "case33bw", "--feeder-at", "7", "--feeder-at", "9", "--count", "2")
    assert (said.code, said.out.splitlines()[0]) == (0, "wrote my-case/")
    checked = tandem("check", "my-case")
    assert (checked.code, checked.out.splitlines()[0]) == (0, "my-case: no fault; 14 + 128 buses, 2 interfaces, 2 distribution companies")
    assert "have no rating (treated as unlimited)" in checked.out
    assert tandem("run", "my-case").code == 0


def test_new_from_a_file() -> None:
    assert tandem("convert", "case69", "mine.m").code == 0
    said = tandem("new", "my-case", "--from", "mine.m", "--feeder-at", "9")
    assert said.code == 0
    assert "14 + 68 buses" in said.out


@pytest.mark.parametrize("target", ["other.m", "other.json", "other"])
def test_convert_there_and_run(target: str) -> None:
    said = tandem("convert", "case33bw", target)
    assert (said.code, said.out) == (0, f"wrote {target}\n")
    assert "losses 0.203 MW" in tandem("run", target).out


def test_convert_a_case_with_feeders() -> None:
    assert tandem("convert", "14A", "copy").code == 0
    assert case("copy").digest() == case("14A").digest()


def test_runs_lists_what_is_here() -> None:
    assert tandem("runs").out == "no run files in tandem-runs\n"
    tandem("run", "14A")
    tandem("run", "14A", "--rounds", "1")
    Path("tandem-runs/broken.tandem").write_bytes(b"not a database")
    rows = tandem("runs", "--json").document["rows"]
    found = sorted((row["scheme"], row["end"], row["rounds"]) for row in rows)
    assert found == [("", "UNREADABLE", 0), ("response", "AGREED", 3), ("response", "OUT_OF_ROUNDS", 1)]


RUN_TABLES = ["buses", "interfaces", "branches", "units", "letters", "rounds", "checks", "violations"]


@pytest.mark.parametrize("name", RUN_TABLES)
def test_show_a_table_of_a_run(name: str) -> None:
    tandem("run", "14A")
    said = tandem("show", "14A-response", "--table", name, "--rows", "2")
    assert said.code == 0
    assert 2 <= len(said.out.splitlines()) <= 4
    document = tandem("show", "14A-response", "--table", name, "--json").document
    assert (document["schema"], document["table"]) == ("tandem/table/1", name)
    assert set(document["rows"][0]) == set(document["columns"])


def test_show_prefers_a_case_to_the_beginning_of_a_run() -> None:
    tandem("run", "14A")
    assert "tables: interfaces 2, tso/buses 14" in tandem("show", "14A").out
    assert "tables    buses 62" in tandem("show", "14A-r").out


def test_show_a_table_of_a_case_with_names() -> None:
    said = tandem("show", "14A", "--table", "interfaces")
    assert [line.split() for line in said.out.splitlines()][1][:6] == ["I10", "dso-10", "F10", "case16am-at-10", "1", "10"]


def test_messages_are_the_ledger() -> None:
    tandem("run", "14A", "--scheme", "load-flow")
    said = tandem("messages", "14A-load-flow")
    assert "15 letters: 50 numbers asked, 40 answered" in said.out
    assert "load-flow declares: per interface and round" in said.out
    letters = tandem("messages", "14A-load-flow", "--round", "2", "--to", "tso", "--json").document["letters"]
    assert [(e["round"], e["recipient"], e["question"]) for e in letters] == [(2, "tso", "VoltageUnder")]
    said = tandem("messages", "14A-load-flow", "--to", "tos")
    assert (said.code, said.err) == (2, "tandem: no party that was asked named 'tos'; did you mean 'tso'?\n")


@pytest.mark.parametrize("kind", ["overview", "network", "voltages", "convergence", "exchange"])
def test_plot(kind: str) -> None:
    tandem("run", "14A")
    assert tandem("plot", "14A-response", "--kind", kind, "--out", f"{kind}.svg").code == 0
    assert "</svg>" in Path(f"{kind}.svg").read_text(encoding="utf-8")


def test_export_every_table() -> None:
    path = run_file(tandem("run", "14A"))
    assert tandem("export", str(path), "--out", "tables").code == 0
    assert sorted(p.name for p in Path("tables").iterdir()) == sorted([*(f"{name}.csv" for name in RUN_TABLES), "summary.json"])
    with Path("tables/interfaces.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["p_mw"]) for row in rows] == opened(path).interfaces.p_mw.tolist()
    assert tandem("export", str(path), "--format", "json", "--out", "documents").code == 0
    assert Path("documents/buses.json").is_file()
    assert tandem("export", str(path), "--out", "tables").code == 2


def test_diagnose() -> None:
    said = tandem("diagnose", "14A")
    assert (said.code, said.out.splitlines()[0]) == (0, "14A: take the scheme load-flow")
    assert tandem("diagnose", "ieee14", "--json").document["recommend"] == "merged"


def test_doctor() -> None:
    said = tandem("doctor")
    assert said.code == 0
    assert said.out.rstrip().endswith("all is well")


SCHEMAS = {
    "cases": (["cases"], "tandem/catalogue/1", "cases"),
    "case": (
        ["cases", "14A"], "tandem/case/1",
        "companies digest feeder_buses interfaces licence name notes remarks source tables title transmission_buses",
    ),
    "run": (
        ["run", "14A"], "tandem/run-summary/1",
        "agreed case checks end gap goal interfaces letters made_with rounds run_file scheme sentence study_digest trouble violations",
    ),
    "compare": (["compare", "14A", "--schemes", "merged"], "tandem/compare/1", "case made_with schemes trouble"),
    "diagnose": (["diagnose", "14A"], "tandem/diagnosis/1", "case contraction recommend rounds why"),
    "check": (["check", "14A"], "tandem/check/1", "case faults remarks sound"),
    "runs": (["runs"], "tandem/table/1", "columns rows table"),
    "doctor": (["doctor"], "tandem/doctor/1", "looks well"),
    "help": (["help", "files"], "tandem/help/1", "text topic"),
    "convert": (["convert", "14A", "copy"], "tandem/convert/1", "left_out written"),
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEMAS)
def test_documents_keep_their_keys(name: str) -> None:
    words, schema, keys = SCHEMAS[name]
    found = tandem(*words, "--json").document
    assert found.pop("schema") == schema
    assert " ".join(sorted(found)) == keys
