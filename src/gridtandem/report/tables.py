"""Any table as text for people (aligned, units in the header, as many digits as mean something), as CSV and as JSON for machines."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gridtandem.tables import Column, Table

DECIMALS = {"pu": 4, "MW": 3, "Mvar": 3, "MVA": 3, "deg": 2, "kV": 1, "s": 2, "%": 1, "kB": 1}  # what is told of values of ordinary size
SMALL = 1e-2  # share of the last decimal's ten below which a value is written as a power of ten
UNIT_NAMES = ("_pu", "_mw", "_mvar", "_mva", "_deg", "_kv")  # endings that repeat the unit


def spelled(value: float, unit: str = "") -> str:
    """A number with its unit; tiny and huge ones as powers of ten, absent ones as a dash."""
    if math.isnan(value):
        return "–"
    text = f"{value:.3g}" if unit not in DECIMALS else f"{value:,.{DECIMALS[unit]}f}" if _ordinary(value, DECIMALS[unit]) else f"{value:.1e}"
    return f"{text} {unit}" if unit else text


def plain(table: Table, *, columns: Sequence[str] | None = None, rows: int = 20) -> str:
    """Aligned text: numbers to the right, words to the left, and how many more rows there are."""
    names, cells, right = grid(table, columns=columns, rows=rows)
    width = [max(len(name), *map(len, column), 0) for name, column in zip(names, cells, strict=True)]
    lines = [[*names], *([column[k] for column in cells] for k in range(min(len(table), rows)))]
    pads = [str.rjust if r else str.ljust for r in right]
    text = ["  ".join(pad(cell, w) for pad, cell, w in zip(pads, line, width, strict=True)).rstrip() for line in lines]
    if (more := len(table) - rows) > 0:
        text.append(f"… {more:,} more row{'s' * (more > 1)}")
    return "\n".join(text)


def grid(table: Table, *, columns: Sequence[str] | None = None, rows: int = 20) -> tuple[list[str], list[list[str]], list[bool]]:
    """Headers with units, the cells of the first rows by column, and which columns stand to the right."""
    declared = table.columns()
    chosen = [name for name in (declared if columns is None else columns) if not declared[name].shape]
    cells = [_cells(getattr(table, name)[:rows], declared[name]) for name in chosen]
    return [header(name, declared[name]) for name in chosen], cells, [declared[name].dtype in ("f8", "i8") for name in chosen]


def header(name: str, spec: Column) -> str:
    """A column's name with its unit in brackets."""
    ending = next((e for e in UNIT_NAMES if name.endswith(e)), "")
    words = name.removesuffix(ending).replace("_", " ") if spec.unit != "1" else name.replace("_", " ")
    return words if spec.unit == "1" else f"{words} [{spec.unit}]"


def _cells(values: Any, spec: Column) -> list[str]:
    if spec.choices:
        return [spec.choices[k] for k in values.tolist()]
    if spec.dtype == "?":
        return ["yes" if x else "no" for x in values.tolist()]
    if spec.dtype == "U":
        return [str(x) for x in values.tolist()]
    if spec.dtype == "i8":
        return [f"{x:,}" for x in values.tolist()]
    return _numbers(values, spec.unit)


def _numbers(values: Any, unit: str) -> list[str]:
    """One style for the whole column unless sizes differ too much for it."""
    finite = np.abs(values[np.isfinite(values) & (values != 0)])
    decimals = DECIMALS.get(unit, 4)
    fixed = not len(finite) or _ordinary(float(finite.max()), decimals)
    return ["–" if math.isnan(x) else "none" if math.isinf(x) else f"{x:,.{decimals}f}" if fixed else f"{x:.1e}" for x in values.tolist()]


def _ordinary(value: float, decimals: int) -> bool:
    return value == 0 or SMALL * 10 ** (1 - decimals) * 10 <= abs(value) < 1e7


def as_csv(table: Table) -> str:
    """Comma-separated, every digit, header = column names (the unit is in the name), one row per line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    records = as_records(table)
    writer.writerow(table.columns())
    writer.writerows(["" if x is None else x for x in record.values()] for record in records)
    return out.getvalue()


def as_records(table: Table) -> list[dict[str, Any]]:
    """Plain values for JSON: NaN is null, ±inf the word, codes their words."""
    columns = {name: [_plain_value(x, spec) for x in getattr(table, name).tolist()] for name, spec in table.columns().items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain_value(x: Any, spec: Column) -> Any:
    if spec.choices:
        return spec.choices[x]
    if isinstance(x, list):
        return [_plain_value(part, spec) for part in x]
    if isinstance(x, float) and not math.isfinite(x):
        return None if math.isnan(x) else "inf" if x > 0 else "-inf"
    return x
