r"""The requirement g(F) as straight lines from above, for markets that are linear programs.

g is convex in fast reserve F, so that a chord between two of its points lies above it: :math:`P \ge \alpha_j - \beta_j F` for all j asks for g(F)
at the ends of chords and for a little more between, never for less, as long as F stays within :math:`[0, F_{most}]`. Beyond, the last line lies
below g: a program with chords needs that bound.

Written as :math:`g = K (L - F)^2/a`, :math:`a = a_0 - wF`, :math:`K = T_r/(4\Delta f)`, the chord from F₁ to F₂ is farthest from g where
:math:`a = \sqrt{a_1 a_2}`, and there by

.. math:: K \left(\frac{(a_0 - wL)(F_2 - F_1)}{\sqrt{a_1 a_2}\,(\sqrt{a_1} + \sqrt{a_2})}\right)^2 = K (a_0 - wL)^2 (v_2 - v_1)^2, \qquad
          v = \frac{F}{\sqrt{a\,a_0}\,(\sqrt{a} + \sqrt{a_0})}

so that ends that lie evenly in v make all chords equally good, and no fewer would do. docs/explanation/frequency.md derives it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.frequency.refined import line
from gridtandem.frequency.security import Security
from gridtandem.tables import Real

MANY = 10_000  # chords that nobody wants


@final
@dataclass(frozen=True, slots=True, eq=False)
class Chords:
    """Lines P ≥ intercept − slope F, valid from 0 to the last point."""

    at_mw: Real  # where chords begin and end
    intercept_mw: Real
    slope: Real  # MW of primary for 1 MW of fast reserve
    error_mw: float  # the most that they ask for beyond g

    def needed(self, fast_mw: Real) -> Real:
        """What the lines ask for; NaN outside of where they hold."""
        lines = self.intercept_mw - self.slope * np.asarray(fast_mw, np.float64)[..., None]
        found: Real = np.where((fast_mw >= 0) & (fast_mw <= self.at_mw[-1]), np.maximum(lines.max(-1), 0.0), np.nan)
        return found


def chords(security: Security, inertia_mws: float, loss_mw: float, *, most_mw: float, error_mw: float = 0.01) -> Chords:
    """The fewest chords of g between no fast reserve and the most of it, none more than an error above g.

    Where a refined nadir asks for a line, that line, without an error.
    """
    if faults := _faults(security, inertia_mws, loss_mw, most_mw, error_mw):
        raise InvalidCase(faults)
    if (exact := line(security, inertia_mws, loss_mw)) is not None:
        return Chords(np.array([0.0, most_mw]), np.array(exact[:1]), np.array(exact[1:]), 0.0)
    first, last = security.stiffness(inertia_mws, loss_mw, [[0.0], [most_mw]]).tolist()
    w = float(security.weights[0])
    far = most_mw / (np.sqrt(first * last) * (np.sqrt(first) + np.sqrt(last)))
    apart = np.sqrt(security.primary.ramp_s / (4 * security.limits.nadir_hz)) * abs(first - w * loss_mw)
    count = int(np.clip(np.ceil(apart * far / np.sqrt(error_mw)), 1, MANY))
    v = np.linspace(0.0, far, count + 1) * np.sqrt(first)
    at = first * v * (2 + w * v) / (1 + w * v) ** 2
    at[-1] = most_mw
    value = security.arresting(inertia_mws, loss_mw, at[:, None])
    slope = -np.diff(value) / np.diff(at)
    return Chords(at, value[:-1] + slope * at[:-1], slope, float(apart * far / count) ** 2)


def _faults(security: Security, inertia_mws: float, loss_mw: float, most_mw: float, error_mw: float) -> list[Fault]:
    found = []
    if len(security.fast) != 1:
        found.append(Fault("services", f"has {len(security.fast)} fast services", "chords are of one; take the cone for several", "frequency-011"))
    elif line(security, inertia_mws, loss_mw) is None and not np.isfinite(security.arresting(inertia_mws, loss_mw, [[0.0], [most_mw]])).all():
        found.append(Fault("chords", "meet no finite requirement at an end", "give more inertia, or less fast reserve at most", "frequency-012"))
    if not 0 < most_mw <= loss_mw:
        what = f"end at {most_mw:g} MW of fast reserve, the loss is {loss_mw:g}"
        found.append(Fault("chords", what, "let them end above 0 and not beyond the loss", "frequency-013"))
    if not error_mw > 0:
        found.append(Fault("chords", f"have an error of {error_mw:g} MW", "give one above 0", "frequency-014"))
    return found
