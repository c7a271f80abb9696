"""Every row of the validation page: close to the published number, and the page as committed says what the code computes."""

from __future__ import annotations

import re

import pytest

from tests.papers.published import CASES, PAGE, Published

ROWS = [row for rows in CASES.values() for row in rows]
COMMITTED = PAGE.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_published_number(row: Published) -> None:
    if row.needs:
        pytest.importorskip(row.needs)
    assert abs(row.ours() - row.theirs) <= row.margin
    assert row.spread == 0 or row.why
    assert row.line() in COMMITTED, "the page is out of date: python -m tests.papers.published"


def test_the_page_has_no_row_that_nobody_computes() -> None:
    told = [line for line in COMMITTED if line.startswith("| ") and not line.startswith("| what")]
    assert len(told) == len(ROWS)
    columns = {len(re.findall(r"(?<!\\)\|", line)) for line in told}
    assert len(columns) == 1, "a bar in a name makes a column too many"
