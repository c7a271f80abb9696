"""The part of MATLAB that case files are written in: numbers, tables, element-wise arithmetic, indexing. Nothing else runs.

Every size is bounded, so a hostile file can neither hang the reader nor fill the memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, final

import numpy as np

from gridtandem.cases.matpower.tokens import END, Reader
from gridtandem.cases.matpower.values import (
    FUNCTIONS,
    LARGEST,
    NUMBERS,
    Bindings,
    Budget,
    Refused,
    Value,
    as_text,
    elementwise,
    joined,
    lone,
    scalar,
    single,
    table,
)  # fmt: skip
from gridtandem.tables import Index, Real

DEEPEST: Final = 40  # brackets within brackets


@final
@dataclass(slots=True)
class Expression:
    """Computes while it reads from left to right; precedence as in MATLAB: ``:``, ``+ −``, ``* /``, sign, ``^``."""

    read: Reader
    names: Bindings
    budget: Budget
    rows: bool = False  # inside [ ] blanks separate
    depth: int = 0
    extent: list[int] = field(default_factory=list)  # what ``end`` means, innermost last

    def value(self) -> Value:
        """An expression, at its widest a range ``a:b`` or ``a:step:b``."""
        first = self._sum()
        if not self.read.passes(":"):
            return first
        last, step = self._sum(), scalar(1.0)
        if self.read.passes(":"):
            step, last = table(last), self._sum()
        a, d, b = (single(t, "a range") for t in (first, step, last))
        if not (np.isfinite([a, d, b]).all() and d != 0 and abs(b - a) < LARGEST * abs(d)):
            raise Refused("the range has no sensible length")
        return np.arange(np.floor((b - a) / d + 1e-10) + 1, dtype=np.float64).reshape(1, -1) * d + a

    def _sum(self) -> Value:
        left = self._product()
        while self.read.sees("+", "-") and not (self.rows and self.read.opens_element()):
            rule = np.add if self.read.next().text == "+" else np.subtract
            left = self.budget.spend(elementwise(rule, left, self._product()))
        return left

    def _product(self) -> Value:
        left = self._signed()
        while self.read.sees("*", ".*", "/", "./"):
            sign = self.read.next().text
            right = self._signed()
            if (sign == "*" and not (lone(left) or lone(right))) or (sign == "/" and not lone(right)):
                raise Refused(f"matrix algebra with {sign!r} is not read; element by element is .{sign}")
            left = self.budget.spend(elementwise(np.multiply if "*" in sign else np.divide, left, right))
        return left

    def _signed(self) -> Value:
        """A factor with its signs and power; a sign in front binds less than the power."""
        negative = False
        while self.read.sees("+", "-"):
            negative ^= self.read.next().text == "-"
        base = self.budget.spend(self._factor())
        while self.read.sees("^", ".^"):
            sign = self.read.next().text
            minus = self.read.passes("-")
            power = self._factor()
            if sign == "^" and not (lone(base) and lone(power)):
                raise Refused("matrix powers are not read; element by element is .^")
            base = self.budget.spend(elementwise(np.power, base, -table(power) if minus else power))
        return -table(base) if negative else base

    def _factor(self) -> Value:
        token = self.read.next()
        if token.kind == "number":
            return scalar(float(token.text.replace("d", "e").replace("D", "e")))
        if token.kind == "table" and token.table is not None:
            return token.table
        if token.kind == "text":
            return token.text
        if token.kind == "name":
            return self._named(token.text + self.read.path())
        if token.kind == "sign" and token.text in ("(", "[", "{"):
            return self._bracket(token.text)
        if token is END:
            raise Refused("it breaks off")
        raise Refused("a transpose is not read" if token.text in ("'", ".'") else f"{token.text!r} is not read here")

    def _bracket(self, opening: str) -> Value:
        """What stands behind an opening bracket already passed, up to its closing one."""
        outer, self.rows = self.rows, opening != "("
        self.depth += 1
        if self.depth > DEEPEST:
            raise Refused(f"brackets are nested deeper than {DEEPEST}")
        inner: Value
        if opening == "(":
            inner = self.value()
            self.read.take(")")
        elif opening == "[":
            inner = joined(self._elements("]"))
        else:
            inner = [as_text(v) for row in self._elements("}") for v in row]
        self.rows = outer
        self.depth -= 1
        return inner

    def _elements(self, closing: str) -> list[list[Value]]:
        rows: list[list[Value]] = [[]]
        while not self.read.passes(closing):
            if self.read.here() is END:
                raise Refused(f"{closing!r} is missing")
            if self.read.sees(";", "\n"):
                rows.append([])
                self.read.next()
            elif self.read.sees(",") and rows[-1]:
                self.read.next()
                if self.read.sees(","):
                    raise Refused("an element is missing between two commas")
            else:
                rows[-1].append(self.value())
        return [row for row in rows if row]

    def _named(self, name: str) -> Value:
        """A variable, a part of one, a constant, or a function called."""
        if name == "end" and self.extent:
            return scalar(self.extent[-1])
        called = self.read.sees("(") and not (self.rows and self.read.here().spaced)
        if name in self.names:
            known = self.names[name]
            if known is None:
                raise Refused
            return table(known)[np.ix_(*self.positions(table(known)))] if called else known
        if name in NUMBERS:
            return scalar(NUMBERS[name])
        if name in FUNCTIONS and called:
            self.read.take("(")
            with np.errstate(all="ignore"):
                return FUNCTIONS[name](table(self._bracket("(")))
        raise Refused(f"{name!r} is neither defined above nor a function it may call")

    def positions(self, whole: Real) -> tuple[Index, Index]:
        """Rows and columns, counted from 0, that ``(i, j)`` or ``(k)`` means in a table."""
        self.read.take("(")
        outer, self.rows = self.rows, False
        self.depth += 1
        if self.depth > DEEPEST:
            raise Refused(f"brackets are nested deeper than {DEEPEST}")
        if two := self.read.comma_ahead():
            first = self._subscript(whole.shape[0])
            self.read.take(",")
            found = (first, self._subscript(whole.shape[1]))
        elif 1 not in whole.shape:
            raise Refused("a table needs a row and a column")
        else:
            found = (np.zeros(1, np.int64), self._subscript(whole.size))
        self.read.take(")")
        self.rows = outer
        self.depth -= 1
        if len(found[0]) * len(found[1]) > LARGEST:
            raise Refused("the part is too large")
        return found if two or whole.shape[0] == 1 else (found[1], found[0])

    def _subscript(self, size: int) -> Index:
        if self.read.whole_axis():
            self.read.take(":")
            return np.arange(size)
        self.extent.append(size)
        wanted = table(self.value()).ravel(order="F")
        self.extent.pop()
        if not (np.isfinite(wanted).all() and (wanted == np.round(wanted)).all()):
            raise Refused("a subscript is not a whole number")
        if (outside := (wanted < 1) | (wanted > size)).any():
            raise Refused(f"subscript {wanted[outside][0]:.10g} lies outside 1 to {size}")
        return wanted.astype(np.int64) - 1
