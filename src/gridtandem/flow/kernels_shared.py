"""What kernels share with those who call them: codes, widths, room to work in. Needs no compiler."""

from __future__ import annotations

import numpy as np

WIDTH = 8  # lanes
LINE = 64  # bytes; a load that straddles two cache lines costs two

SOLVED, DIVERGED, SLOW, SINGULAR, STUCK, INACCURATE = range(6)  # how an iteration of Newton's method ended

P, Q, DP, DQ, ROOT_P, ROOT_Q, MOVED = range(7)  # rows of a feeder's own numbers that are answers
SCALE, V, RATIO = 7, 8, 9  # and those that are given
OWN = 10


def workspace(rows: int) -> np.ndarray:
    """An array (rows, 8) that begins with a cache line."""
    raw = np.empty(rows * WIDTH + LINE // 8)
    skip = (-raw.ctypes.data % LINE) // 8
    return raw[skip : skip + rows * WIDTH].reshape(rows, WIDTH)
