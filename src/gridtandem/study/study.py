"""A study: everything that determines a result, as one frozen record; and the parties it seats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, final

import numpy as np

from gridtandem.boundary.letters import PowerAt, PowerOver, ResponseAt
from gridtandem.boundary.mailbox import Company, Mailbox
from gridtandem.cases.case import Case
from gridtandem.cases.join import bundle
from gridtandem.errors import Fault, InvalidCase
from gridtandem.flow.feeders import Feeders
from gridtandem.flow.multiport import MultiPort
from gridtandem.flow.newton import Options
from gridtandem.grid.nodal import LoadLaw, Nodal
from gridtandem.parties.fleet import Fleet
from gridtandem.parties.owner import Owner
from gridtandem.parties.transmission import Transmission, boundary_bus
from gridtandem.schemes.fused import Fused
from gridtandem.schemes.merged import Merged
from gridtandem.study.kinds import FLOW, Kind
from gridtandem.study.provenance import digest_of
from gridtandem.study.roster import Roster
from gridtandem.tables import Index, Real

if TYPE_CHECKING:
    from gridtandem.parties.holder import Holder

WORDS = {  # that a rule may be
    "feeder_solver": ("auto", "sweep", "newton"), "q_rule": ("ignore", "switch"), "slack": ("reference", "shared"), "taps": ("hold", "move"),
}  # fmt: skip

BLIND = frozenset({PowerAt, ResponseAt, PowerOver})  # letters without angles, which feeders with several ports cannot answer


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Study:
    """A case, a scheme and the rules of the load flow. Same study, same bits."""

    kind: ClassVar[Kind] = FLOW
    case: Case
    scheme: Any
    loading: Real = field(default_factory=lambda: np.ones((1, 1)))  # (scenario, period): factor on loads and transmission's schedule
    feeder_loading: Real | None = None  # (scenario, period, interface): factor on the feeders' loads, where it is not ``loading``
    feeder_solver: Literal["auto", "sweep", "newton"] = "auto"
    q_rule: Literal["ignore", "switch"] = "ignore"
    slack: Literal["reference", "shared"] = "reference"
    taps: Literal["hold", "move"] = "move"
    rounds: int = 100

    @property
    def options(self) -> Options:
        """The load-flow rules, as a kernel takes them."""
        return Options(q_rule=self.q_rule, slack=self.slack, taps=self.taps)

    def settings(self) -> dict[str, Any]:
        """Everything but the case, as plain words and numbers."""
        rules = {name: getattr(self, name) for name in ("feeder_solver", "q_rule", "slack", "taps", "rounds")}
        own = {} if self.feeder_loading is None else {"feeder_loading": self.feeder_loading}
        return {"scheme": self.scheme, "loading": self.loading, **own, **rules}

    @property
    def at_feeders(self) -> Real:
        """Factor on the loads of each feeder (scenario, period, interface)."""
        if self.feeder_loading is not None:
            return self.feeder_loading
        return np.repeat(self.loading[..., None], len(self.case.interfaces), axis=-1)

    def digest(self) -> str:
        """SHA-256 of case and settings; equal digests give equal results."""
        return digest_of(self.case.digest(), settings=self.settings())

    def faults(self) -> Iterator[Fault]:
        """Everything wrong with the settings, and with the case for such a study; faults of the case itself are its own to tell."""
        for name, known in WORDS.items():
            if (given := getattr(self, name)) not in known:
                yield Fault("study", f"is {given!r}", f"it must be one of {', '.join(known)}", "study-001", column=name)
        whole = isinstance(self.rounds, int | np.integer) and not isinstance(self.rounds, bool)
        if not (whole and self.rounds >= 1):
            yield Fault("study", f"is {self.rounds!r}", "give a whole number of 1 or more", "study-002", column="rounds")
        yield from _loading_faults(self.loading)
        if self.feeder_loading is not None:
            yield from _feeder_loading_faults(self)
            if isinstance(self.scheme, Fused):
                mend = "take scheme merged or response, which serve feeders of other loadings"
                yield Fault("study", "is given, and scheme fused has one loading for all", mend, "study-006", column="feeder_loading")
        units = self.case.transmission.generators
        if self.slack == "shared" and not (units.slack_share[units.live] > 0).any():
            mend = "give units of transmission a slack_share, or take slack = reference"
            yield Fault("study", "is shared, but no unit of transmission in service has a share", mend, "study-004", column="slack")
        yield from _port_faults(self)
        if not len(self.case.interfaces) and not isinstance(self.scheme, Merged):
            mend = "take the scheme merged, which then is a plain load flow, or hang feeders on it"
            yield Fault("interfaces", "has no row: there is nobody to coordinate with", mend, "case-058", place=self.case.name)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Seats:
    """The parties of a study. The owner sits only where one person holds all models; he is the judge, and the TSO of a merged run."""

    transmission: Transmission
    fleets: tuple[tuple[Fleet, Index], ...]  # with the interfaces each stands behind
    everybody: Fleet  # the same feeders under one roof, where one sweep serves them all
    owner: Owner
    companies: tuple[str, ...]
    roster: Roster
    holder: Holder | None = None  # the owner again, where the study is fused

    def under(self, loading: Real, at_feeders: Real | None, opened: tuple[Index, ...] = ()) -> Seats:
        """The same parties in other scenarios: loadings as in `Study`, and branches of transmission out of service in each scenario.

        Whatever one scenario comes to does not depend on the others, to the last bit.
        """

        def other(fleet: Fleet, rows: Index) -> Fleet:
            wide = np.broadcast_to(loading[..., None], (*loading.shape, len(rows))) if at_feeders is None else at_feeders[..., rows]
            return replace(fleet, loading=wide)

        return replace(
            self, transmission=self.transmission.under(loading, at_feeders, opened, abreast=1), owner=self.owner.under(loading, at_feeders, opened),
            fleets=tuple((other(fleet, rows), rows) for fleet, rows in self.fleets),
            everybody=other(self.everybody, np.arange(len(self.owner.interfaces))),
            holder=None if self.holder is None else replace(self.holder, loading=loading, core=self.holder.core.under(loading)),
        )  # fmt: skip

    def some(self, rows: Index) -> Seats:
        """The same parties in these of their scenarios."""

        def mine(party: Transmission | Owner) -> dict[str, Any]:
            at, opened = party.at_feeders, tuple(party.opened[r] for r in rows.tolist()) if party.opened else ()
            return {"loading": party.loading[rows], "at_feeders": None if at is None else at[rows], "opened": opened}

        home_of = self.transmission.home_of[rows]
        return replace(
            self, transmission=replace(self.transmission, home_of=home_of, **mine(self.transmission)), owner=replace(self.owner, **mine(self.owner)),
            fleets=tuple((replace(fleet, loading=fleet.loading[rows]), at) for fleet, at in self.fleets),
            everybody=replace(self.everybody, loading=self.everybody.loading[rows]),
            holder=None if self.holder is None else replace(
                self.holder, loading=self.holder.loading[rows], core=self.holder.core.under(self.holder.loading[rows])
            ),
        )  # fmt: skip

    def mailbox(self, scheme: Any, axes: tuple[int, int], *, weigh: bool = True) -> Mailbox:
        """The road between them; ``weigh``: each letter is written as JSON to know its bytes."""
        owned = self.owner if isinstance(scheme, Merged) else self.holder if isinstance(scheme, Fused) else None
        tso = Company("tso", (self.transmission,)) if owned is None else Company("owner", (owned,))
        dsos = tuple((Company(name, (fleet,)), rows) for name, (fleet, rows) in zip(self.companies, self.fleets, strict=True))
        return Mailbox(tso, dsos, axes=axes, clerk=Company("all companies", (self.everybody,)), weigh=weigh)


def seated(study: Study) -> Seats:
    """Check case and settings, and give each company its part."""
    case = study.case
    if found := [*case.faults(), *study.faults()]:
        raise InvalidCase(found)
    models = [Nodal.of(bundle(model)) for model in case.models]
    transmission = Transmission.of(case.transmission, forecast(case, models), study.loading, study.options, study.feeder_loading)
    holder = None
    if isinstance(study.scheme, Fused):
        from gridtandem.parties.holder import Holder

        holder = Holder.of(case, study.loading, study.options, study.feeder_solver)
    companies = _by_company(case)
    *fleets, everybody = _fleets(study, models, [*companies, np.arange(len(case.interfaces))])
    return Seats(
        transmission=transmission, fleets=tuple(zip(fleets, companies, strict=True)), everybody=everybody, companies=case.companies,
        owner=Owner.of(case, study.loading, study.options, study.feeder_loading),
        roster=Roster.of(transmission.newton.nodal, models, case.interfaces), holder=holder,
    )  # fmt: skip


def forecast(case: Case, models: Sequence[Nodal]) -> LoadLaw:
    """What transmission expects feeders to draw: nominal load less DG, no losses, exponents weighted by load. [per unit]"""
    table = case.interfaces
    factor = table.count * table.scale / case.ports  # several ports are expected to draw equal parts
    lumps = [_lump(nodal) for nodal in models]
    s, exponent = np.array([s for s, _ in lumps], np.complex128), np.array([n for _, n in lumps], float).reshape(-1, 2)
    return boundary_bus(table.bus, s[table.model] * factor.astype(np.complex128), exponent[table.model])


def _lump(nodal: Nodal) -> tuple[complex, tuple[float, float]]:
    demand, slope = nodal.loads.at(np.ones(len(nodal.loads.node)))
    load, bend = demand.sum(), slope.sum()  # d P / d v at 1 pu is the load-weighted exponent times P
    n = (bend.real / load.real if load.real else 0.0, bend.imag / load.imag if load.imag else 0.0)
    return complex(load - nodal.units.s.sum()), n


def _fleets(study: Study, models: Sequence[Nodal], parts: Sequence[Index]) -> Iterator[Fleet]:
    """The feeders behind the interfaces of each part; what those with one port have in common is worked out once."""
    case, table = study.case, study.case.interfaces
    first = np.cumsum(np.array([0, *(len(n.node) for n in models)], np.int64))
    root = np.concatenate([np.empty(0, np.int64), *(n.node for n in models)])[first[table.model] + table.root]
    ports, (_, feeder) = case.ports, np.unique(table.feeder, return_inverse=True)
    one = np.flatnonzero(ports == 1)
    feeders = Feeders.of(models, root=root[one], model=table.model[one], scale=table.scale[one], method=study.feeder_solver, options=study.options)
    for rows in parts:
        alone, port = np.flatnonzero(ports[rows] == 1), np.flatnonzero(ports[rows] > 1)
        port = port[np.argsort(feeder[rows[port]], kind="stable")]  # those of one feeder beside each other
        _, begin = np.unique(feeder[rows[port]], return_index=True)
        roots, at = np.split(root[rows[port]], begin[1:])[: len(begin)], rows[port[begin]]
        several = MultiPort.of([models[m] for m in table.model[at]], roots, table.scale[at], study.options)
        yield Fleet(
            interface=table.name[rows], alone=alone, feeders=feeders.take(np.searchsorted(one, rows[alone])), port=port, several=several,
            count=table.count[rows], loading=study.at_feeders[..., rows],
        )  # fmt: skip


def _by_company(case: Case) -> list[Index]:
    """Interfaces behind which each company stands, in the order of the companies."""
    _, first, which = np.unique(case.interfaces.company, return_index=True, return_inverse=True)
    rows = np.split(np.argsort(which, kind="stable"), np.cumsum(np.bincount(which))[:-1])
    return [rows[k] for k in np.argsort(first)]


def _loading_faults(loading: object) -> Iterator[Fault]:
    if not isinstance(loading, np.ndarray) or loading.ndim != 2 or not loading.size or loading.dtype.kind not in "fiu":
        what = f"is an array of shape {loading.shape} of {loading.dtype}" if isinstance(loading, np.ndarray) else f"is {loading!r}"
        yield Fault("study", what, "give an array of numbers (scenario, period), of one each or more", "study-003", column="loading")
    elif not (np.isfinite(loading).all() and (loading >= 0).all()):
        yield Fault("study", "has a loading that is negative or no number", "give factors of 0 or more", "case-059", column="loading")


def _feeder_loading_faults(study: Study) -> Iterator[Fault]:
    given, wide = study.feeder_loading, len(study.case.interfaces)
    shape = (*study.loading.shape, wide) if isinstance(study.loading, np.ndarray) else ("scenario", "period", wide)
    if not isinstance(given, np.ndarray) or given.shape != shape or given.dtype.kind not in "fiu":
        what = f"is an array of shape {given.shape} of {given.dtype}" if isinstance(given, np.ndarray) else f"is {given!r}"
        yield Fault("study", what, f"give an array of numbers (scenario, period, interface), here {shape}", "study-005", column="feeder_loading")
    elif not (np.isfinite(given).all() and (given >= 0).all()):
        yield Fault("study", "has a loading that is negative or no number", "give factors of 0 or more", "case-059", column="feeder_loading")
    else:
        feeder = study.case.interfaces.feeder
        _, first, which = np.unique(feeder, return_index=True, return_inverse=True)
        if many := dict.fromkeys(feeder[(given != given[..., first[which]]).any((0, 1))].tolist()):
            what = f"{', '.join(map(repr, many))} has other loadings at other ports"
            yield Fault("study", what, "give all ports of a feeder the same", "study-007", column="feeder_loading")


def _port_faults(study: Study) -> Iterator[Fault]:
    """Letters without angles cannot say what drives power around a loop; sweeps know one root."""
    case = study.case
    many = ", ".join(map(repr, dict.fromkeys(case.interfaces.feeder[case.ports > 1].tolist())))
    if many and BLIND & getattr(study.scheme, "asks_dsos", frozenset()):
        what = f"{many}: fed from more than one transmission bus, between which angles drive power; this scheme sends magnitudes only"
        mend = "take scheme boundary-newton, fused or merged; or give each port a feeder of its own, or open one"
        yield Fault("interfaces", what, mend, "study-022", column="feeder", place=case.name)
    if many and study.feeder_solver == "sweep":
        what = f"is sweep, but {many} has several roots, and a sweep starts at one"
        yield Fault("study", what, "take feeder_solver auto or newton", "study-008", column="feeder_solver")
