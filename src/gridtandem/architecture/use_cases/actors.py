"""Who takes part: roles and tiers guessed from words of a name, tools given to those whose tools they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias, final

from gridtandem.architecture.graph import BULK, CUSTOMER, EDGE
from gridtandem.architecture.statements import Value
from gridtandem.architecture.use_cases.guesses import LIKELY, OPEN, TOLD, Guess
from gridtandem.architecture.use_cases.names import Names, names
from gridtandem.architecture.use_cases.steps import Actor, UseCase
from gridtandem.architecture.use_cases.words import first, folded, words
from gridtandem.errors import Fault, InvalidCase

PLATFORMS = ("FMP", "MO")
OPERATORS = ("TSO", "DSO", "DO", "TO")
SYSTEMS = ("system", "device", "application", "component", "logical", "software")  # types of actors that have no will of their own
DESCRIBED = 8  # words of a description that say what somebody is; later ones say what it does
TOOL = "tool"
Given: TypeAlias = Mapping[str, Mapping[str, object]]
Said: TypeAlias = dict[str, Value]


@final
@dataclass(frozen=True, slots=True)
class Cast:
    """Nodes as people write them, and which of them an actor of a step is."""

    nodes: tuple[Said, ...]
    names: Names
    who: Mapping[str, str]  # node by key; those without are left out
    guesses: tuple[Guess, ...]

    def of(self, cell: str) -> tuple[str, ...]:
        """Nodes of a cell, each once."""
        return tuple(dict.fromkeys(self.who[key] for key in self.names.keys(cell) if key in self.who))


def cast(case: UseCase, given: Given) -> Cast:
    """Everybody, or one refusal that names all whose role nothing tells."""
    known = names(case, given)
    roles, tools, away = _said(case, known, given)
    guesses = list(known.guesses)
    for key in known.label:
        if key not in {*roles, *tools, *away} and (found := _role(case, known, key)) is not None:
            said, guess = found
            if said:
                roles[key] = said
                guesses.append(guess)
            else:
                tools[key] = ""
    for key, owner, because in _owners(case, known, set(roles), tools):
        tools[key] = owner
        guesses.append(("tool", known.label[key], f"part of {known.label[owner]}", because, LIKELY))
    if unknown := [key for key in known.label if key not in {*roles, *away} and not tools.get(key)]:
        raise InvalidCase(_stranger(known.label[key], case.file) for key in unknown)
    guesses += _agents(known, roles)
    nodes, of_shares = _shared(case, [{"name": known.label[key], **said} for key, said in roles.items()])
    who = {key: known.label[tools.get(key, key)] for key in known.label if key not in away and tools.get(key, key) in roles}
    return Cast(tuple(nodes), known, who, (*guesses, *of_shares))


def _stranger(name: str, file: str) -> Fault:
    mend = f'say who it is in a file for --roles: "{name}" = "AGG", "{name}" = {{ part_of = "DSO" }} or "{name}" = {{ leave_out = true }}'
    return Fault("actors", "has no role that a word of its name tells", mend, "arch-061", label=name, place=file)


def _said(case: UseCase, known: Names, given: Given) -> tuple[dict[str, Said], dict[str, str], set[str]]:
    """What the user says: roles, tools with their owners, and who is left out."""
    roles: dict[str, Said] = {}
    tools: dict[str, str] = {}
    away, faults, tiers = set[str](), list[Fault](), {"TO": BULK} | {r.what: r.tier for r in words().roles}
    for name, said in given.items():
        key, owner = known.key(name), known.key(str(said.get("part_of", "")))
        wrong = [w for w, k in ((name, key), (str(said.get("part_of", "")), owner)) if w and k not in known.label]
        for word in wrong:
            near = get_close_matches(word, list(known.label.values()), n=1, cutoff=0.4)
            mend = f"did you mean {near[0]!r}?" if near else f"actors are: {', '.join(known.label.values())}"
            faults.append(Fault("roles", f"names {word!r}, no actor of the steps", mend, "arch-062", label=name, place=case.file))
        if said.get("leave_out"):
            away.add(key)
        elif "part_of" in said:
            tools[key] = owner
        elif not wrong:
            tier: Said = {"tier": tiers[role]} if (role := str(said.get("role"))) in tiers else {}
            roles[key] = {**tier, "org": known.label[key], **said}  # type: ignore[dict-item]  # what is no value the graph refuses
    if faults:
        raise InvalidCase(faults)
    return roles, tools, away


def _role(case: UseCase, known: Names, key: str) -> tuple[Said, Guess] | None:
    """What words say of somebody: those of the name first, then those that begin its description. Nothing said, but found: a tool."""
    label = known.label[key]
    actor = next((a for a in case.actors if known.key(a.name) == key), Actor(label, "", ""))
    described = " ".join(folded(actor.description).split()[:DESCRIBED])
    for text, because, sure in ((key, "its name", TOLD), (described, "its description", LIKELY)):
        found, tool = first(text, words().roles), words().tools.found(text)
        if found is not None and (found[0].what in PLATFORMS or not tool):
            role, tier = found[0].what, found[0].tier
            if role in PLATFORMS and (own := [r.tier for r in words().roles if r.what in OPERATORS and r.found(text)]):
                role, tier = PLATFORMS[0], own[0]  # the market of one operator
            return {"role": role, "tier": tier, "org": label}, ("actor", label, f"{role}, tier {tier}", f"{found[1]!r} in {because}", sure)
        if tool:
            return {}, ("tool", label, TOOL, f"{tool!r} in {because}", sure)
    system = any(word in actor.sort.casefold() for word in SYSTEMS)
    return ({}, ("tool", label, TOOL, "its type", LIKELY)) if system else None


def _owners(case: UseCase, known: Names, own: set[str], tools: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Whose the tools are: whose name they bear, else with whom they exchange most; then those who exchange with these tools."""
    said, owner = {known.key(a.name): folded(a.description).split()[:DESCRIBED] for a in case.actors}, dict(tools)
    for key in [k for k, whose in tools.items() if not whose]:
        if named := [k for k in sorted(own) if key.startswith(k) or k in key.split() or k in said.get(key, ())]:
            owner[key] = max(named, key=len)
            yield key, owner[key], "its name"
    links = Counter((a, b) for s in case.steps for x in known.keys(s.sender) for y in known.keys(s.receiver) for a, b in ((x, y), (y, x)))
    while True:
        met = Counter[tuple[str, str]]()
        for (a, b), often in links.items():
            if owner.get(a, "no tool") == "" and (whose := owner.get(b, b if b in own else "")):
                met[a, whose] += often
        if not met:
            return
        key, whose = max(sorted(met), key=lambda pair: met[pair])
        owner[key] = whose
        yield key, whose, "exchanges most with it"


def _agents(known: Names, roles: Mapping[str, Said]) -> Iterator[Guess]:
    """A market that bears the name of one operator acts for it."""
    for key, said in roles.items():
        named = [k for k, r in roles.items() if r.get("role") in OPERATORS and k != key and k in key.split()]
        if said.get("role") in PLATFORMS and len(named) == 1 and "agent_of" not in said:
            said["agent_of"] = known.label[named[0]]
            yield "actor", known.label[key], f"acts for {said['agent_of']}", "its name", TOLD


def _shared(case: UseCase, nodes: list[Said]) -> tuple[list[Said], list[Guess]]:
    """Shares of customers, equal where nobody says them; where no customer is named, one behind everybody of tier 3."""
    mine, guesses = [n for n in nodes if n.get("tier") == CUSTOMER], list[Guess]()
    if not mine:
        if not any(n.get("tier") == EDGE for n in nodes):
            mend = "give one of its actors the role DER, or one that reaches customers the role AGG, by --roles"
            raise InvalidCase([Fault("use-case", "names nobody who has flexible power", mend, "arch-063", place=case.file)])
        mine = [{"name": "DER", "role": "DER", "tier": CUSTOMER, "org": "CUST", "share": 1.0}]
        guesses.append(("actor", "DER", "behind everybody of tier 3", "no customer is named", TOLD))
        nodes = [*nodes, *mine]
    said = [float(share) for n in mine if isinstance(share := n.get("share"), float | int)]
    rest = (1.0 - sum(said)) / (len(mine) - len(said) or 1)
    for node in mine:
        if "share" not in node:
            node["share"] = max(0.0, rest)
            guesses.append(("share", str(node["name"]), f"{node['share']:.3g}", "shares are not told: what is left, in equal parts", OPEN))
    return nodes, guesses
