"""What an architecture lets each do, to be carried out: how each class of customers is dispatched, who knows what, who bounds whom.

A class of customers is a node of tier 4. Its *way* says how it comes to a set-point. A play has a letter M0 to M12 for the way of most of its
flexible power; classes of one architecture may go different ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import final

from gridtandem.architecture.graph import Graph
from gridtandem.architecture.relations import Chain

PROCEDURES: Mapping[str, str] = {
    "M0": "central, blind to distribution", "M1": "central, with a model of distribution", "M2": "common market", "M3": "two markets, uncoordinated",
    "M4": "central within envelopes", "M5": "layered, by curves", "M6": "layered, one after the other", "M7": "fragmented at agreed exchanges",
    "M8": "platform with several buyers", "M9": "iterative, by letters", "M10": "one company", "M11": "prices only",
}  # fmt: skip


class Way(Enum):
    """How a class of customers comes to a set-point."""

    BLIND = "the bulk market takes its bids, without limits of distribution"
    SEEN = "the bulk market takes its bids, with a model of distribution"
    JOINT = "bulk and distribution operator clear its bids together, each with its own model"
    LETTERS = "bulk and distribution operator agree on it by letters about the exchange; neither shows its model"
    BOXED = "the bulk market takes its bids within envelopes of the distribution operator"
    TWICE = "bulk market and distribution operator both buy from it at once"
    LEFTOVER = "the distribution operator buys first what its limits force; the bulk market takes what is left"
    FILTERED = "the same, where the distribution operator passes on only what its limits allow"
    REST = "the distribution operator buys first what its limits force, and offers the rest in one curve"
    CURVE = "the distribution operator offers it to the bulk market in one curve, and shares the award out"
    LOCAL = "the distribution operator dispatches it against a price; the exchange is agreed"
    OWN = "a retailer dispatches it at the price of the bulk market"
    PRICED = "it answers prices"
    HELD = "one company for transmission and distribution controls it"


@final
@dataclass(frozen=True, slots=True)
class Reached:
    """One class of customers."""

    customer: int  # node
    share: float  # of flexible power
    way: Way
    bulk: tuple[Chain, ...] = ()  # from who clears the bulk market (or a platform) to the customer, past distribution
    network: tuple[Chain, ...] = ()  # from the distribution operator to the customer, by dispatch
    through: tuple[Chain, ...] = ()  # from the bulk operator through the distribution operator to the customer
    control: tuple[Chain, ...] = ()  # from the distribution operator to the customer, by control without bids
    own: tuple[Chain, ...] = ()  # from somebody with an objective of his own
    priced: tuple[Chain, ...] = ()  # along prices alone
    boxed_at: int = -1  # node that is told the envelope; −1: none
    letter: str = ""  # M0 … M12, of this class
    reason: str = ""  # statements that decided it, and why

    @property
    def routes(self) -> tuple[Chain, ...]:
        """Chains along which its units hear set-points or prices from whoever decides them last: each serves an equal part of them."""
        beside = tuple(c for c in self.network if not any(b[0] in c for b in self.bulk))  # past the platform, where one clears
        found = {
            Way.CURVE: self.network, Way.REST: self.network, Way.LOCAL: self.network, Way.LETTERS: self.network, Way.OWN: self.own,
            Way.PRICED: self.priced, Way.JOINT: (*self.bulk, *beside), Way.HELD: (*self.network, *self.control, *self.bulk) or self.through,
        }.get(self.way, self.bulk)  # fmt: skip
        every = found or (*self.bulk, *self.network, *self.through, *self.own, *self.priced, *self.control)
        return tuple(sorted(dict.fromkeys(every), key=lambda c: (len(c), c)))

    def heard_first(self, route: Chain) -> Chain:
        """The chain between whoever starts deciding and the units of a route: of a shared award, the bulk operator."""
        longer = [c for c in self.through if c[-len(route) :] == route]
        return min(longer, key=len) if longer and self.way in (Way.CURVE, Way.REST) else route

    @property
    def taken(self) -> tuple[Chain, ...]:
        """Chains along which its way goes, the shortest of each sort."""
        sorts = {
            Way.TWICE: (self.network, self.bulk), Way.LEFTOVER: (self.network, self.bulk), Way.FILTERED: (self.network, self.bulk),
            Way.JOINT: (self.bulk, self.network) if self.bulk else (self.through,), Way.REST: (self.through,), Way.CURVE: (self.through,),
            Way.LOCAL: (self.network or self.control,), Way.OWN: (self.own,), Way.PRICED: (self.priced,),
            Way.LETTERS: (self.network,), Way.HELD: ((*self.bulk, *self.through, *self.network, *self.control),),
        }.get(self.way, (self.bulk,))  # fmt: skip
        return tuple(chains[0] for chains in sorts if chains)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Play:
    """An architecture as a procedure."""

    graph: Graph
    procedure: str  # M0 … M12, of most of the flexible power
    bulk: int  # node that clears the bulk market or the platform
    networks: tuple[int, ...]  # distribution operators that act, the first one decides
    classes: tuple[Reached, ...]
    models: tuple[int, int] | None  # edge along which models of distribution reach who clears: (from, to); None: they do not
    links: tuple[tuple[int, int], ...]  # between companies of tiers 1 and 2, on which the play depends: (from, to)
    buyers: tuple[int, ...] = ()  # commercial parties that buy on the platform
    arb: float = 1.0  # how far a platform settles between its buyers
    reasons: tuple[str, ...] = ()  # statements that decided it, in words
