"""What people write where architectures are simulated from Python, checked argument by argument, so that all wrong ones are told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar, get_args

import numpy as np

from gridtandem.architecture.graph import Graph
from gridtandem.architecture.simulation.campaign import Arb
from gridtandem.architecture.simulation.conduct import Joint, Lights
from gridtandem.architecture.simulation.envelopes import Rule
from gridtandem.errors import Fault
from gridtandem.opf.forms.lindist import Flow

T = TypeVar("T")


def wrong(door: str, given: Mapping[str, object]) -> list[Fault]:
    """Faults of arguments by name."""
    found = []
    for name, value in given.items():
        right, mend, code = CHECKS[name]
        if not right(value):
            found.append(Fault(door, f"is {_told(value)}", mend, code, column=name))
    return found


def sound(faults: Sequence[Fault], name: str, value: T, instead: T) -> T:
    """The argument, or another in its place where it is wrong, so that the others can be looked at."""
    return instead if any(f.column == name for f in faults) else value


def _told(value: object) -> str:
    said = f"the architecture {value.id}" if isinstance(value, Graph) else repr(value)
    return said if len(said) <= 80 else f"{said[:79]}…"


def _whole(least: int, value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | np.integer) and bool(value >= least)


def _number(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float | np.number) and bool(np.isfinite(value))


def _one_of(words: Sequence[str], value: object) -> bool:
    return isinstance(value, str) and value in words


def _several(kinds: tuple[type, ...], value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(x, kinds) for x in value)


def _words(*words: str) -> tuple[Callable[[object], bool], str, str]:
    return partial(_one_of, words), f"take one of {', '.join(words)}", "arch-143"


CHECKS: Mapping[str, tuple[Callable[[object], bool], str, str]] = {  # whether it may be so, how to mend it, code
    "envelope": _words(*get_args(Rule)), "lights": _words(*get_args(Lights)), "joint": _words(*get_args(Joint)), "flow": _words(*get_args(Flow)),
    "arb": _words(*get_args(Arb)),
    "seed": (partial(_whole, 0), "give a whole number of 0 or more", "arch-144"),
    "first_hour": (partial(_whole, 1), "give a whole number of 1 or more", "arch-144"),
    "hours": (partial(_whole, 0), "give a whole number of 0 or more; 0: all that the case has", "arch-144"),
    "price": (lambda x: x is None or _number(x), "give a finite number, or none", "arch-145"),
    "which": (partial(_several, (str, Path, Graph)), "give a list of names, files or architectures", "arch-146"),
    "scenarios": (lambda x: _one_of(("all",), x) or _several((str,), x), "give a list of names, or all", "arch-146"),
    "levels": (lambda x: _several((int, float, np.number), x), "give a list of numbers", "arch-146"),
    "architecture": (lambda x: isinstance(x, str | Path | Graph), "give a name, a file or an architecture", "arch-146"),
    "scenario": (lambda x: isinstance(x, str), "give the name of one", "arch-146"),
    "vary": (lambda x: isinstance(x, str), "give the name of what is varied", "arch-146"),
}  # fmt: skip
