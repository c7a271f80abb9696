"""Kinds of study, and which of them is asked for. Light on purpose: a load flow answers without loading a market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, final

from gridtandem.errors import Unreadable

if TYPE_CHECKING:
    from gridtandem.cases.case import Case


class Stored(Protocol):
    """As much of a study of any kind as its run file keeps."""

    kind: ClassVar[Kind]

    @property
    def case(self) -> Case: ...
    @property
    def scheme(self) -> Any: ...
    def settings(self) -> dict[str, Any]: ...
    def digest(self) -> str: ...


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Kind:
    """What everybody needs to know of a kind of study: its schemes, its options, and where it is told."""

    name: str  # of it, as run files say it
    called: str  # as people say it
    group: str  # entry points of its schemes
    ends: str  # what only its schemes can do
    door: str  # module that knows it, see `gridtandem.report.kinds`
    compared: str  # table of its comparisons, as ``module:class``
    words: Mapping[str, str]  # options that not every kind has, as people write them
    alias: Mapping[str, str] = field(default_factory=dict)  # what people call its schemes beside schemes of it, though another kind has that name

    def schemes(self) -> tuple[str, ...]:
        """Names of its installed schemes, in alphabetical order."""
        return tuple(sorted({e.name for e in self.found()}))

    def found(self) -> tuple[EntryPoint, ...]:
        """Entry points of its schemes."""
        return _installed()[self.group]


@cache
def _installed() -> dict[str, tuple[EntryPoint, ...]]:
    """Of each group. Looked up once: all that is installed is read for it."""
    everything = entry_points()
    return {kind.group: tuple(everything.select(group=kind.group)) for kind in KINDS}


FLOW = Kind(
    name="run", called="load flow", group="gridtandem.schemes", ends="agreement", door="gridtandem.report.kinds.flow",
    compared="gridtandem.study.compare:Comparison",
    words={
        "loading": "loading", "feeder_solver": "feeder-solver", "q_rule": "q-limits", "slack": "slack", "taps": "hold-taps",
        "exponents": "exponents", "parallel": "parallel",
    },
)  # fmt: skip
MARKET = Kind(
    name="market", called="markets", group="gridtandem.markets", ends="bargain", door="gridtandem.report.kinds.market",
    compared="gridtandem.study.market.compare:MarketComparison",
    words={"hours": "hours", "first_hour": "first-hour", "step_h": "step-h", "root_pu": "root-pu", "flow": "flow", "form": "form"},
    alias={"central": "ideal"},
)  # fmt: skip
DISPATCH = Kind(
    name="dispatch", called="optimal power flow", group="gridtandem.opf", ends="schedule", door="gridtandem.report.kinds.dispatch",
    compared="gridtandem.study.dispatch.compare:DispatchComparison",
    words={"hours": "hours", "first_hour": "first-hour", "start": "start", "certificate": "bound"},
    alias={"independent": "independent-opf"},
)  # fmt: skip
RESERVE = Kind(
    name="reserve", called="energy and reserve", group="gridtandem.reserves", ends="keeping", door="gridtandem.report.kinds.reserve",
    compared="gridtandem.study.reserve.compare:ReserveComparison",
    words={
        "hours": "hours", "first_hour": "first-hour", "inertia": "inertia", "feeders": "feeders", "primary_time": "primary-time",
        "fast_time": "fast-time", "nadir": "nadir", "nadir_by": "nadir-by", "security": "security",
    },
)  # fmt: skip
KINDS = (FLOW, MARKET, DISPATCH, RESERVE)


def all_schemes() -> tuple[str, ...]:
    """Names of all installed schemes, kind by kind."""
    return tuple(name for kind in KINDS for name in kind.schemes())


def kind_of(scheme: object) -> Kind:
    """The kind of a scheme, by name or as it is. What belongs to none is taken for one of load flow, which then says what is wrong with it."""
    if isinstance(scheme, str):
        return next((k for k in KINDS if scheme in k.schemes()), FLOW)
    return next((k for k in KINDS if callable(getattr(scheme, k.ends, None))), FLOW)


def kind_for(schemes: Sequence[object], given: Mapping[str, object]) -> Kind:
    """The kind of these schemes, or of a load flow if there are none. Several kinds together are refused, and options ``given`` that it has not."""
    kinds = {kind_of(s) for s in schemes} or {FLOW}
    if len(kinds) > 1:
        called = ({kind if isinstance(s, str) and s in kind.alias else kind_of(s) for s in schemes} for kind in KINDS if kind in kinds)
        kinds = next((one for one in called if len(one) == 1), kinds)
    if len(kinds) > 1:
        told = " and ".join(f"of {k.called} ({', '.join(str(s) for s in schemes if kind_of(s) is k)})" for k in KINDS if k in kinds)
        raise Unreadable(f"schemes {told} are not compared with each other; name schemes of one kind")
    (kind,) = kinds
    if strange := [name for name in given if name not in kind.words]:
        owners = [k for k in KINDS if strange[0] in k.words]
        told, whose = ", ".join(_word(name) for name in strange), " or ".join(k.called for k in owners)
        if schemes:
            raise Unreadable(f"{told}: for schemes of {whose}; {', '.join(map(str, schemes))} is one of {kind.called}; leave it out")
        raise Unreadable(f"{told}: for schemes of {whose}; take one of {', '.join(n for k in owners for n in k.schemes())}, or leave it out")
    return kind


def _word(option: str) -> str:
    return next(k.words[option] for k in KINDS if option in k.words)
