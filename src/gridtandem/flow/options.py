"""How a load flow is solved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Tolerances, rules and bounds of `gridtandem.flow.newton.Newton`."""

    tol: float = 1e-10  # largest mismatch [per unit]; never below what 64-bit numbers can reach on this network
    iterations: int = 30  # of one inner iteration
    q_rule: Literal["ignore", "switch"] = "ignore"  # do units that hold a voltage let go of it at their reactive limits?
    slack: Literal["reference", "shared"] = "reference"  # who takes the imbalance; shared: units by slack_share, whatever their active limits
    taps: Literal["hold", "move"] = "move"  # do controlled transformers move?
    hysteresis: float = 1e-4  # by which a limit must be passed (Q) or a voltage missed (|V|) before a unit or ratio switches [per unit]
    switches: int = 10  # times a unit or transformer may switch; then it stays, and the solution says so
    factors: Literal["fresh", "kept"] = "fresh"  # of the compiled iteration: new at each step, or kept while steps converge fast
