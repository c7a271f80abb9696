"""The two sides of a market in processes of their own: transmission clears offers it was sent, a company shares out an award it was sent.

Neither reads anything of the other's networks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.market_letters import Award, ClearWith, Curves, Tier
from gridtandem.cases.case import Case
from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid.network import Network
from gridtandem.orders.rules import Rules
from gridtandem.parties.feeder_market import FeederMarket
from gridtandem.parties.wholesale import Wholesale
from gridtandem.program.answer import Status
from gridtandem.program.solve import solve
from gridtandem.resources.day import faults
from gridtandem.resources.part import Window
from gridtandem.study.market.exchange import Document, error_of, offer_of, rule_faults, steps_of
from gridtandem.study.market.exchange_stores import Row, rows_of, stores_of, use_of
from gridtandem.study.market.naming import Known, reason
from gridtandem.study.market.offer import own_desk, rows_named
from gridtandem.study.market.phase_check import PhaseChecks
from gridtandem.study.market.results import MONEY, PRICE, DeviceResults, NodePrices
from gridtandem.study.market.run import FeederPlan, above, below, by_itself
from gridtandem.study.market.study import MarketStudy
from gridtandem.study.market.tables import feeder_devices, feeder_prices, transmission_devices, transmission_prices
from gridtandem.tables import Index, Names, Real, Table, column, stacked


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Awarded(Table):
    """Awards as they are sent. Power is export, as in offers."""

    kind: ClassVar[str] = "awarded"
    period: Index = column("period, from 1", dtype="i8")
    interface: Names = column("name of the interface", dtype="U")
    export_mw: Real = column("from the feeder into transmission", unit="MW")
    price_per_mwh: Real = column("price there", unit=PRICE)
    payment: Real = column("what the company receives", unit=MONEY)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Side:
    """What one side knows after clearing, or after its award. Tables are empty where there is no answer; ``trouble`` then says why."""

    currency: str
    awards: Awarded
    prices: NodePrices
    devices: DeviceResults
    cost: float  # of its own resources [currency]
    trouble: tuple[str, ...] = ()
    unheard: tuple[str, ...] = ()  # interfaces of the case that sent no offer, where a whole case was given: nothing is served there
    checks: PhaseChecks | None = None  # of a three-phase feeder: the exact load flow of its dispatch
    used: Mapping[tuple[str, int], object] = field(default_factory=dict)  # by interface and hour: what storage does that was lent

    def award(self) -> Mapping[tuple[str, int], tuple[float, float]]:
        """Export and price by interface and hour."""
        a = self.awards
        keys = zip(a.interface.tolist(), a.period.tolist(), strict=True)
        return dict(zip(keys, zip(a.export_mw.tolist(), a.price_per_mwh.tolist(), strict=True), strict=True))


def cleared_offers(network: Network, offers: Sequence[Document], rules: Rules) -> Side:
    """Clear a transmission network with the offers it was sent."""
    dsos = list(dict.fromkeys(str(r["dso"]) for d in offers for r in d.rows))
    hours = sorted({int(r["interval"]) for d in offers for r in d.rows})
    window = Window(first=hours[0] - 1, periods=len(hours), hours=offers[0].hours_each)
    rows = {(str(r["dso"]), int(r["interval"])): r for d in offers for r in d.rows}
    place = {name: k for k, name in enumerate(network.buses.name.tolist())}
    bus = [place.get(str(rows[dso, hours[0]]["bus"]), -1) for dso in dsos]
    wrong = [*offer_faults(network, offers, rules), *(f.at(network.name) for f in network.faults())]
    if wrong := wrong or [f.at(network.name) for f in faults(network, window.end, source=True)]:
        raise InvalidCase(wrong)
    market = Wholesale.of(network, np.array(bus, np.int64), window)
    plan = market.clear_with(ClearWith(_curves([[rows[dso, h] for dso in dsos] for h in hours])))
    if np.isnan(plan.cost):
        return _nothing(offers[0].currency, (f"no clearing: {_why(market)}",))
    tso = above(market, plan.z[0], plan.price[0])
    return Side(
        currency=offers[0].currency, awards=_awarded(window, dsos, plan.z[0], plan.price[0]), prices=transmission_prices(market, tso),
        devices=transmission_devices(market, tso), cost=plan.own_cost,
        used={(dso, hour): rows_of(plan.use, t, k) for t, hour in enumerate(hours) for k, dso in enumerate(dsos)},
    )  # fmt: skip


def shared_out(study: MarketStudy, word: str, awards: Sequence[Document]) -> Side:
    """What a company's feeders do with the award they were sent; ``study`` gives the case and the rules of its own day."""
    which = rows_named(study.case, word)
    study = of_awards(study, which, awards)
    return shared_by(study, which, own_desk(study, which), awards)[0]


def of_awards(study: MarketStudy, which: Index, awards: Sequence[Document]) -> MarketStudy:
    """The study with the hours of awards; `InvalidCase` where they are not for these interfaces."""
    rows = {(str(r["dso"]), int(r["interval"])) for d in awards for r in d.rows}
    hours = sorted({hour for _, hour in rows})
    names = study.case.interfaces.name[which].tolist()
    wrong = [_silent(awards, name) for name in names if (name, hours[0]) not in rows] + _other_money(study.case, awards)
    if wrong:
        raise InvalidCase(wrong)
    return replace(study, first=hours[0], hours=len(hours), step_h=awards[0].hours_each)


def shared_by(study: MarketStudy, which: Index, desk: FeederMarket, awards: Sequence[Document]) -> tuple[Side, tuple[FeederPlan, ...]]:
    """What the desk behind these interfaces does with awards for the periods of the study."""
    rows = {(str(r["dso"]), int(r["interval"])): r for d in awards for r in d.rows}
    case, hours = study.case, range(study.window.first + 1, study.window.end + 1)
    names = case.interfaces.name[which].tolist()
    z, price = (np.array([[[sign * rows[n, h][key] for n in names] for h in hours]]) for key, sign in (("mw", -1.0), ("price", 1.0)))
    use = use_of([[rows[n, h] for n in names] for h in hours])
    receipt = desk.award(Award(z, price, use)).worth[0]
    if (receipt == Worth.REFUSED).any():
        missed = [(names[k], hours[t]) for t, k in np.argwhere(receipt == Worth.REFUSED).tolist()]
        said = tuple(f"feeder {n!r} cannot deliver its award of {rows[n, h]['mw']:g} MW in hour {h}" for n, h in missed)
        return _nothing(case.currency, said), ()
    own_use = replace(use, interface=which[use.interface])
    plans = [below(desk, k, (str(case.interfaces.company[i]), int(i)), (z[0, :, k], price[0, :, k]), own_use) for k, i in enumerate(which.tolist())]
    told = [(p, str(case.interfaces.feeder[p.interface])) for p in plans]
    side = Side(
        currency=case.currency, awards=_awarded(study.window, names, z[0], price[0]),
        prices=stacked(NodePrices, [feeder_prices(p, f) for p, f in told]), devices=stacked(DeviceResults, [feeder_devices(p, f) for p, f in told]),
        cost=sum(p.dispatch.cost for p in plans),
    )  # fmt: skip
    return side, tuple(plans)


def _why(market: Wholesale) -> str:
    """Transmission by itself, or else what was offered."""
    program = by_itself(market)
    if solve(program).status is Status.INFEASIBLE:
        return reason(program, Known(wholesale=market), None)
    return "what feeders take or offer cannot be carried, though transmission by itself can be served"


def _curves(rows: Sequence[Sequence[Row]]) -> Curves:
    """The letter that offers (hour, interface) make."""
    shape = (1, len(rows), len(rows[0]))
    start, steps = np.empty(shape), []
    for t, hour in enumerate(rows):
        for k, row in enumerate(hour):
            start[0, t, k] = -offer_of(row).x[0]
            steps += [(t, k, *step) for step in steps_of(row).tolist()]
    period, interface = (np.array([s[n] for s in steps], np.int64) for n in (0, 1))
    mw, price, rise = (np.array([s[n] for s in steps], float) for n in (2, 3, 4))
    tier = np.array([[[Tier[str(row["tier"]).upper()] for row in hour] for hour in rows]], np.int8)
    error = np.array([[[error_of(row) for row in hour] for hour in rows]])
    bound, none = np.full(shape, Worth.BOUND, np.int8), np.zeros(len(mw), np.int64)
    return Curves(start, tier, bound, none, period, interface, mw, price, rise, error, stores_of(rows))


def _awarded(window: Window, dsos: Sequence[str], z: Real, price: Real) -> Awarded:
    period = np.repeat(np.arange(window.first, window.end) + 1, len(dsos))
    return Awarded(
        period=period, interface=np.tile(np.array(dsos, str), len(z)), export_mw=-z.ravel() + 0.0, price_per_mwh=price.ravel(),
        payment=-(z * price).ravel() * window.hours + 0.0,
    )  # fmt: skip


def _nothing(currency: str, trouble: tuple[str, ...]) -> Side:
    empty = Awarded.empty(), NodePrices.empty(), DeviceResults.empty()
    return Side(currency=currency, awards=empty[0], prices=empty[1], devices=empty[2], cost=np.nan, trouble=trouble)


def offer_faults(network: Network, offers: Sequence[Document], rules: Rules) -> Iterator[Fault]:
    """Offers that break the rules of the market, and those at buses that the network does not have in service."""
    yield from rule_faults(offers, rules)
    place = {name: k for k, name in enumerate(network.buses.name.tolist())}
    for dso, name in dict.fromkeys((str(r["dso"]), str(r["bus"])) for d in offers for r in d.rows):
        k = place.get(name, -1)
        if k < 0 or not network.buses.live[k]:
            what = f"{dso!r} hangs on bus {name!r}, which is {'out of service' if k >= 0 else 'not a bus'} of {network.name!r}"
            yield Fault("exchange", what, "name one of its buses in service", "exchange-008")


def _silent(awards: Sequence[Document], name: str) -> Fault:
    known = ", ".join(dict.fromkeys(str(r["dso"]) for d in awards for r in d.rows))
    return Fault("exchange", f"the award says nothing of {name!r}", f"it is for {known}", "exchange-009")


def _other_money(case: Case, awards: Sequence[Document]) -> list[Fault]:
    strange = sorted({d.currency for d in awards} - {case.currency})
    return [Fault("exchange", f"the award is in {m}", f"case {case.name} reckons in {case.currency}", "exchange-005") for m in strange]
