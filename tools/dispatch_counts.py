"""How many rounds every scheme of AC dispatch takes, and what its plan costs beyond that of one owner.

``python -m tools.dispatch_counts`` prints the table of docs/explanation/coordinated-dispatch.md. Feeders of 33 buses stand at buses 10 and 12 of the
IEEE 14-bus system, at 15 and 19 of the 30-bus one, and at four buses of the 118-bus one; each has two units of its own, whose place, size and price
make the case. ``flat`` units stand next to the root, are larger than its loads, and cost nearly the same whatever they do: then nothing but
transmission's price holds them, which is where exchanges of prices swing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.market_parts import stacked
from gridtandem.cases.named import case
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.schemes.admm import Admm
from gridtandem.schemes.copf import Copf
from gridtandem.schemes.hgd import Hgd
from gridtandem.schemes.hgd_plain import HgdPlain
from gridtandem.schemes.hgd_slope import HgdSlope
from gridtandem.schemes.independent_opf import IndependentOpf
from gridtandem.study.dispatch.run import DispatchResult, dispatch
from gridtandem.study.dispatch.study import DispatchStudy

ROUNDS = 60
SCHEMES: dict[str, Any] = {
    "copf": Copf(), "hgd": Hgd(), "hgd, half way": Hgd(relaxation=0.5), "hgd-slope": HgdSlope(), "hgd-plain": HgdPlain(), "admm": Admm(),
    "independent": IndependentOpf(),
}  # fmt: skip


@final
@dataclass(frozen=True, slots=True)
class Units:
    """The two units of every feeder: at which buses, how large, and what they cost (currency/MWh, currency/MWh/MW)."""

    system: str
    at: tuple[str, str]
    p_high_mw: float
    price: tuple[float, float]
    bend: float = 0.0
    q_share: float = 0.5  # of p_high_mw, either way

    def case(self) -> Case:
        """The named system with them."""
        found = case(self.system)
        return replace(found, models=tuple(self.on(m) for m in found.models))

    def on(self, net: Network) -> Network:
        """A feeder with them; buses that it has not are counted from its own end."""
        row = {name: k for k, name in enumerate(net.buses.name.tolist())}
        return with_units(net, [row.get(name, len(row) - 1) for name in self.at], self.p_high_mw, self.price, bend=self.bend, q_share=self.q_share)


def with_units(net: Network, bus: Sequence[int], p_high_mw: float, price: Sequence[float], *, bend: float = 0.0, q_share: float = 0.5) -> Network:
    """The network with more units, which cost price · p + bend · p² an hour."""
    many, first, q = len(bus), len(net.generators), q_share * p_high_mw
    units = el.Generators.of({
        "name": [f"unit-{k + 1}" for k in range(many)], "bus": list(bus), "p_mw": [0.0] * many, "q_mvar": [0.0] * many, "p_low_mw": [0.0] * many,
        "p_high_mw": [p_high_mw] * many, "q_low_mvar": [-q] * many, "q_high_mvar": [q] * many,
    })  # fmt: skip
    whose = first + np.repeat(np.arange(many), 2)
    costs = el.Costs.of({"generator": whose, "order": np.tile([1, 2], many), "coefficient": np.stack([price, np.full(many, bend)], 1).ravel()})
    return replace(net, generators=stacked(net.generators, units), costs=stacked(net.costs, costs))


ENDS, ROOT = ("18", "33"), ("2", "3")
CASES = {
    "feeder ends, quadratic": Units("T14D2", ENDS, 1.0, (30.0, 32.0), bend=2.0),
    "feeder ends, linear": Units("T14D2", ENDS, 1.0, (30.0, 32.0)),
    "next to root, 0.03": Units("T14D2", ROOT, 5.0, (38.0, 38.5), bend=0.03),
    "next to root, 0.01": Units("T14D2", ROOT, 5.0, (38.0, 38.5), bend=0.01),
    "overvoltage": Units("T14D2", ENDS, 3.0, (10.0, 12.0)),
    "overvoltage, no Q": Units("T14D2", ENDS, 3.0, (20.0, 20.0), q_share=0.0),
    "30 buses": Units("30A", ENDS, 1.0, (30.0, 32.0), bend=2.0),
    "118 buses, flat": Units("T118Dn4", ROOT, 5.0, (39.0, 39.5), bend=0.01),
    "118 buses, cheap": Units("T118Dn4", ENDS, 1.0, (10.0, 12.0)),
}


def counted(found: DispatchResult) -> str:
    """Rounds and gap, or how it ended."""
    end = found.outcome.end.name
    if not found.outcome.answered:
        return {"CYCLES": f"cycles, seen in {found.outcome.rounds}", "OUT_OF_ROUNDS": f"over {found.outcome.rounds}"}.get(end, end.lower())
    broken = len(found.tables.violations)
    return f"{found.outcome.rounds}, {found.gap:.0e}" + f", breaks {broken}" * (broken > 0)


def main() -> None:
    """Print the table."""
    print("| case | " + " | ".join(SCHEMES) + " |")
    print("|---|" + "---|" * len(SCHEMES))
    for name, units in CASES.items():
        study = DispatchStudy(case=units.case(), scheme=None, rounds=ROUNDS)
        told = [counted(dispatch(replace(study, scheme=scheme))) for scheme in SCHEMES.values()]
        print(f"| {name} | " + " | ".join(told) + " |", flush=True)


if __name__ == "__main__":
    main()
