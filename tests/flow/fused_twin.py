"""Feeders that keep their voltages, as one would write it on paper: one after the other, node by node. Twin of the compiled kernel."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gridtandem.grid.forest import Forest
from gridtandem.grid.nodal import LoadLaw
from gridtandem.tables import Complex
from tests.flow.sweep_twin import gather


@dataclass
class Feeder:
    """A forest of one feeder, with its voltages and what the last sweep found. [per unit]"""

    forest: Forest
    scale: float
    loading: float
    u: Complex = field(default_factory=lambda: np.empty(0, complex))
    root: float = np.nan
    drawn: complex = 0j
    entering: complex = 0j
    slope: complex = 0j  # by the logarithm of the root voltage
    far: float = np.nan

    def demand(self) -> tuple[Complex, Complex]:
        """Of each node, and its derivative by ln|U|."""
        law, f, size = self.forest.loads, self.forest, abs(self.forest.turn * self.u)
        own = LoadLaw(node=law.node, s=law.s, exponent=law.exponent, z_share=law.z_share, i_share=law.i_share, v0=law.v0)
        s, ds = own.at(size[law.node])
        total, bend = -f.injection.astype(complex), np.zeros(len(f.parent), complex)
        np.add.at(total, law.node, self.loading * s)
        np.add.at(bend, law.node, self.loading * ds * size[law.node])
        return self.scale * total, self.scale * bend

    def sweep(self, root: float, times: int) -> None:
        """So many sweeps at this root voltage, on from the voltages there are."""
        f, g = self.forest, self.forest.turn
        z, y = f.z / abs(g) ** 2, f.shunt * abs(g) ** 2
        self.u = np.full(len(f.parent), root, complex) if not np.isfinite(self.far) else self.u * (root / self.root)
        self.root = root
        for _ in range(times):
            j = gather(f.parent, np.conj(self.demand()[0] / self.u) + y * self.u)
            new = self.u.copy()
            new[0] = root
            self.entering = self.u[0] * np.conj(j[0])
            for k in range(1, len(new)):
                new[k] = new[f.parent[k]] - z[k] * j[k]
            self.far, self.u = abs(new - self.u).max(), new
        lost, shunted = (z * abs(j) ** 2).sum(), (np.conj(y) * abs(self.u) ** 2).sum()
        s, bend = self.demand()
        self.drawn = s.sum() + lost + shunted
        follows = abs(bend).sum() / abs(s).sum() if abs(s).sum() else 0.0
        self.slope = bend.sum() + 2 * shunted - 2 * (1 - follows) * lost
