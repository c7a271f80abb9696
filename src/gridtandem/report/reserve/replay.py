"""Frequency in time in words, for machines, and as a picture: the fall after each loss of an hour, or the margins of all losses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.errors import Fault, InvalidCase, UnknownName
from gridtandem.report import style
from gridtandem.report.market.pictures import whole_numbers
from gridtandem.report.reserve.requirement import limits_in_words, services_in_words
from gridtandem.report.run import Run
from gridtandem.report.style import styled
from gridtandem.report.tables import as_records, plain
from gridtandem.study.kinds import RESERVE
from gridtandem.study.provenance import provenance
from gridtandem.study.reserve.day import JointReserve, joint_reserve
from gridtandem.study.reserve.falls import Falls, Trajectory
from gridtandem.study.reserve.replay import SECONDS, TURBINES, FrequencyReplay, Standing, numbers_wrong, of_standing
from gridtandem.study.shelf import find, is_run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SCHEMA = "tandem/frequency-replay/1"
OPEN = ("hour", "lost", "loss_mw", "inertia_mws", "primary_mw", "fast_mw", "rocof_hz_per_s", "open_hz", "open_s")
CLOSED = (*OPEN, "closed_hz", "closed_s", "rest_hz", "margin_hz")
EACH = 0.02  # Hz; width of the bars of margins, at least
BARS = 12


def frequency_replay(
    given: JointReserve | Run | Case | str | Path, *, hour: int | None = None, governors: str | None = "tgov1", droop: float = 0.05,
    deadband_hz: float = 0.0, trigger_hz: float = 0.0, seconds: float = SECONDS,
) -> FrequencyReplay:  # fmt: skip
    """Frequency in time after every loss of a plan, or of one of its hours: the twin of ``tandem frequency replay``.

    ``given`` is a plan, a run of energy and reserve or its file, or a case, whose day is then scheduled. ``governors`` are those of all stations:
    tgov1, reheat (slow), or None, where reserve comes as promised. Fast reserve starts when frequency is ``trigger_hz`` below nominal. A fall that
    has no lowest point yet after ``seconds`` (at most 600) is neither held nor broken.
    """
    if governors is not None and governors not in TURBINES:
        raise UnknownName("kind of governors", governors, list(TURBINES))
    if found := tuple(numbers_wrong(droop, deadband_hz, trigger_hz, seconds)):
        raise InvalidCase(found)
    turbine = None if governors is None else replace(TURBINES[governors], droop=droop, deadband_hz=deadband_hz)
    standing = _standing(given)
    if hour is not None:
        if hour not in (known := np.unique(standing.inertia.hour).tolist()):
            raise UnknownName("hour of the plan", str(hour), [str(h) for h in known])
        standing = standing.take(standing.inertia.hour == hour)
    return of_standing(standing, turbine, trigger_hz=trigger_hz, seconds=seconds)


def _standing(given: JointReserve | Run | Case | str | Path) -> Standing:
    """Of whatever holds a plan."""
    from gridtandem.report.front import opened

    if isinstance(given, str | Path) and is_run(str(given)):
        given = opened(find(str(given)))
    if isinstance(given, Run):
        if given.kind is not RESERVE:
            what = f"is one of {given.kind.called}, not of {RESERVE.called}"
            raise InvalidCase([Fault("run", what, "take a run of one of " + ", ".join(RESERVE.schemes()), "frequency-079", place=given.scheme)])
        return Standing.of(given.result.study, given.result.tables.stations, given.result.tables.awards)
    plan = given if isinstance(given, JointReserve) else joint_reserve(given)
    return Standing.of(plan.study, plan.stations, plan.awards)


def replay_in_words(found: FrequencyReplay, hour: int | None) -> str:
    """Every loss of an hour, or the worst of every hour."""
    table = found.hours if hour is None else found.falls
    shown = [c for c in (CLOSED if found.turbine else OPEN) if c != "lost" or (table.lost != "").any()]
    return f"{found!r}\n\n{plain(table, columns=shown, rows=60)}"


def replay_table(found: FrequencyReplay, hour: int | None) -> Falls | Trajectory:
    """What stands in a file: every step of an hour, or every loss."""
    return found.falls if hour is None else found.trajectory(hour)


def replay_document(found: FrequencyReplay, hour: int | None) -> dict[str, object]:
    """The same for machines."""
    lim, turbine = found.standing.security.limits, found.turbine
    at_rest = lim.f0_hz - lim.steady_hz if lim.damping_mw_per_hz else None  # without damping reserve for the whole loss is asked for, and no more
    document: dict[str, object] = {
        "schema": SCHEMA, "case": found.standing.case, "governors": turbine.name if turbine else None, "trigger_hz": found.trigger_hz,
        "seconds": found.seconds, "nadir_limit_hz": lim.f0_hz - lim.nadir_hz, "rest_limit_hz": at_rest, "held": found.held,
        "trouble": list(found.trouble), "losses": as_records(found.falls), "made_with": provenance(),
    }  # fmt: skip
    return document if hour is None else {**document, "trajectory": as_records(found.trajectory(hour))}


@styled
def picture(found: FrequencyReplay, hour: int | None) -> Figure:
    """Frequency and reserve in an hour, or how far all lowest points are from their limit."""
    return _margins(found) if hour is None else _falls(found, hour)


def _falls(found: FrequencyReplay, hour: int) -> Figure:
    figure, security = style.new_figure(style.WIDE, 4.8), found.standing.security
    above, below = figure.subplots(2, sharex=True)
    whole = found.trajectory(hour)
    names = list(dict.fromkeys(whole.lost.tolist()))
    starts = np.flatnonzero(whole.time_s == 0.0).tolist()
    for k, (first, last) in enumerate(zip(starts, [*starts[1:], len(whole)], strict=True)):
        one, look = whole.take(np.arange(first, last)), style.SERIES[k % len(style.SERIES)]
        label = f" without {one.lost[0]}" if names != [""] else ""
        if found.turbine:
            above.plot(one.time_s, one.frequency_hz, color=look, label=f"governors {found.turbine.name}{label}")
        above.plot(one.time_s, one.open_hz, color=look, linestyle="--", label=f"as promised{label}")
        if len(starts) == 1:
            shares = np.nan_to_num([one.fast_mw, one.primary_mw])
            below.stackplot(one.time_s, shares, colors=style.SERIES[1::-1], labels=("fast", "primary"), alpha=0.8)
        else:
            below.plot(one.time_s, one.fast_mw + one.primary_mw, color=look, label=f"both{label}")
        below.axhline(found.falls.loss_mw[found.falls.hour == hour][k], color=style.INK, linestyle=":", linewidth=1.0)
    _limits(above, found)
    above.set_ylabel("frequency [Hz]")
    above.set_title(f"Frequency of {found.standing.case} after a loss in hour {hour}", pad=14)
    above.legend(fontsize=7, frameon=False, ncols=2)
    style.caption(above, f"{limits_in_words(security)}; {services_in_words(security)}")
    below.set_ylabel("reserve that is there [MW]")
    below.set_xlabel("time since the loss [s]")
    below.margins(y=0.35)
    below.legend(fontsize=7, frameon=False, ncols=2, loc="upper right")
    return figure


def _limits(axes: Axes, found: FrequencyReplay) -> None:
    lim = found.standing.security.limits
    for value, words, shift in ((lim.nadir_hz, "lowest", 2), (lim.steady_hz, "at rest", -8))[: 2 if lim.damping_mw_per_hz else 1]:
        axes.axhline(lim.f0_hz - value, color=style.WARN, linewidth=1.0, linestyle="-" if words == "lowest" else "-.")
        axes.annotate(
            f"limit {words}", (1, lim.f0_hz - value), (-2, shift), xycoords=("axes fraction", "data"), textcoords="offset points", fontsize=6,
            color=style.WARN, ha="right",
        )  # fmt: skip


def _margins(found: FrequencyReplay) -> Figure:
    figure, lim = style.new_figure(style.WIDE, 3.3), found.standing.security.limits
    axes = figure.add_subplot()
    margin = found.falls.margin_hz[np.isfinite(found.falls.margin_hz)]
    low, high = min(0.0, float(margin.min(initial=0.0))), max(float(margin.max(initial=0.0)), EACH)
    edges = np.linspace(low, high, BARS + 1)
    axes.hist(np.clip(margin, low, high), bins=edges.tolist(), color=style.SERIES[0], edgecolor=style.CARD)
    axes.axvline(0.0, color=style.WARN, linewidth=1.5)
    axes.set_xlabel(f"lowest frequency less its limit of {lim.f0_hz - lim.nadir_hz:g} Hz [Hz]")
    axes.set_ylabel("losses")
    axes.yaxis.set_major_locator(whole_numbers())
    axes.set_title(f"Margins of {found.standing.case}", pad=14)
    left_out = int(np.isnan(found.falls.margin_hz).sum())
    more = f"; {left_out} still falling at the end, not shown" if left_out else ""
    style.caption(axes, (f"governors {found.turbine.name}" if found.turbine else services_in_words(found.standing.security)) + more)
    return figure
