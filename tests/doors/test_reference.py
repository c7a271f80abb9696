"""Reference pages say what the source says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.make_reference import NOTE, PAGES, pages

ROOT = Path(__file__).parents[2]
MADE = pages()


@pytest.mark.parametrize("name", MADE)
def test_a_page_is_up_to_date(name: str) -> None:
    assert (PAGES / name).read_text(encoding="utf-8") == MADE[name], "run: python -m tools.make_reference"


def test_no_page_is_left_over() -> None:
    made = {p.name for p in PAGES.glob("*.md") if p.read_text(encoding="utf-8").startswith(NOTE)}
    assert made == set(MADE)


def test_every_page_is_in_the_index() -> None:
    index = (PAGES / "index.md").read_text(encoding="utf-8")
    assert [p.stem for p in PAGES.glob("*.md") if p.name != "index.md" and f"\n{p.stem}\n" not in index] == []


def test_every_fault_code_has_an_entry() -> None:
    source = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "src").rglob("*.py"))
    codes = set(re.findall(r'"([a-z]+-\d{3})"', source))
    assert codes == set(re.findall(r"^\(([a-z]+-\d{3})\)=$", MADE["faults.md"], re.MULTILINE))


def test_pages_named_in_the_source_exist() -> None:
    named = {n for p in (ROOT / "src").rglob("*.py") for n in re.findall(r"docs/[\w/-]+\.md", p.read_text(encoding="utf-8"))}
    assert named
    assert [n for n in sorted(named) if not (ROOT / n).is_file()] == []
