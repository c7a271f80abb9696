"""Files in and out, published systems by name, joining transmission and distribution.

May import: floor 0 and grid. Parses files itself; heavy tools are never imported for it.
"""
