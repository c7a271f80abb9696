"""Runs in pandapower's environment and knows nothing of ours: arrays of a MATPOWER case in, times and voltages out.

``python pandapower_side.py given.npz taken.npz '{"engine": …, "start": …, "tol_mva": …, "repeat": …}'``
"""

import json
import logging
import os
import sys
import time
import warnings

for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[threads] = "1"  # before numpy is loaded

import numpy as np  # noqa: E402

NOWHERE = 7


def main(given: str, taken: str, settings: str) -> int:
    """Build once, run once to warm up, then as often as asked. The power flow alone is timed, with pandapower's results tables."""
    asked = json.loads(settings)
    try:
        import numba  # noqa: F401
        import pandapower as pp
        from pandapower.converter.pypower import from_ppc

        if asked["engine"] == "lightsim2grid":
            import lightsim2grid  # noqa: F401
    except ImportError:
        return NOWHERE
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    case = {"baseMVA": 100.0, "version": "2", **dict(np.load(given).items())}
    net = from_ppc(case, f_hz=50, validate_conversion=False)
    if asked["start"] == "file":
        net.bus["vm"], net.bus["va"] = case["bus"][:, 7], case["bus"][:, 8]
        begin = {"init_vm_pu": case["bus"][:, 7], "init_va_degree": case["bus"][:, 8]}
    else:
        begin = {"init": "flat"}
    options = {"algorithm": "nr", "numba": True, "lightsim2grid": asked["engine"] == "lightsim2grid", "tolerance_mva": asked["tol_mva"]}
    took = []
    for _ in range(asked["repeat"] + (asked["repeat"] > 1)):
        t = time.process_time()
        pp.runpp(net, **options, **begin, calculate_voltage_angles=True, check_connectivity=False, max_iteration=30, trafo_model="pi")
        took.append(1e3 * (time.process_time() - t))
    order = np.argsort(net.bus.index)
    v = (net.res_bus.vm_pu.to_numpy() * np.exp(1j * np.radians(net.res_bus.va_degree.to_numpy())))[order]
    np.savez(taken, ms=took[asked["repeat"] > 1 :], v=v, version=pp.__version__)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
