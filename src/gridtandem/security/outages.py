"""Outages of transmission's branches: one branch or several at once, by name; those that would island something are set apart with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, ClassVar, final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.flow.variants import cut_off
from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.grid.topology import bridges
from gridtandem.tables import Index, Names, Table, column
from gridtandem.units import MVA

ALL_SINGLE = "n-1"


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Islanding(Table):
    """Outages that are not solved, because something would lose its supply."""

    kind: ClassVar[str] = "islanding"
    outage: Names = column("name of the outage", dtype="U")
    why: Names = column("what it would cut off", dtype="U")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Branches that go out together, as somebody wrote them down."""

    branch: tuple[str, ...]
    name: str = ""  # empty: called by its branches
    place: tuple[str, ...] = ()  # file and row of each branch


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Outages:
    """What goes out of service, each by itself; and what cannot, because it would island something."""

    name: tuple[str, ...]
    branch: tuple[Index, ...]  # of transmission's `Nodal`
    islanding: Islanding
    notes: tuple[str, ...] = ()  # what was named more than once

    def __len__(self) -> int:
        return len(self.name)

    @staticmethod
    def taken(told: dict[str, Any]) -> Outages:
        """Out of the settings of whoever keeps them in a run file; what is left there is theirs."""
        names, why = told.pop("islanding")
        islanding = Islanding.of({"outage": list(names), "why": list(why)}) if names else Islanding.empty()
        branch = tuple(np.asarray(b, np.int64) for b in told.pop("branches"))
        return Outages(name=tuple(told.pop("outages")), branch=branch, islanding=islanding, notes=tuple(told.pop("notes", ())))


NONE = Outages(name=(), branch=(), islanding=Islanding.empty())


def outages_of(network: Network, wanted: str | Sequence[str | Sequence[str] | Group]) -> Outages:
    """``n-1``: every branch in service by itself; else names, or groups of names that go out together, in any order; the same twice is one.

    A name that a line and a transformer share is told apart by ``line NAME`` and ``transformer NAME``.
    """
    nodal = Nodal.of(network)
    roots = np.unique(nodal.units.node[nodal.units.control == REFERENCE])
    names = branch_names(nodal)
    if isinstance(wanted, str):
        if wanted.lower() != ALL_SINGLE:
            raise InvalidCase([Fault("outages", f"is {wanted!r}", "give n-1, or names of branches", "outage-001")])
        return _single(nodal, roots, names)
    groups = [one if isinstance(one, Group) else Group(branch=(one,) if isinstance(one, str) else tuple(one)) for one in wanted]
    place = {name: k for k, name in enumerate(names)}
    if found := list(_faults(nodal, groups, place)):
        raise InvalidCase(found)
    groups, notes = _once(groups)
    branch = [np.array(sorted(place[n] for n in group.branch), np.int64) for group in groups]
    cut = [cut_off(nodal, roots, b) for b in branch]
    return replace(_apart(nodal, [group.name for group in groups], branch, cut), notes=notes)


def _once(groups: list[Group]) -> tuple[list[Group], tuple[str, ...]]:
    """Every set of branches once, called by its first name; and what was named again."""
    found: dict[frozenset[str], Group] = {}
    notes = []
    for group in groups:
        own = tuple(dict.fromkeys(group.branch))
        name, key = group.name or " + ".join(own), frozenset(own)
        if len(own) < len(group.branch):
            notes.append(f"outage {name} names a branch more than once")
        if key in found:
            first = found[key].name
            notes.append(
                f"outage {name} is there more than once, and solved once" if name == first else f"outage {name} is solved as {first}, the same"
            )
        else:
            found[key] = Group(branch=own, name=name)
    return list(found.values()), tuple(notes)


def branch_names(nodal: Nodal) -> list[str]:
    """How each branch in service is called."""
    net, br = nodal.network, nodal.branches
    tables = (net.lines.name, net.transformers.name)
    both = set(tables[0].tolist()) & set(tables[1].tolist())
    called = [str(tables[k][r]) for k, r in zip(br.kind.tolist(), br.row.tolist(), strict=True)]
    return [f"{'transformer' if k else 'line'} {name}" if name in both else name for k, name in zip(br.kind.tolist(), called, strict=True)]


def _single(nodal: Nodal, roots: Index, names: list[str]) -> Outages:
    beyond = bridges(nodal, roots)
    every = range(len(names))
    return _apart(nodal, names, [np.array([k], np.int64) for k in every], [beyond.get(k, np.empty(0, np.int64)) for k in every])


def _apart(nodal: Nodal, names: list[str], branch: list[Index], cut: list[Index]) -> Outages:
    kept = [k for k, c in enumerate(cut) if not len(c)]
    apart = [k for k, c in enumerate(cut) if len(c)]
    why = [_lost(nodal, cut[k]) for k in apart]
    islanding = Islanding.of({"outage": [names[k] for k in apart], "why": why}) if apart else Islanding.empty()
    return Outages(name=tuple(names[k] for k in kept), branch=tuple(branch[k] for k in kept), islanding=islanding)


def _lost(nodal: Nodal, nodes: Index) -> str:
    load = nodal.loads.s.real[np.isin(nodal.loads.node, nodes)].sum() * MVA
    units = int(np.isin(nodal.units.node, nodes).sum())
    return f"would cut off {nodal.named(nodes)}: {load:g} MW of load, {units} unit{'s' * (units != 1)}"


def _faults(nodal: Nodal, groups: list[Group], place: dict[str, int]) -> Iterator[Fault]:
    net = nodal.network
    idle = {*net.lines.name.tolist(), *net.transformers.name.tolist()}
    for group in groups:
        if not group.branch:
            yield Fault("outages", "has an outage without any branch", "name one or more", "outage-002", place=nodal.name)
        for k, name in enumerate(group.branch):
            where = group.place[k] if group.place else nodal.name
            if name in place:
                continue
            if f"line {name}" in place or f"transformer {name}" in place:
                mend = f"write 'line {name}' or 'transformer {name}'"
                yield Fault("outages", f"{name!r} is a line and a transformer", mend, "outage-003", place=where)
            elif name in idle:
                yield Fault("outages", f"{name!r} is out of service already", "leave it out", "outage-004", place=where)
            else:
                near = get_close_matches(name, list(place), n=1, cutoff=0.5)
                mend = f"did you mean {near[0]!r}?" if near else "name a line or transformer of transmission"
                yield Fault("outages", f"{name!r} is no branch of transmission", mend, "outage-005", place=where)
