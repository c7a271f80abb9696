"""One published scheme per file: frozen options, explicit state, a few lines with equation numbers.

May import: boundary, orders, coordinate, tables, numpy. Knows letters, never grids.
"""

from gridtandem.schemes.anderson import Anderson
from gridtandem.schemes.boundary_newton import BoundaryNewton
from gridtandem.schemes.feeder_curve import FeederCurve
from gridtandem.schemes.fused import Fused
from gridtandem.schemes.independent import Independent
from gridtandem.schemes.load_flow import LoadFlow
from gridtandem.schemes.merged import Merged
from gridtandem.schemes.response import Response

__all__ = ["Anderson", "BoundaryNewton", "FeederCurve", "Fused", "Independent", "LoadFlow", "Merged", "Response"]
