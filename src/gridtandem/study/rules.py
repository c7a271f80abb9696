"""Rules that a result must keep, for scripts: ``voltage-error>1e-8`` fails where a plan is farther than that from the AC check."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import final

from gridtandem.errors import UnknownName, Unreadable
from gridtandem.study.kinds import KINDS
from gridtandem.tables import Table

UNITS = re.compile(r"_(pu|mva|mw|mwh|per_mwh)$")
UNRULY = "seconds"  # which no two runs share


def figures_of(table: Table | type[Table]) -> Mapping[str, str]:
    """What rules may speak of, and the columns that hold it: all columns of numbers, by their names without units."""
    numeric = (name for name, spec in table.columns().items() if spec.dtype != "U" and name != UNRULY)
    return {UNITS.sub("", name).replace("_", "-"): name for name in numeric}


GAPS = "gap-to-"  # figures that are too far from their mark on either side
WORSE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
FORM = re.compile(r"(?:(?P<scheme>[\w-]+):)?(?P<figure>[\w-]+)\s*(?P<worse><=|>=|<|>)\s*(?P<limit>\S+)")


@final
@dataclass(frozen=True, slots=True)
class Rule:
    """Fails where ``figure worse limit`` holds, and where there is no figure at all.

    Gaps are distances: ``gap-to-central>1e-6`` also fails what lies as far below, where nobody can carry a plan out or one owner's search was
    worse. ``gap-to-central<-1e-6`` fails only that.
    """

    figure: str  # see `figures_of`
    worse: str  # one of `WORSE`
    limit: float
    scheme: str = ""  # empty: for every scheme

    @property
    def both_sides(self) -> bool:
        """Does it hold for the distance, whatever its sign?"""
        return self.figure.startswith(GAPS) and self.worse.startswith(">") and self.limit >= 0

    def fails(self, value: float) -> bool:
        """Is the figure missing, or on the wrong side?"""
        return math.isnan(value) or bool(WORSE[self.worse](abs(value) if self.both_sides else value, self.limit))

    @staticmethod
    def read(words: str) -> Rule:
        """From words such as ``voltage-error>1e-8`` or ``response:rounds>6``."""
        found = FORM.fullmatch(words.strip())
        if found is None:
            raise Unreadable(f"{words!r} is not a rule; write a figure, a sign and a number, e.g. voltage-error>1e-8 or response:rounds>6")
        if not any(found["figure"] in figures_of(table) for table in _tables()):
            raise UnknownName("figure", found["figure"], list(dict.fromkeys(name for table in _tables() for name in figures_of(table))))
        try:
            limit = float(found["limit"])
        except ValueError:
            limit = math.nan
        if math.isnan(limit):
            raise Unreadable(f"{words!r}: {found['limit']!r} is not a number")
        return Rule(found["figure"], found["worse"], limit, found["scheme"] or "")


def broken(rules: Sequence[Rule], table: Table) -> tuple[str, ...]:
    """One sentence for every rule that a row of the table breaks."""
    schemes = _schemes(table)
    for rule in rules:
        if rule.scheme and rule.scheme not in schemes:
            raise UnknownName("scheme in this result", rule.scheme, schemes)
        if rule.figure not in figures_of(table):
            raise UnknownName("figure of these schemes", rule.figure, list(figures_of(table)))
    return tuple(line for rule in rules for line in _broken(rule, table))


def _tables() -> Iterator[type[Table]]:
    """Of comparisons of every kind; those of load flow first, and the others loaded only where it has no such figure."""
    for kind in KINDS:
        module, _, name = kind.compared.partition(":")
        yield getattr(import_module(module), name)


def _schemes(table: Table) -> list[str]:
    found: list[str] = getattr(table, "scheme").tolist()  # noqa: B009 — comparisons of every kind have it
    return found


def _broken(rule: Rule, table: Table) -> Iterator[str]:
    name = figures_of(table)[rule.figure]
    unit = table.columns()[name].unit.replace("1", "")
    for scheme, value in zip(_schemes(table), getattr(table, name).tolist(), strict=True):
        if rule.scheme in ("", scheme) and rule.fails(value):
            said = "does not exist" if math.isnan(value) else f"is {float(value):.6g}{' ' * bool(unit)}{unit}"
            yield f"{scheme}: {rule.figure} {said}; the rule fails it if {rule.worse} {rule.limit:g}{' either way' * rule.both_sides}"
