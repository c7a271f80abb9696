"""Transmission and distribution as one grid: load flow, dispatch and markets without handing over models.

The front door. Every name below is loaded on first use, so that importing the package costs next to nothing.
A new public name is one line in ``_PLACE`` and one import under ``TYPE_CHECKING`` (for editors and type checkers);
a test holds the two together, and the snapshot ``tests/golden/public_names.txt`` records the promise.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gridtandem import schemes as schemes
    from gridtandem.cases.case import Case as Case
    from gridtandem.cases.folder.write import read_case as read_case
    from gridtandem.cases.folder.write import write_case as write_case
    from gridtandem.cases.generate import joined as joined
    from gridtandem.cases.generate import with_exponents as with_exponents
    from gridtandem.cases.generate import with_parallel as with_parallel
    from gridtandem.cases.library import network as network
    from gridtandem.cases.named import case as case
    from gridtandem.cases.named import catalogue as catalogue
    from gridtandem.cases.new import new_case as new_case
    from gridtandem.cases.phase_case import phase_case as phase_case
    from gridtandem.cases.renewables import with_renewables as with_renewables
    from gridtandem.errors import CannotAnswer as CannotAnswer
    from gridtandem.errors import InvalidCase as InvalidCase
    from gridtandem.errors import MissingPackage as MissingPackage
    from gridtandem.errors import NotAgreed as NotAgreed
    from gridtandem.errors import TandemError as TandemError
    from gridtandem.errors import UnknownName as UnknownName
    from gridtandem.flow.phase_results import ThreePhaseResults as ThreePhaseResults
    from gridtandem.flow.results import load_flow as load_flow
    from gridtandem.grid.interfaces import Interfaces as Interfaces
    from gridtandem.grid.network import Network as Network
    from gridtandem.opf.ac import optimal_power_flow as optimal_power_flow
    from gridtandem.opf.cone import cone_bound as cone_bound
    from gridtandem.report.batch.run import BatchRun as BatchRun
    from gridtandem.report.batch.run import batch as batch
    from gridtandem.report.contingency.run import ContingencyRun as ContingencyRun
    from gridtandem.report.contingency.run import contingency as contingency
    from gridtandem.report.dispatch.reach import reach as reach
    from gridtandem.report.experiment.margin import ExperimentRun as ExperimentRun
    from gridtandem.report.experiment.run import experiment as experiment
    from gridtandem.report.front import compare as compare
    from gridtandem.report.front import diagnose as diagnose
    from gridtandem.report.front import opened as opened
    from gridtandem.report.front import resume as resume
    from gridtandem.report.front import run as run
    from gridtandem.report.margin.run import MarginRun as MarginRun
    from gridtandem.report.margin.run import margin as margin
    from gridtandem.report.market.band import igdt as igdt
    from gridtandem.report.market.offer import offer as offer
    from gridtandem.report.renewables.power import Renewable as Renewable
    from gridtandem.report.renewables.power import pv_power as pv_power
    from gridtandem.report.renewables.power import wind_power as wind_power
    from gridtandem.report.reserve.replay import frequency_replay as frequency_replay
    from gridtandem.report.reserve.requirement import FrequencyRequirement as FrequencyRequirement
    from gridtandem.report.reserve.requirement import frequency_requirement as frequency_requirement
    from gridtandem.report.run import Comparison as Comparison
    from gridtandem.report.run import Run as Run
    from gridtandem.resources.photovoltaic import PvPlant as PvPlant
    from gridtandem.resources.wind import WindPlant as WindPlant
    from gridtandem.study.phases import three_phase as three_phase
    from gridtandem.study.reserve.day import joint_reserve as joint_reserve
    from gridtandem.study.reserve.inertia import committed_inertia as committed_inertia
    from gridtandem.study.study import Study as Study
    from gridtandem.study.transport import transport as transport

    __version__: str

_PLACE = {
    "BatchRun": "gridtandem.report.batch.run:BatchRun",
    "CannotAnswer": "gridtandem.errors:CannotAnswer",
    "Case": "gridtandem.cases.case:Case",
    "Comparison": "gridtandem.report.run:Comparison",
    "ContingencyRun": "gridtandem.report.contingency.run:ContingencyRun",
    "ExperimentRun": "gridtandem.report.experiment.margin:ExperimentRun",
    "FrequencyRequirement": "gridtandem.report.reserve.requirement:FrequencyRequirement",
    "Interfaces": "gridtandem.grid.interfaces:Interfaces",
    "InvalidCase": "gridtandem.errors:InvalidCase",
    "MarginRun": "gridtandem.report.margin.run:MarginRun",
    "MissingPackage": "gridtandem.errors:MissingPackage",
    "Network": "gridtandem.grid.network:Network",
    "NotAgreed": "gridtandem.errors:NotAgreed",
    "PvPlant": "gridtandem.resources.photovoltaic:PvPlant",
    "Renewable": "gridtandem.report.renewables.power:Renewable",
    "Run": "gridtandem.report.run:Run",
    "Study": "gridtandem.study.study:Study",
    "TandemError": "gridtandem.errors:TandemError",
    "ThreePhaseResults": "gridtandem.flow.phase_results:ThreePhaseResults",
    "UnknownName": "gridtandem.errors:UnknownName",
    "WindPlant": "gridtandem.resources.wind:WindPlant",
    "batch": "gridtandem.report.batch.run:batch",
    "case": "gridtandem.cases.named:case",
    "catalogue": "gridtandem.cases.named:catalogue",
    "committed_inertia": "gridtandem.study.reserve.inertia:committed_inertia",
    "compare": "gridtandem.report.front:compare",
    "cone_bound": "gridtandem.opf.cone:cone_bound",
    "contingency": "gridtandem.report.contingency.run:contingency",
    "diagnose": "gridtandem.report.front:diagnose",
    "experiment": "gridtandem.report.experiment.run:experiment",
    "frequency_replay": "gridtandem.report.reserve.replay:frequency_replay",
    "frequency_requirement": "gridtandem.report.reserve.requirement:frequency_requirement",
    "igdt": "gridtandem.report.market.band:igdt",
    "joined": "gridtandem.cases.generate:joined",
    "joint_reserve": "gridtandem.study.reserve.day:joint_reserve",
    "load_flow": "gridtandem.flow.results:load_flow",
    "margin": "gridtandem.report.margin.run:margin",
    "network": "gridtandem.cases.library:network",
    "new_case": "gridtandem.cases.new:new_case",
    "offer": "gridtandem.report.market.offer:offer",
    "opened": "gridtandem.report.front:opened",
    "optimal_power_flow": "gridtandem.opf.ac:optimal_power_flow",
    "phase_case": "gridtandem.cases.phase_case:phase_case",
    "pv_power": "gridtandem.report.renewables.power:pv_power",
    "reach": "gridtandem.report.dispatch.reach:reach",
    "read_case": "gridtandem.cases.folder.write:read_case",
    "resume": "gridtandem.report.front:resume",
    "run": "gridtandem.report.front:run",
    "schemes": "gridtandem:schemes",
    "three_phase": "gridtandem.study.phases:three_phase",
    "transport": "gridtandem.study.transport:transport",
    "wind_power": "gridtandem.report.renewables.power:wind_power",
    "with_exponents": "gridtandem.cases.generate:with_exponents",
    "with_parallel": "gridtandem.cases.generate:with_parallel",
    "with_renewables": "gridtandem.cases.renewables:with_renewables",
    "write_case": "gridtandem.cases.folder.write:write_case",
}

__all__ = ["__version__", *_PLACE]


def __getattr__(name: str) -> object:
    """Load a public name on first use (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        found: object = version("gridtandem")
    elif name in _PLACE:
        module, _, attribute = _PLACE[name].partition(":")
        found = import_module(f"{module}.{attribute}") if module == "gridtandem" else getattr(import_module(module), attribute)
    else:
        raise AttributeError(f"module 'gridtandem' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Public names, loaded or not, and nothing else."""
    return sorted(__all__)
