"""Grids of any size from a formula: no file, no chance, the same on every machine."""

from __future__ import annotations

import numpy as np

from gridtandem.grid import elements as el
from gridtandem.grid.network import Network


def ring(buses: int) -> Network:
    """A 220 kV ring with a chord from every seventh bus a quarter round; every eleventh bus holds its voltage."""
    k = np.arange(buses)
    chords = k[::7]
    start, end = np.concatenate([k, chords]), np.concatenate([(k + 1) % buses, (chords + buses // 4) % buses])
    units = k[::11]
    control = np.where(units == 0, el.REFERENCE, el.VOLTAGE)
    load, supply = 20.0 + 5.0 * np.sin(k), np.full(len(units), 20.0 * buses / len(units))
    return Network(
        name=f"ring{buses}",
        buses=el.Buses(name=_names("b", buses), nominal_kv=np.full(buses, 220.0)),
        lines=el.Lines(name=_names("l", len(start)), from_bus=start, to_bus=end, r_ohm=np.full(len(start), 1.0), x_ohm=np.full(len(start), 8.0)),
        loads=el.Loads(name=_names("d", buses), bus=k, p_mw=load, q_mvar=0.3 * load),
        generators=el.Generators(name=_names("g", len(units)), bus=units, p_mw=supply, control=control, v_set_pu=np.full(len(units), 1.02)),
    )  # fmt: skip


def tree(nodes: int) -> Network:
    """A 12.66 kV feeder: a trunk through all nodes but every third, which hangs on the node before."""
    k = np.arange(1, nodes)
    above = np.where(k % 3 == 0, k - 1, np.where(k % 3 == 1, np.maximum(k - 2, 0), k - 1))
    load = 0.08 + 0.02 * np.cos(k)
    return Network(
        name=f"tree{nodes}",
        buses=el.Buses(name=_names("n", nodes), nominal_kv=np.full(nodes, 12.66)),
        lines=el.Lines(name=_names("l", nodes - 1), from_bus=above, to_bus=k, r_ohm=np.full(nodes - 1, 0.15), x_ohm=np.full(nodes - 1, 0.12)),
        loads=el.Loads(name=_names("d", nodes - 1), bus=k, p_mw=load, q_mvar=0.5 * load),
    )  # fmt: skip


def _names(letter: str, count: int) -> list[str]:
    return [f"{letter}{k}" for k in range(count)]
