"""A day of energy and two reserves in words, for machines, and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gridtandem.frequency.security import Limits, Nadir, Security, Service
from gridtandem.opf.fast_reserve import Model
from gridtandem.report import style
from gridtandem.report.market_pictures import whole_numbers
from gridtandem.report.style import styled
from gridtandem.report.tables import as_records, plain
from gridtandem.study.provenance import provenance
from gridtandem.study.reserve.day import JointReserve, joint_reserve

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA = "tandem/joint-reserve/1"


def scheduled(
    case: str, *, inertia: Path | None, hours: int, first_hour: int, feeders: Model, nadir_hz: float, nadir_by: Nadir,
    primary: tuple[float, float], fast: tuple[float, float],
) -> JointReserve:  # fmt: skip
    """A day under these words; services are the ramp and the delay before it [s]."""
    slow, quick = (Service(ramp_s=ramp, delay_s=delay, name=name) for name, (ramp, delay) in (("primary", primary), ("fast", fast)))
    security = Security(limits=Limits(nadir_hz=nadir_hz, steady_hz=min(0.5, nadir_hz)), primary=slow, fast=(quick,), nadir=nadir_by)
    return joint_reserve(case, inertia=inertia, hours=hours, first_hour=first_hour, feeders=feeders, security=security)


def joint_in_words(found: JointReserve) -> str:
    """What it comes to, and hour by hour."""
    return f"{found!r}\n\n{plain(found.hours, rows=60)}" if len(found.hours) else repr(found)


def joint_document(found: JointReserve) -> dict[str, object]:
    """All rows. Without a plan cost and bound are null."""
    cost, bound = (x if np.isfinite(x) else None for x in (found.cost, found.bound))
    return {
        "schema": SCHEMA, "case": found.case.name, "currency": found.case.currency, "feeders": found.feeders, "cost": cost, "bound": bound,
        "trouble": list(found.trouble), "hours": as_records(found.hours), "awards": as_records(found.awards), "made_with": provenance(),
    }  # fmt: skip


@styled
def picture(found: JointReserve) -> Figure:
    """Both reserves stacked, beside what primary reserve alone would have to be; and prices."""
    figure, table = style.new_figure(style.WIDE, 4.6), found.hours
    above, below = figure.subplots(2, sharex=True)
    above.bar(table.hour, table.primary_mw, color=style.SERIES[0], width=0.8, label="primary")
    above.bar(table.hour, table.fast_mw, bottom=table.primary_mw, color=style.SERIES[1], hatch="//", width=0.8, label="fast")
    above.plot(table.hour, table.without_mw, color=style.INK, marker="o", markersize=3, label="primary alone")
    above.margins(y=0.25)
    above.set_ylabel("reserve [MW]")
    above.set_title("Reserve against requirement", pad=14)
    above.legend(fontsize=7, frameon=False, ncols=3)
    style.caption(above, f"{found.case.name}, feeders {found.feeders}")
    for k, (name, label) in enumerate((("primary_per_mw", "primary [/MW]"), ("fast_per_mw", "fast [/MW]"), ("energy_per_mwh", "energy [/MWh]"))):
        below.plot(table.hour, getattr(table, name), color=style.SERIES[k], marker=style.MARKS[k], markersize=4, label=label)
    below.margins(y=0.35)
    below.set_ylabel(f"price [{found.case.currency}]")
    below.set_xlabel("hour")
    below.xaxis.set_major_locator(whole_numbers())
    below.legend(fontsize=7, frameon=False, ncols=3)
    return figure
