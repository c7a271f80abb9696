"""A program as text in the CPLEX LP format: for people, and for a second opinion from another solver.

The format knows no brackets in names, so ``balance[3,17]`` is written ``balance(3,17)``. A row with two different sides is written twice, ``_low``
and ``_high``. Entries of cones become columns of their own, and the cone a quadratic row, which some readers (HiGHS among them) do not take.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np

from gridtandem.program.arrays import Cones, Matrix, Places, Program, flat, stacked
from gridtandem.tables import Real

WIDTH = 140  # characters of a line, at most


def lp_text(program: Program) -> str:
    """The whole file."""
    names = _names(Places.of(program.columns))
    entries = _names(Places.of(program.cones))
    lines = ["\\ written by gridtandem; minimise", "Minimize", *_wrapped(f" cost: {_cost(program, names)}"), "Subject To"]
    lines += _rows(program, names)
    lines += _cone_rows(program, names, entries)
    lines += ["Bounds", *_bounds(names, flat(program.columns, "low"), flat(program.columns, "high"))]
    lines += [f" {name} {'>= 0' if first else 'free'}" for name, first in zip(entries, _firsts(program.cones), strict=True)]
    whole = [name for name, is_whole in zip(names, np.repeat(*_wholes(program)), strict=True) if is_whole]
    return "\n".join([*lines, *(["General", *(f" {name}" for name in whole)] if whole else []), "End", ""])


def _cost(program: Program, names: list[str]) -> str:
    cost, quadratic = flat(program.columns, "cost"), flat(program.columns, "quadratic")
    text = _sum(cost[cost != 0], [names[k] for k in np.flatnonzero(cost)])
    if quadratic.any():
        squares = _sum(quadratic[quadratic != 0], [f"{names[k]} ^2" for k in np.flatnonzero(quadratic)])
        text += f" + [ {squares} ] / 2"
    return text + (f" {_signed(program.constant)}" if program.constant else "")


def _rows(program: Program, names: list[str]) -> Iterator[str]:
    low, high = flat(program.rows, "low"), flat(program.rows, "high")
    for name, text, a, b in zip(_names(Places.of(program.rows)), _texts(program.matrix(), names), low, high, strict=True):
        if a == b:
            yield from _wrapped(f" {name}: {text} = {a:.17g}")
        else:
            low_name, high_name = (f"{name}_low", f"{name}_high") if np.isfinite(a) and np.isfinite(b) else (name, name)
            yield from _wrapped(f" {low_name}: {text} >= {a:.17g}") if np.isfinite(a) else ()
            yield from _wrapped(f" {high_name}: {text} <= {b:.17g}") if np.isfinite(b) else ()


def _cone_rows(program: Program, names: list[str], entries: list[str]) -> Iterator[str]:
    texts = _texts(stacked(program.cones, Places.of(program.columns)), names)
    for entry, text, right in zip(entries, texts, flat(program.cones, "right"), strict=True):
        yield from _wrapped(f" def_{entry}: {text} + {entry} = {right:.17g}")
    for block, where in Places.of(program.cones).slices.items():
        for k, cone in enumerate(np.array(entries[where], dtype=object).reshape(program.cones[block].shape)):
            squares = "".join(f" + {entry} ^2" for entry in cone[1:])
            yield from _wrapped(f" {_plain(block)}({k}): [ - {cone[0]} ^2{squares} ] <= 0")


def _bounds(names: list[str], low: Real, high: Real) -> Iterator[str]:
    for name, a, b in zip(names, low, high, strict=True):
        if a == b:
            yield f" {name} = {a:.17g}"
        elif a == -np.inf and b == np.inf:
            yield f" {name} free"
        else:
            yield f" {'-inf' if a == -np.inf else f'{a:.17g}'} <= {name} <= {'inf' if b == np.inf else f'{b:.17g}'}"


def _texts(matrix: Matrix, names: list[str]) -> Iterator[str]:
    """Each row as a sum; a row of nothing as nothing times the first column."""
    for start, end in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True):
        yield _sum(matrix.data[start:end], [names[k] for k in matrix.indices[start:end]]) if end > start else f"0 {names[0]}"


def _sum(factors: Real, names: list[str]) -> str:
    return " ".join(f"{_signed(factor)} {name}" for factor, name in zip(factors.tolist(), names, strict=True))


def _signed(number: float) -> str:
    return f"{'-' if number < 0 else '+'} {abs(number):.17g}"


def _wrapped(line: str) -> Iterator[str]:
    """A statement on as many lines as it needs."""
    while len(line) > WIDTH:
        cut = line.rfind(" ", 0, WIDTH)
        yield line[:cut]
        line = "  " + line[cut:]
    yield line


def _names(places: Places) -> list[str]:
    """Names of all elements that the format can read, each once."""
    plain = {name: _plain(name) for name in places.shapes}
    doubled = len(set(plain.values())) < len(plain)
    words = {name: f"{word}_{k}" if doubled else word for k, (name, word) in enumerate(plain.items())}
    return [f"{words[name]}({','.join(map(str, place))})" for name, shape in places.shapes.items() for place in np.ndindex(*shape)]


def _plain(name: str) -> str:
    """A name of letters, digits, points and underscores that begins with a letter and cannot be read as a number (e5, inf)."""
    word = re.sub(r"[^A-Za-z0-9_.]", "_", name)
    return word if re.match(r"(?!e|inf)[a-z]", word, re.IGNORECASE) else f"n_{word}"


def _firsts(cones: Mapping[str, Cones]) -> list[bool]:
    return [entry == 0 for cone in cones.values() for _ in range(cone.shape[0]) for entry in range(cone.shape[1])]


def _wholes(program: Program) -> tuple[list[bool], list[int]]:
    return [c.integer for c in program.columns.values()], [c.low.size for c in program.columns.values()]
