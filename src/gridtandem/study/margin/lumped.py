"""Transmission by itself: feeders as they draw before anything grows, by constant power (TCPF) or along their loads' exponents (TCPF-LM)."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from gridtandem.boundary.growth_points import Tracked
from gridtandem.cases.case import Case
from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid.elements import Loads
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.schemes.ccpf import Ccpf
from gridtandem.study.margin.ask import Growth
from gridtandem.study.margin.coordinated import GrowthSeats
from gridtandem.study.study import forecast
from gridtandem.tables import Real, stacked

Model = Literal["tcpf", "tcpf-lm"]


def base_of(seats: GrowthSeats) -> tuple[Real, Real]:
    """Voltage [pu] and power [MW, Mvar] at every interface before anything grows: all load flows together."""
    begun: Tracked = Ccpf().start(seats.mailbox())
    if begun.trouble:
        what = f"has {begun.trouble}"
        raise InvalidCase([Fault("case", what, "see `tandem run CASE` for why", "margin-011", place=seats.case.name)])
    return begun.base.v[0, 0], begun.base.s[0, 0]


def lumped(case: Case, growth: Growth, model: Model) -> Network:
    """Transmission with one load in the place of each interface."""
    table = case.interfaces
    v, s = base_of(GrowthSeats.of(case, replace(growth, keep=(), target=np.inf)))
    exponent = np.zeros((len(table), 2))
    if model == "tcpf-lm":
        exponent = forecast(case, [Nodal.of(m) for m in _bundled(case)]).exponent
    drawn = Loads(
        name=np.char.add("interface ", table.name), bus=table.bus, p_mw=s[:, 0], q_mvar=s[:, 1], p_exponent=exponent[:, 0], q_exponent=exponent[:, 1],
        v_calibration_pu=v,
    )  # fmt: skip
    grid = case.transmission
    return replace(grid, loads=stacked(Loads, [grid.loads, drawn]))


def _bundled(case: Case) -> list[Network]:
    from gridtandem.cases.join import bundle

    return [bundle(m) for m in case.models]
