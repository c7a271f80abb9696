"""Energy, primary and fast reserve of one owner of everything, frequency secure in each hour: the cooperative optimum. It is the benchmark.

Paper    L. Badesa, F. Teng, G. Strbac, IEEE Trans. Power Syst. 34(5), 2019 (frequency as a cone of the schedule); with feeders as branch flows.
Decides  the owner.
Crosses  nothing while it runs: what crosses are all models of the distribution companies, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.secure_letters import SecurePlan, SecureWhole
from gridtandem.boundary.taken_home import Keeping
from gridtandem.coordinate import Gap


@final
@dataclass(frozen=True, slots=True, eq=False)
class JointReserveState:
    """The owner's plan."""

    plan: SecurePlan | None = None


@final
@dataclass(frozen=True, slots=True)
class JointReserve:
    """One look; done."""

    asks_tso: ClassVar = frozenset({SecureWhole})
    asks_dsos: ClassVar = frozenset[type]()

    def start(self, mail: Mail) -> JointReserveState:  # noqa: ARG002 — every scheme is given the mail
        """Nothing is known yet."""
        return JointReserveState()

    def round(self, mail: Mail, s: JointReserveState) -> JointReserveState:  # noqa: ARG002
        """Solve."""
        return JointReserveState(mail.ask_tso(SecureWhole(), worth=Worth.ESTIMATE))

    def gap(self, s: JointReserveState) -> Gap:
        """Open until solved; nothing where there is no plan."""
        return Gap(np.inf if s.plan is None else np.nan if np.isnan(s.plan.cost) else 0.0, 0.0)

    def keeping(self, s: JointReserveState) -> Keeping:
        """As the owner decided."""
        return Keeping.none() if s.plan is None else Keeping(s.plan.z, s.plan.award, s.plan.price, s.plan.fast_price)
