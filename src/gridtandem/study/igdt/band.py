r"""What is uncertain, and how far: forecasts P̃ of free power, and demand, within a band that one number α widens.

.. math:: U(\alpha) = \{P : |P_{it} - \tilde P_{it}| \le \alpha\, w_i\, \tilde P_{it}\}, \qquad w_i \in [0, 1]

Free power is what costs nothing per MWh (sun, wind). Where it can be left unused, more of it never costs more: whatever is feasible with less is
feasible with more. So the dearest point of the band is its lower end in all hours at once, the cheapest the upper one. A unit that must be taken
breaks that, and is refused. Demand has no such law: more of it may relieve a line; so other errors of demand are looked at after the search.

Source: Y. Ben-Haim, "Info-Gap Decision Theory", 2nd ed., Academic Press 2006 (envelope-bound model).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid import devices as dv
from gridtandem.grid.network import Network
from gridtandem.resources.part import Window
from gridtandem.resources.steps import UNIT, PricedSteps
from gridtandem.tables import Index, Names, Real

OTHER = "other"  # technology of free power that follows no profile


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """How α spreads: over technologies, which are the profiles that units follow, and over demand."""

    weights: Mapping[str, float] = field(default_factory=dict)  # by technology; those not named have 1
    load: float = 0.0  # weight of demand; 0: it is certain

    @staticmethod
    def read(given: Mapping[str, float | str]) -> Band:
        """From words and numbers; ``load`` is demand."""
        if words := [name for name, x in given.items() if isinstance(x, str)]:
            raise InvalidCase(Fault("band", f"is {given[name]!r}", "give a number from 0 to 1", "igdt-002", column=name) for name in words)
        weights = {name: float(x) for name, x in given.items()}
        return Band(weights={name: x for name, x in weights.items() if name != "load"}, load=weights.get("load", 0.0))

    def of(self, technologies: Names) -> Real:
        """Weight of each."""
        return np.array([self.weights.get(str(name), 1.0) for name in technologies.tolist()])

    def faults(self, case: Case) -> Iterator[Fault]:
        """Weights that mean nothing here, units that must be taken, and forecasts that are not there."""
        known = sorted({str(name) for net in case.models for name in technologies(net).tolist()})
        for name, weight in self.weights.items():
            if name not in known:
                mend = f"there are: {', '.join(known)}" if known else "no unit of these feeders gives free power"
                yield Fault("band", "is no technology here", mend, "igdt-001", column=name)
            if not 0 <= weight <= 1:
                yield Fault("band", f"has weight {weight:g}", "give 0 (certain) to 1", "igdt-002", column=name)
        if not 0 <= self.load <= 1:
            yield Fault("band", f"has weight {self.load:g}", "give 0 (certain) to 1", "igdt-002", column="load")
        for net in case.models:
            for k in free_units(net).tolist():
                if net.generators.p_low_mw[k] > 0:
                    told = f"of {net.name!r} must be taken: {net.generators.p_low_mw[k]:g} MW at least"
                    mend = "let it give 0 MW; else more of it may cost more, and the ends of the band are not what it costs at worst or at best"
                    yield net.generators.fault(k, "p_low_mw", told, mend, "igdt-003")

    def moves(self, case: Case) -> bool:
        """Whether anything in the band is uncertain at all."""
        free = any(bool((self.of(technologies(net)) > 0).any()) for net in case.models)
        return free or (self.load > 0 and any(len(net.loads) for net in case.models))


def free_units(net: Network) -> Index:
    """Rows of units whose power costs nothing, all of it."""
    steps = PricedSteps.of(replace(net, profiles=dv.Profiles.empty(), follows=dv.Follows.empty()), Window(), source=False)
    mine = (steps.source == UNIT) & (steps.high[0] > 0)
    free = mine & (steps.price == 0) & (steps.slope == 0)
    return np.setdiff1d(steps.row[free], steps.row[mine & ~free])


def counted(net: Network) -> tuple[list[str], list[str]]:
    """Names of units in the band, and of those that follow a profile but cost something, so that they are taken for certain."""
    free = free_units(net)
    follows = net.follows.take(net.follows.what == dv.FOLLOWERS.index("generators"))
    named = np.flatnonzero(np.isin(net.generators.name, follows.row) & net.generators.live)
    return net.generators.name[free].tolist(), net.generators.name[np.setdiff1d(named, free)].tolist()


def technologies(net: Network) -> Names:
    """Profile that each free unit follows."""
    follows = net.follows.take(net.follows.what == dv.FOLLOWERS.index("generators"))
    of = dict(zip(follows.row.tolist(), follows.profile.tolist(), strict=True))
    names = net.generators.name[free_units(net)].tolist()
    return np.array([str(of.get(name, of.get("", OTHER))) for name in names], dtype=str)


def end_of(case: Case, band: Band, alpha: float) -> Case:
    """The case at an end of the band: below 0 less free power and more demand, above 0 the other way."""
    return replace(case, models=tuple(_moved(net, band, alpha) for net in case.models))


def _moved(net: Network, band: Band, alpha: float) -> Network:
    g, points = net.generators, net.cost_points
    factor = np.ones(len(g))
    factor[free_units(net)] = np.maximum(1 + alpha * band.of(technologies(net)), 0.0)
    units = replace(g, p_high_mw=np.where(factor == 1, g.p_high_mw, g.p_high_mw * factor))
    scaled = replace(points, p_mw=points.p_mw * factor[points.generator], cost_per_h=points.cost_per_h * factor[points.generator])
    more = max(1 - alpha * band.load, 0.0)
    return replace(net, generators=units, cost_points=scaled, loads=replace(net.loads, p_mw=net.loads.p_mw * more, q_mvar=net.loads.q_mvar * more))
