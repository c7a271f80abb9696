"""A three-phase feeder with its devices as one plain network of phase nodes: what AC dispatch takes, and all else that takes networks.

A device at a spot of several coils becomes one at each of them, of an even share: powers, energies and money are divided, prices stay, and what a
unit of a third of the size costs by its power is what a third of the unit costs. Each may then be decided by itself: what ``675`` injects need not
stay even between its phases. Devices where there is no supply are left out, and the network's note on supply names the place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.network import Network
from gridtandem.grid.phase_feeder import Coil, PhaseFeeder, Spot, rising
from gridtandem.grid.phase_nodes import PhaseNodes, phase_nodes
from gridtandem.tables import Index, Names, Real, Table, stacked

DIVIDED = ("MW", "Mvar", "MVA", "MWh", "MW/h", "currency", "currency/h")  # units of what a device of half the size has half of
PLACED = ("loads", "generators", "storages", "vehicles", "flexible")
Rows = tuple[Index, Names, Real]  # of each piece: row, name, share
T = TypeVar("T", bound=Table)


def dispatchable(feeder: PhaseFeeder) -> Network:
    """The network of phase nodes with devices at them. Offers and requirements of regulation are for markets and stay behind."""
    spots, d = feeder.check().spots(), feeder.devices
    net, at = phase_nodes(feeder.network, _wanted(spots, d))
    pieces: dict[str, Rows] = {}
    found: dict[str, Any] = {}
    for kind in PLACED:
        given: Table = getattr(d, kind)
        bus, pieces[kind] = _pieces(given, spots, at)
        found[kind] = stacked(type(given), [getattr(net, kind), _divided(given, pieces[kind][0], pieces[kind][2], bus=bus, name=pieces[kind][1])])
    units, before = pieces["generators"], len(net.generators)
    return replace(
        net,
        **found,
        costs=_of_units(d.costs, units, before),
        cost_points=_of_units(d.cost_points, units, before),
        ramps=_of_units(d.ramps, units, before),
        profiles=d.profiles,
        follows=_follows(feeder, net, pieces),
    ).check()


def _wanted(spots: tuple[Spot, ...], d: Network) -> dict[tuple[int, Coil], float]:
    """Coils between phases where devices hang, and the largest power of units there. [MVA]"""
    most = np.zeros(len(spots))
    np.maximum.at(most, d.generators.bus, np.where(np.isfinite(d.generators.p_high_mw), abs(d.generators.p_high_mw), 0.0))
    return {(s.bus, rising(coil)): float(p) / len(s.coils) for s, p in zip(spots, most.tolist(), strict=True) for coil in s.coils if coil[1]}


def _pieces(table: Table, spots: tuple[Spot, ...], at: PhaseNodes) -> tuple[Index, Rows]:
    """Bus of each piece of the rows of a table, and what it is a piece of."""
    bus, row, name, share = list[int](), list[int](), list[str](), list[float]()
    own: Index = getattr(table, "bus")  # noqa: B009 — every table of `PLACED` has it
    for k, spot in enumerate(own.tolist()):
        coils = spots[spot].coils
        for a, b in coils:
            if (place := at.place(spots[spot].bus, (a, b))) >= 0:
                tail = f".{pe.NODES[a]}" + (f"-{pe.NODES[b]}" if b else "")
                bus.append(place)
                row.append(k)
                name.append(table.label(k) + (tail if len(coils) > 1 else ""))
                share.append(1.0 / len(coils))
    return np.array(bus, np.int64), (np.array(row, np.int64), np.array(name, dtype="U"), np.array(share))


def _divided(table: T, rows: Index, share: Real, **columns: Any) -> T:
    """These rows of a table, of each its share."""
    parts = {c: getattr(table, c)[rows] * share for c, spec in table.columns().items() if spec.unit in DIVIDED}
    if isinstance(table, dv.Flexible):
        parts["slope"] = table.slope[rows] / share
    if isinstance(table, el.Costs):
        parts["coefficient"] = table.coefficient[rows] * share ** (1.0 - table.order[rows])
    return replace(table.take(rows), **parts, **columns)


def _of_units(table: T, pieces: Rows, before: int) -> T:
    """Rows that belong to units, again for every piece; pieces come after so many units."""
    row, _, share = pieces
    own: Index = getattr(table, "generator")  # noqa: B009 — costs, points and ramps have it
    mine = [np.flatnonzero(own == k) for k in row.tolist()]
    piece = np.repeat(np.arange(len(row)), [len(m) for m in mine])
    return _divided(table, np.concatenate([*mine, np.empty(0, np.int64)]), share[piece], generator=before + piece)


def _follows(feeder: PhaseFeeder, net: Network, pieces: Mapping[str, Rows]) -> dv.Follows:
    """Who follows which profile, piece by piece; a load of the feeder is followed by all its coils."""
    f, d = feeder.devices.follows, feeder.devices
    row, name = list[int](), list[str]()
    for k, (what, own) in enumerate(zip(f.what.tolist(), f.row.tolist(), strict=True)):
        kind = dv.FOLLOWERS[what]
        of, called, _ = pieces[kind]
        mine = called[getattr(d, kind).name[of] == own].tolist() if own else [own]
        if feeder.of_network[k]:
            mine = [n for n in net.loads.name.tolist() if n == own or n.rpartition(".")[0] == own]
        row += [k] * len(mine)
        name += mine
    return replace(f.take(np.array(row, np.int64)), row=np.array(name, dtype="U"))
