"""The built documentation: strict, and complete without a network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FETCHED = re.compile(r"""<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)=["'](?:https?:)?//[^"']*|@import[^;]*//|url\(["']?(?:https?:)?//""")

pytestmark = pytest.mark.site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for needed in ("sphinx", "myst_parser", "furo"):
        pytest.importorskip(needed)
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-n", "--keep-going", "-d", str(out / "doctrees"), str(ROOT / "docs"), str(out / "html")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return out / "html"


def test_pages_fetch_nothing_from_elsewhere(site: Path) -> None:
    pages = [p for end in ("*.html", "*.css") for p in site.rglob(end)]
    assert len(pages) > 10
    assert {str(p.relative_to(site)): found for p in pages if (found := FETCHED.findall(p.read_text(encoding="utf-8")))} == {}


def test_formulas_are_in_the_page(site: Path) -> None:
    text = (site / "explanation/coordinated-load-flow.html").read_text(encoding="utf-8")
    assert text.count("<math") > 10
    assert not re.search(r"mathjax[^\"']*\.js", text, re.IGNORECASE)
    assert "<merror" not in text


def test_a_fetch_would_be_seen() -> None:
    assert FETCHED.search('<script src="https://example.org/a.js">')
    assert FETCHED.search('<link rel="stylesheet" href="//example.org/a.css">')
    assert FETCHED.search("@import url(https://example.org/a.css);")
    assert not FETCHED.search('<a href="https://example.org">there</a><script src="_static/a.js">')
