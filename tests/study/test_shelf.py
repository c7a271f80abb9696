"""Run files: where they lie, and how they are found again."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path

import pytest

from gridtandem.cases.case import Case
from gridtandem.cases.generate import with_parallel
from gridtandem.cases.named import case
from gridtandem.errors import UnknownName, Unreadable
from gridtandem.report.kinds import door
from gridtandem.study.doctor import examined, sound
from gridtandem.study.kinds import FLOW
from gridtandem.study.registry import header, scheme_named, scheme_names
from gridtandem.study.setting import options_for
from gridtandem.study.shelf import find, is_run, place_of, places, studies
from tests.study.asked import studied


@pytest.fixture(scope="module")
def small() -> Case:
    return case("14A")


def test_place_tells_case_scheme_and_digest(small: Case) -> None:
    study = studied(small, scheme="load-flow")
    assert place_of(study, Path("here")) == Path(f"here/14A-load-flow-{study.digest()[:6]}.tandem")


def test_names_that_are_no_file_names_are_made_so(small: Case) -> None:
    study = studied(replace(small, name="../a b/ü:1"))
    assert place_of(study, Path("here")).parent == Path("here")
    assert place_of(study).name.startswith("..-a-b-ü-1-response-")


def test_every_setting_has_its_place(small: Case) -> None:
    wishes: list[dict[str, object]] = [
        {}, {"scheme": "merged"}, {"options": {"tol": 1e-6}}, {"loading": 1.1}, {"loading": (1.0, 1.1)}, {"rounds": 9}, {"feeder_solver": "newton"},
        {"q_rule": "switch"}, {"slack": "shared"}, {"taps": "hold"},
    ]  # fmt: skip
    found = {place_of(studied(small, **wish)) for wish in wishes}  # type: ignore[arg-type]
    found.add(place_of(studied(with_parallel(small, 2))))
    assert len(found) == len(wishes) + 1


def test_places_of_several_schemes(small: Case) -> None:
    study = studied(small)
    schemes = options_for(["merged", "response"])
    where = places(study, schemes)
    assert where("merged") == place_of(studied(small, scheme="merged"))
    assert where("response") == place_of(study)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("14A-merged-000000", "14A-response-000000", "14A-response-111111", "14A-response-1"):
        (tmp_path / f"{name}.tandem").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("14A-m", "14A-merged-000000"), ("14A-response-0", "14A-response-000000"), ("14A-response-1", "14A-response-1"),
        ("14A-response-111111.tandem", "14A-response-111111"),
    ],
)  # fmt: skip
def test_find(word: str, found: str, folder: Path) -> None:
    assert find(word, folder) == folder / f"{found}.tandem"


def test_find_by_path(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "14A-merged-000000.tandem"
    assert find(str(path), folder / "elsewhere") == path


def test_what_is_not_found(folder: Path) -> None:
    with pytest.raises(UnknownName, match="no run named '14A-mergd'; did you mean '14A-merged-000000'"):
        find("14A-mergd", folder)
    with pytest.raises(Unreadable, match="begins 3 runs"):
        find("14A-r", folder)


def test_case_and_scheme_mean_the_newest_study(tmp_path: Path) -> None:
    for seconds, name in enumerate(("14A-response-aaaaaa", "14A-response-fast-bbbbbb")):
        (tmp_path / f"{name}.tandem").touch()
        os.utime(tmp_path / f"{name}.tandem", (seconds, seconds))
    assert find("14A-response", tmp_path).stem == "14A-response-aaaaaa"
    for seconds, name in enumerate(("14A-response-cccccc", "14A-response-000000"), 5):
        (tmp_path / f"{name}.tandem").touch()
        os.utime(tmp_path / f"{name}.tandem", (seconds, seconds))
    assert find("14A-response", tmp_path).stem == "14A-response-000000"  # the newest
    assert studies("14A-response", tmp_path) == ["14A-response-000000", "14A-response-cccccc", "14A-response-aaaaaa"]
    assert studies("14A-response-cccccc", tmp_path) == studies(str(tmp_path / "14A-response-cccccc.tandem"), tmp_path) == []


@pytest.mark.parametrize(("word", "run"), [("14A", False), ("14A-r", True), ("x.tandem", True), ("case14", False), ("1", True), ("9", False)])
def test_run_or_case(word: str, run: bool, folder: Path) -> None:
    assert is_run(word, folder) is run


def test_the_usual_scheme(small: Case) -> None:
    assert studied(small).scheme == scheme_named("response")
    assert studied(case("ieee14")).scheme == scheme_named("merged")
    assert studied(small, scheme="auto").scheme == scheme_named("load-flow")
    assert studied(case("ieee14"), scheme="auto").scheme == scheme_named("merged")


def test_several_loadings_are_several_scenarios(small: Case) -> None:
    assert studied(small, loading=(0.9, 1.0, 1.1)).loading.tolist() == [[0.9], [1.0], [1.1]]
    assert studied(small, loading=1.2).loading.tolist() == [[1.2]]


def test_options_are_numbers_of_their_kind() -> None:
    scheme = scheme_named("anderson", {"memory": 2.0, "tol": 1})
    assert (type(scheme.memory), type(scheme.tol)) == (int, float)
    with pytest.raises(Unreadable, match=r"option memory of scheme anderson is a whole number; 2\.5 is not"):
        scheme_named("anderson", {"memory": 2.5})
    with pytest.raises(UnknownName, match="no option of load-flow or merged named 'memory'"):
        options_for(["load-flow", "merged"], {"memory": 2})


@pytest.mark.parametrize(
    ("scheme", "option", "wrong", "right"),
    [
        ("copf", "weight", (-5.0, 0.0), (1.0,)), ("copf", "tol", (0.0, -1e-6), (1e-3,)), ("copf", "base_mva", (0.0,), (10.0,)),
        ("hgd", "relaxation", (-1.0, 0.0, 1.5), (0.2, 1.0)), ("admm", "relaxation", (0.0, 2.0, 7.0), (1.0, 1.9)), ("admm", "weight", (-1.0,), (1.0,)),
        ("independent-opf", "root_pu", (0.0, math.nan, math.inf), (1.02,)), ("cmo-price", "relaxation", (1.1,), (1.0,)),
    ],
)  # fmt: skip
def test_options_that_mean_nothing_are_refused_by_name(scheme: str, option: str, wrong: tuple[float, ...], right: tuple[float, ...]) -> None:
    for value in right:
        assert getattr(scheme_named(scheme, {option: value}), option) == value
    for value in wrong:
        with pytest.raises(Unreadable, match=f"option {option} of scheme {scheme} is "):
            scheme_named(scheme, {option: value})


def test_a_scheme_asked_for_twice_runs_once(small: Case) -> None:
    assert len(door(FLOW).several(studied(small), ["load-flow", "auto", "load-flow"], None)) == 1


@pytest.mark.parametrize("name", scheme_names())
def test_headers_are_read_whole(name: str) -> None:
    said = header(name)
    assert set(said) == {"line", "paper", "decides", "crosses"}
    assert all(text.endswith(".") for text in said.values())


def test_the_doctor_finds_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sound(examined(tmp_path))
    monkeypatch.setattr("gridtandem.study.doctor.NEEDED", ("numpy", "no-such-package"))
    found = examined(tmp_path)
    row = found.what.tolist().index("no-such-package")
    assert not sound(found)
    assert not found.well[row]
    assert found.found[row].endswith("pip install no-such-package")
