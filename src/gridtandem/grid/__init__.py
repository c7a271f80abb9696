"""What is in the ground: tables, networks, topology, per-unit nodal models, forests of radial feeders.

May import: floor 0 (tables, units, errors) and scipy.sparse. Knows no file, no solver, no company.
"""
