"""Every answer of a strategic company, held against its market once more: solved again without the search that found it, as only an owner can."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.layout import split
from gridtandem.boundary.strategic_letters import Disclose
from gridtandem.opf.leader import THETA, Slots, leader
from gridtandem.parties.feeder_strategic import FeederStrategic, followers_in, places
from gridtandem.program.arrays import Columns, Program
from gridtandem.program.bilevel import Bilevel, BilevelAnswer, own_cost
from gridtandem.program.certify import RIVALS, Certificate, certify
from gridtandem.program.kinks import slopes_at, unequal
from gridtandem.program.solve import solve
from gridtandem.schemes.strategic import Strategic, StrategicState
from gridtandem.study.market.results import MONEY
from gridtandem.study.market.run import MarketResult
from gridtandem.study.market.study import MarketStudy
from gridtandem.tables import Flag, Index, Names, Real, Table, column

EQUAL = ", of those with equal offers to like feeders"


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Certificates(Table):
    """What remains of the conditions of a strategic answer where the market is solved again; see `gridtandem.program.certify`."""

    kind: ClassVar[str] = "certificates"
    period: Index = column("period, from 1", dtype="i8")
    company: Names = column("distribution company", dtype="U")
    slope: Real = column("by how much the price is no slope of the market's cost there", unit=MONEY)
    identity: Real = column("what the payment identity misses", unit=MONEY)
    penalty: Real = column("power that the market lacks, spills or forces through lines: where above 0, scarcity made the price", unit="MW")
    holds: Flag = column("is every condition met?", dtype="?")
    said: Names = column("the first that is not", dtype="U", default="")
    looked: Names = column("where strategies that cost the company less were sought", dtype="U", default="")


def certificates(result: MarketResult) -> Certificates:
    """A row for each period and company; where periods of the market hang together, all have the same residuals."""
    rows = [(name, found) for name, found in certified(result)]
    if not rows:
        return Certificates.empty()
    window, many = result.study.window, len(rows)
    each = {name: np.concatenate([np.broadcast_to(getattr(c, name), window.periods) for _, c in rows]) for name in ("slope", "identity", "penalty")}
    told = [str(c.faults[0]) if c.faults else "" for _, c in rows]
    return Certificates.of({
        "period": np.tile(np.arange(window.first, window.end) + 1, many), "company": np.repeat([name for name, _ in rows], window.periods),
        "holds": np.repeat([c.holds for _, c in rows], window.periods), "said": np.repeat(told, window.periods),
        "looked": np.repeat([c.looked for _, c in rows], window.periods), **each,
    })  # fmt: skip


def certified(result: MarketResult) -> Iterator[tuple[str, Certificate]]:
    """Each company's answer, the others staying with theirs; nothing under other schemes."""
    state, scheme, bargain = result.outcome.state, result.study.scheme, result.bargain
    if not (isinstance(state, StrategicState) and isinstance(scheme, Strategic)) or bargain is None or not result.feeders:
        return
    for name, (desk, rows) in zip(result.seats.companies, result.seats.fleets, strict=True):
        mine: Flag = np.isin(np.arange(bargain.z.shape[2]), rows)
        low, high = (np.where(mine, side, bargain.z) for side in (state.reach.low, state.reach.high))
        market = split(result.seats.residual.disclose(Disclose(low, high)), rows)
        place, heads = places(market.head[0, 0])
        if len(market.interface) != len(heads) * result.study.window.periods:
            continue  # it has no room to move in
        followers, slots = followers_in(market, heads, result.study.window.periods)
        endless = np.full(slots.shape, np.inf)
        program = leader(FeederStrategic(desk).groups(place, scheme.local), slots, (-endless, endless))
        settled, expected = (
            _answer(program, slots, place, (bargain.z[0][:, rows], price[0][:, rows] * result.study.window.hours))
            for price in (bargain.price, state.best.price if state.best else bargain.price)
        )
        found = _certificate(Bilevel(program, THETA, followers), settled, expected)
        yield name, replace(found, looked=found.looked + (EQUAL if equal_offers(result.study, rows) else ""))


def equal_offers(study: MarketStudy, rows: Index) -> bool:
    """Whether like feeders of a company are made equal offers as a rule, which could cost it: where it posts prices, to several feeders."""
    scheme = study.scheme
    return isinstance(scheme, Strategic) and scheme.local == "posted" and int(study.case.interfaces.count[rows].sum()) > 1


def _certificate(bilevel: Bilevel, settled: BilevelAnswer, expected: BilevelAnswer) -> Certificate:
    """Of the price that is settled. Whether something is cheaper is asked at the price that the company expected: at a kink companies are settled at
    that of their common clearing, and each alone would have another.
    """
    kink = np.array([unequal(slopes_at(follower, theta)) for follower, theta in zip(bilevel.followers, settled.theta, strict=True)])
    found = certify(bilevel, replace(settled, kink=kink))
    if np.array_equal(settled.price, expected.price):
        return found
    alone = certify(bilevel, replace(expected, kink=kink))
    kept = [f for f in found.faults if f.code not in RIVALS], [f for f in alone.faults if f.code in RIVALS]
    return replace(found, rival=alone.rival, faults=(*kept[0], *kept[1]))


def _answer(program: Program, slots: Slots, place: Index, agreed: tuple[Real, Real]) -> BilevelAnswer:
    """The company at the agreed exchange and price (period, interface), its own cost as small as it can be there."""
    theta, price = np.zeros(slots.shape), np.zeros(slots.shape)
    for k in range(slots.at.shape[1]):
        at = np.unravel_index(slots.at[:, k], slots.shape)
        theta[at], price[at] = agreed[0][:, place == k].sum(1), agreed[1][:, place == k][:, 0]
    found = solve(replace(program, columns={**program.columns, THETA: Columns.of(slots.shape, theta, theta)}))
    payment, own = (theta * price).sum(1), own_cost(program, found.x)
    total = own + float(payment.sum())
    return BilevelAnswer(
        status=found.status, theta=theta, price=price, payment=payment, leader_cost=own,
        total=total, x=found.x, shadow={}, bound=total, kink=np.zeros(len(theta), bool), method="cells", solver=found.solver,
    )  # fmt: skip
