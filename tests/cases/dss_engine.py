"""OpenDSS at the voltage that a dispatch found: what the engine makes of the same feeder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gridtandem.study.dispatch.run import DispatchResult


def engine_at(dss: Path, v_pu: float, units: Mapping[str, tuple[float, float]]) -> Any:
    """The file at this voltage behind its source's impedance; controls and the voltage limits of loads are off, taps stay where the file left
    them, and ``units`` (kV line to line, MW) inject constant power without reactive power.
    """
    import opendssdirect

    engine = opendssdirect.dss.NewContext()
    commands = [f'compile "{dss}"', "set controlmode=off tolerance=1e-12 maxiterations=500", "batchedit load..* vminpu=0.3 vmaxpu=1.7"]
    commands += [f"edit generator.{name} kv={kv} model=1 vminpu=0.3 vmaxpu=1.7 kw={1e3 * mw!r} kvar=0" for name, (kv, mw) in units.items()]
    for command in [*commands, f"Vsource.source.pu={v_pu!r}", "solve"]:
        engine.Text.Command(command)
    assert engine.Solution.Converged()
    return engine


def decided_mw(found: DispatchResult, unit: str) -> float:
    """What a unit of the feeder injects on all its phases."""
    d = found.tables.decisions
    return float(d.p_mw[(d.feeder != "") & np.char.startswith(d.unit, unit)].sum())


def boundary_of(engine: Any, v_pu: float) -> complex:
    """Power that enters behind the short-circuit impedance of the source. [MVA]"""
    engine.Circuit.SetActiveElement("Vsource.source")
    amps = np.array(engine.CktElement.Currents()).view(complex)[:3]
    engine.Vsources.First()
    volts = 1e3 * v_pu * engine.Vsources.BasekV() / np.sqrt(3) * np.exp(1j * np.radians(engine.Vsources.AngleDeg() - 120.0 * np.arange(3)))
    return complex(-(volts * amps.conj()).sum()) / 1e6
