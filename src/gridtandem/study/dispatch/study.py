"""A study of AC dispatch: everything that determines it, as one frozen record; and the parties it seats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, final

import numpy as np

from gridtandem.boundary.mailbox import Company, Mailbox
from gridtandem.cases.case import Case
from gridtandem.cases.join import bundle
from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.network import Network, wired
from gridtandem.grid.nodal import Nodal
from gridtandem.opf.ac_boundary import AcBoundary
from gridtandem.opf.ac_faults import bent_faults
from gridtandem.parties.ac_feeder import AcFeeders
from gridtandem.parties.ac_owner import AcOwner
from gridtandem.parties.ac_transmission import AcTransmission
from gridtandem.schemes.central import Central
from gridtandem.study.kinds import DISPATCH, Kind
from gridtandem.study.provenance import digest_of
from gridtandem.tables import Index, Real
from gridtandem.units import MVA

STARTS = FLAT, PREVIOUS = "flat", "previous-hour"
CERTIFICATES = ("owner", "cones")
SHOWN = 3  # rows that a fault names


@final
@dataclass(frozen=True, slots=True, eq=False)
class DayState:
    """The scheme's state of every period begun, and how many rounds each took."""

    periods: tuple[Any, ...]
    rounds: tuple[int, ...]

    @property
    def trouble(self) -> str:
        """Of the last period."""
        return str(getattr(self.periods[-1], "trouble", "")) if self.periods else ""


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DispatchStudy:
    """A case, a scheme of AC dispatch and the periods it is about. Same study, same bits."""

    kind: ClassVar[Kind] = DISPATCH
    case: Case
    scheme: Any
    first: int = 1  # first period, counted from 1
    hours: int = 1  # periods, each dispatched by itself
    rounds: int = 100  # at most; from the previous hour, in each period
    start: str = FLAT  # of a period: as the scheme begins by itself, or from where the period before it agreed
    certificate: Literal["owner", "cones"] = "owner"  # what costs are held against: the dispatch of one owner of all models, or a cone bound

    records: ClassVar = (DayState,)  # that a state may consist of, beside those of its scheme

    def settings(self) -> dict[str, Any]:
        """Everything but the case, as plain words and numbers."""
        return {name: getattr(self, name) for name in ("scheme", "first", "hours", "rounds", "start", "certificate")}

    def digest(self) -> str:
        """SHA-256 of case and settings; equal digests give equal results."""
        return digest_of(self.case.digest(), settings=self.settings())

    def faults(self) -> Iterator[Fault]:
        """Everything that keeps this case from a dispatch under these settings."""
        wrong = [name for name in ("first", "hours", "rounds") if not _whole(getattr(self, name))]
        for name in wrong:
            yield Fault("study", f"is {getattr(self, name)!r}", "give a whole number of 1 or more", "study-024", column=name)
        yield from _start_faults(self.start, self.scheme)
        if self.certificate not in CERTIFICATES:
            yield Fault("study", f"is {self.certificate!r}", f"take {' or '.join(CERTIFICATES)}", "study-034", column="certificate")
        names, count = np.unique(self.case.interfaces.feeder, return_counts=True)
        if len(many := names[count > 1].tolist()):
            what = f"{', '.join(map(repr, many))}: fed from more than one transmission bus"
            mend = "a feeder here is told one voltage; give each port a feeder of its own, or open one"
            yield Fault("interfaces", what, mend, "study-022", column="feeder", place=self.case.name)
        if not len(self.case.interfaces) and not isinstance(self.scheme, Central):
            mend = "take the scheme central, which then is a plain optimal power flow, or hang feeders on it"
            yield Fault("interfaces", "has no row: there is nobody to coordinate with", mend, "case-058", place=self.case.name)
        window = (1, 1) if wrong else (self.first, self.hours)
        for k, net in enumerate((self.case.transmission, *self.case.models)):
            yield from (f.at(net.name) for f in network_faults(net, window, source=k == 0))

    def at(self, t: int) -> Case:
        """The case as it stands in the t-th of the periods, from 0."""
        case, period = self.case, self.first - 1 + t
        return replace(case, transmission=in_period(case.transmission, period), models=tuple(in_period(m, period) for m in case.models))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DispatchSeats:
    """The parties. The owner sits only where one person holds all models: he is the benchmark."""

    cases: tuple[Case, ...]  # (period)
    transmission: AcTransmission
    fleets: tuple[tuple[AcFeeders, Index], ...]  # with the interfaces each stands behind
    companies: tuple[str, ...]
    owner: AcOwner

    def mailbox(self, scheme: Any) -> Mailbox:
        """The road between them."""
        tso = Company("owner", (self.owner,)) if isinstance(scheme, Central) else Company("tso", (self.transmission,))
        dsos = tuple((Company(name, (desk,)), rows) for name, (desk, rows) in zip(self.companies, self.fleets, strict=True))
        return Mailbox(tso, dsos, axes=(1, len(self.cases)))


def seated(study: DispatchStudy) -> DispatchSeats:
    """Check case and settings, and give each company its part."""
    if found := [*study.case.faults(), *study.faults()]:
        raise InvalidCase(found)
    cases = tuple(study.at(t) for t in range(study.hours))
    table = study.case.interfaces
    transmission = AcTransmission.of(tuple(AcBoundary.of(c.transmission, table.bus, -1.0) for c in cases), np.stack([nominal(c) for c in cases]))
    fleets = tuple((_desk(cases, study.case.rows_of(name)), study.case.rows_of(name)) for name in study.case.companies)
    owner = AcOwner.of(cases, np.arange(study.hours) - 1 if study.start == PREVIOUS else np.full(study.hours, -1))
    return DispatchSeats(cases=cases, transmission=transmission, fleets=fleets, companies=study.case.companies, owner=owner)


def nominal(case: Case) -> Real:
    """What transmission expects every feeder to draw: its nominal load, and nothing of its units (interface, 2). [MW, Mvar]"""
    table, each = case.interfaces, []
    for model in case.models:
        law = Nodal.of(bundle(model)).loads
        each.append(complex(law.at(np.ones(len(law.node)))[0].sum()) * MVA)
    s = np.array(each, complex)[table.model] * table.count * table.scale if len(table) else np.empty(0, complex)
    return np.stack([s.real, s.imag], -1)


def in_period(net: Network, period: int) -> Network:
    """A network with the loads and the available power of one of its periods, from 0."""
    load, unit = (net.factors(what, period + 1)[-1] for what in ("loads", "generators"))
    g, ld = net.generators, net.loads
    low, high = (np.where(np.isfinite(p), np.where(np.isfinite(p), p, 0.0) * unit, p) for p in (g.p_low_mw, g.p_high_mw))
    units = replace(g, p_low_mw=np.where(low > 0, np.minimum(low, high), low), p_high_mw=high)
    return replace(net, generators=units, loads=replace(ld, p_mw=ld.p_mw * load, q_mvar=ld.q_mvar * load))


def _desk(cases: tuple[Case, ...], rows: Index) -> AcFeeders:
    """One problem for each different (model, root, count, scale) and period."""
    table = cases[0].interfaces.take(rows)
    kinds, kind = np.unique(np.stack([table.model, table.root, table.count, table.scale], -1), axis=0, return_inverse=True)
    held = tuple(
        tuple(AcBoundary.of(bundle(c.models[int(model)], count=int(count), scale=scale), np.array([int(root)]), 1.0) for c in cases)
        for model, root, count, scale in kinds.tolist()
    )
    return AcFeeders.of(np.asarray(kind.ravel(), np.int64), held)


def _whole(given: object) -> bool:
    """A whole number of 1 or more?"""
    return isinstance(given, int | np.integer) and not isinstance(given, bool) and bool(given >= 1)


def _start_faults(start: str, scheme: Any) -> Iterator[Fault]:
    if start not in STARTS:
        yield Fault("study", f"is {start!r}", f"take one of {', '.join(STARTS)}", "study-035", column="start")
    elif start == PREVIOUS and not isinstance(scheme, Central) and not callable(getattr(scheme, "after", None)):
        what = f"is {start}, and {type(scheme).__name__} takes nothing from an earlier period"
        yield Fault("study", what, f"take copf, hgd, admm or central, or start {FLAT}", "study-036", column="start")


def network_faults(net: Network, window: tuple[int, int], *, source: bool) -> Iterator[Fault]:
    """What keeps a network from AC dispatch in a window of (first period, periods); ``source`` where its reference unit counts."""
    g, (first, hours) = net.generators, window
    yield from bent_faults(net) if wired(net.faults()) else ()
    end = first + hours - 1
    live = g.live & (source | (g.control != REFERENCE))
    for side, mend in (("p_low_mw", "the least"), ("p_high_mw", "the most")):
        for k in np.flatnonzero(live & ~np.isfinite(getattr(g, side))):
            yield g.fault(int(k), side, "is infinite", f"a dispatch needs {mend} that it can inject", "study-023")
    if net.periods and end > net.periods:
        yield Fault("profiles", f"reach to period {net.periods} of {end}", "give every period a factor, or ask for fewer hours", "study-025")
    for table, noun in ((net.storages, "storages"), (net.vehicles, "charging stations"), (net.flexible, "flexible demands")):
        if len(live := table.name[table.live]):
            named = ", ".join(map(repr, live[:SHOWN].tolist())) + f" and {len(live) - SHOWN} more" * (len(live) > SHOWN)
            mend = "take a scheme of markets, such as ideal, or set them out of service (live: no) to dispatch without them"
            yield Fault(table.kind, f"{named}: AC dispatch knows units and loads, no {noun}", mend, "study-026")
    if hours > 1 and len(net.ramps):
        mend = "take a scheme of markets, leave the ramps out, or ask for one period"
        yield Fault("ramps", "tie periods together, which AC dispatch decides one by one", mend, "study-027")
