"""The ideal market: one clearing that sees every network and every resource. Nobody can run it; everybody is measured by it.

Paper    the benchmark of M. Mousavi and M. Wu, arXiv 2306.08258: aggregators take part directly and the ISO oversees both networks (a).
Decides  an owner of all models.
Crosses  nothing: there is one party.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.market_letters import Plan, Pooled
from gridtandem.boundary.taken_home import Bargain
from gridtandem.coordinate import Gap


@final
@dataclass(frozen=True, slots=True, eq=False)
class IdealState:
    """The clearing, once it happened."""

    plan: Plan | None = None


@final
@dataclass(frozen=True, slots=True)
class Ideal:
    """No options."""

    asks_tso: ClassVar = frozenset({Pooled})
    asks_dsos: ClassVar[frozenset[type]] = frozenset()

    def start(self, mail: Mail) -> IdealState:  # noqa: ARG002 — nothing is known yet
        """Nothing is known yet."""
        return IdealState()

    def round(self, mail: Mail, s: IdealState) -> IdealState:  # noqa: ARG002 — there is but one
        """One clearing."""
        return IdealState(mail.ask_tso(Pooled()))  # (a)

    def gap(self, s: IdealState) -> Gap:
        """None, unless there is no clearing."""
        return Gap(np.nan if s.plan is None or np.isnan(s.plan.cost) else 0.0, 0.0)

    def bargain(self, s: IdealState) -> Bargain:
        """What the parties take home."""
        return Bargain.of(s.plan)
