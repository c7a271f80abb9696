"""What a program must keep, checked at the door: every fault at once, with the name of the block and of the element."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from gridtandem.errors import Fault, InvalidCase
from gridtandem.program.arrays import Block, Columns, Cones, Matrix, Program, Rows, Shape, label
from gridtandem.program.smooth import Smooth, Span
from gridtandem.tables import Flag, Real

Costs: TypeAlias = Mapping[str, ArrayLike]
Sides: TypeAlias = Mapping[str, tuple[ArrayLike, ArrayLike]]
Numbers: TypeAlias = Mapping[str, tuple[Real, ...]]  # by block, each array flat
INTERVAL = "let low be at most high, both numbers"
SHOWN = 3  # elements of a block that are named one by one


def checked(program: Program, taken: Callable[[Program], Iterable[Fault]]) -> Program:
    """The program itself, unless it breaks a promise or has what a solver does not take."""
    faults = [*program.faults(), *taken(program)]
    if faults:
        raise InvalidCase(faults)
    return program


def program_faults(program: Program) -> Iterator[Fault]:
    """Every promise that the arrays break."""
    if not np.isfinite(program.constant):
        yield Fault("program", f"has the constant {program.constant}", "give a finite number", "program-001", column="constant")
    for name in sorted((program.columns.keys() & program.rows.keys()) | (program.rows.keys() & program.cones.keys())):
        yield Fault("program", "is the name of two kinds of blocks", "give each block a name of its own", "program-002", column=name)
    for name, columns in program.columns.items():
        yield from _column_faults(name, columns)
    yield from _row_faults(program, program.rows)
    for name, cones in program.cones.items():
        yield from _cone_faults(name, cones)
        yield from _part_faults(program, name, cones.right.size, cones.parts)


def smooth_faults(program: Smooth) -> Iterator[Fault]:
    """Every promise that the arrays of a smooth program break."""
    for name in sorted(program.columns.keys() & program.rows.keys()):
        yield Fault("program", "is the name of two kinds of blocks", "give each block a name of its own", "program-002", column=name)
    for blocks, what, code in ((program.columns, "bounds", "program-003"), (program.rows, "sides", "program-005")):
        for name, span in blocks.items():
            yield from _elements(name, _no_interval(span.low, span.high), f"has {what} that are no interval", INTERVAL, code)
    size = sum(span.low.size for span in program.columns.values())
    if program.start.shape != (size,) or not np.isfinite(program.start).all():
        yield Fault("program", f"has no start of {size} finite numbers", "give one number for each unknown", "program-015", column="start")


def smooth_checked(program: Smooth) -> Smooth:
    """The program itself, unless it breaks a promise."""
    if faults := list(smooth_faults(program)):
        raise InvalidCase(faults)
    return program


def smooth_accepted(program: Smooth, bounds: Sides, right: Sides) -> tuple[dict[str, Span], dict[str, Span]]:
    """Blocks of columns and of rows with other sides, unless these break a promise."""
    faults: list[Fault] = []
    out: list[dict[str, Span]] = []
    for blocks, changes, what, code in ((program.columns, bounds, "bounds", "program-003"), (program.rows, right, "sides", "program-005")):
        spread = {name: _spread(name, blocks, pair, faults) for name, pair in changes.items()}
        spans = {name: Span(*(x.reshape(blocks[name].shape) for x in pair)) for name, pair in spread.items() if pair}
        for name, span in spans.items():
            faults += _elements(name, _no_interval(span.low, span.high), f"has {what} that are no interval", INTERVAL, code)
        out.append(spans)
    if faults:
        raise InvalidCase(faults)
    return out[0], out[1]


def _elements(name: str, wrong: Flag, what: str, mend: str, code: str) -> Iterator[Fault]:
    """One fault for all elements where something is wrong."""
    if wrong.any():
        where = np.argwhere(wrong)
        shown = ", ".join(label(name, tuple(place)) for place in where[:SHOWN].tolist())
        more = f" and {len(where) - SHOWN} more" if len(where) > SHOWN else ""
        yield Fault("program", f"{what} at {shown}{more}", mend, code, column=name)


def _column_faults(name: str, columns: Columns) -> Iterator[Fault]:
    yield from _elements(name, _no_interval(columns.low, columns.high), "has bounds that are no interval", INTERVAL, "program-003")
    cost, quadratic = columns.cost, columns.quadratic
    yield from _elements(name, ~np.isfinite(cost) | ~np.isfinite(quadratic), "has no finite cost", "give a finite number", "program-004")
    yield from _elements(name, quadratic < 0, "has a cost that is not convex", "give a quadratic cost of at least 0", "program-006")


def _row_faults(program: Program, rows: Mapping[str, Rows]) -> Iterator[Fault]:
    for name, block in rows.items():
        yield from _elements(name, _no_interval(block.low, block.high), "has sides that are no interval", INTERVAL, "program-005")
        yield from _part_faults(program, name, block.low.size, block.parts)


def _no_interval(low: Real, high: Real) -> Flag:
    """Where two sides leave nothing between them; NaN leaves nothing."""
    return np.asarray(~(low <= high) | (low == np.inf) | (high == -np.inf))


def _cone_faults(name: str, cones: Cones) -> Iterator[Fault]:
    yield from _elements(name, ~np.isfinite(cones.right), "has no finite right-hand side", "give a finite number", "program-007")
    if cones.right.ndim != 2 or cones.right.shape[1] < 1:
        yield Fault(
            "program", f"has cones of shape {cones.shape}", "the shape is (cones, entries of each), one entry at least", "program-008", column=name
        )


def _part_faults(program: Program, name: str, size: int, parts: Mapping[str, Matrix]) -> Iterator[Fault]:
    for block, part in parts.items():
        if block not in program.columns:
            mend = f"columns are: {', '.join(program.columns)}"
            yield Fault("program", f"has a part for {block!r}, which is no block of columns", mend, "program-009", column=name)
            continue
        wanted = (size, program.columns[block].low.size)
        if part.shape != wanted:
            mend = "a row for each element of the rows, a column for each of the columns"
            yield Fault("program", f"has a part for {block!r} of shape {part.shape}, not {wanted}", mend, "program-011", column=name)
        if not np.isfinite(part.data).all():
            yield Fault("program", f"has a part for {block!r} with entries that are not finite", "give finite numbers", "program-012", column=name)


def extended(program: Program, more: Mapping[str, Rows] | None, also: Callable[[str, Rows], Iterable[Fault]] = lambda _name, _rows: ()) -> Program:
    """The program with more rows, unless these break a promise or what a solver asks also; the program itself where there are none."""
    if not more:
        return program
    faults = [*_row_faults(program, more), *(f for name, rows in more.items() for f in also(name, rows))]
    for name in sorted(more.keys() & {*program.columns, *program.rows, *program.cones}):
        faults.append(Fault("program", "is the name of two kinds of blocks", "give each block a name of its own", "program-002", column=name))
    if faults:
        raise InvalidCase(faults)
    return replace(program, rows={**program.rows, **more})


def accepted(program: Program, *, cost: Costs | None, right: Sides | None, bounds: Sides | None) -> dict[str, Numbers]:
    """The numbers of a question by kind, spread over their blocks, unless they break a promise."""
    faults: list[Fault] = []
    columns, rows = program.columns, program.rows
    costs = {k: _spread(k, columns, (given,), faults) for k, given in (cost or {}).items()}
    limits = {k: _spread(k, columns, pair, faults) for k, pair in (bounds or {}).items()}
    sides = {k: _spread(k, rows, pair, faults) for k, pair in (right or {}).items()}
    for name, given in costs.items():
        if given and not np.isfinite(given[0]).all():
            faults += _elements(
                name, ~np.isfinite(given[0]).reshape(columns[name].shape), "has no finite cost", "give a finite number", "program-004"
            )
    for name, given in limits.items():
        if given and (wrong := _no_interval(*given)).any():
            faults += _elements(name, wrong.reshape(columns[name].shape), "has bounds that are no interval", INTERVAL, "program-003")
    for name, given in sides.items():
        if given and (wrong := _no_interval(*given)).any():
            faults += _elements(name, wrong.reshape(rows[name].shape), "has sides that are no interval", INTERVAL, "program-005")
    if faults:
        raise InvalidCase(faults)
    return {"cost": costs, "bounds": limits, "right": sides}


def _spread(name: str, blocks: Mapping[str, Block], given: tuple[ArrayLike, ...], faults: list[Fault]) -> tuple[Real, ...]:
    if name not in blocks:
        faults.append(Fault("program", f"has no block {name!r} to change", f"there are: {', '.join(blocks)}", "program-013", column=name))
        return ()
    shape = blocks[name].shape
    try:
        return tuple(_flat(np.asarray(x, np.float64), shape) for x in given)
    except ValueError:
        shapes = ", ".join(str(np.shape(x)) for x in given)
        faults.append(Fault("program", f"is to take numbers of shape {shapes}", f"its shape is {shape}", "program-014", column=name))
        return ()


def _flat(given: Real, shape: Shape) -> Real:
    return given.ravel() if given.shape == shape else np.full(shape, given).ravel()
