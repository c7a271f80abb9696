"""Commands of dispatch: a case dispatched, kept, shown and compared, rules for scripts, and what is refused."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.cases.case import Case
from gridtandem.cli.exits import EXIT_INVALID, EXIT_NO_SOLUTION, EXIT_NOT_AGREED, EXIT_RULE
from gridtandem.report.run import Run
from tests.doors.terminal import process, run_file, tandem
from tests.tolerances import DISPATCH_GAP
from tools.dispatch_counts import CASES

SCHEMES = "central,copf,hgd,hgd-plain,independent"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(what: Case, name: str) -> str:
    """The case as a folder."""
    gt.write_case(what, name)
    return name


def test_run_dispatches_and_keeps_it() -> None:
    said = tandem("run", "14A", "--scheme", "copf")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("14A under copf, 1 period: the parties agree within tolerance")
    assert "promised, the same as the dispatch of one owner" in said.out
    assert "no limit broken" in said.out
    run = gt.opened(run_file(said))
    assert isinstance(run, Run)
    assert repr(run) == said.out.rstrip("\n")
    assert abs(run.result.gap) <= DISPATCH_GAP


def test_a_day_goes_from_hour_to_hour_and_says_how_many_rounds_each_took() -> None:
    said = tandem("run", "14A", "--scheme", "copf", "--hours", "3", "--start", "previous-hour", "--json")
    assert said.code == 0
    assert re.fullmatch(r"time      \d+\.\d s for 3 periods\n", said.err)
    each = said.document["rounds_by_period"]
    assert len(each) == 3
    assert sum(each) == said.document["rounds"]
    assert said.document["rounds_by_period"] == [3, 1, 1]  # hours without profiles are alike
    run = gt.run("14A", scheme="copf", hours=3, start="previous-hour")
    assert "each from where the one before it agreed: 3, 1, 1 rounds" in repr(run)
    refused = tandem("run", "14A", "--scheme", "hgd-plain", "--hours", "3", "--start", "previous-hour")
    assert refused.code == EXIT_INVALID
    assert "study-036" in refused.err
    assert "schemes of optimal power flow" in tandem("run", "14A", "--scheme", "merged", "--start", "previous-hour").err


def test_compare_tells_what_independent_plans_promise() -> None:
    said = tandem("compare", "14A", "--schemes", SCHEMES, "--json")
    assert said.code == 0
    rows = {row["scheme"]: row for row in said.document["schemes"]}
    assert list(rows) == ["central", "copf", "hgd", "hgd-plain", "independent-opf"]  # people say independent
    assert abs(rows["copf"]["gap_to_central"]) <= DISPATCH_GAP
    assert rows["independent-opf"]["promised"] < rows["central"]["promised"] < rows["independent-opf"]["realised"]
    assert rows["independent-opf"]["limits_broken"] == 1
    assert rows["hgd-plain"]["gap_to_central"] > rows["hgd"]["gap_to_central"]
    shown = tandem("compare", "14A", "--schemes", SCHEMES)
    assert "independent-opf: each side has its own answer; nothing was agreed" in shown.out


def test_independent_beside_schemes_of_load_flow_stays_theirs() -> None:
    said = tandem("compare", "14A", "--schemes", "independent,response", "--json")
    assert [row["scheme"] for row in said.document["schemes"]] == ["independent", "response"]


def test_the_summary_for_machines() -> None:
    document = tandem("run", "14A", "--scheme", "copf", "--json").document
    assert document["schema"] == "tandem/dispatch-summary/1"
    assert (document["agreed"], document["end"], document["violations"]) == (True, "agreed", 0)
    assert document["letters"]["numbers"] == 256
    assert document["exchanges"][0]["interface"] == "I10"
    assert document["gap_to_central"] == pytest.approx(document["promised"] / document["central"] - 1, abs=DISPATCH_GAP)


def test_rules_for_scripts() -> None:
    rule = ("--fail-if", f"gap-to-central>{DISPATCH_GAP:g}")
    assert tandem("compare", "14A", "--schemes", "central,copf,hgd", *rule).code == 0
    broken = tandem("compare", "14A", "--schemes", "copf,hgd-plain", *rule)
    assert broken.code == EXIT_RULE
    assert broken.err.startswith("--fail-if: hgd-plain: gap-to-central is 0.00085")
    assert tandem("run", "14A", "--scheme", "hgd-plain", *rule).code == EXIT_RULE
    assert tandem("run", "14A", "--scheme", "copf", "--fail-if", "limits-broken>0").code == 0


def test_independent_plans_below_the_optimum_break_a_rule_too() -> None:
    broken = tandem("compare", "14A", "--schemes", "copf,independent", "--fail-if", "gap-to-central>1e-6")
    assert broken.code == EXIT_RULE
    assert broken.err.startswith("--fail-if: independent-opf: gap-to-central is -0.0016")


def test_of_several_studies_the_newest_is_taken_and_said() -> None:
    first = tandem("run", "14A", "--scheme", "copf")
    second = tandem("run", "14A", "--scheme", "copf", "--bound")
    newest, before = run_file(second).stem, run_file(first).stem
    for words in (("show", "14A-copf"), ("messages", "14A-copf"), ("plot", "14A-copf"), ("reach", "--interface", "I10", "--run", "14A-copf")):
        said = tandem(*words)
        assert said.code == 0, words
        assert said.err.startswith(f"'14A-copf' was saved under 2 different studies; this is the newest, {newest}, saved 20")
        assert said.err.splitlines()[0].endswith(f"UTC; before it: {before}")
    assert "no dispatch costs less" in tandem("show", "14A-copf").out
    assert tandem("show", before).err == ""
    machine = tandem("show", "14A-copf", "--json")
    assert (machine.code, f"newest first: {newest}, {before}" in machine.err) == (2, True)
    assert tandem("show", newest, "--json").document["run_file"].endswith(f"{newest}.tandem")


def test_a_day_tells_the_range_of_what_passes_its_price_and_voltage() -> None:
    assert tandem("convert", "14A", "day").code == 0
    for network in (Path("day/tso"), *Path("day").glob("dso-*/*")):
        (network / "follows.csv").write_text("what,row,profile\nloads,,day\n", encoding="utf-8")
        (network / "profiles.csv").write_text("profile,period,factor\nday,1,0.7\nday,2,1.0\n", encoding="utf-8")
    said = tandem("run", "day", "--scheme", "copf", "--hours", "2", "--start", "previous-hour")
    assert said.code == 0
    assert re.search(r"I10 at bus 10: 6\.\d+ MW to 9\.001 MW at 3\S+ EUR/MWh to 40\.23 EUR/MWh and \S+ EUR/Mvarh to \S+ EUR/Mvarh, ", said.out)
    assert re.search(r"1\.0001 pu to 1\.0\d+ pu\n", said.out)


def test_tables_that_other_kinds_have_are_pointed_to() -> None:
    run = gt.run("14A", scheme="copf")
    with pytest.raises(AttributeError, match="voltages of buses are in table 'prices'"):
        _ = run.buses
    run.save("here.tandem")
    assert "what units do is in table 'decisions'" in tandem("show", "here.tandem", "--table", "units").err


def test_all_tables_and_pictures_are_shown_and_exported() -> None:
    begun = tandem("run", "14A", "--scheme", "copf")
    for name in ("exchanges", "decisions", "prices", "checks", "violations", "letters", "rounds"):
        assert tandem("show", "14A-copf", "--table", name).code == 0
    assert "price [currency/MWh]" in tandem("show", "14A-copf", "--table", "exchanges").out
    assert tandem("export", "14A-copf", "--out", "tables").code == 0
    with Path("tables/decisions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {"company", "unit", "p_mw", "q_mvar", "cost_per_h"} <= rows[0].keys()
    assert sum(float(row["cost_per_h"]) for row in rows) == pytest.approx(gt.opened(run_file(begun)).result.promised)
    for kind in ("overview", "prices", "convergence"):
        assert tandem("plot", "14A-copf", "--kind", kind).code == 0
    assert tandem("compare", "14A", "--schemes", "central,copf,independent", "--picture").code == 0
    assert list(Path().rglob("*.svg"))
    declared = tandem("messages", "14A-copf").out
    assert "DispatchOver" in declared
    assert "copf declares: per round, interface and period" in declared


def test_a_run_that_was_stopped_goes_on() -> None:
    begun = tandem("run", "14A", "--scheme", "hgd", "--rounds", "2")
    assert begun.code == EXIT_NOT_AGREED
    assert "go on with  tandem run --resume" in begun.err
    done = tandem("run", "--resume", str(run_file(begun)), "--rounds", "50")
    assert done.code == 0
    whole = tandem("run", "14A", "--scheme", "hgd", "--out", "whole.tandem")
    first, second = (gt.opened(run_file(said)) for said in (done, whole))
    assert first.outcome.gaps == second.outcome.gaps
    assert first.exchanges.digest() == second.exchanges.digest()


def test_prices_that_swing_end_with_words_and_a_code() -> None:
    said = tandem("run", written(CASES["overvoltage"].case(), "swing"), "--scheme", "hgd")
    assert said.code == EXIT_NOT_AGREED
    assert "prices come again every 2 rounds between" in said.out
    assert "take copf" in said.out


def test_what_cannot_be_dispatched_names_its_limits() -> None:
    what = CASES["feeder ends, linear"].case()
    net = what.models[0]
    below = np.arange(len(net.buses)) > 0
    buses = replace(net.buses, v_low_pu=np.where(below, 1.05, 0.0), v_high_pu=np.where(below, 1.051, np.inf))
    tight = replace(what, models=(replace(net, buses=buses),))
    said = tandem("run", written(tight, "tight"), "--scheme", "copf")
    assert said.code == EXIT_NO_SOLUTION
    assert "it would need: " in said.out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("run", "14A", "--scheme", "copf", "--loading", "2"), 2, "loading: for schemes of load flow; copf is one of optimal power flow"),
        (("run", "14A", "--scheme", "copf", "--flow", "active"), 2, "flow: for schemes of markets"),
        (("compare", "14A", "--schemes", "copf,response"), 2, "name schemes of one kind"),
        (("compare", "14A", "--schemes", "copf", "--fail-if", "gap-to-centre>1"), 2, "did you mean 'gap-to-central'?"),
        (("run", "14A", "--scheme", "copf", "--hours", "0"), 2, "0 is not in the range"),
        (("run", "ieee118-2dso", "--scheme", "copf"), EXIT_INVALID, "'DR-24', 'DR-7', 'DR-30'"),
        (("run", "T14R2", "--scheme", "copf"), EXIT_INVALID, "study-022"),
    ],
)
def test_what_belongs_elsewhere_is_refused_with_a_sentence(words: tuple[str, ...], code: int, told: str) -> None:
    said = tandem(*words)
    assert said.code == code
    assert told in said.err


def test_nothing_of_it_is_loaded_before_it_is_asked_for() -> None:
    look = "import sys; from gridtandem.cli import main; import json; print(json.dumps(sorted(m for m in sys.modules if 'dispatch' in m)))"
    assert json.loads(process(code=look).out) == []
