"""What a feeder can exchange, as people hold it in their hands: tables, words, a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.errors import Fault, InvalidCase, Unreadable, Unsolved
from gridtandem.opf.reach import Touch
from gridtandem.report.front import opened, opened_case
from gridtandem.report.run import Run
from gridtandem.report.tables import as_records, number, plain, spelled
from gridtandem.study.kinds import DISPATCH
from gridtandem.study.reach import Award, Physics, ReachResult, ReachStudy, Region, awarded, reached
from gridtandem.study.reach_tables import ReachPoints, ReachRegions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA = "tandem/reach/1"
SHOWN = 3  # limits named at an end
EDGE = 1e-3  # MVA; an award closer to the outline than this lies on it
POINT = 1e-5  # MW; an outline no wider is a point
COLUMNS = ("physics", "voltage_pu", "p_low_mw", "p_high_mw", "q_low_mvar", "q_high_mvar", "area", "area_outer", "area_dents")


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Reach:
    """Regions of active and reactive power that a feeder can exchange, by voltage. ``trouble`` says where there is none and why."""

    result: ReachResult

    @property
    def points(self) -> ReachPoints:
        """Outlines with what stops the feeder at each point."""
        return self.result.points

    @property
    def regions(self) -> ReachRegions:
        """Extents and areas."""
        return self.result.table

    @property
    def award(self) -> Award | None:
        """What the run passes."""
        return self.result.study.award

    @property
    def trouble(self) -> tuple[str, ...]:
        """A sentence for each voltage at which the feeder has no state."""
        return self.result.trouble

    def require(self) -> Reach:
        """Itself, or `Unsolved` where a region is missing."""
        if self.trouble:
            raise Unsolved("; ".join(self.trouble))
        return self

    def plot(self) -> Figure:
        """The picture; see `gridtandem.report.dispatch.reach_picture`."""
        from gridtandem.report.dispatch.reach_picture import picture

        return picture(self.result)

    def __repr__(self) -> str:
        return "\n".join(_lines(self.result))


def reach(
    case: Case | str | Path | None,
    interface: str,
    *,
    voltage: float | Sequence[float] | None = None,
    run: Run | str | Path | None = None,
    directions: int = 32,
    physics: str | Sequence[str] = "ac",
    hour: int | None = None,
) -> Reach:
    """Which active and reactive power a feeder can exchange with transmission at a voltage: the twin of ``tandem reach``.

    ``voltage`` at the feeder's root is 1 pu unless given; several make a family. A ``run`` of dispatch (itself, or its file) gives the voltage and
    the award, which is drawn; its case is taken where ``case`` is None. ``physics`` is "ac", "lindist" or "branch-flow", or several of them; ``hour``
    is the period of the profiles, 1 or the first of the run. Parallel feeders behind the interface count as one.
    """
    forms = (physics,) if isinstance(physics, str) else tuple(physics)
    study, award = _setting(case, interface, run, hour)
    if award is not None and voltage is not None:
        raise Unreadable("a run brings its voltage; give a run or a voltage")
    given: tuple[float, ...] = (1.0,) if award is None else (award.v_pu,)
    if voltage is not None:
        given = tuple(float(v) for v in np.atleast_1d(np.asarray(voltage, np.float64)))
    period = hour if hour is not None else 1 if award is None else award.period
    asked = ReachStudy(case=study, interface=interface, voltages=given, directions=directions, physics=forms, period=period, award=award)
    return Reach(result=reached(asked))


def reach_document(found: Reach) -> dict[str, object]:
    """The same for machines."""
    study, award = found.result.study, found.award
    told = None if award is None else {
        "run": award.run, "scheme": award.scheme, "period": award.period, "p_mw": award.p_mw, "q_mvar": award.q_mvar, "v_pu": award.v_pu,
        "inside_mva": [number(found.result.room(r)) for r in found.result.regions],
    }  # fmt: skip
    return {
        "schema": SCHEMA, "case": study.case.name, "interface": study.interface, "period": study.period, "trouble": list(found.trouble),
        "branch_flow_is_outer": found.result.outer, "regions": as_records(found.regions), "points": as_records(found.points), "award": told,
    }  # fmt: skip


def _setting(case: Case | str | Path | None, interface: str, run: Run | str | Path | None, hour: int | None) -> tuple[Case, Award | None]:
    """The case, and the award of a run of it."""
    if run is None:
        if case is None:
            raise Unreadable("give a case, or a run")
        return opened_case(case), None
    dispatched = run if isinstance(run, Run) else opened(run)
    if dispatched.kind is not DISPATCH:
        raise Unreadable(f"a run under {dispatched.scheme} is one of {dispatched.kind.called}; take one of {DISPATCH.called}, or give a voltage")
    of_run: Case = dispatched.result.study.case
    award = awarded(dispatched.result, interface, hour)
    if case is not None and (named := opened_case(case)).digest() != of_run.digest():
        what = f"is of {of_run.name}, whose data differ from those of {named.name}"
        raise InvalidCase([Fault("run", what, "leave the case out to take that of the run", "study-033", label=award.run)])
    return of_run, award


def _lines(result: ReachResult) -> Iterator[str]:
    study, table = result.study, result.study.case.interfaces
    many, whose = int(table.count[study.row]), table.company[study.row]
    feeders = "the feeder" if many == 1 else f"{many} parallel feeders"
    bus = study.case.transmission.buses.name[table.bus[study.row]]
    yield f"{study.interface} of {study.case.name} at bus {bus}, period {study.period}: what {feeders} of {whose} can exchange; positive draws"
    yield plain(result.table, columns=COLUMNS, rows=len(result.regions))
    for line in result.trouble:
        yield f"trouble   {line}"
    for region in result.regions:
        yield from _region_lines(result, region)
    for physics in dict.fromkeys(r.physics for r in result.regions if r.outline is not None):
        yield from _promise(result, physics)


def _region_lines(result: ReachResult, region: Region) -> Iterator[str]:
    if (outline := region.outline) is None:
        return
    yield f"{region.physics} at {region.voltage_pu:.4f} pu"
    if float(np.ptp(outline.points, axis=0).max()) <= POINT:
        yield f"  no choice  {_place(outline.ring[0])}"
    else:
        for words, axis, sign in (("least P", 0, -1), ("most P", 0, 1), ("least Q", 1, -1), ("most Q", 1, 1)):
            end = max(outline.ring, key=lambda t, axis=axis, sign=sign: sign * t.point[axis])  # type: ignore[misc]
            more = f" and {len(end.stops) - SHOWN} more" if len(end.stops) > SHOWN else ""
            yield f"  {words:<9}  {_place(end)}: {', '.join(end.stops[:SHOWN])}{more}".rstrip(": ")
    if lost := outline.unanswered + outline.uncut:
        yield f"  unanswered {lost} question{'s' * (lost > 1)}: there the outline stays straight"
    if (award := result.study.award) is not None:
        room = result.room(region)
        where = "on the outline" if abs(room) <= EDGE else f"{spelled(abs(room), 'MVA')} {'inside' if room > 0 else 'OUTSIDE'}"
        yield f"  award      {award.p_mw:.3f} MW, {award.q_mvar:.3f} Mvar under {award.scheme}{f' ({award.run})' if award.run else ''}: {where}"


def _place(touch: Touch) -> str:
    return f"{touch.point[0]:.3f} MW, {touch.point[1]:.3f} Mvar"


def _promise(result: ReachResult, physics: Physics) -> Iterator[str]:
    """What an outline says, and what it does not."""
    if physics == "ac":
        yield "ac: every corner is a state that keeps all limits; between corners the outline was looked at in the middle. Farther states may exist,"
        yield "    since the farthest is sought nearby; areas in MW·Mvar: inside the outline, not excluded by any direction, and of its dents"
    elif physics == "lindist":
        yield "lindist: without losses; neither an inner nor an outer region"
    else:
        real = [t.real for r in result.regions if r.physics == physics and r.outline is not None for t in r.outline.lines]
        sure = "nothing outside is possible" if result.outer else "not outer here, as loads or charging follow the voltage"
        yield f"branch-flow: a relaxation; {sure}. {sum(real)} of its {len(real)} farthest points are states under AC physics"
