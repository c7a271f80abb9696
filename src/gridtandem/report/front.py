"""The front door: `run`, `compare`, `resume`, `opened` and `diagnose` with plain arguments; scheme, or run file, say which kind of study it is.

Everything here is a short way to say a study; the study does the work, and the same study gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from gridtandem.cases.case import Case
from gridtandem.cases.named import alone
from gridtandem.cases.named import case as named
from gridtandem.coordinate import Outcome
from gridtandem.grid.network import Network
from gridtandem.report.kinds import door
from gridtandem.report.run import Comparison, Run, carried, compared
from gridtandem.study.kinds import FLOW, KINDS, Kind, kind_for
from gridtandem.study.setting import asked_hours, loading_of
from gridtandem.study.store import RunFile
from gridtandem.study.study import Study

if TYPE_CHECKING:
    from gridtandem.frequency.security import Inertia, Security
    from gridtandem.study.diagnose import Diagnosis

# unless told otherwise
USUAL = {
    "loading": 1.0, "feeder_solver": "auto", "q_rule": "ignore", "slack": "reference", "taps": "move", "certificate": "owner",
}  # fmt: skip


def run(
    case: Case | Network | str | Path,
    *,
    scheme: object = None,
    options: Mapping[str, object] | None = None,
    hours: int | None = None,
    first_hour: int | None = None,
    flow: Literal["apparent", "active"] | None = None,
    form: Literal["lindist", "branch-flow"] | None = None,
    start: Literal["flat", "previous-hour"] | None = None,
    certificate: Literal["owner", "cones"] = "owner",
    inertia: Inertia | str | Path | None = None,
    feeders: Literal["full", "base-only", "none"] | None = None,
    security: Security | None = None,
    loading: ArrayLike = 1.0,
    rounds: int = 100,
    feeder_solver: Literal["auto", "sweep", "newton"] = "auto",
    q_rule: Literal["ignore", "switch"] = "ignore",
    slack: Literal["reference", "shared"] = "reference",
    taps: Literal["hold", "move"] = "move",
    save: str | Path | None = None,
    watch: Callable[[Outcome[object]], None] | None = None,
) -> Run:
    """Coordinate a case.

    ``case`` is a `Case`, a `Network`, the name of a published one, or a folder. ``scheme`` is a scheme object or a name with ``options``;
    "auto" takes what `diagnose` recommends, and none given is "response", or "merged" where there are no feeders. With ``save`` a run file
    grows round by round; ``watch`` sees the outcome so far after every round.

    Load flow: ``loading`` multiplies loads and transmission's schedule; several numbers are scenarios, an array is (scenario, period).
    Markets, such as "dso-offer": ``hours`` periods from ``first_hour`` (counted from 1) are cleared, by default all that the profiles cover;
    ``flow`` says what ratings of feeder lines limit, apparent power unless told otherwise; ``form`` "branch-flow" gives feeders losses.
    Optimal power flow: ``hours`` as well; with ``start`` "previous-hour" each begins where the one before it agreed. ``certificate`` says what costs
    are held against, the dispatch of one owner of all models or, "cones", a bound from below for which no model is joined.
    Energy and reserve, such as "joint-reserve": ``hours`` as well, 24 unless told otherwise, each with its row of ``inertia``, a table or a CSV file
    (hour, inertia_mws, loss_mw and perhaps lost); ``feeders`` says how their networks count, ``security`` has limits of frequency and delivery times.
    """
    own = {
        "feeder_solver": feeder_solver, "q_rule": q_rule, "slack": slack, "taps": taps, "hours": hours, "first_hour": first_hour, "flow": flow,
        "form": form, "start": start, "certificate": certificate, "inertia": inertia, "feeders": feeders, "security": security,
    }  # fmt: skip
    given = _given(loading=loading, **own)
    way = door(kind_for([] if scheme is None else [scheme], given))
    study = way.asked.studied(opened_case(case), given, rounds)
    study = replace(study, scheme=way.chosen(study, scheme, options))
    return carried(study, save=None if save is None else Path(save), watch=watch)


def compare(
    case: Case | Network | str | Path,
    schemes: Sequence[object] | None = None,
    *,
    hours: int | None = None,
    first_hour: int | None = None,
    flow: Literal["apparent", "active"] | None = None,
    form: Literal["lindist", "branch-flow"] | None = None,
    start: Literal["flat", "previous-hour"] | None = None,
    certificate: Literal["owner", "cones"] = "owner",
    inertia: Inertia | str | Path | None = None,
    feeders: Literal["full", "base-only", "none"] | None = None,
    security: Security | None = None,
    loading: ArrayLike = 1.0,
    rounds: int = 100,
    feeder_solver: Literal["auto", "sweep", "newton"] = "auto",
    q_rule: Literal["ignore", "switch"] = "ignore",
    slack: Literal["reference", "shared"] = "reference",
    taps: Literal["hold", "move"] = "move",
    save: Callable[[str], Path] | None = None,
    watch: Callable[[str, Outcome[object]], None] | None = None,
) -> Comparison:
    """Run a case under several schemes, all of load flow or all of markets; by default a few of load flow. Arguments as for `run`.

    ``save`` names the run file of a scheme, ``watch`` hears its name too.
    """
    own = {
        "feeder_solver": feeder_solver, "q_rule": q_rule, "slack": slack, "taps": taps, "hours": hours, "first_hour": first_hour, "flow": flow,
        "form": form, "start": start, "certificate": certificate, "inertia": inertia, "feeders": feeders, "security": security,
    }  # fmt: skip
    given = _given(loading=loading, **own)
    way = door(kind_for(schemes or [], given))
    study = way.asked.studied(opened_case(case), given, rounds)
    found = compared(study, way.several(study, schemes, None), save=save, watch=watch)
    return replace(found, diagnosis=way.asked.forecast(study))


def resume(path: str | Path, *, rounds: int | None = None, watch: Callable[[Outcome[object]], None] | None = None) -> Run:
    """Go on with the run in a file, to the bit as if it had never stopped."""
    return Run.of(door(_held(Path(path))).craft.resume(Path(path), rounds=rounds, watch=watch))


def opened(path: str | Path) -> Run:
    """The run in a file, read without computing anything."""
    return Run.of(door(_held(Path(path))).craft.reopened(Path(path)))


def diagnose(case: Case | Network | str | Path, *, loading: ArrayLike = 1.0) -> Diagnosis:
    """How fast the plain exchange will converge on a case, and which scheme to take."""
    from gridtandem.study.diagnose import diagnose as predicted

    return predicted(Study(case=opened_case(case), scheme=None, loading=loading_of(loading)))


def opened_case(case: Case | Network | str | Path) -> Case:
    """A case by itself, by name or by folder; a network alone becomes a case without feeders."""
    if isinstance(case, Case):
        return case
    if isinstance(case, Network):
        return alone(case)
    if not isinstance(case, str | Path):
        raise TypeError(f"a Case, a Network, the name of a published one, or a folder or file is wanted; this is of type {type(case).__name__}")
    return named(case)


def _held(path: Path) -> Kind:
    """The kind of study whose run a file holds; that of a batch is told by who opens it as a run."""
    name = RunFile.open(path).kind()
    return next((kind for kind in KINDS if kind.name == name), FLOW)


def _given(**options: Any) -> dict[str, Any]:
    """Those that are not as usual."""
    asked_hours(options["hours"])
    return {name: value for name, value in options.items() if value is not None and not _usual(name, value)}


def _usual(name: str, value: Any) -> bool:
    return name in USUAL and np.array_equal(np.asarray(value, object), np.asarray(USUAL[name]))
