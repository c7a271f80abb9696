"""What would have to give way: with these limits relaxed there is a dispatch, and with any one of them kept there is none."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.cases.library import network
from gridtandem.cases.matpower.read import read_matpower
from gridtandem.grid.network import Network
from gridtandem.opf.ac import optimal_power_flow
from gridtandem.opf.ac_results import AcResult
from gridtandem.opf.ac_trouble import Relief
from gridtandem.program import elastic
from tests.tolerances import RELIEVED

DATA = Path(__file__).parents[1] / "data" / "pglib"
FIVE = DATA / "pglib_opf_case5_pjm.m"


def relieved(net: Network, relief: Relief) -> Network:
    """The network with its limits moved by what each row says, and a little."""
    changed: dict[str, np.ndarray] = {}
    for element, name, limit, by in zip(relief.element, relief.name, relief.limit, relief.by, strict=True):
        bus, unit, branch = ("v_low_pu", "v_high_pu"), ("p_low_mw", "p_high_mw"), ("", "rating_mva")
        table, sides = {"bus": (net.buses, bus), "unit": (net.generators, unit), "branch": (net.lines, branch)}[element]
        below = limit.startswith("below ")
        assert below or limit.startswith("above ")
        column = changed.setdefault(sides[not below], np.array(getattr(table, sides[not below])))
        column[table.name == name] += (-1 if below else 1) * by * (1 + RELIEVED)
    tables = {kind: getattr(net, kind) for kind in ("buses", "generators", "lines")}
    return replace(net, **{kind: replace(t, **{c: v for c, v in changed.items() if c in t.columns()}) for kind, t in tables.items()})


def banded() -> Network:
    """Voltages of five of fourteen buses wanted where few of them can be."""
    net = network("ieee14")
    inner = np.isin(net.buses.name, ["4", "5", "9", "10", "14"])
    return replace(net, buses=replace(net.buses, v_low_pu=np.where(inner, 1.09, 0.94), v_high_pu=np.where(inner, 1.12, 1.06)))


def short() -> Network:
    """300 MW more than all units have."""
    net = read_matpower(FIVE)
    g, ld, ln = net.generators, net.loads, net.lines
    much = ld.p_mw * (g.p_high_mw.sum() + 300) / ld.p_mw.sum()
    return replace(net, loads=replace(ld, p_mw=much), lines=replace(ln, rating_mva=np.full(len(ln), np.inf)))


def congested() -> Network:
    """Lines to a load that cannot carry it, either of them."""
    net = read_matpower(FIVE)
    at = np.isin(net.lines.name, ["1-2", "2-3"])
    return replace(net, lines=replace(net.lines, rating_mva=np.where(at, 100.0, 400.0)))


@pytest.mark.parametrize("make", [banded, short, congested])
def test_what_is_named_suffices_and_none_of_it_can_be_left_out(make) -> None:
    net = make()
    found = optimal_power_flow(net)
    assert not found.converged
    relief = found.relief
    assert len(relief)
    assert optimal_power_flow(relieved(net, relief)).converged
    for k in range(len(relief)):
        rest = generous(relief.take(np.arange(len(relief)) != k))
        assert not optimal_power_flow(relieved(net, rest)).converged, relief.sentence(k)


def generous(relief: Relief) -> Relief:
    """As much of each as it could ever take, so that nothing is missing but the limit left out."""
    plenty = {"pu": 0.5, "MW": 2000.0, "MVA": 2000.0}
    return replace(relief, by=np.array([plenty[u] for u in relief.unit]))


def test_a_set_of_several_is_told_to_be_without_any_that_is_not_needed() -> None:
    found = optimal_power_flow(banded())
    assert len(found.relief) > 1
    assert found.trouble.endswith(f"None of these {len(found.relief)} can be left out.")
    assert "bus 14" in found.trouble or "bus 9" in found.trouble
    one = optimal_power_flow(short())
    assert len(one.relief) == 1
    assert "left out" not in one.trouble


def test_where_it_was_not_looked_into_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks of many limits would be asked for hours."""
    monkeypatch.setattr(elastic, "WORK", 0)
    found = optimal_power_flow(banded())
    assert found.trouble.endswith("Some of these may not be needed.")
    assert optimal_power_flow(relieved(banded(), found.relief)).converged


def test_units_and_branches_are_named_with_their_buses() -> None:
    unit = optimal_power_flow(short()).relief
    net = short()
    row = int(np.flatnonzero(net.generators.name == unit.name[0])[0])
    assert unit.where[0] == f"bus {net.buses.name[net.generators.bus[row]]}"
    assert unit.sentence(0).endswith(f"MW above its limit (bus {net.buses.name[net.generators.bus[row]]})")
    net = congested()
    named = replace(net, lines=replace(net.lines, name=np.array([f"line {k}" for k in range(len(net.lines))])))
    lines = optimal_power_flow(named).relief
    assert set(lines.element) == {"branch"}
    assert lines.where[0] in {f"{net.buses.name[a]} to {net.buses.name[b]}" for a, b in zip(net.lines.from_bus, net.lines.to_bus, strict=True)}


def test_a_solution_has_nothing_to_give_way() -> None:
    found: AcResult = optimal_power_flow("ieee14")
    assert not len(found.relief)
    assert found.trouble == ""


def test_a_feeder_says_whether_another_voltage_would_help() -> None:
    """Where none does, its root is free and not among what must give way; where one does, the voltage it was given is not called a limit."""
    what = gt.case("T14D2")
    net = what.models[0]
    inner = np.arange(len(net.buses)) > 0

    def said(low: float, high: float) -> str:
        tight = replace(net, buses=replace(net.buses, v_low_pu=np.where(inner, low, 0.0), v_high_pu=np.where(inner, high, np.inf)))
        run = gt.run(replace(what, models=(tight,)), scheme="hgd")
        assert not run.outcome.answered
        return run.trouble[0]

    never = said(0.99, 1.0)
    assert "at any voltage of its root: To have a solution nearby it would need: " in never
    assert "bus 1 " not in never
    assert re.search(r"at 1 pu, though not at every voltage of its root: .* bus 1 0\.\d+ pu above the voltage it is given\.$", said(1.0, 1.2))


def test_voltages_without_limits_are_suspected_where_a_search_does_not_end() -> None:
    """Lines without losses and buses without limits: any voltage costs the same, and the search has nowhere to end."""
    said = gt.run("golden-3bus", scheme="copf")
    assert not said.outcome.answered
    assert "3 of 3 buses have no upper limit of voltage (v_high_pu)" in said.trouble[0]
    case = gt.case("golden-3bus")
    buses = replace(case.transmission.buses, v_low_pu=np.full(3, 0.9), v_high_pu=np.full(3, 1.1))
    limited = gt.run(replace(case, transmission=replace(case.transmission, buses=buses)), scheme="copf")
    assert limited.outcome.agreed
