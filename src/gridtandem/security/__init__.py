"""Security of one grid: which outages there are, which of them would island something, and how severe states are.

May import: grid, flow, opf, program, and words.
"""
