r"""A program in named blocks of arrays, as solvers take it and people name it.

.. math:: \min_x\; c^\top x + \tfrac12 x^\top \mathrm{diag}(h)\, x + k \quad\text{s.t.}\quad
          \underline b \le A x \le \overline b,\quad B - F x \in \mathcal K,\quad \underline x \le x \le \overline x

with :math:`\mathcal K` a product of second-order cones :math:`\{s : s_0 \ge \lVert (s_1, s_2, \dots) \rVert_2\}` and, where a block says so, whole
numbers. A block is an array of any shape whose elements lie in C order in the columns (rows) of the matrices. Bounds of columns are bounds, never
rows: a solver treats them apart, and re-solves with new ones at no cost. Units are the caller's: prices come out in the unit of the cost per unit of
the row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias, final

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from gridtandem.tables import Real

if TYPE_CHECKING:
    from gridtandem.errors import Fault

Shape: TypeAlias = tuple[int, ...]
Matrix: TypeAlias = "sparse.csr_array[np.float64, tuple[int, int]]"
Part: TypeAlias = "ArrayLike | sparse.sparray | sparse.spmatrix"  # what is taken for a matrix


@final
@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """A block of unknowns."""

    low: Real
    high: Real
    cost: Real
    quadratic: Real  # h in cost + ½ h x²
    integer: bool = False

    @staticmethod
    def of(
        shape: int | Shape,
        low: ArrayLike = -np.inf,
        high: ArrayLike = np.inf,
        *,
        cost: ArrayLike = 0.0,
        quadratic: ArrayLike = 0.0,
        integer: bool = False,
    ) -> Columns:
        """Numbers are spread over the shape; the cost of an element is ``cost·x + ½·quadratic·x²``."""
        low, high, cost, quadratic = (_spread(x, _shape(shape)) for x in (low, high, cost, quadratic))
        return Columns(low, high, cost, quadratic, integer)

    @property
    def shape(self) -> Shape:
        """The shape of the block."""
        return self.low.shape


@final
@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A block of rows, ``low ≤ Σ parts[k] x[k] ≤ high`` over the blocks of columns that it names."""

    low: Real
    high: Real
    parts: Mapping[str, Matrix]

    @staticmethod
    def of(shape: int | Shape, low: ArrayLike, high: ArrayLike, parts: Mapping[str, Part]) -> Rows:
        """Numbers are spread over the shape; a part has a row for each element here and a column for each element of the block it names."""
        return Rows(_spread(low, _shape(shape)), _spread(high, _shape(shape)), _matrices(parts))

    @property
    def shape(self) -> Shape:
        """The shape of the block."""
        return self.low.shape


@final
@dataclass(frozen=True, slots=True, eq=False)
class Cones:
    """Second-order cones of equal dimension: each row of ``right − Σ parts[k] x[k]``, taken as (cone, entry), lies in one.

    That is, the first entry is at least the Euclidean length of all others.
    """

    right: Real
    parts: Mapping[str, Matrix]

    @staticmethod
    def of(size: tuple[int, int], parts: Mapping[str, Part], right: ArrayLike = 0.0) -> Cones:
        """``size`` is (how many cones, entries of each); rows of the parts lie cone by cone."""
        return Cones(_spread(right, _shape(size)), _matrices(parts))

    @property
    def shape(self) -> Shape:
        """(cones, entries of each)."""
        return self.right.shape


class Block(Protocol):
    """Elements of one name."""

    @property
    def shape(self) -> Shape: ...


@final
@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where blocks of arrays lie in one long vector."""

    shapes: Mapping[str, Shape]
    slices: Mapping[str, slice]
    size: int

    @staticmethod
    def of(blocks: Mapping[str, Block]) -> Places:
        """One block after the other, each in C order."""
        shapes = {name: block.shape for name, block in blocks.items()}
        ends = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes.values())]).tolist()
        return Places(shapes, {name: slice(a, b) for name, a, b in zip(shapes, ends[:-1], ends[1:], strict=True)}, ends[-1])

    def split(self, flat: Real) -> dict[str, Real]:
        """The blocks of a vector, each in its shape."""
        return {name: flat[where].reshape(self.shapes[name]) for name, where in self.slices.items()}


@final
@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Minimise the cost of all columns and the constant under rows, cones and bounds."""

    columns: Mapping[str, Columns]
    rows: Mapping[str, Rows]
    cones: Mapping[str, Cones] = field(default_factory=dict)
    constant: float = 0.0

    @staticmethod
    def beside(programs: Mapping[str, Program], rows: Mapping[str, Rows] | None = None) -> Program:
        """Several programs as one, their blocks called ``name.block``, with rows that link them; without such rows each is optimal by itself."""

        def prefixed(parts: Mapping[str, Matrix], name: str) -> dict[str, Matrix]:
            return {f"{name}.{block}": part for block, part in parts.items()}

        return Program(
            {f"{name}.{k}": c for name, p in programs.items() for k, c in p.columns.items()},
            {f"{name}.{k}": replace(r, parts=prefixed(r.parts, name)) for name, p in programs.items() for k, r in p.rows.items()} | dict(rows or {}),
            {f"{name}.{k}": replace(c, parts=prefixed(c.parts, name)) for name, p in programs.items() for k, c in p.cones.items()},
            sum(p.constant for p in programs.values()),
        )

    def fixed(self, x: Mapping[str, Real]) -> Program:
        """The convex program that remains when whole numbers stay where an answer put them; its prices are those of the other decisions."""
        whole = {name: np.rint(x[name]) for name, c in self.columns.items() if c.integer}
        columns = {name: replace(c, low=whole[name], high=whole[name], integer=False) if c.integer else c for name, c in self.columns.items()}
        return replace(self, columns=columns)

    @property
    def integer(self) -> bool:
        """Whether some unknown must be whole."""
        return any(c.integer for c in self.columns.values())

    @property
    def quadratic(self) -> bool:
        """Whether some cost is quadratic."""
        return any(bool(c.quadratic.any()) for c in self.columns.values())

    def matrix(self) -> Matrix:
        """All rows by all columns."""
        return stacked(self.rows, Places.of(self.columns))

    def cone_matrix(self) -> Matrix:
        """All entries of all cones by all columns."""
        return stacked(self.cones, Places.of(self.columns))

    def faults(self) -> Iterator[Fault]:
        """Every promise that the arrays break."""
        from gridtandem.program.faults import program_faults

        return program_faults(self)

    def written(self) -> str:
        """The program for people, and for any solver that reads CPLEX LP files."""
        from gridtandem.program.lp_file import lp_text

        return lp_text(self)


def label(name: str, place: tuple[np.intp, ...] | tuple[int, ...]) -> str:
    """An element of a block as people call it."""
    return f"{name}[{','.join(str(int(i)) for i in place)}]" if place else name


def flat(blocks: Mapping[str, Columns] | Mapping[str, Rows] | Mapping[str, Cones], what: str) -> Real:
    """One array of every block, as one vector."""
    return np.concatenate([np.empty(0), *(getattr(block, what).ravel() for block in blocks.values())])


def stacked(blocks: Mapping[str, Rows] | Mapping[str, Cones], columns: Places) -> Matrix:
    """Blocks of rows below each other, their parts at the places of the columns they name."""
    places = Places.of(blocks)
    pieces = [(part.tocoo(), places.slices[name].start, columns.slices[k].start) for name, b in blocks.items() for k, part in b.parts.items()]
    row = np.concatenate([np.empty(0, np.int64), *(piece.row + top for piece, top, _ in pieces)])
    column = np.concatenate([np.empty(0, np.int64), *(piece.col + left for piece, _, left in pieces)])
    value = np.concatenate([np.empty(0), *(piece.data for piece, _, _ in pieces)])
    return sparse.csr_array((value, (row, column)), shape=(places.size, columns.size))


def _shape(shape: int | Shape) -> Shape:
    return (shape,) if isinstance(shape, int | np.integer) else tuple(shape)


def _spread(given: ArrayLike, shape: Shape) -> Real:
    array = np.array(np.broadcast_to(np.asarray(given, np.float64), shape), order="C")
    array.setflags(write=False)
    return array


def _matrices(parts: Mapping[str, Part]) -> dict[str, Matrix]:
    return {
        name: sparse.csr_array(part if sparse.issparse(part) else np.atleast_2d(np.asarray(part)), dtype=np.float64) for name, part in parts.items()
    }
