"""The style gates: kept by every file, and each of them able to fail."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools import style
from tools.style import Source

PACKAGE = style.sources("src/")


def lines(count: int) -> str:
    return "\n".join(f"    x{k} = {k}" for k in range(count))


@pytest.mark.parametrize("check", style.PACKAGE, ids=lambda c: c.__name__)
def test_package_keeps(check: Callable[[Source], Iterator[str]]) -> None:
    assert [f for s in PACKAGE for f in check(s)] == []


def test_the_whole_project_keeps_everything() -> None:
    assert len(PACKAGE) > 10
    assert style.findings() == []


HEADER = '    """A scheme.\n\n    Paper    Somebody, 1999.\n    Decides  both.\n    Crosses  a number.\n    """\n'
SCHEME = f"from gridtandem.boundary import letters\n@final\nclass Good:\n{HEADER}    def round(self): ...\n"

BAD: list[tuple[Callable[[Source], Iterator[str]], str, str]] = [
    (style.file_length, "src/gridtandem/grid/a.py", "x = 1\n" * 501),
    (style.function_length, "src/gridtandem/grid/a.py", f"def f():\n{lines(80)}\n"),
    (style.class_size, "src/gridtandem/grid/a.py", "class A:\n" + "".join(f"    def m{k}(self): ...\n" for k in range(13))),
    (style.abstract_or_final, "src/gridtandem/grid/a.py", "class A:\n    pass\n"),
    (style.arguments, "src/gridtandem/grid/a.py", "def f(a, b, c, d, e, g): ...\n"),
    (style.arguments, "src/gridtandem/grid/a.py", "def f(**options): ...\n"),
    (style.scheme_file, "src/gridtandem/schemes/a.py", SCHEME + "x = 1\n" * 120),
    (style.scheme_file, "src/gridtandem/schemes/a.py", SCHEME.replace("    Crosses  a number.\n", "")),
    (style.scheme_file, "src/gridtandem/schemes/a.py", SCHEME.replace("Paper    Somebody, 1999.", "Paper")),
    (style.scheme_file, "src/gridtandem/schemes/a.py", SCHEME.replace("boundary", "grid")),
    (style.scheme_file, "src/gridtandem/schemes/a.py", "from scipy import sparse\n" + SCHEME),
    (style.scheme_file, "src/gridtandem/schemes/a.py", "from gridtandem import flow\n" + SCHEME),
    (style.light_import, "src/gridtandem/grid/a.py", "import pandas as pd\n"),
    (style.light_import, "src/gridtandem/grid/a.py", "from matplotlib import pyplot\n"),
    (style.silence, "src/gridtandem/grid/a.py", "print(1)\n"),
    (style.finished, "docs/a.md", "TO" + "DO: more\n"),
    (style.finished, "src/gridtandem/grid/a.py", "raise NotImplemented" + "Error\n"),
    (style.typed, "src/gridtandem/grid/a.py", "from typing import Any\nx: Any = 1\n"),
    (style.typed, "src/gridtandem/tables.py", "x = 1\n"),
    (style.explained, "src/gridtandem/grid/a.py", "x = 1\n"),
    (style.named, "src/gridtandem/grid/a.py", "bus_idx = 1\n"),
    (style.named, "src/gridtandem/grid/a.py", "def f(cfg): ...\n"),
    (style.tolerances, "tests/a.py", "assert x == approx(y, rel=1e-6)\n"),
    (style.tolerances, "tests/a.py", "assert_allclose(x, y, atol=2 * 1e-9)\n"),
    (style.tolerances, "tests/a.py", "assert abs(x - y) < 1e-9\n"),
    (style.reasons, "tests/tolerances.py", "AGREE = 1e-4\n"),
    (style.portable, "docs/a.md", "see /ho" + "me/ann/case.m\n"),
    (style.portable, "README.md", "pip install --index-" + "url x\n"),
]

GOOD: list[tuple[Callable[[Source], Iterator[str]], str, str]] = [
    (style.function_length, "src/gridtandem/grid/a.py", f'def f():\n    """One.\n{lines(70)}\n    """\n{lines(79)}\n'),
    (style.abstract_or_final, "src/gridtandem/grid/a.py", "@final\nclass A: ...\nclass B(Protocol[T]): ...\n"),
    (style.arguments, "src/gridtandem/grid/a.py", "class A:\n    def f(self, a, b, c, d, e, *, g): ...\n    def _h(self, **given): ...\n"),
    (style.arguments, "src/gridtandem/flow/kernels_newton.py", "def f(a, b, c, d, e, g): ...\n"),
    (style.scheme_file, "src/gridtandem/schemes/a.py", "import numpy as np\nfrom dataclasses import dataclass\n" + SCHEME),
    (style.light_import, "src/gridtandem/grid/a.py", "if TYPE_CHECKING:\n    import pandas\ndef f():\n    import pandas\n"),
    (style.silence, "src/gridtandem/cli/a.py", "print(1)\n"),
    (style.tolerances, "tests/a.py", "assert x == approx(y, rel=AGREE, abs=0)\nassert x < 0.5\nassert abs(x - y) < 100 * AGREE or z(atol=t.FLOOR)\n"),
    (style.reasons, "tests/tolerances.py", "AGREE = 1e-4  # printed digits of the paper\n# the solver stops at 1e-10\nLAW = 1e-8\n"),
    (style.portable, "docs/a.md", "see docs/home/ or ~/tandem-runs/tmp/x\n"),
]


@pytest.mark.parametrize(("check", "path", "text"), BAD, ids=[f"{c.__name__}-{k}" for k, (c, _, _) in enumerate(BAD)])
def test_a_gate_can_fail(check: Callable[[Source], Iterator[str]], path: str, text: str) -> None:
    assert list(check(Source(path, text)))


@pytest.mark.parametrize(("check", "path", "text"), GOOD, ids=[f"{c.__name__}-{k}" for k, (c, _, _) in enumerate(GOOD)])
def test_a_gate_lets_good_code_pass(check: Callable[[Source], Iterator[str]], path: str, text: str) -> None:
    assert list(check(Source(path, text))) == []


def test_one_long_function_in_twenty_is_usual() -> None:
    long, short = f"def f():\n{lines(41)}\n", "def g(): ...\n"
    assert list(style.usual_length([Source("a.py", long + short * 19)])) == []
    assert len(list(style.usual_length([Source("a.py", long * 2 + short * 19)]))) == 2


def test_one_code_means_one_thing() -> None:
    here = [Source(f"src/gridtandem/grid/{k}.py", 'CODE = "case-999"\n') for k in "ab"]
    assert any("case-999" in f for f in style.one_meaning([*PACKAGE, *here]))
    assert not any("case-999" in f for f in style.one_meaning([*PACKAGE, here[0]]))
    assert any("study-022" in f for f in style.one_meaning(here))


def test_one_tolerance_has_one_name() -> None:
    """A name that is given twice loosens, without a word, every test of the first."""
    text = (Path(__file__).parents[1] / "tolerances.py").read_text(encoding="utf-8")
    names = [target.id for node in ast.parse(text).body if isinstance(node, ast.Assign) for target in node.targets if isinstance(target, ast.Name)]
    assert sorted({n for n in names if names.count(n) > 1}) == []
