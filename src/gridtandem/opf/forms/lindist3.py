r"""LinDist3Flow: a feeder phase by phase, losses left out, squared voltages linear in injections.

Along a line with the impedance matrix z between phases φ and ψ, behind equal voltages 120° apart,

.. math:: w_{j\varphi} = w_{i\varphi} - 2 \sum_\psi \mathrm{Re}\left( \gamma_{\varphi\psi}\, z_{\varphi\psi} (P_\psi - j Q_\psi) \right), \qquad
          \gamma_{\varphi\psi} = \overline{V_\varphi} / \overline{V_\psi}

so that its coefficients are :math:`-2r, -2x` on the diagonal and :math:`r \mp \sqrt3 x,\ x \pm \sqrt3 r` beside it. Here they come from the exact
first-order response of the whole feeder around no load (`gridtandem.flow.phase_response`), which gives these numbers on lines, and beside them
those of transformers of any connection, of taps as they stand, and of loads and devices between phases. Admittances (charging, capacitors, what
transformers draw without load) are in the voltages without load. A flow limit holds for the current of each conductor, or each coil of a
transformer's first winding, at nominal voltage: a polygon inside the circle.

A **node** of the problem is a spot (`gridtandem.grid.phase_feeder`): first the point behind the source's impedance, then every phase of every bus
with supply, then what devices and loads ask for beyond. Where phases float behind a delta, pairs of phases stand in their place.

Sources: L. Gan and S. H. Low, "Convex relaxations and linear approximation for optimal power flow in multiphase radial networks", PSCC 2014;
B. A. Robbins and A. D. Domínguez-García, "Optimal reactive power dispatch for voltage regulation in unbalanced distribution systems", IEEE Trans.
Power Syst. 31(4), 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar, final

import numpy as np
from scipy import sparse

from gridtandem.flow.phase_response import NodeCoils, PhaseResponse, rated_elements
from gridtandem.grid.phase_elements import DELTA, PHASES
from gridtandem.grid.phase_feeder import Coil, Spot, rising
from gridtandem.grid.phase_tree import LINE, PhaseTree
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.opf.forms.lindist import SIDES, Flow
from gridtandem.opf.limits import KINDS, Limits, stacked
from gridtandem.program.arrays import Matrix
from gridtandem.tables import Complex, Flag, Real

Inexact = TypeVar("Inexact", Real, Complex)
ROOT3 = np.sqrt(3.0)
NOISE = 1e-9  # MW of flow by MW injected: rounding behind small impedances; charging leaves more than that
PAIRS: tuple[Coil, ...] = ((1, 2), (2, 3), (1, 3))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Lindist3:
    """A three-phase feeder's limits, and how its states follow from injections at spots."""

    spots: tuple[Spot, ...]  # (node of the problem) those after the root, which is node 0
    limits: Limits
    w_by_p: Matrix  # (node, node) mean over its coils of the squared voltage across, by MW injected; nominal voltage is 1
    w_by_q: Matrix
    w_base: Real  # (node)
    p_shunt: Real
    q_shunt: Real
    looked: tuple[str, ...]  # where voltages are limited
    conductors: tuple[str, ...]  # where flows are limited
    response: PhaseResponse

    @staticmethod
    def of(tree: PhaseTree, spots: Sequence[Spot], *, v_root: float, flow: Flow = "apparent", margin_pu: float = 0.0) -> Lindist3:
        """``v_root`` is the voltage behind the source's impedance, per unit of its bus; ``margin_pu`` tightens lower voltage limits."""
        pairs = sorted({(s.bus, rising(c)) for s in spots for c in s.coils})
        coils = _at(tree, pairs)
        response = PhaseResponse.of(tree, coils, v_root)
        share = _shares(spots, pairs)
        base, by_p, by_q = response.squared(coils, np.where(coils.ends.min(1) < 0, ROOT3, 1.0))
        (voltage, looked), (current, conductors) = _voltage(response, share, margin_pu), _flow(response, share, flow)
        root, drawn = np.eye(1, len(spots) + 1)[0], response.no_load
        w_by_p, w_by_q = (_compact(np.asarray(share.T @ _shared(m, share), np.float64)) for m in (by_p, by_q))
        return Lindist3(
            spots=tuple(spots), limits=stacked([voltage, current]), w_by_p=w_by_p, w_by_q=w_by_q, w_base=v_root**2 * root + share.T @ base,
            p_shunt=-drawn.real * root, q_shunt=-drawn.imag * root, looked=looked, conductors=conductors, response=response,
        )  # fmt: skip

    def voltage(self, p: Real, q: Real) -> Real:
        """Voltages (period, node) under injections net of demand: across coils, over nominal voltage. [pu]"""
        w = self.w_base + (self.w_by_p @ p.T).T + (self.w_by_q @ q.T).T
        return np.sqrt(np.maximum(w, 0.0))

    def named(self, kind: int, element: int) -> str:
        """A bus and its phase, or a line or transformer and its phase."""
        return (self.looked if KINDS[kind] == "voltage" else self.conductors)[element]


def every_spot(tree: PhaseTree, floats: Sequence[bool]) -> list[Spot]:
    """One for every phase with supply, bus by bus; where phases float, one for every pair of them."""
    out = []
    for bus in range(len(tree.network.buses)):
        node = int(tree.node[bus])
        if node >= 0:
            live = [p + 1 for p in range(3) if tree.live[node, p]]
            coils = [c for c in PAIRS if set(c) <= set(live)] if floats[node] else [(p, 0) for p in live]
            out += [Spot(bus, (coil,)) for coil in coils]
    return out


def _at(tree: PhaseTree, pairs: Sequence[tuple[int, Coil]]) -> NodeCoils:
    return NodeCoils.of([int(tree.node[bus]) for bus, _ in pairs], [coil for _, coil in pairs])


def _shares(spots: Sequence[Spot], pairs: Sequence[tuple[int, Coil]]) -> Matrix:
    """(coil, node of the problem): how the power of each is shared out; the root has none."""
    row = {pair: k for k, pair in enumerate(pairs)}
    entries = [(1 / len(spot.coils), row[spot.bus, rising(c)], k) for k, spot in enumerate(spots, 1) for c in spot.coils]
    value, coil, node = (np.array(x) for x in zip(*entries, strict=True))
    return sparse.csr_array((value, (coil, node)), shape=(len(pairs), len(spots) + 1))


def _shared(m: Inexact, share: Matrix) -> Inexact:
    """By nodes of the problem, from what is by coils."""
    return np.asarray(m @ share, m.dtype)


def _compact(m: Real) -> Matrix:
    return sparse.csr_array(m)


def limited_buses(net: ThreePhaseNetwork) -> Flag:
    """Buses whose voltage limits count."""
    b = net.buses
    return np.asarray(((b.v_low_pu > 0) | np.isfinite(b.v_high_pu)) & ~np.isin(np.arange(len(b)), net.sources.bus))


Named = tuple[Limits, tuple[str, ...]]


def _voltage(response: PhaseResponse, share: Matrix, margin: float) -> Named:
    """Every phase to ground, or every pair where phases float, of buses with limits but that of the source, which transmission holds."""
    tree, buses = response.tree, response.tree.network.buses
    limited = limited_buses(tree.network)
    spots = [s for s in every_spot(tree, response.floats.tolist()) if limited[s.bus]]
    at = _at(tree, [(s.bus, s.coils[0]) for s in spots])
    base, by_p, by_q = response.squared(at, np.array([ROOT3 if s.connection == DELTA else 1.0 for s in spots]))
    bus = np.array([s.bus for s in spots], np.int64)
    low = np.where(buses.v_low_pu[bus] > 0, (buses.v_low_pu[bus] + margin) ** 2, -np.inf)
    names = tuple(f"voltage at {s.name(tree.network)}" for s in spots)
    p, q = (_compact(_shared(m, share)) for m in (by_p, by_q))
    kind = np.full(len(spots), KINDS.index("voltage"), np.int8)
    return Limits(kind=kind, element=np.arange(len(spots)), p=p, q=q, base=base, low=low, high=buses.v_high_pu[bus] ** 2), names


def _flow(response: PhaseResponse, share: Matrix, flow: Flow) -> Named:
    """Ratings, conductor by conductor."""
    tree = response.tree
    elements, own = rated_elements(tree)
    found = response.currents(elements)
    rating = own[np.searchsorted(elements, found.element)]
    angle = 2 * np.pi * (np.arange(SIDES) + 0.5) / SIDES if flow == "apparent" else np.zeros(1)
    f, s = _shared(found.by_p, share), found.s
    f[np.abs(f) < NOISE] = 0.0
    re, im = sparse.csr_array(f.real), sparse.csr_array(f.imag)
    cos, sin = (sparse.csr_array(x(angle)[:, None]) for x in (np.cos, np.sin))
    p, q = (sparse.kron(cos, a, format="csr") + sparse.kron(sin, b, format="csr") for a, b in ((re, -im), (im, re)))
    base = (np.outer(np.cos(angle), s.real) + np.outer(np.sin(angle), s.imag)).ravel()
    count, corner = len(base), np.cos(np.pi / SIDES) if flow == "apparent" else 1.0
    high = np.tile(rating * corner, len(angle))
    limits = Limits(
        kind=np.full(count, KINDS.index("flow"), np.int8), element=np.tile(np.arange(len(s)), len(angle)), p=sparse.csr_array(p),
        q=sparse.csr_array(q), base=base, low=np.full(count, -np.inf) if flow == "apparent" else -high, high=high,
    )  # fmt: skip
    return limits, tuple(f"flow on {_element(tree, int(e))}.{PHASES[p]}" for e, p in zip(found.element, found.phase, strict=True))


def _element(tree: PhaseTree, element: int) -> str:
    table = tree.network.lines if tree.kind[element] == LINE else tree.network.transformers
    return table.label(int(tree.row[element]))
