r"""Operating envelopes of one feeder: ranges of injections within which everybody may do as he likes, and every limit holds.

A box :math:`\underline x \le y \le \overline x` keeps :math:`\underline b \le b + H y \le \overline b` at all its points if and only if its worst
corners do, with :math:`H^+ = \max(H, 0)` and :math:`H^- = \max(-H, 0)`:

.. math:: b + H^+ \overline x - H^- \underline x \le \overline b, \qquad b + H^+ \underline x - H^- \overline x \ge \underline b

Both rules begin with a point, what is injected where nobody asks, moved until limits hold: all units that help a broken limit and harm none move at
one speed, until it holds or they end; where that fails, by the least sum of what stays broken, then of moves, in a linear program. From there boxes
grow.

``equal``: caps and floors of all units grow at one speed in MW (`gridtandem.architecture.simulation.filling`).
``auctioned``: the box that is worth most to its holders, who do in it what pays at a price of energy π that is not known yet, even between
:math:`\pi_t \pm \sigma`:

.. math:: \max \sum_i \mathrm E(\pi - c_i)^+\, \overline x_i - \mathrm E(c_i - \pi)^+\, \underline x_i \quad\text{s.t. the worst corners}

which is linear, since a holder is at his cap where π is above his cost and at his floor elsewhere. What is left of the limits is filled equally.

Where not even the best point keeps all limits, ``held`` is False, and a limit may be broken as much as at that point but no more. Both boxes are
maximal: no end can move alone. Auctions of limits to access are from C. Chen, S. Bose, T. Mount, L. Tong, arXiv 2307.01999; this objective and equal
filling are ours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias, final

import numpy as np

from gridtandem.architecture.simulation.filling import both_ways, grown, slack_of
from gridtandem.architecture.simulation.moving import HELD, by_period, moves
from gridtandem.architecture.simulation.offered import Bundles, Offered
from gridtandem.errors import Fault, InvalidCase
from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.program.solve import solve
from gridtandem.tables import Flag, Index, Real

if TYPE_CHECKING:
    from gridtandem.architecture.simulation.day import Wires

Rule: TypeAlias = Literal["equal", "auctioned"]
STILL = 1e-12  # of a limit's effects; a speed below that is none


@final
@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """Ranges of injections."""

    low: Real  # (period, step) [MW]
    high: Real
    held: Flag  # (period) all limits hold at every point


def boxes(wires: Wires, offered: Offered, *, rule: Rule = "equal", energy: Real | None = None, spread: float = 0.0) -> Box:
    """Envelopes by a rule; ``energy`` (period) is the expected price that an auction needs, and ``spread`` is σ. [currency/MWh]"""
    offered.checked(wires)
    bundles = Bundles.of(wires.h, offered)
    whole = replace(wires, h=bundles.h)
    here = anchored(whole, bundles)
    value = whole.values(here)
    held = np.asarray(whole.beyond(here).max(axis=1, initial=0.0) <= HELD)
    if rule == "equal":
        low, high = grown(whole.h, slack_of(whole, value), (here, here), (bundles.least, bundles.most))
    else:
        if energy is None or energy.shape != (len(value),) or not np.isfinite(energy).all() or not 0 <= spread < np.inf:
            raise InvalidCase([Fault("auction", "has no price of energy", "give an expected price by period, and a spread of 0 or more", "arch-116")])
        low, high = _auctioned(wires, value, bundles, energy, spread)
    return Box(bundles.steps(low), bundles.steps(high), held)


def anchored(wires: Wires, bundles: Bundles) -> Real:
    """Where boxes begin (period, bundle)."""
    here = _moved_equally(wires, bundles.idle, bundles)
    size = {"up": np.ones(1), "down": np.ones(1)}
    idle = bundles.idle
    left = wires.beyond(here).max(axis=1, initial=0.0) > HELD
    if left.any():
        here = np.where(left[:, None], idle + moves(wires, idle, (bundles.least, bundles.most), [size]).change, here)
    return np.clip(here, bundles.least, bundles.most)


def _moved_equally(wires: Wires, here: Real, bundles: Bundles) -> Real:
    """All that help a broken limit and harm none, at one speed; who harms a limit once it is reached has stopped for good."""
    sign = np.concatenate([wires.h, -wires.h])  # upper and lower sides, both used up where positive
    may = np.ones((2, *here.shape), bool)  # up, down
    while True:
        slack = slack_of(wires, wires.values(here))
        broken, full = slack < -HELD, slack <= HELD
        helps = [broken @ (way < 0) for way in (sign, -sign)]
        harms = [full @ (way > 0) for way in (sign, -sign)]
        room = [bundles.most - here > 0, here - bundles.least > 0]
        may &= np.array([~h & r for h, r in zip(harms, room, strict=True)])
        going = np.array(helps) & may
        speed = going[0].astype(float) - going[1]
        if not speed.any():
            return here
        rate = speed @ sign.T  # of use
        at_limit = np.abs(rate) > STILL
        ahead = np.where(broken, rate < 0, rate > 0) & at_limit
        until = np.divide(slack, rate, out=np.full_like(slack, np.inf), where=ahead).min(axis=1, initial=np.inf)
        ends = np.where(going[0], bundles.most - here, np.where(going[1], here - bundles.least, np.inf)).min(axis=1, initial=np.inf)
        far = np.minimum(until, ends)
        here = np.clip(here + speed * np.where(np.isfinite(far), far, 0.0)[:, None], bundles.least, bundles.most)


def _auctioned(wires: Wires, value: Real, bundles: Bundles, energy: Real, spread: float) -> tuple[Real, Real]:
    """Ranges of bundles: the box that is worth most, then what is left, equally. ``value`` are the rows where boxes begin."""
    offered, periods = bundles.offered, len(energy)
    gain = energy[:, None] - offered.price
    up = np.where(gain >= spread, gain, np.clip(gain + spread, 0.0, 2 * spread) ** 2 / (4 * spread if spread > 0 else 1.0))  # E(π − c)⁺
    sides = np.minimum(wires.low, value) - wires.there, np.maximum(wires.high, value) - wires.there
    plus, minus = by_period(np.maximum(wires.h, 0.0), periods), by_period(np.maximum(-wires.h, 0.0), periods)
    each = by_period(np.eye(up.shape[1]), periods)
    rows = {
        "upper": Rows.of(value.shape, -np.inf, sides[1], {"high": plus, "low": -minus}),
        "lower": Rows.of(value.shape, sides[0], np.inf, {"low": plus, "high": -minus}),
        "range": Rows.of(up.shape, 0.0, np.inf, {"high": each, "low": -each}),
    }
    cost = {"high": -up, "low": up - gain}
    x = solve(Program({name: Columns.of(up.shape, offered.least, offered.most, cost=c) for name, c in cost.items()}, rows)).require().x
    cap = np.clip(bundles.summed(x["high"]), bundles.least, bundles.most)
    floor = np.clip(bundles.summed(x["low"]), bundles.least, cap)
    return grown(bundles.h, _slack(bundles.h, sides, floor, cap), (floor, cap), (bundles.least, bundles.most))


def _slack(h: Real, sides: tuple[Real, Real], low: Real, high: Real) -> Real:
    """Slack (period, upper and then lower sides) of limits on H y at the worst corners of a box."""
    plus, minus = np.maximum(h, 0.0), np.maximum(-h, 0.0)
    return np.concatenate([sides[1] - (high @ plus.T - low @ minus.T), low @ plus.T - high @ minus.T - sides[0]], axis=1)


def filtered(wires: Wires, offered: Offered, start: Real) -> Box:
    """What may be offered on above and below what is taken already (period, step): bids in merit order, each as far as all limits hold with all
    accepted before it called fully. Bids to inject less are accepted from the dearest down.

    Every set of calls in merit order is between two states that were tested, so it keeps the limits; who calls out of that order may break a limit on
    which effects have both signs. A limit that is broken already is not broken further.
    """
    offered.checked(wires)
    order = np.argsort(offered.price, axis=1, kind="stable")
    high = start + _accepted(wires, start, offered.most - start, order)
    low = start - _accepted(replace(wires, h=-wires.h), start, start - offered.least, order[:, ::-1], sign=-1.0)
    return Box(low, high, np.asarray(wires.beyond(start).max(axis=1, initial=0.0) <= HELD))


def _accepted(wires: Wires, start: Real, room: Real, order: Index, *, sign: float = 1.0) -> Real:
    """How far each bid is accepted, one after the other."""
    slack = np.maximum(slack_of(wires, wires.there + sign * (start @ wires.h.T)), 0.0)
    taken, every = np.zeros_like(start), np.arange(len(start))
    for j in order.T:
        use = np.concatenate([wires.h[:, j], -wires.h[:, j]]).T
        far = np.divide(slack, use, out=np.full_like(slack, np.inf), where=use > 0).min(axis=1, initial=np.inf)
        taken[every, j] = np.clip(far, 0.0, np.maximum(room[every, j], 0.0))
        slack = np.maximum(slack - use * taken[every, j][:, None], 0.0)
    return taken


def around(wires: Wires, offered: Offered, here: Real, *, frozen: Flag | None = None) -> tuple[Real, Real]:
    """The lowest and highest (period, step) around a point, equal shares; no unit moves further towards sides of limits that are ``frozen``
    (period, upper and then lower sides). Units give up their dearest steps first and take their cheapest.
    """
    above, below = (Bundles.of(wires.h, o) for o in (replace(offered, least=here), replace(offered, most=here)))
    stop = None if frozen is None else frozen @ (both_ways(above.h) > 0)
    point = above.least
    low, high = grown(above.h, slack_of(wires, wires.values(here)), (point, point), (below.least, above.most), frozen=stop)
    return np.minimum(below.steps(low), here), np.maximum(above.steps(high), here)
