"""What a load flow says to a person: why there is none, and what to know of one that was found."""

from __future__ import annotations

import numpy as np

from gridtandem.flow.control import STOPPED, Held
from gridtandem.flow.iteration import Trial
from gridtandem.flow.options import Options
from gridtandem.flow.roles import Roles
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Complex
from gridtandem.units import MVA


def _restless(nodal: Nodal, roles: Roles, options: Options, held: Held, v: Complex) -> str:
    """Who switched as often as allowed and was then left as it was, and which transformers hold a voltage they do not reach."""
    most, t, said = options.switches, nodal.taps, []
    if len(nodes := np.flatnonzero(held.unit_moves >= most)):
        said.append(f"units at {nodal.named(nodes)} met and left their reactive limits {most} times and then stayed")
    if len(taps := np.flatnonzero(held.tap_moves >= most)):
        said.append(f"transformers that hold {nodal.named(t.node[taps])} moved {most} times and then stayed")
    if options.taps == "move":
        idle = (held.tap == STOPPED) & (t.steps == 0) & ~held.blocked(nodal, roles)
        if len(taps := np.flatnonzero(idle & (abs(np.abs(v[t.node]) - t.v_set) > options.hysteresis))):
            said.append(f"transformers that should hold {nodal.named(t.node[taps])} have no effect there and stood still")
    return "; ".join(said)


def told(nodal: Nodal, roles: Roles, options: Options, held: Held | None, trial: Trial) -> str:
    """What a person should know of a solution; ``held``: what control came to, where it moved anything or may not."""
    restless = "" if held is None else _restless(nodal, roles, options, held, trial.v)
    rows = f"solved with rows exchanged: {trial.exchanged}" if trial.exchanged else ""
    return "; ".join(filter(None, (restless, rows)))


def explained(nodal: Nodal, trial: Trial) -> str:
    where = f"; the largest mismatch, {trial.mismatch * MVA:.3g} MVA, is at {nodal.named(np.array([trial.worst]))}" if trial.worst >= 0 else ""
    return f"no load flow found: {trial.why}{where}; there may be none, if loads are more than the network can carry"
