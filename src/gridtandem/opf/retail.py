r"""What final customers pay a feeder's company by its tariff ρ, and what demand that gives way takes from that.

.. math:: R = \sum_t \rho_t \Delta \Big(\sum_n d_{nt} - \sum_k x_{kt}\Big)

with fixed demand d and demand that gives way x. Fixed demand decides nothing, so a company that looks at its own cost minds :math:`\rho_t` on
every MWh that gives way, beside what that asks for. To everybody else the tariff is money from one pocket to another: the cost of resources, and
the market that sees every network, know nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from gridtandem.opf.feeder import FeederProblem
from gridtandem.resources.steps import FLEXIBLE
from gridtandem.tables import Flag, Real


def minding_retail(problem: FeederProblem) -> FeederProblem:
    """The problem of a company that loses its tariff where demand gives way; the problem itself where there is no tariff."""
    if not len(problem.network.tariffs):
        return problem
    x = problem.program.columns["x"]
    lost = np.outer(tariff(problem), giving(problem)) * problem.window.hours
    return _costing(problem, x.cost + lost)


def as_offered(problem: FeederProblem) -> FeederProblem:
    """The problem where resources cost what they offer and nothing else."""
    return _costing(problem, problem.owned.part.columns["x"].cost) if len(problem.network.tariffs) else problem


def forgone(problem: FeederProblem, x: Mapping[str, Real]) -> Real:
    """What demand that gives way would have paid (period). [currency]"""
    return _of(problem, x["x"][:, giving(problem)].sum(-1)) if len(problem.network.tariffs) else np.zeros(problem.window.periods)


def minded(problem: FeederProblem, x: Mapping[str, Real]) -> Real:
    """As much of that as the program of this problem counts as a cost (period): all or nothing of it. [currency]"""
    more = problem.program.columns["x"].cost - problem.owned.part.columns["x"].cost
    return np.asarray((more * x["x"]).sum(-1)) if len(problem.network.tariffs) else np.zeros(problem.window.periods)


def retail(problem: FeederProblem, x: Mapping[str, Real]) -> Real:
    """What demand pays by the tariff (period). [currency]"""
    return full_retail(problem) - forgone(problem, x)


def full_retail(problem: FeederProblem) -> Real:
    """What it would pay if nobody gave way (period); 0 without a tariff. [currency]"""
    return _of(problem, problem.owned.p_load.sum(-1)) if len(problem.network.tariffs) else np.zeros(problem.window.periods)


def tariff(problem: FeederProblem) -> Real:
    """ρ (period). [currency/MWh]"""
    window = problem.window
    return problem.network.tariffs.over(window.end)[window.first :]


def giving(problem: FeederProblem) -> Flag:
    """Steps of demand that gives way."""
    steps = problem.owned.steps
    return np.asarray((steps.source == FLEXIBLE) & (steps.sign > 0))


def _of(problem: FeederProblem, mw: Real) -> Real:
    return np.asarray(tariff(problem) * mw * problem.window.hours)


def _costing(problem: FeederProblem, cost: Real) -> FeederProblem:
    columns = problem.program.columns
    return replace(problem, program=replace(problem.program, columns={**columns, "x": replace(columns["x"], cost=cost)}))
