"""Runs and comparisons for notebooks and mail: static HTML with the picture inside, no script, nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from gridtandem.report.flow.words import COMPARED, lacks
from gridtandem.report.style import svg
from gridtandem.report.tables import grid
from gridtandem.tables import Table

if TYPE_CHECKING:
    from gridtandem.report.run import Comparison, Run

CROSSING = ("name", "company", "bus", "count", "v_pu", "p_mw", "q_mvar", "p_checked_mw", "q_checked_mvar", "loss_mw", "v_low_pu", "v_low_bus")
SHEET = "font:12px/1.4 'DejaVu Sans',sans-serif;color:#14202b;background:#ffffff"


def run_as_html(run: Run) -> str:
    """Summary, exchanges, overview."""
    parts = [_preformatted(repr(run))]
    if len(run.interfaces):
        parts.append(html_table(run.interfaces, columns=CROSSING))
    if len(run.buses):
        parts.append(inline(svg(run.plot("overview"))))
    return _sheet(parts)


def comparison_as_html(comparison: Comparison) -> str:
    """Table, troubles, overview."""
    parts = [html_table(comparison.table, columns=COMPARED)]
    parts += [_preformatted(f"{r.scheme}: {why}") for r in comparison.runs if (why := lacks(r))]
    if any(len(r.buses) for r in comparison.runs):
        parts.append(inline(svg(comparison.plot("overview"))))
    return _sheet(parts)


def html_table(table: Table, *, columns: Sequence[str] | None = None, rows: int = 20) -> str:
    """A table with units in its header, numbers to the right."""
    names, cells, right = grid(table, columns=columns, rows=rows)
    side = [f' style="text-align:{"right" if r else "left"};padding:1px 8px"' for r in right]
    head = "".join(f"<th{s}>{escape(name)}</th>" for s, name in zip(side, names, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{s}>{escape(column[k])}</td>" for s, column in zip(side, cells, strict=True)) + "</tr>"
        for k in range(min(len(table), rows))
    )
    more = len(table) - rows
    foot = f"<p>… {more:,} more row{'s' * (more > 1)}</p>" if more > 0 else ""
    return f'<table style="border-collapse:collapse;white-space:nowrap"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{foot}'


def inline(text: str) -> str:
    """An SVG file as an element that shrinks with its page."""
    element = text[text.index("<svg") :]
    return re.sub(r'width="[^"]*pt" height="[^"]*pt"', 'style="max-width:100%;height:auto"', element, count=1)


def _preformatted(text: str) -> str:
    return f'<pre style="margin:0 0 6px">{escape(text)}</pre>'


def _sheet(parts: Sequence[str]) -> str:
    return f'<div style="{SHEET}">{"".join(parts)}</div>'
