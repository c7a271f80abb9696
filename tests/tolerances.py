"""One name per law, with its reason. No literal tolerance stands anywhere else."""

# radial feeders: forest, sweep, feeders
PRINTED_KW = 5e-3  # published losses are printed to 0.01 kW or better
PRINTED_V = 5e-6  # published voltages are printed to 1e-5 pu
BALANCE = 1e-11  # power left over at a node after a sweep to 1e-12 pu: rounding of admittances up to 1e4 pu
SWEEP_IS_NEWTON = 1e-10  # two solvers of the same equations, each to 1e-10 or better
SLOPE_BY_DIFFERENCE = 1e-6  # relative; central differences of step 1e-4 carry about 1e-8
IMPEDANCE_EXPONENT = 1e-6  # a feeder of constant impedances draws as the square of its voltage
TURNED = 1e-12  # turning the root's angle turns all voltages and changes nothing else; rounding only
PEER_PGM = 1e-8  # power-grid-model iterates to 1e-12 on the same equations
PEER_DSS = 1e-7  # OpenDSS iterates to 1e-10 relative, its series impedances are exact, its sources have one of 1e-9 ohm
EDGE_FOUND = 3e-6  # ends of solvability are bisected to 1e-6; curves turn square-root-like there
