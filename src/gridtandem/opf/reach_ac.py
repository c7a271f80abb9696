r"""How far a feeder can go under full AC physics, at a voltage that transmission holds.

.. math:: \max\; d_P P + d_Q Q \quad\text{over all states of the feeder with } |V_{root}| = v

Costs do not count, all limits do. The problem is not convex: what is found is the farthest point nearby, which the feeder can have, but a point
farther off may exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.opf.ac import AcOpf
from gridtandem.opf.ac_boundary import AcBoundary, Asked, solved
from gridtandem.opf.reach import Touch
from gridtandem.program.answer import Answer
from gridtandem.tables import Names, Real
from gridtandem.units import MVA

SEEN = 1e-4  # MW by MW of a limit; interior points leave less on limits that do not hold
FIXED = "fixed"  # how limits without a choice begin


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AcReach:
    """A feeder at a voltage; implements `gridtandem.opf.reach.Asks`."""

    at: AcBoundary
    home: Answer  # some state, from which searches begin
    v: Real  # (1) [pu]

    @staticmethod
    def of(network: Network, root: int, voltage_pu: float) -> AcReach:
        """Of a feeder that transmission holds at its root."""
        at, v = AcBoundary.of(uncosted(network), np.array([root]), 1.0), np.array([voltage_pu])
        return AcReach(at=at, v=v, home=at.least(Asked(toll=at.free(), fixed={2: v})))

    @property
    def trouble(self) -> str:
        """Which limits would have to give way for the feeder to have a state at this voltage at all; empty where it has one."""
        return "" if solved(self.home) else self.at.explained(Asked(toll=self.at.free(), fixed={2: self.v}))

    def farthest(self, way: Real, start: Touch | None, fixed: tuple[int, float] | None = None) -> Touch | None:
        """See `gridtandem.opf.reach.Asks`."""
        slope = np.concatenate([-way, [0.0]])[None]
        given = {2: self.v} if fixed is None else {2: self.v, fixed[0]: np.array([fixed[1] / MVA])}
        asked = Asked(toll=replace(self.at.free(), slope=slope), fixed=given)
        for begin in (self.home,) if start is None else (start.answer, self.home):
            if solved(answer := self.at.least(asked, begin)):
                point = self.at.exchange(answer)[0, :2] * MVA
                stops = stopping(self.at.problem, answer, int(self.at.port[0]))
                return Touch(point=point, way=way, stops=stops, answer=answer, real=True)
        return None


def uncosted(network: Network) -> Network:
    """The network with units that cost nothing."""
    return replace(network, costs=el.Costs.empty(), cost_points=el.CostPoints.empty())


def stopping(problem: AcOpf, answer: Answer, port: int) -> tuple[str, ...]:
    """Limits that bind, the strongest first: by MW that one MW, MVA, 0.01 pu or 0.01 rad more of it would bring; what is fixed in any case, last."""
    found = [(words.startswith(FIXED), -abs(rate), words) for rate, words in _limits(problem, answer, port) if abs(rate) > SEEN]
    return tuple(dict.fromkeys(words for _, _, words in sorted(found)))


def _limits(problem: AcOpf, answer: Answer, port: int) -> Iterator[tuple[float, str]]:
    """Every limit with what more of it would bring; at a lower limit that is above 0."""
    form, columns = problem.form, problem.program.columns
    nodal, net = form.nodal, form.nodal.network
    br, row = nodal.branches, nodal.units.row
    branches = np.concatenate([net.lines.name[br.row[br.kind == 0]], net.transformers.name[br.row[br.kind == 1]]])
    units, s, factor = net.generators.name[row], net.generators.s_high_mva[row], net.generators.power_factor_low[row]
    v = answer.reduced["v"]
    yield from ((rate, f"{_end(rate)} voltage at {nodal.label[k]!s}") for k, rate in enumerate(v.tolist()) if k != port)
    for block, word in (("p", "P"), ("q", "Q")):
        still = columns[block].low == columns[block].high
        for k, rate in enumerate(answer.reduced[block].tolist()):
            yield rate, f"{FIXED if still[k] else _end(rate)} {word} of {units[k]}"
    yield from _named(answer.price["capability"] * 2 * s[np.isfinite(s)] / MVA, units[np.isfinite(s)], "apparent power of")
    yield from _named(answer.price["factor"].sum(0), units[factor > 0], "power factor of")
    yield from _named((answer.price["flow_from"] + answer.price["flow_to"]) * 2 * form.rating, branches[form.rated], "flow on")
    yield from _named(answer.price["angle"], branches[form.angled], "angle across")


def _named(rates: Real, names: Names, what: str) -> Iterator[tuple[float, str]]:
    yield from ((float(rate), f"{what} {name}") for rate, name in zip(rates, names.tolist(), strict=True))


def _end(rate: float) -> str:
    return "lowest" if rate > 0 else "highest"
