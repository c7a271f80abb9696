"""A peer that wants an environment of its own: it is handed the network as arrays and times itself there (`bench/pandapower_side.py`)."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from gridtandem.grid.elements import PQ, REFERENCE
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Complex, Real
from gridtandem.units import MVA

SIDE = Path(__file__).with_name("pandapower_side.py")
KV = 110.0  # one level for all: networks are handed over per unit
NOWHERE = 7  # exit code: what it needs is not there


@final
class Absent(Exception):
    """The peer is not installed."""


@final
@dataclass(frozen=True, slots=True)
class Apart:
    """pandapower's Newton on a network, with numba or on lightsim2grid's solver."""

    network: Callable[[], Nodal]
    engine: str  # numba or lightsim2grid
    start: str  # flat or file
    tol: float  # per unit

    def measured(self, python: Path | None, repeat: int) -> tuple[list[float], Complex, str]:
        """Milliseconds of each run, voltages (per unit), version."""
        if python is None:
            raise Absent
        with tempfile.TemporaryDirectory() as folder:
            given, taken = Path(folder) / "given.npz", Path(folder) / "taken.npz"
            np.savez(given, **arrays(self.network()))
            settings = json.dumps({"engine": self.engine, "start": self.start, "tol_mva": self.tol * MVA, "repeat": repeat})
            done = subprocess.run([python, SIDE, given, taken, settings], capture_output=True, text=True, check=False)
            if done.returncode == NOWHERE:
                raise Absent
            if done.returncode:
                raise RuntimeError(f"pandapower ({self.engine}) failed: {done.stderr.strip().splitlines()[-1]}")
            found = np.load(taken)
            return found["ms"].tolist(), found["v"], str(found["version"])


def arrays(nodal: Nodal) -> dict[str, Real]:
    """The network in the columns of a MATPOWER case, every node a bus; units that hold no voltage are negative loads. Loads are constant power."""
    n, u, b, loads = nodal.nodes, nodal.units, nodal.branches, nodal.loads
    s = np.zeros(n, np.complex128)
    np.add.at(s, loads.node, loads.s)
    np.subtract.at(s, u.node[u.control == PQ], u.s[u.control == PQ])
    held, first = np.unique(u.node[u.control != PQ], return_index=True)
    unit = np.flatnonzero(u.control != PQ)[first]
    p = np.bincount(u.node, np.where(u.control != PQ, u.s.real, 0.0), n)[held]
    kind = np.ones(n)
    kind[held] = 2.0
    kind[u.node[u.control == REFERENCE]] = 3.0
    one, zero, many = np.ones(n), np.zeros(n), len(b.start)
    bus = [np.arange(n), kind, s.real * MVA, s.imag * MVA, nodal.shunt.real * MVA, nodal.shunt.imag * MVA, one, np.abs(nodal.start)]
    bus += [np.degrees(np.angle(nodal.start)), KV * one, one, 2 * one, zero]
    wide = np.full(len(held), 1e6)
    gen = [held, p * MVA, 0 * p, wide, -wide, u.v_set[unit], MVA + 0 * p, 1 + 0 * p, wide, -wide]
    size, shift = np.abs(b.ratio), np.degrees(np.angle(b.ratio))
    tap = np.where((size == 1) & (shift == 0), 0.0, size)
    none, on = np.zeros(many), np.ones(many)
    branch = [b.start, b.end, b.z.real, b.z.imag, b.b, none, none, none, tap, shift, on, -360 * on, 360 * on]
    return {name: np.stack(columns, -1).astype(float) for name, columns in (("bus", bus), ("gen", gen), ("branch", branch))}
