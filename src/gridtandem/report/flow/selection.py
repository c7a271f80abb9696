"""What a picture takes from a run: one scenario and period, the buses and branches of one owner, and which schemes say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, final

import numpy as np

from gridtandem.study.results import BranchResults, BusResults, InterfaceResults
from gridtandem.tables import Index, Real

if TYPE_CHECKING:
    from gridtandem.report.run import Run

T = TypeVar("T", BusResults, BranchResults, InterfaceResults)

SAME = 1e-6  # pu and MVA; closer than this two schemes are one line in a picture
COORDINATED = ("response", "boundary-newton", "load-flow", "anderson")  # in the order in which a comparison shows them when it shows one


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Part:
    """One owner's grid as drawn: buses with voltages, branches between them."""

    name: str  # feeder; empty for transmission
    buses: BusResults
    branches: BranchResults
    start: Index  # (branch) row of buses
    end: Index

    @property
    def flow(self) -> Real:
        """Larger apparent power of the two ends. [MVA]"""
        b = self.branches
        larger: Real = np.maximum(np.hypot(b.p_from_mw, b.q_from_mvar), np.hypot(b.p_to_mw, b.q_to_mvar))
        return larger

    def row(self, bus: str) -> int:
        """Row of a bus by name."""
        return int(np.flatnonzero(self.buses.bus == bus)[0])


def at_first(table: T) -> T:
    """The rows of the first scenario and period that has an answer."""
    if not len(table):
        return table
    return table.take((table.scenario == table.scenario[0]) & (table.period == table.period[0]))


def part(run: Run, feeder: str) -> Part:
    """Transmission (empty name) or one feeder, in the first scenario and period."""
    buses, branches = at_first(run.buses), at_first(run.branches)
    buses, branches = buses.take(buses.feeder == feeder), branches.take(branches.feeder == feeder)
    row = {name: k for k, name in enumerate(buses.bus.tolist())}
    ends = (np.array([row[name] for name in column.tolist()], np.int64) for column in (branches.from_bus, branches.to_bus))
    start, end = ends
    return Part(name=feeder, buses=buses, branches=branches, start=start, end=end)


def root_names(run: Run, feeder: str) -> list[str]:
    """The feeder's buses that are transmission buses, in the order of its interfaces."""
    case = run.result.study.case
    rows = np.flatnonzero(case.interfaces.feeder == feeder)
    names = case.models[int(case.interfaces.model[rows[0]])].buses.name
    return [str(names[r]) for r in case.interfaces.root[rows]]


def held_fixed(run: Run) -> str:
    """One line on what a picture does not vary."""
    study = run.result.study
    loading = study.loading
    which = "" if loading.size == 1 or not len(run.buses) else f", scenario {run.buses.scenario[0]}, period {run.buses.period[0]}"
    factor = f"loading × {loading.flat[0]:g}" if loading.size == 1 else f"{loading.shape[0]} × {loading.shape[1]} loadings"
    return f"{study.case.name}, {factor}{which}"


def answered(runs: Sequence[Run]) -> list[Run]:
    """Runs that have numbers to show."""
    return [r for r in runs if len(r.buses)]


def alike(runs: Sequence[Run]) -> list[tuple[str, Run]]:
    """Runs whose voltages and exchanges coincide, together under one label, in the order of their first."""
    groups: list[list[Run]] = []
    for run in answered(runs):
        home = next((g for g in groups if _coincide(g[0], run)), None)
        if home is None:
            groups.append([run])
        else:
            home.append(run)
    return [(" = ".join(r.scheme for r in g), g[0]) for g in groups]


def _coincide(a: Run, b: Run) -> bool:
    def numbers(run: Run) -> Real:
        i = run.interfaces
        return np.concatenate([run.buses.v_pu, i.v_feeder_pu, i.p_mw, i.q_mvar, i.p_feeder_mw, i.q_feeder_mvar])

    x, y = numbers(a), numbers(b)
    return len(x) == len(y) and bool(np.nanmax(np.abs(x - y), initial=0.0) < SAME)


def shown_one(runs: Sequence[Run]) -> Run | None:
    """The run that stands for a comparison in a picture of one: a coordinated one if any agreed."""
    found = {r.scheme: r for r in answered(runs)}
    return next((found[name] for name in COORDINATED if name in found), next(iter(found.values()), None))
