"""Some cases of a batch, solved together. Each answer is the same bits whichever cases go with it.

Of an outage only transmission knows; feeders answer to voltage. A case under an outage begins with the agreement of the same scenario without it;
where that fails, or was not there, it begins afresh. Within each, transmission's Newton has its own ladder of starts.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import PowerCurve
from gridtandem.coordinate import ByScenario, End
from gridtandem.errors import InvalidCase
from gridtandem.parties.transmission import flows, reckoned
from gridtandem.study.batch.study import Batch
from gridtandem.study.study import Seats, seated
from gridtandem.study.survey import Extremes, Layout, magnitudes, surveyed, voltages
from gridtandem.study.together import Group, part, together
from gridtandem.tables import Complex, Flag, Index, Real
from gridtandem.units import MVA

AT_ONCE = 2_000_000  # nodes of a block, unless told otherwise: some hundred MB at most
MOST = 500  # cases of a block, unless told otherwise
SURVEYED = 500_000  # node voltages held at once

ENDS = tuple(End)  # a case's end is a place in it
GOOD = (ENDS.index(End.AGREED), ENDS.index(End.ALONE))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Desk:
    """The parties of a batch and their grids laid out, ready for any block."""

    batch: Batch
    seats: Seats
    layout: Layout

    @staticmethod
    def of(batch: Batch) -> Desk:
        """Checks and symbolic work, once; the parties begin with the first scenario."""
        study = batch.study
        if found := [*study.case.faults(), *study.faults(), *batch.faults()]:
            raise InvalidCase(found)
        own = study.feeder_loading
        seats = seated(replace(study, loading=study.loading[:1], feeder_loading=None if own is None else own[:1]))
        return Desk(batch=batch, seats=seats, layout=Layout.of(study.case))

    @property
    def block(self) -> int:
        """Cases of a block that fits easily."""
        return int(np.clip(AT_ONCE // self.layout.nodes, 1, MOST))

    def under(self, scenario: Index, opened: tuple[Index, ...] = ()) -> Seats:
        """The parties in these scenarios."""
        own = self.batch.study.feeder_loading
        return self.seats.under(self.batch.study.loading[scenario], None if own is None else own[scenario], opened)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Answers:
    """What the parties take home, by row; NaN where there is no answer."""

    end: Index  # place in `ENDS`
    rounds: Index
    asked: Index  # answers of single feeders that it took, those of the agreement it begins with left out
    v: Real  # (row, interface) that feeders reckon with
    s: Complex  # (row, interface) that transmission reckons with [per unit]
    error: Real  # largest difference of that from what feeders draw [per unit]
    slack: Real  # [per unit]
    why: list[str]
    tso: Complex  # (row, node of transmission)
    ratio: list[Complex | None]  # of transmission's branches, where transformers moved

    @staticmethod
    def none(size: int, wide: int, nodes: int) -> Answers:
        """Nothing known yet of so many rows, interfaces and nodes of transmission."""
        nothing, apart = np.full((size, wide), np.nan), np.full(size, np.nan)
        return Answers(
            end=np.zeros(size, np.int64), rounds=np.zeros(size, np.int64), asked=np.zeros(size, np.int64), v=nothing, s=nothing * (1 + 1j),
            error=apart, slack=apart.copy(), why=[""] * size, tso=np.full((size, nodes), complex(np.nan, np.nan)), ratio=[None] * size,
        )  # fmt: skip

    @property
    def ok(self) -> Flag:
        """Which have an answer."""
        return np.isin(self.end, GOOD)

    def take(self, rows: Index) -> Answers:
        """These rows."""
        some: dict[str, Any] = {}
        for f in fields(self):
            mine = getattr(self, f.name)
            some[f.name] = mine[rows] if isinstance(mine, np.ndarray) else [mine[r] for r in rows.tolist()]
        return Answers(**some)

    def put(self, rows: Index, other: Answers) -> None:
        """Replace these rows."""
        for f in fields(self):
            mine, theirs = getattr(self, f.name), getattr(other, f.name)
            if isinstance(mine, np.ndarray):
                mine[rows] = theirs
            else:
                for r, x in zip(rows.tolist(), theirs, strict=True):
                    mine[r] = x


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Block:
    """What cases came to."""

    number: Index  # of each case
    answers: Answers
    figures: Real  # see `gridtandem.study.survey.surveyed`
    places: Index
    voltages: Complex  # (row, node); no row unless they are kept


def solved(desk: Desk, number: Index, extremes: Extremes) -> Block:
    """Solve these cases, in ascending order; ``extremes`` grow."""
    batch = desk.batch
    scenario, outage = number // batch.width, number % batch.width - 1
    base, home = np.unique(scenario, return_inverse=True)
    plain, states = _answers(desk.under(base), batch)
    answers, hit = plain.take(home), np.flatnonzero(outage >= 0)
    warm = np.array([r for r in hit.tolist() if states is not None and plain.ok[home[r]]], np.int64)

    def tried(rows: Index, start: Any) -> None:
        if len(rows):
            opened = tuple(batch.outages.branch[k] for k in outage[rows].tolist())
            found = _answers(desk.under(scenario[rows], opened), batch, start)[0]
            found.asked[:] += spent[rows]
            answers.put(rows, found)
            spent[rows] = found.asked

    spent = np.zeros(len(number), np.int64)
    tried(warm, part(states, home[warm]))
    failed = warm[~answers.ok[warm]]
    tried(np.union1d(np.setdiff1d(hit, warm), failed), None)
    figures, places, v = _surveyed(desk, answers, extremes, number)
    return Block(number=number, answers=answers, figures=figures, places=places, voltages=v)


def _answers(seats: Seats, batch: Batch, start: Any = None) -> tuple[Answers, Any]:
    """Of all scenarios of these seats; and the states of schemes that treat each as if alone."""
    groups = together(batch.study, seats, start)
    size, wide = len(seats.transmission.loading), len(seats.owner.interfaces)
    found = Answers.none(size, wide, seats.transmission.newton.nodal.nodes)
    for group in groups:
        found.put(group.rows, _planned(group, wide))
    alone = isinstance(batch.study.scheme, ByScenario) and groups
    return found, groups[0].state if alone else None


def _planned(group: Group, wide: int) -> Answers:
    """The parties' plans for what was agreed: transmission's load flow, and how far feeders' draw is from what it reckons with."""
    size, t, a = len(group.rows), group.seats.transmission, group.agreement
    v, s = np.full((size, wide), np.nan), np.full((size, wide), complex(np.nan, np.nan))
    slack, end, why = np.full(size, np.nan), np.array([ENDS.index(e) for e in group.end]), list(group.why)
    tso = np.full((size, t.newton.nodal.nodes), complex(np.nan, np.nan))
    ratio: list[Complex | None] = [None] * size
    if a is not None and (good := np.flatnonzero(group.ok)).size:
        found = flows(t, a.draw)
        for r in good[~found.ok[good]].tolist():
            end[r], why[r] = ENDS.index(End.REFUSED), f"{t.network.name}: {found.trouble[r]}"
        good = good[found.ok[good]]
        at = magnitudes(found.v[np.ix_(good, t.forecast.node)])
        here = np.isin(np.arange(size), good)[:, None]
        if isinstance(a.draw, PowerCurve):
            s[good] = t.drawn(a.draw, here, at).each(at)[0]
        else:
            s[good] = np.array([reckoned(t, a.draw, found.v[r, t.forecast.node], (r, 0)) for r in good.tolist()])
        ratio = [x if k else None for x, k in zip(found.ratio, here[:, 0].tolist(), strict=True)]
        v[good], slack[good], tso[good] = a.v[good, 0], found.slack[good], found.v[good]
    drawn = group.seats.everybody.draw(v[:, None], slope=False)[0][:, 0] / MVA
    apart = np.where(np.isnan(slack), np.nan, np.hypot(s.real - drawn.real, s.imag - drawn.imag).max(axis=1, initial=0.0))
    return Answers(end=end, rounds=group.rounds, asked=group.asked, v=v, s=s, error=apart, slack=slack, why=why, tso=tso, ratio=ratio)


def _surveyed(desk: Desk, answers: Answers, extremes: Extremes, number: Index) -> tuple[Real, Index, Complex]:
    """A few rows at a time, so that node voltages do not fill the memory."""
    batch, layout = desk.batch, desk.layout
    scenario, outage = number // batch.width, number % batch.width - 1
    figures, places, kept = [np.empty((0, 6))], [np.empty((0, 4), np.int64)], [np.empty((0, layout.nodes), np.complex128)]
    step = max(1, SURVEYED // layout.nodes)
    for first in range(0, len(number), step):
        rows = slice(first, first + step)
        own, loading = batch.study.feeder_loading, batch.study.loading[scenario[rows]]
        at = np.repeat(loading, len(batch.study.case.interfaces), axis=1) if own is None else own[scenario[rows], 0]
        seen = voltages(layout, desk.seats, (answers.tso[rows], answers.ratio[rows]), answers.v[rows], at)
        opened = [batch.outages.branch[k] if k >= 0 else np.empty(0, np.int64) for k in outage[rows].tolist()]
        found, place = surveyed(layout, seen, extremes, number=number[rows], opened=opened, loading=loading[:, 0])
        figures.append(found)
        places.append(place)
        if batch.keep:
            kept.append(seen.v)
    return np.concatenate(figures), np.concatenate(places), np.concatenate(kept)
