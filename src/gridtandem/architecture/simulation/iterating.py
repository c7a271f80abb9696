"""M9, agreement by letters: what bulk and distribution operators decide together, found without either showing the other its grid.

Each round whoever plans transmission asks every distribution operator what an exchange costs and is worth, and plans again with all that it has been
told: cutting planes, the project's own scheme `cmo-cuts`, through its own mailbox. It ends at the cost of the common market; what that takes are
rounds and letters, which are counted as they cross.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import final

import numpy as np

from gridtandem.architecture.graph import BID, BULK, COORD, DISTRIBUTION
from gridtandem.architecture.relations import Chain
from gridtandem.architecture.simulation.play import Play, Reached, Way
from gridtandem.architecture.simulation.scene import Scene
from gridtandem.boundary.mailbox import Entry
from gridtandem.coordinate import coordinate
from gridtandem.schemes.cmo_cuts import CmoCuts
from gridtandem.tables import Real

ROUNDS = 200  # at most; four feeders over a day take 7
LETTER = "M9"


@final
@dataclass(frozen=True, slots=True, eq=False)
class Agreed:
    """What came of the letters."""

    z: Real  # (period, feeder) exchange [MW]
    price: Real  # (period, feeder) [currency/MWh]
    rounds: int
    letters: tuple[Entry, ...]  # between operators of transmission and distribution, question and reply each
    link: tuple[int, int]  # nodes between which they go: transmission, distribution


def negotiated(play: Play, scene: Scene) -> tuple[Play, Agreed | None, str]:
    """The play with joint decisions by letters, and what they came to; or the play as it is, and a sentence why."""
    if all(c.way is not Way.JOINT for c in play.classes):
        return play, None, ""
    link = _link(play)
    why = _unfit(play, scene) or ("no agreement links tiers 1 and 2, along which letters could go" if link is None else "")
    if why or link is None:
        return play, None, f"cleared in one program, not by letters: {why}"
    day, scheme = scene.network, CmoCuts()
    outcome = coordinate(day.seats.mailbox(scheme, day.periods), scheme, rounds=ROUNDS)
    if not outcome.agreed or outcome.state is None:
        told = f"{outcome.end.value} after {outcome.rounds} rounds{outcome.causes()}"
        return play, None, f"cleared in one program, not by letters: they end without agreement ({told})"
    names = set(day.seats.companies)
    letters = tuple(entry for entry in outcome.ledger if entry.to in names)
    agreed = Agreed(outcome.state.z[0], outcome.state.price[0], outcome.rounds, letters, link)
    classes = tuple(replace(c, way=Way.LETTERS, letter=LETTER, network=_told(play, c)) for c in play.classes)
    return replace(play, procedure=LETTER, classes=classes, models=None), agreed, ""


def _link(play: Play) -> tuple[int, int] | None:
    """Ends of the first agreement between tiers 1 and 2, transmission first."""
    e, tier = play.graph.edges, play.graph.nodes.tier
    for a, b in zip(e.from_node[e.what == COORD].tolist(), e.to_node[e.what == COORD].tolist(), strict=True):
        for t, d in ((a, b), (b, a)):
            if (int(tier[t]), int(tier[d])) == (BULK, DISTRIBUTION):
                return t, d
    return None


def _told(play: Play, c: Reached) -> tuple[Chain, ...]:
    """Chains from distribution to a class along which bids come up."""
    e = play.graph.edges
    bids = set(zip(e.from_node[e.what == BID].tolist(), e.to_node[e.what == BID].tolist(), strict=True))
    return tuple(chain for chain in c.network if all((b, a) in bids for a, b in pairwise(chain)))


def _unfit(play: Play, scene: Scene) -> str:
    """Why letters cannot do what one program does; empty where they can."""
    names = play.graph.nodes.name
    others = [f"{names[c.customer]} is not ({c.way.value})" for c in play.classes if c.way is not Way.JOINT]
    if others:
        return "all customers must be decided on together, and " + ", ".join(others)
    mute = [str(names[c.customer]) for c in play.classes if not _told(play, c)]
    if mute:
        return f"no bids of {', '.join(mute)} reach distribution"
    if scene.lost.any() and play.links:
        return f"links between tiers 1 and 2 are down in {int(scene.lost.sum())} periods"
    feeders = zip(scene.network.feeders, scene.asked, scene.asked_here, strict=True)
    if any(not (np.array_equal(asked, here) and (asked == f.steps.price).all()) for f, asked, here in feeders):
        return "somebody asks another price than its cost, and letters tell costs"
    blocks = [f.problem.owned.part.columns for f in scene.network.feeders]
    if any("q" in block and (block["q"].high > block["q"].low).any() for block in blocks):
        return "units choose their reactive power by letters, and not in one program"
    return ""
