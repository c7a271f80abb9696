"""Optimisation problems as arrays with named blocks, their answers, and the solvers that find them.

May import: floor 0 (tables, units, errors, kernels), numpy, scipy.sparse and scipy.spatial; a solver's package only inside the
functions of its own file. Knows no grid, no order.
"""
