r"""What feeders fed from two buses or more draw at each of them, and how that answers to the voltages there.

With the complex voltages of its m ports given, a feeder is a load flow with m fixed nodes (Newton). Its answer to small changes is the matrix

.. math:: \frac{\partial S_i}{\partial |V_j|}, \quad \frac{\partial S_i}{\partial \theta_j}, \qquad i, j = 1 \dots m,

from one factorisation at the solution (`gridtandem.flow.sensitivity`). Angles matter by their differences alone: turning all ports together
changes no power, so each row of the second matrix adds up to zero. Of a single port only the magnitude matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.flow.feeders import Single
from gridtandem.flow.newton import Options
from gridtandem.flow.sensitivity import power_slope
from gridtandem.flow.states import States
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Complex, Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PortsDrawn:
    """Power drawn by ONE feeder at each of its ports, per unit; NaN where there is no load flow."""

    s: Complex  # (scenario, period, port)
    by_v: Complex  # (entry, scenario, period); entries as in `MultiPort`; empty where they were not asked for
    by_angle: Complex


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MultiPort:
    """Any number of feeders with several ports each. Ports of one feeder lie one after another."""

    singles: tuple[Single, ...]
    start: Index  # (feeder + 1) where its ports begin

    @staticmethod
    def of(nodals: Sequence[Nodal], roots: Sequence[Index], scale: Real, options: Options) -> MultiPort:
        """Feeder k has the nodal model ``nodals[k]``, its ports at the nodes ``roots[k]``, and loads and units times ``scale[k]``."""
        singles = tuple(Single.of(*each, options) for each in zip(nodals, roots, scale.tolist(), strict=True))
        return MultiPort(singles=singles, start=np.cumsum([0, *map(len, roots)]))

    @property
    def pairs(self) -> tuple[Index, Index]:
        """(port that draws, port whose voltage it answers to) of each entry: all pairs of ports of one feeder."""
        blocks = [np.meshgrid(np.arange(a, b), np.arange(a, b), indexing="ij") for a, b in self._ports()]
        row, column = (np.concatenate([np.empty(0, np.int64), *(block[k].ravel() for block in blocks)]) for k in range(2))
        return row, column

    def draw(self, v: Complex, loading: Real, *, slope: bool) -> PortsDrawn:
        """At voltages and loadings (scenario, period, port); the loading of a feeder is that of its first port. [per unit]"""
        nowhere = complex(np.nan, np.nan)
        s, slopes = np.full(v.shape, nowhere), np.full((2, len(self.pairs[0]) if slope else 0, *v.shape[:2]), nowhere)
        first = 0
        for single, (a, b) in zip(self.singles, self._ports(), strict=True):
            size = (b - a) ** 2
            for st in np.ndindex(v.shape[:2]):
                if not (np.abs(here := v[st][a:b]) > 0).all() or not np.isfinite(loading[st][a]):
                    continue
                found = single.solve(here, float(loading[st][a]))
                s[st][a:b] = found.fixed_s
                if slope and found.converged:
                    slopes[:, first : first + size, st[0], st[1]] = [part.ravel() for part in power_slope(single.newton, found)]
            first += size
        return PortsDrawn(s=s, by_v=slopes[0], by_angle=slopes[1])

    def states(self, v: Complex, loading: Real) -> States:
        """The feeder behind every port, at the voltages and loadings of all ports."""
        which = np.repeat(np.arange(len(self.singles)), np.diff(self.start))
        out = States.unsolved([single.newton.nodal for single in self.singles], which, np.ones(len(which)))
        for single, (a, b) in zip(self.singles, self._ports(), strict=True):
            if not (np.abs(v[a:b]) > 0).all():
                continue
            found = single.solve(v[a:b], float(loading[a]))
            out.s[a:b] = found.fixed_s
            for own in (out[k] for k in range(a, b)):  # views
                own.v[:], own.ratio[:], own.unit_s[:], own.at_limit[:] = found.v, found.ratio, found.unit_s, found.at_limit
        return out

    def loadable(self, v: Complex, feeder: int, loading: float) -> float:
        """Largest share in [0, 1] of this loading that solves at the voltages of all ports, within 1e-6."""
        return self.singles[feeder].loadable(v[self.start[feeder] : self.start[feeder + 1]], loading)

    def _ports(self) -> Iterator[tuple[int, int]]:
        return zip(self.start[:-1].tolist(), self.start[1:].tolist(), strict=True)
