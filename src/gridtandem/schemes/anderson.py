"""Anderson acceleration of the coordinated load flow: transmission mixes the last few exchanges, unnoticed.

Paper    D. G. Anderson, "Iterative procedures for nonlinear integral equations", J. ACM 12(4), 1965; in the difference form of
         H. F. Walker and P. Ni, "Anderson acceleration for fixed-point iterations", SIAM J. Numer. Anal. 49(4), 2011.
Decides  nobody; both sides only compute.
Crosses  as in the plain fixed point; per interface and round: feeders hear 1 number and say 2, transmission hears 4 and says 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import Alone, PowerAt, PowerCurve, VoltageUnder
from gridtandem.boundary.mailbox import Mail
from gridtandem.boundary.taken_home import Agreement
from gridtandem.coordinate import Gap, widest
from gridtandem.tables import Code, Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class AndersonState:
    """The draw to be tried next, the voltages under the last one, and the memory: tried draws and what feeders answered."""

    s: Real  # (scenario, period, interface, 2) [MW, Mvar]
    worth: Code
    v: Real
    angle: Real
    tried: tuple[Real, ...] = ()
    answered: tuple[Real, ...] = ()
    draw: PowerCurve | None = None
    moved: float = np.inf  # [pu]
    left: float = np.inf  # residual g − x [MW, Mvar]


@final
@dataclass(frozen=True, slots=True)
class Anderson:
    """Mixes ``memory`` past exchanges by least squares. No extra data, usually fewer rounds where ρ is not small."""

    tol: float = 1e-9  # of a voltage step [pu]
    tol_mva: float = 1e-7  # of the residual: mixed exchanges may stand still without being right
    start_pu: float = 1.0  # where it begins; 0: at transmission's own forecast
    memory: int = 4
    ill: float = 1e8  # condition number beyond which the oldest exchange is forgotten
    jump: float = 2.0  # growth of the residual beyond which all are

    asks_tso: ClassVar = frozenset({VoltageUnder, Alone})
    asks_dsos: ClassVar = frozenset({PowerAt})

    def start(self, mail: Mail) -> AndersonState:
        """The draws at a flat voltage, or where transmission stands with its own forecast of them."""
        v = np.full(mail.shape, self.start_pu) if self.start_pu > 0 else mail.ask_tso(Alone()).v
        power = mail.ask_dsos(PowerAt(v))
        return AndersonState(power.s, power.worth, v, np.zeros(mail.shape))

    def round(self, mail: Mail, s: AndersonState) -> AndersonState:
        """One exchange."""
        draw = PowerCurve(s.v - 1, s.v + 1, s.s[..., None], s.worth)
        reply = mail.ask_tso(VoltageUnder(draw))
        power = mail.ask_dsos(PowerAt(reply.v))  # g(x) = D(T(x))
        tried, answered = (*s.tried, s.s)[-self.memory - 1 :], (*s.answered, power.s)[-self.memory - 1 :]
        if len(tried) > 1 and widest(answered[-1] - tried[-1]) > self.jump * widest(answered[-2] - tried[-2]):
            tried, answered = tried[-1:], answered[-1:]
        worth = np.minimum(power.worth, s.worth)
        moved, left = widest(reply.v - s.v), widest(answered[-1] - tried[-1])
        return AndersonState(self._mixed(tried, answered), worth, reply.v, reply.angle, tried, answered, draw, moved, left)

    def _mixed(self, tried: tuple[Real, ...], answered: tuple[Real, ...]) -> Real:
        r"""Next draw, each scenario and period for itself: :math:`x^+ = g_k - \Delta G\,\arg\min_\gamma |f_k - \Delta F\gamma|`, f = g − x."""
        out = answered[-1].copy()
        for st in np.ndindex(out.shape[:2]):
            g = np.stack([a[st].ravel() for a in answered], -1)
            f = g - np.stack([x[st].ravel() for x in tried], -1)
            if g.shape[1] < 2 or not np.isfinite(f).all():
                continue
            dg, df = np.diff(g, axis=1), np.diff(f, axis=1)
            while df.shape[1] > 1 and not np.linalg.cond(df) <= self.ill:
                dg, df = dg[:, 1:], df[:, 1:]
            gamma = np.linalg.lstsq(df, f[:, -1], rcond=None)[0]
            out[st] = (g[:, -1] - dg @ gamma).reshape(out[st].shape)
        return out

    def gap(self, s: AndersonState) -> Gap:
        """Largest voltage step, or the residual in the same measure where that is larger. [pu]"""
        return Gap(float(np.maximum(s.moved, s.left * self.tol / self.tol_mva)), self.tol)

    def agreement(self, s: AndersonState) -> Agreement:
        """What the parties take home."""
        return Agreement(s.v, s.angle, s.draw)
