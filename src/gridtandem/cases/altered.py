"""Feeders and cases with one thing changed: lines, voltages, units and what they offer, a transformer between them and transmission."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.errors import UnknownName, Unreadable
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.tables import stacked

Held = Literal["x", "r", "z"]
SIZED = ("generators", "storages")  # devices that a size is about
HEAD = "head"  # of a feeder behind a transformer
LOW, HIGH = 0.9, 1.1  # ends of its ratio


def with_line_ratio(feeder: Network, ratio: float, held: Held) -> Network:
    """The feeder with all lines at this R/X, while each keeps its X, its R, or its |z|."""
    if not (np.isfinite(ratio) and ratio > 0):
        raise Unreadable(f"R/X is above 0; {ratio!r} is not")
    lines = feeder.lines
    x = {"x": lines.x_ohm, "r": lines.r_ohm / ratio, "z": np.hypot(lines.r_ohm, lines.x_ohm) / np.hypot(ratio, 1.0)}[held]
    return replace(feeder, lines=replace(lines, x_ohm=x, r_ohm=lines.r_ohm if held == "r" else ratio * x))


def with_unit(
    feeder: Network, bus: str, *, p_mw: float, q_mvar: float = 0.0, reach_mvar: float = 0.0, v_set_pu: float | None = None
) -> Network:  # fmt: skip
    """The feeder with a unit more, which holds its power, or a voltage within ± ``reach_mvar``."""
    names = feeder.buses.name.tolist()
    if bus not in names:
        raise UnknownName(f"bus of {feeder.name!r}", bus, names)
    units = feeder.generators
    more = el.Generators.of({
        "name": [_free(f"DG{bus}", units.name.tolist())], "bus": [names.index(bus)], "p_mw": [p_mw], "q_mvar": [q_mvar],
        "control": [el.PQ if v_set_pu is None else el.VOLTAGE], "v_set_pu": [1.0 if v_set_pu is None else v_set_pu],
        "p_low_mw": [min(p_mw, 0.0)], "p_high_mw": [max(p_mw, 0.0)], "q_low_mvar": [min(q_mvar, -reach_mvar)],
        "q_high_mvar": [max(q_mvar, reach_mvar)],
    })  # fmt: skip
    return replace(feeder, generators=stacked(el.Generators, [units, more]))


def with_device_size(feeder: Network, factor: float) -> Network:
    """The feeder with units but its source, storage, and what both offer of regulation, so many times as large at the same prices."""
    if not (np.isfinite(factor) and factor > 0):
        raise Unreadable(f"a size is above 0; {factor!r} is not")
    units, stores, costs, points, offers = feeder.generators, feeder.storages, feeder.costs, feeder.cost_points, feeder.regulation
    by = np.where(units.control == el.REFERENCE, 1.0, factor)
    offer = np.where(np.isin(offers.what, [dv.REGULATORS.index(kind) for kind in SIZED]), factor, 1.0)
    power = {name: getattr(units, name) * by for name in ("p_mw", "q_mvar", "p_low_mw", "p_high_mw", "q_low_mvar", "q_high_mvar", "s_high_mva")}
    store = ("charge_high_mw", "discharge_high_mw", "energy_low_mwh", "energy_high_mwh", "energy_start_mwh", "q_high_mvar")
    return replace(
        feeder, generators=replace(units, **power), storages=replace(stores, **{name: getattr(stores, name) * factor for name in store}),
        costs=replace(costs, coefficient=costs.coefficient * by[costs.generator] ** (1.0 - costs.order)),
        cost_points=replace(points, p_mw=points.p_mw * by[points.generator], cost_per_h=points.cost_per_h * by[points.generator]),
        regulation=replace(offers, **{name: getattr(offers, name) * offer for name in ("up_high_mw", "down_high_mw", "ramp_mw_per_min")}),
    )  # fmt: skip


def with_highest_voltage(feeder: Network, v_high_pu: float) -> Network:
    """The feeder with this highest voltage at every bus that has one, but at that of its source."""
    high, root = feeder.buses.v_high_pu, feeder.generators.bus[feeder.generators.control == el.REFERENCE]
    bound = np.isfinite(high) & ~np.isin(np.arange(len(high)), root)
    return replace(feeder, buses=replace(feeder.buses, v_high_pu=np.where(bound, v_high_pu, high)))


def with_offered_share(feeder: Network, share: float) -> Network:
    """The feeder whose devices offer this share of their regulation upwards; with 0 they offer none either way."""
    if not 0 <= share <= 1:
        raise Unreadable(f"a share is 0 to 1; {share!r} is not")
    offers = feeder.regulation
    return replace(feeder, regulation=replace(offers, up_high_mw=offers.up_high_mw * share) if share else type(offers).empty())


def with_head(
    case: Case, *, x_pu: float, rating_mva: float, regulates: Literal["fixed", "continuous"] = "fixed", ratio: Sequence[float] | None = None,
    v_target_pu: float = 1.0,
) -> Case:  # fmt: skip
    """The case with a transformer of reactance ``x_pu`` on its rating before every feeder; where it regulates, it holds the voltage behind it.

    ``ratio``: of each interface, transmission over feeder; every interface then has a model of its own.
    """
    table = case.interfaces
    if ratio is None:
        own = {pair: k for k, pair in enumerate(dict.fromkeys(zip(table.model.tolist(), table.root.tolist(), strict=True)))}
        which = [own[pair] for pair in zip(table.model.tolist(), table.root.tolist(), strict=True)]
        made = [(m, r, 1.0) for m, r in own]
    else:
        which = list(range(len(table)))
        made = list(zip(table.model.tolist(), table.root.tolist(), ratio, strict=True))
    names = np.array([f"{case.models[m].name}-{k + 1}" if len(made) > 1 else case.models[m].name for k, (m, _, _) in enumerate(made)])
    models, roots = [], []
    for name, (m, root, at) in zip(names.tolist(), made, strict=True):
        transformer = {"x_pu": [x_pu], "base_mva": [rating_mva], "ratio": [at], "v_target_pu": [v_target_pu]}
        models.append(replace(_behind(case.models[m], root, transformer, regulates), name=name))
        roots.append(len(case.models[m].buses))
    index = np.array(which, np.int64)
    return replace(case, models=tuple(models), interfaces=replace(table, model=index, root=np.array(roots, np.int64)[index]))


def each_feeder(case: Case, change: Callable[[Network], Network]) -> Case:
    """The case with every feeder model changed alike."""
    return replace(case, models=tuple(change(model) for model in case.models))


def one_feeder(case: Case, interface: int, change: Callable[[Network], Network]) -> Case:
    """The case with the feeder behind one interface changed, which gets a model of its own."""
    table, models = case.interfaces, case.models
    made = change(models[table.model[interface]])
    model = np.where(table.feeder == table.feeder[interface], len(models), table.model)
    named = replace(made, name=_free(made.name, [m.name for m in models]))
    return replace(case, models=(*models, named), interfaces=replace(table, model=model))


def _behind(feeder: Network, root: int, given: dict[str, list[float]], regulates: Literal["fixed", "continuous"]) -> Network:
    """The feeder behind a transformer from a new root, where its reference moves; loads and all else at the old root stay behind it."""
    buses, units = feeder.buses, feeder.generators
    new = len(buses)
    head = replace(buses.take(np.array([root])), name=np.array([_free(HEAD, buses.name.tolist())]))
    moved = np.where(units.control == el.REFERENCE, new, units.bus)
    control = el.CONTINUOUS if regulates == "continuous" else el.FIXED
    transformer = el.Transformers.of({
        "name": [_free(HEAD, feeder.transformers.name.tolist())], "from_bus": [new], "to_bus": [root], "r_pu": [0.0], "control": [control],
        "regulated_bus": [root if control else -1], "ratio_low": [LOW], "ratio_high": [HIGH], **given,
    })  # fmt: skip
    return replace(
        feeder, buses=stacked(el.Buses, [buses, head]), generators=replace(units, bus=moved),
        transformers=stacked(el.Transformers, [feeder.transformers, transformer]),
    )  # fmt: skip


def _free(name: str, taken: Sequence[str]) -> str:
    """The name, with a number where it is taken."""
    return next(n for n in (name, *(f"{name}-{k}" for k in range(2, len(taken) + 3))) if n not in taken)
