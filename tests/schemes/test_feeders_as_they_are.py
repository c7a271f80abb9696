"""Feeders with everything the data model knows: still the merged answer, by every coordinated scheme."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gridtandem.cases.case import Case
from gridtandem.cases.named import case
from gridtandem.errors import InvalidCase
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.schemes import Anderson, Fused, LoadFlow, Response
from gridtandem.study.run import run
from gridtandem.study.study import Study
from gridtandem.units import MVA
from tests.tolerances import BOOKS_CLOSE, FALL_OF_ANGLE, LIMIT_SLACK, MERGED, S_AGREES

TIGHT = 1e-10
SCHEMES = [LoadFlow(tol=TIGHT), Anderson(tol=TIGHT, tol_mva=TIGHT * MVA), Response(tol=TIGHT), Fused()]


def unit(net: Network, **columns: Any) -> Network:
    """One more unit."""
    g = net.generators
    given = {"name": "DG", "bus": 17, "p_mw": 0.8, **columns}
    more = el.Generators.of({name: [*getattr(g, name).tolist(), given.get(name, spec.default)] for name, spec in el.Generators.columns().items()})
    return replace(net, generators=more)


def transformer(net: Network, **columns: Any) -> Network:
    """The first line becomes a transformer."""
    ln = net.lines
    base = net.buses.nominal_kv[0] ** 2 / MVA
    first = {"name": ["substation"], "from_bus": [0], "to_bus": [1], "r_pu": [0.002], "x_pu": [0.08], "base_mva": [10.0], "b_pu": [-0.001]}
    return replace(net, lines=ln.take(np.arange(1, len(ln))), transformers=el.Transformers.of({**first, **columns})) if base else net


def looped(net: Network) -> Network:
    """All tie switches closed."""
    return replace(net, lines=replace(net.lines, closed=np.ones(len(net.lines), bool)))


def everything(net: Network) -> Network:
    """Charging, a capacitor, ZIP and exponential loads, a closed bus tie, a DG."""
    n, ln = len(net.loads), net.lines
    shares = {"p_z_share": np.full(n, 0.3), "p_i_share": np.full(n, 0.2), "q_z_share": np.full(n, 0.5), "p_exponent": np.full(n, 1.4)}
    loads = replace(net.loads, **shares, v_calibration_pu=np.full(n, 0.98))
    buses = el.Buses.of(
        {name: [*getattr(net.buses, name).tolist(), "behind" if name == "name" else getattr(net.buses, name)[5]] for name in el.Buses.columns()}
    )
    ties = el.Ties.of({"name": ["coupler"], "from_bus": [5], "to_bus": [len(net.buses)]})
    shunts = el.Shunts.of({"name": ["capacitor"], "bus": [len(net.buses)], "b_mvar": [0.4]})
    return unit(replace(net, loads=loads, buses=buses, ties=ties, shunts=shunts, lines=replace(ln, b_us=np.full(len(ln), 30.0))), q_mvar=0.2)


KINDS = {
    "everything": everything,
    "looped": looped,
    "holds a voltage": lambda net: unit(net, control=1, v_set_pu=0.99),
    "holds a voltage until its limit": lambda net: unit(net, control=1, v_set_pu=1.06, q_low_mvar=-0.1, q_high_mvar=0.3),
    "fixed tap": lambda net: transformer(net, ratio=[0.97], shift_deg=[30.0]),
    "moving tap": lambda net: transformer(net, control=[1], regulated_bus=[1], v_target_pu=[1.01]),
    "moving tap at its end": lambda net: transformer(net, control=[1], regulated_bus=[1], v_target_pu=[1.2]),
    "reverse flow": lambda net: unit(net, p_mw=6.0),
}


def made(kind: str, name: str = "T14D2") -> Case:
    what = case(name)
    return replace(what, models=tuple(KINDS[kind](m) for m in what.models))


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_coordinated_equals_merged(kind: str, scheme: Any) -> None:
    found = run(Study(case=made(kind), scheme=scheme, q_rule="switch")).require()
    v = found.verdict
    assert v is not None
    assert np.abs(v.buses.v_pu - v.buses.v_checked_pu).max() <= MERGED
    assert np.abs(v.interfaces.p_mw - v.interfaces.p_feeder_mw).max() <= S_AGREES * MVA
    assert v.checks.exchange_error_mva.max() <= MERGED * MVA
    for k, name in enumerate(v.interfaces.feeder):  # what enters a feeder is load, loss and what its units do not make
        mine = v.branches.feeder == name
        units = v.units.p_mw[v.units.feeder == name].sum()
        net, bus = found.study.case.models[0], v.buses.v_pu[v.buses.feeder == name]
        u = bus[net.loads.bus] / net.loads.v_calibration_pu
        ld = net.loads
        factor = ld.p_z_share * u**2 + ld.p_i_share * u + (1 - ld.p_z_share - ld.p_i_share) * u**ld.p_exponent
        each = (ld.p_mw * factor).sum() + v.branches.loss_mw[mine].sum() - units
        assert v.interfaces.p_feeder_mw[k] == pytest.approx(each * v.interfaces.count[k], abs=BOOKS_CLOSE * MVA)


def test_what_the_kinds_do_is_seen_in_the_tables() -> None:
    """So that no kind is served by leaving its feature out."""
    found = {kind: run(Study(case=made(kind), scheme=Response(), q_rule="switch")).require().verdict for kind in KINDS}
    limit = found["holds a voltage until its limit"]
    assert limit is not None
    assert limit.units.at_limit[limit.units.feeder == "F10"].tolist() == [1]
    assert limit.units.q_mvar[limit.units.feeder == "F10"] == pytest.approx([0.3])
    held = found["holds a voltage"]
    assert held is not None
    assert held.buses.v_pu[(held.buses.feeder == "F10") & (held.buses.bus == "18")] == pytest.approx([0.99])
    moving, end, fixed = found["moving tap"], found["moving tap at its end"], found["fixed tap"]
    assert moving is not None
    assert end is not None
    assert fixed is not None
    assert moving.buses.v_pu[(moving.buses.feeder == "F10") & (moving.buses.bus == "2")] == pytest.approx([1.01])
    assert end.branches.ratio[end.branches.branch == "substation"] == pytest.approx(0.9)
    angle = fixed.buses.angle_deg[fixed.buses.feeder == "F10"]
    assert angle[0] - angle[1] == pytest.approx(30.0, abs=FALL_OF_ANGLE)
    reverse = found["reverse flow"]
    assert reverse is not None
    assert (reverse.interfaces.p_mw < 0).all()


def test_a_looped_feeder_handed_to_the_sweep_is_refused_by_name() -> None:
    with pytest.raises(InvalidCase) as told:
        run(Study(case=made("looped"), scheme=LoadFlow(), feeder_solver="sweep"))
    assert len(told.value.faults) == 5  # one for each loop
    for word in ("case33bw", "has a loop through lines", "9-15", "open one of them or choose feeder solver newton", "case-060"):
        assert word in str(told.value)


def test_an_unsolvable_loading_is_told_with_the_largest_that_can_be_served() -> None:
    """The whole text, and no numbers beside it."""
    found = run(Study(case=case("T14D2"), scheme=Response(), loading=np.full((1, 1), 4.0)))
    assert found.verdict is None
    assert found.trouble[0] == (
        "dso-10, interface I10: the feeder has no load flow at 1.0000 pu; the largest solvable loading there is λ = 0.9055; "
        "it is infeasible below 1.0509 pu"
    )
    assert found.trouble[1].startswith("all networks as one: no load flow (no load flow found: ")
    assert found.trouble[1].endswith("; the whole system carries at most λ = 0.7480 of this loading")


def test_the_text_for_one_loop_is_exact() -> None:
    """One tie switch closed makes one loop."""
    closed = case("T14D2").models[0].lines.closed.copy()
    closed[-1] = True
    one = replace(case("T14D2"), models=tuple(replace(m, lines=replace(m.lines, closed=closed)) for m in case("T14D2").models))
    with pytest.raises(InvalidCase) as told:
        run(Study(case=one, scheme=LoadFlow(), feeder_solver="sweep"))
    assert str(told.value) == (
        "1 fault in the data:\n  - case33bw: lines[25-29] has a loop through lines 25-29, 24-25, 23-24, 3-23, 3-4, 4-5, 5-6, 6-26 and 3 more; "
        "open one of them or choose feeder solver newton (case-060)"
    )


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("rules", [{"slack": "shared"}, {"q_rule": "switch"}, {"slack": "shared", "q_rule": "switch"}], ids=str)
def test_rules_of_transmission_hold_on_both_roads(rules: dict[str, Any], scheme: Any) -> None:
    """Shared slack and reactive limits: merged and coordinated share the imbalance and meet the limits alike."""
    what = case("T118Dn4")
    g = what.transmission.generators
    what = replace(what, transmission=replace(what.transmission, generators=replace(g, slack_share=np.maximum(g.p_mw, 1.0))))
    found = run(Study(case=what, scheme=scheme, **rules)).require()
    v = found.verdict
    assert v is not None
    assert np.abs(v.buses.v_pu - v.buses.v_checked_pu).max() <= MERGED
    mine = v.units.company == "tso"
    if "slack" in rules:
        beyond = v.units.p_mw[mine] - g.p_mw
        shares = np.maximum(g.p_mw, 1.0) / np.maximum(g.p_mw, 1.0).sum()
        assert beyond == pytest.approx(shares * beyond.sum(), abs=BOOKS_CLOSE * MVA)
    if "q_rule" in rules:
        assert v.units.at_limit[mine].any()
        assert (v.units.q_mvar[mine] <= g.q_high_mvar + LIMIT_SLACK * MVA)[g.control == 1].all()
