"""Frequency security of one grid: inertia, primary and fast reserve, and the time domain that checks them.

May import: grid, flow, opf, program, orders, and words.
"""
