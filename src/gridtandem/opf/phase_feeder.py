"""A three-phase feeder's own problem: the one of `gridtandem.opf.feeder` under the form LinDist3Flow.

Its nodes are spots, so that devices, offers, prices and books of balanced feeders serve it as they are. Loads and generators of the network act at
their own coils with the power of their rated voltage, as in balanced feeders: at voltages without load, far above rated where taps are raised, they
would tell less.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.flow.phase_branches import PhaseBranches, phase_branches
from gridtandem.flow.phase_coils import GROUND, PR, QR, Coils, coils_of
from gridtandem.flow.phase_response import floating
from gridtandem.grid import devices as dv
from gridtandem.grid import elements as el
from gridtandem.grid.balanced import source_bus
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.grid.phase_admittance import EACH
from gridtandem.grid.phase_elements import PHASES, WYE
from gridtandem.grid.phase_feeder import LOADS, PhaseFeeder, Spot, rising
from gridtandem.grid.phase_tree import PhaseTree, phase_tree
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.forms.lindist import Flow
from gridtandem.opf.forms.lindist3 import Lindist3, every_spot, limited_buses
from gridtandem.resources.part import Window
from gridtandem.tables import Complex, Flag, Index, Names

HUNG = ("generators", "flexible", "storages", "vehicles", "loads")  # tables of devices with a bus


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PhaseMarket:
    """A three-phase feeder ready for any window of periods."""

    feeder: PhaseFeeder
    form: Lindist3
    nodal: Nodal  # of the network whose buses are spots
    branches: PhaseBranches  # of the exact load flow, at the taps of the network

    @staticmethod
    def of(feeder: PhaseFeeder, *, flow: Flow = "apparent", margin_pu: float = 0.0) -> PhaseMarket:
        """Taps and the voltage of the source as they stand.

        ``margin_pu`` tightens lower voltage limits, since a model without losses tells voltages that are too high.
        """
        tree = phase_tree(feeder.check().network)
        floats = floating(tree)
        asked = feeder.spots()
        if found := [f.at(feeder.name) for f in (*_hanging_faults(feeder, tree, floats, asked), *_margin_faults(feeder.network, margin_pu))]:
            raise InvalidCase(found)
        coils = coils_of(tree, floats)
        own = _coil_spots(tree, coils)
        spots = list(dict.fromkeys([*every_spot(tree, floats.tolist()), *own, *asked]))
        form = Lindist3.of(tree, spots, v_root=abs(complex(tree.source[0])), flow=flow, margin_pu=margin_pu)
        row = {spot: k for k, spot in enumerate(spots, 1)}
        s = np.asarray(EACH * (coils.law[:, PR] + 1j * coils.law[:, QR]), np.complex128)
        at = np.array([row[x] for x in own], np.int64)
        made = np.zeros((2, len(spots) + 1))
        held = coils.owner < 0  # generators of the network hold what they do
        for k, part in enumerate((s.real, s.imag)):
            np.add.at(made[k], at[held], -part[held])
        form = replace(form, p_shunt=form.p_shunt + made[0], q_shunt=form.q_shunt + made[1])
        net = _at_spots(feeder, form, asked, _loads(feeder.network, at, coils, s))
        t = tree.network.transformers
        return PhaseMarket(feeder=feeder, form=form, nodal=Nodal.of(net.check()), branches=phase_branches(tree, t.tap_from_pu, t.tap_to_pu))

    @property
    def tree(self) -> PhaseTree:
        """The network as a tree."""
        return self.form.response.tree

    def problem(self, window: Window, *, essential: float = 0.0) -> FeederProblem:
        """The feeder over these periods."""
        return FeederProblem.under(self.form, self.nodal, 0, window, essential=essential)


def _coil_spots(tree: PhaseTree, coils: Coils) -> list[Spot]:
    """The spot of each coil of loads and generators."""
    ends = ((a + 1, 0 if b == GROUND else b + 1) for a, b in coils.ends.tolist())
    return [Spot(bus, (rising(pair),)) for bus, pair in zip(tree.bus[coils.node].tolist(), ends, strict=True)]


def _hanging_faults(feeder: PhaseFeeder, tree: PhaseTree, floats: Flag, asked: Sequence[Spot]) -> Iterator[Fault]:
    """Devices at phases without supply, and to ground where phases float."""
    buses = feeder.devices.buses
    for k, spot in enumerate(asked):
        node = int(tree.node[spot.bus])
        if node < 0 or not all(tree.live[node, p - 1] for p in spot.terminals if p):
            yield buses.fault(k, "name", "has no supply", "close the way to it, or move the device", "phase-004")
        elif floats[node] and spot.connection == WYE:
            what = "lies between a phase and ground where a delta winding leaves phases without a way to ground"
            yield buses.fault(k, "name", what, "connect it between phases, as BUS.a-b or BUS.a-b-c", "phase-009")


def _margin_faults(net: ThreePhaseNetwork, margin: float) -> Iterator[Fault]:
    b = net.buses
    if not margin >= 0:
        yield Fault("margin_pu", f"is {margin:g}", "give a voltage of 0 or more", "phase-008")
    narrow = limited_buses(net) & (b.v_low_pu + margin > b.v_high_pu)
    if narrow.any():
        what = f"of {margin:g} leaves no voltage between the limits of {b.label(int(np.argmax(narrow)))!r}"
        more = f" and {count} more" if (count := int(narrow.sum()) - 1) else ""
        yield Fault("margin_pu", what + more, "take a smaller margin, or wider limits", "phase-008")


def _at_spots(feeder: PhaseFeeder, form: Lindist3, asked: Sequence[Spot], loads: el.Loads) -> Network:
    """The devices and the loads, with spots as buses; the first is behind the source."""
    net, devices = feeder.network, feeder.devices
    row = {spot: k for k, spot in enumerate(form.spots, 1)}
    kv = net.buses.nominal_kv
    buses = el.Buses.of({
        "name": [source_bus(net), *(s.name(net) for s in form.spots)], "nominal_kv": kv[[net.sources.bus[0], *(s.bus for s in form.spots)]],
    })  # fmt: skip
    place = np.array([row[s] for s in asked], np.int64)
    moved = {name: replace(t, bus=place[t.bus]) for name in HUNG if len(t := getattr(devices, name))}
    mine = moved.get("loads", devices.loads)
    moved["loads"] = el.Loads(**{c: np.concatenate([getattr(loads, c), getattr(mine, c)]) for c in el.Loads.columns()})
    return replace(devices, name=feeder.name, buses=buses, follows=_followed(feeder, loads.name), notes=(*net.notes, *devices.notes), **moved)


def _loads(net: ThreePhaseNetwork, spot: Index, coils: Coils, s: Complex) -> el.Loads:
    """One for every coil of a load: ``load.a``, or ``load.a-b`` between phases."""
    mine = np.flatnonzero(coils.owner >= 0)
    words = [PHASES[a] if b == GROUND else f"{PHASES[a]}-{PHASES[b]}" for a, b in coils.ends[mine].tolist()]
    names = [f"{net.loads.name[k]}.{word}" for k, word in zip(coils.owner[mine].tolist(), words, strict=True)]
    return el.Loads.of({"name": names, "bus": spot[mine], "p_mw": s[mine].real, "q_mvar": s[mine].imag})


def _followed(feeder: PhaseFeeder, coils: Names) -> dv.Follows:
    """Lines that name a load of the network name each of its coils."""
    f, own = feeder.devices.follows, feeder.of_network
    of_load = [str(name).rpartition(".")[0] for name in coils.tolist()]
    lines = [(LOADS, str(coils[k]), str(f.profile[r])) for r in np.flatnonzero(own).tolist() for k, w in enumerate(of_load) if w == f.row[r]]
    rest = f.take(~own)
    more = (
        dv.Follows.of({"what": [x[0] for x in lines], "row": [x[1] for x in lines], "profile": [x[2] for x in lines]})
        if lines
        else dv.Follows.empty()
    )
    return dv.Follows(**{c: np.concatenate([getattr(rest, c), getattr(more, c)]) for c in dv.Follows.columns()})
