"""Words for what an OpenDSS engine states: elements, their ends, the circuit around them; numbers and coils in our terms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, final

from gridtandem.grid import phase_elements as pe

Engine = Any  # a context of opendssdirect, which has no types
Plain = dict[str, Any]  # properties of an element or cells of a row; texts, numbers and lists of them
NO_LIMIT = 1e99  # how a file says infinity


@final
@dataclass(frozen=True, slots=True)
class End:
    """Where an element ends: a bus, the node of each conductor (0 is ground) and which conductors are open."""

    bus: str
    nodes: tuple[int, ...]
    open: tuple[bool, ...]


@final
@dataclass(frozen=True, slots=True)
class Element:
    """An element with all its properties."""

    kind: str
    name: str
    ends: tuple[End, ...]
    data: Plain

    @property
    def closed(self) -> bool:
        """Whether all conductors are closed at all ends."""
        return not any(any(end.open) for end in self.ends)

    def nodes(self) -> list[int]:
        """Nodes of all conductors of all ends."""
        return [n for end in self.ends for n in end.nodes]


@final
@dataclass(frozen=True, slots=True)
class Circuit:
    """What holds for all elements of a circuit."""

    frequency_hz: float
    load_factor: float
    generator_factor: float
    buses: Mapping[str, int]  # row of each name
    transformers: Mapping[str, int]


def shifted(value: float, places: int) -> float:
    """``value`` · 10^places, moving the decimal point of its shortest text: 8.3 kW is 0.0083 MW and comes back as 8.3."""
    if abs(value) >= NO_LIMIT:
        return math.copysign(math.inf, value)
    return float(Decimal(repr(float(value))).scaleb(places)) + 0.0  # + 0.0: no negative zero


def limit(value: float, places: int = 0) -> float:
    """A rating; 0 says that there is none."""
    return math.inf if value <= 0 else shifted(value, places)


def coil_fault(delta: bool, phases: int, nodes: Sequence[int]) -> str:
    """Why a winding, load or capacitor has no coils as `coil_row` states them; empty where it has.

    ``nodes`` lists the conductors of one side: phases first, then for a wye its star point.
    """
    if phases == 1:
        return "makes a coil that does not go from a phase to another node" if nodes[0] in (0, nodes[1]) else ""
    ends, star = nodes[:phases], nodes[phases:]
    if phases > 3 or 0 in ends or len(set(ends)) < len(ends):
        return "does not end on as many phases as it has"
    if delta:
        return "" if phases == 3 else "is an open delta; state its coils one by one"
    return "has its star point on a phase" if any(star) else ""


def coil_row(delta: bool, phases: int, nodes: Sequence[int]) -> tuple[int, list[int]]:
    """Connection and terminals of a winding, load or capacitor.

    A single coil between two phases is a delta of two terminals, whatever the file calls it, and one from phase to ground a wye.
    """
    ends = list(nodes[:2]) if phases == 1 else list(nodes[:phases])
    delta = bool(ends[1]) if phases == 1 else delta
    return (pe.DELTA if delta else pe.WYE), [*ends, 0, 0][:3]
