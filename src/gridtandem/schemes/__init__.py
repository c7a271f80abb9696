"""One published scheme per file: frozen options, explicit state, a few lines with equation numbers.

May import: boundary, orders, coordinate, tables, numpy. Knows letters, never grids. A scheme is loaded when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gridtandem.schemes.anderson import Anderson as Anderson
    from gridtandem.schemes.boundary_newton import BoundaryNewton as BoundaryNewton
    from gridtandem.schemes.feeder_curve import FeederCurve as FeederCurve
    from gridtandem.schemes.fused import Fused as Fused
    from gridtandem.schemes.independent import Independent as Independent
    from gridtandem.schemes.load_flow import LoadFlow as LoadFlow
    from gridtandem.schemes.merged import Merged as Merged
    from gridtandem.schemes.response import Response as Response

_PLACE = {
    "Anderson": "anderson", "BoundaryNewton": "boundary_newton", "FeederCurve": "feeder_curve", "Fused": "fused", "Independent": "independent",
    "LoadFlow": "load_flow", "Merged": "merged", "Response": "response",
}  # fmt: skip

__all__ = [*_PLACE]


def __getattr__(name: str) -> object:
    """Load a scheme on first use (PEP 562)."""
    if name not in _PLACE:
        raise AttributeError(f"module 'gridtandem.schemes' has no attribute {name!r}")
    found: object = getattr(import_module(f"gridtandem.schemes.{_PLACE[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """The schemes, loaded or not."""
    return sorted(__all__)
