r"""How flows of transmission change when feeders draw something else: by shift factors of a DC network, and by load flow of all networks.

.. math:: \Delta f = -H_{\cdot b}\,\Delta P_b, \qquad f^{(k)} = f + \Delta f + \ell_{\cdot k}\,(f + \Delta f)_k

with the change :math:`\Delta P_b` of what is drawn at the boundary, losses and loads that vary with voltage included, from the coordinated load flow;
f are active flows of the AC state in the middle of each branch (half of what enters at one end less half of what enters at the other), and ℓ is for
a change that takes branch k out too. Factors: `gridtandem.flow.shift_factors`. What is compared, cases 1 to 5 of M. Gupta, thesis, IIT Delhi, 2022,
ch. 5, stands there by name only; shares, loads and the branch that goes out are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar, final

import numpy as np

from gridtandem.cases.altered import one_feeder
from gridtandem.cases.case import Case
from gridtandem.cases.generate import with_exponents
from gridtandem.cases.renewables import served, with_renewables
from gridtandem.errors import InvalidCase, Unreadable
from gridtandem.flow.shift_factors import ShiftFactors
from gridtandem.grid.nodal import Nodal
from gridtandem.schemes.response import Response
from gridtandem.security.outages import branch_names, outages_of
from gridtandem.security.severity import yardstick
from gridtandem.study.experiment import Progress
from gridtandem.study.run import run
from gridtandem.study.study import Study
from gridtandem.tables import Index, Names, Real, Table, column
from gridtandem.units import MVA

SHARE, MORE = 0.6, 1.2  # photovoltaics in their feeders, of the load; loads of feeders where they change too
EXPONENTS = ((1.0, 1.0), (2.0, 2.0))

T = TypeVar("T", bound=Table)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Change:
    """What feeders are before and after, and what else happens."""

    name: str
    before: Case
    after: Case
    load: float = 1.0  # factor on the loads of feeders afterwards
    opened: str = ""  # branch that goes out


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ChangeResults(Table):
    """One row per change; NaN where there is no load flow."""

    kind: ClassVar[str] = "changes"
    change: Names = column("what changes", dtype="U")
    exchange_mw: Real = column("change of the active power into all feeders", unit="MW", finite=False)
    largest_mw: Real = column("largest change of an active flow, by AC", unit="MW", finite=False)
    largest_branch: Names = column("of which branch", dtype="U")
    apart_mw: Real = column("largest difference between the changes by DC and by AC", unit="MW", finite=False)
    apart_branch: Names = column("of which branch", dtype="U")
    apart_percent: Real = column("largest such difference, of the rating", unit="%", finite=False)
    why: Names = column("why there is no answer", dtype="U")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class FlowChanges(Table):
    """Active flows of transmission in the middle of each branch, and how they change."""

    kind: ClassVar[str] = "flow_changes"
    change: Names = column("what changes", dtype="U")
    branch: Names = column("line or transformer of transmission", dtype="U")
    before_mw: Real = column("active flow before", unit="MW", finite=False)
    dc_mw: Real = column("its change by shift factors", unit="MW", finite=False)
    ac_mw: Real = column("its change by the load flow of all networks together", unit="MW", finite=False)
    rating_mva: Real = column("limit; where the case has none 1.25 times the apparent power before, at least 15 MVA", unit="MVA")
    apart_percent: Real = column("difference of both changes, of the rating", unit="%", finite=False)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class BoundaryChanges(Table):
    """What crosses each interface before and after."""

    kind: ClassVar[str] = "boundary_changes"
    change: Names = column("what changes", dtype="U")
    interface: Names = column("name of the interface", dtype="U")
    p_before_mw: Real = column("active power into the feeders before", unit="MW", finite=False)
    q_before_mvar: Real = column("reactive power before", unit="Mvar", finite=False)
    v_before_pu: Real = column("voltage before", unit="pu", finite=False)
    p_after_mw: Real = column("active power into the feeders after", unit="MW", finite=False)
    q_after_mvar: Real = column("reactive power after", unit="Mvar", finite=False)
    v_after_pu: Real = column("voltage after", unit="pu", finite=False)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Changed:
    """All changes on a case, carried out."""

    case: Case
    changes: ChangeResults
    flows: FlowChanges
    boundary: BoundaryChanges

    @property
    def found(self) -> bool:
        """Has everything a load flow?"""
        return bool(np.isfinite(self.changes.apart_mw).all())


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class State:
    """A load flow of all networks together; NaN without one."""

    nodal: Nodal  # transmission
    flow: Real  # (branch) active, in its middle [MW]
    rating: Real  # (branch) [MVA]
    boundary: Real  # (interface, [MW, Mvar, pu])
    why: str = ""

    @staticmethod
    def of(case: Case, load: float = 1.0) -> State:
        """Coordinated, by responses."""
        study = Study(case=case, scheme=Response(), feeder_loading=np.full((1, 1, len(case.interfaces)), load))
        result, nodal = run(study), Nodal.of(case.transmission)
        size, verdict = len(nodal.branches.z), result.verdict
        if verdict is None:
            nothing = np.full(size, np.nan)
            boundary = np.full((len(case.interfaces), 3), np.nan)
            return State(nodal=nodal, flow=nothing, rating=nothing, boundary=boundary, why="; ".join(result.trouble))
        own = verdict.branches.take(np.arange(size))  # transmission's come first, in its order
        b, i = verdict.buses, verdict.interfaces
        v = dict(zip(b.bus[b.feeder == ""].tolist(), (b.v_pu * np.exp(1j * np.radians(b.angle_deg)))[b.feeder == ""].tolist(), strict=True))
        state = np.array([v[str(label)] for label in nodal.label])
        rating = MVA * yardstick(nodal, "base", state).rating
        return State(nodal=nodal, flow=(own.p_from_mw - own.p_to_mw) / 2, rating=rating, boundary=np.stack([i.p_mw, i.q_mvar, i.v_pu], -1))


def changes(case: Case) -> Iterator[Change]:
    """Without the last, which takes out a branch that the others find."""
    sunny = with_renewables(case, SHARE)
    yield Change(name="sun on one feeder", before=case, after=one_feeder(case, 0, lambda feeder: served(feeder, SHARE)))
    yield Change(name="sun on all feeders", before=case, after=sunny)
    for p, q in EXPONENTS:
        yield Change(
            name=f"sun on all, exponents ({p:g}, {q:g})", before=with_exponents(case, p, q), after=with_exponents(sunny, p, q)
        )  # fmt: skip
    yield Change(name=f"sun on all, loads times {MORE:g}", before=case, after=sunny, load=MORE)


def flow_changes(case: Case, *, watch: Callable[[Progress], None] | None = None) -> Changed:
    """All changes of a case with feeders; ``watch`` hears of each."""
    if not len(case.interfaces):
        raise Unreadable(f"{case.name} has no feeders, and it is they that change; take a case that has some, e.g. T14D2")
    if faults := list(case.faults()):
        raise InvalidCase(faults)
    wanted, done = list(changes(case)), list[_Row]()
    for change in wanted:
        done.append(_carried(change))
        _tell(watch, done, len(wanted) + 1)
    name = _carrier(case, done[1])
    done.append(_carried(replace(wanted[1], name=f"sun on all, {name} out", opened=name)))
    _tell(watch, done, len(wanted) + 1)
    return Changed(
        case=case, changes=_table(ChangeResults, [r.summary for r in done]), flows=_table(FlowChanges, [x for r in done for x in r.flows]),
        boundary=_table(BoundaryChanges, [x for r in done for x in r.boundary]),
    )  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Row:
    ac: Real  # (branch)
    summary: tuple[object, ...]
    flows: list[tuple[object, ...]]
    boundary: list[tuple[object, ...]]


def _tell(watch: Callable[[Progress], None] | None, done: Sequence[_Row], size: int) -> None:
    if watch is not None:
        watch(Progress(done=len(done), size=size, refused=sum(bool(row.summary[-1]) for row in done)))


def _carrier(case: Case, row: _Row) -> str:
    """The branch whose flow the sun changes most, of those whose loss islands nothing; of equals the first."""
    able = outages_of(case.transmission, "n-1")
    moved = [np.nan_to_num(abs(row.ac[k[0]])) for k in able.branch]
    return able.name[int(np.argmax(moved))]


def _carried(change: Change) -> _Row:
    before = State.of(change.before)
    after = State.of(_without(change.after, change.opened), change.load)
    names, width = np.array(branch_names(before.nodal)), len(before.flow)
    kept = names != change.opened
    there = np.zeros(width)
    there[kept] = after.flow
    ac, dc = there - before.flow, _by_factors(before, after.boundary[:, 0] - before.boundary[:, 0], change, np.flatnonzero(~kept))
    apart = dc - ac
    percent = 100 * np.abs(apart) / np.where(np.isnan(before.rating), 1.0, before.rating)
    why = before.why or after.why
    first = [int(np.argmax(np.nan_to_num(np.abs(x)))) for x in (np.where(kept, ac, 0.0), apart)]
    drawn = after.boundary[:, 0].sum() - before.boundary[:, 0].sum()
    summary = (
        change.name, drawn, ac[first[0]], "" if why else names[first[0]], np.abs(apart).max(), "" if why else names[first[1]], percent.max(), why
    )  # fmt: skip
    rating = np.where(np.isnan(before.rating), 0.0, before.rating)
    flows = zip([change.name] * width, names.tolist(), before.flow, dc, ac, rating, percent, strict=True)
    told = np.concatenate([before.boundary, after.boundary], axis=1).tolist()
    interfaces = change.before.interfaces.name.tolist()
    return _Row(ac=ac, summary=summary, flows=list(flows), boundary=[(change.name, n, *x) for n, x in zip(interfaces, told, strict=True)])


def _by_factors(before: State, drawn: Real, change: Change, opened: Index) -> Real:
    """Change of flows by ΔP, and by the outage of what the changed flows are then. [MW]"""
    factors = ShiftFactors.of(before.nodal)
    at = before.nodal.node[change.before.interfaces.bus]
    more: Real = -factors.ptdf(at) @ drawn
    if not len(opened):
        return more
    return np.asarray(factors.after(before.flow + more, [opened])[0] - before.flow, np.float64)


def _without(case: Case, branch: str) -> Case:
    """The case with a branch of transmission out of service."""
    if not branch:
        return case
    nodal, net = Nodal.of(case.transmission), case.transmission
    k = branch_names(nodal).index(branch)
    table = "transformers" if nodal.branches.kind[k] else "lines"
    own = getattr(net, table)
    closed = own.closed.copy()
    closed[nodal.branches.row[k]] = False
    return replace(case, transmission=replace(net, **{table: replace(own, closed=closed)}))


def _table(kind: type[T], rows: Sequence[tuple[object, ...]]) -> T:
    return kind.of(dict(zip(kind.columns(), zip(*rows, strict=True), strict=True)))
