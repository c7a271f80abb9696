"""Studies: bind case, parties, scheme and scenario; run, judge, compare, store. The only room that holds both halves.

May import: floors 0 to 4.
"""
