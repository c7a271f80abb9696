"""Kernels from their own files: the same bits as from numba, or numba itself."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import BuiltinFunctionType

import numba
import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import gridtandem as gt
from gridtandem import machine_code, machine_code_of_numba
from gridtandem.flow import blocks, sweep
from gridtandem.flow.kernels_block import lower, tree
from gridtandem.kernels import Kernel, _compiled, kernel
from gridtandem.machine_code import Shelf

SOURCE = Path(machine_code.__file__).parent
PATTERN = np.array([0, 2, 4, 6]), np.array([0, 1, 0, 1, 1, 2])

pytestmark = pytest.mark.skipif(Shelf.here() is None, reason="a platform or settings of numba on which its own cache serves alone")


def shelf(place: Path) -> Shelf:
    found = Shelf.here()
    assert found is not None
    return replace(found, places=(place,))


def one(place: Path, name: str) -> Kernel:
    return Kernel(module="flow.kernels_block", name=name, shelf=shelf(place))


def known(one: Kernel) -> list[type]:
    return [type(each) for each in one.known.values()]


def test_the_installed_numba_is_one_that_was_tested() -> None:
    assert numba.__version__.rpartition(".")[0] in machine_code.TESTED, "run the tests with this version, then add it to TESTED"


def test_what_was_kept_is_taken_and_has_the_same_bits(tmp_path: Path) -> None:
    first, again = one(tmp_path, "tree"), one(tmp_path, "tree")
    parent = first(*PATTERN)
    assert known(first) == [type(tree)]
    np.testing.assert_array_equal(again(*PATTERN), parent, strict=True)
    assert known(again) == [BuiltinFunctionType]
    one(tmp_path, "lower")(*PATTERN, parent)
    found, expected = one(tmp_path, "lower")(*PATTERN, parent), lower(*PATTERN, parent)
    assert [x.tolist() for x in found] == [x.tolist() for x in expected]


def test_a_study_has_the_same_bits_either_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[tuple[str, str], Kernel] = {}

    def kept(module: str, name: str) -> Kernel:
        return made.setdefault((module, name), Kernel(module=module, name=name, shelf=shelf(tmp_path)))

    def numbers(way: Callable[[str, str], object]) -> list[str]:
        for room in (blocks, sweep):
            monkeypatch.setattr(room, "kernel", way)
        run = gt.run("14A")
        return [table.digest() for table in (run.buses, run.branches, run.interfaces, run.checks, run.rounds)]

    by_numba = numbers(_compiled)
    assert numbers(kept) == by_numba
    made.clear()
    assert numbers(kept) == by_numba
    assert {kind for each in made.values() for kind in known(each)} == {BuiltinFunctionType}
    assert len(made) > 5


def test_other_types_are_another_kernel(tmp_path: Path) -> None:
    each = one(tmp_path, "tree")
    each(*PATTERN)
    each(PATTERN[0], PATTERN[1].astype(np.int32))
    each(PATTERN[0], np.repeat(PATTERN[1], 2)[::2])  # not one after the other in memory
    assert len(each.known) == len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("what", ["checksum", "key", "symbol", "open", "half", "empty"])
def test_a_file_that_does_not_fit_is_left_and_made_anew(tmp_path: Path, what: str) -> None:
    parent = one(tmp_path, "tree")(*PATTERN)
    (path,) = tmp_path.iterdir()
    head, _, code = path.read_bytes().partition(b"\n")
    wrong = json.loads(head) | ({what: ["nobody_has_this"]} if what == "open" else {what: "another"})
    path.write_bytes({"half": head + b"\n" + code[: len(code) // 2], "empty": b""}.get(what, json.dumps(wrong).encode() + b"\n" + code))
    again = one(tmp_path, "tree")
    np.testing.assert_array_equal(again(*PATTERN), parent)
    assert known(again) == [type(tree)]
    mended = one(tmp_path, "tree")
    mended(*PATTERN)
    assert known(mended) == [BuiltinFunctionType]


def test_a_change_of_any_kernel_makes_files_void(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one(tmp_path, "tree")(*PATTERN)
    monkeypatch.setattr(machine_code, "_key", lambda _: "of another text")
    again = one(tmp_path, "tree")
    again(*PATTERN)
    assert known(again) == [type(tree)]


def test_a_place_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert one(tmp_path / "file", "tree")(*PATTERN).tolist() == tree(*PATTERN).tolist()


def test_what_needs_more_than_machine_code_is_not_kept() -> None:
    with pytest.raises(ValueError, match="objects of Python"):
        machine_code_of_numba._types([np.dtype(float), "a string"])
    with pytest.raises(ValueError, match="64 bits"):
        machine_code_of_numba._open(b"MZ")


@pytest.mark.parametrize("setting", ["NUMBA_DISABLE_JIT", "NUMBA_CPU_NAME", "NUMBA_OPT"])
def test_settings_of_numba_are_left_to_numba(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setenv(setting, "1")
    machine_code._here.cache_clear()
    kernel.cache_clear()
    try:
        assert Shelf.here() is None
        assert kernel("flow.kernels_block", "tree") is tree
    finally:
        machine_code._here.cache_clear()
        kernel.cache_clear()


@pytest.mark.parametrize(("name", "value"), [("platform", "win32"), ("maxsize", 2**31 - 1)])
def test_an_untested_platform_is_left_to_numba(monkeypatch: pytest.MonkeyPatch, name: str, value: object) -> None:
    machine_code._here.cache_clear()
    monkeypatch.setattr(sys, name, value)
    try:
        assert Shelf.here() is None
    finally:
        machine_code._here.cache_clear()


def named() -> list[tuple[str, str]]:
    """Every kernel that a caller names."""
    calls = [n for path in SOURCE.rglob("*.py") for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
    named = [c.args for c in calls if isinstance(c.func, ast.Name) and c.func.id == "kernel"]
    return [(m.value, n.value) for m, n in named if isinstance(m, ast.Constant) and isinstance(n, ast.Constant)]  # type: ignore[misc]


def test_kernels_that_callers_name_are_there() -> None:
    assert len(named()) > 10
    for module, name in named():
        assert isinstance(getattr(import_module(f"gridtandem.{module}"), name), Dispatcher)
