"""Balanced three-phase networks for tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridtandem.grid import phase_elements as pe
from gridtandem.grid.three_phase import ThreePhaseNetwork


def transposed(own: float, mutual: float) -> list[list[float]]:
    return [[own if j == k else mutual for k in range(3)] for j in range(3)]


def village(high: int = pe.DELTA, low: int = pe.WYE, leads: int = 0, angle: float = 0.0) -> ThreePhaseNetwork:
    """A source, two lines of 11 kV, a transformer to 0.4 kV; loads of a wye, a delta and one coil, capacitors, equal in all phases but the coil."""
    return ThreePhaseNetwork(
        name="village",
        buses=pe.PhaseBuses(name=["gate", "mill", "square", "inn"], nominal_kv=[11.0, 11.0, 11.0, 0.4], phases=[[True] * 3] * 4),
        lines=pe.PhaseLines(
            name=["first", "second"], from_bus=[0, 1], to_bus=[1, 2], to_phase=[[1, 2, 3]] * 2, b_us=[transposed(9.0, -2.0), transposed(5.0, -1.0)],
            r_ohm=[transposed(0.9, 0.2), transposed(0.5, 0.1)], x_ohm=[transposed(1.6, 0.5), transposed(0.8, 0.3)], rating_a=[200.0, np.inf],
        ),
        transformers=pe.PhaseTransformers(
            name=["t"], from_bus=[2], to_bus=[3], connection_from=[high], connection_to=[low], terminals_from=[[1, 2, 3]], terminals_to=[[1, 2, 3]],
            nominal_from_kv=[11.4], nominal_to_kv=[0.41], low_side=[leads], base_mva=[0.63], r_from_pu=[0.006], r_to_pu=[0.005], x_pu=[0.045],
            no_load_loss_pu=[0.002], magnetizing_pu=[0.01], tap_from_pu=[0.975], tap_to_pu=[1.0125],
        ),
        loads=pe.PhaseLoads(
            name=["wye", "delta", "coil"], bus=[1, 3, 2], connection=[0, 1, 1], terminals=[[1, 2, 3], [1, 2, 3], [1, 2, 0]],
            nominal_kv=[11.0, 0.4, 11.0], p_mw=[0.4, 0.3, 0.1], q_mvar=[0.1, 0.05, -0.02], law=[pe.EXPONENTS, pe.CURRENT, pe.ZIP],
            p_exponent=[0.7, 1.0, 0.0], q_exponent=[2.2, 1.0, 0.0], p_z_share=[0, 0, 0.4], p_i_share=[0, 0, 0.1], q_z_share=[0, 0, 0.9],
            v_low_pu=[0.5] * 3, v_high_pu=[1.5] * 3, v_linear_pu=[0.3] * 3,
        ),
        capacitors=pe.Capacitors(
            name=["bank"], bus=[2], connection=[1], terminals=[[1, 2, 3]], nominal_kv=[11.5], q_mvar=[0.3], steps=[3], steps_closed=[2]
        ),
        sources=pe.PhaseSources(
            name=["grid"], bus=[0], nominal_kv=[11.0], v_pu=[1.03], angle_deg=[angle], r_positive_ohm=[0.1], x_positive_ohm=[0.7], x_zero_ohm=[0.4]
        ),
    )  # fmt: skip


def with_coils_on_all_phases(net: ThreePhaseNetwork) -> ThreePhaseNetwork:
    """The load between a and b again between b and c, and c and a: equal in all phases."""
    more = net.loads.take(np.array([0, 1, 2, 2, 2]))
    terminals = [*net.loads.terminals[:2].tolist(), [1, 2, 0], [3, 2, 0], [3, 1, 0]]
    return replace(net, loads=replace(more, name=["wye", "delta", "ab", "bc", "ca"], terminals=terminals))
