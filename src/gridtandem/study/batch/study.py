"""A batch: scenarios × outages as one frozen record. Same batch, same bits, however it is cut into blocks or interrupted.

Case ``n`` is scenario ``n // (1 + outages)`` under outage ``n % (1 + outages) − 1``, −1 being none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gridtandem.errors import Fault
from gridtandem.schemes.fused import Fused
from gridtandem.security.outages import NONE, Outages
from gridtandem.study.provenance import digest_of
from gridtandem.study.study import Study
from gridtandem.tables import Index, Names

PORTS = "batch-005"


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Batch:
    """A study of many scenarios, each also under outages of transmission's branches."""

    study: Study  # its loadings have one period
    outages: Outages = NONE
    hours: float = np.nan  # that a scenario lasts; NaN: not told, and no energy is
    keep: tuple[str, ...] = ()  # "voltages": of every node in every case

    @property
    def width(self) -> int:
        """Cases of one scenario."""
        return 1 + len(self.outages)

    @property
    def size(self) -> int:
        """Cases."""
        return len(self.study.loading) * self.width

    def settings(self) -> dict[str, Any]:
        """What a batch adds to its study, as plain words and numbers."""
        islanding = self.outages.islanding
        return {
            "outages": tuple(self.outages.name), "branches": tuple(self.outages.branch), "hours": self.hours, "keep": self.keep,
            **({"notes": self.outages.notes} if self.outages.notes else {}),
            "islanding": (tuple(islanding.outage.tolist()), tuple(islanding.why.tolist())),
        }  # fmt: skip

    def digest(self) -> str:
        """SHA-256 of study and settings; equal digests give equal results."""
        return digest_of(self.study.digest(), settings=self.settings())

    def faults(self) -> Iterator[Fault]:
        """Everything wrong with the settings of the batch; those of the study are its own to tell."""
        shape = np.shape(self.study.loading)
        if len(shape) == 2 and shape[1] != 1:
            yield Fault("batch", f"has {shape[1]} periods", "give one number for each scenario", "batch-001", column="loading")
        if not (np.isnan(self.hours) or 0 < self.hours < np.inf):
            yield Fault("batch", f"is {self.hours!r}", "give the hours that a scenario lasts, above 0", "batch-002", column="hours")
        if len(self.outages) and isinstance(self.study.scheme, Fused):
            mend = "take scheme merged or response, which do"
            yield Fault("batch", "has outages, and scheme fused does not serve them", mend, "batch-004", column="outages")
        if many := dict.fromkeys(self.study.case.interfaces.feeder[self.study.case.ports > 1].tolist()):
            what, mend = f"{', '.join(map(repr, many))}: fed from more than one transmission bus", "run the scenarios by loading = […]"
            yield Fault("batch", f"does not serve {what}", mend, "batch-005")
        for word in self.keep:
            if word != "voltages":
                yield Fault("batch", f"is {word!r}", "it can be voltages", "batch-003", column="keep")

    def called(self, number: Index) -> tuple[Index, Names]:
        """Scenario and outage of cases."""
        names = np.array(["", *self.outages.name])
        return number // self.width, names[number % self.width]
