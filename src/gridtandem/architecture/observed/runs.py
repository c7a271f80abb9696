"""The ledger of a coordination run as an architecture: transmission, the distribution companies, and customers behind each.

Letters are the evidence for what passes between companies; of what a company does with its customers no letter tells, so that follows from what the
letters ask of it: who is asked for an offer, or for a choice at a price, disposes of the resources behind it. In a load flow nobody disposes of any.
Companies that were told and told the same are one node with instances where they are many.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from gridtandem.architecture.graph import BULK, CUSTOMER, DISTRIBUTION, Graph
from gridtandem.architecture.observed.letters import COMPANY, OWNER, TRANSMISSION, Meaning, meanings
from gridtandem.architecture.statements import Description, Entry, Value
from gridtandem.boundary.mailbox import Entry as Letter
from gridtandem.cases.case import Case
from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid.network import Network
from gridtandem.tables import Real

TSO, ALL = "tso", "owner"  # to whom letters are addressed beside companies
APART = 12  # companies up to which each is a node of its own
FAMILIES = {(True, False): "TotalTSO", (False, True): "TotalDSO", (True, True): "Hybrid", (False, False): "Market"}


def seen(ledger: Sequence[Letter], case: Case, scheme: str) -> Graph:
    """What a run's ledger shows. One refusal where the case has no distribution company, or a letter has no meaning here."""
    faults = [
        Fault("letters", "has no meaning as an architecture", "add it to letters.toml", "arch-070", label=kind)
        for kind in dict.fromkeys(e.question for e in ledger) if kind not in meanings()
    ]  # fmt: skip
    if not case.companies:
        faults.append(Fault("case", "has no distribution company", "observe a run of a case with feeders", "arch-071", label=case.name))
    if faults:
        raise InvalidCase(faults)
    above = ALL if any(e.to == ALL for e in ledger) else TSO
    kinds: dict[str, dict[str, None]] = {name: {} for name in (above, *case.companies)}
    for letter in ledger:
        kinds[letter.to][letter.question] = None
    groups = _groups(case.companies, kinds)
    whole = any(meanings()[kind].whole for kind in kinds[above])
    nodes: list[dict[str, Value]] = [{"name": above, "role": "TSO", "tier": BULK, "org": above, "network_aware": whole, "instances": 1}]
    statements = list[dict[str, Value]]()
    decided = set[str]()
    for (name, members), (share, many) in zip(groups.items(), _behind(case, groups), strict=True):
        nodes.append({"name": name, "role": "DSO", "tier": DISTRIBUTION, "org": name, "instances": len(members)})
        told = [(meanings()[kind], kind, False) for kind in kinds[above]] + [(meanings()[kind], kind, True) for kind in kinds[members[0]]]
        decided |= {m.decides for m, _, _ in told}
        statements += _statements(above, name, told)
        customers = f"{name} customers"
        nodes.append({"name": customers, "role": "DER", "tier": CUSTOMER, "org": customers, "share": share, "instances": max(1, many)})
    head = f"{case.name}-{scheme}", f"{case.name} under {scheme}, as its letters tell", "ledger of the run"
    family = FAMILIES[bool({OWNER, TRANSMISSION} & decided), COMPANY in decided]
    id_ = re.sub(r"[^\w.\-]+", "-", head[0]).strip("-.") or "run"
    return Description(id_, head[1], head[2], family, tuple(map(Entry, nodes)), tuple(map(Entry, statements))).graph()


def _statements(above: str, name: str, told: Sequence[tuple[Meaning, str, bool]]) -> list[dict[str, Value]]:
    """What passed between the two, each thing once, with the letters that carried it."""
    together = {down for m, _, down in told if m.wish} == {True, False}
    found: dict[tuple[str, str, str], list[str]] = {}
    for meaning, kind, down in told:
        for said in _said(meaning, (above, name) if down else (name, above), (above, name), together):
            found.setdefault(said, []).append(kind)
    out = list[dict[str, Value]]()
    for (words, a, b), letters in found.items():
        word, _, more = words.partition(" ")
        if word == "bid" and ("disp", b, a) in found:
            continue  # a dispatch holds the bid that it answers
        detail: dict[str, Value] = {"strength" if word == "coord" else "item": more} if more else {}
        source = ("" if {a, b} == {above, name} else "follows from ") + ", ".join(dict.fromkeys(letters))
        out.append({"word": word, "from": a, "to": b, **detail, "source": source})
    return out


def _said(meaning: Meaning, way: tuple[str, str], pair: tuple[str, str], together: bool) -> Iterator[tuple[str, str, str]]:
    """What one letter says: words, from, to. ``way`` leads to whom it is addressed, ``pair`` is transmission and the company."""
    above, name = pair
    if meaning.wish and together:
        yield "coord joint", above, name
    else:
        yield from ((words, *ends) for words, ends in ((meaning.asks, way), (meaning.answers, way[::-1])) if words)
    if meaning.whole:
        yield from ((f"info {item}", name, above) for item in ("dgrid", "der_state"))
    if meaning.decides:
        yield "disp", name if meaning.decides == COMPANY else above, f"{name} customers"


def _groups(companies: Iterable[str], kinds: dict[str, dict[str, None]]) -> dict[str, list[str]]:
    """Nodes of distribution: each company by itself, or those alike together where they are many."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for name in companies:
        alike.setdefault(tuple(sorted(kinds[name])), []).append(name)
    groups = list(alike.values())
    if sum(map(len, groups)) <= APART:
        return {name: [name] for group in groups for name in group}
    return {group[0] if len(group) == 1 else f"{group[0]} and {len(group) - 1} more": group for group in groups}


def _behind(case: Case, groups: dict[str, list[str]]) -> list[tuple[float, int]]:
    """Share of flexible power behind each node, by width; by companies, where no feeder has any that is bounded. And how many resources those are."""
    table = case.interfaces
    first = set(np.unique(table.feeder, return_index=True)[1].tolist())  # a feeder with several ports counts once
    rows = [[k for name in members for k in case.rows_of(name).tolist() if k in first] for members in groups.values()]
    widths = {k: _widths(case.models[table.model[k]]) for k in first}
    mw = np.array([sum(float(widths[k].sum()) * int(table.count[k]) for k in own) for own in rows])
    weight = mw if mw.sum() > 0 else np.array([len(members) for members in groups.values()], float)
    many = [sum(len(widths[k]) * int(table.count[k]) for k in own) for own in rows]
    return list(zip((weight / weight.sum()).tolist(), many, strict=True))


def _widths(network: Network) -> Real:
    """Width of what each unit, store and step of demand with a price can do, as far as it is bounded [MW]."""
    units, stores, cars, steps = network.generators, network.storages, network.vehicles, network.flexible
    width = np.concatenate([
        (units.p_high_mw - units.p_low_mw)[units.live], (stores.charge_high_mw + stores.discharge_high_mw)[stores.live],
        (cars.charge_high_mw + cars.discharge_high_mw)[cars.live], steps.p_high_mw[steps.live],
    ])  # fmt: skip
    return np.where(np.isfinite(width), width, 0.0)
