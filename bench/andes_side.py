"""Runs in ANDES' environment and knows nothing of ours: a network as arrays in, times and λ* of its continuation out.

``python andes_side.py given.npz taken.npz '{"repeat": …}'``

Loads and generation are P0 (1 + λ); ANDES follows the curve by pseudo-arclength with adaptive steps and ends at the nose.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[threads] = "1"  # before numpy is loaded

import numpy as np  # noqa: E402

NOWHERE, NOTHING = 7, 8


def text(tables: dict[str, np.ndarray]) -> str:
    """A MATPOWER case file."""
    lines = ["function mpc = given", "mpc.version = '2';", "mpc.baseMVA = 100;"]
    for name in ("bus", "gen", "branch"):
        rows = "\n".join(" ".join(f"{x:.17g}" for x in row) + ";" for row in _numbered(name, tables[name]))
        lines += [f"mpc.{name} = [", rows, "];"]
    return "\n".join(lines) + "\n"


def _numbered(name: str, table: np.ndarray) -> np.ndarray:
    """Buses counted from 1."""
    out = table.copy()
    out[:, : 2 if name == "branch" else 1] += 1
    return out


def main(given: str, taken: str, settings: str) -> int:
    """Load flow and continuation, as often as asked; the continuation is timed."""
    asked = json.loads(settings)
    try:
        import andes
    except ImportError:
        return NOWHERE
    andes.config_logger(stream_level=50)
    took, found = [], np.nan
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "given.m"
        file.write_text(text(dict(np.load(given).items())))
        system = andes.load(str(file), no_output=True, default_config=True)
        for _ in range(asked["repeat"] + (asked["repeat"] > 1)):
            begin = time.process_time()
            good = system.PFlow.run() and system.CPF.run(load_scale=2.0)
            took.append(1e3 * (time.process_time() - begin))
            if not good:
                print("no nose found")
                return NOTHING
            found = system.CPF.max_lam
    np.savez(taken, ms=took[asked["repeat"] > 1 :], v=np.array([found]), version=andes.__version__)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
