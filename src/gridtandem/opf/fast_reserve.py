r"""A feeder that keeps fast reserve for the loss of a unit in transmission: its network twice, as it stands and with all of the reserve called.

Devices keep f, which a loss calls all at once and before any tap moves. Both states are branch flows of one network behind one root voltage,

.. math:: p^1 = p^0 + f, \qquad w^0_{root} = w^1_{root}, \qquad 0 \le F \le z^0 - z^1, \qquad F \le \sum_i f_i

with z what the feeder takes from transmission. So F, the award, is what transmission feels when f is called: net of the losses that this makes, and
within limits of voltages and currents while it lasts. Losses that f saves are not sold. Room below the limits of devices, and energy that storage
keeps for as long as the reserve must last, are those of `gridtandem.resources.regulation`; inverters may choose their reactive power anew,
within the polygon of `gridtandem.resources.reactive` inside the circle of their apparent power.

Cones are tight where losing power costs money. As the network stands, one MW that is not lost but said to be costs the price of energy, and may bring
an award: a penalty on losses, of more per MWh than it brings, keeps cones tight. In the called state losses cost award.

Three models of the network stand for what is left out: ``full``, ``base-only`` (nobody looks at the called state: F = Σ f) and ``none`` (no network).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeVar, final

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from gridtandem.errors import Fault, InvalidCase, UnknownName
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.forms.branch_flow import BranchFlow
from gridtandem.orders.products import PRODUCTS
from gridtandem.program.answer import Answer
from gridtandem.program.arrays import Columns, Cones, Matrix, Program, Rows
from gridtandem.resources.regulation import FOLLOWS, STORAGE, Regulators
from gridtandem.tables import Real

Model = Literal["full", "base-only", "none"]
MODELS: tuple[Model, ...] = ("full", "base-only", "none")
STATES = BASE, CALLED = "", "_called"  # what is behind the names of blocks of each state
MOVES = ("z", "flow_p", "flow_q", "ell", "w", "q", "q_storage")  # blocks that have a number in each state
IDLE = 1.0  # currency/Mvarh of reactive losses in branches without resistance, whose currents nothing else keeps down
ROUNDING = 1e-9
UP = "up"
BOUGHT = np.array([name == UP for name in PRODUCTS])
R = TypeVar("R", Rows, Cones)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FastFeeder:
    """The program of a feeder with blocks ``z`` and ``award`` (period), and ``up`` (period, device), what each device keeps. [MW]"""

    feeder: FeederProblem
    regulators: Regulators
    network: BranchFlow | None  # None: model none
    model: Model
    program: Program

    @staticmethod
    def of(feeder: FeederProblem, model: Model = "full", *, root_pu: float = 1.0, penalty: ArrayLike = 0.0) -> FastFeeder:
        """Devices and prices are the network's offers of regulation up. ``penalty`` (state, period): see `dearer`."""
        if model not in MODELS:
            raise UnknownName("model of a feeder's network", model, list(MODELS))
        if found := tuple(_tired(feeder)):
            raise InvalidCase(found)
        made = Regulators.of(feeder.network, feeder.owned.steps, feeder.window, BOUGHT)
        network = None if model == "none" else BranchFlow.of(feeder, root_pu=root_pu)
        base = feeder.program if network is None else network.program
        columns = {**base.columns, UP: made.columns[UP], "award": Columns.of((feeder.window.periods,), 0.0)}
        rows = {k: r for k, r in base.rows.items() if network is not None or k != "limit"} | {k: r for k, r in made.rows.items() if k in KEPT}
        rows["kept"] = _kept(made, feeder.window.periods)
        cones = dict(base.cones)
        if network is not None and model == "full":
            columns |= {k + CALLED: base.columns[k] for k in MOVES if k in base.columns}
            rows |= {k + CALLED: made.deployed(_renamed(base.rows[k]), UP, 1.0) for k in (*PHYSICS, *FOLLOWS) if k in base.rows}
            cones |= {k + CALLED: _renamed(c) for k, c in base.cones.items()}
            one = sparse.eye_array(feeder.window.periods)
            rows["delivered"] = Rows.of((feeder.window.periods,), 0.0, np.inf, {"z": one, "z" + CALLED: -one, "award": -one})
        program = Program(columns, rows, cones, base.constant)
        return FastFeeder(feeder=feeder, regulators=made, network=network, model=model, program=program).dearer(penalty)

    def dearer(self, penalty: ArrayLike) -> FastFeeder:
        """The same with a price (state, period) on losses as it stands, and called. [currency/MWh]"""
        columns, periods = dict(self.program.columns), self.feeder.window.periods
        for state, price in zip(STATES, np.broadcast_to(np.asarray(penalty, np.float64), (len(STATES), periods)), strict=True):
            if self.network is not None and "ell" + state in columns:
                each = price[:, None] * self.network.r + np.where(self.network.r > 0, 0.0, IDLE * self.network.x)
                columns["ell" + state] = replace(columns["ell" + state], cost=each * self.feeder.window.hours)
        return replace(self, program=replace(self.program, columns=columns))

    def paid(self, x: Mapping[str, Real]) -> float:
        """What the answer holds of prices on losses. [currency]"""
        return sum(float((self.program.columns["ell" + s].cost * x["ell" + s]).sum()) for s in self.states)

    @property
    def most_paid(self) -> float:
        """No answer holds more of them. [currency]"""
        blocks = [self.program.columns["ell" + s] for s in self.states]
        return sum(float((c.cost * c.high)[c.cost > 0].sum()) for c in blocks)

    @property
    def most(self) -> Real:
        """What devices could keep at most (period). [MW]"""
        return np.asarray(self.program.columns[UP].high.sum(-1))

    @property
    def states(self) -> tuple[str, ...]:
        """Those whose network the program holds."""
        return tuple(s for s in STATES if "ell" + s in self.program.columns)

    def slack(self, answer: Answer) -> Real:
        """How far the worst cone is from a load flow (state, period), see `BranchFlow.slack`; nothing of states that are not there."""
        told = [self.network.slack(self.seen(answer, s)) for s in self.states] if self.network is not None else []
        return np.array(told).reshape(len(self.states), self.feeder.window.periods)

    def losses(self, x: Mapping[str, Real]) -> Real:
        """Active losses (state, period). [MW]"""
        told = [x["ell" + s] @ self.network.r for s in self.states] if self.network is not None else []
        return np.array(told).reshape(len(self.states), self.feeder.window.periods)

    def seen(self, answer: Answer, state: str) -> Answer:
        """An answer as one of the network in that state."""
        return replace(answer, x={k: answer.x.get(k + state, v) for k, v in answer.x.items() if not k.endswith(CALLED)})

    def injected(self, answer: Answer, state: str) -> tuple[Real, Real]:
        """Injections net of demand (period, node), reserve included where it is called. [MW, Mvar]"""
        p, q = self.feeder.injected(self.seen(answer, state) if "ell" + state in self.program.columns else answer)
        if state == CALLED:
            node = self.feeder.nodal.node[self.regulators.bus]
            np.add.at(p.T, node, answer.x[UP].T)
            np.add.at(q.T, node, (self.regulators.q_share * answer.x[UP]).T)
        return p, q


PHYSICS = ("balance", "balance_q", "drop")
KEPT = ("room_up", "held_up")  # rows of regulators that are about reserve upwards


def _renamed(block: R) -> R:
    """The same of the called state."""
    return replace(block, parts={k + CALLED if k in MOVES else k: m for k, m in block.parts.items()})


def _kept(made: Regulators, periods: int) -> Rows:
    """No more is awarded than devices keep."""
    every: Matrix = sparse.csr_array(sparse.kron(sparse.eye_array(periods), np.ones((1, len(made.row)))))
    return Rows.of((periods,), 0.0, np.inf, {UP: every, "award": -sparse.eye_array(periods)})


def _tired(feeder: FeederProblem) -> Iterator[Fault]:
    """Storage that offers more than its energy can last for, in no hour's favour."""
    net, first = feeder.network, feeder.window.first + 1
    offers, s = net.regulation, net.storages
    for k in np.flatnonzero((offers.what == STORAGE) & offers.live).tolist():
        at = int(np.flatnonzero(s.name == offers.row[k])[0])
        hold = float(offers.sustain_h[k])
        most = float((s.energy_high_mwh[at] - s.energy_low_mwh[at]) * s.efficiency_out[at])
        if s.live[at] and np.isfinite(offers.up_high_mw[k]) and offers.up_high_mw[k] * hold > most * (1 + ROUNDING):
            what = f"offers {offers.up_high_mw[k]:g} MW from hour {first} on, to last {hold:g} h, and full gives {most:.4g} MWh"
            mend = f"offer {most / hold:.4g} MW or less, or give it more energy"
            yield Fault(offers.kind, what, mend, "frequency-047", column="up_high_mw", row=k, label=str(offers.row[k])).at(net.name)
