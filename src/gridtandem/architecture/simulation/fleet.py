"""Which DER is whose: units of a shared grid assigned to the classes of customers of an architecture, and to the instances of everybody between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.architecture.graph import BULK, CUSTOMER, DISTRIBUTION, EDGE
from gridtandem.architecture.relations import Chain
from gridtandem.architecture.simulation.day import Day
from gridtandem.architecture.simulation.play import Play, Reached, Way
from gridtandem.tables import Flag, Index, Real

FLEET = 10  # units of one aggregator, retailer or supplier, where its node stands for many


@final
@dataclass(frozen=True, slots=True, eq=False)
class Fleet:
    """All units of all feeders in one row, with their place in the graph."""

    play: Play
    feeder: Index  # (unit)
    company: Index  # (unit)
    node: Index  # (unit) node of tier 4
    size: Real  # (unit) range over the day [MW]
    unit_of: tuple[Index, ...]  # (feeder)(step) unit
    many: Index  # (node) instances on this grid
    groups: tuple[tuple[Reached, Chain, Index], ...]  # classes, their routes, and the units of each

    @staticmethod
    def of(play: Play, day: Day) -> Fleet:
        """Largest units first, each to the class that lacks most of its share; equal ones by their order. Same grid and graph, same fleet."""
        first, size, feeder, company, unit_of = 0, list[Real](), list[Index](), list[Index](), list[Index]()
        names = sorted({f.company for f in day.feeders})
        for k, f in enumerate(day.feeders):
            s, count = f.steps, len(f.steps.name)
            reach = s.by_unit(np.maximum(s.most, 0.0) - np.minimum(s.least, 0.0)).max(0, initial=0.0)
            size.append(reach)
            feeder.append(np.full(count, k))
            company.append(np.full(count, names.index(f.company)))
            unit_of.append(first + s.unit)
            first += count
        sizes = np.concatenate([np.zeros(0), *size])
        node = _assigned(play, sizes)
        nodes = play.graph.nodes
        return Fleet(
            play=play, feeder=np.concatenate([np.zeros(0, np.int64), *feeder]), company=np.concatenate([np.zeros(0, np.int64), *company]), node=node,
            size=sizes, unit_of=tuple(unit_of), many=_many(nodes.tier, nodes.instances, len(names), node),
            groups=tuple(_groups(play, node)),
        )  # fmt: skip

    def steps_of(self, *ways: Way) -> tuple[Flag, ...]:
        """Steps (of each feeder) whose class goes one of these ways."""
        nodes = [c.customer for c in self.play.classes if c.way in ways]
        return tuple(np.isin(self.node[unit], nodes) for unit in self.unit_of)

    def behind(self, node: int) -> Index:
        """Units whose set-points pass a node."""
        mine = [unit for _, route, unit in self.groups if node in route]
        return np.concatenate([np.zeros(0, np.int64), *mine])

    def units_at(self, node: int) -> Index:
        """Units of a class."""
        return np.flatnonzero(self.node == node)

    def instance(self, node: int, unit: Index) -> Index:
        """Which instance of a node serves each unit: itself at tier 4, its company at tier 2, one of several at tier 3, the one at tier 1."""
        tier = int(self.play.graph.nodes.tier[node])
        if tier == CUSTOMER:
            return unit
        if tier == DISTRIBUTION:
            return self.company[unit]
        return unit % int(self.many[node]) if tier == EDGE else np.zeros(len(unit), np.int64)


def _assigned(play: Play, size: Real) -> Index:
    customers = np.array([c.customer for c in play.classes])
    share = np.array([c.share for c in play.classes])
    lack, node = share * size.sum(), np.zeros(len(size), np.int64)
    for unit in np.lexsort((np.arange(len(size)), -size)).tolist():
        k = int(np.argmax(lack))
        node[unit], lack[k] = customers[k], lack[k] - size[unit]
    return node


def _groups(play: Play, node: Index) -> Iterator[tuple[Reached, Chain, Index]]:
    """Units of each class in turn along its routes."""
    for c in play.classes:
        unit = np.flatnonzero(node == c.customer)
        for k, route in enumerate(c.routes):
            yield c, route, unit[k :: len(c.routes)]


def _many(tier: Index, instances: Index, companies: int, node: Index) -> Index:
    out = np.ones(len(tier), np.int64)
    out[tier == DISTRIBUTION] = companies
    edge = tier == EDGE
    out[edge] = np.minimum(instances[edge], max(1, -(-len(node) // FLEET)))
    for k in np.flatnonzero(tier == CUSTOMER).tolist():
        out[k] = int((node == k).sum())
    assert (out[tier == BULK] == 1).all()
    return out
