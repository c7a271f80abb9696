"""Conventional market, case 3: each DSO bids the steps of its resources as if it had no network, and gives what its network lets through.

Paper    case 3 of chapter 4 of M. Gupta, PhD thesis, IIT Delhi, 2022; its contents are our reconstruction, see
         docs/explanation/coordinated-markets.md.
Decides  the TSO clears the steps; where a feeder cannot take its award it takes the nearest it can, and the TSO balances the difference.
Crosses  per interface and period: an offer up (start, and 3 numbers per step), reach (2 numbers). Once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.cmo_letters import Stack
from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.market_letters import ClearWith, Plan, Reach
from gridtandem.boundary.taken_home import Bargain
from gridtandem.coordinate import End, Gap
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class Conventional3State:
    """The clearing, once it happened, and what became of it."""

    plan: Plan | None = None
    z: Real | None = None  # what feeders can take of it
    undelivered_mw: float = np.inf  # largest difference


@final
@dataclass(frozen=True, slots=True)
class Conventional3:
    """No options."""

    asks_tso: ClassVar = frozenset({ClearWith})
    asks_dsos: ClassVar = frozenset({Stack, Reach})

    def start(self, mail: Mail) -> Conventional3State:  # noqa: ARG002 — nothing is known yet
        """Nothing is known yet."""
        return Conventional3State()

    def round(self, mail: Mail, s: Conventional3State) -> Conventional3State:  # noqa: ARG002 — there is but one
        """Offer, clear, see what is possible."""
        plan = mail.ask_tso(ClearWith(mail.ask_dsos(Stack(), worth=Worth.ESTIMATE)), worth=Worth.EXACT)
        reach = mail.ask_dsos(Reach(), worth=Worth.EXACT)
        z = np.clip(plan.z, reach.low, reach.high)
        return Conventional3State(plan, z, float(np.abs(z - plan.z).max(initial=0.0)))

    def gap(self, s: Conventional3State) -> Gap:
        """None, unless there is no clearing; nothing was agreed, and `Conventional3State.undelivered_mw` says how far promises were broken."""
        return Gap(np.nan if s.plan is None or np.isnan(s.plan.cost) else 0.0, 0.0, means=End.ALONE)

    def bargain(self, s: Conventional3State) -> Bargain:
        """What feeders can take, at the prices of the clearing."""
        whole = Bargain.of(s.plan)
        return whole if s.z is None else Bargain(s.z, whole.price)
