"""Security of one grid: how severe outages are, and how far it is from where voltages collapse.

May import: grid, flow, opf, program, and words.
"""
