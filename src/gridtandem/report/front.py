"""The front door of `run`, `compare`, `resume` and `opened`: the scheme, or the run file, says whether a market is cleared or load flow is solved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from gridtandem.cases.case import Case
from gridtandem.coordinate import Outcome
from gridtandem.grid.network import Network
from gridtandem.report import run as flowing
from gridtandem.report.market import MarketRun, cleared
from gridtandem.report.market_compare import MarketComparison, compared
from gridtandem.report.run import Comparison, Run, opened_case
from gridtandem.study.market import day
from gridtandem.study.market.kind import of_market
from gridtandem.study.market.setting import market_studied
from gridtandem.study.registry import scheme_of
from gridtandem.study.store import MARKET, RunFile

RULES = {"feeder_solver": "auto", "q_rule": "ignore", "slack": "reference", "taps": "move"}  # of load flow, unless told otherwise


def run(
    case: Case | Network | str | Path,
    *,
    scheme: object = None,
    options: Mapping[str, object] | None = None,
    hours: int | None = None,
    first_hour: int | None = None,
    flow: Literal["apparent", "active"] | None = None,
    form: Literal["lindist", "branch-flow"] | None = None,
    loading: ArrayLike = 1.0,
    rounds: int = 100,
    feeder_solver: Literal["auto", "sweep", "newton"] = "auto",
    q_rule: Literal["ignore", "switch"] = "ignore",
    slack: Literal["reference", "shared"] = "reference",
    taps: Literal["hold", "move"] = "move",
    save: str | Path | None = None,
    watch: Callable[[Outcome[object]], None] | None = None,
) -> Run | MarketRun:
    """Coordinate a case.

    ``case`` is a `Case`, a `Network`, the name of a published one, or a folder. ``scheme`` is a scheme object or a name with ``options``;
    "auto" takes what `diagnose` recommends, and none given is "response", or "merged" where there are no feeders. With ``save`` a run file
    grows round by round; ``watch`` sees the outcome so far after every round.

    Load flow: ``loading`` multiplies loads and transmission's schedule; several numbers are scenarios, an array is (scenario, period).
    Markets, such as "dso-offer": ``hours`` periods from ``first_hour`` (counted from 1) are cleared, by default all that the profiles cover;
    ``flow`` says what ratings of feeder lines limit, apparent power unless told otherwise; ``form`` "branch-flow" gives feeders losses.
    """
    rules = {"feeder_solver": feeder_solver, "q_rule": q_rule, "slack": slack, "taps": taps}
    market = _given(hours=hours, first_hour=first_hour, flow=flow, form=form)
    if of_market([] if scheme is None else [scheme], _flow_given(loading, rules), market):
        study = market_studied(opened_case(case), scheme_of(scheme, options), market, rounds)
        return cleared(study, save=None if save is None else Path(save), watch=watch)
    return flowing.run(
        case, scheme=scheme, options=options, loading=loading, rounds=rounds, feeder_solver=feeder_solver, q_rule=q_rule, slack=slack, taps=taps,
        save=save, watch=watch,
    )  # fmt: skip


def compare(
    case: Case | Network | str | Path,
    schemes: Sequence[object] | None = None,
    *,
    hours: int | None = None,
    first_hour: int | None = None,
    flow: Literal["apparent", "active"] | None = None,
    form: Literal["lindist", "branch-flow"] | None = None,
    loading: ArrayLike = 1.0,
    rounds: int = 100,
    feeder_solver: Literal["auto", "sweep", "newton"] = "auto",
    q_rule: Literal["ignore", "switch"] = "ignore",
    slack: Literal["reference", "shared"] = "reference",
    taps: Literal["hold", "move"] = "move",
    save: Callable[[str], Path] | None = None,
    watch: Callable[[str, Outcome[object]], None] | None = None,
) -> Comparison | MarketComparison:
    """Run a case under several schemes, all of load flow or all of markets; by default a few of load flow. Arguments as for `run`.

    ``save`` names the run file of a scheme, ``watch`` hears its name too.
    """
    rules = {"feeder_solver": feeder_solver, "q_rule": q_rule, "slack": slack, "taps": taps}
    market = _given(hours=hours, first_hour=first_hour, flow=flow, form=form)
    if of_market(schemes or [], _flow_given(loading, rules), market):
        study = market_studied(opened_case(case), None, market, rounds)
        return compared(study, [scheme_of(s) for s in schemes or []], save=save, watch=watch)
    return flowing.compare(
        case, schemes, loading=loading, rounds=rounds, feeder_solver=feeder_solver, q_rule=q_rule, slack=slack, taps=taps, save=save, watch=watch,
    )  # fmt: skip


def resume(path: str | Path, *, rounds: int | None = None, watch: Callable[[Outcome[object]], None] | None = None) -> Run | MarketRun:
    """Go on with the run in a file, to the bit as if it had never stopped."""
    if RunFile.open(Path(path)).kind() == MARKET:
        return MarketRun.of(day.resume(Path(path), rounds=rounds, watch=watch))
    return flowing.resume(path, rounds=rounds, watch=watch)


def opened(path: str | Path) -> Run | MarketRun:
    """The run in a file, read without computing anything."""
    return MarketRun.of(day.reopened(Path(path))) if RunFile.open(Path(path)).kind() == MARKET else flowing.opened(path)


def _given(**market: Any) -> dict[str, Any]:
    return {name: value for name, value in market.items() if value is not None}


def _flow_given(loading: ArrayLike, rules: Mapping[str, str]) -> dict[str, Any]:
    """Options of load flow that are not as they are by default."""
    changed = {} if np.array_equal(np.asarray(loading, object), 1.0) else {"loading": loading}
    return changed | {name: value for name, value in rules.items() if value != RULES[name]}
