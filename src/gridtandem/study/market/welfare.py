"""Net surplus against the level of demand, under several schemes: what feeders' units earn everybody by being let into the wholesale market.

Net surplus is the worth of demand with a price, less the cost of all other resources. Fixed demand has no worth here, so that only differences mean
something. A level multiplies all demand, fixed and with a price, active and reactive, of every network; offers, limits, sun and wind stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, TypeAlias, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.coordinate import End, Outcome
from gridtandem.grid.network import Network
from gridtandem.schemes.ideal import Ideal
from gridtandem.study.market.books import surplus
from gridtandem.study.market.results import MONEY
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.study import MarketStudy
from gridtandem.study.registry import name_of
from gridtandem.tables import Flag, Names, Real, Table, column

SCHEMES = ("conventional-4", "choice-of-market", "ideal")  # own markets only, wholesale market allowed, everything in one market
Parts: TypeAlias = tuple[float, float, float]
SAME = 1e-9  # relative; costs that differ by less are the same
WHOLE = "all"  # the party that stands for everybody


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Welfare(Table):
    """One row per level, scheme and party, the first of them everybody together; NaN where a scheme found no answer."""

    kind: ClassVar[str] = "welfare"
    load_percent: Real = column("all demand, of what the case says", unit="%")
    scheme: Names = column("scheme", dtype="U")
    party: Names = column("all, tso, or a distribution company and its feeder", dtype="U")
    answered: Flag = column("is there a plan?", dtype="?")
    worth: Real = column("worth of what demand with a price bought", unit=MONEY, finite=False)
    cost: Real = column("cost of all other resources", unit=MONEY, finite=False)
    exchange: Real = column("paid to the wholesale market for the exchange, below 0 received", unit=MONEY, finite=False)
    net_surplus: Real = column("worth less cost and exchange", unit=MONEY, finite=False)
    lost: Real = column("of that against the market that sees every network; below 0 a party gains what others lose", unit=MONEY, finite=False)


def welfare(
    study: MarketStudy, schemes: Sequence[object], percent: Sequence[float], *, watch: Callable[[str, Outcome[object]], None] | None = None
) -> Welfare:
    """Clear the study's day at every level of demand, in percent of the case, under every scheme."""
    rows: list[tuple[object, ...]] = []
    for level in percent:
        there = replace(study, case=loaded(study.case, level / 100))
        ideal = run_market(replace(there, scheme=Ideal()))
        best = dict(_parties(ideal))
        for scheme in schemes:
            name = name_of(scheme)
            heard = None if watch is None else lambda o, n=name: watch(n, o)
            result = ideal if isinstance(scheme, Ideal) else run_market(replace(there, scheme=scheme), watch=heard)
            if result.outcome.end is End.STOPPED:  # who stops one run wants no other
                return _table(rows)
            rows += [(level, name, party, *_row(parts, best.get(party))) for party, parts in _parties(result)]
    return _table(rows)


def loaded(case: Case, level: float) -> Case:
    """The case with all demand multiplied."""

    def scaled(net: Network) -> Network:
        loads, flexible = net.loads, net.flexible
        return replace(
            net, loads=replace(loads, p_mw=loads.p_mw * level, q_mvar=loads.q_mvar * level),
            flexible=replace(flexible, p_high_mw=flexible.p_high_mw * level),
        )  # fmt: skip

    return replace(case, transmission=scaled(case.transmission), models=tuple(map(scaled, case.models)))


def _table(rows: Sequence[tuple[object, ...]]) -> Welfare:
    return Welfare.of(dict(zip(Welfare.columns(), zip(*rows, strict=True), strict=True))) if rows else Welfare.empty()


def _parties(result: MarketResult) -> Iterator[tuple[str, Parts | None]]:
    """Worth, cost and exchange of everybody, then of each operator's part; None where there is no answer."""
    s = surplus(result)
    yield WHOLE, (float(s.worth.sum()), float(s.cost.sum()), 0.0) if len(s) else None
    for k, who in enumerate(s.company.tolist()):
        yield who, (float(s.worth[k]), float(s.cost[k]), float(s.exchange[k]))


def _row(parts: Parts | None, best: Parts | None) -> tuple[object, ...]:
    if parts is None:
        return False, *[np.nan] * 5
    net, ideal = _net(parts), np.nan if best is None else _net(best)
    return True, *parts, net, 0.0 if abs(ideal - net) <= SAME * abs(ideal) else ideal - net


def _net(parts: Parts) -> float:
    worth, cost, exchange = parts
    return worth - cost - exchange
