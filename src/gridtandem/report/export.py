"""All tables of a run as files for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gridtandem.errors import AlreadyThere
from gridtandem.report.documents import as_text, summary_of, table_document, tables_of
from gridtandem.report.tables import as_csv

if TYPE_CHECKING:
    from gridtandem.report.documents import Shown


def export(run: Shown, folder: Path, kind: Literal["csv", "json"] = "csv") -> tuple[Path, ...]:
    """Write one file per table and a summary into a new or empty folder."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise AlreadyThere(f"{folder} is not an empty folder; choose a new one, or remove it first")
    texts = {f"{name}.{kind}": as_csv(t) if kind == "csv" else as_text(table_document(t)) + "\n" for name, t in tables_of(run).items()}
    texts["summary.json"] = as_text(summary_of(run)) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return tuple(folder / name for name in texts)
