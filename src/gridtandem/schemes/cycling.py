"""A watch over schemes that go to and fro with prices: says when they never will agree, and between which prices they go."""

from __future__ import annotations

import numpy as np

from gridtandem.tables import Real

MEMORY = 12  # prices remembered
AGAIN = 1e-4  # of the last step: nearer to an earlier price is the same price
PATIENCE = 30  # rounds without an improvement of the gap


def trouble(seen: tuple[Real, ...], gaps: tuple[float, ...], goal: float) -> str:
    """Why a scheme is stuck; empty where it is not. ``seen`` are prices of the last rounds, the newest last; ``gaps`` of all rounds."""
    if len(seen) < 3 or not gaps[-1] > goal:
        return ""
    newest, step = seen[-1], float(np.abs(seen[-1] - seen[-2]).max())
    again = next((m for m in range(2, len(seen)) if step > 0 and np.abs(newest - seen[-1 - m]).max() <= AGAIN * step), 0)
    stalled = len(gaps) > PATIENCE and min(gaps[-PATIENCE:]) >= 0.99 * min(gaps[:-PATIENCE])
    if not again and not stalled:
        return ""
    part = np.stack(seen[-again:] if again else seen)
    at = np.unravel_index(int(np.argmax(np.ptp(part, 0))), part.shape[1:])
    low, high = float(part[(slice(None), *at)].min()), float(part[(slice(None), *at)].max())
    how = f"alternate with period {again}" if again else f"wander for {PATIENCE} rounds"
    return f"prices {how} between {low:.6g} and {high:.6g} at interface {int(at[2])}, period {int(at[1])}: bids are nearly linear; take cmo-cuts"
