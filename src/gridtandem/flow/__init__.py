"""Load flow: sweeps over forests of radial feeders.

May import: floor 0 (tables, units, errors), grid and scipy. Knows no file, no company, no letter.
"""
