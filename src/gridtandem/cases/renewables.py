"""Renewables in feeders as a share of what they serve: how `tandem contingency … --re 60%` and sweeps over shares change a case.

The share is that of the feeders' load at calibration voltage. Units stand at every bus that has load, in proportion to it, as roofs do, at unity
power factor and on schedule; what units of the case schedule already counts.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.generate import bus_load
from gridtandem.errors import Unreadable
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network


def with_renewables(case: Case, share: float) -> Case:
    """The case with so much of each feeder's load, from 0 on, served by units inside it; above 1 feeders send power back."""
    if not isinstance(share, int | float) or not 0 <= share < np.inf:
        raise Unreadable(f"a share of renewables is a number of 0 or more; {share!r} is not")
    if not len(case.interfaces):
        raise Unreadable(f"{case.name} has no feeders in which renewables could stand")
    note = f"Renewables: {100 * share:g} % of the load of every feeder, at its load buses in proportion to their load, unity power factor."
    return replace(case, models=tuple(served(model, share) for model in case.models), notes=(*case.notes, note))


def renewable_share(case: Case) -> float:
    """What units inside the feeders schedule, as a share of the feeders' load, all parallel feeders counted; NaN where there is none."""
    factor = np.bincount(case.interfaces.model, case.interfaces.count * case.interfaces.scale / case.ports, len(case.models))
    load = sum(f * bus_load(m).real.sum() for f, m in zip(factor.tolist(), case.models, strict=True))
    units = sum(f * _scheduled(m) for f, m in zip(factor.tolist(), case.models, strict=True))
    return float(units / load) if load else float("nan")


def served(feeder: Network, share: float) -> Network:
    """The feeder with so much of its load served by units at the buses that have load."""
    load = np.maximum(bus_load(feeder).real, 0.0)
    more = share * load.sum() - _scheduled(feeder)
    if more < -1e-9 * load.sum():
        had = 100 * _scheduled(feeder) / load.sum()
        raise Unreadable(f"units of feeder {feeder.name} serve {had:.4g} % of its load already; ask for that or more")
    at = np.flatnonzero(load)
    if not len(at) or more <= 0:
        return feeder
    p, units = more * load[at] / load.sum(), feeder.generators
    new = el.Generators.of({
        "name": [f"RE{name}" for name in feeder.buses.name[at]], "bus": at, "p_mw": p, "p_low_mw": 0 * p, "p_high_mw": p, "q_low_mvar": 0 * p,
        "q_high_mvar": 0 * p,
    })  # fmt: skip
    return replace(feeder, generators=el.Generators(**{c: np.concatenate([getattr(units, c), getattr(new, c)]) for c in units.columns()}))


def _scheduled(feeder: Network) -> float:
    """What units schedule that are no reference. [MW]"""
    units = feeder.generators
    return float(units.p_mw[units.live & (units.control != el.REFERENCE)].sum())
