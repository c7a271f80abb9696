"""Companies: each owns a grid and answers letters about it. ``plan`` and ``explain`` are the owner's door, used by a study only.

May import: floors 0 to 3. Knows no scheme.
"""
