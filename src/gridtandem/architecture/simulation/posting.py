"""What a play sends, along which edges: bids and states up, curves between operators, awards and set-points down, models and envelopes where they go.

Numbers in a message are those that decide: a bid is width and price of every step, a curve its points, a model every entry that is not 0.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from gridtandem.architecture.graph import BID, BULK, COORD, CUSTOMER, DISTRIBUTION, INFO, INSTR, LIMIT, ORDER, PRICE, SETTLE, VETO
from gridtandem.architecture.relations import Chain
from gridtandem.architecture.simulation.acting import MOVED, Acted, by_unit
from gridtandem.architecture.simulation.conduct import Planned
from gridtandem.architecture.simulation.fleet import Fleet
from gridtandem.architecture.simulation.ledger import BOUNDS, Ledger
from gridtandem.architecture.simulation.play import Way
from gridtandem.architecture.simulation.scene import Scene
from gridtandem.tables import Index, Real


def posted(fleet: Fleet, scene: Scene, planned: Planned, acted: Acted) -> Ledger:
    """Every message of the day."""
    ledger = Ledger(fleet.play.graph, fleet)
    if planned.agreed is not None:
        ledger.agreed(planned.agreed)
    for c, route, unit in fleet.groups:
        _of_group(ledger, scene, planned, route, unit)
        for k, chain in enumerate(c.network if c.way in (Way.TWICE, Way.LEFTOVER) else ()):
            _of_group(ledger, scene, planned, chain, unit[k :: len(c.network)])
    _between_operators(ledger, fleet, scene, planned)
    _beside(ledger, fleet, planned)
    _in_red(ledger, fleet, acted)
    return ledger


def _of_group(ledger: Ledger, scene: Scene, planned: Planned, chain: Chain, unit: Index) -> None:
    """Bids and states up a chain, set-points or prices down."""
    fleet = ledger.fleet
    kinds = [_kinds(ledger, a, b) for a, b in pairwise(chain)]
    if not kinds or not len(unit):
        return
    told = by_unit(fleet, planned.y)[:, unit]
    if all(INSTR in k for k in kinds):
        if all(BID in k for k in kinds):
            ledger.up(chain, unit, BID, "bid", payload=_bids(fleet, scene, unit))
        if all(INFO in k for k in kinds):
            ledger.up(chain, unit, INFO, "der_state", payload=told)
        ledger.down(chain, unit, INSTR, "set-point", payload=told)
    elif planned.posted is not None and all(PRICE in k for k in kinds):
        ledger.down(chain, unit, PRICE, "price", payload=planned.posted[:, fleet.feeder[unit]])


def _kinds(ledger: Ledger, a: int, b: int) -> set[int]:
    """Kinds of edges from a to b, and of reports and bids back."""
    e = ledger.graph.edges
    down, up = e.what[(e.from_node == a) & (e.to_node == b)], e.what[(e.from_node == b) & (e.to_node == a)]
    return {*down.tolist(), *(k for k in up.tolist() if k in (BID, INFO))}


def _bids(fleet: Fleet, scene: Scene, unit: Index) -> Real:
    """Width and price of every step of some units (period, number)."""
    parts = [np.zeros((scene.network.periods, 0))]
    for k, f in enumerate(scene.network.feeders):
        mine = np.isin(fleet.unit_of[k], unit)
        parts += [(f.steps.most - f.steps.least)[:, mine], scene.asked[k][:, mine]]
    return np.concatenate(parts, axis=1)


def _between_operators(ledger: Ledger, fleet: Fleet, scene: Scene, planned: Planned) -> None:
    """Curves and awards where a bulk operator dispatches a distribution operator; models, envelopes, agreements."""
    play, e, nodes = fleet.play, fleet.play.graph.edges, fleet.play.graph.nodes
    up = np.flatnonzero(~scene.lost)
    for row in range(len(e)):
        a, b, kind = int(e.from_node[row]), int(e.to_node[row]), int(e.what[row])
        tiers = int(nodes.tier[a]), int(nodes.tier[b])
        many = max(int(fleet.many[a]), int(fleet.many[b])) * len(up)
        if tiers == (BULK, DISTRIBUTION) and kind == INSTR and int(e.authority[row]) not in (LIMIT, VETO, ORDER):
            ledger.between(a, b, INSTR, "award", planned.plan.z[up], messages=many)
        elif tiers == (DISTRIBUTION, BULK) and kind == BID:
            ledger.between(a, b, BID, "curve", _curve_payload(planned, scene), messages=many)
        elif tiers == (DISTRIBUTION, BULK) and kind == INFO:
            payload = _model(scene) if (a, b) == play.models else scene.network.draw(planned.y)[up]
            ledger.between(a, b, INFO, str(e.item[row]) or "exchange", payload, messages=many)
        elif kind == COORD and (planned.agreed is None or planned.agreed.link not in ((a, b), (b, a))):
            ledger.between(a, b, COORD, "agreement", planned.plan.z[up], messages=many)
        elif kind == INSTR and int(e.authority[row]) in (LIMIT, VETO):
            ledger.between(a, b, INSTR, BOUNDS, _box_payload(planned), messages=max(int(fleet.many[b]), 1) * scene.network.periods)
        elif kind == INSTR and int(e.authority[row]) == ORDER:
            ledger.between(a, b, INSTR, "order", planned.plan.z, messages=int(fleet.many[a]) * scene.network.periods)


def _curve_payload(planned: Planned, scene: Scene) -> Real:
    """Points of all curves; of an operator who offers none, what it expects to draw."""
    letter = planned.letter
    return scene.network.draw(planned.y) if letter is None else np.concatenate([letter.start.ravel(), letter.mw, letter.price])


def _model(scene: Scene) -> Real:
    """Entries of all feeders' limits, once, and where they stand in every period."""
    parts = [
        np.concatenate([f.wires.h[f.wires.h != 0], f.wires.low.ravel(), f.wires.high.ravel(), f.wires.there.ravel()]) for f in scene.bulk.feeders
    ]
    return np.concatenate([np.zeros(0), *parts])


def _box_payload(planned: Planned) -> Real:
    return np.concatenate([np.zeros(0), *(np.concatenate([low.ravel(), high.ravel()]) for low, high in planned.boxes)])


def _beside(ledger: Ledger, fleet: Fleet, planned: Planned) -> None:
    """What the graph sends besides: schedules, states, bids of retailers into exchanges, prices, settlement."""
    e, nodes = fleet.play.graph.edges, fleet.play.graph.nodes
    told = by_unit(fleet, planned.y)
    for row in range(len(e)):
        a, b, kind, word = int(e.from_node[row]), int(e.to_node[row]), int(e.what[row]), str(e.word[row])
        upward = kind == INFO and (int(nodes.tier[a]), int(nodes.tier[b])) == (DISTRIBUTION, BULK)
        if word not in ("info", "bid", "price", "settle") or upward:
            continue
        many = max(int(fleet.many[a]), int(fleet.many[b])) if CUSTOMER in (int(nodes.tier[a]), int(nodes.tier[b])) else int(fleet.many[a])
        payload = told if kind != PRICE or planned.posted is None else planned.posted
        once = kind == SETTLE
        ledger.between(a, b, kind, str(e.item[row]) or word, payload[:1] if once else payload, messages=many * (1 if once else len(told)))


def _in_red(ledger: Ledger, fleet: Fleet, acted: Acted) -> None:
    """Instructions in red: along chains where there are some, else by switches."""
    moved = np.abs(by_unit(fleet, acted.after) - by_unit(fleet, acted.before)) > MOVED
    told = by_unit(fleet, acted.after)
    for c in fleet.play.classes:
        unit = fleet.units_at(c.customer)
        count = int(moved[:, unit].sum())
        if not count:
            continue
        chains = [*c.network, *c.control]
        values = told[:, unit][moved[:, unit]]
        if chains:
            chain = min(chains, key=lambda x: (len(x), x))
            for a, b in pairwise(chain):
                ledger.between(a, b, INSTR, "red", values, messages=count)
        elif len(wires := np.flatnonzero(fleet.play.graph.nodes.tier == DISTRIBUTION)):
            ledger.opened(int(wires[0]), c.customer, values, messages=count)
