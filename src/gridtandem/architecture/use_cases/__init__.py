"""Use-cases of IEC 62559-2 as architectures: their step tables say who tells whom what, and what they leave open is guessed, and said.

May import: tables, errors, and graphs of the room above.
"""
