"""Newton's method on all networks together, by letters: feeders say what is left of them, transmission says the joint step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridtandem.boundary.growth_letters import NOBODY, NOTHING, Eliminate, JointStep, nobody
from gridtandem.boundary.growth_points import Place
from gridtandem.boundary.mailbox import Mail
from gridtandem.tables import Code, Real

AFRESH = 5  # times
SETTLED = 1e-7  # pu, of the interfaces' voltages


def begun(mail: Mail, *, tol_mva: float, most: int) -> Place | None:
    """All load flows together at λ = 0; feeders whose controls stand elsewhere at the voltages found begin there again."""
    base = corrected(mail, *beginning(mail), tol_mva=tol_mva, most=most)
    for _ in range(AFRESH):
        if base is None:
            break
        ask, joint = again(base)
        before, base = base, corrected(mail, replace(ask, interface=NOBODY, memo=NOTHING), joint, tol_mva=tol_mva, most=most)
        if base is None or np.abs(base.v - before.v).max(initial=0.0) <= SETTLED:
            break
    return base


def beginning(mail: Mail) -> tuple[Eliminate, JointStep]:
    """First letters: at the voltages of transmission's own forecast, λ = 0."""
    joint, zero = JointStep(nobody(mail.shape), np.zeros(2), False, False, NOTHING), np.zeros((*mail.shape, 4))
    v = mail.ask_tso(joint).v
    return Eliminate(v, 0.0 * v, zero, zero, _kept(v), NOBODY, NOTHING), joint


def _kept(v: Real) -> Code:
    """Nobody gives way."""
    return np.zeros(v.shape, np.int8)


def ahead(p: Place, length: float) -> tuple[Eliminate, JointStep]:
    """Letters that go so far along the tangent of a place, which becomes the direction of the arc: (x, λ) + σ t."""
    by = length * p.turn
    ask = Eliminate(p.v + by[..., 1], p.growth + by[..., 2], by, p.turn, _kept(p.v), p.interface, p.memo)
    return ask, JointStep(nobody(p.v.shape), np.array([0.0, length]), True, False, p.own)


def again(p: Place) -> tuple[Eliminate, JointStep]:
    """Letters that stay at a place, its direction of the arc too."""
    still = np.zeros((*p.v.shape, 4))
    return Eliminate(p.v, p.growth, still, still, _kept(p.v), p.interface, p.memo), JointStep(nobody(p.v.shape), np.zeros(2), False, False, p.own)


def given_way(mail: Mail, p: Place) -> Place | None:
    """The same place with the equations that hold behind the limit it lies at; None where there is no way on."""
    still, give = np.zeros((*p.v.shape, 4)), _kept(p.v)
    mine = p.own_over >= p.over
    if not mine:
        give.flat[np.argmax(p.each_over)] = 1
    left = mail.ask_dsos(Eliminate(p.v, p.growth, still, still, give, p.interface, p.memo))
    there = mail.ask_tso(JointStep(left, np.zeros(2), False, mine, p.own))
    return Place.of(p.v, p.growth, left, there, p.corrections) if np.isfinite([*left.left.flat, there.left]).all() else None


def corrected(mail: Mail, ask: Eliminate, joint: JointStep, *, tol_mva: float, most: int) -> Place | None:
    """From there to the curve; None where Newton's method does not get to it."""
    for k in range(most + 1):
        left = mail.ask_dsos(ask)  # Y = J̃⁻¹(−F, −F_V, −F_λ, α e), condensed
        there = mail.ask_tso(replace(joint, feeders=left))  # bordered system, tangent
        if not np.isfinite([*left.left.flat, there.left]).all():
            return None
        if max(float(left.left.max(initial=0.0)), there.left) <= tol_mva:
            return Place.of(ask.v, ask.growth, left, there, k)
        v, growth = ask.v + there.step[..., 1], ask.growth + there.step[..., 2]  # Δx = Y (1, ΔV, Δλ, u)
        ask = Eliminate(v, growth, there.step, 0.0 * there.step, _kept(v), left.interface, left.memo)
        joint = JointStep(left, np.array([1.0, 0.0]), False, False, there.memo)
    return None
