"""Coordinated continuation where feeders control: transformers that hold a voltage until the end of their ratio, units with reactive limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.cases.case import Case
from gridtandem.cases.named import case
from gridtandem.flow.newton import Newton
from gridtandem.grid import elements as el
from gridtandem.grid.elements import CONTINUOUS, STEPPED
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.report.margin.run import MarginRun, margin
from gridtandem.security.severity import apparent
from gridtandem.study.margin.tables import KINDS, EventResults
from gridtandem.tables import stacked
from tests.tolerances import NOTED_BETWEEN, NOTED_BETWEEN_MW, SAME_LIMIT, SAME_NOSE


def behind_transformers(control: int) -> Case:
    """T14D2, each feeder behind a transformer that holds the voltage of what was its root."""
    what = case("T14D2")
    return replace(
        what, models=tuple(_with_transformer(m, int(what.interfaces.root[0]), control) for m in what.models),
        interfaces=replace(what.interfaces, root=np.full(len(what.interfaces), len(what.models[0].buses))),
    )  # fmt: skip


def _with_transformer(m: Network, root: int, control: int) -> Network:
    buses = stacked(el.Buses, [m.buses, m.buses.take(np.array([root]))])
    named = replace(buses, name=np.append(m.buses.name, "grid side"))
    oltc = el.Transformers(
        name=["oltc"], from_bus=[len(m.buses)], to_bus=[root], base_mva=[10.0], r_pu=[0.005], x_pu=[0.08], control=[control], regulated_bus=[root],
        v_target_pu=[1.0], ratio_low=[0.9], ratio_high=[1.1],
    )  # fmt: skip
    g = m.generators
    source = replace(g, bus=np.where(g.bus == root, len(m.buses), g.bus))
    return replace(m, buses=named, transformers=stacked(el.Transformers, [m.transformers, oltc]), generators=source)


def with_units() -> Case:
    """T14D2, each feeder with a unit at its end that holds its voltage."""
    what = case("T14D2")
    unit = el.Generators(name=["dg"], bus=[17], control=[1], p_mw=[1.0], v_set_pu=[1.0], q_low_mvar=[-1.0], q_high_mvar=[2.0])
    return replace(what, models=tuple(replace(m, generators=stacked(el.Generators, [m.generators, unit])) for m in what.models))


def same(run: MarginRun, kinds: tuple[str, ...]) -> list[str]:
    """What was met, by both tools at the same λ."""
    one, other = run.tools.growth
    assert abs(one - other) <= SAME_NOSE * other
    assert run.tools.end[0] == run.tools.end[1]
    events = run.events.take(np.isin(run.events.met, [KINDS.index(k) for k in kinds]))
    a, b = (events.take(events.tool == tool) for tool in ("ccpf", "merged"))
    assert a.element.tolist() == b.element.tolist()
    assert np.abs(a.growth - b.growth).max(initial=0.0) <= SAME_LIMIT
    return a.element.tolist()


def test_tap_changers_hold_to_the_end_of_their_ratio_and_help() -> None:
    free = margin(behind_transformers(CONTINUOUS), tools=("ccpf", "merged"), until="nose")
    assert same(free, ("tap",)) == ["F10/oltc"]
    still = margin(behind_transformers(CONTINUOUS), tools=("ccpf", "merged"), until="nose", taps="hold")
    assert same(still, ("tap",)) == []
    assert free.tools.growth[0] > still.tools.growth[0]


def test_stepped_tap_changers_stand_where_all_load_flows_together_leave_them() -> None:
    assert same(margin(behind_transformers(STEPPED), tools=("ccpf", "merged"), until="nose"), ("tap",)) == []


@pytest.mark.parametrize("keep", [(), ("q",)])
def test_units_of_feeders_meet_their_reactive_limits(keep: tuple[str, ...]) -> None:
    run = margin(with_units(), tools=("ccpf", "merged"), until="nose", keep=keep)
    assert same(run, ("q", "q_back"))[-2:] == (["F10/18", "F12/18"] if keep else [])


@pytest.mark.parametrize("keep", [(), ("q",)])
def test_limits_of_buses_and_branches_are_noted_where_all_networks_as_one_meet_them(keep: tuple[str, ...]) -> None:
    """In feeders too, on both branches of the curve, whatever exponents and whatever gives way; λ by cubics between places."""
    what = gt.with_exponents(case("T14D2"), 0.5, 0.5)
    what = replace(what, transmission=rated(what.transmission, 1.5), models=tuple(rated(m, 1.2) for m in what.models))
    run = margin(what, tools=("ccpf", "merged"), keep=keep)
    noted = run.events.take(np.isin(run.events.met, [KINDS.index(k) for k in ("v", "flow")]))
    a, b = (sorted(told(noted.take(noted.tool == tool))) for tool in ("ccpf", "merged"))
    assert [row[:-2] for row in a] == [row[:-2] for row in b]
    assert np.abs(np.array([row[-2] for row in a]) - [row[-2] for row in b]).max() <= NOTED_BETWEEN
    assert np.abs(np.array([row[-1] for row in a]) - [row[-1] for row in b]).max() <= NOTED_BETWEEN_MW
    names = [row[1] for row in a]
    assert "F10/18" in names  # a bus of a feeder
    assert "F12/1-2" in names  # and a line
    assert any("/" not in name for name in names)
    assert {row[3] for row in a} == {False, True}  # from the start
    assert any(row[4] for row in a) == (not keep)  # on the lower branch


def rated(net: Network, factor: float) -> Network:
    """With ratings of so many times what lines carry at first, about."""
    newton = Newton.of(Nodal.of(net))
    flow = apparent(newton.nodal, newton.solve().v)[newton.nodal.branches.kind == 0]
    return replace(net, lines=replace(net.lines, rating_mva=np.full(len(net.lines), factor * 100 * flow.max())))


def told(events: EventResults) -> list[tuple[int, str, int, bool, bool, float, float]]:
    columns = (events.met, events.element, events.side, events.from_start, events.past, events.growth, events.load_mw)
    return list(zip(*(c.tolist() for c in columns), strict=True))
