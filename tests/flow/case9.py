"""The nine-bus network of MATPOWER's own tests of continuation, `lib/t/t_case9_pfv2.m` (BSD licence), with the recipe of `lib/t/t_cpf.m` there.

The network is that of P. M. Anderson and A. A. Fouad, "Power System Control and Stability", as MATPOWER's file has it; the recipe sets the upper
reactive limit of the first unit to 200 Mvar, and the target at 2.5 times the loads and schedules of the base case.
"""

from __future__ import annotations

from gridtandem.cases.matpower.read import read_matpower
from gridtandem.flow.continuation.direction import Direction
from gridtandem.flow.newton import Newton
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal

TARGET = 1.5  # growth of loads and schedules at λ = 1

TEXT = """
function mpc = t_case9_pfv2
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
 1 3 0 0 0 0 1 1 0 345 1 1.1 0.9;
 2 2 0 0 0 0 1 1 0 345 1 1.1 0.9;
 30 2 0 0 0 0 1 1 0 345 1 1.1 0.9;
 4 1 0 0 0 0 1 1 0 345 1 1.1 0.9;
 5 1 90 30 0 0 1 1 0 345 1 1.1 0.9;
 6 1 0 0 0 0 1 1 0 345 1 1.1 0.9;
 7 1 100 35 0 0 1 1 0 345 1 1.1 0.9;
 8 1 0 0 0 0 1 1 0 345 1 1.1 0.9;
 9 1 125 50 0 0 1 1 0 345 1 1.1 0.9;
];
mpc.gen = [
 1 0 0 200 -300 1 100 1 250 90;
 30 85 0 300 -300 1 100 1 270 10;
 2 163 0 300 -300 1 100 1 300 10;
];
mpc.branch = [
 1 4 0 0.0576 0 250 250 250 0 0 1 -360 360;
 4 5 0.017 0.092 0.158 250 250 250 0 0 1 -360 360;
 5 6 0.039 0.17 0.358 150 150 150 0 0 1 -360 360;
 30 6 0 0.0586 0 300 300 300 0 0 1 -360 360;
 6 7 0.0119 0.1008 0.209 40 150 150 0 0 1 -360 360;
 7 8 0.0085 0.072 0.149 250 250 250 0 0 1 -360 360;
 8 2 0 0.0625 0 250 250 250 0 0 1 -360 360;
 8 9 0.032 0.161 0.306 250 250 250 0 0 1 -360 360;
 9 4 0.01 0.085 0.176 250 250 250 0 0 1 -360 360;
];
"""


def network() -> Network:
    """With the limit of the recipe."""
    return read_matpower(TEXT, name="case9")


def recipe() -> tuple[Newton, Direction]:
    """Ready to be traced."""
    newton = Newton.of(Nodal.of(network()))
    return newton, Direction.of(newton.nodal, loads=TARGET, units=TARGET)
