"""The margin of transmission and feeders together: parties at the boundary under a scheme of continuation, and its curve in tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np

from gridtandem.boundary.arc import most_power
from gridtandem.boundary.growth_points import Place, Traced
from gridtandem.boundary.mailbox import Company, Mailbox
from gridtandem.cases.case import Case
from gridtandem.cases.join import bundle
from gridtandem.coordinate import Outcome, coordinate
from gridtandem.errors import Fault, InvalidCase
from gridtandem.flow.continuation.direction import Direction, law_faults
from gridtandem.flow.continuation.margin import ENDS
from gridtandem.flow.continuation.trace import Met
from gridtandem.flow.continuation.watch import Sign
from gridtandem.flow.newton import Newton
from gridtandem.grid.nodal import Nodal
from gridtandem.parties.growing import GrowingFleet, fleet_of
from gridtandem.parties.growing_transmission import GrowingTransmission
from gridtandem.study.margin.ask import Growth
from gridtandem.study.margin.single import Row, chosen, element
from gridtandem.study.margin.tables import KINDS
from gridtandem.tables import Index, Names, Real
from gridtandem.units import MVA

ROUNDS = 1000
LIMITED = "ccpf"  # the scheme that keeps limits
BOUND = "no place further at which the exchange comes to rest: a lower bound"


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GrowthSeats:
    """Who sits at the boundary."""

    case: Case
    transmission: GrowingTransmission
    fleets: tuple[tuple[GrowingFleet, Index], ...]  # with their interfaces
    nodals: tuple[Nodal, ...]  # (interface) feeders, parallel ones as one

    @staticmethod
    def of(case: Case, growth: Growth) -> GrowthSeats:
        """Check case and question, and give each company its part."""
        table = case.interfaces
        if faults := [*case.faults(), *growth.faults(), *_faults(case, growth)]:
            raise InvalidCase(faults)
        grid = Nodal.of(case.transmission)
        nodals = tuple(
            Nodal.of(bundle(case.models[m], count=int(k), scale=float(s))) for m, k, s in zip(table.model, table.count, table.scale, strict=True)
        )
        others = growth.loads * sum(float(n.loads.s.real.sum()) for n in nodals)
        direction = Direction.of(grid, loads=growth.loads, units=growth.loads, generation=growth.generation, others=others)
        if faults := [f for n in (grid, *nodals) for f in law_faults(n)]:
            raise InvalidCase(faults)
        roots = np.array([n.node[r] for n, r in zip(nodals, table.root, strict=True)], np.int64)
        fleets = []
        for company in case.companies:
            rows = case.rows_of(company)
            fleets.append((fleet_of(tuple(nodals[i] for i in rows.tolist()), roots[rows], growth.loads, growth.options), rows))
        newton = Newton.of(grid, options=growth.options)
        home = newton.solve()
        start = home.v if home.converged else newton.begin
        transmission = GrowingTransmission.of(newton, direction, grid.node[table.bus], start, respected=frozenset(growth.keep))
        return GrowthSeats(case=case, transmission=transmission, fleets=tuple(fleets), nodals=nodals)

    def mailbox(self) -> Mailbox:
        """The road between them."""
        dsos = tuple((Company(name, (fleet,)), rows) for name, (fleet, rows) in zip(self.case.companies, self.fleets, strict=True))
        return Mailbox(Company("tso", (self.transmission,)), dsos, weigh=False)


def _faults(case: Case, growth: Growth) -> Iterator[Fault]:
    if many := ", ".join(map(repr, dict.fromkeys(case.interfaces.feeder[case.ports > 1].tolist()))):
        what, mend = f"{many}: fed from more than one transmission bus", "schemes of continuation know one root; take tool merged"
        yield Fault("interfaces", what, mend, "margin-008", column="feeder", place=case.name)
    if strange := [k for k in growth.keep if k != "q"]:
        what = f"has {', '.join(strange)}, and coordinated continuation keeps reactive limits only"
        yield Fault("margin", what, "take tool merged, or leave it out", "margin-009", column="keep")
    if np.isfinite(growth.target):
        yield Fault("margin", "is given, and coordinated continuation ends at the nose", "take tool merged", "margin-010", column="target")


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Coordinated:
    """The curve of all networks together, as a scheme found it."""

    tool: str
    seats: GrowthSeats
    traced: Traced
    outcome: Outcome[Any]

    @property
    def trouble(self) -> str:
        """Why the curve was not followed to its end."""
        return self.traced.trouble or ("" if self.traced.whole else self.outcome.end.value)

    def found(self) -> bool:
        """Is there a margin?"""
        return _end(self) != "lost"

    def rows(self, table: str, buses: Sequence[str]) -> list[Row]:
        """Of tools, events, nodes or curves."""
        if table == "tools":
            return [_tool(self)]
        if self.traced.points.top is None or self.traced.points.first is None:
            return []
        return _events(self) if table == "events" else _nodes(self) if table == "nodes" else _curves(self, buses)


def coordinated(case: Case, growth: Growth, scheme: Any, name: str) -> Coordinated:
    """Follow the curve of a case under a scheme of continuation."""
    if growth.keep and name != LIMITED:
        mend = f"take tool {LIMITED} or merged, or leave it out"
        raise InvalidCase([Fault("margin", f"is {', '.join(growth.keep)}, and {name} keeps no limits", mend, "margin-012", column="keep")])
    seats = GrowthSeats.of(case, growth)
    outcome = coordinate(seats.mailbox(), scheme, rounds=ROUNDS)
    return Coordinated(tool=name, seats=seats, traced=scheme.curve(outcome.state), outcome=outcome)


def _tool(c: Coordinated) -> Row:
    points = c.traced.points
    exchanges = sum(e.to != "tso" for e in c.outcome.ledger) // max(len(c.seats.fleets), 1)
    if not len(points.growth):
        return c.tool, np.nan, ENDS["none"], *(np.nan,) * 4, "", np.nan, "", np.nan, 0, 0, exchanges
    most, at = most_power(points.growth, points.load, points.rise, points.length)
    label, _, v, sway = everything(c, points.top)
    weak, low = int(np.argmax(sway)), int(np.argmin(v))
    found = _end(c)
    end = BOUND if found == "bound" else ENDS[found]
    return (
        c.tool, points.growth.max(), end, points.load[0], most, most - points.load[0], at, str(label[weak]), v[weak], str(label[low]), v[low],
        len(points.growth), int(points.corrections.sum()), exchanges,
    )  # fmt: skip


BENT = 1e-3  # dλ along the arc, above which a place is no nose


def _end(c: Coordinated) -> Literal["lost", "nose", "limit", "bound"]:
    """By the slope of λ where it is largest."""
    top = c.traced.points.top
    if top is None or (top.slope > BENT and not c.traced.whole):
        return "lost"
    return "nose" if abs(top.slope) <= BENT else "limit" if top.slope < 0 else "bound"


def _events(c: Coordinated) -> list[Row]:
    """What gave way, from the owners' diaries, and the nose."""
    points = c.traced.points
    top, end = int(np.argmax(points.growth)), _end(c)
    star = float(points.growth[top])
    load = dict(zip(points.growth.tolist(), points.load.tolist(), strict=True))
    rows: list[Row] = []
    turned = False
    for growth, sign, label in _diaries(c):
        induced = end == "limit" and growth == star
        turned = turned or induced
        drawn = load.get(growth, points.load[0])
        rows.append((c.tool, growth, drawn, KINDS.index(sign.kind), label, sign.side, induced, growth == 0.0, turned and not induced))
    nose: list[Row] = [(c.tool, star, points.load[top], KINDS.index("nose"), "", 0, False, False, False)] if end == "nose" else []
    before = [r for r in rows if not r[-1]] if end != "nose" else rows
    return [*before, *nose, *(r for r in rows if r not in before)]


def _diaries(c: Coordinated) -> list[tuple[float, Sign, str]]:
    """λ, what gave way and its name, along the curve."""
    party = c.seats.transmission
    nodal, tops = party.newton.nodal, c.traced.points.growth
    found = [(growth, sign, element(nodal, Met(sign=sign, knot=0))) for growth, sign in party.diary]
    for fleet, rows in c.seats.fleets:
        for i, feeder in zip(rows.tolist(), fleet.feeders, strict=True):
            name = str(c.seats.case.interfaces.feeder[i])
            found += [(growth, s, f"{name}/{element(feeder.newton.nodal, Met(sign=s, knot=0))}") for growth, s in feeder.diary]
    place = {growth: k for k, growth in enumerate(tops.tolist())}
    return sorted(found, key=lambda row: place.get(row[0], -1))


def everything(c: Coordinated, place: Place | None) -> tuple[Names, Index, Real, Real]:
    """Of transmission's nodes and all inner nodes of feeders: label, interface (−1: transmission), voltage, and how it moves (the most 1)."""
    assert place is not None
    seats = c.seats
    grid, moves = seats.transmission.state(place.own)
    labels, owner = [seats.transmission.newton.nodal.label], [np.full(len(grid.vm), -1)]
    v, sway = [grid.vm], [moves]
    for fleet, rows in seats.fleets:
        which = np.full(len(seats.nodals), -1)
        which[rows] = np.arange(len(rows))
        mine = np.isin(place.interface, rows)
        memos = which[place.interface[mine]], place.memo[mine]
        states = fleet.states(place.v[0, 0, rows], float(place.growth.flat[0]), place.turn[0, 0, rows], memos)
        for i, (vm, inner) in zip(rows.tolist(), states, strict=True):
            nodal, root = seats.nodals[i], fleet.feeders[which[i]].root
            inside = np.flatnonzero(np.arange(nodal.nodes) != root)
            labels.append(np.char.add(f"{seats.case.interfaces.feeder[i]}/", nodal.label[inside]))
            owner.append(np.full(len(inside), i))
            v.append(vm[inside])
            sway.append(inner[inside])
    size = np.abs(np.concatenate(sway))
    return np.concatenate(labels), np.concatenate(owner), np.concatenate(v), size / max(float(size.max(initial=0.0)), np.finfo(float).tiny)


def _nodes(c: Coordinated) -> list[Row]:
    label, _, v, sway = everything(c, c.traced.points.top)
    base = everything(c, c.traced.points.first)[2]
    return [(c.tool, str(label[k]), base[k], v[k], sway[k], np.nan) for k in np.argsort(-sway, kind="stable").tolist()]


def _curves(c: Coordinated, buses: Sequence[str]) -> list[Row]:
    """Of transmission buses that feed."""
    points, party = c.traced.points, c.seats.transmission
    stage = party.system(party.newton.held).stage
    nodes = chosen(party.newton.nodal, buses) if buses else c.seats.transmission.at
    rows: list[Row] = []
    for node in dict.fromkeys(nodes.tolist()):
        fed = np.flatnonzero(c.seats.transmission.at == node)
        if not len(fed):
            continue
        for n, growth in enumerate(points.growth.tolist()):
            law = stage.loads(growth)
            v, here = points.v[n, fed[0]], np.flatnonzero(law.node == node)
            own = float(law.take(here).at(np.full(len(here), v))[0].real.sum()) * MVA
            drawn = float(points.s[n, fed, 0].sum())
            rows.append((c.tool, str(party.newton.nodal.label[node]), n, growth, points.load[n], v, own + drawn))
    return rows
