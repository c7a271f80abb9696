"""A shared way out of ties: where two dispatches or two prices are equally good, every market that sees the same case picks the same one.

Offers of a unit, demand with a price, loads and capacity are moved a little, each by an amount that its name alone decides (SHA-256), before
anybody builds anything from them. All steps of a unit move together, so offers stay convex. It is done to a case, so that the ideal market and every
scheme share it, and only when asked for: a case without ties has no need of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.grid.network import Network
from gridtandem.tables import Names, Real

SIZE = 1e-7  # of prices [currency/MWh], and of loads as a share; a hundred times what solvers leave open


def without_ties(case: Case, size: float = SIZE) -> Case:
    """The case with prices and loads moved by at most ``size``."""
    return replace(case, transmission=_moved(case.transmission, size), models=tuple(_moved(m, size) for m in case.models))


def _moved(net: Network, size: float) -> Network:
    ld, f, cost, points = net.loads, net.flexible, net.costs, net.cost_points
    unit = size * _drawn(net.name, "generators", net.generators.name)
    more = size * (1.0 + _drawn(net.name, "regulation", net.regulation.row)) / 2
    share = 1.0 + size * _drawn(net.name, "loads", ld.name)
    return replace(
        net,
        loads=replace(ld, p_mw=ld.p_mw * share, q_mvar=ld.q_mvar * share),
        flexible=replace(f, price_per_mwh=f.price_per_mwh + size * _drawn(net.name, "flexible", f.name)),
        costs=replace(cost, coefficient=cost.coefficient + np.where(cost.order == 1, unit[cost.generator], 0.0)),
        regulation=replace(net.regulation, up_per_mw=net.regulation.up_per_mw + more, down_per_mw=net.regulation.down_per_mw + more),
        cost_points=replace(points, cost_per_h=points.cost_per_h + unit[points.generator] * points.p_mw),
    )


def _drawn(network: str, kind: str, names: Names) -> Real:
    """A number from −1 to 1 for every name, the same everywhere and always."""
    raw = (hashlib.sha256(f"{network}/{kind}/{name}".encode()).digest()[:8] for name in names.tolist())
    return np.array([int.from_bytes(b, "big") for b in raw], float) / 2.0**63 - 1.0
