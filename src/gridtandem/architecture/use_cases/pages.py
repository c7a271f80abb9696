"""Tables of a page as rows of plain words, each with its line: Markdown, HTML or CSV."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, final

HTML, CSV, MARKDOWN = "html", "csv", "markdown"
ENDINGS = {".html": HTML, ".htm": HTML, ".csv": CSV, ".tsv": CSV, ".md": MARKDOWN, ".markdown": MARKDOWN}
TAG = re.compile(r"<(/?)(table|tr|td|th)\b[^>]*>", re.IGNORECASE)
EMPTY = frozenset({"", "-", "–", "none", "n/a", "na", "nan", "tbd", "add text"})  # what people write for nothing


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One row; a cell of several lines keeps them apart."""

    cells: tuple[str, ...]
    line: int

    def cell(self, column: int) -> str:
        """What stands in a column; nothing beyond the end."""
        return self.cells[column] if 0 <= column < len(self.cells) else ""


Sheet: TypeAlias = tuple[Row, ...]


def written_as(text: str, ending: str) -> str:
    """By the ending of the file's name, else by what stands in it."""
    return ENDINGS.get(ending.lower()) or (HTML if re.search(r"<table[\s>]", text, re.IGNORECASE) else MARKDOWN)


def sheets(text: str, ending: str = "") -> tuple[Sheet, ...]:
    """All tables of a page."""
    how = written_as(text, ending)
    found = _of_html(text) if how == HTML else _of_csv(text) if how == CSV else [*_of_markdown(text), *_of_html(text)]
    return tuple(sheet for sheet in found if sheet)


def title(text: str, ending: str = "") -> str:
    """What the page is called: its title in the head, else its first heading."""
    if written_as(text, ending) == HTML:
        found = re.search(r"<h1[^>]*>(.*?)</h1>", text, re.IGNORECASE | re.DOTALL) or re.search(
            r"<title>(.*?)</title>", text, re.IGNORECASE | re.DOTALL
        )
    else:
        found = re.search(r'^title:\s*"?(.*?)"?\s*$', text, re.MULTILINE) or re.search(r"^#\s+(.*)$", text, re.MULTILINE)
    return plain(found.group(1)) if found else ""


def plain(cell: str) -> str:
    """A cell without marks: no tags, no emphasis, one blank between words; nothing where people write "none"."""
    broken = re.sub(r"</?br\s*/?>", "\n", cell, flags=re.IGNORECASE)
    bare = html.unescape(re.sub(r"<[^<>]*>", "", broken)).replace("\\|", "|")
    bare = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", bare)
    bare = re.sub(r"\*{1,3}|`", "", bare)
    words = "\n".join(filter(None, (" ".join(line.split()) for line in bare.splitlines())))
    return "" if words.casefold() in EMPTY else words


def _of_markdown(text: str) -> Iterator[Sheet]:
    rows: list[Row] = []
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if not bare.startswith("|"):
            yield tuple(rows)
            rows = []
        elif not re.fullmatch(r"[|:\-\s]+", bare) or not rows:
            cells = re.split(r"(?<!\\)\|", bare.removeprefix("|").removesuffix("|"))
            rows.append(Row(tuple(map(plain, cells)), number))
    yield tuple(rows)


def _of_csv(text: str) -> Iterator[Sheet]:
    head = next((line for line in text.splitlines() if "receiver" in line.casefold()), text)
    reader = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=head.count))
    rows: list[Row] = []
    for cells in reader:
        row = Row(tuple(map(plain, cells)), reader.line_num)
        if any(row.cells):
            rows.append(row)
        else:
            yield tuple(rows)
            rows = []
    yield tuple(rows)


def _of_html(text: str) -> list[Sheet]:
    """A cell ends where the next tag of a table stands; a table within a cell is one of its own."""
    done, open_ = list[list[Row]](), list[tuple[list[Row], list[str]]]()  # of each open table its rows, and cells of the row begun
    tags = list(TAG.finditer(text))
    for tag, after in zip(tags, [*(t.start() for t in tags[1:]), len(text)], strict=False):
        ends, name = tag.group(1) == "/", tag.group(2).lower()
        if name == "table" and not ends:
            open_.append(([], []))
        elif open_ and name in ("td", "th") and not ends:
            open_[-1][1].append(plain(text[tag.end() : after]))
        elif open_ and name in ("tr", "table"):
            rows, cells = open_[-1]
            if cells:
                rows.append(Row(tuple(cells), text.count("\n", 0, tag.start()) + 1))
                cells.clear()
            done += [open_.pop()[0]] if name == "table" else []
    return list(map(tuple, done))
