"""What a case would cost if its networks only carried."""

from __future__ import annotations

from pathlib import Path

from gridtandem.cases.case import Case
from gridtandem.cases.named import case
from gridtandem.grid.network import Network
from gridtandem.opf.ac import whole_of
from gridtandem.opf.transport import TransportResult, carried


def transport(given: Network | Case | str | Path) -> TransportResult:
    """Least cost of a network, or of a case with all its feeders, also by name or folder, without losses, voltages, reactive power and angles.

    Costs are linear, convex in lines, or convex quadratic. Raises `errors.Unsolved` where units and ratings cannot serve the demand.
    """
    found = case(given) if isinstance(given, str | Path) else given
    return carried(whole_of(found), found.currency) if isinstance(found, Case) else carried(whole_of(found))
