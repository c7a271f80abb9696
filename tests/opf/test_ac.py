"""AC optimal power flow of one network: prices by difference, published objectives elsewhere, and results that explain themselves."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gridtandem.cases.library import network
from gridtandem.cases.matpower.read import read_matpower
from gridtandem.errors import InvalidCase, Unsolved
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.opf.ac import optimal_power_flow
from gridtandem.program.solvers.interior import Interior
from tests.opf.test_ac_polar import priced
from tests.tolerances import AC_COST, AC_PRICE, AC_SHADOW, GIVEN_WAY, PUBLISHED_ITD

DATA = Path(__file__).parents[1] / "data" / "pglib"
SHARP = Interior(tolerance=1e-10)
MW = 1e-2  # step of differences


def cost(net: Network) -> float:
    return optimal_power_flow(net, solver=SHARP).require().cost_per_h


def difference(move) -> float:
    """d cost / d the number that ``move`` shifts."""
    return (cost(move(MW)) - cost(move(-MW))) / (2 * MW)


def more_load(net: Network, bus: int, p_mw: float = 0.0, q_mvar: float = 0.0) -> Network:
    ld = net.loads
    extra = el.Loads(name=["extra"], bus=[bus], p_mw=[p_mw], q_mvar=[q_mvar])
    return replace(net, loads=el.Loads(**{c: np.concatenate([getattr(ld, c), getattr(extra, c)]) for c in ld.columns()}))


def shifted(values, row: int, by: float):
    out = np.array(values, float)
    out[row] += by
    return out


@pytest.fixture(scope="module")
def five() -> Network:
    """Five buses with a line at its limit and three units at limits."""
    return read_matpower(DATA / "pglib_opf_case5_pjm.m")


def test_prices_are_slopes_of_the_cost_by_demand(five: Network) -> None:
    found = optimal_power_flow(five, solver=SHARP).require()
    for bus in range(5):
        active = difference(lambda h, bus=bus: more_load(five, bus, p_mw=h))
        reactive = difference(lambda h, bus=bus: more_load(five, bus, q_mvar=h))
        assert found.buses.price_per_mwh[bus] == pytest.approx(active, abs=AC_PRICE)
        assert found.buses.price_per_mvarh[bus] == pytest.approx(reactive, abs=AC_PRICE)


def test_prices_of_limits_are_slopes_of_the_cost(five: Network) -> None:
    found = optimal_power_flow(five, solver=SHARP).require()
    line = int(np.argmin(found.branches.rating_price))
    assert found.branches.loading_percent[line] == pytest.approx(100.0)
    slope = difference(lambda h: replace(five, lines=replace(five.lines, rating_mva=shifted(five.lines.rating_mva, line, h))))
    assert found.branches.rating_price[line] == pytest.approx(slope, abs=AC_PRICE)
    unit = int(np.argmin(found.units.p_limit_price))
    g = five.generators
    slope = difference(lambda h: replace(five, generators=replace(g, p_high_mw=shifted(g.p_high_mw, unit, h))))
    assert found.units.p_limit_price[unit] == pytest.approx(slope, abs=AC_PRICE)
    bus = int(np.argmin(found.buses.v_limit_price))
    slope = difference(lambda h: replace(five, buses=replace(five.buses, v_high_pu=shifted(five.buses.v_high_pu, bus, MW * h))))
    assert found.buses.v_limit_price[bus] == pytest.approx(slope / MW, rel=AC_SHADOW)


def test_prices_of_angles_and_of_apparent_power() -> None:
    net = priced(5)
    low = 0.7 * optimal_power_flow(net, solver=SHARP).require().branches.angle_deg
    tight = replace(net, lines=replace(net.lines, angle_low_deg=np.full(len(net.lines), -360.0), angle_high_deg=np.full(len(net.lines), 360.0)))
    row = int(np.argmax(np.abs(low[: len(net.lines)])))
    side = "angle_high_deg" if low[row] > 0 else "angle_low_deg"

    def limited(h: float) -> Network:
        values = np.array(getattr(tight.lines, side))
        values[row] = low[row] + h
        return replace(tight, lines=replace(tight.lines, **{side: values}))

    found = optimal_power_flow(limited(0.0), solver=SHARP).require()
    assert found.branches.angle_deg[row] == pytest.approx(low[row])
    slope = difference(lambda h: limited(MW * h)) / MW
    assert found.branches.angle_limit_price[row] == pytest.approx(slope, rel=AC_SHADOW)
    g = net.generators

    def capped(h: float) -> Network:
        return replace(net, generators=replace(g, s_high_mva=np.array([np.inf, 30.0 + h, np.inf, 40, np.inf])))

    found = optimal_power_flow(capped(0.0), solver=SHARP).require()
    assert np.hypot(found.units.p_mw[1], found.units.q_mvar[1]) == pytest.approx(30.0)
    assert found.units.s_limit_price[1] == pytest.approx(difference(capped), abs=AC_PRICE)


def test_costs_of_units_add_up_and_books_balance() -> None:
    found = optimal_power_flow(priced(3)).require()
    assert found.units.cost_per_h.sum() == pytest.approx(found.cost_per_h)
    shunt = 0.5 * found.buses.v_pu[4] ** 2
    assert found.units.p_mw.sum() == pytest.approx(found.buses.load_p_mw.sum() + found.loss_mw + shunt)


def test_an_earlier_result_is_a_start(five: Network) -> None:
    first = optimal_power_flow(five)
    nearby = more_load(five, 2, p_mw=1.0)
    cold, warm = optimal_power_flow(nearby), optimal_power_flow(nearby, start=first)
    assert warm.cost_per_h == pytest.approx(cold.cost_per_h, rel=AC_COST)
    assert warm.answer.steps < cold.answer.steps


def test_a_voltage_band_out_of_reach_is_named() -> None:
    net = network("ieee14")
    low, high = np.array(net.buses.v_low_pu), np.array(net.buses.v_high_pu)
    low[3], high[3] = 1.2, 1.25
    found = optimal_power_flow(replace(net, buses=replace(net.buses, v_low_pu=low, v_high_pu=high)))
    assert not found.converged
    assert "no point nearby" in found.trouble
    assert "bus 4" in found.trouble
    assert "below its voltage limit" in found.trouble
    assert len(found.buses) == len(found.units) == len(found.branches) == 0
    assert np.isnan(found.cost_per_h)
    assert np.isnan(found.loss_mw)
    with pytest.raises(Unsolved, match="optimal power flow of ieee14: no point nearby"):
        found.require()


def test_power_that_nobody_has_is_named(five: Network) -> None:
    """300 MW more than all units together, and voltages that may not move: so much must come from units beyond their limits."""
    g = five.generators
    short = replace(five, loads=replace(five.loads, p_mw=five.loads.p_mw * (g.p_high_mw.sum() + 300) / five.loads.p_mw.sum()),
                    lines=replace(five.lines, rating_mva=np.full(len(five.lines), np.inf)))  # fmt: skip
    found = optimal_power_flow(short)
    assert "MW above its limit" in found.trouble
    beyond = sum(float(w.split(" MW")[0].split()[-1]) for w in found.trouble.split(";") if " MW above its limit" in w)
    assert 300 < beyond < 300 + GIVEN_WAY


def test_a_unit_that_must_give_more_than_it_can_is_named() -> None:
    """At least 50 MW from a unit of 30 MVA: to let it have 20 MVA more weighs less than to let it stay below its least power."""
    net = priced(5)
    g = replace(net.generators, p_low_mw=shifted(net.generators.p_low_mw, 1, 50.0), s_high_mva=np.array([np.inf, 30.0, np.inf, 40, np.inf]))
    found = optimal_power_flow(replace(net, generators=g))
    assert "unit g1 20 MVA above its apparent power" in found.trouble


def test_bad_limits_are_refused_with_their_names(five: Network) -> None:
    crossed = replace(five, generators=replace(five.generators, p_low_mw=five.generators.p_high_mw + 1))
    with pytest.raises(InvalidCase, match=r"generators\[1\]\.p_low_mw lies above p_high_mw"):
        optimal_power_flow(crossed)


@pytest.mark.peer
@pytest.mark.parametrize(
    ("name", "theirs"), [("case5_case3_bal", 17926.7247), ("case5_case3_bal_nogen", 17978.85605), ("case5_case3_unbal", 17953.7465)]
)
def test_integrated_objectives_published_by_powermodelsitd(name: str, theirs: float) -> None:
    """Transmission with a feeder from OpenDSS files, balanced or phase by phase, "ACP,ACPU" (PowerModelsITD.jl, test/opfitd.jl)."""
    pytest.importorskip("opendssdirect")
    assert optimal_power_flow(name, solver=SHARP).require().cost_per_h == pytest.approx(theirs, abs=PUBLISHED_ITD)


def test_a_case_is_dispatched_as_one_network() -> None:
    """The free DGs of two feeders at their limits; a price at a feeder's end that says what its losses cost."""
    found = optimal_power_flow("14B").require()
    dg = found.units.take(np.char.find(found.units.name, "/DG") > 0)
    assert len(dg) == 2
    assert (dg.p_limit_price < 0).all()
    assert any(name.startswith("F9") for name in found.buses.bus.tolist())
    with pytest.raises(TypeError, match="a network or a case is wanted"):
        optimal_power_flow(14)  # type: ignore[arg-type]


def test_the_page_says_what_happens() -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/dispatch-under-full-ac-physics.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, object] = {}
    exec("\n".join(block for block in blocks if "ipopt" not in block), names)  # the page is ours
    said = re.findall(r"^(\S+)  # (AC optimal .*|no point .*)$|^(gt\S+)\n# (.*)$", "\n".join(blocks), re.MULTILINE)
    assert len(said) == 2
    for first, shown, second, below in said:
        beginning, _, end = (shown or below).partition(" … ")
        found = str(eval(first or second, names))
        assert found.startswith(beginning)
        assert found.endswith(end)


def test_a_result_reads_well(five: Network) -> None:
    assert repr(optimal_power_flow(five)).startswith("AC optimal power flow of pglib_opf_case5_pjm: 17551.89 per hour, losses")
    assert optimal_power_flow("ieee14").name == "ieee14"
