"""Letters, states and other plain records as JSON, and back bit for bit.

Types come from a register of known records and from their declarations, never from the sender. A number that does not exist
(in a refused row) travels as null, for JSON has no NaN; infinities travel as the words inf and -inf.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from importlib import import_module
from inspect import getmembers, isclass
from typing import Any

import numpy as np

VERSION = 1
SHELVES = (
    "letters",
    "market_letters",
    "cmo_letters",
    "choice_letters",
    "growth_letters",
    "opf_letters",
    "reserve_letters",
    "secure_letters",
    "storage_letters",
    "strategic_letters",
    "strategy_letters",
)


@cache
def register() -> Mapping[str, type]:
    """Every letter by name. Loaded when something is read: who only writes needs no letters of others."""
    shelves = [import_module(f"gridtandem.boundary.{name}") for name in SHELVES]
    return {name: kind for shelf in shelves for name, kind in getmembers(shelf, isclass) if kind.__module__ == shelf.__name__}


def to_wire(thing: object) -> Any:
    """JSON-ready form of arrays, numbers, words, tuples and records of them."""
    if isinstance(thing, np.ndarray):
        flat = thing.ravel()
        data = flat.tolist() if thing.dtype.kind != "f" or np.isfinite(flat).all() else [_number(x) for x in flat.tolist()]
        return {"dtype": thing.dtype.str.lstrip("<>|="), "shape": list(thing.shape), "data": data}
    if isinstance(thing, Enum):
        return {"kind": type(thing).__name__, "v": VERSION, "name": thing.name}
    if is_dataclass(thing) and not isinstance(thing, type):
        return {"kind": type(thing).__name__, "v": VERSION, "body": {f.name: to_wire(getattr(thing, f.name)) for f in fields(thing)}}
    if isinstance(thing, tuple | list):
        return [to_wire(x) for x in thing]
    if isinstance(thing, float):
        return {"number": _number(thing)} if not math.isfinite(thing) else thing
    if thing is None or isinstance(thing, bool | int | str):
        return thing
    raise TypeError(f"{type(thing).__name__} cannot travel")


def from_wire(body: Any, known: Mapping[str, type]) -> Any:
    """The thing again; `known` names the records that may occur."""
    if isinstance(body, list):
        return tuple(from_wire(x, known) for x in body)
    if not isinstance(body, dict):
        return body
    if "shape" in body:
        flat = [_real(x) for x in body["data"]] if body["dtype"].startswith("f") else body["data"]
        return np.array(flat, dtype=body["dtype"]).reshape(body["shape"])
    if "number" in body:
        return _real(body["number"])
    if body["kind"] not in known:
        raise ValueError(f"no record called {body['kind']!r} is known here; known: {', '.join(sorted(known))}")
    kind = known[body["kind"]]
    if body.get("v") != VERSION:
        raise ValueError(f"{body['kind']} has version {body.get('v')}; this is version {VERSION}")
    if issubclass(kind, Enum):
        return kind[body["name"]]
    return kind(**{name: from_wire(value, known) for name, value in body["body"].items()})


def text(thing: object) -> str:
    """Canonical JSON text: sorted keys, no blanks, shortest numbers."""
    return json.dumps(to_wire(thing), sort_keys=True, separators=(",", ":"), allow_nan=False)


def read(line: str, also: Iterable[type] = ()) -> Any:
    """A letter, or one of the records in ``also``, from its text."""
    return from_wire(json.loads(line), {**register(), **{kind.__name__: kind for kind in also}})


def _number(x: Any) -> Any:
    if isinstance(x, float) and not math.isfinite(x):
        return None if math.isnan(x) else "inf" if x > 0 else "-inf"
    return x


def _real(x: Any) -> float:
    return math.nan if x is None else float(x)
