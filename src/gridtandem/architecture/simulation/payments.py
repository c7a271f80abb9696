r"""Who pays whom on a simulated day, by one rule for all architectures, so that they can be compared; totals sum to zero.

With π the price of the bulk market at a feeder, y a step's set-point, :math:`y^0` what it does where nobody asks, c what it asks:

* energy: customers pay π for what they draw, units get π y, and the bulk system gets π for the exchange;
* purchases: what a distribution operator makes a unit do beyond what π pays, :math:`\max((c - \pi)(y - y^0), 0)`, he pays himself, in amber too;
* red: a unit that is moved by Δ is paid π Δ as energy and :math:`\max((c - \pi) \Delta, 0)` by the distribution operator;
* double: what was sold twice is paid twice, at c, by the second buyer.

What customers pay through network tariffs for the operator's part is not told apart.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gridtandem.architecture.simulation.acting import Acted
from gridtandem.architecture.simulation.conduct import FIRST, SHARED, Planned
from gridtandem.architecture.simulation.fleet import Fleet
from gridtandem.architecture.simulation.play import Way
from gridtandem.architecture.simulation.results import Payments
from gridtandem.architecture.simulation.scene import Scene
from gridtandem.tables import Real

BULK, CUSTOMERS, OPERATORS = "bulk system", "customers", "distribution operators"
KINDS = ("energy", "purchases", "red", "double")
NEAR = (*FIRST, *SHARED, Way.LOCAL)  # the distribution operator decides


def payments(fleet: Fleet, scene: Scene, planned: Planned, done: Acted) -> Payments:
    """One row for each actor: what he gets, and below 0 what he pays. [currency]"""
    names = fleet.play.graph.nodes.name
    units = [str(names[c.customer]) for c in fleet.play.classes]
    books = {actor: dict.fromkeys(KINDS, 0.0) for actor in (BULK, *units, CUSTOMERS, OPERATORS)}
    near, idle = planned.masks.any(*NEAR), scene.network.idle
    for k, f in enumerate(scene.actual.feeders):
        price, asked, y = planned.plan.price[:, k][:, None], scene.asked_here[k], planned.y[k]
        drawn = float((price[:, 0] * (f.draw + f.steps.base.sum())).sum())
        first = planned.need[k] if planned.masks.has(*FIRST) else idle[k]
        chosen = np.where(planned.masks.any(*SHARED, Way.LOCAL)[k] > 0, y, np.where(near[k] > 0, first, idle[k]))
        flexibility = planned.bought[k] if planned.bought else np.zeros_like(y)
        moved = done.after[k] - done.before[k]
        parts = {
            "energy": price * y, "double": scene.asked[k] * planned.double[k],
            "purchases": np.maximum((asked - price) * (chosen - idle[k]), 0.0) + np.maximum((asked - price) * flexibility, 0.0),
        }  # fmt: skip
        kept = np.maximum((asked - price) * moved, 0.0)
        for kind, paid in parts.items():
            _to_units(books, fleet, k, kind, paid)
        for name, mw in _bases(fleet, k, f.steps.base).items():
            books[name]["energy"] += float(price.sum()) * mw
        _to_units(books, fleet, k, "red", price * moved + kept)
        books[CUSTOMERS]["energy"] -= drawn
        books[BULK]["energy"] += drawn - float(parts["energy"].sum()) - float(price.sum()) * float(f.steps.base.sum())
        books[BULK]["red"] -= float((price * moved).sum())
        for kind, paid in (("purchases", parts["purchases"]), ("double", parts["double"]), ("red", kept)):
            books[OPERATORS][kind] -= float(paid.sum())
    hours, many = scene.actual.hours, len(books)
    columns = {kind: np.array([book[kind] for book in books.values()]) * hours for kind in KINDS}
    return Payments.of({
        "architecture": [fleet.play.graph.id] * many, "scenario": [scene.name] * many, "actor": list(books), **columns,
        "total": np.sum(list(columns.values()), axis=0),
    })  # fmt: skip


def _bases(fleet: Fleet, feeder: int, base: Real) -> dict[str, float]:
    """What units inject with all steps at 0, by class. [MW]"""
    names, node = fleet.play.graph.nodes.name, fleet.node[fleet.feeder == feeder]
    return {str(names[c.customer]): float(base[node == c.customer].sum()) for c in fleet.play.classes}


def _to_units(books: Mapping[str, dict[str, float]], fleet: Fleet, feeder: int, kind: str, paid: Real) -> None:
    """Steps' payments (period, step) to the classes of their units."""
    names, node = fleet.play.graph.nodes.name, fleet.node[fleet.unit_of[feeder]]
    for c in fleet.play.classes:
        books[str(names[c.customer])][kind] += float(paid[:, node == c.customer].sum())
