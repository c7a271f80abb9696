"""Seeing that a scheme goes to and fro with prices and never will agree."""

from __future__ import annotations

import numpy as np

from gridtandem.tables import Real

MEMORY = 12  # prices of the last rounds that a watch over cycles remembers
AGAIN = 1e-4  # of the last step: nearer to an earlier price is the same price
PATIENCE = 30  # rounds without an improvement of the gap


def cycling(
    seen: tuple[Real, ...], gaps: tuple[float, ...], goal: float, advice: str = "bids are nearly linear; take cmo-cuts", *, what: str = "prices {}"
) -> str:
    """Why a scheme that goes to and fro with prices never will agree; empty where nothing is wrong.

    ``seen`` are prices, or ``what`` they are in words with the unit, (scenario, period, interface) of the last rounds, the newest last; ``gaps``
    those of all rounds.
    """
    if len(seen) < 3 or not gaps[-1] > goal:
        return ""
    step = float(np.abs(seen[-1] - seen[-2]).max())
    again = next((m for m in range(2, len(seen)) if step > 0 and np.abs(seen[-1] - seen[-1 - m]).max() <= AGAIN * step), 0)
    stalled = len(gaps) > PATIENCE and min(gaps[-PATIENCE:]) >= 0.99 * min(gaps[:-PATIENCE])
    if not again and not stalled:
        return ""
    part = np.stack(seen[-again:] if again else seen)
    _, t, i = (int(k) for k in np.unravel_index(int(np.argmax(np.ptp(part, 0))), part.shape[1:]))
    low, high = float(part[:, 0, t, i].min()), float(part[:, 0, t, i].max())
    how = f"come again every {again} rounds" if again else f"wander for {PATIENCE} rounds"
    where = f"in period {t + 1} at interface {i + 1} of {part.shape[-1]}"
    return f"{what.format(how)} between {low:.6g} and {high:.6g} {where}: {advice}"
