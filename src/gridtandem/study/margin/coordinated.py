"""The margin of transmission and feeders together: parties at the boundary under a scheme of continuation, and its curve in tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np

from gridtandem.boundary.growth_points import Place, Traced
from gridtandem.boundary.mailbox import Company, Mailbox
from gridtandem.cases.case import Case
from gridtandem.cases.join import bundle
from gridtandem.coordinate import Outcome, coordinate
from gridtandem.errors import Fault, InvalidCase
from gridtandem.flow.continuation.direction import Direction, law_faults
from gridtandem.flow.continuation.margin import ENDS
from gridtandem.flow.continuation.standing import Standing
from gridtandem.flow.continuation.watch import Sign
from gridtandem.flow.newton import Newton
from gridtandem.grid.nodal import Nodal
from gridtandem.parties.growing import Growing, GrowingFleet, fleet_of
from gridtandem.parties.growing_transmission import GrowingTransmission
from gridtandem.study.margin.ask import Growth
from gridtandem.study.margin.noted import Event, Lookout, named
from gridtandem.study.margin.shown import curve_rows
from gridtandem.study.margin.single import Row
from gridtandem.study.margin.tables import KINDS
from gridtandem.tables import Index, Names, Real

ROUNDS = 1000
LIMITED = "ccpf"  # the scheme that keeps limits
GIVING = ("q", "q_back", "tap")  # limits at which equations change
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
        own = direction.faults(grid, elsewhere=any(np.abs(n.loads.s).any() for n in nodals))
        if faults := [*dict.fromkeys([*own, *(f for n in nodals for f in law_faults(n))])]:  # interfaces may share a model
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

    @property
    def feeders(self) -> tuple[Growing, ...]:
        """(interface) feeders, parallel ones as one."""
        own = {row: feeder for fleet, rows in self.fleets for row, feeder in zip(rows.tolist(), fleet.feeders, strict=True)}
        return tuple(own[row] for row in range(len(own)))

    def standing(self, place: Place) -> list[Standing | None]:
        """Where transmission stands at a place, and the feeder of each interface; asked at the owners' doors."""
        out: list[Standing | None] = [self.transmission.state(place.own), *(None for _ in self.nodals)]
        for fleet, rows in self.fleets:
            which = np.full(len(self.nodals), -1)
            which[rows] = np.arange(len(rows))
            mine = np.isin(place.interface, rows)
            memos = which[place.interface[mine]], place.memo[mine]
            found = fleet.states(place.v[0, 0, rows], float(place.growth.flat[0]), place.turn[0, 0, rows], memos)
            for row, standing in zip(rows.tolist(), found, strict=True):
                out[1 + row] = standing
        return out

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
    noted: tuple[Event, ...]  # limits of buses and branches
    voltages: Mapping[int, Sequence[Real]]  # by place of the curve: of the nodes of each network, transmission first

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
        return _events(self) if table == "events" else _nodes(self) if table == "nodes" else curve_rows(self, buses)


def coordinated(case: Case, growth: Growth, scheme: Any, name: str) -> Coordinated:
    """Follow the curve of a case under a scheme of continuation."""
    if growth.keep and name != LIMITED:
        mend = f"take tool {LIMITED} or merged, or leave it out"
        raise InvalidCase([Fault("margin", f"is {', '.join(growth.keep)}, and {name} keeps no limits", mend, "margin-012", column="keep")])
    seats = GrowthSeats.of(case, growth)
    lookout = Lookout(seats=seats)
    outcome = coordinate(seats.mailbox(), scheme, rounds=ROUNDS, watch=lookout)
    traced = scheme.curve(outcome.state)
    return Coordinated(
        tool=name, seats=seats, traced=traced, outcome=outcome, noted=tuple(lookout.events), voltages={**_ends(seats, traced), **lookout.voltages}
    )


def _ends(seats: GrowthSeats, traced: Traced) -> dict[int, list[Real]]:
    """Voltages where nothing has grown and where λ turns first, for schemes without a lookout."""
    points, found = traced.points, dict[int, list[Real]]()
    if points.first is not None and points.top is not None:
        for n, place in ((0, points.first), (points.star, points.top)):
            standing = [s for s in seats.standing(place) if s is not None]
            if len(standing) == 1 + len(seats.nodals):
                found[n] = [s.place.vm for s in standing]
    return found


def _tool(c: Coordinated) -> Row:
    points = c.traced.points
    exchanges = sum(e.to != "tso" for e in c.outcome.ledger) // max(len(c.seats.fleets), 1)
    if not len(points.growth):
        return c.tool, np.nan, ENDS["none"], *(np.nan,) * 4, "", np.nan, "", np.nan, 0, 0, exchanges
    k = _most(c.traced)
    most, at = (np.nan, np.nan) if k < 0 else (float(points.load[k]), float(points.growth[k]))
    label, _, v, sway = everything(c, points.top)
    weak, low = int(np.argmax(sway)), int(np.argmin(v))
    found = _end(c)
    end = BOUND if found == "bound" else ENDS[found]
    return (
        c.tool, points.growth[points.star], end, points.load[0], most, most - points.load[0], at, str(label[weak]), v[weak], str(label[low]), v[low],
        len(points.growth), int(points.corrections.sum()), exchanges,
    )  # fmt: skip


def _most(traced: Traced) -> int:
    """The place at which loads draw most; −1 where it lies between places and was not looked for."""
    points = traced.points
    return points.most if traced.exact or points.most in (0, points.star) else -1


BENT = 1e-3  # dλ along the arc, above which a place is no nose


def _end(c: Coordinated) -> Literal["lost", "nose", "limit", "bound"]:
    """By the slope of λ where it turns first."""
    top = c.traced.points.top
    if top is None or (top.slope > BENT and not c.traced.whole):
        return "lost"
    if not c.traced.exact:
        return "bound"
    return "nose" if abs(top.slope) <= BENT else "limit" if top.slope < 0 else "bound"


def _events(c: Coordinated) -> list[Row]:
    """What gave way, from the owners' diaries, what was noted, and the nose; in order along the curve."""
    points, end = c.traced.points, _end(c)
    top = points.star
    star, load = float(points.growth[top]), float(points.load[top])
    ends = [Event(at=top, growth=star, load_mw=load, sign=Sign("nose", -1, 0), element="")] if end == "nose" else []
    if 0 < (k := _most(c.traced)) < top:  # loads that fall with their voltage draw most before it
        most = Event(at=k, growth=float(points.growth[k]), load_mw=float(points.load[k]), sign=Sign("peak", -1, 0), element="")
        ends.insert(0, most)
    rows: list[Row] = []
    for e in sorted([*_diaries(c), *c.noted, *ends], key=lambda e: e.at):
        induced = end == "limit" and e.sign.kind in GIVING and e.growth == star
        rows.append((c.tool, e.growth, e.load_mw, KINDS.index(e.sign.kind), e.element, e.sign.side, induced, e.from_start, e.at > top))
    return rows


def _diaries(c: Coordinated) -> list[Event]:
    """What gave way, transmission's before the feeders' where both are at one place."""
    points = c.traced.points
    place = {growth: k for k, growth in reversed([*enumerate(points.growth.tolist())])}
    diaries = [c.seats.transmission.diary, *(feeder.diary for feeder in c.seats.feeders)]
    return [
        Event(
            at=place.get(growth, 0), growth=growth, load_mw=float(points.load[place.get(growth, 0)]), sign=sign,
            element=named(c.seats, network, sign), from_start=growth == 0.0,
        )
        for network, diary in enumerate(diaries) for growth, sign in diary
    ]  # fmt: skip


def everything(c: Coordinated, place: Place | None) -> tuple[Names, Index, Real, Real]:
    """Of transmission's nodes and all inner nodes of feeders: label, interface (−1: transmission), voltage, and how it moves (the most 1)."""
    assert place is not None
    seats = c.seats
    labels, owner, v, sway = list[Names](), list[Index](), list[Real](), list[Real]()
    nodals = (seats.transmission.newton.nodal, *seats.nodals)
    for k, (nodal, standing) in enumerate(zip(nodals, seats.standing(place), strict=True)):
        inside = np.arange(nodal.nodes) if k == 0 else np.setdiff1d(np.arange(nodal.nodes), [seats.feeders[k - 1].root])
        nothing = np.full(nodal.nodes, np.nan)
        labels.append(nodal.label if k == 0 else np.char.add(f"{seats.case.interfaces.feeder[k - 1]}/", nodal.label[inside]))
        owner.append(np.full(len(inside), k - 1))
        v.append((nothing if standing is None else standing.place.vm)[inside])
        sway.append((0.0 * nodal.start.real if standing is None else standing.moving.vm)[inside])
    size = np.abs(np.concatenate(sway))
    return np.concatenate(labels), np.concatenate(owner), np.concatenate(v), size / max(float(size.max(initial=0.0)), np.finfo(float).tiny)


def _nodes(c: Coordinated) -> list[Row]:
    label, _, v, sway = everything(c, c.traced.points.top)
    base = everything(c, c.traced.points.first)[2]
    return [(c.tool, str(label[k]), base[k], v[k], sway[k], np.nan) for k in np.argsort(-sway, kind="stable").tolist()]
