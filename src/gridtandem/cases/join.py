"""The merged grid that only a study may hold: transmission and all feeders as one network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid.copies import copies
from gridtandem.grid.elements import PQ, REFERENCE
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.network import Network
from gridtandem.tables import Index, Names, Real, Table

DEVICES = {  # what is multiplied where a feeder is
    "ramps": ("up_mw_per_h", "down_mw_per_h"),
    "storages": ("charge_high_mw", "discharge_high_mw", "energy_high_mwh", "energy_low_mwh", "energy_start_mwh", "q_high_mvar"),
    "vehicles": ("charge_high_mw", "discharge_high_mw", "energy_need_mwh", "energy_room_mwh"),
    "flexible": ("p_high_mw",),
    "regulation": ("up_high_mw", "down_high_mw", "ramp_mw_per_min"),
    "requirements": ("up_mw", "down_mw", "mileage_up_mw", "mileage_down_mw"),
}
LIMITS = ("p_low_mw", "p_high_mw", "q_low_mvar", "q_high_mvar", "s_high_mva")


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Joined:
    """The joined network and the way back to its parts."""

    network: Network
    part: Mapping[str, Index]  # table → part of each row: 0 transmission, 1 + the feeder's position; ties of interfaces follow and are nobody's
    first_bus: Index  # (feeder) where the buses of each feeder begin; transmission begins at 0
    feeders: tuple[str, ...]  # feeder of each entry of ``first_bus``
    interface_feeder: Index  # (interface) its feeder's position


def joined(case: Case) -> Joined:
    """Hang every feeder on its transmission bus by a tie; k parallel feeders become one of k times the admittance."""
    table = case.interfaces
    _, row, place = np.unique(table.feeder, return_index=True, return_inverse=True)
    first = np.sort(row)  # of the rows of each feeder
    feeder, herd = np.searchsorted(first, row[place]), table.take(first)
    which = np.concatenate([[0], 1 + herd.model])
    whole, part = copies([_timeless(case.transmission), *(_timeless(_sourceless(model)) for model in case.models)], which)
    whole = multiplied(whole, part, np.concatenate([[1], herd.count]), np.concatenate([[1.0], herd.scale]))
    whole = _renamed(whole, part, np.concatenate([[""], np.char.add(herd.feeder, "/")]))
    first_bus = np.searchsorted(part["buses"], 1 + np.arange(len(herd)))
    root = first_bus[feeder] + table.root
    ties = el.Ties(
        name=np.concatenate([whole.ties.name, np.char.add("interface ", table.name)]), from_bus=np.concatenate([whole.ties.from_bus, table.bus]),
        to_bus=np.concatenate([whole.ties.to_bus, root]), closed=np.concatenate([whole.ties.closed, np.ones(len(table), bool)]),
    )  # fmt: skip
    buses, g = _started(whole.buses, part["buses"], herd, first_bus + herd.root, root), whole.generators
    held = replace(g, control=np.where(np.isin(g.bus, root), PQ, g.control))  # transmission holds the voltage where feeders meet it
    return Joined(
        network=replace(whole, name=case.name, buses=buses, generators=held, ties=ties), part=part, first_bus=first_bus,
        feeders=tuple(herd.feeder.tolist()), interface_feeder=feeder,
    )  # fmt: skip


def each_its_own(case: Case, networks: Sequence[Network]) -> Case:
    """The case as these networks make it, transmission first: one model behind every interface, as it stands."""
    many = len(networks) - 1
    models = tuple(replace(net, name=f"feeder {k}") for k, net in enumerate(networks[1:]))
    table = replace(case.interfaces, model=np.arange(many), count=np.ones(many, np.int64), scale=np.ones(many))
    return replace(case, transmission=networks[0], models=models, interfaces=table)


def bundle(model: Network, *, count: int = 1, scale: float = 1.0) -> Network:
    """``count`` identical feeders side by side as one, without their own source: transmission takes its place.

    Admittances and powers are multiplied by ``count``, so voltages stay; ``scale`` multiplies loads, units, storage and what follows a price,
    with their cost: a unit twice the size costs twice as much at twice the power.
    """
    net = _sourceless(model)
    here = {name: np.zeros(len(table), np.int64) for name, table in net.tables().items()}
    return multiplied(net, here, np.array([count]), np.array([scale]))


def _timeless(net: Network) -> Network:
    """Without forecasts, regulation and tariffs: a joined grid is one moment."""
    return replace(
        net, profiles=dv.Profiles.empty(), follows=dv.Follows.empty(), regulation=dv.Regulation.empty(), requirements=dv.Requirements.empty(),
        tariffs=dv.Tariffs.empty(),
    )  # fmt: skip


def _sourceless(model: Network) -> Network:
    """The feeder without its own source."""
    keep = np.flatnonzero(model.generators.control != REFERENCE)
    new = np.full(len(model.generators), -1)
    new[keep] = np.arange(len(keep))
    cost, point = model.costs.take(new[model.costs.generator] >= 0), model.cost_points.take(new[model.cost_points.generator] >= 0)
    ramps = model.ramps.take(new[model.ramps.generator] >= 0)
    kept = set(model.generators.name[keep].tolist())
    gone = (model.regulation.what == dv.REGULATORS.index("generators")) & np.array([row not in kept for row in model.regulation.row.tolist()], bool)
    return replace(
        model, generators=model.generators.take(keep), costs=replace(cost, generator=new[cost.generator]),
        cost_points=replace(point, generator=new[point.generator]), ramps=replace(ramps, generator=new[ramps.generator]),
        regulation=model.regulation.take(~gone),
    )  # fmt: skip


def multiplied(net: Network, part: Mapping[str, Index], count: Index, scale: Real) -> Network:
    """Every part of a network ``count`` times in parallel, its loads and units times ``scale``."""
    k, s = {name: count[rows] for name, rows in part.items()}, {name: scale[rows] for name, rows in part.items()}
    ln, tr, ld, g, sh, cost, point = net.lines, net.transformers, net.loads, net.generators, net.shunts, net.costs, net.cost_points
    kg, sg, kl = k["generators"], s["generators"], k["lines"]
    limits: dict[str, Any] = {name: _times(getattr(g, name), kg * sg) for name in LIMITS}
    devices: dict[str, Any] = {kind: _devices(getattr(net, kind), k[kind] * s[kind]) for kind in DEVICES}
    return replace(
        net,
        lines=replace(ln, r_ohm=ln.r_ohm / kl, x_ohm=ln.x_ohm / kl, b_us=ln.b_us * kl, **_ratings(ln, kl)),
        transformers=replace(tr, base_mva=tr.base_mva * k["transformers"], **_ratings(tr, k["transformers"])),
        loads=replace(ld, p_mw=ld.p_mw * k["loads"] * s["loads"], q_mvar=ld.q_mvar * k["loads"] * s["loads"]),
        generators=replace(g, p_mw=g.p_mw * kg * sg, q_mvar=g.q_mvar * kg * sg, **limits),
        shunts=replace(sh, g_mw=sh.g_mw * k["shunts"], b_mvar=sh.b_mvar * k["shunts"]),
        costs=replace(cost, coefficient=cost.coefficient * _powers(k["costs"] * s["costs"], 1 - cost.order)),
        cost_points=replace(point, **{c: getattr(point, c) * k["cost_points"] * s["cost_points"] for c in ("p_mw", "cost_per_h")}),
        **devices,
    )


def _devices(table: Table, factor: Real) -> Table:
    """Ramps, storage, vehicles, flexible demand or regulation whose powers are multiplied."""
    columns: dict[str, Any] = {c: _times(getattr(table, c), factor) for c in DEVICES[table.kind]}
    if isinstance(table, dv.Flexible):
        columns["slope"] = table.slope * _powers(factor, np.full(len(table), -1))
    return replace(table, **columns)


def _powers(factor: Real, exponent: Index) -> Real:
    """Factor to the exponent; where nothing is left of a unit, its curvature does not matter."""
    some = factor > 0
    return np.asarray(np.where(some, np.where(some, factor, 1.0) ** exponent.astype(float), exponent == 0))


def _renamed(net: Network, part: Mapping[str, Index], before: Names) -> Network:
    """The part's own word before the names of all its rows, so that they differ from those of other parts."""
    changed: dict[str, Any] = {}
    for kind, table in net.tables().items():
        if "name" in table.columns():
            columns: dict[str, Any] = {"name": np.char.add(before[part[kind]], getattr(table, "name"))}  # noqa: B009
            changed[kind] = replace(table, **columns)
    return replace(net, **changed)


def _times(limit: Real, factor: Real) -> Real:
    """No limit stays none, even times 0."""
    return np.where(np.isfinite(limit), np.where(np.isfinite(limit), limit, 0.0) * factor, limit)


def _started(b: el.Buses, part: Index, herd: Interfaces, root: Index, ports: Index) -> el.Buses:
    """Feeders as they stand in the joined grid: start voltages lifted and turned to those of the transmission bus of their first ``root``, so
    that an iteration begins near a solution; no voltage limits where they meet transmission, for those are transmission's.
    """
    lift = np.concatenate([[1.0], b.v_start_pu[herd.bus] / b.v_start_pu[root]])[part]
    turn = np.concatenate([[0.0], b.angle_start_deg[herd.bus] - b.angle_start_deg[root]])[part]
    low, high = b.v_low_pu.copy(), b.v_high_pu.copy()
    low[ports], high[ports] = 0.0, np.inf
    return replace(b, v_start_pu=b.v_start_pu * lift, angle_start_deg=b.angle_start_deg + turn, v_low_pu=low, v_high_pu=high)


def _ratings(branch: el.Lines | el.Transformers, k: Index) -> dict[str, Any]:
    return {name: getattr(branch, name) * k for name in ("rating_mva", "rating_short_mva", "rating_emergency_mva")}
