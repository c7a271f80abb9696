"""Lent storage in offer and award files: objects under ``stores`` in the row of an interface and hour, and the letters that they make."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from gridtandem.boundary.storage_letters import NO_STORES, NO_USE, Stores, StoreUse

PLACE = ("scenario", "period", "interface")  # columns of the letters that a file tells by where a row stands
LENT, USED = (tuple(f.name for f in fields(kind) if f.name not in PLACE) for kind in (Stores, StoreUse))
SHARES = ("efficiency_in", "efficiency_out")
STEADY = ("unit", "energy_start_mwh", *SHARES, "cost_per_mwh")  # that do not change from hour to hour

Row = Mapping[str, Any]


def rows_of(letter: Stores | StoreUse, period: int, interface: int) -> list[dict[str, float]]:
    """What a file says of one hour and interface."""
    mine = np.flatnonzero((letter.period == period) & (letter.interface == interface))
    names = LENT if isinstance(letter, Stores) else USED
    return [{name: getattr(letter, name)[k].item() for name in names} for k in mine.tolist()]


def stores_of(rows: Sequence[Sequence[Row]]) -> Stores:
    """The letter that rows (hour, interface) make."""
    found = _columns(rows, LENT)
    return Stores(**found) if len(found["unit"]) else NO_STORES


def use_of(rows: Sequence[Sequence[Row]]) -> StoreUse:
    """The same of awards."""
    found = _columns(rows, USED)
    return StoreUse(**found) if len(found["unit"]) else NO_USE


def store_faults(stores: object, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with a list of objects that must have these keys, and how to mend it."""
    if not isinstance(stores, list):
        yield "stores is no list", f"give a list of objects with {', '.join(names)}"
        return
    for k, one in enumerate(stores, start=1):
        if not isinstance(one, dict) or set(one) != set(names):
            yield f"stores[{k}] has not just the keys of storage", f"give {', '.join(names)}"
            continue
        wrong = [n for n, x in one.items() if isinstance(x, bool) or not isinstance(x, int | float) or not math.isfinite(x) or x < 0]
        wrong += [n for n in SHARES if n in one and n not in wrong and not 0 < one[n] <= 1]
        wrong += ["unit"] if "unit" not in wrong and one["unit"] % 1 else []
        for name in wrong:
            yield f"stores[{k}].{name} is {one[name]!r:.40}", "give a number of 0 or more; of efficiencies a share; of units a whole one"
        if not wrong and "energy_low_mwh" in one and one["energy_low_mwh"] > one["energy_high_mwh"]:
            yield f"stores[{k}].energy_low_mwh is above energy_high_mwh", "give a range of energy"


def changes(rows: Sequence[Row]) -> Iterator[str]:
    """Storages of one interface whose nature changes over the hours, or that some hour says nothing of."""
    told = [tuple(tuple(one[n] for n in STEADY if n in one) for one in row.get("stores", ())) for row in rows]
    if len(set(told)) > 1:
        yield "lends other storage in one hour than in another"
    if any(len({one["unit"] for one in row.get("stores", ())}) < len(row.get("stores", ())) for row in rows):
        yield "lends one storage twice in an hour"


def _columns(rows: Sequence[Sequence[Row]], names: Sequence[str]) -> dict[str, Any]:
    entries = [(t, k, one) for t, hour in enumerate(rows) for k, row in enumerate(hour) for one in row.get("stores", ())]
    out: dict[str, Any] = {name: np.array([one[name] for _, _, one in entries], np.int64 if name == "unit" else float) for name in names}
    place = np.array([(0, t, k) for t, k, _ in entries], np.int64).reshape(-1, 3)
    return {**dict(zip(PLACE, place.T, strict=True)), **out}
