"""The only road between parties: splits a letter by party, delivers, checks the reply's type, joins, counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, final

import numpy as np

from gridtandem.boundary.layout import Ask, join, numbers, reply_type, split
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.wire import text
from gridtandem.errors import CannotAnswer
from gridtandem.tables import Index

R = TypeVar("R")


class Party(Protocol):
    """A company at the boundary."""

    @property
    def name(self) -> str: ...
    @property
    def answers(self) -> frozenset[type]: ...
    def ask(self, question: Ask[R]) -> R: ...


class Desk(Protocol):
    """A part of a company that answers a few kinds of letter."""

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]: ...


class Mail(Protocol):
    """What a scheme sees of the world."""

    @property
    def shape(self) -> tuple[int, int, int]: ...
    @property
    def lag(self) -> float: ...
    def ask_tso(self, question: Ask[R], *, worth: Worth = Worth.REFUSED) -> R: ...
    def ask_dsos(self, question: Ask[R], *, worth: Worth = Worth.REFUSED) -> R: ...


@final
@dataclass(frozen=True, slots=True)
class Company:
    """A party as a bundle of desks."""

    name: str
    desks: tuple[Desk, ...]

    @property
    def answers(self) -> frozenset[type]:
        """Kinds of letters that some desk answers."""
        return frozenset(q for d in self.desks for q in d.answers)

    def ask(self, question: Ask[R]) -> R:
        """Hand the letter to the desk that answers its kind."""
        for desk in self.desks:
            if answer := desk.answers.get(type(question)):
                reply: R = answer(question)
                return reply
        known = ", ".join(sorted(q.__name__ for q in self.answers)) or "nothing"
        raise CannotAnswer(f"{self.name} does not answer {type(question).__name__}; it answers {known}")


@final
@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: what crossed, in which round, and how much."""

    round: int
    to: str
    question: str
    interfaces: int
    numbers_down: int  # in the question
    numbers_up: int  # in the reply
    bytes: int  # both as JSON text


@final
class Refused(Exception):
    """Inside a round: a reply is worth too little to go on. The loop turns it into an outcome; it never leaves it."""


@final
@dataclass(frozen=True, slots=True)
class Refusal:
    """Rows a party was the first not to answer, or not well enough: (scenario, period, interface) in the whole question."""

    by: str
    question: str
    rows: tuple[tuple[int, int, int], ...]


@final
@dataclass(slots=True)
class Mailbox:
    """Everybody present, everything delivered at once."""

    tso: Party
    dsos: tuple[tuple[Party, Index], ...]
    axes: tuple[int, int] = (1, 1)  # scenarios and periods that all parties agreed to speak about
    weigh: bool = True  # write each letter as JSON to know its bytes; 0 in the ledger otherwise
    clerk: Party | None = None  # answers for all companies at once, to the bit as each by itself; none: every company is asked
    round: int = 0  # set by the loop, for the ledger
    ledger: list[Entry] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    width: int = field(init=False)

    def __post_init__(self) -> None:
        rows = np.concatenate([np.empty(0, np.int64), *(r for _, r in self.dsos)])
        if sorted(rows.tolist()) != list(range(len(rows))):
            raise ValueError("every interface needs exactly one party behind it")
        self.width = len(rows)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(scenarios, periods, interfaces) of every dense field."""
        return (*self.axes, self.width)

    @property
    def lag(self) -> float:
        """How far the letters just answered are behind those just asked. Here nothing is late."""
        return 0.0

    def ask_tso(self, question: Ask[R], *, worth: Worth = Worth.REFUSED) -> R:
        """``worth`` is the least that every row of the reply must be worth; less ends the run with the rows named."""
        return self.deliver(self.tso, question, np.arange(self.width), worth)

    def ask_dsos(self, question: Ask[R], *, worth: Worth = Worth.REFUSED) -> R:
        """Ask every distribution company about its own interfaces. Whoever answers, each has its own letter, and its own line in the ledger."""
        asked = [(d, rows, split(question, rows)) for d, rows in self.dsos]
        if self.clerk is None:
            return join([(rows, self.deliver(d, part, rows, worth)) for d, rows, part in asked], self.width)
        whole = self.clerk.ask(question)
        if not asked:  # nobody to ask: the clerk's reply is over no interface
            return whole
        return join([(rows, self._booked(d.name, part, split(whole, rows), rows, worth)) for d, rows, part in asked], self.width)

    def deliver(self, party: Party, question: Ask[R], rows: Index, worth: Worth) -> R:
        """One letter to one party; its reply is checked, weighed and written into the ledger."""
        return self._booked(party.name, question, party.ask(question), rows, worth)

    def _booked(self, name: str, question: Ask[R], reply: R, rows: Index, worth: Worth) -> R:
        due = reply_type(type(question))
        if not isinstance(reply, due):
            raise TypeError(f"{name} answered {type(question).__name__} with {type(reply).__name__}, not {due.__name__}")
        size = len(text(question)) + len(text(reply)) if self.weigh else 0
        self.ledger.append(Entry(self.round, name, type(question).__name__, len(rows), numbers(question), numbers(reply), size))
        self._weigh(name, type(question).__name__, np.asarray(getattr(reply, "worth", np.empty((0, 0, 0)))), rows, worth)
        return reply

    def _weigh(self, name: str, question: str, have: Any, rows: Index, worth: Worth) -> None:
        if (poor := have < max(worth, Worth.ESTIMATE)).any():
            told = {row[:2] for r in self.refusals for row in r.rows}  # a scenario dies once; what follows is no news
            found = [(int(s), int(t), int(rows[i])) for s, t, i in zip(*np.nonzero(poor), strict=True)]
            new = tuple(row for row in found if row[:2] not in told)
            self.refusals += [Refusal(name, question, new)] if new else []
        if (have < worth).any():
            raise Refused
