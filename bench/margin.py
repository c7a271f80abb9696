"""How far load can grow: the nose of a network beside ANDES' continuation, and of transmission with its feeders, coordinated and as one.

ANDES brings its own linear algebra and lives in an environment of its own (`bench/andes_side.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from bench.apart import arrays, elsewhere
from gridtandem.cases.join import joined
from gridtandem.cases.library import network
from gridtandem.cases.named import case
from gridtandem.coordinate import coordinate
from gridtandem.flow.continuation.direction import Direction
from gridtandem.flow.continuation.margin import margin_of
from gridtandem.flow.continuation.options import Tracing
from gridtandem.flow.continuation.trace import trace
from gridtandem.flow.newton import Newton
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.schemes.ccpf import Ccpf
from gridtandem.schemes.ccpf_nose import CcpfNose
from gridtandem.study.margin.ask import Growth
from gridtandem.study.margin.coordinated import GrowthSeats
from gridtandem.tables import Real

SIDE = Path(__file__).with_name("andes_side.py")
ONLY_THE_NOSE = Tracing(until="nose", note=(), longest=0.1)
Work = Callable[[], NDArray[Any]]


@final
@dataclass(frozen=True, slots=True)
class Nose:
    """ANDES on a network."""

    network: Callable[[], Nodal]
    peer: str = "andes"

    def measured(self, python: Path | None, repeat: int) -> tuple[list[float], Real, str]:
        """Milliseconds of each run, λ*, version."""
        found = elsewhere(python, SIDE, arrays(self.network()), {"repeat": repeat})
        return found["ms"].tolist(), found["v"], str(found["version"])


def contenders(name: str) -> dict[str, Callable[[], Work] | Nose]:
    """Ours, and the peer."""
    return {"continuation": lambda: _nose(network(name)), "ANDES": Nose(lambda: Nodal.of(network(name)))}


def _nose(net: Network) -> Work:
    newton = Newton.of(Nodal.of(net))
    direction = Direction.of(newton.nodal)
    return lambda: np.array([margin_of(trace(newton, direction, ONLY_THE_NOSE)).growth])


def coordinated(name: str) -> dict[str, Callable[[], Work]]:
    """λ* of a system by letters, and of all its networks as one."""

    def told(scheme: Any) -> Callable[[], Work]:
        def prepare() -> Work:
            seats = GrowthSeats.of(case(name), Growth())
            return lambda: np.array([scheme.curve(coordinate(seats.mailbox(), scheme, rounds=500).require().state).points.growth.max()])

        return prepare

    return {"ccpf": told(Ccpf()), "ccpf-nose": told(CcpfNose()), "merged": lambda: _nose(joined(case(name)).network)}
