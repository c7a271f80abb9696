"""The load flow of one three-phase feeder, from a file or a network to tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from gridtandem.cases.opendss.read import read_opendss
from gridtandem.errors import Fault, InvalidCase
from gridtandem.flow.phase_branches import phase_branches
from gridtandem.flow.phase_results import ThreePhaseResults, phase_results
from gridtandem.flow.phases import ReadyPhases
from gridtandem.flow.regulators import Regulated, control_voltages, regulate, unsolved
from gridtandem.grid.phase_tree import PhaseTree, phase_tree
from gridtandem.grid.three_phase import ThreePhaseNetwork

Taps = Literal["hold", "move"]
LOW_ROOT_PU = 0.5  # below it a root's voltage is noted: no load is meant for it


def three_phase(
    feeder: ThreePhaseNetwork | str | Path, *, root_pu: float | None = None, loading: float = 1.0, taps: Taps = "hold"
) -> ThreePhaseResults:
    """The load flow of a three-phase feeder (an OpenDSS master file, or a network), as tables.

    ``root_pu`` is the voltage behind the source's impedance, that of the feeder where it is not given. ``loading`` multiplies loads, not
    generators. ``taps`` hold: regulators stand where the feeder has them; move: they step from there until their bands are kept.
    A feeder that is no tree, or has what a sweep does not serve, is refused with all reasons.
    """
    if not isinstance(feeder, ThreePhaseNetwork | str | Path):
        raise TypeError(f"three_phase takes an OpenDSS file or a ThreePhaseNetwork, not {feeder!r}")
    if taps not in ("hold", "move"):
        raise InvalidCase([Fault("taps", f"is {taps!r}", "it must be one of hold, move", "study-001")])
    tree = phase_tree(feeder if isinstance(feeder, ThreePhaseNetwork) else read_opendss(feeder))
    size = abs(complex(tree.source[0]))
    source = tree.network.sources
    v_root = size if root_pu is None else root_pu * size / float(source.v_pu[0])
    if faults := [Fault(name, f"is {x:g}", "give a finite number above 0", "study-020") for name, x in (("root_pu", v_root),) if not 0 < x < np.inf]:
        raise InvalidCase(faults)
    if not 0 <= loading < np.inf:
        raise InvalidCase([Fault("loading", f"is {loading:g}", "give a finite number of 0 or more", "study-021")])
    found = regulate(tree, v_root, loading) if taps == "move" else held(tree, v_root, loading)
    at = float(source.v_pu[0]) if root_pu is None else root_pu
    told = phase_results(tree, found, at, loading)
    low = f"the root stands at {at:g} pu, less than half of its nominal voltage; is that meant?"
    return replace(told, notes=(*told.notes, low)) if at < LOW_ROOT_PU else told


def held(tree: PhaseTree, v_root: float, loading: float) -> Regulated:
    """The sweep with all taps where the network has them."""
    t = tree.network.transformers
    taps = np.stack([t.tap_from_pu, t.tap_to_pu])
    swept = ReadyPhases.at([tree], [phase_branches(tree, taps[0], taps[1])]).sweep(np.array([v_root]), np.array([loading]), slope=False)
    seen = control_voltages(tree, taps, swept.v)
    return Regulated(tap_from=taps[0], tap_to=taps[1], control_v=seen, swept=swept, rounds=0, trouble=unsolved(swept))
