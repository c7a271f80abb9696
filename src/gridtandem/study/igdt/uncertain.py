"""A strategic company under a forecast that may be wrong: its program at the forecast and at both ends of a band, against one curve of the price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Refused
from gridtandem.boundary.strategic_letters import Disclose, ResidualCurve
from gridtandem.errors import Fault, InvalidCase, Unsolved
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.feeder_value import FeederValue
from gridtandem.opf.leader import THETA, Slots, alike, leader
from gridtandem.parties.feeder_market import FeederMarket
from gridtandem.parties.feeder_strategic import FeederStrategic, box_of, cells_in, followers_in, places
from gridtandem.program.arrays import Program
from gridtandem.program.between import at
from gridtandem.program.bilevel import Bilevel, BilevelAnswer, best_against
from gridtandem.program.cells import Cells
from gridtandem.program.certify import certify
from gridtandem.program.follower import Follower
from gridtandem.study.igdt.band import Band, end_of
from gridtandem.study.market.scarcity import scarcity
from gridtandem.study.market.study import MarketSeats, MarketStudy, desk_of, seated
from gridtandem.tables import Real

SIDES = ("robustness", "opportunity")
LOWEST = 1.0  # α at which no free power is left


@final
@dataclass(frozen=True, slots=True)
class Doubt:
    """Why an answer is none."""

    scarce: bool  # no offer makes the price
    said: str


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Uncertain:
    """Three programs of equal blocks and matrices."""

    study: MarketStudy
    band: Band
    most: float  # α at the end of each side: of robustness 1, of opportunity this
    desk: FeederStrategic
    feeders: tuple[FeederProblem, ...]  # one for each group, at the forecast
    counts: tuple[int, ...]  # of feeders in each group
    seats: MarketSeats
    followers: tuple[Follower, ...]  # the market of every period, to hold answers against
    forecast: Program
    ends: tuple[Program, Program]  # by side
    cells: tuple[Cells, ...]

    @staticmethod
    def of(study: MarketStudy, band: Band, most: float) -> Uncertain:
        """Ask the market once for its curve, over all that the company could take anywhere in the band."""
        if faults := [*band.faults(study.case), *_faults(study, most, band)]:
            raise InvalidCase(faults)
        seats = seated(study)
        cases = (study.case, end_of(study.case, band, -LOWEST), end_of(study.case, band, most))
        desks = [_desk(replace(study, case=case)) for case in cases]
        kinds = [alike([desk.whole[k] for desk in desks]) for k in range(len(desks[0].whole))]
        made = [FeederStrategic(_with(desk, [kind[n] for kind in kinds])) for n, desk in enumerate(desks)]
        place, _ = places(seats.residual.heads)
        span = _span(made)
        cells, followers = _told(seats, study, span, made[0].hours), _followers(seats, span)
        slots, box = Slots.by_period(study.window.periods, 1), box_of(cells)
        forecast, worst, best = (leader(m.groups(place), slots, box) for m in made)
        members = made[0].members(place)
        return Uncertain(
            study=study, band=band, most=most, desk=made[0], feeders=tuple(made[0].desk.whole[k] for k, *_ in members),
            counts=tuple(len(rows) for *_, rows in members), seats=seats, followers=followers, forecast=forecast, ends=(worst, best), cells=cells,
        )  # fmt: skip

    def reach(self, side: int) -> float:
        """α at the end of a side."""
        return LOWEST if side == 0 else self.most

    def program(self, side: int, alpha: float) -> Program:
        """The company's program where everything is off by α to the worse (side 0) or the better (1)."""
        return at(self.forecast, self.ends[side], alpha / self.reach(side))

    def best(self, side: int, alpha: float) -> BilevelAnswer:
        """The best it can do there."""
        return best_against(self.program(side, alpha), THETA, self.cells).require()

    def doubt(self, side: int, alpha: float, best: BilevelAnswer) -> Doubt | None:
        """What keeps that answer from being one, where every market is solved again without the search that found it; none: it is one."""
        found = certify(Bilevel(self.program(side, alpha), THETA, self.followers), best)
        if found.holds:
            return None
        z = np.zeros((self.study.window.periods, len(self.study.case.interfaces)))
        z[:, 0] = best.theta[:, 0]  # all hang at one bus
        lacks = scarcity(self.seats.wholesale, z)
        return Doubt(True, lacks) if lacks else Doubt(False, str(found.faults[0]))


def _faults(study: MarketStudy, most: float, band: Band) -> list[Fault]:
    case, found = study.case, []
    if not most > 0:
        found.append(Fault("band", f"is {most!r}", "give the largest α of opportunity, above 0", "igdt-004", column="most"))
    if band.load and any(len(net.tariffs) for net in case.models):
        mend = "leave demand out of the band, or the tariff out of the case"
        found.append(Fault("band", "holds demand, which pays a tariff here: more of it costs more and pays more", mend, "igdt-011", column="load"))
    if band.load * most > 1:
        found.append(Fault("band", f"is {most:g}, at which demand falls below 0", f"give at most {1 / band.load:g}", "igdt-004", column="most"))
    if len(set(zip(case.interfaces.company.tolist(), case.interfaces.bus.tolist(), strict=True))) != 1:
        mend = "give a case of one company at one bus; what others do with their own errors is not part of a band"
        found.append(Fault("interfaces", "are of several companies or buses, or there is none", mend, "igdt-005", place=case.name))
    if study.essential:
        mend = "leave it at 0: what it asks for changes with the forecast, and not evenly"
        found.append(Fault("study", f"is {study.essential:g}", mend, "igdt-006", column="essential"))
    return found


def _desk(study: MarketStudy) -> FeederMarket:
    return desk_of(study, np.arange(len(study.case.interfaces)))


def _with(desk: FeederMarket, whole: Sequence[FeederProblem]) -> FeederMarket:
    return FeederMarket.of(desk.interface, desk.kind, tuple(whole), desk.hourly, forecast=desk.forecast)


def _span(made: Sequence[FeederStrategic]) -> tuple[Real, Real]:
    """The least and the most (scenario, period, interface) that the company could take at the forecast or at either end of the band."""
    desk = made[0].desk
    reach = np.array([[FeederValue.of(problem).reach() for problem in m.desk.whole] for m in made])  # (end, feeder, side, period)
    if not np.isfinite(reach).all():
        raise Unsolved("somewhere in this band the feeders cannot be served at all; look at the case with `tandem run`, or take a narrower band")
    low, high = (end[desk.kind].T[None] for end in (reach[:, :, 0].min(0), reach[:, :, 1].max(0)))
    return low, high


def _told(seats: MarketSeats, study: MarketStudy, span: tuple[Real, Real], hours: float) -> tuple[Cells, ...]:
    """The curve of prices over all that the company could take."""
    mail = seats.mailbox(study.scheme, study.window.periods)
    try:
        curve = mail.ask_tso(ResidualCurve(*span, span[0]), worth=Worth.EXACT)
    except Refused:
        raise Unsolved(f"{seats.residual.trouble}; a band is searched along such curves, so leave that out of the case") from None
    return cells_in(curve, study.window.periods, hours)


def _followers(seats: MarketSeats, span: tuple[Real, Real]) -> tuple[Follower, ...]:
    """The markets themselves, as only an owner has them."""
    market = seats.residual.disclose(Disclose(*span))
    return followers_in(market, places(market.head[0, 0])[1], span[0].shape[1])[0]
