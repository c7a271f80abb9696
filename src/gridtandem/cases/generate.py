"""Joined systems of any size from one transmission network and a few feeders, the same for the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.library import network_of
from gridtandem.errors import Fault, InvalidCase, UnknownName, Unreadable
from gridtandem.grid import elements as el
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.network import Network
from gridtandem.tables import Complex, Flag, Index, Real

RESIDUE = 1e-9  # of the load before: what rounding leaves when a feeder takes all of it


def joined(
    transmission: Network | str, feeders: Network | str | Sequence[Network | str], *, where: str | Sequence[str] | None = None,
    how_many: int | None = None,
    count: int | None = None, spread: float = 0.0, dg_share: float = 0.0, p_exponent: float = 0.0, q_exponent: float = 0.0,
    seed: int = 0, name: str = "joined",
) -> Case:  # fmt: skip
    r"""Hang feeders on transmission buses in place of the load there; networks may be given by their names in the library.

    ``how_many`` interfaces are spread evenly over the buses ``where``, or over buses drawn by ``seed`` among those that have load and no
    unit that holds a voltage; several feeders are taken in turn. With a share :math:`P` of the bus load, a feeder load :math:`P_F` and a
    number :math:`u` drawn evenly from [−1, 1], an interface has :math:`k` parallel feeders of scale :math:`s`:

    .. math:: k = \max(1, \operatorname{round}(P / P_F)), \qquad s = (1 + \text{spread}\cdot u)\; P / (k\,P_F)

    or, where ``count`` gives :math:`k`, :math:`s = (1 + \text{spread}\cdot u)\,\min(1, P / (k\,P_F))`. What the feeders draw is taken from
    the bus load, active and reactive. ``dg_share`` of a feeder's load is generated at its last bus, at unity power factor.
    """
    count, how_many = _whole("count", count), _whole("how_many", how_many)
    _numbers(spread=spread, dg_share=dg_share, p_exponent=p_exponent, q_exponent=q_exponent)
    rng, transmission = np.random.default_rng(seed), network_of(transmission)
    models = tuple(_model(network_of(f), dg_share, p_exponent, q_exponent) for f in ([feeders] if isinstance(feeders, Network | str) else feeders))
    if not models:
        raise Unreadable("feeders is empty; give one feeder or more")
    bus = _chosen(transmission, where, how_many, rng)
    own = bus_load(transmission).real
    shared = own[bus] / np.bincount(bus)[bus]
    turn = np.arange(len(bus)) % len(models)
    power = np.array([feeder_load(m) for m in models])[turn]
    k = np.maximum(1, np.rint(shared / power.real)).astype(np.int64) if count is None else np.full(len(bus), count)
    fit = shared / (k * power.real)
    scale = (1 + spread * rng.uniform(-1, 1, len(bus))) * (fit if count is None else np.minimum(1.0, fit))
    taken = np.zeros(len(own), complex)
    np.add.at(taken, bus, k * scale * power)
    at = transmission.buses.name[bus].tolist()
    table = interfaces(at, turn, [root_of(models[m]) for m in turn.tolist()], bus, count=k, scale=scale)
    note = f"generated: {len(bus)} interfaces, spread {spread:g}, DG share {dg_share:g}, exponents ({p_exponent:g}, {q_exponent:g}), seed {seed}"
    return Case(name=name, title=note, transmission=without_load(transmission, taken), models=models, interfaces=table, notes=(note,))


def with_exponents(case: Case, p_exponent: float, q_exponent: float) -> Case:
    """The case with purely exponential feeder loads; a network without feeders, with all its own loads so."""
    if not len(case.interfaces):
        return replace(case, transmission=exponential(case.transmission, p_exponent, q_exponent))
    return replace(case, models=tuple(exponential(m, p_exponent, q_exponent) for m in case.models))


def with_parallel(case: Case, counts: int | Sequence[int]) -> Case:
    """The case with other numbers of parallel feeders, one for all interfaces or one for each."""
    table, given = case.interfaces, np.asarray(counts)
    if not len(table):
        raise Unreadable(f"{case.name} has no feeders that could stand in parallel")
    if given.dtype.kind not in "iu" and not (given.dtype.kind == "f" and (given == np.floor(given)).all() and np.isfinite(given).all()):
        raise Unreadable(f"numbers of parallel feeders are whole; {counts!r} is not")
    if np.size(counts) not in (1, len(table)):
        raise Unreadable(f"{np.size(counts)} numbers of parallel feeders for {len(table)} interfaces; give one for all, or one for each")
    return replace(case, interfaces=replace(table, count=np.broadcast_to(given.astype(np.int64), len(table))))


def interfaces(at: Sequence[str], model: Index, root: Sequence[int], bus: Index, *, count: Index, scale: Real) -> Interfaces:
    """One company per bus: interface "I10", feeder "F10" and company "dso-10" at bus "10"; a second one there is "I10-2"."""
    seen: dict[str, int] = {}
    label = []
    for name in at:
        seen[name] = seen.get(name, 0) + 1
        label.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return Interfaces(
        name=np.array([f"I{x}" for x in label], dtype=str), company=np.array([f"dso-{x}" for x in at], dtype=str),
        feeder=np.array([f"F{x}" for x in label], dtype=str), model=model, root=np.array(root, np.int64), bus=bus, count=count, scale=scale,
    )  # fmt: skip


def root_of(feeder: Network) -> int:
    """The bus of a feeder's reference, where transmission takes its place."""
    units = feeder.generators
    at = units.bus[units.live & (units.control == el.REFERENCE)]
    if len(set(at.tolist())) != 1:
        what = f"holds {len(set(at.tolist()))} references (slacks), so the root is not known"
        raise InvalidCase([Fault("generators", what, "set control = reference at the bus that meets transmission", "case-049", place=feeder.name)])
    return int(at[0])


def bus_load(network: Network) -> Complex:
    """Demand at each bus, at calibration voltage. [MW + j Mvar]"""
    out = np.zeros(len(network.buses), complex)
    on = network.loads.take(network.loads.live)
    np.add.at(out, on.bus, on.p_mw + 1j * on.q_mvar)
    return out


def feeder_load(feeder: Network) -> complex:
    """Demand of a whole feeder, at calibration voltage. [MW + j Mvar]"""
    return complex(bus_load(feeder).sum())


def without_load(network: Network, taken: Complex) -> Network:
    """The network with ``taken`` [MW + j Mvar at each bus] off its loads, in proportion to their active power; emptied loads go."""
    ld, total = network.loads, bus_load(network).real
    touched = ld.live & (taken[ld.bus] != 0) & (total[ld.bus] != 0)
    share = np.where(touched, ld.p_mw / np.where(touched, total[ld.bus], 1.0), 0.0)
    p, q = ld.p_mw - share * taken.real[ld.bus], ld.q_mvar - share * taken.imag[ld.bus]
    p = np.where(abs(p) <= RESIDUE * abs(ld.p_mw), 0.0, p)
    q = np.where(abs(q) <= RESIDUE * abs(ld.p_mw), 0.0, q)
    return replace(network, loads=replace(ld, p_mw=p, q_mvar=q).take(~touched | (p != 0) | (q != 0)))


def exponential(feeder: Network, p_exponent: float, q_exponent: float) -> Network:
    """The feeder with purely exponential loads."""
    ld, none = feeder.loads, np.zeros(len(feeder.loads))
    p, q = np.full(len(ld), p_exponent), np.full(len(ld), q_exponent)
    law = replace(ld, p_exponent=p, q_exponent=q, p_z_share=none, p_i_share=none, q_z_share=none, q_i_share=none)
    return replace(feeder, loads=law)


def with_dg(feeder: Network, p_mw: float) -> Network:
    """The feeder with a unit of unity power factor at its last bus."""
    last = len(feeder.buses) - 1
    units, name = feeder.generators, f"DG{feeder.buses.name[last]}"
    more = el.Generators.of(
        {"name": [name], "bus": [last], "p_mw": [p_mw], "p_low_mw": [0.0], "p_high_mw": [p_mw], "q_low_mvar": [0.0], "q_high_mvar": [0.0]}
    )
    both = {c: np.concatenate([getattr(units, c), getattr(more, c)]) for c in units.columns()}
    return replace(feeder, generators=el.Generators(**both))


def _whole(name: str, given: int | None) -> int | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float | np.integer) or not given >= 1 or given % 1:
        raise Unreadable(f"{name} is a whole number of 1 or more; {given!r} is not")
    return int(given)


def _numbers(**given: float) -> None:
    """Shares of loads, spread around 1, exponents: finite, and never such that a feeder turns around."""
    low, high = {"spread": 0.0, "dg_share": 0.0}, {"spread": 1.0}
    for name, value in given.items():
        if not isinstance(value, int | float | np.number) or not np.isfinite(value):
            raise Unreadable(f"{name} is a finite number; {value!r} is not")
        if value < low.get(name, -np.inf) or value >= high.get(name, np.inf):
            limits = "at least 0 and below 1" if name in high else "at least 0"
            raise Unreadable(f"{name} is {limits}; {value!r} is not")


def _model(feeder: Network, dg_share: float, p_exponent: float, q_exponent: float) -> Network:
    power = feeder_load(feeder).real
    if power <= 0:
        raise InvalidCase([Fault("loads", f"add up to {power:g} MW", "give a feeder that draws power", "case-056", place=feeder.name)])
    feeder = exponential(feeder, p_exponent, q_exponent)
    return with_dg(feeder, dg_share * power) if dg_share else feeder


def _chosen(network: Network, where: str | Sequence[str] | None, how_many: int | None, rng: np.random.Generator) -> Index:
    """Transmission bus of each interface, ascending unless named."""
    if where is not None:
        where = [where] if isinstance(where, str) else where
        if not len(where):
            raise Unreadable("where is empty; name one bus or more, or leave it out")
        known = network.buses.name.tolist()
        row = {name: k for k, name in enumerate(known)}
        for name in where:
            if name not in row:
                raise UnknownName(f"bus of {network.name!r}", name, known)
        able = np.array([row[name] for name in where], np.int64)
        return np.resize(able, len(able) if how_many is None else how_many)
    able = np.flatnonzero(_free_with_load(network))
    size = len(able) if how_many is None else how_many
    if not len(able):
        raise InvalidCase([Fault("loads", "stand only where a unit holds the voltage", "name the buses: where=[…]", "case-057", place=network.name)])
    rounds, rest = divmod(size, len(able))
    return np.sort(np.concatenate([np.tile(able, rounds), rng.choice(able, rest, replace=False)]))


def _free_with_load(network: Network) -> Flag:
    """Live buses with load and without a live unit that holds a voltage."""
    held = network.generators.bus[network.generators.live & (network.generators.control != el.PQ)]
    free = np.ones(len(network.buses), bool)
    free[held] = False
    return free & network.buses.live & (bus_load(network).real > 0)
