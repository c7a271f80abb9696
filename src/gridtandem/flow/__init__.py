"""Load flow: Newton for meshed networks, DC flow, sensitivities, largest loading, result tables.

May import: floor 0 (tables, units, errors), grid and scipy. Knows no file, no company, no letter.
"""
