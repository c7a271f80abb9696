"""The RTS as a market, and the 33-bus feeder on which its company is built: numbers of an earlier study of our own, beside what is computed here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np

from gridtandem.cases.library import network
from gridtandem.cases.rts24 import Lines, Rts24
from gridtandem.cases.rts24_disco import plain_market
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.forms.branch_flow import BranchFlow
from gridtandem.program.arrays import Columns, Program
from gridtandem.program.solve import solve
from gridtandem.resources.part import Window
from gridtandem.schemes.ideal import Ideal
from gridtandem.study.market.run import MarketResult, run_market
from gridtandem.study.market.study import MarketStudy

Row = tuple[str, float, int, str, Callable[[], float], str]  # what, theirs, digits, unit, ours, command
FLAT = (10.89, *(10.52,) * 5, 10.89, 13.32, *(20.7,) * 13, 13.32, 10.89, 10.52)
CONGESTED = (
    20.47, 20.58, 17.05, 20.91, 21.18, 21.6, 21.55, 21.55, 21.17, 21.92, 24.99, 20.11, 20.93, 32.02, 10.52, 8.62, 6.97, 6.19, 11.37, 13.75,
    5.47, 6.06, 15.07, 13.04,
)  # fmt: skip
HERE = "python -m tests.papers.published"


@cache
def cleared(lines: Lines, hour: int = 0) -> MarketResult:
    """The day, or one hour of it."""
    market = plain_market("rts24", Rts24(blocks=1, lines=lines))
    return run_market(MarketStudy(case=market, scheme=Ideal(), first=hour or 1, hours=1 if hour else 0)).require()


def cost(lines: Lines, hour: int = 0) -> float:
    """Of all stations. [USD]"""
    return cleared(lines, hour).cost


def price(lines: Lines, hour: int, node: int) -> float:
    """At a bus, in an hour of the day. [USD/MWh]"""
    above = cleared(lines).transmission
    assert above is not None
    return float(above.price[hour - 1, node])


def feeder() -> FeederProblem:
    """The 33-bus feeder at full load, nothing in it to decide."""
    return FeederProblem.of(network("case33bw"), 0, Window())


@cache
def relaxed() -> tuple[float, float]:
    """Import and lowest voltage where branch flow is relaxed and power from transmission costs something. [MW, pu]"""
    problem = BranchFlow.of(feeder()).problem
    program = problem.program
    answer = solve(Program({**program.columns, "z": Columns.of(program.columns["z"].shape, cost=1.0)}, program.rows, program.cones)).require()
    return float(answer.x["z"][0]), float(problem.state(answer).v.min())


def linear() -> float:
    """Lowest voltage of the linear model. [pu]"""
    problem = feeder()
    return float(problem.form.voltage(problem.p_there, problem.q_there).min())


def rows() -> Iterator[Row]:
    """All of them."""
    for called, lines, command in (("no", "none", HERE), ("nominal", "nominal", "tandem run rts24-market --scheme ideal")):
        yield f"{called} line limits: cost of 24 hours", 423361.4781, 4, "USD", partial(cost, lines), command
    yield "no line limits: cost of hour 18", 24702.73, 2, "USD", partial(cost, "none", 18), HERE
    for hour, theirs in enumerate(FLAT, start=1):
        yield f"no line limits: price of hour {hour}", theirs, 2, "USD/MWh", partial(price, "none", hour, 0), HERE
    yield "reduced line limits: cost of 24 hours", 491061.0225, 4, "USD", partial(cost, "reduced"), "tandem run rts24-market-reduced --scheme ideal"
    for node, theirs in enumerate(CONGESTED):
        yield f"reduced line limits: price of hour 18 at bus {node + 1}", theirs, 2, "USD/MWh", partial(price, "reduced", 18, node), HERE
    yield "case33bw: lowest voltage of the linear model", 0.915934, 6, "pu", linear, HERE


def relaxed_rows() -> Iterator[Row]:
    """Of the cone relaxation, to interior points' accuracy."""
    yield "case33bw: import, cone relaxation", 3.917669, 6, "MW", lambda: relaxed()[0], HERE
    yield "case33bw: losses, cone relaxation", 0.202669, 6, "MW", lambda: relaxed()[0] - float(np.sum(network("case33bw").loads.p_mw)), HERE
    yield "case33bw: lowest voltage, cone relaxation", 0.913097, 6, "pu", lambda: relaxed()[1], HERE
