"""Words of a MATPOWER case file: numbers, names, strings and signs, with line numbers; comments and continuations are gone.

A literal table of plain numbers is one word, read at the speed of the C library: case files are little else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from gridtandem.cases.matpower.values import Refused
from gridtandem.errors import Fault
from gridtandem.tables import Real

_BLANK = re.compile(r"(?:[ \t\f\v]++|[%#][^\n]*+|\.\.\.[^\n]*+\n?)++")
_TABLE = re.compile(r"\[((?:[-+0-9.eE\s,;InfaN]++|[%#][^\n]*+)*+)\]", re.ASCII)
_WORD = re.compile(
    r"(?P<number>(?:\d+(?:\.(?!\.\.)\d*)?|\.\d+)(?:[eEdD][-+]?\d+)?)|(?P<name>[A-Za-z]\w*)"
    r"|(?P<sign>\.\*|\./|\.\^|\.'|==|~=|!=|<=|>=|&&|\|\||\n|.)",
    re.ASCII,
)
_TEXT = {"'": re.compile(r"'((?:[^'\n]|'')*+)'"), '"': re.compile(r'"((?:[^"\n\\]|""|\\[^\n])*+)"')}
_NOTE = re.compile(r"[%#][^\n]*")
_STRAY_COMMA = re.compile(r"(?:^|[,;\n])[ \t]*,")
_BLOCK_OPEN, _BLOCK_CLOSE = re.compile(r"[ \t]*[%#]\{[ \t]*"), re.compile(r"[ \t]*[%#]\}[ \t]*")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """One word of the file."""

    kind: str  # number, name, text, table, sign
    text: str
    line: int
    start: int
    end: int
    spaced: bool  # blank space before it
    table: Real | None = None


END: Final = Token("end", "", 0, 0, 0, False)


@final
@dataclass(slots=True)
class Words:
    """What `words` found, and what it could not read."""

    tokens: list[Token]
    faults: list[Fault]


def words(text: str) -> Words:
    """Split a file into tokens; its line ends are line feeds."""
    found = Words([], [])
    text = _without_blocks(text, found)
    brackets: list[str] = []
    at, line, size = 0, 1, len(text)
    while True:
        blank = _BLANK.match(text, at)
        start = blank.end() if blank else at
        line += text.count("\n", at, start)
        if start >= size:
            return found
        token = _next(text, start, line, spaced=start > at, before=found, inside=bool(brackets) and brackets[-1] in "[{")
        found.tokens.append(token)
        if token.kind == "sign" and token.text in "[{(":
            brackets.append(token.text)
        elif token.kind == "sign" and token.text in ")}]" and brackets:
            brackets.pop()
        line += text.count("\n", start, token.end)
        at = token.end


def _next(text: str, start: int, line: int, *, spaced: bool, before: Words, inside: bool) -> Token:
    sign = text[start]
    if sign == "[" and (literal := _TABLE.match(text, start)) and (rows := _rows(literal[1])) is not None:
        table, odd = rows
        if odd:
            before.faults.append(_ragged(text, literal, odd))
        return Token("table", "", line, start, literal.end(), spaced, table)
    if sign == '"' or (sign == "'" and not _transposes(before.tokens, spaced, inside)):
        if quoted := _TEXT[sign].match(text, start):
            return Token("text", quoted[1].replace(sign * 2, sign), line, start, quoted.end(), spaced)
        before.faults.append(Fault(f"line {line}", "opens a text that is not closed", f"close it with {sign}", "case-103"))
        stop = text.find("\n", start)
        return Token("text", "", line, start, stop if stop >= 0 else len(text), spaced)
    word = _WORD.match(text, start)
    if word is None:  # pragma: no cover – the last alternative takes any character
        raise AssertionError(start)
    return Token(word.lastgroup or "sign", word[0], line, start, word.end(), spaced)


def _transposes(tokens: list[Token], spaced: bool, inside: bool) -> bool:
    """A quote right behind a value is a transpose; behind a blank inside brackets it opens a text."""
    if not tokens or (spaced and inside):
        return False
    last = tokens[-1]
    return last.kind != "sign" or last.text in (")", "]", "}", "'", ".'")


def _rows(content: str) -> tuple[Real, int] | None:
    """The table and 0, or (nothing, first row of another length counted from 1); None where it is more than plain numbers."""
    content = _NOTE.sub("", content)
    if _STRAY_COMMA.search(content):
        return None
    rows = [fields for row in content.replace(",", " ").replace(";", "\n").split("\n") if (fields := row.split())]
    try:
        values = [[float(field) for field in row] for row in rows]
    except ValueError:
        return None
    width = len(values[0]) if values else 0
    for k, row in enumerate(values):
        if len(row) != width:
            return np.empty((0, width)), k + 1
    return np.array(values, np.float64).reshape(len(values), width), 0


def _ragged(text: str, literal: re.Match[str], odd: int) -> Fault:
    """Name the first row of another length by its line."""
    seen, width = 0, 0
    line = text.count("\n", 0, literal.start()) + 1
    for row in _NOTE.sub("", literal[1]).split("\n"):
        for part in row.split(";"):
            if numbers := len(part.replace(",", " ").split()):
                seen, width = seen + 1, width or numbers
                if seen == odd:
                    return Fault(f"line {line}", f"has {numbers} numbers where the rows above have {width}", "complete the row", "case-105")
        line += 1
    raise AssertionError(odd)  # pragma: no cover – the caller counted the row


def _without_blocks(text: str, found: Words) -> str:
    """Block comments ``%{ … %}`` (they nest) emptied, lines kept."""
    if "%{" not in text and "#{" not in text:
        return text
    lines, deep, opened = text.split("\n"), 0, 0
    for k, row in enumerate(lines):
        if _BLOCK_OPEN.fullmatch(row):
            deep, opened = deep + 1, opened if deep else k + 1
            lines[k] = ""
        elif deep:
            deep -= bool(_BLOCK_CLOSE.fullmatch(row))
            lines[k] = ""
    if deep:
        found.faults.append(Fault(f"line {opened}", "opens a block comment that is not closed", "close it with %}", "case-103"))
    return "\n".join(lines)


@final
@dataclass(slots=True)
class Reader:
    """A place in a statement."""

    tokens: list[Token]
    at: int = 0

    def here(self, ahead: int = 0) -> Token:
        """The next token, or one behind it."""
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else END

    def next(self) -> Token:
        """The next token, passed over."""
        token = self.here()
        self.at += 1
        return token

    def sees(self, *signs: str) -> bool:
        """Is the next token one of these signs?"""
        return self.here().kind == "sign" and self.here().text in signs

    def passes(self, sign: str) -> bool:
        """Pass over a sign if it is there."""
        seen = self.sees(sign)
        self.at += seen
        return seen

    def take(self, sign: str) -> None:
        """Pass over a sign that must be there."""
        if not self.passes(sign):
            raise Refused(f"{sign!r} is missing" + (f" before {self.here().text!r}" if self.here() is not END else ""))

    def path(self) -> str:
        """The ``.bus`` of ``mpc.bus``, any number of them."""
        parts = ""
        while self.sees(".") and self.here(1).kind == "name":
            parts += "." + self.here(1).text
            self.at += 2
        return parts

    def opens_element(self) -> bool:
        """Does a sign begin the next element of a row? ``[a -b]`` has two elements, ``[a - b]`` and ``[a-b]`` one."""
        return self.here().spaced and not self.here(1).spaced

    def whole_axis(self) -> bool:
        """Is the subscript a colon and nothing else?"""
        return self.sees(":") and self.here(1).kind == "sign" and self.here(1).text in (",", ")")

    def comma_ahead(self) -> bool:
        """Is there a comma before the bracket just opened closes?"""
        deep = 0
        for token in self.tokens[self.at :]:
            if token.kind == "sign":
                deep += (token.text in "([{") - (token.text in ")]}")
                if deep < 0 or (deep == 0 and token.text == ","):
                    return deep == 0
        return False

    def finish(self) -> None:
        """Nothing may be left."""
        if self.here() is not END:
            token = self.here()
            raise Refused("a transpose is not read" if token.text in ("'", ".'") else f"{token.text or token.kind!r} is not read here")
