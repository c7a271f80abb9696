"""Runs in ppopt's environment and knows nothing of ours: a feeder as arrays in, times and least costs by export out.

``python ppopt_side.py given.npz taken.npz '{"method": …, "limit_s": …, "repeat": …}'``

least cost · x with rows and unknowns within their sides and give · x + there = export, for every export between its ends.
"""

import contextlib
import io
import json
import logging
import os
import signal
import sys
import time
import warnings

for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[threads] = "1"  # before numpy is loaded

import numpy as np  # noqa: E402

NOWHERE, NOTHING = 7, 8


def stop(*_: object) -> None:
    """Too long."""
    raise TimeoutError


def rows(g: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Left and right sides of all that holds, the export first."""
    left, right = [g["give"]], [-float(g["there"][0])]
    wide = np.eye(len(g["give"]))
    for row, low, high in (*zip(g["matrix"], g["row_low"], g["row_high"]), *zip(wide, g["low"], g["high"])):  # noqa: B905
        for sign, side in ((1.0, high), (-1.0, low)):
            if np.isfinite(side):
                left.append(sign * row)
                right.append(sign * side)
    return np.array(left), np.array(right)[:, None]


def none(why: str) -> int:
    """There is no answer, or not everywhere."""
    print(why)
    return NOTHING


def main(given: str, taken: str, settings: str) -> int:
    """Build the program and solve it, as often as asked; both are timed."""
    asked = json.loads(settings)
    try:
        from importlib.metadata import version

        from ppopt.mp_solvers.solve_mpqp import mpqp_algorithm, solve_mpqp
        from ppopt.mplp_program import MPLP_Program
    except ImportError:
        return NOWHERE
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    g = dict(np.load(given).items())
    left, right = rows(g)
    by_export = np.zeros((len(left), 1))
    by_export[0] = 1.0
    ends, wide = np.array([[1.0], [-1.0]]), np.array([[g["export"][-1]], [-g["export"][0]]])
    costs, method, took = g["cost"][:, None], mpqp_algorithm(asked["method"]), []
    signal.signal(signal.SIGPROF, stop)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            for _ in range(asked["repeat"] + (asked["repeat"] > 1)):
                signal.setitimer(signal.ITIMER_PROF, asked["limit_s"])
                t = time.process_time()
                program = MPLP_Program(
                    left.copy(),
                    right.copy(),
                    costs.copy(),
                    np.zeros((len(costs), 1)),
                    ends.copy(),
                    wide.copy(),
                    by_export.copy(),
                    equality_indices=[0],
                )
                found = solve_mpqp(program, method)
                took.append(1e3 * (time.process_time() - t))
            signal.setitimer(signal.ITIMER_PROF, 0)
            values = [found.evaluate_objective(np.array([[e]])) for e in g["export"]]
    except Exception as e:  # whatever ends it
        return none("too long" if isinstance(e, TimeoutError) else "failed")
    if (missing := sum(v is None for v in values)) > 0:
        return none("no answer" if missing == len(values) else "has gaps")
    v = np.array([float(np.ravel(v)[0]) for v in values])
    np.savez(taken, ms=took[asked["repeat"] > 1 :], v=v, version=version("ppopt"))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
