r"""Transmission's market of one hour as leaders see it: its least cost by what they take at some buses and what fast reserve they sell together.

.. math:: V(\theta) = \min\; c_T(x, r) + \text{scarcity}, \qquad \theta = (z_1, \dots, z_K, F)

.. math:: \text{s.t.}\quad R - r_c \ge \alpha_{cj} - \beta_{cj} F, \qquad R - r_c \ge L_c - D\,x_\infty - F

The rows are those of `gridtandem.frequency.transmission`, hour by hour; against each loss c of the hour the chords of `gridtandem.frequency.chords`
stand in place of the cone, since F is no decision of the market. So it is a linear program, asks for at most 0.01 MW more than the cone, and its
slopes are prices: of energy at the buses, and of fast reserve, with its sign turned.

Demand may be shed, power spilled, limits of lines exceeded and primary reserve be short at a price, so that there is an answer to every θ and no
price lies beyond bounds known beforehand; where one of these is used it made the price, and is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.errors import Fault, InvalidCase
from gridtandem.frequency.chords import Chords, chords
from gridtandem.frequency.schedule import JointSchedule
from gridtandem.frequency.security import Inertia, Security
from gridtandem.frequency.transmission import SecureTransmission
from gridtandem.opf.fast_reserve import UP
from gridtandem.program.arrays import Columns, Matrix, Program, Rows
from gridtandem.program.follower import Follower
from gridtandem.program.hours import hourly, tied
from gridtandem.tables import Index, Real

SPILL, EXCESS = 500.0, 1000.0  # currency/MWh of power that nobody takes, and of power above the limit of a line
WAYS = (("spill", "balance", -1.0, SPILL), ("flow_over", "flow", -1.0, EXCESS), ("flow_under", "flow", 1.0, EXCESS))
PENALTIES = ("shed", "short", *(name for name, *_ in WAYS))
TAKEN = "given"  # the block of transmission that becomes a number of θ
NEAR = 1e-3  # relative; stiffness that is about used up when all of a loss is replaced
NAMED = {"theta": "angle"}  # θ is what leaders decide


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SecureMarket:
    """Transmission of a day, what is asked of frequency in each hour, and which number of θ the exchange at each interface counts to."""

    transmission: SecureTransmission
    inertia: Inertia
    security: Security
    place: Index  # (interface)
    error_mw: float = 0.01  # of chords

    @property
    def size(self) -> int:
        """Numbers of θ: exchanges, and fast reserve last."""
        return int(self.place.max(initial=-1)) + 2

    def followers(self) -> tuple[Follower, ...]:
        """One program for each hour, true while fast reserve is between 0 and `most`."""
        if found := [*self.faults()]:
            raise InvalidCase(found)
        lines = self.chords()
        hours = hourly(self.transmission.program, self.transmission.window.periods)
        return tuple(self._hour(whole, t, lines) for t, whole in enumerate(hours))

    @property
    def most(self) -> Real:
        """Fast reserve beyond which an hour asks for none, or for more of it than before (period). [MW]"""
        out = np.full(self.transmission.window.periods, np.inf)
        np.minimum.at(out, self.period, self._useful)
        return out

    @property
    def _useful(self) -> Real:
        """The same of each loss: all of it; or where g = K (L − F)²/(a − wF) is least, a being less than w L."""
        loss, w = self.inertia.loss_mw, float(self.security.weights[0])
        stiff = self.security.stiffness(self.inertia.inertia_mws, loss, np.zeros((len(loss), 1)))
        return np.asarray(np.where(stiff > w * loss * (1 + NEAR), loss, np.clip(2 * stiff / max(w, NEAR) - loss, 0.0, (1 - NEAR) * loss)))

    def chords(self) -> list[Chords]:
        """Of each row of inertia."""
        rows = zip(self.inertia.inertia_mws.tolist(), self.inertia.loss_mw.tolist(), self._useful.tolist(), strict=True)
        return [_lines(self.security, energy, loss, most, self.error_mw) for energy, loss, most in rows]

    def faults(self) -> Iterator[Fault]:
        """What keeps hours from being markets of their own."""
        for name in tied(self.transmission.program, self.transmission.window.periods):
            what, mend = f"ties hours together by rows {name!r}", "leave ramps and storage of transmission out: each hour is a market of its own"
            yield Fault("transmission", what, mend, "frequency-060", column=name)

    @property
    def period(self) -> Index:
        """(row of inertia) period of the window."""
        return self._asked.period

    @property
    def _asked(self) -> JointSchedule:
        return JointSchedule(transmission=self.transmission, feeders=(), inertia=self.inertia, security=self.security)

    def _hour(self, whole: Program, t: int, lines: list[Chords]) -> Follower:
        places = len(self.place)
        exchange = sparse.csr_array((np.ones(places), (np.arange(places), self.place)), shape=(places, self.size))
        into: dict[str, Matrix] = {"balance": sparse.csr_array(-whole.rows["balance"].parts[TAKEN] @ exchange)}
        columns = {NAMED.get(k, k): c for k, c in whole.columns.items() if k != TAKEN}
        rows = {k: replace(r, parts={NAMED.get(name, name): m for name, m in r.parts.items() if name != TAKEN}) for k, r in whole.rows.items()}
        columns["shed"] = replace(columns["shed"], high=np.full(columns["shed"].shape, np.inf))
        for name, block, sign, price in WAYS:
            part = sparse.csr_array(sign * sparse.eye_array(rows[block].low.size))
            rows[block] = replace(rows[block], parts={**rows[block].parts, name: part})
            columns[name] = Columns.of(rows[block].shape, 0.0, cost=price * self.transmission.window.hours)
        rows["secure"], into["secure"] = self._secure(t, lines)
        return Follower(Program(columns, rows, constant=whole.constant), into, PENALTIES)

    def _secure(self, t: int, lines: list[Chords]) -> tuple[Rows, Matrix]:
        """Every chord of every loss of the hour, and what its end asks for."""
        asked, end = self._asked, self.security.limits
        mine = np.flatnonzero(asked.period == t).tolist()
        rest = np.maximum(self.inertia.loss_mw - end.damping_mw_per_hz * end.steady_hz, 0.0)
        least = np.concatenate([np.empty(0), *(np.append(lines[c].intercept_mw, rest[c]) for c in mine)])
        slope = np.concatenate([np.empty(0), *(np.append(lines[c].slope, float(rest[c] > 0)) for c in mine)])
        lost = sparse.csr_array(
            -np.concatenate([np.zeros((0, asked.lost.shape[1])), *(np.tile(asked.lost[c], (len(lines[c].slope) + 1, 1)) for c in mine)])
        )
        moved = sparse.csr_array((-slope, (np.arange(len(least)), np.full(len(least), self.size - 1))), shape=(len(least), self.size))
        parts: dict[str, Matrix] = {"primary": sparse.csr_array(np.ones((len(least), 1))), **({UP: lost} if lost.nnz else {})}
        return Rows.of(len(least), least, np.inf, parts), moved


def _lines(security: Security, energy: float, loss: float, most: float, error: float) -> Chords:
    """Chords, or where no fast reserve can be sold a level line."""
    if most > 0:
        return chords(security, energy, loss, most_mw=most, error_mw=error)
    return Chords(np.zeros(2), security.arresting(energy, loss, np.zeros((1, len(security.fast)))), np.zeros(1), 0.0)
