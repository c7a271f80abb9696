r"""A distribution company that knows what its exchange and its fast reserve do to both prices: all of its feeders as one leader.

.. math:: \min\; \sum_k n_k c_k(x_k, f_k) + \sum_t \bigl(\lambda_t^\top z_t - \pi^F_t F_t\bigr), \qquad
          (\lambda_t, -\pi^F_t) \in \partial V_t(z_t, F_t), \quad z_{tp} = \sum_{k \text{ at } p} n_k z_{kt}, \quad F_t = \sum_k n_k F_{kt}

with V from `gridtandem.frequency.follower` and feeders as in `gridtandem.opf.fast_reserve`: branch flows in two states, which are cones and stay the
leader's. Whole numbers say which piece of V holds (`gridtandem.program.bilevel`), see `gridtandem.program.by_hours` for how they are found.

Where cones are loose, losses are made dearer by the rule of `gridtandem.frequency.schedule`: first as long as a mixture of pieces needs it, which is
a convex program, then as long as the strategy does. The first of these programs, without any penalty, bounds every strategy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, final

import numpy as np
from scipy import sparse

from gridtandem.frequency.schedule import ABOVE, LOOSE, ROUNDS
from gridtandem.opf.fast_reserve import FastFeeder
from gridtandem.opf.leader import of_group, times
from gridtandem.program.answer import Answer, Status
from gridtandem.program.arrays import Columns, Matrix, Program, Rows
from gridtandem.program.bilevel import Bilevel, BilevelAnswer, Method, answered, solve
from gridtandem.program.by_hours import Market, best_by_hours, mixed, with_parts
from gridtandem.program.certify import Certificate, agrees
from gridtandem.program.follower import Follower
from gridtandem.program.hours import hourly
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.tables import Real

THETA = "theta"
ROOM = 1e-6  # relative, and MW; what an interior point leaves of an end
Search: TypeAlias = Callable[[Program], BilevelAnswer]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FastGroup:
    """Feeders built alike whose exchange counts to one number of θ."""

    feeder: FastFeeder
    count: int = 1
    place: int = 0
    penalty: Real | float = 0.0  # (state, period) on losses as networks stand, and called [currency/MWh]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SecureStrategy:
    """What the company does, and what it earns. NaN where there is no answer; ``found`` says why."""

    found: BilevelAnswer  # whose costs hold penalties
    groups: tuple[FastGroup, ...]  # with the penalties that were needed
    box: tuple[Real, Real]  # of θ (period, number)
    z: Real  # (period, group) what all feeders of a group take [MW]
    award: Real  # (period, group) their fast reserve [MW]
    energy: Real  # (period, group) price [currency/MWh]
    fast_price: Real  # (period) [currency/MW in an hour]
    own: float  # what its resources cost, without penalties [currency]
    payment: float  # what it pays for energy, less what it earns with reserve [currency]
    bound: float  # no strategy costs less [currency]
    slack: Real  # (group, state, period); NaN for states that are not there

    @property
    def total(self) -> float:
        """Own cost and payment. [currency]"""
        return self.own + self.payment

    @property
    def tight(self) -> bool:
        """Whether every cone is a load flow."""
        return self.found.status is Status.SOLVED and not bool((self.slack > LOOSE).any())


def best(groups: Sequence[FastGroup], box: tuple[Real, Real], markets: Sequence[Market]) -> SecureStrategy:
    """The best strategy within a box (period, number) against the pieces of each hour's market."""
    dear, bound = _foreseen(groups, box, markets)
    told = searched(dear, box, lambda program: best_by_hours(program, THETA, markets))
    return replace(told, bound=bound)


def best_within(groups: Sequence[FastGroup], followers: Sequence[Follower], box: tuple[Real, Real], method: Method) -> SecureStrategy:
    """The same against markets that are known whole, by a route of `gridtandem.program.bilevel`."""
    return searched(groups, box, lambda program: _finer(program, solve(Bilevel(program, THETA, tuple(followers)), method)))


def _finer(program: Program, found: BilevelAnswer) -> BilevelAnswer:
    """The same θ, and what feeders do for it without all the unknowns of markets beside them, which leave cones a little loose."""
    theta = replace(program.columns[THETA], low=found.theta, high=found.theta)
    last = Clarabel().solve(replace(program, columns={**program.columns, THETA: theta})) if found.status is Status.SOLVED else None
    if last is None or last.status is not Status.SOLVED:
        return found
    return answered(program, THETA, replace(last, solver=found.solver), price=found.price, kink=found.kink, bound=found.bound, method=found.method)


def certificate(strategy: SecureStrategy, followers: Sequence[Follower]) -> Certificate:
    """Whether markets solved anew at its θ make the prices that it is told, and its numbers fit; nothing cheaper is sought."""
    return agrees(Bilevel(leader(strategy.groups, strategy.box), THETA, tuple(followers)), strategy.found)


def searched(groups: Sequence[FastGroup], box: tuple[Real, Real], search: Search) -> SecureStrategy:
    """The best strategy that a search finds, with dearer losses in hours where cones are loose without."""
    now = tuple(groups)
    for _ in range(ROUNDS + 1):
        found = search(leader(now, box))
        told = _told(now, box, found)
        if found.status is not Status.SOLVED or told.tight:
            break
        now = _dearer(now, told.slack, told.energy, told.fast_price)
    return told


def reach(groups: Sequence[FastGroup]) -> tuple[Real, Real]:
    """Least and most of each number of θ (period, number) that networks and devices bear, each hour by itself: no less than the day allows."""
    size = max(g.place for g in groups) + 2
    low, high = (np.zeros((groups[0].feeder.feeder.window.periods, size)) for _ in range(2))
    known: dict[int, Real] = {}
    for g in groups:
        if (alike := id(g.feeder)) not in known:
            known[alike] = np.array([_ends(hour) for hour in hourly(_free(g.feeder.program), len(low))])
        least, most, award = g.count * known[alike].T
        low[:, g.place] += least
        high[:, g.place] += most
        high[:, -1] += award
    return low, high


def _free(program: Program) -> Program:
    """Without costs."""
    return replace(program, columns={k: replace(c, cost=np.zeros(c.shape)) for k, c in program.columns.items()}, constant=0.0)


def _ends(hour: Program) -> tuple[float, float, float]:
    """Least and most exchange, and most award."""
    held = Clarabel().hold(hour)
    least, most, award = (held.solve(cost={name: np.array([sign])}).require().cost for name, sign in (("z", 1.0), ("z", -1.0), ("award", -1.0)))
    return least - ROOM * max(1.0, abs(least)), -most + ROOM * max(1.0, abs(most)), max(-award, 0.0) + ROOM


def _foreseen(groups: Sequence[FastGroup], box: tuple[Real, Real], markets: Sequence[Market]) -> tuple[tuple[FastGroup, ...], float]:
    """Penalties that are needed where pieces may be mixed, which is a convex program; and what it says without any: nothing costs less."""
    now, bound = tuple(groups), np.nan
    for k in range(ROUNDS + 1):
        found = Clarabel().solve(mixed(with_parts(leader(now, box), THETA, markets)))
        if k == 0:
            bound = found.bound - sum(g.count * g.feeder.most_paid for g in now)
        slack = _slack(now, found)
        if found.status is not Status.SOLVED or not (np.nan_to_num(slack) > LOOSE).any():
            break
        price = np.zeros(box[0].shape)
        for t, market in enumerate(markets):
            for part in market:
                planes = part.cells.slope @ found.x[THETA][t, part.numbers] + part.cells.value
                price[t, part.numbers] = part.cells.slope[int(planes.argmax())]
        price /= groups[0].feeder.feeder.window.hours
        now = _dearer(now, slack, price[:, [g.place for g in groups]], -price[:, -1])
    return now, bound


def leader(groups: Sequence[FastGroup], box: tuple[Real, Real]) -> Program:
    """The company's program; blocks of the g-th group are called ``feeder{g}.…``, ``theta`` (period, number) is (z…, F) within the box."""
    made = Program.beside({f"feeder{g}": times(group.feeder.program, group.count) for g, group in enumerate(groups)})
    periods, size = box[0].shape
    day = sparse.eye_array(periods)
    parts: dict[str, Matrix] = {THETA: sparse.csr_array(sparse.eye_array(periods * size))}
    for g, group in enumerate(groups):
        for name, number in (("z", group.place), ("award", size - 1)):
            one = sparse.csr_array((np.array([-float(group.count)]), (np.array([number]), np.zeros(1, int))), shape=(size, 1))
            parts[f"feeder{g}.{name}"] = sparse.csr_array(sparse.kron(day, one))
    together = Rows.of((periods, size), 0.0, 0.0, parts)
    return replace(made, columns={**made.columns, THETA: Columns.of((periods, size), *box)}, rows={**made.rows, "together": together})


def _told(groups: tuple[FastGroup, ...], box: tuple[Real, Real], found: BilevelAnswer) -> SecureStrategy:
    hours = groups[0].feeder.feeder.window.hours
    own = [answer_of(found, g) for g in range(len(groups))]
    z, award = (np.stack([g.count * x.x[name] for g, x in zip(groups, own, strict=True)], -1) for name in ("z", "award"))
    extra = sum(g.count * g.feeder.paid(x.x) for g, x in zip(groups, own, strict=True))
    price = found.price / hours
    return SecureStrategy(
        found=found, groups=groups, box=box, z=z, award=award, energy=price[:, [g.place for g in groups]], fast_price=-price[:, -1],
        own=found.leader_cost - extra, payment=float(found.payment.sum()), bound=found.bound - extra, slack=_slack(groups, found),
    )  # fmt: skip


def _slack(groups: tuple[FastGroup, ...], found: Answer | BilevelAnswer) -> Real:
    """(group, state, period); NaN for states that are not there."""
    out = np.full((len(groups), 2, len(found.x[THETA])), np.nan)
    for g, group in enumerate(groups):
        out[g, : len(group.feeder.states)] = group.feeder.slack(answer_of(found, g))
    return out


def answer_of(found: Answer | BilevelAnswer, g: int) -> Answer:
    """The decisions of one feeder of a group, as an answer to its own program."""
    return Answer(found.status, np.nan, of_group(found.x, g), {}, {}, np.nan, 0, found.solver)


def cost_by_period(fast: FastFeeder, x: Mapping[str, Real]) -> Real:
    """What a feeder's own decisions cost, without penalties (period). [currency]"""
    periods = fast.feeder.window.periods
    out = np.full(periods, fast.program.constant / periods)
    for name, c in fast.program.columns.items():
        if not name.startswith("ell"):
            out = out + (c.cost * x[name]).reshape(periods, -1).sum(-1)
    return np.asarray(out)


def _dearer(groups: tuple[FastGroup, ...], slack: Real, energy: Real, fast: Real) -> tuple[FastGroup, ...]:
    """In hours with loose cones: above what an award earns beyond energy, or twice as much as before; where called, 1, then twice as much."""
    loose, before = np.nan_to_num(slack).max(axis=(0, 1)) > LOOSE, np.broadcast_to(groups[0].penalty, (2, slack.shape[-1]))
    least = ABOVE + np.maximum(0.0, fast - energy.min(-1))
    after = np.where(loose, np.stack([np.maximum(least, 2 * before[0]), np.maximum(1.0, 2 * before[1])]), before)
    return tuple(replace(g, feeder=g.feeder.dearer(after), penalty=after) for g in groups)
