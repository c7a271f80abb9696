"""What a loss asks of primary reserve, as people hold it in their hands: a table over inertia and fast reserve, or hour by hour, and its picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np
from numpy.typing import ArrayLike

from gridtandem.errors import InvalidCase, Unreadable
from gridtandem.frequency.security import ROUNDING, Inertia, Limits, Security, Service
from gridtandem.report.tables import as_records, plain
from gridtandem.tables import Code, Index, Names, Real, Table, column

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA = "tandem/frequency-requirement/1"
NADIR, END, RATE, NONE, LOSS = range(5)
SHOWN = ("inertia_mws", "fast_mw", "primary_mw", "total_mw", "saved_percent", "replaced", "rocof_hz_per_s", "binds")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Requirements(Table):
    """Reserve that frequency asks for; NaN where no reserve would do."""

    kind: ClassVar[str] = "frequency_requirements"
    hour: Index = column("hour, counted from 1; 0: of no hour", dtype="i8")
    lost: Names = column("unit that goes out", dtype="U")
    inertia_mws: Real = column("energy of the masses that keep turning", unit="MW·s")
    loss_mw: Real = column("power that is lost", unit="MW")
    fast_mw: Real = column("fast reserve that counts, at most the loss", unit="MW")
    primary_mw: Real = column("primary reserve that is needed beside it", unit="MW")
    total_mw: Real = column("both", unit="MW")
    saved_percent: Real = column("by how much both are less than primary reserve alone", unit="%")
    replaced: Real = column("primary reserve that 1 MW more of fast reserve replaces; 0 where the nadir does not bind", unit="MW/MW")
    rocof_hz_per_s: Real = column("rate of change at the first moment", unit="Hz/s")
    binds: Code = column(
        "what decides: the lowest point, where frequency rests, why no reserve would do, or that fast reserve is more than the loss", dtype="i8",
        choices=("nadir", "end", "rate", "inertia", "loss"),
    )  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FrequencyRequirement:
    """The table, and the limits and services it is about."""

    security: Security
    table: Requirements

    @property
    def met(self) -> bool:
        """Whether some reserve would do everywhere."""
        return bool(np.isfinite(self.table.primary_mw).all())

    def plot(self) -> Figure:
        """The picture; see `gridtandem.report.reserve.requirement_picture`."""
        from gridtandem.report.reserve.requirement_picture import picture

        return picture(self)

    def __repr__(self) -> str:
        return "\n".join(_lines(self))


def frequency_requirement(
    inertia_mws: ArrayLike | str | Path,
    loss_mw: float | None = None,
    *,
    fast_mw: ArrayLike = 0.0,
    f0_hz: float = 60.0,
    nadir_hz: float = 1.0,
    rocof_hz_per_s: float = 1.0,
    steady_hz: float = 0.5,
    damping_mw_per_hz: float = 0.0,
    primary_s: float = 10.0,
    primary_delay_s: float = 0.0,
    fast_s: float = 1.0,
    fast_delay_s: float = 0.0,
) -> FrequencyRequirement:
    """How much primary reserve a loss asks for, by inertia and by fast reserve: the twin of ``tandem frequency requirement``.

    ``inertia_mws`` is one or several energies, with one loss; or a CSV file with columns hour, inertia_mws, loss_mw and, if wanted, lost. Services
    are delivered evenly over their seconds, after their delay. Limits are deviations below ``f0_hz``.
    """
    security = Security(
        limits=Limits(f0_hz=f0_hz, nadir_hz=nadir_hz, rocof_hz_per_s=rocof_hz_per_s, steady_hz=steady_hz, damping_mw_per_hz=damping_mw_per_hz),
        primary=Service(ramp_s=primary_s, delay_s=primary_delay_s, name="primary"),
        fast=(Service(ramp_s=fast_s, delay_s=fast_delay_s, name="fast"),),
    )
    fast = np.atleast_1d(np.asarray(fast_mw, np.float64))
    if not (np.isfinite(fast) & (fast >= 0)).all():
        raise Unreadable("fast reserve: give numbers of MW, 0 or more")
    if faults := tuple(security.own_faults()):
        raise InvalidCase(faults)
    from gridtandem.study.reserve.study import read_inertia

    table = read_inertia(inertia_mws) if isinstance(inertia_mws, str | Path) else _energies(np.atleast_1d(np.asarray(inertia_mws, float)), loss_mw)
    return FrequencyRequirement(security=security, table=requirements(security, table, fast, numbered=isinstance(inertia_mws, str | Path)))


def requirements(security: Security, table: Inertia, fast_mw: Real, *, numbered: bool = True) -> Requirements:
    """Every row of ``table`` with every amount of fast reserve (up to the loss)."""
    row = np.repeat(np.arange(len(table)), len(fast_mw))
    energy, loss = table.inertia_mws[row], table.loss_mw[row]
    asked = np.tile(fast_mw, len(table))
    fast = np.minimum(asked, loss)
    rate = security.rocof(energy, loss)
    nadir, end = security.arresting(energy, loss, fast[:, None]), security.settling(loss, fast[:, None])
    binds = np.where(
        rate > security.limits.rocof_hz_per_s * (1 + ROUNDING), RATE, np.where(np.isinf(nadir), NONE, np.where(nadir >= end, NADIR, END))
    )
    binds = np.where((binds < RATE) & (asked > loss * (1 + ROUNDING)), LOSS, binds)
    primary = np.where((binds < RATE) | (binds == LOSS), np.maximum(nadir, end), np.nan)
    alone = security.needed(energy, loss, np.zeros((len(row), 1)))
    with np.errstate(divide="ignore", invalid="ignore"):
        saved = np.where(alone > 0, 100 * (1 - (primary + fast) / alone), np.nan)
    replaced = np.where(binds == NADIR, security.replaced(energy, loss, fast[:, None])[:, 0], np.where((binds == END) | (binds == LOSS), 0.0, np.nan))
    return Requirements(
        hour=table.hour[row] if numbered else np.zeros(len(row), np.int64), lost=table.lost[row], inertia_mws=energy, loss_mw=loss, fast_mw=fast,
        primary_mw=primary, total_mw=primary + fast, saved_percent=saved, replaced=replaced, rocof_hz_per_s=rate, binds=binds,
    )  # fmt: skip


def requirement_document(found: FrequencyRequirement) -> dict[str, object]:
    """The same for machines."""
    limits, fast, primary = found.security.limits, found.security.fast[0], found.security.primary
    return {
        "schema": SCHEMA, "f0_hz": limits.f0_hz, "nadir_hz": limits.nadir_hz, "rocof_hz_per_s": limits.rocof_hz_per_s, "steady_hz": limits.steady_hz,
        "damping_mw_per_hz": limits.damping_mw_per_hz, "primary_s": primary.ramp_s, "primary_delay_s": primary.delay_s, "fast_s": fast.ramp_s,
        "fast_delay_s": fast.delay_s, "requirements": as_records(found.table),
    }  # fmt: skip


def limits_in_words(security: Security) -> str:
    """What frequency may do."""
    lim = security.limits
    load = f", loads {lim.damping_mw_per_hz:g} MW/Hz" if lim.damping_mw_per_hz else ""
    return f"{lim.f0_hz:g} Hz, nadir {lim.f0_hz - lim.nadir_hz:g} Hz, at most {lim.rocof_hz_per_s:g} Hz/s{load}"


def services_in_words(security: Security) -> str:
    """When reserve is there."""
    return ", ".join(f"{s.name} {f'after {s.delay_s:g} s ' if s.delay_s else ''}within {s.ramp_s:g} s" for s in (security.primary, *security.fast))


def _lines(found: FrequencyRequirement) -> list[str]:
    table = found.table
    of_hours = bool((table.hour > 0).any())
    one = "" if of_hours or not len(table) else f"a loss of {table.loss_mw[0]:g} MW at "
    shown = ("hour", *(["lost"] if (table.lost != "").any() else []), "loss_mw", *SHOWN) if of_hours else SHOWN
    told = [f"{one}{limits_in_words(found.security)}; {services_in_words(found.security)}", plain(table, columns=shown, rows=200)]
    for level in np.unique(table.fast_mw) if not of_hours else ():
        rows = np.flatnonzero(table.fast_mw == level)[[0, -1]]
        ends = dict.fromkeys(f"{_told(table.primary_mw[k])} at {table.inertia_mws[k]:,.0f} MW·s" for k in rows.tolist())
        told.append(f"primary   {', '.join(ends)}" + (f", beside {level:g} MW of fast reserve" if level else ""))
    if (table.binds == RATE).any():
        told.append("rate      frequency falls faster than it may before any reserve acts: more inertia or a smaller loss")
    if (table.binds == NONE).any():
        told.append("inertia   is used up before fast reserve is there: none of it, or more inertia")
    if (table.binds == LOSS).any():
        told.append("loss      there is more fast reserve than is lost: no more than the loss counts")
    return told


def _told(primary_mw: float) -> str:
    return f"{primary_mw:.2f} MW" if np.isfinite(primary_mw) else "none would do"


def _energies(inertia_mws: Real, loss_mw: float | None) -> Inertia:
    if loss_mw is None or not 0 < loss_mw < np.inf:
        raise Unreadable("give the power that is lost, above 0 MW")
    if inertia_mws.ndim != 1 or not (np.isfinite(inertia_mws) & (inertia_mws > 0)).all():
        raise Unreadable("inertia: give numbers of MW·s above 0")
    return Inertia(hour=np.ones(len(inertia_mws), np.int64), inertia_mws=inertia_mws, loss_mw=np.full(len(inertia_mws), loss_mw))
