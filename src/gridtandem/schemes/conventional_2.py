"""Conventional market, case 2: each DSO bids one block, all it can take at its mean price.

Paper    case 2 of chapter 4 of M. Gupta, PhD thesis, IIT Delhi, 2022; its contents are our reconstruction, see
         docs/explanation/coordinated-markets.md.
Decides  the TSO, with one step per feeder.
Crosses  per interface and period: an offer of one step up (start and 3 numbers). Once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.market_letters import ClearWith, Offers, Plan
from gridtandem.boundary.taken_home import Bargain
from gridtandem.coordinate import End, Gap


@final
@dataclass(frozen=True, slots=True, eq=False)
class Conventional2State:
    """The clearing, once it happened."""

    plan: Plan | None = None


@final
@dataclass(frozen=True, slots=True)
class Conventional2:
    """No options."""

    asks_tso: ClassVar = frozenset({ClearWith})
    asks_dsos: ClassVar = frozenset({Offers})

    def start(self, mail: Mail) -> Conventional2State:  # noqa: ARG002 — nothing is known yet
        """Nothing is known yet."""
        return Conventional2State()

    def round(self, mail: Mail, s: Conventional2State) -> Conventional2State:  # noqa: ARG002 — there is but one
        """Offer, clear."""
        block = Offers(1, -1e6, 1e6, 0.0, 0.0, 0.0)
        return Conventional2State(mail.ask_tso(ClearWith(mail.ask_dsos(block, worth=Worth.ESTIMATE)), worth=Worth.EXACT))

    def gap(self, s: Conventional2State) -> Gap:
        """None, unless there is no clearing; nothing was agreed."""
        return Gap(np.nan if s.plan is None or np.isnan(s.plan.cost) else 0.0, 0.0, means=End.ALONE)

    def bargain(self, s: Conventional2State) -> Bargain:
        """What the parties take home."""
        return Bargain.of(s.plan)
