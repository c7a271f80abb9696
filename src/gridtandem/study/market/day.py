"""Clear a day, keep it in a run file, read it again, go on with it."""

from __future__ import annotations

from typing import Any, TypeAlias

from gridtandem.coordinate import Outcome
from gridtandem.study.craft import Craft, Watch
from gridtandem.study.market.compare import tabled
from gridtandem.study.market.run import run_market
from gridtandem.study.market.study import MarketSeats, MarketStudy, seated
from gridtandem.study.market.told import MarketTables
from gridtandem.study.result import Result

MarketDay: TypeAlias = Result[MarketStudy, MarketTables]


def _carried(study: MarketStudy, seats: MarketSeats, before: Outcome[Any] | None, watch: Watch) -> MarketDay:
    result = run_market(study, seats=seats, watch=watch, resume=before)
    return Result(study=study, outcome=result.outcome, tables=MarketTables.of(result), trouble=result.trouble)


CRAFT = Craft(study=MarketStudy, tables=MarketTables, seated=seated, carried=_carried, tabled=tabled)
clear, resume, reopened, compare = CRAFT.run, CRAFT.resume, CRAFT.reopened, CRAFT.compare
