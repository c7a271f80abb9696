"""What people hold in their hands after a batch: `batch` with plain arguments, and the object it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, final

import numpy as np
from numpy.typing import ArrayLike

from gridtandem.cases.case import Case
from gridtandem.coordinate import End
from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid.network import Network
from gridtandem.report.drawing import drawn
from gridtandem.report.front import opened_case
from gridtandem.report.kinds import door
from gridtandem.security.outages import NONE, Islanding, Outages, outages_of
from gridtandem.study.batch import run as running
from gridtandem.study.batch.file import worst_branches, worst_buses
from gridtandem.study.batch.results import Cases, Exchange, WorstBranches, WorstBuses
from gridtandem.study.batch.run import BatchResult, Progress
from gridtandem.study.batch.study import Batch
from gridtandem.study.kinds import FLOW
from gridtandem.study.profiles import feeder_loading_in, in_step, loading_in, outages_in
from gridtandem.study.setting import loading_of
from gridtandem.study.study import Study
from gridtandem.study.survey import Layout
from gridtandem.tables import Complex, Real

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES = {"overview": "gridtandem.report.batch.duration:of_batch"}


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BatchRun:
    """Many scenarios, each also under outages, in one run file. Tables are read from it when they are asked for."""

    result: BatchResult
    layout: Layout

    @staticmethod
    def of(result: BatchResult) -> BatchRun:
        """The friendly face of a result."""
        return BatchRun(result=result, layout=Layout.of(result.batch.study.case))

    @staticmethod
    def opened(path: str | Path) -> BatchRun:
        """The batch in a file, read without computing anything."""
        return BatchRun.of(running.reopened_batch(Path(path)))

    @staticmethod
    def resume(path: str | Path, *, block: int | None = None, watch: Callable[[Progress], None] | None = None) -> BatchRun:
        """Go on with the batch in a file, to the bit as if it had never stopped."""
        return BatchRun.of(running.resume_batch(Path(path), block=block, watch=watch))

    @property
    def end(self) -> End:
        """The worst end of all cases; STOPPED while some are to come."""
        return self.result.end

    @property
    def cases(self) -> Cases:
        """One row per scenario and outage."""
        return self.result.file.cases()

    @property
    def exchange(self) -> Exchange:
        """What crosses each interface in every case."""
        return self.result.file.exchange(self.result.batch)

    @property
    def branches(self) -> WorstBranches:
        """The highest flow of every branch that has a rating, the most loaded first."""
        return worst_branches(self.result.batch, self.layout, self.result.file.extremes(self.layout))

    @property
    def buses(self) -> WorstBuses:
        """The lowest and highest voltage of every bus, the lowest first."""
        return worst_buses(self.result.batch, self.layout, self.result.file.extremes(self.layout))

    @property
    def islanding(self) -> Islanding:
        """Outages that are not solved, and why."""
        return self.result.batch.outages.islanding

    def voltages(self) -> Complex:
        """Of every node (case, node) in the order of ``layout``, where ``keep="voltages"`` asked for it; a feeder's in its own frame of angles."""
        return self.result.file.voltages(self.layout)

    def plot(self, kind: str = "overview") -> Figure:
        """A picture; ``kind`` is one of `PICTURES`."""
        return drawn(PICTURES, kind, self)

    def __repr__(self) -> str:
        from gridtandem.report.batch.words import batch_in_words

        return batch_in_words(self)


def batch(
    case: Case | Network | str | Path,
    *,
    scheme: object = None,
    options: Mapping[str, object] | None = None,
    loading: ArrayLike | Path = 1.0,
    feeder_loading: ArrayLike | Path | None = None,
    outages: str | Path | Sequence[str | Sequence[str]] = (),
    hours: float = np.nan,
    keep: Sequence[Literal["voltages"]] = (),
    rounds: int = 100,
    feeder_solver: Literal["auto", "sweep", "newton"] = "auto",
    q_rule: Literal["ignore", "switch"] = "ignore",
    slack: Literal["reference", "shared"] = "reference",
    taps: Literal["hold", "move"] = "move",
    save: str | Path | None = None,
    block: int | None = None,
    watch: Callable[[Progress], None] | None = None,
) -> BatchRun:
    """Coordinate many scenarios of a case, each also under outages of transmission's branches.

    ``loading`` (scenario) multiplies transmission's loads and schedule, and the feeders' loads unless ``feeder_loading`` (scenario, interface)
    does, a single ``loading`` then being that of all; either may be a CSV file (a `Path`). ``outages`` is "n-1", or names of lines and
    transformers, a group of names going out together, or a CSV file. ``hours``: how long a scenario lasts, for energy. With ``save`` the run
    file grows block by block; ``block`` is the number of cases solved at once, and changes no bit. The other arguments are those of `run`.
    """
    found = opened_case(case)
    factors, of_feeders = loadings_of(found, loading, feeder_loading)
    study = Study(
        case=found, scheme=None, loading=factors, rounds=rounds, feeder_solver=feeder_solver, q_rule=q_rule, slack=slack, taps=taps,
    )  # fmt: skip
    picked = door(FLOW).chosen(replace(study, loading=study.loading[:1]), scheme, options)
    study = replace(study, scheme=picked, feeder_loading=of_feeders)
    made = Batch(study=study, outages=outages_for(study.case, outages), hours=float(hours), keep=tuple(keep))
    return BatchRun.of(running.run_batch(made, save=None if save is None else Path(save), block=block, watch=watch))


def loadings_of(case: Case, loading: ArrayLike | Path, feeder_loading: ArrayLike | Path | None) -> tuple[Real, Real | None]:
    """Loadings (scenario, period) and (scenario, period, interface), from files or arrays; a single loading is that of all scenarios."""
    factors = loading_in(loading) if isinstance(loading, Path) else loading_of(loading)
    if feeder_loading is None:
        return factors, None
    if isinstance(feeder_loading, Path):
        own = feeder_loading_in(feeder_loading, case.interfaces.name.tolist())
        if isinstance(loading, Path):
            in_step(loading, feeder_loading)
    else:
        array = np.asarray(feeder_loading, np.float64)
        own = array[:, None] if array.ndim == 2 else array
    if own.ndim and factors.shape == (1, 1) and not isinstance(loading, Path):
        factors = np.repeat(factors, len(own), axis=0)
    if isinstance(feeder_loading, Path) and len(own) != len(factors):
        what = f"has {len(own):,} rows, and loading has {len(factors):,} scenarios"
        raise InvalidCase([Fault("feeder_loading", what, "give a row for each scenario", "batch-006", place=str(feeder_loading))])
    return factors, own


def outages_for(case: Case, wanted: str | Path | Sequence[str | Sequence[str]]) -> Outages:
    """Outages of a case that is found sound."""
    if not isinstance(wanted, str | Path) and not len(wanted):
        return NONE
    return outages_of(case.check().transmission, outages_in(wanted) if isinstance(wanted, Path) else wanted)
