"""Strings become schemes once, here, at the outer door; entry points are the plugin mechanism."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from inspect import getdoc, getmembers, isclass
from typing import Any

import numpy as np

from gridtandem.errors import UnknownName, Unreadable
from gridtandem.study.kinds import FLOW, KINDS, all_schemes

POSITIVE = ("weight", "base_mva", "root_pu")  # options that mean nothing at 0 or below, whatever the scheme
LETTERS = "gridtandem.boundary."  # where letters are declared


def scheme_names() -> tuple[str, ...]:
    """Names of all installed schemes of load flow, in alphabetical order."""
    return FLOW.schemes()


def _installed() -> dict[str, Any]:
    """Entry points of every kind by name."""
    return {e.name: e for kind in reversed(KINDS) for e in kind.found()}


def scheme_named(name: str, options: Mapping[str, Any] | None = None) -> Any:
    """The scheme of that name, e.g. ``scheme_named("response", {"tol": 1e-10})``."""
    kind = scheme_kind(name)
    known: dict[str, Any] = {f.name: f.default for f in fields(kind)}
    for option, value in (options or {}).items():
        if option not in known:
            raise UnknownName(f"option of scheme {name}", option, list(known))
        if isinstance(known[option], int | float) and (isinstance(value, bool) or not isinstance(value, int | float | np.number)):
            raise Unreadable(f"option {option} of scheme {name} is a number; {value!r} is not")
        if option.startswith("tol") and not value > 0:
            raise Unreadable(f"option {option} of scheme {name} is a distance above 0; {value!r} is not")
        if option in POSITIVE and not 0 < value < np.inf:
            raise Unreadable(f"option {option} of scheme {name} is a number above 0; {value!r} is not")
        if option == "relaxation" and value != 1 and not 0 < value < getattr(kind, "over_relaxed", 1.0):
            most = f"below {kind.over_relaxed:g}" if hasattr(kind, "over_relaxed") else "at most 1"
            raise Unreadable(f"option {option} of scheme {name} is above 0 and {most}; {value!r} is not")
        if isinstance(known[option], str) and value not in (words := getattr(kind, "words", {}).get(option, (value,))):
            raise UnknownName(f"{option} of scheme {name}", str(value), list(words))
        if isinstance(known[option], int) and value % 1:
            raise Unreadable(f"option {option} of scheme {name} is a whole number; {value!r} is not")
        if known[option] is None and not (value is None or is_dataclass(value)):
            raise Unreadable(f"option {option} of scheme {name} is what an earlier run found, to be set in Python; {value!r} is not")
    return kind(**{option: value if known[option] is None else type(known[option])(value) for option, value in (options or {}).items()})


def headers() -> dict[str, dict[str, str]]:
    """What every installed scheme says of itself: in a line, its paper, who decides, what crosses."""
    return {name: header(name) for name in all_schemes()}


def header(name: str) -> dict[str, str]:
    """The fixed header of a scheme's module: its first sentence under "line", and Paper, Decides, Crosses."""
    said = getdoc(sys.modules[scheme_kind(name).__module__]) or ""
    found = {"line": said.split("\n")[0]}
    for part in re.finditer(r"^(Paper|Decides|Crosses) +(.*(?:\n .*)*)", said, re.MULTILINE):
        found[part[1].lower()] = " ".join(part[2].split())
    return found


def scheme_of(scheme: Any, options: Mapping[str, Any] | None = None) -> Any:
    """A scheme by name or as it is, with options set."""
    if isinstance(scheme, str):
        return scheme_named(scheme, options)
    if isinstance(scheme, type):
        raise Unreadable(f"scheme {scheme.__name__} is a class; give an object of it, {scheme.__name__}(), or its name")
    if not all(callable(getattr(scheme, part, None)) for part in ("start", "round", "gap")):
        raise Unreadable(f"{scheme!r} is no scheme; give a name ({', '.join(all_schemes())}) or an object of gridtandem.schemes")
    if not options and name_of(scheme) not in _installed():  # its options are nobody's business but its own
        return scheme
    options = options or {}
    return scheme_named(name_of(scheme), {**{f.name: getattr(scheme, f.name) for f in fields(scheme)}, **options})


def scheme_kind(name: str) -> Any:
    """The class behind a name."""
    found = _installed()
    if name not in found:
        raise UnknownName("scheme", name, sorted(found))
    return found[name].load()


def name_of(scheme: Any) -> str:
    """The name under which a scheme object is installed; its class name where it is not."""
    for e in _installed().values():
        if e.value == f"{type(scheme).__module__}:{type(scheme).__name__}":
            return str(e.name)
    return type(scheme).__name__


def records_of(scheme: Any) -> dict[str, type]:
    """The records that a scheme's module declares, among them its state, and the letters it knows: what its run file may hold."""
    module = sys.modules[type(scheme).__module__]
    return {name: kind for name, kind in getmembers(module, isclass) if is_dataclass(kind) and kind.__module__.startswith((module.__name__, LETTERS))}
