"""Coordinated load flow: a run in words, as a page, and as pictures of grid, voltages, exchange and convergence; a feeder phase by phase."""
