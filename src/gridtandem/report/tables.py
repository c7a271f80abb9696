"""Any table as text for people (aligned, units in the header, as many digits as mean something), as CSV and as JSON for machines."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gridtandem.tables import Column, Real, Table

DECIMALS = {
    "pu": 4,
    "MW": 3,
    "MWh": 3,
    "Mvar": 3,
    "MVA": 3,
    "deg": 2,
    "kV": 1,
    "s": 3,
    "%": 1,
    "Hz": 3,
    "currency": 2,
    "currency/MWh": 2,
    "currency/MW": 2,
    "currency/feeder": 2,
}  # what is told of values of ordinary size
HUGE = 1e7  # from here on a power of ten says more than a row of digits
NOISE = 1e-12  # below it a number is what rounding left, and told as 0; but for a distance from the truth
DISTANCES = ("error", "gap")  # columns about a distance from the truth, where the power of ten is the message
SPANNING = ("v_ground", "unbalance", "zero_percent")  # columns whose numbers are of any size, all of it ordinary: five digits each
UNIT_NAMES = (
    "_per_mwh",
    "_per_mvarh",
    "_per_mw",
    "_pu",
    "_mw",
    "_mwh",
    "_mvar",
    "_mva",
    "_deg",
    "_kv",
    "_ohm",
    "_mws",
    "_hz_per_s",
    "_us",
    "_kw_per_m2",
    "_m_per_s",
    "_hz",
    "_c",
    "_a",
    "_v",
    "_s",
    "_percent",
)  # endings that repeat the unit
DIGITS, LONG = 5, 1e5  # digits of all other numbers, and from where on whole ones


def spelled(value: float, unit: str = "") -> str:
    """A number with its unit; tiny and huge ones as powers of ten, absent ones as a dash."""
    if math.isnan(value):
        return "–"
    text = f"{value:.3g}" if unit not in DECIMALS else _number(value, DECIMALS[unit], fixed=_ordinary(value, DECIMALS[unit]))
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
    cells = [_cells(getattr(table, name)[:rows], name, declared[name]) for name in chosen]
    return [header(name, declared[name]) for name in chosen], cells, [declared[name].dtype in ("f8", "i8") for name in chosen]


def header(name: str, spec: Column) -> str:
    """A column's name with its unit in brackets."""
    ending = next((e for e in UNIT_NAMES if name.endswith(e)), "")
    words = name.removesuffix(ending).replace("_", " ") if spec.unit != "1" else name.replace("_", " ")
    return words if spec.unit == "1" else f"{words} [{spec.unit}]"


def _cells(values: NDArray[np.generic], name: str, spec: Column) -> list[str]:
    if spec.choices:
        return [spec.choices[k] for k in values.tolist()]
    if spec.dtype == "?":
        return ["yes" if x else "no" for x in values.tolist()]
    if spec.dtype == "U":
        return [str(x) for x in values.tolist()]
    if spec.dtype == "i8":
        return [f"{x:,}" for x in values.tolist()]
    distance = any(word in name for word in DISTANCES)
    unscaled = spec.unit not in DECIMALS and not distance  # ohm, µS, exponents: their size says nothing of the digits that count
    if unscaled or name.startswith(SPANNING):
        return [_significant(x) for x in values.tolist()]
    return _numbers(np.asarray(values, np.float64), DECIMALS.get(spec.unit, 4), each=distance)


def _numbers(values: Real, decimals: int, *, each: bool) -> list[str]:
    """Fixed decimals for a whole column of ordinary size; with ``each`` every cell takes the style that suits it."""
    if not each:
        values = np.where(np.abs(values) < NOISE, 0.0, values)
    finite = np.abs(values[np.isfinite(values)])
    column = _ordinary(float(finite.max(initial=0.0)), decimals)
    return [_number(x, decimals, fixed=_ordinary(x, decimals) if each else column) for x in values.tolist()]


def _significant(x: float) -> str:
    return f"{x:,.{DIGITS}g}" if abs(x) < LONG else _number(x, 0, fixed=_ordinary(x, 0))


def _number(x: float, decimals: int, *, fixed: bool) -> str:
    if math.isnan(x):
        return "–"
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    return f"{x:,.{decimals}f}" if fixed else f"{x:.1e}"


def _ordinary(value: float, decimals: int) -> bool:
    """Zero, or of a size that leaves two digits or more before the last decimal cuts them off."""
    return value == 0 or 10.0 ** (1 - decimals) <= abs(value) < HUGE


def as_csv(table: Table) -> str:
    """Comma-separated, every digit, header = column names (the unit is in the name), one row per line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    records = as_records(table)
    writer.writerow(table.columns())
    writer.writerows(["" if x is None else x for x in record.values()] for record in records)
    return out.getvalue()


def as_records(table: Table) -> list[dict[str, object]]:
    """Plain values for JSON: NaN is null, ±inf the word, codes their words."""
    columns = {name: [_plain_value(x, spec) for x in getattr(table, name).tolist()] for name, spec in table.columns().items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def number(x: float) -> float | None:
    """A number as JSON may hold it."""
    return x if math.isfinite(x) else None


def _plain_value(x: object, spec: Column) -> object:
    if spec.choices and isinstance(x, int):
        return spec.choices[x]
    if isinstance(x, list):
        return [_plain_value(part, spec) for part in x]
    if isinstance(x, float) and not math.isfinite(x):
        return None if math.isnan(x) else "inf" if x > 0 else "-inf"
    return x
