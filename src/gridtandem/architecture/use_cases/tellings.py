"""What the steps say: who bids to whom, who instructs, bounds, prices or only tells whom.

A word of the step gives its topic; what that is between two actors depends on who they are and who offers to whom:

========  ==============================================================================================================
limit     what is accepted, rejected or allowed: an order to a market of one's own, a limit to everybody else, an award to who offered
request   for a service: a dispatch; an order to a market; to an operator, of what somebody else is asked, a schedule
instruct  set-points and activations: a dispatch of who offers to the sender, control of everybody else; upwards a report
result    of a clearing: a dispatch of who offered, a schedule to everybody else
bid       an offer, if it goes up from who has something to offer; what a market passes on is a schedule
========  ==============================================================================================================

Upwards is from customers to the bulk system, by tiers; a market stands just below the operator of its tier. Limits that two operators tell each other
are an agreement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from gridtandem.architecture.graph import BULK, DISTRIBUTION, EDGE
from gridtandem.architecture.statements import Entry, Value
from gridtandem.architecture.use_cases.actors import OPERATORS, PLATFORMS, Cast, Said
from gridtandem.architecture.use_cases.guesses import LIKELY, OPEN, TOLD, Guess
from gridtandem.architecture.use_cases.steps import Step, UseCase
from gridtandem.architecture.use_cases.words import first, folded, words

SHOWN = 4  # steps that a statement names as its source
ACTS = ("disp", "ctl", "order")


@final
@dataclass(frozen=True, slots=True)
class Telling:
    """One step between two nodes."""

    a: str
    b: str
    topic: str
    because: str
    step: Step
    word: str = ""
    item: str = ""
    sure: float = TOLD


@final
@dataclass(frozen=True, slots=True)
class Sides:
    """Who is what, and who offers to whom."""

    nodes: Mapping[str, Said]
    bids: frozenset[tuple[str, str]]
    asked: frozenset[tuple[str, str]]  # who asks somebody below the operators for a service, and the name of that process

    def tier(self, node: str) -> int:
        """Of a node; what is no tier the graph refuses later."""
        found = self.nodes[node].get("tier")
        return found if isinstance(found, int) else EDGE

    def market(self, node: str) -> bool:
        """Whether it is a platform or a market operator."""
        return self.nodes[node].get("role") in PLATFORMS

    def operator(self, node: str) -> bool:
        """Whether it operates a grid."""
        return self.nodes[node].get("role") in OPERATORS

    def down(self, a: str, b: str) -> bool:
        """Whether b stands below a."""
        return (self.tier(a), self.market(a)) < (self.tier(b), self.market(b))

    def word(self, t: Telling) -> tuple[str, str, float]:
        """What a telling is: word, item, and how sure."""
        a, b = t.a, t.b
        own, offers = self.nodes[b].get("agent_of") == a, (b, a) in self.bids
        if t.topic in ("price", "settle"):
            return t.topic, "", TOLD
        if t.topic == "prequal":
            return "info", "prequal", TOLD
        if t.topic in ("limit", "request", "instruct") and self.operator(a) and self.market(b):
            return ("lim" if t.topic == "limit" and not own else "order"), "", TOLD
        if t.topic in ("limit", "result", "instruct") and offers and self.down(a, b):
            return "disp", "", TOLD
        if t.topic == "limit":
            return ("lim", "", TOLD) if self.operator(a) else ("info", "", LIKELY)
        if t.topic in ("request", "instruct") and self.down(a, b):
            if self.operator(b) and (a, folded(t.step.name)) in self.asked:
                return "info", "sched", LIKELY
            return ("disp", "", LIKELY) if t.topic == "request" else ("ctl", "", TOLD)
        if t.topic == "bid":
            return ("bid", "", TOLD) if (a, b) in self.bids else ("info", "sched", LIKELY)
        if t.topic == "result" and self.tier(a) < EDGE:
            return "info", "sched", LIKELY
        if not t.topic and self.down(a, b) and "execut" in t.step.service.casefold():
            return "ctl", "", OPEN
        of_grid = t.item == "dgrid" and self.tier(a) != DISTRIBUTION  # somebody else's grid is none of distribution
        return ("info", t.item, TOLD) if t.item and not of_grid else ("info", "", LIKELY)


def statements(case: UseCase, actors: Cast) -> tuple[list[Entry], list[Guess]]:
    """All statements of a use-case, and what they rest on."""
    told, guesses = _told(case, actors)
    sides = _sides(told, actors)
    meant = [replace(t, word=word, item=item, sure=sure) for t in told for word, item, sure in (sides.word(t),)]
    entries = list[Entry]()
    for said, of in _joined(meant, sides):
        numbers = list(dict.fromkeys(t.step.number or str(t.step.line) for t in of))
        steps = "step " + ", ".join(numbers[:SHOWN]) + (", …" if len(numbers) > SHOWN else "")
        sure = max(t.sure for t in of)
        best = next(t for t in of if t.sure == sure)
        told_as = " ".join(filter(None, (str(said["word"]), str(said.get("strength", "")), str(said.get("item", "")))))
        guesses.append(("edge", f"{said['from']} > {said['to']}", told_as, f"{best.because}, {steps}", sure))
        entries.append(Entry({**said, "confidence": sure, "source": steps}, best.step.line))
    named = {a for t in told for a in (t.a, t.b)}
    for edge in (n for n in sides.nodes if sides.tier(n) == EDGE and "DER" in sides.nodes and "DER" not in named):
        guesses.append(("edge", f"{edge} > DER", "disp", "no customer is named", TOLD))
        entries.append(Entry({"word": "disp", "from": edge, "to": "DER", "confidence": TOLD}))
    return entries, guesses


def family(entries: Sequence[Entry], actors: Cast) -> str:
    """Who dispatches at large: who acts, or prices, below the operators."""
    tiers, acting = {str(n["name"]): n.get("tier") for n in actors.nodes}, set[Value | None]()
    for said in (e.said for e in entries if e.said["word"] in (*ACTS, "price")):
        if tiers.get(str(said["to"])) not in (BULK, DISTRIBUTION):
            acting.add(tiers[str(said["from"])])
    at = (BULK in acting, DISTRIBUTION in acting)
    return {(True, True): "Hybrid", (True, False): "TotalTSO", (False, True): "TotalDSO", (False, False): "Market"}[at]


def _told(case: UseCase, actors: Cast) -> tuple[list[Telling], list[Guess]]:
    told, guesses = list[Telling](), list[Guess]()
    for step in case.steps:
        senders, receivers = actors.of(step.sender), actors.of(step.receiver)
        if not (step.sender and step.receiver):
            guesses.append(("step", f"{step.number} {step.name}".strip(), "left out", "it names no sender or no receiver", OPEN))
        text = folded(step.text)
        topic, item = first(text, words().topics), first(text, words().items)
        because = f"{(topic or item)[1]!r}" if topic or item else "nothing said more"  # type: ignore[index]  # one of the two is there
        told += [
            Telling(a, b, topic[0].what if topic else "", because, step, item=item[0].what if item else "")
            for a in senders for b in receivers if a != b
        ]  # fmt: skip
    return told, guesses


def _sides(told: Sequence[Telling], actors: Cast) -> Sides:
    plain = Sides({str(n["name"]): n for n in actors.nodes}, frozenset(), frozenset())
    bids = frozenset((t.a, t.b) for t in told if t.topic == "bid" and not plain.market(t.a) and plain.down(t.b, t.a))
    asked = frozenset(
        (t.a, folded(t.step.name)) for t in told if t.topic in ("request", "instruct") and not plain.operator(t.b) and plain.down(t.a, t.b)
    )
    return Sides(plain.nodes, bids, asked)


def _joined(meant: Sequence[Telling], sides: Sides) -> Iterator[tuple[Said, list[Telling]]]:
    """Statements, each once, with all steps that say it; what another of them says already is left out."""
    found: dict[tuple[str, str, str, str], list[Telling]] = {}
    for t in meant:
        found.setdefault((t.word, t.a, t.b, t.item), []).append(t)
    there = {key[:3] for key in found}
    for (word, a, b, item), of in found.items():
        both = word == "lim" and ("lim", b, a) in there and sides.operator(a) and sides.operator(b)
        if both and sides.down(a, b):
            yield {"word": "coord", "from": a, "to": b, "strength": "limits"}, [*of, *found["lim", b, a, ""]]
        elif not both and not _said_already(word, a, b, item, there):
            turned = word in ACTS and ("order", b, a) in there
            yield {"word": "info" if turned else word, "from": a, "to": b, **({"item": "sched"} if turned else {"item": item} if item else {})}, of


def _said_already(word: str, a: str, b: str, item: str, there: set[tuple[str, str, str]]) -> bool:
    down = {w for w, x, y in there if (x, y) == (a, b)}
    up = {w for w, x, y in there if (x, y) == (b, a)}
    if word == "ctl":
        return "disp" in down
    if word == "bid":
        return "disp" in up
    return word == "info" and not item and bool(down - {"info", "settle"} or up & {"disp", "ctl"})
