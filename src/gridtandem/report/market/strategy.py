"""A strategic company beside what else it could be, in words, for machines, and as pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.coordinate import End
from gridtandem.errors import Unreadable
from gridtandem.report import style
from gridtandem.report.market.pictures import whole_numbers
from gridtandem.report.market.words import starts_in_words
from gridtandem.report.style import styled
from gridtandem.report.tables import as_records, plain
from gridtandem.study.market.reference import MarketPower, References, Watch, market_power, references
from gridtandem.study.market.study import MarketStudy
from gridtandem.study.provenance import provenance
from gridtandem.tables import stacked

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA = "tandem/strategy/1"
SEVERAL = "whose costs are added up: each is best against what the others do, which may cost all of them more than taking the price"


@final
@dataclass(frozen=True, slots=True, eq=False)
class StrategyStudy:
    """The table of one case or several, which have their money in common, and their studies."""

    studies: tuple[MarketStudy, ...]
    table: References | MarketPower

    @staticmethod
    def of(studies: Sequence[MarketStudy], feeders: Sequence[int] | None, *, watch: Watch) -> StrategyStudy:
        """Carry it out: by how many ``feeders`` the company has, or else the cases C0 to C5."""
        if len(money := {study.case.currency for study in studies}) != 1:
            raise Unreadable(f"costs in {' and '.join(sorted(money))} stand in no common table; take the cases one by one")
        if feeders:
            return StrategyStudy(tuple(studies), stacked(MarketPower, [market_power(study, feeders, watch=watch) for study in studies]))
        return StrategyStudy(tuple(studies), stacked(References, [references(study, watch=watch) for study in studies]))

    @property
    def currency(self) -> str:
        """Of all of them."""
        return self.studies[0].case.currency

    @property
    def names(self) -> list[str]:
        """Of the cases."""
        return [study.case.name for study in self.studies]

    @property
    def end(self) -> End:
        """Refused where a row has no answer."""
        return End.REFUSED if (self.table.trouble != "").any() else End.AGREED

    @property
    def conditions(self) -> str:
        """What it is about."""
        window = self.studies[0].window
        return f"{' and '.join(self.names)}, {window.periods} period{'s' * (window.periods != 1)} of {window.hours:g} h"


def strategy_in_words(found: StrategyStudy, rows: int = 60) -> str:
    """The table."""
    return "\n".join(_lines(found, rows))


def strategy_document(found: StrategyStudy) -> dict[str, object]:
    """All rows."""
    return {
        "schema": SCHEMA, "case": ", ".join(found.names), "currency": found.currency, found.table.kind: as_records(found.table),
        "made_with": provenance(),
    }  # fmt: skip


def _lines(found: StrategyStudy, rows: int) -> Iterator[str]:
    table = found.table
    hidden = {"trouble"} if len(found.studies) > 1 else {"trouble", "case"}
    yield f"{found.conditions}; money in {found.currency}"
    yield plain(table, columns=[name for name in table.columns() if name not in hidden], rows=rows)
    for trouble in dict.fromkeys(t for t in table.trouble.tolist() if t):
        rows_of = [head for head, t in zip(_heads(found), table.trouble.tolist(), strict=True) if t == trouble]
        yield f"no answer: {'; '.join(rows_of)}: {trouble}"
    if found.end is End.AGREED:
        yield "certificate: for every strategic row the market solved again makes its prices, no penalty among them"
    for study in found.studies:
        if len(companies := set(study.case.interfaces.company.tolist())) > 1:
            yield f"{study.case.name}: {len(companies)} companies, {SEVERAL}"
        yield from (line.strip() for line in starts_in_words(study.case))


def _heads(found: StrategyStudy) -> list[str]:
    """Rows by name."""
    table = found.table
    names = (
        [f"{n} feeders" for n in table.feeders.tolist()]
        if isinstance(table, MarketPower)
        else [f"{name} {what}" for name, what in zip(table.name.tolist(), table.what.tolist(), strict=True)]
    )
    return [f"{case}: {name}" if len(found.studies) > 1 else name for case, name in zip(table.case.tolist(), names, strict=True)]


@styled
def picture(found: StrategyStudy) -> Figure:
    """Bars of the six cases, or cost and price by the number of feeders."""
    return _sizes(found, found.table) if isinstance(found.table, MarketPower) else _bars(found, found.table)


def _bars(found: StrategyStudy, table: References) -> Figure:
    figure = style.new_figure(style.NARROW * 1.7, 0.8 + 0.3 * len(table))
    axes, place = figure.add_subplot(), np.arange(len(table))
    axes.barh(place, table.exchange, color=style.TSO, label="exchange")
    axes.barh(place, table.resource_cost, left=np.maximum(table.exchange, 0.0), color=style.DER, label="resources", hatch="//")
    whose = [f"{case}: " if len(found.studies) > 1 else "" for case in table.case.tolist()]
    told = [f"{name} {what.split(',')[0]}" for name, what in zip(table.name.tolist(), table.what.tolist(), strict=True)]
    axes.set_yticks(place, [a + b for a, b in zip(whose, told, strict=True)], fontsize=6)
    axes.invert_yaxis()
    axes.set_xlabel(f"cost of the company [{found.currency}]")
    axes.set_title("What the company pays", pad=14)
    style.caption(axes, f"{found.conditions}; C5: no limits of lines" if len(found.studies) == 1 else "C5: no limits of transmission lines")
    axes.legend(fontsize=7, frameon=False)
    return figure


def _sizes(found: StrategyStudy, table: MarketPower) -> Figure:
    figure = style.new_figure(style.NARROW * 1.6, 6.2)
    above, between, below = figure.subplots(3, sharex=True)
    told = (("price_taker", "price taker"), ("ideal", "one market"), ("strategic", "strategic"))
    for j, case in enumerate(found.names):
        mine, dash = table.take(table.case == case), style.DASHES[j % len(style.DASHES)]
        whose = f"{case}, " if len(found.studies) > 1 else ""
        for k, (name, label) in enumerate(told):
            look = {"color": style.SERIES[k], "marker": style.MARKS[k], "markersize": 4, "linestyle": dash}
            above.plot(mine.feeders, getattr(mine, name), label=whose + label, **look)
            if name != "ideal":
                between.plot(mine.feeders, getattr(mine, f"{name}_per_mwh"), **look)
        below.plot(mine.feeders, mine.gain_percent, color=style.SERIES[2], marker=style.MARKS[2], markersize=4, linestyle=dash)
    above.set_ylabel(f"cost by feeder [{found.currency}]")
    above.set_title("Market power by size", pad=14)
    style.caption(above, f"{found.conditions}; feeders of others are plain demand at the same bus")
    above.legend(fontsize=7, frameon=False)
    between.set_ylabel(f"mean price [{found.currency}/MWh]")
    below.set_ylabel("strategic below price taker [%]")
    below.set_xlabel("feeders of the company")
    below.xaxis.set_major_locator(whole_numbers())
    return figure
