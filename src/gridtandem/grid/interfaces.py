"""Where feeders hang on transmission: the only table that names both sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from gridtandem.tables import Index, Names, Real, Table, column


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Interfaces(Table):
    """One row per place where a feeder meets transmission. Two rows with the same ``feeder`` are one feeder fed from two buses."""

    kind: ClassVar[str] = "interfaces"
    name: Names = column("name of the interface", dtype="U", unique=True)
    company: Names = column("the distribution company behind it", dtype="U")
    feeder: Names = column("the feeder; rows that share it are ports of one feeder", dtype="U")
    model: Index = column("the network that describes the feeder", dtype="i8", refers="models")
    root: Index = column("bus of that network which is the transmission bus", dtype="i8")
    bus: Index = column("transmission bus", dtype="i8", refers="buses")
    count: Index = column("how many identical feeders lie in parallel behind this interface", dtype="i8", default=1, at_least=1)
    scale: Real = column("factor on the feeder's loads and DGs", default=1.0, at_least=0.0)
