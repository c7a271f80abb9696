r"""Which plants run in each hour of a day, at least cost, and so how much kinetic energy there is: a small unit commitment.

.. math:: \min \sum_t c(p_t) + \sum_{t,g} s_g\, a_{gt} \quad\text{s.t.}\quad \text{DC network},\quad
          \underline p_g u_{gt} \le p_{gt} \le \overline p_{gt} u_{gt},\quad u_{gt} - u_{g,t-1} = a_{gt} - b_{gt},

.. math:: \sum_{\tau = t - U_g + 1}^{t} a_{g\tau} \le u_{gt},\qquad \sum_{\tau = t - D_g + 1}^{t} b_{g\tau} \le 1 - u_{gt},\qquad u \in \{0, 1\}

with a, b starts and stops, and least times U on and D off, of which those before the first hour count. Rows of least times: D. Rajan, S. Takriti,
"Minimum up/down polytopes of the unit commitment problem with start-up costs", IBM Research Report RC23628, 2005. Where u is whole, so are a and b.

A plant may be of several units alike; the largest loss is the output of one of them. Reserve is not scheduled here: this only makes the inertia that
`gridtandem.frequency.security` asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np
from scipy import sparse

from gridtandem.errors import Fault, InvalidCase
from gridtandem.frequency.security import Inertia
from gridtandem.frequency.transmission import SecureTransmission
from gridtandem.program.answer import Answer
from gridtandem.program.arrays import Columns, Matrix, Program, Rows
from gridtandem.program.solvers.highs import Highs
from gridtandem.resources.steps import UNIT
from gridtandem.tables import Flag, Index, Names, Real, Table, column

GAP = 1e-6  # relative
ALIKE = 6  # decimals [MW]; outputs that agree in them are equal


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Plants(Table):
    """Generators that are committed, and what their masses hold. Generators without a row here always run and hold nothing."""

    kind: ClassVar[str] = "plants"
    name: Names = column("generator of transmission", dtype="U", unique=True)
    energy_mws: Real = column("kinetic energy of all its units at nominal speed", unit="MW·s", at_least=0.0)
    units: Index = column("units alike that it is made of", dtype="i8", at_least=1, default=1)
    least_mw: Real = column("least power when it runs", unit="MW", at_least=0.0, default=0.0)
    up_h: Index = column("hours that it stays on at least", dtype="i8", at_least=0, default=1)
    down_h: Index = column("hours that it stays off at least", dtype="i8", at_least=0, default=1)
    start_cost: Real = column("cost of a start", unit="currency", at_least=0.0, default=0.0)
    before_h: Index = column("hours that it has been on before the first, or off: below 0", dtype="i8", default=1000)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Committed:
    """The answer; NaN, and nothing on, where there is none."""

    answer: Answer
    on: Flag  # (period, plant)
    power: Real  # (period, plant) [MW]
    shed: Real  # (period) demand not served [MW]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Commitment:
    """Transmission with what its feeders draw, and its plants."""

    transmission: SecureTransmission
    given: Real  # (period, interface) what feeders take [MW]
    plants: Plants

    def faults(self) -> Iterator[Fault]:
        """What is wrong with the plants."""
        yield from self.plants.faults()
        units, names = self.transmission.network.generators, self.transmission.network.generators.name.tolist()
        for row, name in enumerate(self.plants.name.tolist()):
            if name not in names:
                yield self.plants.fault(row, "name", f"names {name!r}", "name a generator of transmission", "frequency-073")
            elif self.plants.least_mw[row] > units.p_high_mw[names.index(name)]:
                what = f"is {self.plants.least_mw[row]:g} MW, more than its most, {units.p_high_mw[names.index(name)]:g}"
                yield self.plants.fault(row, "least_mw", what, "give the least power when it runs", "frequency-074")
        for row in np.flatnonzero(self.plants.before_h == 0).tolist():
            yield self.plants.fault(row, "before_h", "is 0", "give hours on (above 0) or off (below)", "frequency-075")

    @property
    def row(self) -> Index:
        """(plant) its generator."""
        names = self.transmission.network.generators.name.tolist()
        return np.array([names.index(name) for name in self.plants.name.tolist()], np.int64)

    def program(self) -> Program:
        """Blocks of transmission, and ``on``, ``start`` and ``stop`` (period, plant)."""
        t, p = self.transmission.window.periods, self.plants
        base, steps, shape = self.transmission.program, self.transmission.owned.steps, (t, len(p))
        low, high = self._before(t)
        pick = np.asarray((steps.source == UNIT) & (steps.row == self.row[:, None]), np.float64)
        power: Matrix = sparse.csr_array(sparse.kron(sparse.eye_array(t), sparse.csr_array(pick)))
        most = steps.high @ pick.T
        one, back = sparse.eye_array(t * len(p)), sparse.kron(sparse.eye_array(t, t, k=-1), sparse.eye_array(len(p)))
        began = np.zeros(shape)
        began[0] = p.before_h > 0
        columns = {
            **base.columns, "up": replace(base.columns["up"], high=0.0 * base.columns["up"].high),
            "given": replace(base.columns["given"], low=self.given, high=self.given), "on": Columns.of(shape, low, high, integer=True),
            "start": Columns.of(shape, 0.0, 1.0, cost=p.start_cost), "stop": Columns.of(shape, 0.0, 1.0),
        }  # fmt: skip
        rows = {
            **base.rows, "most": Rows.of(shape, -np.inf, 0.0, {"x": power, "on": -sparse.diags_array(most.ravel())}),
            "least": Rows.of(shape, 0.0, np.inf, {"x": power, "on": -sparse.diags_array(np.minimum(p.least_mw, most).ravel())}),
            "change": Rows.of(shape, began, began, {"on": one - back, "start": -one, "stop": one}),
            "stays": Rows.of(shape, 0.0, np.inf, {"on": one, "start": -_recent(t, p.up_h)}),
            "rests": Rows.of(shape, -np.inf, 1.0, {"on": one, "stop": _recent(t, p.down_h)}),
        }  # fmt: skip
        return Program(columns, rows, base.cones, base.constant)

    def _before(self, t: int) -> tuple[Real, Real]:
        """Bounds of ``on``: hours that least times from before the first bind."""
        p, hour = self.plants, np.arange(t)[:, None]
        low = (p.before_h > 0) & (hour < p.up_h - p.before_h)
        high = ~((p.before_h < 0) & (hour < p.down_h + p.before_h))
        return np.asarray(low, np.float64), np.asarray(high, np.float64)

    def solve(self) -> Committed:
        """By HiGHS; `InvalidCase` where the plants are no plants of transmission."""
        if found := tuple(self.faults()):
            raise InvalidCase(found)
        answer = Highs(gap=GAP).solve(self.program())
        power = self.transmission.owned.steps.power(answer.x["x"], len(self.transmission.network.generators))[:, self.row]
        on = np.asarray(np.nan_to_num(answer.x["on"]) > 0.5)
        return Committed(answer=answer, on=on, power=power, shed=answer.x["shed"].sum(-1))


def inertia_of(plants: Plants, made: Committed, first_hour: int, loss_mw: float | None = None) -> Inertia:
    """What stays, and what is lost, when the unit with the most output goes out; the first of equals. ``loss_mw`` stands in place of its output."""
    each = np.round(np.where(made.on, made.power, -1.0) / plants.units, ALIKE)
    lost, hours = each.argmax(1), np.arange(len(each))
    left = (made.on * plants.energy_mws).sum(1) - (plants.energy_mws / plants.units)[lost]
    return Inertia(
        hour=hours + first_hour, inertia_mws=left, loss_mw=each[hours, lost] if loss_mw is None else np.full(len(each), loss_mw),
        lost=plants.name[lost],
    )  # fmt: skip


def _recent(t: int, hours: Index) -> Matrix:
    """Sum over the last hours of each plant, this one included."""
    plants, all_plants = len(hours), np.arange(len(hours))
    pieces = []
    for back in range(int(min(t, hours.max(initial=0)))):
        who = sparse.csr_array((np.ones(plants), (all_plants, all_plants)), shape=(plants, plants)) * (hours > back)[None, :].astype(float)
        pieces.append(sparse.kron(sparse.eye_array(t, t, k=-back), who))
    total: Matrix = sparse.csr_array((t * plants, t * plants)) if not pieces else sparse.csr_array(sum(pieces[1:], pieces[0]))
    return total
