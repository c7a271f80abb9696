"""How long messages take, hop by hop: a polled link makes a delay uniform over its period; in bad times tier 3 has a heavy tail."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np

from gridtandem.architecture.graph import EDGE, Graph
from gridtandem.architecture.relations import Chain
from gridtandem.architecture.simulation.play import Play
from gridtandem.tables import Real

DECIDES_S = 60.0  # what an operator or platform takes to decide, ours
HEAVY = 1.5  # spread of the logarithm of a heavy-tailed delay; its median is that of the uniform one


@final
@dataclass(frozen=True, slots=True, eq=False)
class Delays:
    """Draws for one architecture on one day; equal seeds give equal draws."""

    graph: Graph
    heavy: bool
    draws: np.random.Generator

    def along(self, chain: Chain, shape: tuple[int, int]) -> Real:
        """From one end to the other (period, unit). [s]"""
        out = np.zeros(shape)
        for a, b in pairwise(chain):
            most, slow = self._period(a, b), self.heavy and max(int(self.graph.nodes.tier[k]) for k in (a, b)) >= EDGE
            out += 0.5 * most * np.exp(HEAVY * self.draws.standard_normal(shape)) if slow else most * self.draws.random(shape)
        return out

    def mean(self, chain: Chain) -> float:
        """Half the period of every hop. [s]"""
        return 0.5 * sum(self._period(a, b) for a, b in pairwise(chain))

    def _period(self, a: int, b: int) -> float:
        e = self.graph.edges
        rows = ((e.from_node == a) & (e.to_node == b)) | ((e.from_node == b) & (e.to_node == a))
        return float(e.latency_s[rows].min()) if rows.any() else 0.0


def deciders(play: Play, chain: Chain) -> int:
    """How many on a chain decide."""
    return sum(k == play.bulk or k in play.networks for k in chain)
