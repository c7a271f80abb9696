"""A study of energy and reserve: everything that determines it, as one frozen record; and the parties it seats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np

from gridtandem.boundary.mailbox import Company, Mailbox
from gridtandem.boundary.secure_letters import BestSecure, SecureWhole
from gridtandem.cases.case import Case
from gridtandem.cases.folder.csv_text import parsed
from gridtandem.cases.text_file import read_text
from gridtandem.errors import Fault, InvalidCase
from gridtandem.frequency.follower import SecureMarket
from gridtandem.frequency.schedule import Hung, JointSchedule, uncovered
from gridtandem.frequency.security import Inertia, Limits, Security, Service, hours_wrong
from gridtandem.frequency.security import Nadir as Nadir
from gridtandem.frequency.transmission import SecureTransmission
from gridtandem.opf.fast_reserve import MODELS, FastFeeder
from gridtandem.opf.fast_reserve import Model as Model
from gridtandem.opf.feeder import FeederProblem
from gridtandem.parties.secure_feeders import SecureFeeders
from gridtandem.parties.secure_owner import SecureOwner
from gridtandem.parties.secure_transmission import SecureTransmissionDesk
from gridtandem.resources.day import faults as resource_faults
from gridtandem.resources.part import Window
from gridtandem.study.kinds import RESERVE, Kind
from gridtandem.study.provenance import digest_of

DAY = 24
FORM = "a CSV file with columns hour, inertia_mws, loss_mw"


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ReserveStudy:
    """A case, a scheme of energy and reserve, the hours it is about and what is asked of frequency. Same study, same bits."""

    kind: ClassVar[Kind] = RESERVE
    case: Case
    scheme: Any
    first: int = 1  # first hour, counted from 1
    hours: int = DAY
    feeders: Model = "full"  # how their networks count
    inertia: Inertia | None = None  # what each hour must bear; None: the case's own
    security: Security = field(default_factory=Security)  # limits of frequency, and when reserve is there
    rounds: int = 100

    records: ClassVar = (Inertia, Security, Limits, Service)  # that settings may consist of

    @property
    def window(self) -> Window:
        """Its hours among those of the profiles."""
        return Window(first=self.first - 1, periods=self.hours)

    @property
    def borne(self) -> Inertia | None:
        """What each hour must bear; None where nobody says."""
        return own_inertia(self.case) if self.inertia is None else self.inertia

    def settings(self) -> dict[str, Any]:
        """Everything but the case, as plain words, numbers and records of them; hours that the case brings are written out."""
        told = {name: getattr(self, name) for name in ("scheme", "first", "hours", "feeders", "security", "rounds")}
        table = self.borne
        return {**told, "inertia": None if table is None else Inertia.of({name: getattr(table, name).tolist() for name in table.columns()})}

    def digest(self) -> str:
        """SHA-256 of case and settings; equal digests give equal results."""
        return digest_of(self.case.digest(), settings=dict(sorted(self.settings().items())))

    def faults(self) -> Iterator[Fault]:
        """What keeps case and settings from a program; hours are a question of their own."""
        if self.feeders not in MODELS:
            yield Fault("study", f"is {self.feeders!r}", f"take one of {', '.join(MODELS)}", "frequency-044", column="feeders")
        table = self.borne
        yield from () if table is None else (f for f in table.faults() if f.column == "hour")
        if table is None:
            what, mend = "is not given", "give a table or a CSV file with hour, inertia_mws and loss_mw"
            yield Fault("inertia", what, mend, "frequency-043", place=self.case.name)
        if len(self.security.fast) != 1:
            what, mend = f"has {len(self.security.fast)} fast services", "give one: a day of reserve has one of each"
            yield Fault("services", what, mend, "frequency-048")
        if not (_whole(self.first) and _whole(self.hours)):
            yield Fault("study", f"are {self.hours} from {self.first}", "give 1 or more, from 1 on", "frequency-045", column="hours")
        if not _whole(self.rounds):
            yield Fault("study", f"is {self.rounds!r}", "give a whole number of 1 or more", "frequency-049", column="rounds")
        yield from self._case_faults()

    def hourly_faults(self) -> Iterator[Fault]:
        """What no reserve could mend in its hours, each with its name."""
        if (table := self.borne) is None or not (_whole(self.first) and _whole(self.hours)):
            return
        mine = table.take((table.hour >= self.first) & (table.hour < self.first + self.hours))
        yield from uncovered(mine, self.window, self.case.transmission.generators.name.tolist())
        yield from self.security.faults(mine)

    def _case_faults(self) -> Iterator[Fault]:
        links, name = self.case.interfaces, self.case.name
        for k in np.flatnonzero(self.case.ports > 1).tolist():
            what, mend = f"{str(links.feeder[k])!r}: fed from more than one transmission bus", "give each port a feeder of its own"
            yield Fault("interfaces", what, mend, "study-022", column="feeder", place=name)
        for k in np.flatnonzero(links.scale != 1).tolist():
            what, mend = f"is {links.scale[k]:g}", "give feeders of the size they have (scale 1), and their number as count"
            yield Fault("interfaces", what, mend, "frequency-046", column="scale", row=k, place=name)
        end = self.window.end if _whole(self.first) and _whole(self.hours) else 1
        for k, net in enumerate((self.case.transmission, *self.case.models)):
            yield from (f.at(net.name) for f in resource_faults(net, end, source=k == 0))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ReserveSeats:
    """The parties. The owner sits only where one person holds all models: he is the benchmark."""

    case: Case
    owner: SecureOwner

    @property
    def market(self) -> SecureTransmissionDesk:
        """The operator of transmission, who buys reserve."""
        made = self.schedule
        place = np.unique(made.transmission.at, return_inverse=True)[1].astype(np.int64)
        of_bus = dict.fromkeys(place.tolist())
        order = {k: number for number, k in enumerate(of_bus)}  # totals in the order of their first interfaces
        numbers = np.array([order[k] for k in place.tolist()], np.int64)
        return SecureTransmissionDesk(SecureMarket(transmission=made.transmission, inertia=made.inertia, security=made.security, place=numbers))

    @property
    def schedule(self) -> JointSchedule:
        """Transmission, feeders by interface and what is asked of frequency, as one program."""
        return self.owner.schedule

    def mailbox(self, scheme: Any) -> Mailbox:
        """The road between them. Companies that lead decide together, at one desk."""
        whole = SecureWhole in scheme.asks_tso
        tso = Company("owner", (self.owner,)) if whole else Company("tso", (self.market,))
        rows = {name: self.case.rows_of(name) for name in self.case.companies}
        if BestSecure in scheme.asks_dsos and rows:
            rows = {", ".join(rows): np.sort(np.concatenate([*rows.values()]))}
        hung = self.schedule.feeders
        dsos = tuple((Company(name, (SecureFeeders(tuple(hung[k] for k in mine.tolist())),)), mine) for name, mine in rows.items())
        return Mailbox(tso, dsos, axes=(1, self.schedule.transmission.window.periods))


def seated(study: ReserveStudy) -> ReserveSeats:
    """Check case and settings, and give each company its part."""
    if found := [*study.case.faults(), *study.faults()]:
        raise InvalidCase([*found, *study.hourly_faults()])
    links, window, inertia = study.case.interfaces, study.window, study.borne
    assert inertia is not None
    made: dict[tuple[int, int], FastFeeder] = {}
    for model, root in dict.fromkeys(zip(links.model.tolist(), links.root.tolist(), strict=True)):
        try:
            made[model, root] = FastFeeder.of(FeederProblem.of(study.case.models[model], root, window), study.feeders)
        except InvalidCase as e:
            found += e.faults
    if found:
        raise InvalidCase([*found, *study.hourly_faults()])
    each = zip(links.model.tolist(), links.root.tolist(), links.count.tolist(), strict=True)
    hung = [Hung(feeder=made[model, root], count=count) for model, root, count in each]
    transmission = SecureTransmission.of(study.case.transmission, links.bus, window)
    return ReserveSeats(case=study.case, owner=SecureOwner(schedule=JointSchedule.of(transmission, hung, inertia, study.security)))


def inertia_of(given: object) -> Inertia | None:
    """Hours as they are given: a table, a DataFrame or a file with the columns of `read_inertia`, or nothing."""
    if given is None or isinstance(given, Inertia):
        return given
    if isinstance(given, str | Path):
        return read_inertia(given)
    if callable(write := getattr(given, "to_csv", None)):
        return _read("inertia", write(index=False))
    what, mend = f"is a {type(given).__name__}", "give a table Inertia, a DataFrame or a CSV file with hour, inertia_mws and loss_mw"
    raise InvalidCase([Fault("inertia", what, mend, "frequency-090")])


def read_inertia(path: str | Path) -> Inertia:
    """From a CSV file with the columns ``hour, inertia_mws, loss_mw`` and perhaps ``lost``."""
    return _read(Path(path).name, read_text(Path(path), FORM))


def _read(place: str, words: str) -> Inertia:
    read = parsed(Inertia, words, {})
    if found := [*read.faults, *read.news(read.table.faults()), *hours_wrong(read.table)]:
        raise InvalidCase([f.at(place) for f in found])
    return read.table


def own_inertia(case: Case) -> Inertia | None:
    """What each hour of a case must bear, where it says so."""
    from gridtandem.cases.rts24 import LOAD_MW
    from gridtandem.cases.rts24_ffr import CALIBRATED, inertia_of_day

    return Inertia.of(inertia_of_day(LOAD_MW)) if case.name in CALIBRATED else None


def _whole(given: object) -> bool:
    """A whole number of 1 or more?"""
    return isinstance(given, int | np.integer) and not isinstance(given, bool) and bool(given >= 1)
