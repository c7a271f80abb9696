"""A strategic company beside what else it could be, in words, for machines, and as pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.coordinate import End
from gridtandem.report import style
from gridtandem.report.style import styled
from gridtandem.report.tables import as_records, plain
from gridtandem.study.market.reference import MarketPower, References
from gridtandem.study.market.study import MarketStudy
from gridtandem.study.provenance import provenance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA = "tandem/strategy/1"


@final
@dataclass(frozen=True, slots=True, eq=False)
class StrategyStudy:
    """The table, and the study it belongs to."""

    study: MarketStudy
    table: References | MarketPower

    @property
    def end(self) -> End:
        """Refused where a row has no answer."""
        return End.REFUSED if (self.table.trouble != "").any() else End.AGREED

    @property
    def conditions(self) -> str:
        """What it is about."""
        window = self.study.window
        return f"{self.study.case.name}, {window.periods} period{'s' * (window.periods != 1)} of {window.hours:g} h"


def strategy_in_words(found: StrategyStudy, rows: int = 60) -> str:
    """The table."""
    return "\n".join(_lines(found, rows))


def strategy_document(found: StrategyStudy) -> dict[str, object]:
    """All rows."""
    return {
        "schema": SCHEMA, "case": found.study.case.name, "currency": found.study.case.currency, found.table.kind: as_records(found.table),
        "made_with": provenance(),
    }  # fmt: skip


def _lines(found: StrategyStudy, rows: int) -> Iterator[str]:
    table = found.table
    yield f"{found.conditions}; money in {found.study.case.currency}"
    yield plain(table, columns=[name for name in table.columns() if name != "trouble"], rows=rows)
    heads = (
        [f"{n} {w}" for n, w in zip(table.name.tolist(), table.what.tolist(), strict=True)]
        if isinstance(table, References)
        else [f"{n} feeders" for n in table.feeders.tolist()]
    )
    for trouble in dict.fromkeys(table.trouble.tolist()):
        if trouble:
            yield f"no answer: {'; '.join(h for h, t in zip(heads, table.trouble.tolist(), strict=True) if t == trouble)}: {trouble}"
    if found.end is End.AGREED:
        yield "certificate: for every strategic row the market solved again makes its prices, no penalty among them"


@styled
def picture(found: StrategyStudy) -> Figure:
    """Bars of the six cases, or cost and price by the number of feeders."""
    return _sizes(found, found.table) if isinstance(found.table, MarketPower) else _bars(found, found.table)


def _bars(found: StrategyStudy, table: References) -> Figure:
    figure = style.new_figure(style.NARROW * 1.7, 3.2)
    axes, place = figure.add_subplot(), np.arange(len(table))
    axes.barh(place, table.exchange, color=style.TSO, label="exchange")
    axes.barh(place, table.resource_cost, left=np.maximum(table.exchange, 0.0), color=style.DER, label="resources", hatch="//")
    axes.set_yticks(place, [f"{name} {what.split(',')[0]}" for name, what in zip(table.name.tolist(), table.what.tolist(), strict=True)], fontsize=6)
    axes.invert_yaxis()
    axes.set_xlabel(f"cost of the company [{found.study.case.currency}]")
    axes.set_title("What the company pays", pad=14)
    style.caption(axes, f"{found.conditions}; C5: no limits of transmission lines")
    axes.legend(fontsize=7, frameon=False)
    return figure


def _sizes(found: StrategyStudy, table: MarketPower) -> Figure:
    figure = style.new_figure(style.NARROW * 1.6, 4.6)
    above, below = figure.subplots(2, sharex=True)
    told = (("price_taker", "price taker"), ("ideal", "one market"), ("strategic", "strategic"))
    for k, (name, label) in enumerate(told):
        above.plot(table.feeders, getattr(table, name), color=style.SERIES[k], marker=style.MARKS[k], markersize=4, label=label)
    below.plot(table.feeders, table.gain_percent, color=style.SERIES[2], marker=style.MARKS[2], markersize=4)
    above.set_ylabel(f"cost by feeder [{found.study.case.currency}]")
    above.set_title("Market power by size", pad=14)
    style.caption(above, f"{found.conditions}; feeders of others are plain demand at the same bus")
    above.legend(fontsize=7, frameon=False)
    below.set_ylabel("strategic below price taker [%]")
    below.set_xlabel("feeders of the company")
    return figure
