"""The options that `run`, `compare` and `demo` share, gathered into one record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar, final

import click

from gridtandem.cli.words import Numbers, Ruling, Setting, times

if TYPE_CHECKING:
    from gridtandem.report.kinds import Door
    from gridtandem.study.rules import Rule
    from gridtandem.study.study import Study

P = ParamSpec("P")
R = TypeVar("R")
SHELF = Path("tandem-runs")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a person asks of a study beside case and scheme."""

    loading: tuple[float, ...] = (1.0,)
    rounds: int | None = None
    feeder_solver: Literal["auto", "sweep", "newton"] = "auto"
    q_rule: Literal["ignore", "switch"] = "ignore"
    slack: Literal["reference", "shared"] = "reference"
    taps: Literal["hold", "move"] = "move"
    exponents: tuple[float, ...] | None = None
    parallel: tuple[int, ...] | None = None
    hours: int | None = None
    first_hour: int | None = None
    flow: Literal["apparent", "active"] | None = None
    form: Literal["lindist", "branch-flow"] | None = None
    start: Literal["flat", "previous-hour"] | None = None
    certificate: Literal["owner", "cones"] = "owner"
    inertia: Path | None = None
    feeders: Literal["full", "base-only", "none"] | None = None
    primary_time: tuple[float, float] | None = None
    fast_time: tuple[float, float] | None = None
    nadir: float | None = None
    nadir_by: Literal["cone", "refined"] | None = None
    options: tuple[tuple[str, float | str], ...] = ()
    folder: Path = SHELF
    picture: bool = False
    rules: tuple[Rule, ...] = ()

    @property
    def resumable(self) -> bool:
        """Is nothing asked for that a run file has already decided?"""
        free = Wishes(rounds=self.rounds, folder=self.folder, picture=self.picture, rules=self.rules)
        return self == free

    def study(self, case: str, schemes: Sequence[str] = ()) -> tuple[Door, Any]:
        """The door of these schemes' kind, and the study of a case, by name or path, under these wishes, without a scheme."""
        from gridtandem.cases.generate import with_exponents, with_parallel
        from gridtandem.cases.named import case as named
        from gridtandem.report.kinds import door
        from gridtandem.study.kinds import kind_for
        from gridtandem.study.setting import ROUNDS

        given = self._given((*FLOW, *MARKETS, *DISPATCHES, *RESERVES))
        way = door(kind_for(schemes, given))
        found = named(case)
        found = found if self.exponents is None else with_exponents(found, *self.exponents)
        found = found if self.parallel is None else with_parallel(found, self.parallel)
        return way, way.asked.studied(found, {name: x for name, x in given.items() if name not in OF_CASE}, self.rounds or ROUNDS)

    def flow_study(self, case: str, scheme: str | None) -> Study:
        """A study of load flow under a scheme; one of another kind is refused."""
        from gridtandem.errors import Unreadable
        from gridtandem.study.kinds import FLOW as LOAD_FLOW
        from gridtandem.study.kinds import kind_of

        if scheme is not None and kind_of(scheme) is not LOAD_FLOW:
            raise Unreadable(f"{scheme}: a batch is made of load flows; take one of {', '.join(LOAD_FLOW.schemes())}")
        way, study = self.study(case)
        found: Study = replace(study, scheme=way.chosen(study, scheme, dict(self.options)))
        return found

    def all_of(self) -> tuple[str, ...]:
        """Schemes that name the kind meant by "all": the one that alone has what is asked for, else none, which is load flow."""
        from gridtandem.study.kinds import MARKET, RESERVE

        if self._given(RESERVES):
            return RESERVE.schemes()
        return MARKET.schemes() if self._given(MARKETS) else ()

    def _given(self, names: Sequence[str]) -> dict[str, object]:
        free = Wishes()
        return {name: getattr(self, name) for name in names if getattr(self, name) != getattr(free, name)}


def wishing(*names: str) -> Callable[[Callable[P, R]], Callable[..., R]]:
    """Give a command these of the shared options; it takes them as the keyword ``wishes``. The others keep their defaults."""

    def _with_options(command: Callable[P, R]) -> Callable[..., R]:
        @wraps(command)
        def _gathered(*args: P.args, **given: P.kwargs) -> R:
            wishes = Wishes(**{name: given.pop(name) for name in names})  # type: ignore[arg-type]
            return command(*args, **given, wishes=wishes)  # type: ignore[arg-type]

        made: Callable[..., R] = _gathered
        for name in reversed(names):
            made = OPTIONS[name](made)
        return made

    return _with_options


def _two(_: click.Context, __: click.Parameter, given: tuple[float, ...] | None) -> tuple[float, ...] | None:
    if given is not None and len(given) != 2:
        raise click.BadParameter("give two exponents, of active and of reactive power, e.g. 0.9,1.3")
    return given


OPTIONS = {
    "loading": click.option("--loading", type=Numbers(), default="1.0", metavar="X[,X…]", help="Factor on loads and schedules; several: scenarios."),
    "exponents": click.option("--exponents", type=Numbers(), callback=_two, metavar="P,Q", help="Of feeder loads, or of all if it has no feeders."),
    "parallel": click.option("--parallel", type=Numbers(whole=True), metavar="N[,N…]", help="Parallel feeders at each interface, or at all."),
    "hours": click.option("--hours", type=click.IntRange(1), metavar="N", help="Periods. Also: --first-hour, --start."),
    "first_hour": click.option("--first-hour", type=click.IntRange(1), metavar="H", hidden=True, help="Markets: the first of them."),
    "flow": click.option(
        "--flow", type=click.Choice(["apparent", "active"]), metavar="POWER", help="Markets: apparent, active; or --form branch-flow."
    ),
    "form": click.option(
        "--form", type=click.Choice(["lindist", "branch-flow"]), metavar="FORM", hidden=True, help="Markets: lindist, or branch-flow (losses)."
    ),
    "start": click.option(
        "--start", type=click.Choice(["flat", "previous-hour"]), metavar="HOW", hidden=True, help="Dispatch: each period flat, or from previous-hour."
    ),
    "certificate": click.option(
        "--bound", "certificate", flag_value="cones", default="owner", help="Dispatch: against a cone bound, no model joined."
    ),
    "inertia": click.option(
        "--inertia", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Reserve: its hours. More: tandem help reserve."
    ),
    "feeders": click.option(
        "--feeders", type=click.Choice(["full", "base-only", "none"]), metavar="MODEL", hidden=True, help="Reserve: networks that count.  [full]"
    ),
    "primary_time": click.option(
        "--primary-time", type=Numbers(), callback=times, metavar="S[,DELAY]", hidden=True, help="Reserve: delivery of the primary.  [10,0]"
    ),
    "fast_time": click.option(
        "--fast-time", type=Numbers(), callback=times, metavar="S[,DELAY]", hidden=True, help="Reserve: delivery of the fast.  [1,0]"
    ),
    "nadir": click.option("--nadir", type=float, metavar="HZ", hidden=True, help="Reserve: deepest fall.  [1]"),
    "nadir_by": click.option(
        "--nadir-by", type=click.Choice(["cone", "refined"]), metavar="HOW", hidden=True, help="Reserve: cone, or refined: exact.  [cone]"
    ),
    "options": click.option("--set", "options", type=Setting(), multiple=True, metavar="NAME=X", help="Option of the scheme, e.g. tol=1e-10."),
    "rounds": click.option("--rounds", type=click.IntRange(1), metavar="N", help="Most rounds.  [100]"),
    "feeder_solver": click.option(
        "--feeder-solver",
        type=click.Choice(["auto", "sweep", "newton"]),
        default="auto",
        metavar="METHOD",
        hidden=True,
        help="auto, sweep or newton.",
    ),
    "q_rule": click.option("--q-limits", "q_rule", flag_value="switch", default="ignore", help="Units keep reactive limits. Also: --hold-taps."),
    "slack": click.option("--slack", type=click.Choice(["reference", "shared"]), default="reference", metavar="WHO", help="reference or shared."),
    "taps": click.option("--hold-taps", "taps", flag_value="hold", default="move", hidden=True, help="No tap changer moves."),
    "rules": click.option("--fail-if", "rules", type=Ruling(), multiple=True, metavar="RULE", help="Exit 10 if e.g. 'voltage-error>1e-8'."),
    "folder": click.option("--out", "folder", type=click.Path(path_type=Path), default=SHELF, metavar="DIR", help="For run files.  [tandem-runs]"),
    "picture": click.option("--picture/--no-picture", default=False, help="Draw an overview beside the run file."),
}
FLOW = ("loading", "exponents", "parallel", "feeder_solver", "q_rule", "slack", "taps")
MARKETS = ("hours", "first_hour", "flow", "form")
DISPATCHES = ("start", "certificate")
RESERVES = ("inertia", "feeders", "primary_time", "fast_time", "nadir", "nadir_by")
OF_CASE = ("exponents", "parallel")  # what changes the case before it is studied
STUDIED = FLOW
KEPT = ("rules", "folder", "picture")
