"""A transmission network with thousands of feeders behind it, every feeder at its own loading; answers are the voltages of all nodes (per unit).

The feeder is case141 behind a transformer of ratio 0.96; it stands at the buses that carry most, at most 1000 of them, in turn, and takes its own
nominal load off the bus. Everyone begins flat and ends at 1e-8, the merged ones at that mismatch, ours at that mismatch and that movement. The
repeated solve begins at transmission's load flow with nominal loads in the feeders' place, on curves that feeders gave once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import final

import numpy as np

from bench.apart import Apart
from bench.flow import TOL, Later, Prepare, apart, begin, klu
from gridtandem.cases.generate import bus_load, joined
from gridtandem.cases.library import network
from gridtandem.flow import chebyshev
from gridtandem.flow.draw import Draw
from gridtandem.flow.feeders import Feeders
from gridtandem.flow.fused import Fused
from gridtandem.flow.newton import Newton, Options
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Branches, LoadLaw, Nodal
from gridtandem.tables import Complex, Index, Real

FEEDER, PLACES = "case141", 1000
SPREAD = 0.2  # of the loadings of feeders around the nominal one
RANGE, DEGREE = 0.05, 7  # pu around the forecast's voltages, and the degree of the curves over it
OPTIONS = Options(tol=TOL)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class System:
    """Models of both sides, and where feeders hang."""

    transmission: Nodal
    feeder: Nodal
    root: int
    node: Index  # (feeder) of transmission
    scale: Real

    @property
    def none(self) -> Index:
        """A zero for each feeder: they have one model."""
        return np.zeros(len(self.node), np.int64)

    def fused(self) -> Fused:
        """Ready to be solved side by side."""
        core, same = Newton.of(self.transmission, options=OPTIONS), self.none
        return Fused.of(core, [self.feeder], node=self.node, model=same, root=same + self.root, scale=self.scale, count=same + 1)

    def merged(self) -> Nodal:
        """All as one network: transmission's nodes, then those of each feeder but its root."""
        t, f, many = self.transmission, self.feeder, len(self.node)
        inner = np.flatnonzero(np.arange(f.nodes) != self.root)
        place = np.empty((many, f.nodes), np.int64)
        place[:, inner] = t.nodes + np.arange(many * len(inner)).reshape(many, -1)
        place[:, self.root] = self.node
        nodes, a, b, d = t.nodes + many * len(inner), t.branches, f.branches, f.loads

        def both(one: Index, other: Index) -> Index:
            return np.concatenate([one, np.tile(other, many)])

        branches = Branches(
            start=np.concatenate([a.start, place[:, b.start].ravel()]), end=np.concatenate([a.end, place[:, b.end].ravel()]),
            z=both(a.z, b.z), b=both(a.b, b.b), ratio=both(a.ratio, b.ratio), kind=both(a.kind, b.kind), row=both(a.row, b.row),
        )  # fmt: skip
        power = np.concatenate([t.loads.s, (self.scale[:, None] * d.s).ravel()])
        shares = {name: np.concatenate([getattr(t.loads, name), np.tile(getattr(d, name), (many, 1))]) for name in ("exponent", "z_share", "i_share")}
        loads = LoadLaw(node=np.concatenate([t.loads.node, place[:, d.node].ravel()]), s=power, v0=both(t.loads.v0, d.v0), **shares)
        return replace(
            t, nodes=nodes, branches=branches, loads=loads, shunt=np.concatenate([t.shunt, np.zeros(nodes - t.nodes)]),
            bus=np.zeros(nodes, np.int64), label=np.broadcast_to("", nodes), start=np.concatenate([t.start, np.ones(nodes - t.nodes)]),
        )  # fmt: skip

    def answer(self, v: Complex, inner: Complex) -> Complex:
        """Voltages in the order of the merged network, from those of transmission and of every feeder."""
        each = inner.reshape(len(self.node), -1)
        return np.concatenate([v, np.delete(each, self.root, axis=1).ravel()])


@cache
def system(transmission: str, feeders: int) -> System:
    """So many feeders."""
    t, model = network(transmission), behind_transformer(network(FEEDER))
    own = bus_load(t).real
    most = np.argsort(-own, kind="stable")[: min(PLACES, int((own > 0).sum()))]
    case = joined(t, model, where=t.buses.name[most].tolist(), how_many=feeders, count=1, spread=SPREAD)
    nodal, feeder, table = Nodal.of(case.transmission), Nodal.of(without_source(case.models[0])), case.interfaces
    return System(transmission=nodal, feeder=feeder, root=int(feeder.node[table.root[0]]), node=nodal.node[table.bus], scale=table.scale)


def behind_transformer(feeder: Network) -> Network:
    """The feeder with a transformer of ratio 0.96 above its root; the new root is its last bus."""
    b, n = feeder.buses, len(feeder.buses)
    more = {"name": "high", "nominal_kv": 110.0}
    buses = el.Buses.of({name: [*getattr(b, name).tolist(), more.get(name, getattr(b, name)[0].item())] for name in b.columns()})
    unit = el.Transformers.of(
        {"name": ["substation"], "from_bus": [n], "to_bus": [0], "r_pu": [0.005], "x_pu": [0.1], "base_mva": [25.0], "ratio": [0.96]}
    )
    return replace(feeder, buses=buses, transformers=unit, generators=replace(feeder.generators, bus=np.array([n])))


def without_source(feeder: Network) -> Network:
    """Transmission takes its place."""
    return replace(feeder, generators=el.Generators.empty())


def fused(name: str, feeders: int, threads: int) -> Later:
    """Newton's steps and sweeps side by side; symbolic work is preparation, as it is for the peer."""

    def prepare() -> Callable[[], Callable[[], Complex]]:
        what = system(name, feeders)
        ready, v = what.fused(), begin(what.transmission, "flat")

        def work() -> Callable[[], Complex]:
            found = ready.solve(start=v, threads=threads)
            return lambda: what.answer(found.v, ready.voltages(found))

        return work

    return prepare


def merged(name: str, feeders: int) -> Prepare:
    """Our own Newton on all networks as one."""

    def prepare() -> Callable[[], Complex]:
        nodal = system(name, feeders).merged()
        ready, v = Newton.of(nodal, options=OPTIONS), begin(nodal, "flat")
        return lambda: ready.solve(start=v).v

    return prepare


def lightsim2grid(name: str, feeders: int) -> Prepare:
    """The peer on all networks as one."""
    return klu(lambda: system(name, feeders).merged())


def pandapower(name: str, feeders: int) -> dict[str, Apart]:
    """The other peer on all networks as one, in its own environment."""
    return apart(lambda: system(name, feeders).merged())


def repeated(name: str, feeders: int) -> Later:
    """Transmission alone, on the curves of its feeders, from its forecast; factors serve for several steps."""

    def prepare() -> Callable[[], Callable[[], Complex]]:
        what = system(name, feeders)
        newton, fleet = Newton.of(what.transmission, options=replace(OPTIONS, factors="kept")), what.fused()
        nominal = Draw(node=what.node, low=what.scale * 0, high=what.scale * 0 + 2, c=(what.scale * what.feeder.loads.s.sum())[:, None])
        home = newton.solve(start=begin(what.transmission, "flat"), draw=nominal).v
        draw = curves(what, np.abs(home[what.node]))

        def work() -> Callable[[], Complex]:
            v = newton.solve(start=home, draw=draw).v
            return lambda: what.answer(v, fleet.at(v))

        return work

    return prepare


def curves(what: System, v: Real) -> Draw:
    """What each feeder draws around a voltage, as a Chebyshev series."""
    same = what.none
    feeders = Feeders.of([what.feeder], root=same + what.root, model=same, scale=what.scale)
    at = v + RANGE * chebyshev.nodes(DEGREE)[:, None]
    s = feeders.draw(at[:, None], np.ones(1), slope=False).s[:, 0]
    c = chebyshev.coefficients(np.stack([s.real, s.imag], -1))
    return Draw(node=what.node, low=v - RANGE, high=v + RANGE, c=c[:, 0] + 1j * c[:, 1])
