"""What `run` and `compare` return: the tables of the study, sentences, one file, and a page without script."""

from __future__ import annotations

import copy
import pickle
import re
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.errors import Unreadable
from gridtandem.report.run import Comparison, Run
from gridtandem.study.judge import Verdict
from gridtandem.study.result import tables_in
from gridtandem.study.run import run as study_run
from gridtandem.study.setting import COMPARED
from gridtandem.units import MVA
from tests.tolerances import S_AGREES


@cache
def found(name: str = "T14D2", scheme: str = "response", loading: float = 1.0) -> Run:
    return gt.run(name, scheme=scheme, loading=loading)


@cache
def compared() -> Comparison:
    return gt.compare("T14D2")


SUMMARY = """\
T14D2 under response: the parties agree within tolerance
  scheme    3 rounds, last gap # (goal #); 9 letters, 84 numbers, # B
  exchange  I10 at bus 10 → 2 feeders: 7.790 MW, 4.840 Mvar at 1.0527 pu
            I12 at bus 12 → 2 feeders: 7.793 MW, 4.842 Mvar at 1.0493 pu
  AC check  plans are off by at most # pu and # MVA (table checks)
            losses 13.471 MW transmission, 0.723 MW feeders
            lowest voltage 0.9671 pu at F12/18; 3 limits broken (table violations)"""


def test_a_run_prints_itself_in_a_dozen_lines() -> None:
    """Snapshot; rounding errors and byte counts, which hang on their digits, are masked."""
    assert re.sub(r"[\d.]+e-\d+|[\d,]+(?= B$)", "#", repr(found()), flags=re.MULTILINE) == SUMMARY


AGREE, ALONE = "the parties agree within tolerance", "each side has its own answer; nothing was agreed"


def told(loading: tuple[float, ...], scheme: str = "response") -> list[str]:
    return repr(gt.run("14A", scheme=scheme, loading=[[x] for x in loading])).split("\n")


@pytest.mark.parametrize(
    ("loading", "scheme", "head"),
    [
        ((1, 2, 3, 50), "response", AGREE + ", in 3 of 4 scenarios; 1 has no answer; below: scenario 0, period 0, loading 1"),
        ((50, 1, 60), "response", AGREE + ", in 1 of 3 scenarios; 2 have no answer; below: scenario 1, period 0, loading 1"),
        ((1, 1.1), "response", AGREE + ", in all 2 scenarios; below: scenario 0, period 0, loading 1"),
        ((50, 60), "response", "a party had no answer without which the scheme cannot go on"),
        ((50, 1), "independent", ALONE + ", in 1 of 2 scenarios; 1 has no answer; below: scenario 1, period 0, loading 1"),
    ],
)  # fmt: skip
def test_the_headline_says_in_how_many_scenarios_it_holds(loading: tuple[float, ...], scheme: str, head: str) -> None:
    assert told(loading, scheme)[0] == f"14A under {scheme}: {head}"


def test_exchange_losses_and_voltages_are_of_one_scenario() -> None:
    """All lines but the largest error are those of the scenario alone."""
    alone, several = told((1.0,)), told((50.0, 1.0, 1.2))
    assert [line for line in several if "exchange" in line or "bus 13" in line] == [line for line in alone if "exchange" in line or "bus 13" in line]
    assert several[-2:] == alone[-2:]
    assert "in any of 2 (table checks)" in several[-3]


def test_a_comparison_names_schemes_that_lack_scenarios_and_adds_no_powers_of_different_ones() -> None:
    both, one = gt.compare("14A", ["response"], loading=[[1.0], [50.0]]), gt.compare("14A", ["response"])
    assert "  response: the parties agree within tolerance, in 1 of 2 scenarios; 1 has no answer; " in repr(both)
    assert "in 1 of 2 scenarios" in both._repr_html_()
    two = gt.compare("14A", ["response"], loading=[[1.0, 1.1]])
    assert two.table.exchange_mw == pytest.approx(one.table.exchange_mw, abs=S_AGREES * MVA)
    assert "response: " not in repr(two)


@pytest.mark.parametrize("run", [found("T118Dn4"), found(loading=5.0), gt.run("T118Dn4", loading=[[1.0, 9.0]]), found("ieee14", "merged")])
def test_no_summary_is_longer_than_twelve_lines(run: Run) -> None:
    assert len(repr(run).split("\n")) <= 12


def test_the_tables_are_those_of_the_study() -> None:
    run = found()
    again = study_run(run.result.study).verdict
    for name in tables_in(Verdict):
        assert getattr(run, name).digest() == getattr(again, name).digest()
    assert len(run.rounds) == run.outcome.rounds
    assert len(run.letters) == len(run.outcome.ledger)


def test_tables_are_attributes_by_name() -> None:
    run = found()
    assert list(run.tables) == ["buses", "interfaces", "branches", "units", "checks", "violations", "letters", "rounds"]
    assert set(run.tables) < set(dir(run))
    assert run.buses is run.result.tables.buses
    with pytest.raises(AttributeError, match="no table of a run named 'busses'; did you mean 'buses'"):
        _ = run.busses
    assert not hasattr(run, "_repr_png_")
    assert copy.deepcopy(run).buses.digest() == pickle.loads(pickle.dumps(run)).buses.digest() == run.buses.digest()


def test_without_answer_tables_are_empty_and_trouble_speaks() -> None:
    run = found(loading=5.0)
    assert {len(table) for table in run.result.named().values()} == {0}
    assert "the largest solvable loading" in " ".join(run.trouble)
    assert run.trouble[0] in repr(run)
    with pytest.raises(gt.NotAgreed):
        run.require()
    assert found().require() is found()


def test_a_saved_run_opens_as_the_same_run(tmp_path: Path) -> None:
    saved = found().save(tmp_path / "a.tandem")
    assert saved.path == tmp_path / "a.tandem"
    assert f"3 limits broken (tandem show {saved.path} --table violations)" in repr(saved)
    opened = gt.opened(tmp_path / "a.tandem")
    assert repr(opened) == repr(saved)
    for name in saved.tables:
        assert getattr(opened, name).digest() == getattr(saved, name).digest()


def test_saving_while_running_and_afterwards_give_the_same_tables(tmp_path: Path) -> None:
    during = gt.run("T14D2", save=tmp_path / "b.tandem")
    assert during.path == tmp_path / "b.tandem"
    assert during.buses.digest() == found().buses.digest()


def test_stopped_and_resumed_is_run_through(tmp_path: Path) -> None:
    first = gt.run("T14D2", rounds=2, save=tmp_path / "c.tandem")
    assert not first.outcome.agreed
    whole = gt.resume(tmp_path / "c.tandem", rounds=100)
    assert whole.buses.digest() == found().buses.digest()
    assert whole.outcome.gaps == found().outcome.gaps


def test_schemes_by_object_by_name_and_by_diagnosis() -> None:
    named = gt.run("T14D2", scheme="load-flow", options={"tol": 1e-6})
    made = gt.run("T14D2", scheme=gt.schemes.LoadFlow(tol=1e-6))
    changed = gt.run("T14D2", scheme=gt.schemes.LoadFlow(), options={"tol": 1e-6})
    assert named.outcome.gaps == made.outcome.gaps == changed.outcome.gaps
    assert gt.run("T14D2", scheme="auto").scheme == gt.diagnose("T14D2").recommend


def test_unknown_names_are_answered_with_near_ones() -> None:
    with pytest.raises(gt.UnknownName, match="did you mean 'response'"):
        gt.run("T14D2", scheme="respons")
    with pytest.raises(gt.UnknownName, match="option of scheme response named 'tols'; did you mean 'tol'"):
        gt.run("T14D2", options={"tols": 1e-6})
    with pytest.raises(gt.UnknownName, match="did you mean 'T14D2'"):
        gt.run("T14D3")
    with pytest.raises(gt.UnknownName, match="no picture named 'networks'; did you mean 'network'"):
        found().plot("networks")


def test_loading_is_a_number_or_a_table() -> None:
    with pytest.raises(Unreadable, match=r"a number, one for each scenario, or an array \(scenario, period\); this has 3 axes"):
        gt.run("T14D2", loading=[[[1.0]]])
    with pytest.raises(Unreadable, match="loading is made of numbers; 'much' is not"):
        gt.run("T14D2", loading="much")
    assert gt.run("T14D2", loading=[1.0, 1.1]).result.study.loading.tolist() == [[1.0], [1.1]]
    assert gt.run("T14D2", loading=[[1.0, 1.1]]).checks.period.tolist() == [0, 1]


def test_a_network_is_a_case_without_feeders() -> None:
    net = gt.network("ieee14")
    assert gt.run(net).scheme == gt.run("ieee14").scheme == "merged"
    assert gt.run(net).buses.digest() == gt.run("ieee14").buses.digest()
    assert gt.diagnose(net).recommend == "merged"
    assert len(gt.compare(net, ["merged"]).runs) == 1
    with pytest.raises(TypeError, match="the name of a published one, or a folder or file is wanted; this is of type int"):
        gt.run(14)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r'load_flow takes a Network, not .case14.; published ones by name: gt.load_flow\(gt.network\("case14"\)\)'):
        gt.load_flow("case14")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scheme", "options", "said"),
    [
        (gt.schemes.Response, None, r"scheme Response is a class; give an object of it, Response\(\), or its name"),
        (14, None, r"14 is no scheme; give a name \(anderson, "),
        ("response", {"tol": "a"}, "option tol of scheme response is a number; 'a' is not"),
        ("response", {"tol": True}, "option tol of scheme response is a number; True is not"),
        (gt.schemes.Response(tol=0.0), None, r"option tol of scheme response is a distance above 0; 0\.0 is not"),
        (gt.schemes.Response(tol="a"), None, "option tol of scheme response is a number; 'a' is not"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_scheme(scheme: object, options: dict[str, object] | None, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        gt.run("T14D2", scheme=scheme, options=options)
    if options is None:
        with pytest.raises(Unreadable, match=said):
            gt.compare("T14D2", [scheme])


def test_none_is_no_scheme_of_a_comparison() -> None:
    with pytest.raises(Unreadable, match="None is no scheme"):
        gt.compare("T14D2", [None])


def test_watchers_hear_every_round() -> None:
    heard: list[int] = []
    gt.run("T14D2", watch=lambda outcome: heard.append(outcome.rounds))
    assert heard == [1, 2, 3]
    named: list[str] = []
    gt.compare("T14D2", ["response", "merged"], watch=lambda name, _: named.append(name))
    assert named == ["response", "response", "response", "merged"]


def test_a_comparison_prints_its_table() -> None:
    text = repr(compared())
    assert [line.split()[0] for line in text.split("\n")[2:]] == list(COMPARED)
    assert "exchange [MW]" in text
    assert compared().diagnosis is not None
    failed = gt.compare("T14D2", ["response"], loading=5.0)
    assert "  response: " in repr(failed)


@pytest.mark.parametrize("what", [found(), found(loading=5.0), compared(), found("ieee14", "merged")])
def test_the_page_is_static_and_well_formed(what: Run | Comparison) -> None:
    page = what._repr_html_()
    assert "<script" not in page
    assert not re.search(r"(src|href)=[\"'](?!#|data:)", page)
    root = ElementTree.fromstring(page)
    pictures = [e for e in root.iter() if e.tag.endswith("}svg")]
    shown = what.runs[0] if isinstance(what, Comparison) else what
    assert len(pictures) == int(len(shown.buses) > 0)
    assert np.all([("width" not in e.attrib, "max-width" in e.attrib["style"]) for e in pictures])
