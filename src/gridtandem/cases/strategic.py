"""A case of feeders changed for comparison: without resources, without offers, without limits of lines, with fewer feeders in the same place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.errors import Unreadable
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.tables import Flag, stacked


def passive(case: Case) -> Case:
    """Feeders that are demand and nothing else."""
    return replace(case, models=tuple(_without(net, np.zeros(len(net.generators), bool)) for net in case.models))


def without_offers(case: Case, free: tuple[Flag, ...]) -> Case:
    """Feeders with their free units alone; ``free`` says which those are (model)(unit)."""
    return replace(case, models=tuple(_without(net, mine) for net, mine in zip(case.models, free, strict=True)))


def uncongested(case: Case) -> Case:
    """Transmission whose branches carry anything."""
    net = case.transmission
    lines = replace(net.lines, rating_mva=np.full(len(net.lines), np.inf))
    transformers = replace(net.transformers, rating_mva=np.full(len(net.transformers), np.inf))
    return replace(case, transmission=replace(net, lines=lines, transformers=transformers))


def with_fewer(case: Case, feeders: int) -> Case:
    """So many of the parallel feeders at the one interface belong to the company; the others are plain demand at the same bus, with the same day."""
    table = case.interfaces
    if len(table) != 1 or not 1 <= feeders <= table.count[0]:
        have = f"{table.count[0]} feeders" if len(table) == 1 else f"{len(table)} interfaces"
        raise Unreadable(f"{feeders} of {have}: give a case of one interface, and a number from 1 to that of its feeders")
    model, net = case.models[int(table.model[0])], case.transmission
    rest, name = float(table.count[0] - feeders) * float(table.scale[0]), f"demand beside {table.name[0]}"
    less = replace(case, interfaces=replace(table, count=np.array([feeders])))
    if not rest:
        return less
    periods = max(model.periods, 1)
    live = model.loads.live & model.buses.live[model.loads.bus]
    p, q = (rest * x[live] for x in (model.loads.p_mw, model.loads.q_mvar))
    factor = model.factors("loads", periods)[:, live] @ p / p.sum()
    load = el.Loads.of({"name": [name], "bus": [int(table.bus[0])], "p_mw": [p.sum()], "q_mvar": [q.sum()]})
    day = dv.Profiles.of({"profile": np.full(periods, name), "period": np.arange(1, periods + 1), "factor": factor})
    follows = dv.Follows.of({"what": [dv.FOLLOWERS.index("loads")], "row": [name], "profile": [name]})
    more = replace(
        net, loads=stacked(el.Loads, [net.loads, load]), profiles=stacked(dv.Profiles, [net.profiles, day]),
        follows=stacked(dv.Follows, [net.follows, follows]),
    )  # fmt: skip
    return replace(less, transmission=more)


def _without(net: Network, keep: Flag) -> Network:
    """Units, demand response and storage out of service, but for units to be kept and for the source; demand that buys stays."""
    g, f = net.generators, net.flexible
    return replace(
        net, generators=replace(g, live=g.live & (keep | (g.control == el.REFERENCE))), flexible=replace(f, live=f.live & (f.does == dv.TAKES)),
        storages=replace(net.storages, live=np.zeros(len(net.storages), bool)),
    )  # fmt: skip
