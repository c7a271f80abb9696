"""A contingency analysis as one frozen record: a study, outages of transmission, and how they are screened and ranked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid.nodal import Nodal
from gridtandem.security.outages import NONE, Group, Outages, outages_of
from gridtandem.security.severity import Rule, rating_faults
from gridtandem.study.batch.study import PORTS, Batch
from gridtandem.study.provenance import digest_of
from gridtandem.study.study import Study
from gridtandem.tables import Index

Screen = Literal["dc", "decoupled", "full"]
SCREENS = ("dc", "decoupled", "full")
Solve = Literal["curves", "letters"]
SOLVES = ("curves", "letters")
SPLIT = ("case-047", "case-099")  # faults of a network in parts, whose other numbers may be right
TAU_MVA = 0.2  # 2e-3 per unit


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Contingency:
    """Every outage is screened; those that come first, and those that come first without distribution, are solved in full.

    Without feeders there is no other order: then only the first of those screened are.
    """

    study: Study  # of one scenario and one period
    outages: Outages = NONE
    screen: Screen = "decoupled"  # full: screened by decoupled steps, and all are solved in full
    top: int = 20  # solved in full, of each of the two orders
    solve: Solve = "curves"  # full solution: on curves that feeders gave once, where these are exact and reach; or by letters of the scheme
    ratings: Rule = "case"
    power: int = 1  # n of the index that ranks
    cycles: int = 2  # of decoupled steps; one is two pairs of half steps with the feeders asked between them
    tau_mva: float = TAU_MVA  # change of a feeder's draw by its slope, above which it is asked

    @property
    def feeds(self) -> bool:
        """Are there feeders whose answers could change anything?"""
        return len(self.study.case.interfaces) > 0

    @property
    def batch(self) -> Batch:
        """The cases that are solved in full are some of this batch."""
        return Batch(study=self.study, outages=self.outages)

    def settings(self) -> dict[str, Any]:
        """What it adds to its study, as plain words and numbers."""
        islanding = self.outages.islanding
        return {
            "outages": tuple(self.outages.name), "branches": tuple(self.outages.branch), "screen": self.screen, "top": self.top,
            "solve": self.solve, "ratings": self.ratings, "power": self.power, "cycles": self.cycles, "tau_mva": self.tau_mva,
            "notes": self.outages.notes,
            "islanding": (tuple(islanding.outage.tolist()), tuple(islanding.why.tolist())),
        }  # fmt: skip

    def digest(self) -> str:
        """SHA-256 of study and settings; equal digests give equal results."""
        return digest_of("contingency", self.study.digest(), settings=self.settings())

    def faults(self) -> Iterator[Fault]:
        """Everything wrong with what it adds to its study."""
        for fault in self.batch.faults():
            several = fault.code == PORTS  # of a batch the scenarios at least can be run one by one
            yield replace(fault, table="contingency", mend="give each port a feeder of its own, or open one") if several else fault
        if np.shape(self.study.loading) != (1, 1):
            what, mend = f"has loadings of shape {np.shape(self.study.loading)}", "give one loading; for many scenarios take a batch"
            yield Fault("contingency", what, mend, "outage-010", column="loading")
        if self.screen not in SCREENS:
            yield Fault("contingency", f"is {self.screen!r}", f"it can be {', '.join(SCREENS)}", "outage-011", column="screen")
        if self.solve not in SOLVES:
            yield Fault("contingency", f"is {self.solve!r}", f"it can be {', '.join(SOLVES)}", "outage-016", column="solve")
        for name, value, least in (("top", self.top, 1), ("cycles", self.cycles, 1), ("tau_mva", self.tau_mva, 0)):
            if not (isinstance(value, int | float) and value >= least):
                yield Fault("contingency", f"is {value!r}", f"give a number of {least} or more", "outage-012", column=name)
        if self.power not in (1, 2):
            yield Fault("contingency", f"is {self.power!r}", "it can be 1 or 2", "outage-013", column="power")
        if not len(self.outages):
            yield Fault("outages", "leave nothing to solve", "name a branch whose loss islands nothing", "outage-014", place=self.study.case.name)
        yield from rating_faults(Nodal.of(self.study.case.transmission), self.ratings)

    def cases(self, outage: Index) -> Index:
        """Numbers in the batch."""
        return outage + 1


def with_outages(of: Contingency, wanted: str | Sequence[str | Sequence[str] | Group]) -> Contingency:
    """The analysis of these outages (see `gridtandem.security.outages.outages_of`); everything that is wrong with all of it is told at once."""
    case, found = of.study.case, of.outages
    faults = list(case.faults())
    if any(fault.code not in SPLIT for fault in faults):
        raise InvalidCase(faults)  # where numbers are wrong, nothing else can be said of them
    try:
        found = outages_of(case.transmission, wanted)
    except InvalidCase as e:
        faults += e.faults
    made = replace(of, outages=found)
    faults += [fault for fault in (*made.study.faults(), *made.faults()) if not (faults and fault.code == "outage-014")]
    if faults:
        raise InvalidCase(faults)
    return made
