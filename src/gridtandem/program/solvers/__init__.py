"""Solvers, one file each. A solver is a small frozen object with ``solve`` and ``hold``; its package is imported on use."""
