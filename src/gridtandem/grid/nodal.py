"""A network as the kernels see it: per unit, buses joined by closed ties are one node, everything out of service is gone."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.grid import elements as el
from gridtandem.grid.graph import components
from gridtandem.grid.network import Network
from gridtandem.tables import Code, Complex, Index, Names, Real
from gridtandem.units import MVA, ohm_base, polar, power

if TYPE_CHECKING:
    from scipy import sparse


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Branches:
    """Series elements between two nodes; pi model with an ideal complex ratio at the from side. [per unit]"""

    start: Index  # node at the from side
    end: Index
    z: Complex
    b: Real  # charging, both halves together
    ratio: Complex
    kind: Code  # 0 line, 1 transformer
    row: Index  # row in its table

    def take(self, rows: Index) -> Branches:
        """These branches only."""
        return Branches(**{name: getattr(self, name)[rows] for name in Branches.__slots__})


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LoadLaw:
    """Voltage-dependent demand of many loads at once. [per unit]"""

    node: Index
    s: Complex  # at the calibration voltage
    exponent: Real  # (load, [p, q])
    z_share: Real  # (load, [p, q])
    i_share: Real  # (load, [p, q])
    v0: Real

    def take(self, rows: Index) -> LoadLaw:
        """These loads only."""
        return LoadLaw(**{name: getattr(self, name)[rows] for name in LoadLaw.__slots__})

    def at(self, v: Real) -> tuple[Complex, Complex]:
        """Demand and its derivative by |V|, for voltages (…, load). See `gridtandem.grid.elements.Loads`."""
        u = (v / self.v0)[..., None]
        rest = 1.0 - self.z_share - self.i_share
        factor = self.z_share * u**2 + self.i_share * u + rest * u**self.exponent
        slope = (2 * self.z_share * u + self.i_share + rest * self.exponent * u ** (self.exponent - 1)) / self.v0[..., None]
        p, q = self.s.real, self.s.imag
        return p * factor[..., 0] + 1j * q * factor[..., 1], p * slope[..., 0] + 1j * q * slope[..., 1]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Units:
    """Generators in service. [per unit]"""

    node: Index
    row: Index  # row in the generator table
    s: Complex  # scheduled injection
    control: Code  # 0 pq, 1 voltage, 2 reference
    v_set: Real
    q_low: Real
    q_high: Real
    slack_share: Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Taps:
    """Transformers whose ratio is moved to hold a voltage. [per unit]"""

    branch: Index  # row in `Branches`
    node: Index  # whose voltage is held
    v_set: Real
    low: Real  # ratio
    high: Real
    steps: Index  # steps between the ends; 0: continuous


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Nodal:
    """A whole network, per unit on 100 MVA."""

    name: str
    network: Network  # what it was made of, for names in messages
    nodes: int
    node: Index  # node of each bus; −1 where the bus is out of service
    bus: Index  # first bus of each node, which lends it its name
    branches: Branches
    shunt: Complex  # admittance at each node, without line charging
    loads: LoadLaw
    units: Units
    taps: Taps
    label: Names  # name of each node's first bus
    start: Complex  # where an iteration may begin; its angle at the reference is the reference

    @staticmethod
    def of(net: Network) -> Nodal:
        """Fuse ties, drop what is out of service, go to per unit."""
        node, bus = _fuse(net)
        lines, t = _kept(net.lines, node), _kept(net.transformers, node)
        ln, tr = net.lines.take(lines), net.transformers.take(t)
        base, own = ohm_base(net.buses.nominal_kv[ln.from_bus]), MVA / tr.base_mva
        branches = Branches(
            start=np.concatenate([node[ln.from_bus], node[tr.from_bus]]),
            end=np.concatenate([node[ln.to_bus], node[tr.to_bus]]),
            z=np.concatenate([(ln.r_ohm + 1j * ln.x_ohm) / base, (tr.r_pu + 1j * tr.x_pu) * own]),
            b=np.concatenate([ln.b_us * 1e-6 * base, tr.b_pu / own]),
            ratio=np.concatenate([np.ones(len(ln), complex), polar(tr.ratio, np.radians(tr.shift_deg))]),
            kind=np.repeat(np.array([0, 1], np.int8), [len(ln), len(tr)]),
            row=np.concatenate([lines, t]),
        )
        shunt = np.zeros(len(bus), complex)
        sh = net.shunts.take(net.shunts.live & (node[net.shunts.bus] >= 0))
        np.add.at(shunt, node[sh.bus], power(sh.g_mw, sh.b_mvar))
        start = polar(net.buses.v_start_pu[bus], np.radians(net.buses.angle_start_deg[bus]))
        return Nodal(
            network=net,
            name=net.name, nodes=len(bus), node=node, bus=bus, branches=branches, shunt=shunt,
            loads=_loads(net, node), units=_units(net, node), taps=_taps(net, node, t, len(lines)), label=net.buses.name[bus], start=start,
        )  # fmt: skip

    def powered(self, net: Network) -> Nodal:
        """The same wires with the loads and units of a network that differs in nothing else."""
        return replace(self, network=net, loads=_loads(net, self.node), units=_units(net, self.node))

    def named(self, nodes: Index, most: int = 5) -> str:
        """Nodes as a sentence lists them."""
        more = f" and {len(nodes) - most} more" if len(nodes) > most else ""
        return ", ".join(repr(str(name)) for name in self.label[nodes[:most]]) + more

    def admittance(self) -> sparse.csr_array:
        """Bus admittance matrix; ratio at the from end."""
        from scipy import sparse

        br, y, half = self.branches, 1 / self.branches.z, 0.5j * self.branches.b
        own = np.arange(self.nodes)
        rows = np.concatenate([br.start, br.start, br.end, br.end, own])
        cols = np.concatenate([br.start, br.end, br.start, br.end, own])
        data = np.concatenate([(y + half) / abs(br.ratio) ** 2, -y / br.ratio.conj(), -y / br.ratio, y + half, self.shunt])
        return sparse.coo_array((data, (rows, cols)), shape=(self.nodes, self.nodes)).tocsr()


def _fuse(net: Network) -> tuple[Index, Index]:
    """Node of each bus, and the first bus of each node; nodes are numbered by their first bus."""
    n, closed = len(net.buses), net.ties.closed
    a, b = net.ties.from_bus[closed], net.ties.to_bus[closed]
    both = net.buses.live[a] & net.buses.live[b]
    live = np.flatnonzero(net.buses.live)
    if not both.any():
        node = np.full(n, -1, np.int64)
        node[live] = np.arange(len(live))
        return node, live
    group = components(n, a[both], b[both])
    _, first, member = np.unique(group[live], return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    node = np.full(n, -1, np.int64)
    node[live] = rank[member]
    return node, live[first[order]]


def _kept(branch: el.Lines | el.Transformers, node: Index) -> Index:
    a, b = node[branch.from_bus], node[branch.to_bus]
    return np.flatnonzero(branch.closed & (a >= 0) & (b >= 0) & (a != b))


def _loads(net: Network, node: Index) -> LoadLaw:
    ld = net.loads.take(net.loads.live & (node[net.loads.bus] >= 0))
    return LoadLaw(
        node=node[ld.bus], s=power(ld.p_mw, ld.q_mvar), v0=ld.v_calibration_pu,
        exponent=np.stack([ld.p_exponent, ld.q_exponent], -1),
        z_share=np.stack([ld.p_z_share, ld.q_z_share], -1), i_share=np.stack([ld.p_i_share, ld.q_i_share], -1),
    )  # fmt: skip


def standing(nodal: Nodal) -> Nodal:
    """The same, where transformers keep the ratio they have."""
    return replace(nodal, taps=Taps(**{f.name: getattr(nodal.taps, f.name)[:0] for f in fields(Taps)}))


def _taps(net: Network, node: Index, rows: Index, lines: int) -> Taps:
    """Controlled transformers among those in service (``rows``), which follow ``lines`` lines in `Branches`."""
    t = net.transformers.take(rows)
    moved = np.flatnonzero((t.control != el.FIXED) & (t.regulated_bus >= 0) & (node[t.regulated_bus] >= 0))
    tap = t.take(moved)
    return Taps(
        branch=lines + moved, node=node[tap.regulated_bus], v_set=tap.v_target_pu, low=tap.ratio_low, high=tap.ratio_high,
        steps=np.where(tap.control == el.STEPPED, tap.steps, 0),
    )  # fmt: skip


def _units(net: Network, node: Index) -> Units:
    rows = np.flatnonzero(net.generators.live & (node[net.generators.bus] >= 0))
    g = net.generators.take(rows)
    cone = np.sqrt(np.maximum(g.s_high_mva**2 - g.p_mw**2, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(g.power_factor_low > 0, abs(g.p_mw) * np.sqrt(1 / g.power_factor_low**2 - 1), np.inf)
    cap = np.minimum(cone, factor)
    return Units(
        node=node[g.bus], row=rows, s=power(g.p_mw, g.q_mvar), control=g.control.astype(np.int8), v_set=g.v_set_pu,
        q_low=np.maximum(g.q_low_mvar, -cap) / MVA, q_high=np.minimum(g.q_high_mvar, cap) / MVA, slack_share=g.slack_share,
    )  # fmt: skip
