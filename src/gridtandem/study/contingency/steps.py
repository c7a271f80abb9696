"""The steps of a contingency analysis: the state before any outage, then outages one block at a time by each way of solving them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.boundary.curves import curve_at, scenarios
from gridtandem.boundary.letters import PowerCurve, PowerOver, ResponseAt, Worth
from gridtandem.boundary.mailbox import Company, Mailbox
from gridtandem.errors import InvalidCase, Unsolved
from gridtandem.flow.chebyshev import checks, nodes
from gridtandem.flow.outages import solve_outages
from gridtandem.grid.nodal import Nodal
from gridtandem.parties.fleet import Fleet
from gridtandem.parties.transmission import Flows, Transmission, flows
from gridtandem.security.outages import branch_names
from gridtandem.security.severity import Severity, Yardstick, severity, yardstick
from gridtandem.study.batch.block import Desk, solved
from gridtandem.study.contingency.results import ALONE, BASE, CURVES, FULL, Findings, overlaid, tabled, together
from gridtandem.study.contingency.study import Contingency
from gridtandem.study.survey import Extremes
from gridtandem.tables import Complex, Index, Names, Real
from gridtandem.units import MVA

AT_ONCE = 2_000_000  # nodes of transmission in a block at most
MOST = 500
REST = 1e-9  # pu; movement of a voltage at which tangents are good, unless the scheme knows
TRIED = ((0.1, 7), (0.1, 15), (0.05, 15), (0.025, 15))  # half the range of voltages [pu], and the degree of the curve over it


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ground:
    """What all outages begin with. [per unit]"""

    of: Contingency
    desk: Desk
    nodal: Nodal  # transmission, with the ratios of the state
    branch: Names
    v: Complex  # (node) the coordinated state
    at: Real  # (interface) voltage
    s: Complex  # (interface) power drawn
    ds: Complex  # (interface) by the voltage
    by: Yardstick
    base: Findings

    @property
    def block(self) -> int:
        """Outages of a block."""
        return int(np.clip(AT_ONCE // self.nodal.nodes, 1, MOST))

    @staticmethod
    def of_state(of: Contingency) -> Ground:
        """Solve the base case; what is wrong with the analysis is told together, and a base case without a load flow by itself."""
        if faults := [*of.study.case.faults(), *of.study.faults(), *of.faults()]:
            raise InvalidCase(faults)
        desk = Desk.of(of.batch)
        answers = solved(desk, np.zeros(1, np.int64), Extremes.none(desk.layout)).answers
        if not answers.ok[0]:
            raise Unsolved(f"{of.study.case.name}: no load flow before any outage, so there is nothing to hold outages against: {answers.why[0]}")
        nodal, ratio = desk.seats.transmission.newton.nodal, answers.ratio[0]
        if ratio is not None:
            nodal = replace(nodal, branches=replace(nodal.branches, ratio=ratio))
        v, node = answers.tso[0], desk.seats.transmission.forecast.node
        at = np.abs(v[node])
        mail = desk.under(np.zeros(1, np.int64)).mailbox(of.study.scheme, (1, 1), weigh=False)
        told = mail.ask_dsos(ResponseAt(at[None, None]))
        by, names, nothing = yardstick(nodal, of.ratings, v), np.array(branch_names(nodal), str), np.array([""])
        asked = answers.asked + sum(entry.interfaces for entry in mail.ledger)
        found = severity(nodal, by, v[None], [np.empty(0, np.int64)])
        spent, s = (answers.rounds, asked), MVA * answers.s.sum(axis=1)
        base = tabled(nodal, names, BASE, (np.array([-1]), nothing), found, spent=spent, s=s, why=nothing)
        ds = np.asarray(told.ds[0, 0, :, 0] + 1j * told.ds[0, 0, :, 1], np.complex128) / MVA
        return Ground(of=of, desk=desk, nodal=nodal, branch=names, v=v, at=at, s=answers.s[0], ds=ds, by=by, base=base)

    def opened(self, outage: Index) -> tuple[Index, ...]:
        """Branches of these outages."""
        return tuple(self.of.outages.branch[k] for k in outage.tolist())

    def mailbox(self, rows: Index) -> Mailbox:
        """The road between the parties, as many scenarios as rows, all of the one loading. Feeders are not told of outages."""
        seats = self.desk.seats

        def several(fleet: Fleet) -> Fleet:
            return replace(fleet, loading=np.repeat(fleet.loading[:1], len(rows), axis=0))

        fleets = tuple((several(fleet), at) for fleet, at in seats.fleets)
        seats = replace(seats, fleets=fleets, everybody=several(seats.everybody))
        return seats.mailbox(self.of.study.scheme, (len(rows), 1), weigh=False)

    def tangents(self, v: Real) -> tuple[Real, Real]:
        """Power and its derivative at voltages (row, 1, interface), NaN where nobody is asked. Companies that are asked nothing get no letter."""
        seats, rows = self.desk.seats, len(v)
        asked = set(np.flatnonzero(np.isfinite(v).any(axis=(0, 1))).tolist())
        who = [k for k, (_, at) in enumerate(seats.fleets) if not asked.isdisjoint(at.tolist())]
        places = [seats.fleets[k][1] for k in who]
        mine = np.concatenate([np.empty(0, np.int64), *places])
        own = np.split(np.arange(len(mine)), np.cumsum([len(at) for at in places])[:-1])
        fleets = [replace(seats.fleets[k][0], loading=np.repeat(seats.fleets[k][0].loading[:1], rows, axis=0)) for k in who]
        dsos = tuple((Company(seats.companies[k], (fleet,)), at) for k, fleet, at in zip(who, fleets, own, strict=True))
        told = Mailbox(Company("tso", (seats.transmission,)), dsos, axes=(rows, 1), weigh=False).ask_dsos(ResponseAt(v[:, :, mine]))
        s, ds = np.full((*v.shape, 2), np.nan), np.full((*v.shape, 2), np.nan)
        s[:, :, mine], ds[:, :, mine] = told.s, told.ds
        return s, ds

    def transmission(self, outage: Index) -> Transmission:
        """Transmission with these outages, one for each scenario; it begins with the state before them."""
        party, rows = self.desk.seats.transmission, len(outage)
        loading, none = np.full((rows, 1), float(self.of.study.loading[0, 0])), np.zeros((rows, 1), np.int64)
        return replace(party, loading=loading, at_feeders=None, opened=self.opened(outage), home=self.v[None], home_of=none, abreast=1)

    def solved(self, outage: Index, curve: PowerCurve, start: Complex | None = None) -> Flows:
        """Transmission's load flows after these outages, with the curves of one scenario in the feeders' place; from the state before unless told."""
        party, rows = self.transmission(outage), len(outage)
        newton, k = party.newton, party.loading[:, 0]
        moving = newton.options.taps == "move" and len(newton.nodal.taps.branch) > 0
        if moving or newton.roles.shared or len(curve.bends.knot):
            return flows(party, _repeated(curve, rows))
        one = party.drawn(curve, (0, 0), curve.low[0, 0])
        found = solve_outages(newton, opened=party.opened, loads=k, units=k, start=self.v[None] if start is None else start, draw=one)
        return Flows(v=found.v, slack=np.full(rows, np.nan), ratio=(None,) * rows, ok=found.converged, trouble=found.trouble)

    def tabled(
        self, step: str, outage: Index, found: Severity, *, why: Sequence[str], spent: tuple[Index, Index] | None = None, s: Complex | None = None
    ) -> Findings:  # fmt: skip
        """As a table; rounds and answers of feeders that were ``spent``, none unless told; power ``s`` (row, interface) into feeders, if known."""
        names, none = np.array([self.of.outages.name[k] for k in outage.tolist()], str), np.zeros(len(outage), np.int64)
        power = np.full(len(outage), complex(np.nan, np.nan)) if s is None else MVA * s.sum(axis=1)
        spent = (none, none) if spent is None else spent
        return tabled(self.nodal, self.branch, step, (outage, names), found, spent=spent, s=power, why=np.array(why, str))


def alone(ground: Ground, outage: Index) -> Findings:
    """Transmission by itself: every feeder goes on drawing what it drew before."""
    v, c = ground.at[None, None], np.stack([ground.s.real, ground.s.imag], -1)[None, None, :, :, None] * MVA
    worth = np.full(v.shape, Worth.EXACT, np.int8)
    found = ground.solved(outage, PowerCurve(v - 1, v + 1, c, worth))
    seen = severity(ground.nodal, ground.by, found.v, ground.opened(outage), found.ratio)
    return ground.tabled(ALONE, outage, seen, s=np.repeat(ground.s[None], len(outage), axis=0), why=found.trouble)


def by_letters(ground: Ground, outage: Index) -> Findings:
    """Coordinated, as a batch does it."""
    parts = [_by_letters(ground, outage[k : k + ground.desk.block]) for k in range(0, len(outage), ground.desk.block)]
    return together(*parts)


def _by_letters(ground: Ground, outage: Index) -> Findings:
    answers = solved(ground.desk, ground.of.cases(outage), Extremes.none(ground.desk.layout)).answers
    seen = severity(ground.nodal, ground.by, np.where(answers.ok[:, None], answers.tso, np.nan), ground.opened(outage), answers.ratio)
    return ground.tabled(FULL, outage, seen, spent=(answers.rounds, answers.asked), s=answers.s, why=answers.why)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ByCurves:
    """Coordinated, on curves that feeders gave once; by letters where these do not reach."""

    ground: Ground
    draw: PowerCurve | None  # None: the feeders' answers are no smooth curves there
    asked: int  # answers of single feeders that it took

    @staticmethod
    def of(ground: Ground) -> ByCurves:
        """Ask over narrower ranges and by higher degrees until all are exact. Where the scheme asks nobody, neither do curves."""
        asked = 0
        if ground.of.solve == "letters" or (ground.of.feeds and not ground.of.study.scheme.asks_dsos):
            return ByCurves(ground=ground, draw=None, asked=0)
        for half, degree in TRIED:
            low, high = ground.at[None, None] - half, ground.at[None, None] + half
            mail = ground.mailbox(np.zeros(1, np.int64))
            told = mail.ask_dsos(PowerOver(low, high, degree))
            asked += sum(entry.interfaces for entry in mail.ledger) * (len(nodes(degree)) + len(checks(degree)))
            if (told.worth == Worth.EXACT).all():
                return ByCurves(ground=ground, draw=PowerCurve(low, high, told.c, told.worth, told.bends), asked=asked)
        return ByCurves(ground=ground, draw=None, asked=asked)

    def findings(self) -> Findings:
        """What the curves took."""
        base = self.ground.base
        return replace(base, step=np.array([CURVES]), rounds=np.zeros(1, np.int64), feeder_solves=np.array([self.asked]))

    def __call__(self, outage: Index) -> Findings:
        if self.draw is None:
            return by_letters(self.ground, outage)
        draw, found = self.draw, self.ground.solved(outage, self.draw)
        at = self._at(found)
        reached = found.ok & ((draw.low <= at) & (at <= draw.high)).all(axis=(1, 2))
        out = self._tabled(outage, draw, found if reached.all() else replace(found, v=np.where(reached[:, None], found.v, np.nan)))
        for row in np.flatnonzero(found.ok & ~reached).tolist():
            if (farther := self._farther(outage[[row]], found.take(row))) is not None:
                out, reached[row] = overlaid(out, np.array([row]), farther), True
        left = np.flatnonzero(~reached)
        if len(left):  # where there is no load flow on curves, and none with constant draws either, letters would find none
            left = left[found.ok[left] | alone(self.ground, outage[left]).ok]
        return overlaid(out, left, by_letters(self.ground, outage[left])) if len(left) else out

    def _at(self, found: Flows) -> Real:
        """Voltages (row, 1, interface)."""
        return np.abs(found.v[:, None, self.ground.desk.seats.transmission.forecast.node])

    def _tabled(self, outage: Index, draw: PowerCurve, found: Flows, asked: int = 0) -> Findings:
        ground, rounds = self.ground, np.zeros(len(outage), np.int64)
        seen = severity(ground.nodal, ground.by, found.v, ground.opened(outage), found.ratio)
        return ground.tabled(FULL, outage, seen, spent=(rounds, rounds + asked), s=self._exchange(draw, found), why=found.trouble)

    def _exchange(self, draw: PowerCurve, found: Flows) -> Complex:
        """Power into all feeders together (row, 1), into those before the outage where there is no load flow."""
        ground, party, dead = self.ground, self.ground.desk.seats.transmission, np.isnan(found.v[:, 0])
        if len(draw.bends.knot):
            v = np.where(dead[:, None], ground.v, found.v)
            s = curve_at(_repeated(draw, len(v)), np.abs(v[:, None, party.forecast.node])).sum(axis=2) / MVA
            return np.asarray(s[..., 0] + 1j * s[..., 1], np.complex128)
        curves = party.drawn(draw, (0, 0), draw.low[0, 0])
        out = curves.together(found.v)
        out[dead] = curves.together(ground.v[None])
        return out[:, None]

    def _farther(self, outage: Index, found: Flows) -> Findings | None:
        """One outage after which some voltages leave the range of their curves: there feeders are asked for tangents until voltages rest."""
        assert self.draw is not None
        draw, tol, asked = self.draw, getattr(self.ground.of.study.scheme, "tol", REST), 0
        low, high, c, curve = draw.low.copy(), draw.high.copy(), draw.c.copy(), draw
        taken = np.full(low.shape, np.nan)  # voltage of each tangent
        while not len(draw.bends.knot) and asked < MOST * low.size and found.ok[0]:
            at = self._at(found)
            beyond = ((at < draw.low) | (at > draw.high) | ~np.isnan(taken)) & ~(np.abs(at - taken) <= tol)
            if not beyond.any():
                return self._tabled(outage, curve, found, asked)
            s, ds = self.ground.tangents(np.where(beyond, at, np.nan))
            asked, taken = asked + int(beyond.sum()), np.where(beyond, at, taken)
            low, high = np.where(beyond, at - 1, low), np.where(beyond, at + 1, high)
            c[beyond] = 0.0
            c[beyond, :, 0], c[beyond, :, 1] = s[beyond], ds[beyond]
            curve = PowerCurve(low, high, c, draw.worth)
            found = self.ground.solved(outage, curve, found.v)
        return None


def _repeated(curve: PowerCurve, rows: int) -> PowerCurve:
    """The curves of one scenario, for as many."""
    zeros = np.zeros(rows, np.int64)
    return PowerCurve(curve.low[zeros], curve.high[zeros], curve.c[zeros], curve.worth[zeros], scenarios(curve.bends, zeros))
