"""One record for each kind of study: what only it can say of itself. All else is said once, for all of them.

May import: study, and report itself. A module of this room is loaded when a study of its kind is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, final

from gridtandem.study.kinds import Kind
from gridtandem.study.registry import scheme_of
from gridtandem.study.setting import options_for

if TYPE_CHECKING:
    from gridtandem.cases.case import Case
    from gridtandem.report.run import Comparison, Run
    from gridtandem.study.craft import Craft
    from gridtandem.study.diagnose import Diagnosis

FIELDS = {"first_hour": "first"}  # where studies call it otherwise


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Asked:
    """How studies of a kind are asked for."""

    studied: Callable[[Case, Mapping[str, Any], int], Any]  # the study of a case under options, and its most rounds; still without a scheme
    meant: Callable[[Any, object], object]  # the scheme that a word means under a study
    usual: Callable[[Any], Sequence[object]]  # schemes that are compared where none are named
    able: Callable[[Any], tuple[str, ...]]  # all schemes that serve a study
    default: Callable[[Any], object] = lambda _: None  # the scheme that is taken where none is named, if there is one
    forecast: Callable[[Any], Diagnosis | None] = lambda _: None  # what is to be expected before anything is carried out


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Words:
    """How runs and comparisons are told to people: sentences, pictures by name and as ``module:function``, pages for notebooks."""

    run: Callable[[Run], str]
    comparison: Callable[[Comparison], str]
    run_pictures: Mapping[str, str]
    comparison_pictures: Mapping[str, str]
    run_page: Callable[[Run], str | None] = lambda _: None
    comparison_page: Callable[[Comparison], str | None] = lambda _: None


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Fields:
    """What documents for machines say beyond those of every kind."""

    schemas: tuple[str, str]  # of runs, of comparisons
    figures: Callable[[Run], Mapping[str, object]]
    shown: tuple[str, ...]  # tables that a summary holds
    about: Callable[[Any], Mapping[str, object]] = lambda _: {}  # of a study
    elsewhere: Mapping[str, str] = field(default_factory=dict)  # where to look for a table that other kinds have


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Door:
    """Everything that a kind of study has of its own."""

    craft: Craft[Any, Any, Any, Any]
    asked: Asked
    words: Words
    fields: Fields

    def chosen(self, study: Any, scheme: object, options: Mapping[str, object] | None) -> object:
        """The scheme by name or as it is; none given is the default."""
        return scheme_of(self.asked.meant(study, self.asked.default(study) if scheme is None else scheme), options)

    def several(self, study: Any, schemes: Sequence[object] | None, options: Mapping[str, float | str] | None) -> tuple[object, ...]:
        """Schemes by name or as they are; none given are those that are usually compared."""
        wanted = [self.asked.meant(study, scheme) for scheme in (self.asked.usual(study) if schemes is None else schemes)]
        if all(isinstance(scheme, str) for scheme in wanted):
            return options_for([str(scheme) for scheme in wanted], options)
        return tuple(map(scheme_of, wanted))


def plainly(kind: Kind, record: Callable[..., Any]) -> Asked:
    """Options are fields of the record, and schemes of the kind are all for every study, and all compared unless some are named."""
    return Asked(
        studied=lambda case, given, rounds: record(case=case, scheme=None, rounds=rounds, **{FIELDS.get(name, name): x for name, x in given.items()}),
        meant=lambda _, scheme: kind.alias.get(scheme, scheme) if isinstance(scheme, str) else scheme,
        usual=lambda _: kind.schemes(), able=lambda _: kind.schemes(),
    )  # fmt: skip


def door(kind: Kind) -> Door:
    """The record of a kind of study."""
    found: Door = import_module(kind.door).DOOR
    return found


def door_of(shown: Run | Comparison) -> Door:
    """The record of a run or a comparison."""
    return door(shown.kind)
