"""The line grammar: architectures typed quickly, several in one text.

``ARCH id "name" src=… family=… [base=id]`` begins one;
``N node role=… tier=… org=… [cap=] [own=1] [net=D] [arb=lo..hi] [trust=hi] [m=] [agent_of=]`` adds a node;
every other line is a statement, ``word A B [c=] [s=] [item=] [alt=1] [latency_s=] [source=]``.
``#`` begins a comment. ``base`` copies nodes and statements of an earlier architecture of the text.
A key stands once on a line.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, final

from gridtandem.architecture.graph import Graph
from gridtandem.architecture.statements import Description, Entry, Value
from gridtandem.errors import Fault, InvalidCase

Reading: TypeAlias = Mapping[str, tuple[str, Callable[[str], Value]]]


def _yes(word: str) -> bool:
    return {"1": True, "0": False}[word]


def _between(word: str) -> list[float]:
    low, high = word.split("..")
    return [float(low), float(high)]


def _network(word: str) -> bool:
    return {"D": True}[word]


def _trust(word: str) -> bool:
    return {"hi": True, "lo": False}[word]


NODE: Reading = {
    "role": ("role", str), "tier": ("tier", int), "org": ("org", str), "cap": ("share", float), "own": ("own", _yes),
    "net": ("network_aware", _network), "arb": ("arb", _between), "trust": ("trusted", _trust), "m": ("instances", int),
    "agent_of": ("agent_of", str),
}  # fmt: skip
STATEMENT: Reading = {
    "c": ("confidence", float), "s": ("strength", str), "item": ("item", str), "alt": ("unsure", _yes), "latency_s": ("latency_s", float),
    "source": ("source", str),
}  # fmt: skip
HEAD: Reading = {"src": ("source", str), "family": ("family", str), "base": ("base", str)}


@final
@dataclass(slots=True)
class _Text:
    """What has been read so far."""

    file: str
    done: list[Description] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def line(self, number: int, line: str) -> None:
        try:
            words = shlex.split(line, comments=True)
        except ValueError as e:
            self._fault(number, f"cannot be read: {e}", "close the quotation marks", "arch-030")
            return
        if not words:
            return
        if words[0] == "ARCH":
            self._begin(number, words)
        elif not self.done:
            self._fault(number, f"begins with {words[0]!r}", 'begin with ARCH id "name" src=… family=…', "arch-031")
        elif words[0] == "N":
            self._entry(number, words, {"name": words[1] if len(words) > 1 else ""}, NODE)
        else:
            self._entry(number, words, dict(zip(("word", "from", "to"), words, strict=False)), STATEMENT)

    def _begin(self, number: int, words: list[str]) -> None:
        said = self._pairs(number, words[3:], HEAD)
        known = {each.id: each for each in self.done}
        id_, name = [*words[1:3], "", ""][:2]
        base = str(said.get("base", ""))
        if not id_ or id_ in known:
            self._fault(number, f"begins architecture {id_!r}", "give every architecture a name of its own", "arch-032")
        if base and base not in known:
            self._fault(number, f"rests on {base!r}, which does not stand above it", "put the base first", "arch-033")
        own = known.get(base)
        nodes, statements = (own.nodes, own.statements) if own else ((), ())
        self.done.append(Description(id_, name, str(said.get("source", "")), str(said.get("family", "")), nodes, statements, self.file))

    def _entry(self, number: int, words: list[str], said: Mapping[str, Value], keys: Reading) -> None:
        last, begins = self.done[-1], 2 if keys is NODE else 3
        entry = Entry({**said, **self._pairs(number, words[begins:], keys)}, number)
        self.done[-1] = replace(last, nodes=(*last.nodes, entry)) if keys is NODE else replace(last, statements=(*last.statements, entry))

    def _pairs(self, number: int, words: list[str], keys: Reading) -> dict[str, Value]:
        out: dict[str, Value] = {}
        given = set[str]()
        for word in words:
            key, equal, value = word.partition("=")
            if not equal or key not in keys:
                self._fault(number, f"has {word!r}", f"after the names come {', '.join(f'{k}=' for k in keys)}", "arch-034")
                continue
            if key in given:
                self._fault(number, f"gives {key}= again, with {word!r}", "give it once", "arch-036")
                continue
            given.add(key)
            try:
                out[keys[key][0]] = keys[key][1](value)
            except (ValueError, KeyError):
                self._fault(number, f"has {word!r}, which cannot be read", "correct the value", "arch-035")
        return out

    def _fault(self, number: int, what: str, mend: str, code: str) -> None:
        self.faults.append(Fault("line", what, mend, code, place=f"{self.file}:{number}"))


def read_lines(text: str, file: str = "text") -> tuple[Graph, ...]:
    """All architectures of a text, or one refusal that tells the faults of all of them."""
    found = _Text(file)
    for number, line in enumerate(text.splitlines(), 1):
        found.line(number, line)
    if not found.done and not found.faults:
        found.faults.append(Fault("text", "has no architecture", 'begin with ARCH id "name" src=… family=…', "arch-031", place=file))
    graphs, faults = list[Graph](), dict.fromkeys(found.faults)
    for each in found.done:
        try:
            graphs.append(each.graph())
        except InvalidCase as e:
            faults |= dict.fromkeys(e.faults)
    if faults:
        raise InvalidCase(faults)
    return tuple(graphs)
