"""The merged grid that only a study may hold: transmission and all feeders as one network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.grid import elements as el
from gridtandem.grid.elements import PQ, REFERENCE
from gridtandem.grid.network import Network
from gridtandem.tables import Index, Real, Table

T = TypeVar("T", bound=Table)

LIMITS = ("p_low_mw", "p_high_mw", "q_low_mvar", "q_high_mvar", "s_high_mva")


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Joined:
    """The joined network and the way back to its parts."""

    network: Network
    first_bus: Index  # (feeder) where the buses of each feeder begin; transmission begins at 0
    feeders: tuple[str, ...]  # feeder of each entry of ``first_bus``
    interface_feeder: Index  # (interface) its feeder's position


def joined(case: Case) -> Joined:
    """Hang every feeder on its transmission bus by a tie; k parallel feeders become one of k times the admittance."""
    table, parts = case.interfaces, [case.transmission]
    feeders = tuple(dict.fromkeys(table.feeder.tolist()))
    place = {f: k for k, f in enumerate(feeders)}
    first, ends = [], []
    at = len(case.transmission.buses)
    for name in feeders:
        rows = np.flatnonzero(table.feeder == name)
        model = case.models[int(table.model[rows[0]])]
        feeder = _renamed(bundle(model, count=int(table.count[rows[0]]), scale=float(table.scale[rows[0]])), name)
        parts.append(_started(feeder, table.root[rows], case.transmission.buses, int(table.bus[rows[0]])))
        ends += [(f"interface {table.name[k]}", int(table.bus[k]), at + int(table.root[k])) for k in rows]
        first.append(at)
        at += len(model.buses)
    ends_of: dict[str, list[str] | list[int]] = {"name": [e[0] for e in ends], "from_bus": [e[1] for e in ends], "to_bus": [e[2] for e in ends]}
    ties = el.Ties.of(ends_of) if ends else el.Ties.empty()
    whole = _stack(parts, case.name)
    whole = replace(whole, ties=_concatenate([whole.ties, ties]))
    return Joined(
        network=whole, first_bus=np.array(first, np.int64), feeders=feeders,
        interface_feeder=np.array([place[f] for f in table.feeder.tolist()], np.int64),
    )  # fmt: skip


def bundle(model: Network, *, count: int = 1, scale: float = 1.0) -> Network:
    """``count`` identical feeders side by side as one, without their own source: transmission takes its place.

    Admittances and powers are multiplied by ``count``, so voltages stay; ``scale`` multiplies loads and units.
    """
    keep = np.flatnonzero(model.generators.control != REFERENCE)
    new = np.full(len(model.generators), -1)
    new[keep] = np.arange(len(keep))
    g = model.generators.take(keep)
    k, ln, tr, ld, sh = count, model.lines, model.transformers, model.loads, model.shunts
    limits: dict[str, Any] = {name: _times(getattr(g, name), k * scale) for name in LIMITS}
    cost, point = model.costs.take(new[model.costs.generator] >= 0), model.cost_points.take(new[model.cost_points.generator] >= 0)
    return replace(
        model,
        lines=replace(ln, r_ohm=ln.r_ohm / k, x_ohm=ln.x_ohm / k, b_us=ln.b_us * k, **_ratings(ln, k)),
        transformers=replace(tr, base_mva=tr.base_mva * k, **_ratings(tr, k)),
        loads=replace(ld, p_mw=ld.p_mw * k * scale, q_mvar=ld.q_mvar * k * scale),
        generators=replace(g, p_mw=g.p_mw * k * scale, q_mvar=g.q_mvar * k * scale, **limits),
        shunts=replace(sh, g_mw=sh.g_mw * k, b_mvar=sh.b_mvar * k),
        costs=replace(cost, generator=new[cost.generator], coefficient=cost.coefficient * float(k) ** (1 - cost.order)),
        cost_points=replace(point, generator=new[point.generator], p_mw=point.p_mw * k, cost_per_h=point.cost_per_h * k),
    )


def _renamed(net: Network, name: str) -> Network:
    """The feeder's name before the names of all its parts, so that they differ from other feeders' in the joined grid."""
    changed: dict[str, Any] = {"name": name}
    for kind, table in net.tables().items():
        if "name" in table.columns():
            columns: dict[str, Any] = {"name": np.array([f"{name}/{n}" for n in getattr(table, "name").tolist()], dtype=str)}  # noqa: B009
            changed[kind] = replace(table, **columns)
    return replace(net, **changed)


def _times(limit: Real, factor: float) -> Real:
    """No limit stays none, even times 0."""
    return np.where(np.isfinite(limit), np.where(np.isfinite(limit), limit, 0.0) * factor, limit)


def _started(feeder: Network, roots: Index, above: el.Buses, bus: int) -> Network:
    """The feeder as it stands in the joined grid: start voltages lifted and turned to those of its (first) transmission bus, so that an
    iteration begins near a solution; at its roots no voltage limits and no units that hold a voltage, for those are transmission's.
    """
    b, root = feeder.buses, int(roots[0])
    lift, turn = above.v_start_pu[bus] / b.v_start_pu[root], above.angle_start_deg[bus] - b.angle_start_deg[root]
    here = np.isin(np.arange(len(b)), roots)
    low, high = np.where(here, 0.0, b.v_low_pu), np.where(here, np.inf, b.v_high_pu)
    buses = replace(b, v_start_pu=b.v_start_pu * lift, angle_start_deg=b.angle_start_deg + turn, v_low_pu=low, v_high_pu=high)
    g = feeder.generators
    return replace(feeder, buses=buses, generators=replace(g, control=np.where(here[g.bus], PQ, g.control)))


def _ratings(branch: el.Lines | el.Transformers, k: int) -> dict[str, Any]:
    return {name: getattr(branch, name) * k for name in ("rating_mva", "rating_short_mva", "rating_emergency_mva")}


def _stack(parts: list[Network], name: str) -> Network:
    """Networks one after another, rows renumbered."""
    out: dict[str, Any] = {}
    for table in parts[0].tables():
        pieces, offset = [], dict.fromkeys(parts[0].tables(), 0)
        for net in parts:
            piece = getattr(net, table)
            moved = {c: np.where(getattr(piece, c) >= 0, getattr(piece, c) + offset[s.refers], -1) for c, s in piece.columns().items() if s.refers}
            pieces.append(replace(piece, **moved))
            offset = {t: n + len(getattr(net, t)) for t, n in offset.items()}
        out[table] = _concatenate(pieces)
    return replace(parts[0], name=name, **out)


def _concatenate(tables: list[T]) -> T:
    first = tables[0]
    return type(first)(**{c: np.concatenate([getattr(t, c) for t in tables]) for c in first.columns()})
