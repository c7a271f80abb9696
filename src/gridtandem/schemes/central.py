"""The dispatch of one owner of everything: all networks in one AC optimal power flow. It is the benchmark, and exists only in study mode.

Paper    J. Carpentier, Bull. Soc. Française Électriciens 3, 1962 (the problem); all networks as one, with no boundary in it.
Decides  the owner.
Crosses  nothing while it runs: what crosses are all models of the distribution companies, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.opf_letters import Dispatch, DispatchWhole
from gridtandem.boundary.taken_home import Schedule
from gridtandem.coordinate import Gap


@final
@dataclass(frozen=True, slots=True, eq=False)
class CentralState:
    """The owner's dispatch."""

    plan: Dispatch | None = None


@final
@dataclass(frozen=True, slots=True)
class Central:
    """One look; done."""

    asks_tso: ClassVar = frozenset({DispatchWhole})
    asks_dsos: ClassVar = frozenset[type]()

    def start(self, mail: Mail) -> CentralState:  # noqa: ARG002 — every scheme is given the mail
        """Nothing is known yet."""
        return CentralState()

    def round(self, mail: Mail, s: CentralState) -> CentralState:  # noqa: ARG002
        """Solve."""
        return CentralState(mail.ask_tso(DispatchWhole(), worth=Worth.ESTIMATE))

    def gap(self, s: CentralState) -> Gap:
        """Open until solved; nothing where no period has a dispatch."""
        lost = s.plan is not None and np.isnan(s.plan.cost).all()
        return Gap(np.nan if lost else np.inf if s.plan is None else 0.0, 0.0)

    def schedule(self, s: CentralState) -> Schedule:
        """As the owner decided."""
        return Schedule.none() if s.plan is None else Schedule(s.plan.y, s.plan.price)
