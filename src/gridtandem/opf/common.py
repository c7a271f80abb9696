"""What problems of feeders that are built alike have in common, worked out once.

Feeders of one kind differ in loads, prices and sizes, hardly in wires. Matrices of equal content become one object here, and what follows from them
is kept under that object; numbers of a feeder by itself (bounds, costs, sides of rows) never are. An answer is the same with or without.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar, cast, final

import numpy as np
from numpy.typing import ArrayLike

from gridtandem.program.arrays import Matrix, Rows
from gridtandem.resources.part import Part

T = TypeVar("T")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Common:
    """A memory that lives as long as the problems that share it. Safe for several threads."""

    _known: dict[Hashable, tuple[object, tuple[object, ...]]] = field(default_factory=dict)

    def once(self, key: Hashable, make: Callable[[], T], *named: object) -> T:
        """What was made under this key, or is made now. Objects that the key names by `id` are kept with it, so that no other can take their name."""
        if (found := self._known.get(key)) is None:
            found = self._known.setdefault(key, (make(), named))
        return cast(T, found[0])

    def same(self, m: Matrix) -> Matrix:
        """The first matrix of this content."""
        return self.once((*m.shape, content(m.indptr, m.indices, m.data)), lambda: m)

    def part(self, part: Part) -> Part:
        """Resources with their maps and matrices shared."""
        rows = {name: self.rows(r) for name, r in part.rows.items()}
        return replace(part, p=self._maps(part.p), q=self._maps(part.q), rows=rows)

    def rows(self, rows: Rows) -> Rows:
        """Rows with their matrices shared."""
        return replace(rows, parts=self._maps(rows.parts))

    def _maps(self, maps: Mapping[str, Matrix]) -> dict[str, Matrix]:
        return {name: self.same(m) for name, m in maps.items()}


def content(*arrays: ArrayLike) -> bytes:
    """A digest of numbers and words with their shapes."""
    sha = hashlib.blake2b(digest_size=20)
    for a in arrays:
        values = np.ascontiguousarray(a)
        sha.update(f"{values.dtype.str}{values.shape}".encode())
        sha.update(values.tobytes())
    return sha.digest()


def names(maps: Mapping[str, Matrix]) -> tuple[tuple[str, int], ...]:
    """Shared matrices as a key."""
    return tuple((name, id(m)) for name, m in maps.items())
