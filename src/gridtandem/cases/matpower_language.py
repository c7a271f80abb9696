"""The part of MATLAB that case files are written in: numbers, tables, element-wise arithmetic, indexing. Nothing else runs.

Every size is bounded, so a hostile file can neither hang the reader nor fill the memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias, final

import numpy as np

from gridtandem.cases.matpower_tokens import Token
from gridtandem.tables import Index, Real

Value: TypeAlias = "Real | str | list[str]"  # numbers are (row, column) tables, a scalar is 1 × 1
Names: TypeAlias = "dict[str, Value | None]"  # None: the statement that should have made it was refused

LARGEST: Final = 10_000_000  # elements of one table
DEEPEST: Final = 40  # brackets within brackets
END: Final = Token("end", "", 0, 0, 0, False)
FUNCTIONS: Final[dict[str, Callable[[Real], Real]]] = {
    "abs": np.abs, "acos": np.arccos, "asin": np.arcsin, "atan": np.arctan, "cos": np.cos, "exp": np.exp, "sin": np.sin, "sqrt": np.sqrt,
    "tan": np.tan,
}  # fmt: skip
NUMBERS: Final = {"pi": np.pi, "Inf": np.inf, "inf": np.inf, "NaN": np.nan, "nan": np.nan}


@final
class Refused(Exception):
    """Why a statement cannot be executed; empty where an earlier refusal is the cause."""


def scalar(number: float) -> Real:
    """A number as the 1 × 1 table it is."""
    return np.array([[number]], np.float64)


@final
@dataclass(slots=True)
class Expression:
    """Reads tokens from left to right and computes as it goes; precedence as in MATLAB: ``:``, ``+ −``, ``* /``, sign, ``^``."""

    tokens: list[Token]
    names: Names
    at: int = 0
    rows: bool = False  # inside [ ] blanks separate
    depth: int = 0
    extent: list[int] = field(default_factory=list)  # what ``end`` means, innermost last

    def here(self) -> Token:
        """The next token."""
        return self.tokens[self.at] if self.at < len(self.tokens) else END

    def sees(self, *signs: str) -> bool:
        """Is the next token one of these signs?"""
        return self.here().kind == "sign" and self.here().text in signs

    def take(self, sign: str) -> None:
        """Pass over a sign that must be there."""
        if not self.sees(sign):
            raise Refused(f"{sign!r} is missing" + (f" before {self.here().text!r}" if self.here() is not END else ""))
        self.at += 1

    def value(self) -> Value:
        """An expression, at its widest a range ``a:b`` or ``a:step:b``."""
        first = self.sum()
        if not self.sees(":"):
            return first
        self.at += 1
        last = self.sum()
        step = scalar(1.0)
        if self.sees(":"):
            self.at += 1
            step, last = _table(last), self.sum()
        a, d, b = (_single(t, "a range") for t in (first, step, last))
        if not (np.isfinite([a, d, b]).all() and d != 0 and abs(b - a) / abs(d) < LARGEST):
            raise Refused("the range has no sensible length")
        return np.arange(np.floor((b - a) / d + 1e-10) + 1, dtype=np.float64).reshape(1, -1) * d + a

    def sum(self) -> Value:
        """Terms joined by + and −."""
        left = self.product()
        while self.sees("+", "-") and not self._starts_element():
            sign = self.here().text
            self.at += 1
            left = _elementwise(np.add if sign == "+" else np.subtract, left, self.product())
        return left

    def _starts_element(self) -> bool:
        """``[a -b]`` has two elements, ``[a - b]`` and ``[a-b]`` one."""
        after = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else END
        return self.rows and self.here().spaced and not after.spaced

    def product(self) -> Value:
        """Factors joined by * .* / and ./ ."""
        left = self.signed()
        while self.sees("*", ".*", "/", "./"):
            sign = self.here().text
            self.at += 1
            right = self.signed()
            if (sign == "*" and not (_lone(left) or _lone(right))) or (sign == "/" and not _lone(right)):
                raise Refused(f"matrix algebra with {sign!r} is not read; element by element is .{sign}")
            left = _elementwise(np.multiply if "*" in sign else np.divide, left, right)
        return left

    def signed(self) -> Value:
        """A factor with its signs; the sign binds less than the power."""
        negative = False
        while self.sees("+", "-"):
            negative ^= self.here().text == "-"
            self.at += 1
        base = self.factor()
        if self.sees("^", ".^"):
            sign = self.here().text
            self.at += 1
            minus = self.sees("-")
            self.at += minus
            power = self.factor()
            if sign == "^" and not (_lone(base) and _lone(power)):
                raise Refused("matrix powers are not read; element by element is .^")
            base = _elementwise(np.power, base, -_table(power) if minus else power)
        return -_table(base) if negative else base

    def factor(self) -> Value:
        """A number, text, name, element, bracket, table or call."""
        token = self.here()
        self.at += 1
        if token.kind == "number":
            return scalar(float(token.text.replace("d", "e").replace("D", "e")))
        if token.kind == "table" and token.table is not None:
            return token.table
        if token.kind == "text":
            return token.text
        if token.kind == "name":
            return self._named(token)
        if token.kind == "sign" and token.text in ("(", "[", "{"):
            return self._bracket(token.text)
        if token is END:
            raise Refused("it breaks off")
        raise Refused("a transpose is not read" if token.text in ("'", ".'") else f"{token.text!r} is not read here")

    def _bracket(self, opening: str) -> Value:
        outer, self.rows = self.rows, opening != "("
        self.depth += 1
        if self.depth > DEEPEST:
            raise Refused(f"brackets are nested deeper than {DEEPEST}")
        if opening == "(":
            inner = self.value()
            self.take(")")
        else:
            rows = self._elements("]" if opening == "[" else "}")
            inner = _joined(rows) if opening == "[" else [_words(v) for row in rows for v in row]
        self.rows = outer
        self.depth -= 1
        return inner

    def _elements(self, closing: str) -> list[list[Value]]:
        rows: list[list[Value]] = [[]]
        while not self.sees(closing):
            if self.here() is END:
                raise Refused(f"{closing!r} is missing")
            if self.sees(";", "\n"):
                rows.append([])
                self.at += 1
            elif self.sees(",") and rows[-1]:
                self.at += 1
                if self.sees(","):
                    raise Refused("an element is missing between two commas")
            else:
                rows[-1].append(self.value())
        self.at += 1
        return [row for row in rows if row]

    def _named(self, token: Token) -> Value:
        name = token.text + "".join(self._path())
        if name == "end" and self.extent:
            return scalar(self.extent[-1])
        called = self.sees("(") and not (self.rows and self.here().spaced)
        if name in self.names:
            known = self.names[name]
            if known is None:
                raise Refused
            if not called:
                return known
            whole = _table(known)
            rows, columns = self.positions(whole)
            return whole[np.ix_(rows, columns)]
        if name in NUMBERS:
            return scalar(NUMBERS[name])
        if name in FUNCTIONS and called:
            with np.errstate(all="ignore"):
                return FUNCTIONS[name](_table(self._bracket(self._opening())))
        raise Refused(f"{name!r} is neither defined above nor a function it may call")

    def _opening(self) -> str:
        self.at += 1
        return "("

    def _path(self) -> list[str]:
        """The ``.bus`` of ``mpc.bus``."""
        parts = []
        while self.sees(".") and self.at + 1 < len(self.tokens) and self.tokens[self.at + 1].kind == "name":
            parts.append("." + self.tokens[self.at + 1].text)
            self.at += 2
        return parts

    def positions(self, whole: Real) -> tuple[Index, Index]:
        """Rows and columns, counted from 0, that ``(i, j)`` or ``(k)`` means in a table."""
        self.take("(")
        self.depth += 1
        if self.depth > DEEPEST:
            raise Refused(f"brackets are nested deeper than {DEEPEST}")
        outer, self.rows = self.rows, False
        two = self._two_subscripts()
        if not two and 1 not in whole.shape:
            raise Refused("a table needs a row and a column")
        sizes = whole.shape if two else (whole.size,)
        found = []
        for k, size in enumerate(sizes):
            if k:
                self.take(",")
            found.append(self._subscript(size))
        self.take(")")
        self.rows = outer
        self.depth -= 1
        if two:
            return found[0], found[1]
        one = np.zeros(1, np.int64)
        return (one, found[0]) if whole.shape[0] == 1 else (found[0], one)

    def _two_subscripts(self) -> bool:
        """Is there a comma before the bracket just opened closes?"""
        deep = 0
        for token in self.tokens[self.at :]:
            if token.kind == "sign":
                deep += (token.text in "([{") - (token.text in ")]}")
                if deep < 0:
                    return False
                if token.text == "," and deep == 0:
                    return True
        return False

    def _subscript(self, size: int) -> Index:
        after = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else END
        if self.sees(":") and after.text in (",", ")"):
            self.at += 1
            return np.arange(size)
        self.extent.append(size)
        wanted = _table(self.value()).ravel(order="F")
        self.extent.pop()
        if not (np.isfinite(wanted).all() and (wanted == np.round(wanted)).all()):
            raise Refused("a subscript is not a whole number")
        if ((wanted < 1) | (wanted > size)).any():
            odd = wanted[(wanted < 1) | (wanted > size)][0]
            raise Refused(f"subscript {odd:.10g} lies outside 1 to {size}")
        return wanted.astype(np.int64) - 1


def _table(value: Value) -> Real:
    if isinstance(value, str | list):
        raise Refused("text stands where a number is needed")
    return value


def _words(value: Value) -> str:
    return value if isinstance(value, str) else " ".join(value) if isinstance(value, list) else " ".join(f"{x:.17g}" for x in value.ravel())


def _lone(value: Value) -> bool:
    return _table(value).shape == (1, 1)


def _single(value: Value, what: str) -> float:
    if not _lone(value):
        raise Refused(f"{what} needs single numbers")
    return float(_table(value)[0, 0])


def _elementwise(rule: Callable[[Real, Real], Real], left: Value, right: Value) -> Real:
    a, b = _table(left), _table(right)
    for m, n in zip(a.shape, b.shape, strict=True):
        if m != n and 1 not in (m, n):
            raise Refused(f"the sizes {a.shape[0]}×{a.shape[1]} and {b.shape[0]}×{b.shape[1]} do not go together")
    if max(a.shape[0], b.shape[0]) * max(a.shape[1], b.shape[1]) > LARGEST:
        raise Refused("the result is too large")
    with np.errstate(all="ignore"):
        return np.asarray(rule(a, b), np.float64)


def _joined(rows: list[list[Value]]) -> Real:
    """[a b; c d] of tables."""
    tables = [[_table(v) for v in row] for row in rows]
    if sum(t.size for row in tables for t in row) > LARGEST:
        raise Refused("the table is too large")
    try:
        return np.vstack([np.hstack(row) for row in tables]) if tables else np.empty((0, 0))
    except ValueError as e:
        raise Refused("its rows have different lengths") from e
