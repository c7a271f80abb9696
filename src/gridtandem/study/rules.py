"""Rules that a result must keep, for scripts: ``voltage-error>1e-8`` fails where a plan is farther than that from the AC check."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from gridtandem.errors import UnknownName, Unreadable
from gridtandem.study.compare import Comparison

if TYPE_CHECKING:
    from gridtandem.study.market.compare import MarketComparison

COLUMNS = {
    "agreed": "agreed", "rounds": "rounds", "letters": "letters", "numbers": "numbers", "bytes": "bytes", "voltage-error": "voltage_error_pu",
    "exchange-error": "exchange_error_mva", "exchange": "exchange_mw", "feeder-loss": "feeder_loss_mw", "v-low": "v_low_pu",
}  # fmt: skip
MARKET_COLUMNS = {
    "agreed": "agreed", "cost": "cost", "gap-to-ideal": "gap_to_ideal", "rounds": "rounds", "letters": "letters", "numbers": "numbers",
    "bytes": "bytes", "exchange-error": "exchange_error_mw", "price-error": "price_error_per_mwh", "voltage-error": "voltage_error_pu",
    "loss": "loss_mw", "v-low": "v_low_pu", "limits-broken": "limits_broken",
}  # fmt: skip


def figures_of(table: Comparison | MarketComparison) -> Mapping[str, str]:
    """What rules may speak of, and the columns that hold it."""
    return COLUMNS if isinstance(table, Comparison) else MARKET_COLUMNS


WORSE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
FORM = re.compile(r"(?:(?P<scheme>[\w-]+):)?(?P<figure>[\w-]+)\s*(?P<worse><=|>=|<|>)\s*(?P<limit>\S+)")


@final
@dataclass(frozen=True, slots=True)
class Rule:
    """Fails where ``figure worse limit`` holds, and where there is no figure at all."""

    figure: str  # see `figures_of`
    worse: str  # one of `WORSE`
    limit: float
    scheme: str = ""  # empty: for every scheme

    @staticmethod
    def read(words: str) -> Rule:
        """From words such as ``voltage-error>1e-8`` or ``response:rounds>6``."""
        found = FORM.fullmatch(words.strip())
        if found is None:
            raise Unreadable(f"{words!r} is not a rule; write a figure, a sign and a number, e.g. voltage-error>1e-8 or response:rounds>6")
        known = dict.fromkeys([*COLUMNS, *MARKET_COLUMNS])
        if found["figure"] not in known:
            raise UnknownName("figure", found["figure"], list(known))
        try:
            limit = float(found["limit"])
        except ValueError:
            limit = math.nan
        if math.isnan(limit):
            raise Unreadable(f"{words!r}: {found['limit']!r} is not a number")
        return Rule(found["figure"], found["worse"], limit, found["scheme"] or "")


def broken(rules: Sequence[Rule], table: Comparison | MarketComparison) -> tuple[str, ...]:
    """One sentence for every rule that a row of the table breaks."""
    schemes = table.scheme.tolist()
    for rule in rules:
        if rule.scheme and rule.scheme not in schemes:
            raise UnknownName("scheme in this result", rule.scheme, schemes)
        if rule.figure not in figures_of(table):
            raise UnknownName("figure of these schemes", rule.figure, list(figures_of(table)))
    return tuple(line for rule in rules for line in _broken(rule, table))


def _broken(rule: Rule, table: Comparison | MarketComparison) -> Iterator[str]:
    name = figures_of(table)[rule.figure]
    unit = table.columns()[name].unit.replace("1", "")
    for scheme, value in zip(table.scheme.tolist(), getattr(table, name).tolist(), strict=True):
        if rule.scheme in ("", scheme) and (math.isnan(value) or WORSE[rule.worse](value, rule.limit)):
            said = "does not exist" if math.isnan(value) else f"is {float(value):.6g}{' ' * bool(unit)}{unit}"
            yield f"{scheme}: {rule.figure} {said}; the rule fails it if {rule.worse} {rule.limit:g}"
