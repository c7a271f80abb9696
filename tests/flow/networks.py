"""Small networks made for tests."""

import numpy as np

from gridtandem.grid import elements as el
from gridtandem.grid.network import Network


def two_buses(*, x_pu=0.1, p_mw=50.0, q_mvar=20.0, **load):
    """A stiff source, a reactance on 100 MVA, a load."""
    return Network(
        name="two",
        buses=el.Buses(name=["source", "load"], nominal_kv=[110.0, 110.0]),
        lines=el.Lines(name=["line"], from_bus=[0], to_bus=[1], r_ohm=[0.0], x_ohm=[x_pu * 121.0]),
        loads=el.Loads(name=["load"], bus=[1], p_mw=[p_mw], q_mvar=[q_mvar], **{k: [v] for k, v in load.items()}),
        generators=el.Generators(name=["source"], bus=[0], control=[2]),
    )


def meshed(seed, n=9):
    """A random ring with chords, transformers with ratio and shift, loads of all laws, two units at one bus, shunts and charging."""
    rng = np.random.default_rng(seed)
    ring = np.arange(n)
    chord = [(a, (a + n // 2) % n) for a in range(0, n // 2, 2)]
    ends = np.array([*zip(ring, (ring + 1) % n, strict=True), *chord])
    m, loads = len(ends), n - 1
    split = m - 3
    unit_buses = [0, 2, 2, 5, 6]
    return Network(
        name="meshed",
        buses=el.Buses(name=[f"b{k}" for k in range(n)], nominal_kv=np.full(n, 110.0), angle_start_deg=np.full(n, 7.0)),
        lines=el.Lines(
            name=[f"l{k}" for k in range(split)], from_bus=ends[:split, 0], to_bus=ends[:split, 1], r_ohm=rng.uniform(0.5, 3, split),
            x_ohm=rng.uniform(3, 9, split), b_us=rng.uniform(0, 300, split), rating_mva=np.where(ring[:split] % 2, 80.0, np.inf),
        ),
        transformers=el.Transformers(
            name=[f"t{k}" for k in range(3)], from_bus=ends[split:, 0], to_bus=ends[split:, 1], base_mva=[40.0, 100.0, 63.0], r_pu=[0.004, 0.0, 0.01],
            x_pu=rng.uniform(0.05, 0.12, 3), b_pu=[-0.01, 0.0, 0.02], ratio=rng.uniform(0.95, 1.05, 3), shift_deg=[0.0, 3.0, -5.0],
        ),
        loads=el.Loads(
            name=[f"d{k}" for k in range(loads)], bus=1 + np.arange(loads), p_mw=rng.uniform(5, 20, loads), q_mvar=rng.uniform(0, 8, loads),
            p_exponent=rng.choice([0.0, 0.9, 1.0, 2.0], loads), q_exponent=rng.choice([0.0, 1.3, 2.0], loads),
            p_z_share=rng.choice([0.0, 0.3], loads), p_i_share=rng.choice([0.0, 0.2], loads), v_calibration_pu=rng.uniform(0.98, 1.02, loads),
        ),
        generators=el.Generators(
            name=["slack", "g1", "g2", "pq", "g3"], bus=unit_buses, control=[2, 1, 1, 0, 1], p_mw=[0.0, 20.0, 10.0, 8.0, 15.0],
            q_mvar=[0, 0, 0, 2.0, 0], v_set_pu=[1.02, 1.01, 1.01, 1.0, 1.0], q_low_mvar=[-np.inf, -20.0, -10.0, -np.inf, -3.0],
            q_high_mvar=[np.inf, 30.0, 10.0, np.inf, 4.0], slack_share=[1.0, 2.0, 0.0, 1.0, 0.0],
        ),
        shunts=el.Shunts(name=["s"], bus=[4], g_mw=[0.5], b_mvar=[6.0]),
    )  # fmt: skip
