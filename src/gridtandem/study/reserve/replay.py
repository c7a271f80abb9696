r"""What frequency does after every loss of a day's plan: with reserve as promised, and with governors that act on what they see.

Primary reserve is what the plan has stations keep, less that of the unit that goes out. Fast reserve is what feeders have sold and, by load flow with
all of it called, transmission feels: the smaller of the two. The losses of all hours are one batch of `gridtandem.frequency.swing`.

A station *qualifies* where turbines of its kind alone would hold the lowest point. As long as all have the same governors, what they do depends on
award by rating alone, so that one question for each loss answers for all stations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.errors import Fault, InvalidCase, UnknownName
from gridtandem.frequency.security import ROUNDING, Inertia, Limits, Security
from gridtandem.frequency.swing import Governors, Replay, fall, promised, qualified, replay, rest
from gridtandem.grid.network import Network
from gridtandem.study.reserve.falls import Falls, Trajectory
from gridtandem.study.reserve.results import ReserveAwards, ReserveStations
from gridtandem.study.reserve.study import ReserveStudy
from gridtandem.tables import Flag, Index, Names, Real, stacked

SECONDS, LONGEST_S = 30.0, 600.0
ROUNDS_HZ = 5e-4  # less is not shown
JUST_NOW_S = 1.0
HELD_HZ = 1e-3  # so much below a limit is not told as below it
SAMPLE_S = 0.05  # of trajectories in tables; lowest points are found between


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Turbine:
    """How every station's governor and turbine act; see `gridtandem.frequency.swing`."""

    name: str
    t2_s: float
    t3_s: float
    droop: float = 0.05
    t1_s: float = 0.05
    deadband_hz: float = 0.0

    def governors(self, rated_mva: Real, award_mw: Real) -> Governors:
        """Of these ratings and awards."""
        return Governors.of(
            rated_mva, award_mw, droop=self.droop, deadband_hz=self.deadband_hz, t1_s=self.t1_s, t2_s=self.t2_s, t3_s=self.t3_s
        )  # fmt: skip


TURBINES: Mapping[str, Turbine] = {t.name: t for t in (Turbine(name="tgov1", t2_s=1.0, t3_s=2.1), Turbine(name="reheat", t2_s=2.1, t3_s=7.0))}


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Standing:
    """What stands behind frequency in every hour of a plan, in rows of ``inertia``."""

    case: str
    security: Security
    inertia: Inertia
    station: Names
    rated_mva: Real  # (station)
    award_mw: Real  # (row, station); 0 of the one that goes out
    fast_mw: Real  # (row)

    @staticmethod
    def of(study: ReserveStudy, stations: ReserveStations, awards: ReserveAwards) -> Standing:
        """Of the tables of a plan."""
        table = study.borne
        if table is None or not len(stations):
            raise InvalidCase([Fault("plan", "is none: nothing was found", "mend the case, or ask for less", "frequency-070", place=study.case.name)])
        table = table.take(np.isin(table.hour, stations.hour))
        names = np.unique(stations.station[stations.primary_mw > 0])
        kept, fast = np.zeros((len(table), len(names))), np.zeros(len(table))
        for row, (hour, lost) in enumerate(zip(table.hour.tolist(), table.lost.tolist(), strict=True)):
            mine = (stations.hour == hour) & np.isin(stations.station, names) & (stations.station != lost)
            kept[row, np.searchsorted(names, stations.station[mine])] = stations.primary_mw[mine]
            here = awards.hour == hour
            fast[row] = np.maximum(np.minimum(awards.award_mw[here], np.nan_to_num(awards.felt_mw[here])), 0.0).sum()
        return Standing(
            case=study.case.name, security=study.security, inertia=table, station=names, rated_mva=_rated(study.case.transmission, names),
            award_mw=np.maximum(kept, 0.0), fast_mw=fast,
        )  # fmt: skip

    def take(self, rows: Index | Flag) -> Standing:
        """Some of its losses."""
        return Standing(
            case=self.case, security=self.security, inertia=self.inertia.take(rows), station=self.station, rated_mva=self.rated_mva,
            award_mw=self.award_mw[rows], fast_mw=self.fast_mw[rows],
        )  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FrequencyReplay:
    """Every loss of a plan in time. ``turbine`` is None where reserve comes as promised."""

    standing: Standing
    turbine: Turbine | None
    trigger_hz: float
    seconds: float
    falls: Falls
    trouble: tuple[str, ...]

    @property
    def held(self) -> bool:
        """Whether frequency stays above its lowest limit after every loss."""
        return bool((self.falls.margin_hz >= -HELD_HZ).all())

    @property
    def broken(self) -> bool:
        """Whether it is seen below that limit after some loss. Neither held nor broken: it still falls when the replay ends."""
        limits = self.standing.security.limits
        return bool((_seen(self.falls, limits) < limits.f0_hz - limits.nadir_hz - HELD_HZ).any())

    @property
    def hours(self) -> Falls:
        """The worst loss of every hour."""
        order = np.lexsort((np.nan_to_num(self.falls.margin_hz, nan=-np.inf), self.falls.hour))
        _, first = np.unique(self.falls.hour[order], return_index=True)
        return self.falls.take(order[first])

    def trajectory(self, hour: int) -> Trajectory:
        """In time, for every loss of an hour."""
        rows = np.flatnonzero(self.falls.hour == hour)
        if not len(rows):
            raise UnknownName("hour of the plan", str(hour), [str(h) for h in np.unique(self.falls.hour).tolist()])
        return stacked(Trajectory, [_trajectory(self, int(row)) for row in rows])

    def __repr__(self) -> str:
        f, lim = self.falls, self.standing.security.limits
        how = f"governors {self.turbine.name}" if self.turbine else "reserve as promised"
        worst = int(np.argmin(f.margin_hz))  # NaN first
        lowest = f.closed_hz if self.turbine else f.open_hz
        told = f"{lowest[worst]:.3f} Hz in hour {f.hour[worst]}, {_signed(f.margin_hz[worst])} Hz to its limit of {lim.f0_hz - lim.nadir_hz:g}"
        lines = [
            f"Frequency of {self.standing.case} after {len(f)} loss{'es' * (len(f) > 1)} in {len(np.unique(f.hour))} h, {how}",
            f"  lowest    {'not reached yet' if np.isnan(f.margin_hz[worst]) else told}",
        ]
        return "\n".join([*lines, *(f"  beware    {word}" for word in self.trouble)])


def of_standing(standing: Standing, turbine: Turbine | None, *, trigger_hz: float = 0.0, seconds: float = SECONDS) -> FrequencyReplay:
    """All losses at once."""
    lim, table, primary = standing.security.limits, standing.inertia, standing.award_mw.sum(-1)
    deep = fall(standing.security, table, primary, standing.fast_mw[:, None])
    none = np.full(len(table), np.nan)
    closed_hz, closed_s, end, still = none, none, none, none
    if turbine is not None:
        run = _run(standing, turbine, trigger_hz=trigger_hz, seconds=seconds)
        low = rest(lim, table, turbine.governors(standing.rated_mva, standing.award_mw), standing.fast_mw)
        reached = ~_falling(run, low)
        closed_hz, closed_s = (np.where(reached, x, np.nan) for x in (lim.f0_hz - run.fall.nadir_hz, run.fall.at_s))
        end, still = lim.f0_hz - run.deviation_hz[:, -1], lim.f0_hz - low
    open_hz = lim.f0_hz - deep.nadir_hz
    falls = Falls(
        hour=table.hour, lost=table.lost, loss_mw=table.loss_mw, inertia_mws=table.inertia_mws, primary_mw=primary, fast_mw=standing.fast_mw,
        rocof_hz_per_s=standing.security.rocof(table.inertia_mws, table.loss_mw), open_hz=open_hz, open_s=deep.at_s, closed_hz=closed_hz,
        closed_s=closed_s, end_hz=end, rest_hz=still, margin_hz=(open_hz if turbine is None else closed_hz) - (lim.f0_hz - lim.nadir_hz),
    )  # fmt: skip
    trouble = tuple(_trouble(standing, turbine, falls, seconds))
    return FrequencyReplay(standing=standing, turbine=turbine, trigger_hz=trigger_hz, seconds=seconds, falls=falls, trouble=trouble)


def unfit(standing: Standing, turbine: Turbine) -> Iterator[tuple[int, int, float]]:
    """Rows, stations and the awards that these could keep, where what they keep is more."""
    lim = standing.security.limits
    full = lim.nadir_hz / lim.f0_hz / turbine.droop  # of one MVA
    table = standing.inertia
    share = qualified(standing.security, table, turbine.governors(np.array([1.0]), np.full((len(table), 1), full)), fast_mw=standing.fast_mw[:, None])
    could = share * standing.rated_mva
    for row, station in np.argwhere(standing.award_mw > could * (1 + ROUNDING) + ROUNDING).tolist():
        yield row, station, float(could[row, station])


def numbers_wrong(droop: float, deadband_hz: float, trigger_hz: float, seconds: float) -> Iterator[Fault]:
    """Numbers that no governor or replay has."""
    for name, value in {"droop": droop, "seconds": seconds}.items():
        if not 0 < value < np.inf:
            yield Fault("replay", f"is {value:g}", "give a finite number above 0", "frequency-071", column=name)
    if LONGEST_S < seconds < np.inf:
        what = f"is {seconds:g}"
        yield Fault("replay", what, f"give {LONGEST_S:g} s or less: governors have settled long before", "frequency-085", column="seconds")
    for name, value in {"deadband_hz": deadband_hz, "trigger_hz": trigger_hz}.items():
        if not 0 <= value < np.inf:
            yield Fault("replay", f"is {value:g}", "give 0 or more", "frequency-072", column=name)


def _rated(net: Network, names: Names) -> Real:
    """Most power of these resources, which stands for their rating. [MVA]"""
    tables = ((net.storages, net.storages.discharge_high_mw), (net.flexible, net.flexible.p_high_mw), (net.generators, net.generators.p_high_mw))
    most = {name: mw for table, high in tables for name, mw in zip(table.name.tolist(), high.tolist(), strict=True)}
    return np.array([most[name] for name in names.tolist()])


def _run(standing: Standing, turbine: Turbine, *, trigger_hz: float, seconds: float) -> Replay:
    security = standing.security
    fast = np.column_stack([standing.fast_mw, *(0.0 * standing.fast_mw for _ in security.fast[1:])])
    return replay(
        security.limits, standing.inertia, governors=turbine.governors(standing.rated_mva, standing.award_mw), services=security.fast,
        service_mw=fast, trigger_hz=trigger_hz, seconds=seconds,
    )  # fmt: skip


def _falling(run: Replay, rest_hz: Real) -> Flag:
    """Whether frequency still falls (row) when a replay ends: its last value is the lowest, and it fell just now, or has yet to fall to its rest."""
    x, end = run.deviation_hz, run.deviation_hz[:, -1]
    before = x[:, int(np.searchsorted(run.time_s, run.time_s[-1] - JUST_NOW_S))]
    found: Flag = (x.argmax(1) == x.shape[1] - 1) & ((end - before > HELD_HZ) | (rest_hz > end + HELD_HZ))
    return found


def _seen(falls: Falls, limits: Limits) -> Real:
    """The lowest frequency that is known (row). [Hz]"""
    found: Real = np.where(np.isnan(falls.margin_hz), falls.end_hz, falls.margin_hz + limits.f0_hz - limits.nadir_hz)
    return found


def _trouble(standing: Standing, turbine: Turbine | None, falls: Falls, seconds: float) -> Iterator[str]:
    lim, names = standing.security.limits, _names(standing.inertia)
    at_rest = np.where(np.isfinite(falls.rest_hz), falls.rest_hz, np.nan)
    checked = [(_seen(falls, lim), lim.nadir_hz, "falls to")] + [(at_rest, lim.steady_hz, "rests at")] * (lim.damping_mw_per_hz > 0)
    for column_hz, limit, what in checked:
        if len(below := np.flatnonzero(column_hz < lim.f0_hz - limit - HELD_HZ)):
            worst = int(below[np.argmin(column_hz[below])])
            also = f", and too low after {len(below) - 1} more" if len(below) > 1 else ""
            yield f"frequency {what} {_hz(column_hz[worst])} in {names[worst]}, below its limit of {lim.f0_hz - limit:g} Hz{also}"
    if len(never := np.flatnonzero(np.isinf(falls.rest_hz))):
        yield f"frequency never comes to rest in {names[int(never[0])]}: all reserve is less than the loss{_more(never)}"
    if len(still := np.flatnonzero(np.isnan(falls.margin_hz))):
        worst = int(still[np.argmin(falls.end_hz[still])])
        yield f"still falling when the replay ends after {seconds:g} s: {_hz(falls.end_hz[worst])} in {names[worst]}{_more(still)}; give it longer"
    if turbine is None:
        return
    worst_of: dict[int, tuple[int, float]] = {}
    for row, station, could in unfit(standing, turbine):
        if station not in worst_of or could < worst_of[station][1]:
            worst_of[station] = (row, could)
    for station, (row, could) in sorted(worst_of.items()):
        keeps = standing.award_mw[row, station]
        yield f"{standing.station[station]} keeps {keeps:,.2f} MW in {names[row]}, and its governor qualifies for {could:,.2f}"


def _names(table: Inertia) -> list[str]:
    return [f"hour {h}" + (f" without {lost}" if lost else "") for h, lost in zip(table.hour.tolist(), table.lost.tolist(), strict=True)]


def _more(rows: Index) -> str:
    return f", and after {len(rows) - 1} more" if len(rows) > 1 else ""


def _signed(margin_hz: float) -> str:
    """With its sign, but where it rounds to nothing."""
    return f"{margin_hz:+.3f}" if abs(margin_hz) >= ROUNDS_HZ else "0.000"


def _hz(value: float) -> str:
    return f"{value:.3f} Hz" if np.isfinite(value) else "no lowest point"


def _trajectory(found: FrequencyReplay, row: int) -> Trajectory:
    """Of one loss, at even times."""
    standing, lim = found.standing.take(np.array([row])), found.standing.security.limits
    table, security, fast = standing.inertia, standing.security, standing.fast_mw
    time = np.asarray(np.arange(round(found.seconds / SAMPLE_S) + 1) * SAMPLE_S, np.float64)
    primary = standing.award_mw.sum(-1)
    before = ~(time > found.falls.open_s[row])
    promise = lim.f0_hz - np.where(before, promised(security, table, primary, fast[:, None], time[None, :])[0], np.nan)
    if found.turbine is None:
        slow, quick = security.primary.share(time) * primary[0], security.fast[0].share(time) * fast[0]
        frequency, given, come = promise, np.where(before, slow, np.nan), np.where(before, quick, np.nan)
    else:
        run = _run(standing, found.turbine, trigger_hz=found.trigger_hz, seconds=found.seconds)
        frequency = lim.f0_hz - np.interp(time, run.time_s, run.deviation_hz[0])
        given, come = (np.interp(time, run.time_s, x[0]) for x in (run.turbines_mw, run.fast_mw))
    many = np.ones(len(time), np.int64)
    return Trajectory(
        hour=table.hour[0] * many, lost=np.full(len(time), table.lost[0]), time_s=time, open_hz=promise, frequency_hz=frequency,
        primary_mw=given, fast_mw=come,
    )  # fmt: skip
