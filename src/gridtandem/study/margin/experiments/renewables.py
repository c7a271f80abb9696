r"""How much load a system can take, by the share of renewables in its feeders and the reactive power that their converters give.

A converter of :math:`S = 1.1\,P` has :math:`\sqrt{S^2 - P^2} = 0.458\,P` left for reactive power. It gives none, all of it, or as much as holds
its voltage; the latter once with transmission's units free, which shows what the converters do, and once with reactive limits everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gridtandem.cases.altered import each_feeder, with_unit
from gridtandem.cases.case import Case
from gridtandem.cases.generate import feeder_load
from gridtandem.grid.network import Network
from gridtandem.study.margin.ask import Growth
from gridtandem.study.margin.experiment import Experiment, Trial

SHARES = (0.0, 0.2, 0.4, 0.6)
RATED = 1.1  # of a converter, MVA over MW
PLACES = ("18", "33")  # half at each
V_SET_PU = 1.0
UNITY, FULL, HOLDING = "unity power factor", "all reactive power", "holds 1 pu"
LIMITED = "Q limits everywhere"
KEPT = Growth(keep=("q",))


def trials(case: Case) -> Iterator[Trial]:
    """Shares under each kind of support; limits of transmission's units lifted, then as they are."""
    free = replace(case, transmission=_unlimited(case.transmission))
    lines = [(free, support, support) for support in (UNITY, FULL, HOLDING)] + [
        (case, support, f"{support}, {LIMITED}") for support in (UNITY, HOLDING)
    ]
    for base, support, line in lines:
        for share in SHARES:
            altered = each_feeder(base, lambda feeder, s=share, k=support: _supplied(feeder, s, k))  # type: ignore[misc]
            yield Trial(line=line, setting=f"{share:.0%}", value=100 * share, case=altered, growth=KEPT, tools=("ccpf",))


def _supplied(feeder: Network, share: float, support: str) -> Network:
    p = share * feeder_load(feeder).real / len(PLACES)
    q = p * np.sqrt(RATED**2 - 1.0)
    for bus in PLACES if share else ():
        if support == HOLDING:
            feeder = with_unit(feeder, bus, p_mw=p, reach_mvar=q, v_set_pu=V_SET_PU)
        else:
            feeder = with_unit(feeder, bus, p_mw=p, q_mvar=q if support == FULL else 0.0)
    return feeder


def _unlimited(network: Network) -> Network:
    units = network.generators
    endless = np.full(len(units), np.inf)
    none = np.zeros(len(units))
    return replace(network, generators=replace(units, q_low_mvar=-endless, q_high_mvar=endless, s_high_mva=endless, power_factor_low=none))


EXPERIMENT = Experiment(
    name="renewables", title="Renewables in feeders, and their reactive support", varied="renewables [% of the feeder's load]", trials=trials,
    shown=HOLDING,
    held="half at bus 18, half at bus 33 of each feeder, converters of 1.1 P, which do not grow; loads and networks as they are; generation grows",
)  # fmt: skip
