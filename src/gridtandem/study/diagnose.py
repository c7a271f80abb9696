r"""How fast the plain exchange will converge, told before it runs, and which scheme to take.

The plain iteration V ← T(D(V)) contracts, close to the solution, by ρ = spectral radius of T'·D', where D' = dS/d|V| of the feeders
(what they send in a `Response`) and T' = d|V|/dS of transmission with constant draws. Both come from one back-substitution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.boundary.letters import PowerCurve, ResponseAt, SensitivityUnder, VoltageUnder, Worth
from gridtandem.boundary.mailbox import Mailbox, Refused
from gridtandem.study.study import Study, seated
from gridtandem.tables import Real

SLOW, FAST = 0.5, 0.05  # thresholds of coordinated-operation practice: below FAST the plain exchange, above SLOW only Newton
GOAL = 1e-9
MOST = 300  # interfaces up to which a comparison also predicts the plain exchange: its matrix grows with their square


@final
@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The contraction ratio and what follows from it."""

    contraction: float  # ρ, worst scenario; NaN where it could not be told
    rounds: float  # plain rounds to 1e-9, by ρ alone
    recommend: str  # scheme name
    why: str


def diagnose(study: Study) -> Diagnosis:
    """Predict ρ with five letters and recommend a scheme."""
    if not len(study.case.interfaces):
        return Diagnosis(0.0, 1.0, "merged", "there are no feeders, so one load flow is all there is")
    if (study.case.ports > 1).any():
        why = "feeders with several ports: angles drive power around them, which ρ, made of magnitudes, does not see"
        return Diagnosis(math.nan, math.nan, "boundary-newton", why)
    mail = seated(study).mailbox(None, (study.loading.shape[0], study.loading.shape[1]))
    try:
        rho = contraction(mail)
    except Refused:
        rejected = mail.refusals[-1]
        why = f"{rejected.by} could not answer {rejected.question}: close to the limit or beyond it; only the response scheme may get through"
        return Diagnosis(math.nan, math.nan, "response", why)
    return verdict(rho)


def verdict(rho: float) -> Diagnosis:
    """From ρ to a recommendation."""
    rounds = math.inf if rho >= 1 else math.log(GOAL) / math.log(rho) if rho > 0 else 1.0
    if rho < FAST:
        return Diagnosis(rho, rounds, "load-flow", f"ρ = {rho:.3g} < {FAST}: the plain exchange gains a digit or more per round")
    if rho < SLOW:
        return Diagnosis(rho, rounds, "anderson", f"ρ = {rho:.3g} lies between {FAST} and {SLOW}: acceleration saves rounds at no extra data")
    word = "does not converge" if rho >= 1 else f"needs about {rounds:.0f} rounds"
    return Diagnosis(rho, rounds, "response", f"ρ = {rho:.3g} ≥ {SLOW}: the plain exchange {word}; slopes make it quadratic")


def contraction(mail: Mailbox) -> float:
    """ρ at the solution of the second response step, which is close enough to the end for a forecast."""
    v = np.ones(mail.shape)
    for _ in range(2):
        feeder = mail.ask_dsos(ResponseAt(v), worth=Worth.EXACT)
        tangent = np.stack([feeder.s, feeder.ds], -1)
        v = mail.ask_tso(VoltageUnder(PowerCurve(v - 1, v + 1, tangent, feeder.worth)), worth=Worth.EXACT).v
    feeder = mail.ask_dsos(ResponseAt(v), worth=Worth.EXACT)
    constant = PowerCurve(v - 1, v + 1, feeder.s[..., None], feeder.worth)
    slope = mail.ask_tso(SensitivityUnder(constant), worth=Worth.EXACT).dv
    return max(spectral_radius(slope[st], feeder.ds[st]) for st in np.ndindex(mail.shape[:2]))


def spectral_radius(dv: Real, ds: Real) -> float:
    """Of the matrix Σ_q T'[i, j, q] · D'[j, q]."""
    return float(np.abs(np.linalg.eigvals((dv * ds[None]).sum(-1))).max(initial=0.0))
