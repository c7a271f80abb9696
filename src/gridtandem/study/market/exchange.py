"""Offers and awards as files between companies that do not share a process: what is written, and all that can be wrong with what was read.

Power is export, positive from the feeder into transmission; hours count from 1. An offer begins at ``p_min`` and goes up by steps (MW, price), or
(MW, price of the first MW, rise of the price to the last MW) where the cost of a step is a parabola. ``error`` (absent: 0) is the largest amount per
hour by which the steps lie above the cost they stand for; ``stores`` is storage lent beside them, see `gridtandem.study.market.exchange_stores`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.market_letters import Tier, tier_word
from gridtandem.errors import Fault, InvalidCase, Unreadable
from gridtandem.orders.rules import Offer, Rules, faults_of
from gridtandem.study.market.exchange_stores import LENT, USED, changes, rows_of, store_faults
from gridtandem.study.market.offer import Offered
from gridtandem.tables import Real

OFFER, AWARD = "tandem/offer/1", "tandem/award/1"
HEAD = {"schema": str, "company": str, "currency": str, "hours_each": float}
KEYS: dict[str, tuple[str, dict[str, type]]] = {
    OFFER: ("offers", {"dso": str, "bus": str, "interval": int, "p_min": float, "steps": list, "tier": str}),
    AWARD: ("awards", {"dso": str, "interval": int, "mw": float, "price": float}),
}
MAY: dict[str, dict[str, type]] = {OFFER: {"error": float, "stores": list}, AWARD: {"stores": list}}  # of a row: what may be left out
WORDS = {str: "a word", int: "a whole number", float: "a finite number", list: "a list of steps (MW, price) or (MW, price, rise)"}
EDGE = 1e-9  # of a price: what adding up and taking apart again may cost


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Document:
    """A file that was read and is sound."""

    name: str  # of the file, without its ending
    company: str
    currency: str
    hours_each: float
    rows: tuple[Mapping[str, Any], ...]


def offer_document(offer: Offered) -> dict[str, object]:
    """What a company sends; hours that no exchange can serve are left out, and told as trouble."""
    study, curves = offer.study, offer.curves
    table, first = study.case.interfaces.take(offer.rows), study.window.first
    rows = []
    for k in range(len(table)):
        for t in range(study.window.periods):
            if curves.worth[0, t, k] != Worth.REFUSED:
                mine = (curves.period == t) & (curves.interface == k)
                told = zip(curves.mw[mine].tolist(), curves.price[mine].tolist(), curves.rise[mine].tolist(), strict=True)
                steps = [[mw, price, rise] if rise else [mw, price] for mw, price, rise in told]
                error, stores = float(curves.error[0, t, k]), rows_of(curves.stores, t, k)
                rows.append({
                    "dso": str(table.name[k]), "bus": str(study.case.transmission.buses.name[table.bus[k]]), "interval": first + t + 1,
                    "p_min": -float(curves.start[0, t, k]), "steps": steps, "tier": tier_word(int(curves.tier[0, t, k])),
                } | ({"error": error} if error else {}) | ({"stores": stores} if stores else {}))  # fmt: skip
    return _head(OFFER, str(table.company[0]), study.case.currency, study.step_h) | {"offers": rows}


def award_document(offer: Document, z: Mapping[tuple[str, int], tuple[float, float]], use: Mapping[tuple[str, int], object]) -> dict[str, object]:
    """What transmission answers to an offer: export and price by interface and hour, and what storage does that was lent."""
    keys = [(str(r["dso"]), int(r["interval"])) for r in offer.rows]
    lent = {key: {"stores": use[key]} if use.get(key) else {} for key in keys}
    rows = [{"dso": dso, "interval": hour, "mw": z[dso, hour][0], "price": z[dso, hour][1], **lent[dso, hour]} for dso, hour in keys]
    return _head(AWARD, offer.company, offer.currency, offer.hours_each) | {"awards": rows}


def read_documents(
    paths: Sequence[Path], schema: str, *, also: Callable[[Sequence[Document]], Iterable[Fault]] = lambda _: ()
) -> tuple[Document, ...]:
    """Files of one schema, or `InvalidCase` with all faults of all of them at once; ``also`` looks at every row that can be read."""
    faults: list[Fault] = []
    sound, damaged, places = [], [], []
    for path in paths:
        content, rows, wrong = _content(path, schema)
        faults += wrong
        if not wrong:
            sound.append(_document(path, content, rows))
            places.append(str(path))
        elif rows:
            damaged.append(_document(path, content, rows))
    faults += [*also([*sound, *damaged]), *_together(sound, places)]
    if faults:
        raise InvalidCase(faults)
    return tuple(sound)


def rule_faults(documents: Sequence[Document], rules: Rules) -> Iterator[Fault]:
    """Offers that break the rules of the market, convexity first of all."""
    floor, ceiling = (x + way * EDGE * max(1.0, abs(x)) for x, way in ((rules.floor, -1), (rules.ceiling, 1)))
    wide = Rules(rules.steps, floor, ceiling, rules.least_mw - EDGE if rules.least_mw else -math.inf, rules.step_mw, rules.step_price)
    for document in documents:
        for row in document.rows:
            yield from faults_of(offer_of(row), wide, who=f"{document.name}: {row['dso']}, hour {row['interval']}")


def offer_of(row: Mapping[str, Any]) -> Offer:
    """A row of an offer as its points; the cost counts from its beginning."""
    steps = steps_of(row)
    x = row["p_min"] + np.concatenate([[0.0], np.cumsum(steps[:, 0])])
    cost = np.concatenate([[0.0], np.cumsum(steps[:, 0] * (steps[:, 1] + 0.5 * steps[:, 2]))])
    return Offer(x, cost, rise=steps[:, 2] if steps[:, 2].any() else ())


def steps_of(row: Mapping[str, Any]) -> Real:
    """Width, first price and rise of every step (step, 3)."""
    return np.array([[*step, 0.0][:3] for step in row["steps"]], float).reshape(-1, 3)


def error_of(row: Mapping[str, Any]) -> float:
    """By how much its steps may lie above the cost they stand for. [currency/h]"""
    return float(row.get("error", 0.0))


def _head(schema: str, company: str, currency: str, hours_each: float) -> dict[str, object]:
    return {"schema": schema, "company": company, "currency": currency, "hours_each": float(hours_each)}


Rows = tuple[dict[str, Any], ...]


def _content(path: Path, schema: str) -> tuple[dict[str, Any], Rows, list[Fault]]:
    """What a file says, those of its rows that can be read, if its head can, and its faults."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as e:
        return {}, (), [_fault(path, f"is no JSON ({e})", "write it with `tandem offer --out` or `tandem clear`", 1)]
    if not isinstance(content, dict):
        return {}, (), [_fault(path, "is no JSON object", f"give an object of schema {schema}", 1)]
    if content.get("schema") != schema:
        return {}, (), [_fault(path, f"has schema {content.get('schema')!r}", f"{schema} is wanted here", 2)]
    name, keys = KEYS[schema]
    faults = list(_key_faults(path, content, {**HEAD, name: list}, ""))
    rows, legible, head = content.get(name), list[dict[str, Any]](), not faults
    if isinstance(rows, list):
        if not rows:
            faults.append(_fault(path, f"has no {name}", "give one for each hour", 3))
        for k, row in enumerate(rows):
            where = f"{name}[{k + 1}]"
            if not isinstance(row, dict):
                faults.append(_fault(path, f"{where} is no object", f"give {', '.join(keys)}", 3))
            elif wrong := list(_key_faults(path, row, keys, where, MAY[schema])):
                faults += wrong
            else:
                legible.append(row)
    return content, tuple(legible) if head else (), faults


def _key_faults(
    path: Path, content: Mapping[str, Any], keys: Mapping[str, type], where: str, may: Mapping[str, type] | None = None
) -> Iterator[Fault]:
    at, may = f"{where}." if where else "", may or {}
    for key in sorted(content.keys() - keys.keys() - may.keys()):
        yield _fault(path, f"{at}{key} is not known", f"known: {', '.join((*keys, *may))}", 3)
    for key, kind in {**keys, **may}.items():
        if key not in content and key in may:
            continue
        if key not in content:
            yield _fault(path, f"{at}{key} is missing", f"give {WORDS[kind]}", 3)
        elif not _is(content[key], kind) or (key == "steps" and not _steps(content[key])):
            yield _fault(path, f"{at}{key} is {content[key]!r:.60}", f"give {WORDS[kind]}", 4)
        elif key == "tier" and content[key].upper() not in Tier.__members__:
            yield _fault(path, f"{at}{key} is {content[key]!r}", f"it must be one of {', '.join(map(tier_word, Tier))}", 4)
        elif key == "stores":
            yield from (_fault(path, f"{at}{what}", mend, 4) for what, mend in store_faults(content[key], LENT if "steps" in keys else USED))
        elif key == "error" and content[key] < 0:
            yield _fault(path, f"{at}{key} is {content[key]}", "give a number of 0 or more", 4)
        elif (key == "interval" and content[key] < 1) or (key == "hours_each" and content[key] <= 0):
            yield _fault(path, f"{at}{key} is {content[key]}", "give a number above 0", 4)


def _is(value: object, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, kind) and not isinstance(value, bool)


def _steps(steps: Sequence[object]) -> bool:
    return all(isinstance(s, list) and len(s) in (2, 3) and all(_is(x, float) for x in s) for s in steps)


def _document(path: Path, content: Mapping[str, Any], rows: Rows) -> Document:
    return Document(name=path.stem, company=content["company"], currency=content["currency"], hours_each=float(content["hours_each"]), rows=rows)


def _together(found: Sequence[Document], places: Sequence[str]) -> Iterator[Fault]:
    """What is wrong between files that are sound by themselves: hours missing or given twice, another currency, the same file name."""
    hours = sorted({int(r["interval"]) for d in found for r in d.rows})
    every = range(hours[0], hours[-1] + 1) if hours else range(0)
    seen: dict[tuple[str, int], str] = {}
    bus: dict[str, str] = {}
    for d, place in zip(found, places, strict=True):
        for name in ("currency", "hours_each"):
            if getattr(d, name) != getattr(found[0], name):
                yield _fault(Path(place), f"has {name} {getattr(d, name)!r}", f"{places[0]} has {getattr(found[0], name)!r}; agree on one", 5)
        for row in d.rows:
            key = str(row["dso"]), int(row["interval"])
            if key in seen:
                yield _fault(Path(place), f"{key[0]!r} has hour {key[1]} twice (first in {seen[key]})", "give each name its own, once", 6)
            seen.setdefault(key, place)
            if bus.setdefault(key[0], str(row.get("bus", ""))) != str(row.get("bus", "")):
                yield _fault(Path(place), f"{key[0]!r} hangs on bus {bus[key[0]]!r} and on {row['bus']!r}", "give it one bus", 6)
    for dso in dict.fromkeys(name for name, _ in seen):
        for what in changes([row for d in found for row in d.rows if row["dso"] == dso]):
            yield Fault("exchange", f"{dso!r} {what}", "lend the same storage in every hour, with one envelope each", "exchange-010")
        for hour in every:
            if (dso, hour) not in seen:
                yield Fault("exchange", f"{dso!r} says nothing of hour {hour}", f"hours {every[0]} to {every[-1]} are there", "exchange-007")


def _fault(path: Path, what: str, mend: str, number: int) -> Fault:
    return Fault("exchange", what, mend, f"exchange-{number:03d}", place=str(path))


def new_places(folder: Path, documents: Sequence[Document]) -> tuple[Path, ...]:
    """Where the answer to each file goes: under the same name."""
    if len({d.name for d in documents}) < len(documents):
        raise Unreadable("two offer files have the same name; answers carry the name of the offer, so give them different ones")
    return tuple(folder / f"{d.name}.json" for d in documents)
