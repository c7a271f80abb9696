"""One published scheme per file: frozen options, explicit state, a few lines with equation numbers.

May import: boundary, orders, coordinate, tables, numpy. Knows letters, never grids. A scheme is loaded when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gridtandem.schemes.admm import Admm as Admm
    from gridtandem.schemes.anderson import Anderson as Anderson
    from gridtandem.schemes.boundary_newton import BoundaryNewton as BoundaryNewton
    from gridtandem.schemes.central import Central as Central
    from gridtandem.schemes.choice_of_market import ChoiceOfMarket as ChoiceOfMarket
    from gridtandem.schemes.cmo_admm import CmoAdmm as CmoAdmm
    from gridtandem.schemes.cmo_curvature import CmoCurvature as CmoCurvature
    from gridtandem.schemes.cmo_curve import CmoCurve as CmoCurve
    from gridtandem.schemes.cmo_cuts import CmoCuts as CmoCuts
    from gridtandem.schemes.cmo_level import CmoLevel as CmoLevel
    from gridtandem.schemes.cmo_price import CmoPrice as CmoPrice
    from gridtandem.schemes.cmo_slope import CmoSlope as CmoSlope
    from gridtandem.schemes.conventional_1 import Conventional1 as Conventional1
    from gridtandem.schemes.conventional_2 import Conventional2 as Conventional2
    from gridtandem.schemes.conventional_3 import Conventional3 as Conventional3
    from gridtandem.schemes.conventional_4 import Conventional4 as Conventional4
    from gridtandem.schemes.copf import Copf as Copf
    from gridtandem.schemes.dso_offer import DsoOffer as DsoOffer
    from gridtandem.schemes.dso_reserve_offer import DsoReserveOffer as DsoReserveOffer
    from gridtandem.schemes.dso_vector_offer import DsoVectorOffer as DsoVectorOffer
    from gridtandem.schemes.feeder_curve import FeederCurve as FeederCurve
    from gridtandem.schemes.fused import Fused as Fused
    from gridtandem.schemes.hgd import Hgd as Hgd
    from gridtandem.schemes.hgd_plain import HgdPlain as HgdPlain
    from gridtandem.schemes.hgd_slope import HgdSlope as HgdSlope
    from gridtandem.schemes.ideal import Ideal as Ideal
    from gridtandem.schemes.independent import Independent as Independent
    from gridtandem.schemes.independent_opf import IndependentOpf as IndependentOpf
    from gridtandem.schemes.joint_reserve import JointReserve as JointReserve
    from gridtandem.schemes.joint_reserve_price_taker import JointReservePriceTaker as JointReservePriceTaker
    from gridtandem.schemes.joint_reserve_strategic import JointReserveStrategic as JointReserveStrategic
    from gridtandem.schemes.load_flow import LoadFlow as LoadFlow
    from gridtandem.schemes.merged import Merged as Merged
    from gridtandem.schemes.price_taker import PriceTaker as PriceTaker
    from gridtandem.schemes.response import Response as Response
    from gridtandem.schemes.strategic import Strategic as Strategic

_PLACE = {
    "Admm": "admm", "Anderson": "anderson", "BoundaryNewton": "boundary_newton", "Central": "central", "ChoiceOfMarket": "choice_of_market",
    "CmoAdmm": "cmo_admm", "CmoCurvature": "cmo_curvature", "CmoCurve": "cmo_curve", "CmoCuts": "cmo_cuts", "CmoLevel": "cmo_level",
    "CmoPrice": "cmo_price", "CmoSlope": "cmo_slope", "Conventional1": "conventional_1", "Conventional2": "conventional_2", "Conventional3":
    "conventional_3", "Conventional4": "conventional_4", "Copf": "copf", "DsoOffer": "dso_offer", "DsoReserveOffer": "dso_reserve_offer",
    "DsoVectorOffer": "dso_vector_offer", "FeederCurve": "feeder_curve", "Fused": "fused", "Hgd": "hgd", "HgdPlain": "hgd_plain",
    "HgdSlope": "hgd_slope", "Ideal": "ideal", "Independent": "independent", "IndependentOpf": "independent_opf",
    "JointReserve": "joint_reserve", "JointReservePriceTaker": "joint_reserve_price_taker", "JointReserveStrategic": "joint_reserve_strategic",
    "LoadFlow": "load_flow", "Merged": "merged", "PriceTaker": "price_taker", "Response": "response",
    "Strategic": "strategic",
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
