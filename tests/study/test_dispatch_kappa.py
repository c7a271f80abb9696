"""The price of voltage that crosses, κ, is the slope of what a feeder pays by the voltage it is given, in all nine situations."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.boundary.opf_letters import DrawnAt
from gridtandem.schemes.copf import Copf
from gridtandem.schemes.hgd import Hgd
from gridtandem.study.dispatch.run import dispatch
from gridtandem.study.dispatch.study import DispatchSeats, DispatchStudy, seated
from gridtandem.tables import Real
from tests.tolerances import KAPPA, KAPPA_AGREED
from tools.dispatch_counts import CASES

PU = 1e-4  # step of differences


@cache
def seats(name: str) -> DispatchSeats:
    return seated(DispatchStudy(case=CASES[name].case(), scheme=Hgd()))


def paid(at: DispatchSeats, v: Real, price: Real) -> Real:
    """What feeders pay for units and for exchange, at voltages and prices (interface). [currency/h]"""
    drawn = at.mailbox(Hgd()).ask_dsos(DrawnAt(v, price))
    out: Real = drawn.cost + (price * drawn.s).sum(-1)
    return out


@pytest.mark.parametrize("name", CASES)
def test_kappa_is_the_slope_of_what_a_feeder_pays(name: str) -> None:
    at = seats(name)
    shape = (1, 1, len(at.cases[0].interfaces))
    for v, active, reactive in ((1.0, 38.2, 0.5), (1.03, 41.0, -0.4)):
        price = np.broadcast_to(np.array([active, reactive]), (*shape, 2))
        kappa = at.mailbox(Hgd()).ask_dsos(DrawnAt(np.full(shape, v), price)).kappa
        slope = (paid(at, np.full(shape, v + PU), price) - paid(at, np.full(shape, v - PU), price)) / (2 * PU)
        assert np.abs(kappa).min() > 1.0
        assert kappa == pytest.approx(slope, rel=KAPPA)


@pytest.mark.parametrize("name", ["feeder ends, quadratic", "overvoltage", "30 buses"])
def test_the_agreed_price_of_voltage_is_what_another_voltage_would_save_the_feeder(name: str) -> None:
    """One more pu costs transmission what it saves the feeder: the third price of the exchange, of a scheme that never asks for κ."""
    found = dispatch(DispatchStudy(case=CASES[name].case(), scheme=Copf())).require()
    e = found.tables.exchanges
    v, price = e.v_pu[None, None], np.stack([e.price_per_mwh, e.price_per_mvarh], -1)[None, None]
    slope = (paid(seats(name), v + PU, price) - paid(seats(name), v - PU, price)) / (2 * PU)
    assert -slope[0, 0] == pytest.approx(e.price_per_pu, rel=KAPPA_AGREED)


def test_the_page_says_what_leaving_kappa_out_costs() -> None:
    page = (Path(__file__).parents[2] / "docs/explanation/coordinated-dispatch.md").read_text(encoding="utf-8")
    cost = {}
    for shown, scheme in (("`hgd`, `copf`, one owner", "hgd"), ("`hgd`, `copf`, one owner", "copf"), ("`hgd-plain`", "hgd-plain")):
        run = gt.run("14A", scheme=scheme)
        e, cost[scheme] = run.exchanges, run.result.tables.promised
        volts = ", ".join(f"{v:.4f}" for v in e.v_pu)
        assert f"| {shown} | {volts} pu | {e.p_mw.sum():.3f} MW | {run.checks.loss_mw[0]:.2f} MW | {cost[scheme]:,.2f} EUR/h |" in page
        if scheme == "copf":
            assert f"would save transmission {-e.price_per_pu[0]:.0f} EUR/h" in page
    assert f"it costs {cost['hgd-plain'] - cost['copf']:.2f} EUR/h more" in page
