r"""Energy, primary and fast reserve of a day together: least cost of transmission and its feeders, frequency secure in each hour.

.. math:: \min\; c_T(x, r) + \sum_k n_k c_k(x_k, f_k) \quad\text{s.t.}\quad \text{DC network of transmission},\;
          p_g + r_g \le \bar p_g,\; r_g \le \bar r_g,\; \text{feeders as in } \texttt{opf.fast\_reserve}

.. math:: R = \sum_g r_g, \quad F = \sum_k n_k F_k, \quad (R - r_c, F) \text{ secure against each loss } c \text{ of the hour}

with n_k feeders built alike; what secure means is said in `gridtandem.frequency.security`, whose nadir is a cone. All is one convex program for
Clarabel, whose multipliers are prices: of energy at each bus, and of one MW more of either reserve that somebody would have to bring. Demand may be
shed and primary reserve be short at a price (`gridtandem.frequency.transmission`); both are told.

Where cones of a feeder are loose, losses in that state are made dearer (`gridtandem.opf.fast_reserve`), and all is asked again. The first answer
bounds the cost from below, so that what penalties distort is at most the difference to it.

Losing power may pay even at prices of energy above 0: a MW that the network seems to lose as it stands, and not when called, is a MW of award. So the
penalty there is above what an award earns beyond the price of energy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from scipy import sparse

from gridtandem.errors import Fault, InvalidCase
from gridtandem.frequency import refined
from gridtandem.frequency.repair import mended
from gridtandem.frequency.security import Inertia, Security
from gridtandem.frequency.transmission import SecureTransmission
from gridtandem.opf.fast_reserve import UP, FastFeeder
from gridtandem.opf.leader import of_group, times
from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Columns, Cones, Matrix, Program, Rows
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.resources.part import Window
from gridtandem.tables import Flag, Index, Real

LOOSE = 1e-5  # slack of a cone from which on it is no load flow
NEARLY, FINER = 1e-3, 0.1  # slack that a solver leaves, and how much more exactly it is asked then
ABOVE = 5.0  # penalty above the least price [currency/MWh]
ROUNDS = 6  # of dearer losses at most
DEAR, TIMES = 100.0, 5.0  # what was agreed and cannot be costs this at least, or so many times the dearest offer of a feeder [currency/MWh]
OFF = ("less", "more")  # blocks of exchange that is lacking, and too much


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Hung:
    """Feeders built alike at one interface."""

    feeder: FastFeeder
    count: int = 1


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class JointPlan:
    """The least cost, what everybody does, and prices. NaN where there is no answer; ``answer`` says why."""

    answer: Answer
    feeders: tuple[Hung, ...]  # with the penalties that were needed
    penalty: Real  # (state, period) on losses as networks stand, and called [currency/MWh]
    cost: float  # without penalties [currency]
    bound: float  # no plan costs less [currency]
    slack: Real  # (feeder, state, period); NaN for states that are not there
    energy: Real  # (period, node) price [currency/MWh]
    primary: Real  # (period) [MW]
    fast: Real
    short: Real  # primary reserve that is not there [MW]
    shed: Real  # (period) demand not served [MW]
    given: Real  # (period, interface) what all feeders there take [MW]
    award: Real  # (period, interface) their fast reserve [MW]
    primary_price: Real  # (period) [currency/MW in an hour]
    fast_price: Real
    exact_fast_price: Real  # multiplier of ``sold`` in this program, whatever price others have agreed on
    cut: Real | None = None  # (period, interface) of a repaired plan: fast reserve taken back; NaN where nothing was to repair [MW]

    @property
    def tight(self) -> bool:
        """Whether every cone is a load flow."""
        return self.answer.status is Status.SOLVED and not bool((self.slack > LOOSE).any())


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class JointSchedule:
    """Transmission, its feeders, and what is asked of frequency, as one program. ``security`` has one fast service."""

    transmission: SecureTransmission
    feeders: tuple[Hung, ...]  # (interface)
    inertia: Inertia
    security: Security
    agreed: tuple[Real, Real] | None = None  # exchange and award (period, interface), where somebody else has decided both

    @staticmethod
    def of(transmission: SecureTransmission, feeders: Sequence[Hung], inertia: Inertia, security: Security | None = None) -> JointSchedule:
        """Check and build: every hour of the window has a row of ``inertia`` or more, and reserve that could do."""
        made = JointSchedule(
            transmission=transmission, feeders=tuple(feeders), inertia=_within(inertia, transmission), security=security or Security()
        )
        if found := tuple(made.faults()):
            raise InvalidCase(found)
        return made

    def faults(self) -> Iterator[Fault]:
        """What no schedule could mend, with its hour."""
        lost, mine = self.lost, self.period
        yield from uncovered(self.inertia, self.transmission.window, self.transmission.network.generators.name.tolist())
        own = self.transmission.program.columns[UP].high[mine]
        fast = sum((h.count * h.feeder.most[mine] for h in self.feeders), np.zeros(len(mine)))
        yield from self.security.faults(self.inertia, (own * ~lost).sum(-1), fast)

    @property
    def period(self) -> Index:
        """(row of inertia) period of the window."""
        return self.inertia.hour - 1 - self.transmission.window.first

    @property
    def lost(self) -> Flag:
        """(row of inertia, station that keeps reserve) whether it is the one that goes out."""
        made = self.transmission.regulators
        names = self.transmission.network.generators.name[made.row]
        return np.asarray(self.inertia.lost[:, None] == names[None, :])

    def program(self) -> Program:
        """Blocks ``tso.…``, ``feeder0.…``, … and ``award`` (period); rows ``tie`` (period, interface) and ``sold`` (period) link them."""
        t, wide = self.transmission.window.periods, len(self.feeders)
        programs = {"tso": self.transmission.program, **{f"feeder{k}": times(h.feeder.program, h.count) for k, h in enumerate(self.feeders)}}
        day = sparse.eye_array(t)
        tie: dict[str, Matrix] = {"tso.given": sparse.csr_array(sparse.eye_array(t * wide))}
        sold: dict[str, Matrix] = {"award": sparse.csr_array(-day)}
        for k, hung in enumerate(self.feeders):
            place = sparse.csr_array((np.array([-float(hung.count)]), (np.array([k]), np.zeros(1, int))), shape=(wide, 1))
            tie[f"feeder{k}.z"] = sparse.csr_array(sparse.kron(day, place))
            sold[f"feeder{k}.award"] = sparse.csr_array(float(hung.count) * day)
        if self.agreed is not None:
            tie |= {way: sparse.csr_array(sign * sparse.eye_array(t * wide)) for way, sign in zip(OFF, (-1.0, 1.0), strict=True)}
        rows, cones = self.secure()
        links = {"tie": Rows.of((t, wide), 0.0, 0.0, tie), "sold": Rows.of((t,), 0.0, np.inf, sold), **rows}
        made = Program.beside(programs, links)
        columns = {**made.columns, "award": Columns.of((t,), 0.0, np.inf if wide else 0.0), **self._held(made)}
        return replace(made, columns=columns, cones={**made.cones, **cones})

    def _held(self, made: Program) -> dict[str, Columns]:
        """Exchange that is decided already, and awards: no more, and as much as can be. What cannot be costs more than anything else."""
        if self.agreed is None:
            return {}
        z, award = self.agreed
        dear = self._dear
        held = {"tso.given": Columns.of(z.shape, z, z), **{way: Columns.of(z.shape, 0.0, cost=dear) for way in OFF}}
        for k, hung in enumerate(self.feeders):
            most = np.minimum(made.columns[f"feeder{k}.award"].high, award[:, k] / hung.count)
            held[f"feeder{k}.award"] = Columns.of(most.shape, 0.0, most, cost=-dear * hung.count)
        return held

    @property
    def _dear(self) -> float:
        """Price of what was agreed and cannot be: above all offers, and no more than solvers bear. [currency/MW]"""
        dearest = max((float(np.abs(c.cost).max(initial=0.0)) for h in self.feeders for c in h.feeder.feeder.program.columns.values()), default=0.0)
        return max(DEAR * self.transmission.window.hours, TIMES * dearest)

    def _off(self, x: Mapping[str, Real]) -> float:
        """What an answer holds of those prices. [currency]"""
        if self.agreed is None:
            return 0.0
        kept = sum(float(h.count * x[f"feeder{k}.award"].sum()) for k, h in enumerate(self.feeders))
        return self._dear * (sum(float(x[way].sum()) for way in OFF) - kept)

    def secure(self) -> tuple[dict[str, Rows], dict[str, Cones]]:
        """Rows and cones of every loss; reserve of the unit that goes out does not count."""
        primary, fast = _counted(self)
        if self.security.nadir == "refined":
            return refined.decided(self.security, self.inertia, primary, fast)
        return self.security.blocks(self.inertia, primary, [fast])

    def priced(self, price: Real, fast_price: Real, tolerance: float = 1e-10) -> Answer:
        """Transmission alone, which sells what it likes at a price (period, interface), and buys fast reserve (period)."""
        rows, cones = self.secure()
        made, hours = Program.beside({"tso": self.transmission.program}, rows), self.transmission.window.hours
        given = Columns.of(price.shape, cost=-price * hours)
        award = Columns.of(fast_price.shape, 0.0, np.inf if self.feeders else 0.0, cost=fast_price * hours)
        return Clarabel(tolerance=tolerance).solve(
            replace(made, columns={**made.columns, "tso.given": given, "award": award}, cones={**made.cones, **cones})
        )

    def solve(self, tolerance: float = 1e-10) -> JointPlan:
        """With penalties in the hours where cones are loose without; what is loose by next to nothing is asked again, more exactly.

        What stays loose is repaired (`gridtandem.frequency.repair`), unless exchange and awards are agreed.
        """
        penalty, bound, now = np.zeros((2, self.transmission.window.periods)), np.nan, self
        for k in range(ROUNDS + 1):
            answer = Clarabel(tolerance=tolerance).solve(now.program())
            if k == 0:
                kept = 0.0 if self.agreed is None else float(self.agreed[1].sum())
                bound = answer.bound + self._dear * kept - sum(h.count * h.feeder.most_paid for h in self.feeders)
            found = now.told(answer, penalty, bound)
            if answer.status is Status.SOLVED and LOOSE < np.nan_to_num(found.slack).max(initial=0.0) <= NEARLY:
                finer = now.told(Clarabel(tolerance=FINER * tolerance).solve(now.program()), penalty, bound)
                found = finer if finer.tight else found
            if answer.status is not Status.SOLVED or found.tight:
                break
            penalty = _dearer(penalty, found, self.transmission.at)
            now = replace(now, feeders=tuple(replace(h, feeder=h.feeder.dearer(penalty)) for h in self.feeders))
        if answer.status is Status.SOLVED and not found.tight and self.agreed is None:
            return mended(now, found, LOOSE, tolerance)
        return found

    def told(self, answer: Answer, penalty: Real, bound: float) -> JointPlan:
        """What an answer means."""
        x, hours = answer.x, self.transmission.window.hours
        periods, wide = self.transmission.window.periods, len(self.feeders)
        slack, award, extra = np.full((wide, 2, periods), np.nan), np.zeros((periods, wide)), self._off(x)
        for k, h in enumerate(self.feeders):
            own = replace(answer, x=of_group(x, k))
            award[:, k] = h.count * own.x["award"]
            extra += h.count * h.feeder.paid(own.x)
            slack[k, : len(h.feeder.states)] = h.feeder.slack(own)
        fast_price = answer.price["sold"] / hours
        return JointPlan(
            answer=answer, feeders=self.feeders, penalty=penalty, cost=answer.cost - extra, bound=bound, slack=slack,
            energy=self.transmission.price(answer), primary=x["tso.primary"], fast=x["award"], short=x["tso.short"], shed=x["tso.shed"].sum(-1),
            given=x["tso.given"], award=award, primary_price=answer.price["tso.kept"] / hours, fast_price=fast_price,
            exact_fast_price=fast_price,
        )  # fmt: skip


def joint_schedule(transmission: SecureTransmission, feeders: Sequence[Hung], inertia: Inertia, security: Security | None = None) -> JointPlan:
    """The least cost of transmission and its feeders together under what is asked of frequency."""
    return JointSchedule.of(transmission, feeders, inertia, security).solve()


def uncovered(inertia: Inertia, window: Window, units: Sequence[str]) -> Iterator[Fault]:
    """Hours of the window without a row, and losses of units that are not there."""
    for hour in sorted(set(range(window.first + 1, window.end + 1)) - set(inertia.hour.tolist())):
        yield Fault(inertia.kind, f"has no row for hour {hour}", "give every hour a row", "frequency-041", column="hour")
    for row, name in enumerate(inertia.lost.tolist()):
        if name and name not in units:
            yield inertia.fault(row, "lost", f"names {name!r}", "name a unit of transmission, or leave it empty", "frequency-042")


def _counted(schedule: JointSchedule) -> tuple[dict[str, Matrix], dict[str, Matrix]]:
    """Primary and fast reserve that counts in each row of inertia."""
    t, many, mine = schedule.transmission.window.periods, len(schedule.inertia), schedule.period
    at = sparse.csr_array((np.ones(many), (np.arange(many), mine)), shape=(many, t))
    row, station = np.nonzero(schedule.lost)
    width = schedule.lost.shape[1]
    primary: dict[str, Matrix] = {"tso.primary": at}
    if len(row):
        primary[f"tso.{UP}"] = sparse.csr_array((-np.ones(len(row)), (row, mine[row] * width + station)), shape=(many, t * width))
    return primary, {"award": at}


def _within(inertia: Inertia, transmission: SecureTransmission) -> Inertia:
    """Rows of the window."""
    window = transmission.window
    return inertia.take((inertia.hour > window.first) & (inertia.hour <= window.end))


def _dearer(penalty: Real, found: JointPlan, at: Index) -> Real:
    """In hours with loose cones: above what an award earns beyond energy, or twice as much as before; where called, 1, then twice as much."""
    loose = np.nan_to_num(found.slack).max(axis=0) > LOOSE
    least = ABOVE + np.maximum(0.0, found.fast_price - found.energy[:, at].min(-1))
    first = np.stack([np.maximum(least, 2 * penalty[0]), np.maximum(1.0, 2 * penalty[1])])
    return np.where(loose, first, penalty)
