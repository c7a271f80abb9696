"""The options that `run`, `compare` and `demo` share, gathered into one record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Literal, ParamSpec, TypeVar, final

import click

from gridtandem.cli.words import Numbers, Ruling, Setting

if TYPE_CHECKING:
    from gridtandem.study.market.study import MarketStudy
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
    options: tuple[tuple[str, float], ...] = ()
    folder: Path = SHELF
    picture: bool = False
    rules: tuple[Rule, ...] = ()

    @property
    def resumable(self) -> bool:
        """Is nothing asked for that a run file has already decided?"""
        free = Wishes(rounds=self.rounds, folder=self.folder, picture=self.picture, rules=self.rules)
        return self == free

    def of_market(self, schemes: Sequence[str]) -> bool:
        """Are these schemes of markets? What is asked for and belongs to the other kind is refused."""
        from gridtandem.study.market.kind import of_market

        return of_market(schemes, self._given(FLOW), self._given(MARKET))

    @property
    def asks_market(self) -> bool:
        """Is anything asked for that only a market has?"""
        return bool(self._given(MARKET))

    def market(self, case: str, scheme: str | None = None) -> MarketStudy:
        """The market study of a case, by name or path, under these wishes."""
        from gridtandem.cases.named import case as named
        from gridtandem.study.market.setting import market_studied
        from gridtandem.study.registry import scheme_named
        from gridtandem.study.setting import ROUNDS

        chosen = None if scheme is None else scheme_named(scheme, dict(self.options))
        return market_studied(named(case), chosen, self._given(MARKET), self.rounds or ROUNDS)

    def _given(self, names: Sequence[str]) -> dict[str, object]:
        free = Wishes()
        return {name: getattr(self, name) for name in names if getattr(self, name) != getattr(free, name)}

    def study(self, case: str, scheme: str | None = None, options: Sequence[tuple[str, float]] = ()) -> Study:
        """The study of a case, by name or path, under these wishes."""
        from gridtandem.cases.generate import with_exponents, with_parallel
        from gridtandem.cases.named import case as named
        from gridtandem.study.setting import ROUNDS, studied

        found = named(case)
        found = found if self.exponents is None else with_exponents(found, *self.exponents)
        found = found if self.parallel is None else with_parallel(found, self.parallel)
        return studied(
            found, scheme=scheme, options=dict(options), loading=self.loading, rounds=self.rounds or ROUNDS, feeder_solver=self.feeder_solver,
            q_rule=self.q_rule, slack=self.slack, taps=self.taps,
        )  # fmt: skip


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
    "exponents": click.option("--exponents", type=Numbers(), callback=_two, metavar="P,Q", help="Voltage exponents of all feeder loads."),
    "parallel": click.option("--parallel", type=Numbers(whole=True), metavar="N[,N…]", help="Parallel feeders at each interface, or at all."),
    "hours": click.option("--hours", type=click.IntRange(1), metavar="N", help="Markets: periods, from --first-hour H on."),
    "first_hour": click.option("--first-hour", type=click.IntRange(1), metavar="H", hidden=True, help="Markets: the first of them."),
    "flow": click.option(
        "--flow", type=click.Choice(["apparent", "active"]), metavar="POWER", help="Markets: apparent, active; or --form branch-flow."
    ),
    "form": click.option(
        "--form", type=click.Choice(["lindist", "branch-flow"]), metavar="FORM", hidden=True, help="Markets: lindist, or branch-flow (losses)."
    ),
    "options": click.option("--set", "options", type=Setting(), multiple=True, metavar="NAME=X", help="Option of the scheme, e.g. tol=1e-10."),
    "rounds": click.option("--rounds", type=click.IntRange(1), metavar="N", help="Most rounds.  [100]"),
    "feeder_solver": click.option(
        "--feeder-solver", type=click.Choice(["auto", "sweep", "newton"]), default="auto", metavar="METHOD", help="auto, sweep or newton."
    ),
    "q_rule": click.option("--q-limits", "q_rule", flag_value="switch", default="ignore", help="Keep units within reactive limits."),
    "slack": click.option("--slack", type=click.Choice(["reference", "shared"]), default="reference", metavar="WHO", help="reference or shared."),
    "taps": click.option("--hold-taps", "taps", flag_value="hold", default="move", help="No tap changer moves."),
    "rules": click.option("--fail-if", "rules", type=Ruling(), multiple=True, metavar="RULE", help="Exit 10 if e.g. 'voltage-error>1e-8'."),
    "folder": click.option("--out", "folder", type=click.Path(path_type=Path), default=SHELF, metavar="DIR", help="For run files.  [tandem-runs]"),
    "picture": click.option("--picture/--no-picture", default=False, help="Draw an overview beside the run file."),
}
FLOW = ("loading", "exponents", "parallel", "feeder_solver", "q_rule", "slack", "taps")
MARKET = ("hours", "first_hour", "flow", "form")
STUDIED = FLOW
KEPT = ("rules", "folder", "picture")
