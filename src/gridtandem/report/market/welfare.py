"""Net surplus against the level of demand, in words, for machines, and as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from gridtandem.errors import UnknownName
from gridtandem.report import style
from gridtandem.report.style import styled
from gridtandem.report.tables import as_records, plain
from gridtandem.study.market.study import MarketStudy
from gridtandem.study.market.welfare import WHOLE, Welfare
from gridtandem.study.provenance import provenance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WELFARE = "tandem/welfare/1"
SHOWN = ("load_percent", "scheme", "answered", "worth", "cost", "net_surplus", "lost")
SAID = {  # what each scheme stands for in this experiment
    "conventional-4": "own markets only (conventional-4)", "choice-of-market": "wholesale market allowed (choice-of-market)",
    "ideal": "everything in one market (ideal)",
}  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False)
class WelfareCurves:
    """The table, the study that was varied, and the options that were set."""

    study: MarketStudy
    table: Welfare
    options: tuple[tuple[str, object], ...] = ()
    party: str = WHOLE  # whose rows are shown

    def __post_init__(self) -> None:
        if self.party not in (known := list(dict.fromkeys(self.table.party.tolist()))):
            raise UnknownName("party", self.party, known)

    @property
    def shown(self) -> Welfare:
        """The party's rows."""
        return self.table.take(self.table.party == self.party)

    @property
    def conditions(self) -> str:
        """What is held fixed."""
        window = self.study.window
        hours = f"hour {window.first + 1}" if window.periods == 1 else f"hours {window.first + 1} to {window.end}"
        set_ = "".join(f"; {name} = {value}" for name, value in self.options)
        return f"{self.study.case.name}, {hours}; all demand times the level, offers, limits, sun and wind held fixed{set_}"


def welfare_in_words(found: WelfareCurves, rows: int = 60) -> str:
    """The party's rows; all are in the document and in the CSV file."""
    return f"{found.party}: {found.conditions}; money in {found.study.case.currency}\n{plain(found.shown, columns=SHOWN, rows=rows)}"


def welfare_document(found: WelfareCurves) -> dict[str, object]:
    """All rows."""
    return {
        "schema": WELFARE, "case": found.study.case.name, "currency": found.study.case.currency, "conditions": found.conditions,
        "welfare": as_records(found.table), "made_with": provenance(),
    }  # fmt: skip


@styled
def picture(found: WelfareCurves) -> Figure:
    """Net surplus by level, and below it what each scheme loses against the market that sees everything."""
    figure = style.new_figure(style.NARROW * 1.6, 4.6)
    above, below = figure.subplots(2, sharex=True)
    table, money = found.shown, found.study.case.currency
    for k, name in enumerate(dict.fromkeys(table.scheme.tolist())):
        mine = table.take(table.scheme == name)
        look = {"color": style.SERIES[k % len(style.SERIES)], "marker": style.MARKS[k % len(style.MARKS)], "markersize": 4 + 2.5 * (name == "ideal")}
        look |= {"markerfacecolor": "none"} if name == "ideal" else {}
        above.plot(mine.load_percent, mine.net_surplus / 1e3, label=SAID.get(name, name), **look)
        below.plot(mine.load_percent, mine.lost, **look)
    above.set_ylabel(f"net surplus [1000 {money}]")
    above.set_title("Net surplus against the level of demand" + (f": {found.party}" if found.party != WHOLE else ""), pad=14)
    style.caption(above, found.conditions)
    above.legend(fontsize=7, frameon=False)
    below.set_ylabel(f"lost against ideal [{money}]")
    below.set_xlabel("demand [% of the case]")
    return figure
