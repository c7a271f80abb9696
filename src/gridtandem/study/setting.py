"""A study from plain words and numbers, as people type them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

import numpy as np
from numpy.typing import ArrayLike

from gridtandem.cases.case import Case
from gridtandem.errors import Fault, InvalidCase, UnknownName, Unreadable
from gridtandem.study.registry import scheme_kind, scheme_named, scheme_names
from gridtandem.study.study import BLIND
from gridtandem.tables import Real

COMPARED = ("independent", "load-flow", "response", "merged")  # unless told otherwise
AUTO = "auto"  # the scheme that the diagnosis recommends
ROUNDS = 100  # most rounds unless told otherwise


def asked_hours(hours: int | None) -> None:
    """Refuse hours that are none, where somebody names them."""
    if hours is not None and not hours >= 1:
        raise InvalidCase([Fault("hours", f"are {hours!r}", "give 1 or more, or leave them out for what is usual", "study-037")])


def usual(case: Case) -> str:
    """The scheme that is taken where none is named."""
    if not len(case.interfaces):
        return "merged"
    return "boundary-newton" if (case.ports > 1).any() else "response"


def able(case: Case) -> tuple[str, ...]:
    """All schemes that serve its feeders."""
    several = (case.ports > 1).any()
    return tuple(name for name in scheme_names() if not (several and BLIND & scheme_kind(name).asks_dsos))


def usually_compared(case: Case) -> tuple[str, ...]:
    """The schemes that a comparison shows where none are named."""
    return COMPARED if not (case.ports > 1).any() else ("independent", "boundary-newton", "merged")


def loading_of(factor: ArrayLike) -> Real:
    """A factor for everything, one per scenario, or (scenario, period) as it is."""
    try:
        given = np.asarray(factor, np.float64)
    except (TypeError, ValueError) as e:
        raise Unreadable(f"loading is made of numbers; {factor!r} is not") from e
    if given.ndim > 2:
        raise Unreadable(f"loading is a number, one for each scenario, or an array (scenario, period); this has {given.ndim} axes")
    return given if given.ndim == 2 else given.reshape(-1, 1)


def options_for(names: Sequence[str], options: Mapping[str, float | str] | None = None) -> tuple[object, ...]:
    """Schemes by name; each takes those of the options that it has, and one of them must have each."""
    own = {name: {f.name for f in fields(scheme_kind(name))} for name in names}
    for option in options or {}:
        if not any(option in known for known in own.values()):
            raise UnknownName(f"option of {' or '.join(own)}", option, sorted(set().union(*own.values())))
    return tuple(scheme_named(name, {k: v for k, v in (options or {}).items() if k in own[name]}) for name in dict.fromkeys(names))
