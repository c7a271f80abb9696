r"""What a penalty ρ on losses does to one feeder: when cones become load flows, and what else it changes.

The feeder answers posted prices, of energy λ and of fast reserve π, so that every number is its own:
:math:`\min c(x) + \lambda z - \pi F + \sum_s \rho_s \sum r \ell^s`. A MW that is not lost but said to be costs :math:`\lambda + \rho_0` as the
network stands, less what it earns as an award, at most π: so :math:`\rho_0 > \pi - \lambda` makes that state tight for certain, and
:math:`\rho_0 > -\lambda` does where no fast reserve is sold. More only distorts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.errors import Unreadable
from gridtandem.frequency.schedule import LOOSE
from gridtandem.opf.fast_replay import replayed
from gridtandem.opf.fast_reserve import FastFeeder
from gridtandem.opf.feeder import FeederProblem
from gridtandem.program.answer import Status
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.resources.part import Window
from gridtandem.study.experiment import Watch, of_rows, watched
from gridtandem.study.reserve.day import joint_reserve
from gridtandem.study.reserve.experiment import HOUR, ONE_HOUR, Chart, Findings, ReserveExperiment
from gridtandem.tables import Names, Real, Table, column

PENALTIES = (0.0, 1.0, 5.0, 10.0, 15.0, 20.0, 25.0, 50.0, 100.0)
NEGATIVE = -20.0  # price of energy where there is too much of it [currency/MWh]
TOLERANCES = (1e-10, 1e-9, 1e-8)  # loose cones have no interior at their end; the first that is met
STANDING, BOTH = "as it stands", "both states"
STATES = {STANDING: (1.0, 0.0), BOTH: (1.0, 1.0)}  # share of the penalty by state


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PenaltyTrials(Table):
    """One row per pair of prices, state that is penalised, and penalty; NaN where there is no answer."""

    kind: ClassVar[str] = "reserve_loss_penalty"
    line: Names = column("prices and where losses are dearer, in words", dtype="U")
    energy_per_mwh: Real = column("price of energy", unit="currency/MWh")
    fast_per_mw: Real = column("price of fast reserve, for an hour", unit="currency/MW")
    state: Names = column("where losses are dearer", dtype="U")
    penalty_per_mwh: Real = column("by how much", unit="currency/MWh")
    slack: Real = column("how far the worst cone is from a load flow", finite=False)
    award_mw: Real = column("fast reserve", unit="MW", finite=False)
    z_mw: Real = column("taken from transmission", unit="MW", finite=False)
    fictitious_mw: Real = column("losses as the network stands that no load flow of the same injections has", unit="MW", finite=False)
    cost: Real = column("cost without the penalty, what is taken and sold at its price", unit="currency", finite=False)
    distortion: Real = column("by how much that is more than the least of load flows at these prices", unit="currency", finite=False)


def trials(
    case: Case, watch: Watch | None = None, *, penalties: Sequence[float] = PENALTIES, negative: float = NEGATIVE, hour: int = HOUR
) -> Findings:  # fmt: skip
    """Every penalty at the prices of the plan of the hour, and at a negative price of energy with and without a price of fast reserve."""
    plan = joint_reserve(case, hours=1, first_hour=hour)
    if not len(plan.hours):
        raise Unreadable(f"hour {hour} of {case.name} has no plan: {'; '.join(plan.trouble)}")
    energy, fast = round(float(plan.awards.energy_per_mwh[0]), 2), round(float(plan.hours.fast_per_mw[0]), 2)
    prices = ((energy, fast), (negative, 0.0), (negative, fast))
    feeder = FastFeeder.of(FeederProblem.of(case.models[case.interfaces.model[0]], int(case.interfaces.root[0]), Window(first=hour - 1, periods=1)))
    rows = []
    for pair, state, penalty in watched([(p, s, x) for p in prices for s in STATES for x in penalties], watch):
        line = f"energy {pair[0]:g}, fast {pair[1]:g}, {state}"
        rows.append((line, *pair, state, penalty, *_answer(feeder, pair, penalty * np.array(STATES[state])[:, None])))
    raw = of_rows(PenaltyTrials, [(*row, np.nan) for row in rows])
    table = replace(raw, distortion=_distortion(raw))
    return Findings(table=table, words=tuple(_said(table)), found=bool(np.isfinite(table.cost).all()))


def _answer(feeder: FastFeeder, prices: tuple[float, float], penalty: Real) -> tuple[float, float, float, float, float]:
    """Slack, award, what is taken, losses that are none, and cost of the feeder at these prices."""
    dear, hours = feeder.dearer(penalty), feeder.feeder.window.hours
    columns = dict(dear.program.columns)
    for name, price in zip(("z", "award"), (prices[0], -prices[1]), strict=True):
        columns[name] = replace(columns[name], cost=columns[name].cost + price * hours)
    program = replace(dear.program, columns=columns)
    answer = next((a for a in (Clarabel(tolerance=t).solve(program) for t in TOLERANCES) if a.status is Status.SOLVED), None)
    if answer is None:
        return (np.nan,) * 5
    shown = replayed(feeder, answer)
    taken = float(answer.x["z"][0])
    fictitious = float(feeder.losses(answer.x)[0, 0]) - float(shown.loss_mw[0])
    return float(feeder.slack(answer).max()), max(float(answer.x["award"][0]), 0.0), taken, fictitious, answer.cost - dear.paid(answer.x)


def _distortion(table: PenaltyTrials) -> Real:
    """Beyond the least cost of tight rows at the same prices; NaN for loose rows, whose cost no network could have."""
    out = np.full(len(table), np.nan)
    for pair in set(zip(table.energy_per_mwh.tolist(), table.fast_per_mw.tolist(), strict=True)):
        mine = (table.energy_per_mwh == pair[0]) & (table.fast_per_mw == pair[1]) & (table.slack <= LOOSE)
        out[mine] = table.cost[mine] - table.cost[mine].min(initial=np.inf)
    return out


def _said(table: PenaltyTrials) -> list[str]:
    told = []
    for line in dict.fromkeys(table.line.tolist()):
        mine = table.take(table.line == line)
        tight = mine.take(mine.slack <= LOOSE)
        told += [f"{line}: no answer at a penalty of {x:g}" for x in mine.penalty_per_mwh[np.isnan(mine.slack)].tolist()]
        if not len(tight):
            told.append(f"{line}: no penalty makes cones tight")
            continue
        ends = f"award {tight.award_mw[0]:.3f} MW there, {tight.award_mw[-1]:.3f} at {tight.penalty_per_mwh[-1]:g}"
        told.append(f"{line}: tight from a penalty of {tight.penalty_per_mwh[0]:g} on; {ends}")
    return told


EXPERIMENT = ReserveExperiment(
    name="reserve-loss-penalty", title="penalties on losses",
    varied="penalty on losses, as the network stands or in both states; prices of energy and fast reserve",
    held=f"one feeder, {ONE_HOUR}, that takes prices as posted; loads, offers and network as they are",
    run=trials,
    charts=(
        Chart(title="How loose", x="penalty_per_mwh", y=("slack",), by="line", x_label="penalty [currency/MWh]", y_label="slack of the worst cone",
              level=LOOSE, logarithmic=True),
        Chart(title="Award", x="penalty_per_mwh", y=("award_mw",), by="line", x_label="penalty [currency/MWh]", y_label="fast reserve [MW]"),
    ),
)  # fmt: skip
