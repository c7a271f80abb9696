"""What a load flow says to a person: why there is none, and what to know of one that was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridtandem.flow.control import STOPPED, Held
from gridtandem.flow.iteration import Trial
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Complex
from gridtandem.units import MVA

if TYPE_CHECKING:
    from gridtandem.flow.newton import Newton


def _restless(newton: Newton, held: Held, v: Complex) -> str:
    """Who switched as often as allowed and was then left as it was, and which transformers hold a voltage they do not reach."""
    most, t = newton.options.switches, newton.nodal.taps
    if held is newton.held and most:
        return ""
    said = []
    if len(nodes := np.flatnonzero(held.unit_moves >= most)):
        said.append(f"units at {newton.nodal.named(nodes)} met and left their reactive limits {most} times and then stayed")
    if len(taps := np.flatnonzero(held.tap_moves >= most)):
        said.append(f"transformers that hold {newton.nodal.named(t.node[taps])} moved {most} times and then stayed")
    if newton.options.taps == "move":
        idle = (held.tap == STOPPED) & (t.steps == 0) & ~held.blocked(newton.nodal, newton.roles)
        if len(taps := np.flatnonzero(idle & (abs(np.abs(v[t.node]) - t.v_set) > newton.options.hysteresis))):
            said.append(f"transformers that should hold {newton.nodal.named(t.node[taps])} have no effect there and stood still")
    return "; ".join(said)


def told(newton: Newton, held: Held, trial: Trial) -> str:
    """What a person should know of a solution."""
    rows = f"solved with rows exchanged: {trial.exchanged}" if trial.exchanged else ""
    return "; ".join(filter(None, (_restless(newton, held, trial.v), rows)))


def explained(nodal: Nodal, trial: Trial) -> str:
    where = f"; the largest mismatch, {trial.mismatch * MVA:.3g} MVA, is at {nodal.named(np.array([trial.worst]))}" if trial.worst >= 0 else ""
    return f"no load flow found: {trial.why}{where}; there may be none, if loads are more than the network can carry"
