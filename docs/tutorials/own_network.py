"""A network from tables, its faults before it is solved, its load flow, and a check by hand."""

import numpy as np

from gridtandem import Network, load_flow
from gridtandem.grid.elements import REFERENCE, Buses, Generators, Lines, Loads

# Tables are columns. Units stand at the end of the names; what is left out takes the default that the reference states.
buses = Buses(name=["source", "village"], nominal_kv=[20.0, 20.0])
lines = Lines(name=["overhead"], from_bus=[0], to_bus=[1], r_ohm=[4.0], x_ohm=[3.0])
loads = Loads(name=["houses"], bus=[1], p_mw=[2.0], q_mvar=[0.5])
supply = Generators(name=["grid"], bus=[0], control=[REFERENCE], v_set_pu=[1.0])
network = Network(name="lane", buses=buses, lines=lines, loads=loads, generators=supply).check()

# Broken promises are found before anything is solved, all of them at once, each with its place and its remedy.
# `check()` raises them together as one `InvalidCase`.
broken = Lines(name=["overhead"], from_bus=[0], to_bus=[7], r_ohm=[-4.0], x_ohm=[3.0])
faults = list(Network(name="lane", buses=buses, lines=broken, loads=loads, generators=supply).faults())
assert [f.code for f in faults] == ["case-020", "case-030"]
assert str(faults[1]).startswith("lines[overhead].r_ohm is negative (-4 ohm); use a positive value")

# A load flow of one network by itself gives tables; each prints itself and has a `frame()`.
found = load_flow(network)
assert found.converged
v = found.buses.v_pu

# Two buses have a closed form: u = |V|² solves u² + u (2 (r p + x q) − 1) + |z|² |s|² = 0, with |V| = 1 at the source.
base = 20.0**2 / 100.0
z, s = (4.0 + 3.0j) / base, (2.0 + 0.5j) / 100.0
middle = 1 - 2 * (z.real * s.real + z.imag * s.imag)
exact = np.sqrt((middle + np.sqrt(middle**2 - 4 * abs(z) ** 2 * abs(s) ** 2)) / 2)
assert np.isclose(v[1], exact)
