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


def pair(*, q_high=(40.0, 40.0), p_high=(np.inf, np.inf), **load):
    """A source, a hub, and two buses of equal lines, loads and units behind it: what one meets, the other meets too."""
    return Network(
        name="pair",
        buses=el.Buses(name=["source", "hub", "left", "right"], nominal_kv=np.full(4, 110.0)),
        lines=el.Lines(name=["h", "l", "r"], from_bus=[0, 1, 1], to_bus=[1, 2, 3], r_ohm=[1.21] * 3, x_ohm=[9.68, 8.47, 8.47]),
        loads=el.Loads(name=["l", "r"], bus=[2, 3], p_mw=[60.0, 60.0], q_mvar=[25.0, 25.0], **{k: [v] * 2 for k, v in load.items()}),
        generators=el.Generators(
            name=["source", "l", "r"], bus=[0, 2, 3], control=[2, 1, 1], p_mw=[0.0, 10.0, 10.0], v_set_pu=[1.02, 1.0, 1.0],
            q_low_mvar=[-np.inf, -40.0, -40.0], q_high_mvar=[np.inf, *q_high], p_high_mw=[np.inf, *p_high],
        ),
    )  # fmt: skip


def six():
    """Three units, three loads, seven branches."""
    return Network(
        name="six",
        buses=el.Buses(name=[str(k) for k in range(1, 7)], nominal_kv=np.full(6, 110.0)),
        lines=el.Lines(
            name=["14", "15", "24", "26", "35", "45"], from_bus=[0, 0, 1, 1, 2, 3], to_bus=[3, 4, 3, 5, 4, 4],
            r_ohm=121 * np.array([0.02, 0.03, 0.02, 0.03, 0.02, 0.04]), x_ohm=121 * np.array([0.1, 0.14, 0.11, 0.12, 0.12, 0.2]),
            b_us=np.array([0.02, 0.03, 0.02, 0.02, 0.02, 0.01]) / 121e-6,
        ),
        transformers=el.Transformers(name=["36"], from_bus=[2], to_bus=[5], base_mva=[100.0], r_pu=[0.025], x_pu=[0.13], b_pu=[0.02], ratio=[0.97]),
        loads=el.Loads(name=["2", "3", "4", "5", "6"], bus=[1, 2, 3, 4, 5], p_mw=[20.0, 10.0, 55.0, 45.0, 35.0], q_mvar=[5.0, 3.0, 20.0, 18.0, 15.0]),
        generators=el.Generators(
            name=["1", "2", "3"], bus=[0, 1, 2], control=[2, 1, 1], p_mw=[0.0, 50.0, 40.0], v_set_pu=[1.03, 1.02, 1.01],
            q_low_mvar=[-300.0, -20.0, -3.0], q_high_mvar=[300.0, 45.0, 25.0],
        ),
        shunts=el.Shunts(name=["5"], bus=[4], b_mvar=[8.0]),
    )  # fmt: skip


def tail():
    """A feeder of five buses at 20 kV with lines as long as it takes to collapse inside."""
    return Network(
        name="tail",
        buses=el.Buses(name=[str(k) for k in range(1, 6)], nominal_kv=np.full(5, 20.0)),
        lines=el.Lines(
            name=["12", "23", "34", "25"], from_bus=[0, 1, 2, 1], to_bus=[1, 2, 3, 4], r_ohm=[0.8, 1.2, 1.2, 1.6], x_ohm=[1.2, 1.4, 1.2, 2.0],
        ),
        loads=el.Loads(name=["2", "3", "4", "5"], bus=[1, 2, 3, 4], p_mw=[1.5, 1.0, 2.0, 1.2], q_mvar=[0.7, 0.5, 0.9, 0.6]),
        generators=el.Generators(name=["root", "pv"], bus=[0, 3], control=[2, 0], p_mw=[0.0, 0.8], q_mvar=[0.0, 0.1]),
        shunts=el.Shunts(name=["4"], bus=[3], b_mvar=[0.4]),
    )  # fmt: skip
