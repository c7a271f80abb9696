"""A market study: everything that determines a cleared day, as one frozen record; and the parties it seats."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, final

import numpy as np

from gridtandem.boundary.mailbox import Company, Desk, Mailbox
from gridtandem.cases.case import Case
from gridtandem.cases.join import bundle
from gridtandem.errors import Fault, InvalidCase
from gridtandem.opf.common import Common
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.forms.branch_flow import BranchFlow
from gridtandem.opf.forms.lindist import Flow
from gridtandem.opf.hours import EachHour, Hours
from gridtandem.opf.regulated import RegulatedFeeder
from gridtandem.opf.retail import as_offered, minding_retail
from gridtandem.parties.feeder_choice import FeederChoice
from gridtandem.parties.feeder_market import FeederMarket
from gridtandem.parties.feeder_plain import FeederPlain
from gridtandem.parties.feeder_reserve import FeederReserve
from gridtandem.parties.feeder_strategic import FeederStrategic
from gridtandem.parties.feeder_value import FeederValues
from gridtandem.parties.pool import Pool
from gridtandem.parties.wholesale import Wholesale
from gridtandem.parties.wholesale_choice import WholesaleChoice
from gridtandem.parties.wholesale_near import WholesaleNear
from gridtandem.parties.wholesale_reserve import WholesaleReserve
from gridtandem.parties.wholesale_residual import WholesaleResidual
from gridtandem.resources.part import Window
from gridtandem.schemes.ideal import Ideal
from gridtandem.schemes.price_taker import PriceTaker
from gridtandem.schemes.strategic import Strategic
from gridtandem.study.kinds import MARKET, Kind
from gridtandem.study.market.benchmark import Benchmark
from gridtandem.study.market.faults import study_faults
from gridtandem.study.provenance import digest_of
from gridtandem.tables import Index

Form = Literal["lindist", "branch-flow"]
FORMS: Mapping[str, Callable[[FeederProblem, float], FeederProblem]] = {
    "lindist": lambda problem, _: problem, "branch-flow": lambda problem, root_pu: BranchFlow.of(problem, root_pu=root_pu).problem,
}  # fmt: skip
SETTINGS = ("scheme", "first", "hours", "step_h", "root_pu", "flow", "form", "essential", "forecast", "rounds", "benchmark")


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MarketStudy:
    """A case, a scheme of markets and the rules of the day. Same study, same bits."""

    kind: ClassVar[Kind] = MARKET
    case: Case
    scheme: Any
    first: int = 1  # first period, counted from 1
    hours: int = 0  # periods cleared; 0: all that the case's profiles cover, or one
    step_h: float = 1.0  # length of a period
    root_pu: float = 1.0  # voltage that feeders reckon with at their root
    flow: Flow = "apparent"  # what ratings of feeder lines limit
    form: Form = "lindist"  # network equations of feeders: without losses, or branch-flow with losses and currents
    essential: float = 0.0  # share of fixed load less free power that feeders must take from transmission; 0: no such rule
    forecast: tuple[float, ...] = ()  # prices by which feeders schedule storage before they offer, one for each period; none: a level price
    rounds: int = 100
    benchmark: Benchmark = "prices"  # what proves the least cost of all: prices where they can, else the joint program; or that in any case

    @property
    def window(self) -> Window:
        """The periods that are cleared."""
        return Window(first=self.first - 1, periods=self.hours or self.day, hours=self.step_h)

    @property
    def day(self) -> int:
        """Periods from the first to the last that every profile covers; 1 without profiles."""
        covered = [n.periods for n in (self.case.transmission, *self.case.models) if n.periods]
        return max(min(covered, default=1) - self.first + 1, 1)

    def settings(self) -> dict[str, Any]:
        """Everything but the case, as plain words and numbers."""
        return {name: getattr(self, name) for name in SETTINGS}

    def digest(self) -> str:
        """SHA-256 of case and settings; equal digests give equal results."""
        return digest_of(self.case.digest(), settings=self.settings())

    def faults(self) -> Iterator[Fault]:
        """Everything that keeps this case from a market under these settings."""
        yield from study_faults(self)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MarketSeats:
    """The parties of a market study. The pool sits only where one person holds all models: it is the benchmark."""

    wholesale: Wholesale
    fleets: tuple[tuple[FeederMarket, Index], ...]  # with the interfaces each stands behind
    companies: tuple[str, ...]
    pool: Pool

    @property
    def residual(self) -> WholesaleResidual:
        """Transmission's desk for companies that move the price; it knows who stands behind each interface."""
        who = {int(row): name for name, (_, rows) in zip(self.companies, self.fleets, strict=True) for row in rows}
        return WholesaleResidual(self.wholesale, np.array([who[k] for k in range(len(who))], dtype=str))

    def mailbox(self, scheme: Any, periods: int) -> Mailbox:
        """The road between them."""
        w = self.wholesale
        desks = (w, WholesaleNear(w), WholesaleChoice(w), WholesaleReserve(w), self.residual)
        tso = Company("owner", (self.pool,)) if isinstance(scheme, Ideal) else Company("tso", desks)
        dsos = tuple((Company(name, _desks(desk)), rows) for name, (desk, rows) in zip(self.companies, self.fleets, strict=True))
        return Mailbox(tso, dsos, axes=(1, periods))


def _desks(market: FeederMarket) -> tuple[Desk, ...]:
    """All of a distribution company's desks."""
    values = FeederValues.of(market)
    return market, values, FeederPlain(values), FeederChoice.of(values), FeederReserve(market), FeederStrategic(market)


def seated(study: MarketStudy) -> MarketSeats:
    """Check case and settings, and give each company its part."""
    case = study.case
    if found := [*case.faults(), *study.faults()]:
        raise InvalidCase(found)
    common = Common()
    return seats_of(study, [(desk_of(study, case.rows_of(name), common), case.rows_of(name)) for name in case.companies])


def seats_of(study: MarketStudy, desks: Sequence[tuple[FeederMarket, Index]]) -> MarketSeats:
    """The parties, with the desk of each company and the interfaces behind which it stands."""
    case = study.case
    wholesale = Wholesale.of(case.transmission, case.interfaces.bus, study.window)
    by_interface: dict[int, FeederProblem] = {}
    for desk, rows in desks:
        by_interface |= {int(row): as_offered(desk.whole[int(desk.kind[k])]) for k, row in enumerate(rows)}
    feeders = tuple(by_interface[i] for i in range(len(case.interfaces)))
    bought = None if wholesale.reserve is None else wholesale.reserve.bought
    regulated = () if bought is None else tuple(RegulatedFeeder.of(f, bought) for f in feeders)
    pool = Pool(wholesale=wholesale, feeders=feeders, regulated=regulated)
    return MarketSeats(wholesale=wholesale, fleets=tuple(desks), companies=case.companies, pool=pool)


def desk_of(study: MarketStudy, rows: Index, common: Common | None = None) -> FeederMarket:
    """The market desk of a company that stands behind these interfaces: one problem for each different (model, root, count, scale)."""
    table, window, common = study.case.interfaces.take(rows), study.window, Common() if common is None else common
    own = isinstance(study.scheme, PriceTaker | Strategic)  # the company looks at its own cost alone
    kinds, kind = np.unique(np.stack([table.model, table.root, table.count, table.scale], -1), axis=0, return_inverse=True)
    whole: list[FeederProblem] = []
    hourly: list[EachHour] = []
    for model, root, count, scale in kinds.tolist():
        net = bundle(study.case.models[int(model)], count=int(count), scale=scale)

        def problem(part: Window, net: Any = net, root: int = int(root)) -> FeederProblem:
            made = FeederProblem.of(net, root, part, root_pu=study.root_pu, flow=study.flow, essential=study.essential, common=common)
            return FORMS[study.form](minding_retail(made) if own else made, study.root_pu)

        day = problem(window)
        whole.append(day)
        hours = Hours(window.periods, lambda t, made=problem: made(Window(first=window.first + t, hours=window.hours)))  # type: ignore[misc]
        hourly.append(() if day.owned.coupled else hours)
    forecast = np.array(study.forecast, float) if study.forecast else np.zeros(window.periods)
    return FeederMarket.of(table.name, np.asarray(kind.ravel(), np.int64), tuple(whole), tuple(hourly), forecast=forecast)
