"""Peers that want an environment of their own: handed their work as arrays, they time themselves there (`bench/pandapower_side.py`)."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from gridtandem.grid.elements import PQ, REFERENCE
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Complex, Real
from gridtandem.units import MVA

SIDE = Path(__file__).with_name("pandapower_side.py")
KV = 110.0  # one level for all: networks are handed over per unit
NOWHERE, NOTHING = 7, 8  # exit codes: what it needs is not there; it has no answer, and says why


@final
class Absent(Exception):
    """There is no figure of this peer; the words say why."""


@final
@dataclass(frozen=True, slots=True)
class Apart:
    """pandapower's Newton on a network, with numba or on lightsim2grid's solver."""

    network: Callable[[], Nodal]
    engine: str  # numba or lightsim2grid
    start: str  # flat or file
    tol: float  # per unit
    peer: str = "pandapower"

    def measured(self, python: Path | None, repeat: int) -> tuple[list[float], Complex, str]:
        """Milliseconds of each run, voltages (per unit), version."""
        settings = {"engine": self.engine, "start": self.start, "tol_mva": self.tol * MVA, "repeat": repeat}
        found = elsewhere(python, SIDE, arrays(self.network()), settings)
        return found["ms"].tolist(), found["v"], str(found["version"])


def elsewhere(python: Path | None, side: Path, given: Mapping[str, Real], settings: Mapping[str, object]) -> Mapping[str, NDArray[Any]]:
    """What a script of another environment makes of these arrays."""
    if python is None:
        raise Absent("not installed")
    with tempfile.TemporaryDirectory() as folder:
        sent, taken = Path(folder) / "given.npz", Path(folder) / "taken.npz"
        np.savez(sent, **given)
        done = subprocess.run([python, side, sent, taken, json.dumps(settings)], capture_output=True, text=True, check=False)
        if done.returncode in (NOWHERE, NOTHING):
            raise Absent("not installed" if done.returncode == NOWHERE else done.stdout.strip())
        if done.returncode:
            raise RuntimeError(f"{side.stem} failed: {done.stderr.strip().splitlines()[-1]}")
        return dict(np.load(taken).items())


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
