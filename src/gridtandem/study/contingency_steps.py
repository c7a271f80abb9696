"""The steps of a contingency analysis: the state before any outage, then outages one block at a time by each way of solving them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.boundary.letters import PowerAt, PowerCurve, ResponseAt, Worth
from gridtandem.errors import InvalidCase, Unsolved
from gridtandem.flow.decoupled import Decoupled
from gridtandem.flow.draw import Draw
from gridtandem.flow.shift_factors import ShiftFactors
from gridtandem.grid.nodal import Nodal
from gridtandem.parties.transmission import flows
from gridtandem.security.severity import Severity, Yardstick, active_flows, severity, severity_of_flows, yardstick
from gridtandem.study.block import Desk, solved
from gridtandem.study.contingency import Contingency
from gridtandem.study.contingency_results import ALONE, BASE, FULL, SCREENED, Findings, tabled
from gridtandem.study.outages import branch_names
from gridtandem.study.study import Seats
from gridtandem.study.survey import Extremes
from gridtandem.tables import Complex, Flag, Index, Names, Real
from gridtandem.units import MVA

AT_ONCE = 2_000_000  # nodes of transmission in a block at most
MOST = 500


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
        return int(np.clip(AT_ONCE // self.nodal.nodes, 1, min(MOST, self.desk.block)))

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

    def under(self, outage: Index) -> Seats:
        """The parties with these outages, one for each scenario of theirs."""
        return self.desk.under(np.zeros(len(outage), np.int64), self.opened(outage))

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
    rows = len(outage)
    v, c = np.repeat(ground.at[None, None], rows, axis=0), np.stack([ground.s.real, ground.s.imag], -1)[None, None, :, :, None] * MVA
    worth = np.full(v.shape, Worth.EXACT, np.int8)
    found = flows(ground.under(outage).transmission, PowerCurve(v - 1, v + 1, np.repeat(c, rows, axis=0), worth))
    seen = severity(ground.nodal, ground.by, found.v, ground.opened(outage), found.ratio)
    return ground.tabled(ALONE, outage, seen, s=np.repeat(ground.s[None], rows, axis=0), why=found.trouble)


def full(ground: Ground, outage: Index) -> Findings:
    """Coordinated, as a batch does it."""
    answers = solved(ground.desk, ground.of.cases(outage), Extremes.none(ground.desk.layout)).answers
    seen = severity(ground.nodal, ground.by, np.where(answers.ok[:, None], answers.tso, np.nan), ground.opened(outage), answers.ratio)
    return ground.tabled(FULL, outage, seen, spent=(answers.rounds, answers.asked), s=answers.s, why=answers.why)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ByShiftFactors:
    """Active flows of the state, shifted by what the outage's own flow leaves to the others."""

    ground: Ground
    factors: ShiftFactors
    flow: Real  # (branch)

    @staticmethod
    def of(ground: Ground) -> ByShiftFactors:
        """Factors, once."""
        flow = active_flows(ground.nodal, ground.v[None], [np.empty(0, np.int64)])[0]
        return ByShiftFactors(ground=ground, factors=ShiftFactors.of(ground.nodal), flow=flow)

    def __call__(self, outage: Index) -> Findings:
        seen = severity_of_flows(self.ground.by, self.factors.after(self.flow, self.ground.opened(outage)))
        return self.ground.tabled(SCREENED, outage, seen, why=["the outage islands something"] * len(outage))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ByDecoupledSteps:
    """Half steps of transmission with feeders on their tangents; those that move far are asked in between."""

    ground: Ground
    decoupled: Decoupled

    @staticmethod
    def of(ground: Ground) -> ByDecoupledSteps:
        """Factors, once."""
        party, k = ground.desk.seats.transmission, float(ground.of.study.loading[0, 0])
        tangent = Draw(node=party.forecast.node, low=ground.at - 1, high=ground.at + 1, c=np.stack([ground.s, ground.ds], -1))
        found = Decoupled.of(party.newton, ground.v, draw=tangent, loads=k, units=k, ratio=ground.nodal.branches.ratio)
        return ByDecoupledSteps(ground=ground, decoupled=found)

    def __call__(self, outage: Index) -> Findings:
        ground, opened, rows = self.ground, self.ground.opened(outage), len(outage)
        v, asked, mute = None, np.zeros(rows, np.int64), np.zeros(rows, bool)
        extra = np.zeros((rows, len(ground.at)), np.complex128)
        for _ in range(ground.of.cycles):
            v = self.decoupled.after(opened, pairs=1, start=v, extra=extra)
            at = np.abs(v[:, self.decoupled.node])
            moved = MVA * np.abs(ground.ds) * np.abs(at - ground.at) > ground.of.tau_mva
            if moved.any():
                extra[moved] = self._beyond(outage, at, moved, asked)
                mute |= np.isnan(extra).any(axis=1)
            v = self.decoupled.after(opened, pairs=1, start=v, extra=extra)
        assert v is not None
        seen = severity(ground.nodal, ground.by, v, opened)
        why = np.where(mute, "a feeder has no load flow at its voltage while screened", "the outage islands something while screened")
        return ground.tabled(SCREENED, outage, seen, spent=(np.zeros(rows, np.int64), asked), why=why.tolist())

    def _beyond(self, outage: Index, at: Real, moved: Flag, asked: Index) -> Complex:
        """What the marked feeders (row, interface) say they draw at these voltages, beyond their tangents; ``asked`` grows."""
        ground, rows = self.ground, np.flatnonzero(moved.any(axis=1))
        question = np.where(moved[rows], at[rows], np.nan)[:, None]
        mail = ground.under(outage[rows]).mailbox(ground.of.study.scheme, (len(rows), 1), weigh=False)
        told = mail.ask_dsos(PowerAt(question)).s[:, 0]
        asked[rows] += moved[rows].sum(axis=1)
        s = np.full(moved.shape, complex(np.nan, np.nan))
        s[rows] = (told[..., 0] + 1j * told[..., 1]) / MVA
        return np.asarray((s - ground.s - ground.ds * (at - ground.at))[moved], np.complex128)
