"""Bad weather on the road: letters are lost, late, or arrive twice. A scheme goes on with what it last heard; nobody may agree on it.

A reply that does not come is replaced by the newest that did. ``lag`` is the largest difference between a letter just asked and the
letter whose answer was used, and the loop takes an agreement only when it is within tolerance. A reply older than one already used
is thrown away, so repeated and overtaken letters change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar, cast, final

import numpy as np

from gridtandem.boundary.layout import Ask, distance, join, split
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mailbox, Party
from gridtandem.tables import Index

R = TypeVar("R")


@final
@dataclass(frozen=True, slots=True)
class Post:
    """A reply on its way."""

    due: int
    sent: int
    question: Any
    reply: Any


@final
@dataclass(slots=True)
class Weather:
    """A mailbox in bad weather; same seed, same weather."""

    mail: Mailbox
    loss: float = 0.0  # share of replies that never come
    delay: int = 0  # rounds a reply is on its way
    repeat: float = 0.0  # share of replies that come a second time, later
    seed: int = 0
    waits: int = 0  # times a first answer had to be asked for again
    under_way: dict[tuple[str, str], list[Post]] = field(default_factory=dict)
    known: dict[tuple[str, str], Post] = field(default_factory=dict)
    behind: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int, int]:
        """See `Mailbox.shape`."""
        return self.mail.shape

    @property
    def lag(self) -> float:
        """Largest distance between question asked and question answered, over this round's letters."""
        return max((far for when, far in self.behind.values() if when == self.mail.round), default=0.0)

    def ask_tso(self, question: Ask[R], *, worth: Worth = Worth.REFUSED) -> R:
        """See `Mailbox.ask_tso`."""
        return self._ask(self.mail.tso, question, np.arange(self.mail.width), worth)

    def ask_dsos(self, question: Ask[R], *, worth: Worth = Worth.REFUSED) -> R:
        """See `Mailbox.ask_dsos`."""
        return join([(rows, self._ask(d, split(question, rows), rows, worth)) for d, rows in self.mail.dsos], self.mail.width)

    def _ask(self, party: Party, question: Ask[R], rows: Index, worth: Worth) -> R:
        key, now = (party.name, type(question).__name__), self.mail.round
        fresh = Post(now, now, question, self.mail.deliver(party, question, rows, worth))
        dice = np.random.default_rng([self.seed, now, *key[0].encode(), *key[1].encode()])
        lost, again, later = dice.random() < self.loss, dice.random() < self.repeat, int(dice.integers(1, 4))
        road = self.under_way.setdefault(key, [])
        if not lost:
            road.append(Post(now + self.delay, now, question, fresh.reply))
        if again and not lost:
            road.append(Post(now + self.delay + later, now, question, fresh.reply))
        for post in [p for p in road if p.due <= now]:
            road.remove(post)
            if key not in self.known or post.sent > self.known[key].sent:
                self.known[key] = post
        if key not in self.known:
            self.waits += 1
            self.known[key] = fresh
        used = self.known[key]
        self.behind[key] = (now, distance(question, used.question))
        return cast(R, used.reply)
