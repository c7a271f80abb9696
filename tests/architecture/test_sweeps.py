"""One thing varied: levels, ranks, where the order changes, and what each link of coordination is worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike

import gridtandem as gt
from gridtandem.architecture.catalogue import architecture, published
from gridtandem.architecture.graph import Graph
from gridtandem.architecture.lines import read_lines
from gridtandem.architecture.simulation.critical import criticality
from gridtandem.architecture.simulation.derived import derived
from gridtandem.architecture.simulation.play import Way
from gridtandem.architecture.simulation.results import Results
from gridtandem.architecture.simulation.run import judge_of, simulated
from gridtandem.architecture.simulation.scenarios import Setting, scene_of
from gridtandem.architecture.simulation.sweeps import SAME_COST, Sweep, Sweeping, Swept, changes, ranked, stops
from gridtandem.architecture.simulation.varied import VARIED, bypassing, slower
from gridtandem.cases.variants import pressed, resized
from gridtandem.coordinate import End
from gridtandem.errors import InvalidCase, Unreadable
from gridtandem.study.experiment import Progress
from tests.architecture.playing import FOUR, HEAD
from tests.tolerances import DAY_COST, SHARES, TOY


def setting(hours: int = 2) -> Setting:
    return Setting(case=gt.case("four-feeders"), first=11, hours=hours)


def sweep(vary: str, names: tuple[str, ...], levels: tuple[float, ...] = ()) -> Sweep:
    return Sweep(setting=setting(), architectures=tuple(map(architecture, names)), vary=vary, levels=levels)


def costs(rows: dict[tuple[float, str], float], ideal: float = 100.0) -> Swept:
    """A table of costs by level and name, all else nothing."""
    none: dict[str, ArrayLike] = {n: np.zeros(len(rows)) if spec.dtype == "f8" else [""] * len(rows) for n, spec in Results.columns().items()}
    given: dict[str, ArrayLike] = {"architecture": [name for _, name in rows], "cost": list(rows.values()), "ideal": np.full(len(rows), ideal)}
    return ranked(Results.of(none | given), np.array([x for x, _ in rows]))


def told(swept: Swept) -> list[tuple[object, ...]]:
    found = changes(swept)
    return list(zip(*(getattr(found, name).tolist() for name in ("low", "high", "what", "cheaper", "dearer")), strict=True))


def test_a_level_that_changes_nothing_is_the_case_itself() -> None:
    """Level 1 of penetration, congestion, latency and count, and 0 of stale, are the day as it is, to the bit."""
    plain = simulated(derived(architecture("NY1")), scene := scene_of(setting(), "nominal"), judge_of(scene)).result
    for vary, level in (("penetration", 1.0), ("congestion", 1.0), ("latency", 1.0), ("count", 1.0), ("stale", 0.0)):
        found = sweep(vary, ("NY1",), (level,)).run().results
        for name in plain.columns():
            assert getattr(found, name).tobytes() == getattr(plain, name).tobytes(), (vary, name)


def test_levels_reach_what_they_name() -> None:
    net = gt.case("four-feeders").models[0]
    twice, tight = resized(net, 2.0), pressed(net, 2.0)
    der = net.generators.control != net.generators.control[0]
    assert twice.generators.p_high_mw[der] == pytest.approx(2 * net.generators.p_high_mw[der])
    assert twice.flexible.p_high_mw == pytest.approx(2 * net.flexible.p_high_mw)
    assert (twice.loads.p_mw == net.loads.p_mw).all()
    own = der[net.cost_points.generator]
    assert own.any()
    for name in ("p_mw", "cost_per_h"):
        assert getattr(twice.cost_points, name)[own] == pytest.approx(2 * getattr(net.cost_points, name)[own])
    assert tight.lines.rating_mva == pytest.approx(net.lines.rating_mva / 2)
    low, bounded = net.buses.v_low_pu, net.buses.v_low_pu > 0
    assert bounded.sum() > 1
    assert tight.buses.v_low_pu == pytest.approx(np.where(bounded, 1 - (1 - low) / 2, 0.0))
    assert slower(architecture("R1"), 3.0).edges.latency_s == pytest.approx(3 * architecture("R1").edges.latency_s)
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(Unreadable):
            resized(net, wrong)
        with pytest.raises(Unreadable):
            pressed(net, wrong)


def test_twice_the_size_is_twice_the_power_at_the_same_price() -> None:
    """So the ideal cost cannot rise with the size of DERs that may also stay idle."""
    ideal = [scene_of(VARIED["penetration"].setting(setting(), x), "nominal").ideal for x in (0.5, 1.0, 2.0)]
    assert ideal[0] >= ideal[1] >= ideal[2]


def test_nothing_but_size_is_left_where_no_der_is() -> None:
    found = sweep("penetration", ("R1", "R3", "AU4", "NY1"), (0.0,)).run().swept
    assert found.rank.tolist() == [1, 1, 1, 1]
    assert (found.unserved_mwh > TOY).all()


def test_bypass_sets_the_share_and_adds_a_class_only_where_there_is_none() -> None:
    for name, share in (("R3", 0.25), ("NY2", 0.6), ("CA1", 0.0), ("UK1", 1.0)):
        play = derived(bypassing(architecture(name), share))
        assert sum(c.share for c in play.classes if c.bulk) == pytest.approx(share, abs=SHARES), name
        assert sum(c.share for c in play.classes) == pytest.approx(1.0, abs=SHARES), name
    assert len(bypassing(architecture("NY2"), 0.5).nodes) == len(architecture("NY2").nodes)
    made = bypassing(architecture("R3"), 0.5)
    assert made.nodes.name[-1] == "past"
    assert {c.way for c in derived(made).classes} == {Way.CURVE, Way.BLIND}
    assert bypassing(architecture("R3"), 0.0) is not made
    assert len(bypassing(architecture("R3"), 0.0).nodes) == len(architecture("R3").nodes)


@pytest.mark.parametrize("graph", published(), ids=lambda g: g.id)
def test_every_published_architecture_bypasses_or_says_why_not(graph: Graph) -> None:
    if all(c.bulk for c in derived(graph).classes):
        with pytest.raises(InvalidCase, match="arch-172"):
            bypassing(graph, 0.5)
    else:
        play = derived(bypassing(graph, 0.5))
        assert sum(c.share for c in play.classes if c.bulk) == pytest.approx(0.5, abs=SHARES)


def test_a_platform_below_tier_1_bypasses_for_who_orders_there() -> None:
    graph = read_lines(HEAD + FOUR.replace("role=AGG", "role=FMP") + "order T A\ndisp A D\ndisp D x\n", "test.txt")[0]
    play = derived(bypassing(graph, 0.5))
    assert [(c.share, c.bulk) for c in play.classes] == [(0.5, ()), (0.5, ((0, 2, 4),))]


def test_bypassing_breaks_limits_and_costs() -> None:
    """The layered design is ideal until somebody instructs past it."""
    found = sweep("bypass", ("R3",), (0.0, 0.5, 1.0)).run()
    assert found.swept.above[0] == pytest.approx(0.0, abs=DAY_COST * found.results.ideal[0])
    assert found.swept.over[0] == 0.0
    assert (found.swept.above[1:] > SAME_COST * found.results.ideal[1:]).all()
    assert (found.swept.over[1:] > 0).all()
    assert found.stops.breaks_limits_at.tolist() == ["0.5–1"]


def test_stale_models_hurt_only_who_uses_them() -> None:
    found = replace(sweep("stale", ("R1", "R3"), (0.0, 4.0)), setting=setting(12)).run()
    assert found.swept.rank.tolist() == [1, 1, 2, 1]
    assert told(found.swept) == [(0.0, 4.0, "part", "R3", "R1")]


def test_slow_links_are_missed() -> None:
    found = sweep("latency", ("R1",), (1.0, 16.0)).run()
    assert found.swept.missed[0] == 0
    assert found.swept.missed[1] > 0
    assert found.stops.late_at.tolist() == ["16"]


def test_pairs_swap_part_and_meet() -> None:
    swept = costs({(0, "a"): 100, (0, "b"): 100, (1, "a"): 100, (1, "b"): 104, (2, "a"): 106, (2, "b"): 104, (3, "a"): 105, (3, "b"): 105})
    assert told(swept) == [(0, 1, "part", "a", "b"), (1, 2, "swap", "b", "a"), (2, 3, "meet", "b", "a")]
    assert changes(swept).about[1] == pytest.approx(1 + 4 / 6)
    assert swept.rank.tolist() == [1, 1, 1, 2, 2, 1, 1, 1]
    assert stops(swept).dearer_at.tolist() == ["2–3", "1–3"]


@given(st.lists(st.tuples(*[st.sampled_from([100.0, 101.0, 102.0, 103.0])] * 3), min_size=2, max_size=5))
def test_changes_lead_from_the_first_order_to_the_last(rows: list[tuple[float, float, float]]) -> None:
    """Applied one after the other to the order of each pair at the lowest level, they give that at the highest."""
    names = ("a", "b", "c")
    swept = costs({(float(k), n): c for k, row in enumerate(rows) for n, c in zip(names, row, strict=True)})
    sign = {(p, q): np.sign(rows[0][i] - rows[0][j]) for i, p in enumerate(names) for j, q in enumerate(names)}
    for _, _, what, cheaper, dearer in told(swept):
        was = {"swap": 1, "part": 0, "meet": -1}[str(what)]
        assert sign[str(cheaper), str(dearer)] == was
        now = 0 if what == "meet" else -1
        sign[str(cheaper), str(dearer)], sign[str(dearer), str(cheaper)] = now, -now
    assert all(sign[p, q] == np.sign(rows[-1][i] - rows[-1][j]) for i, p in enumerate(names) for j, q in enumerate(names))


def test_same_input_same_bits_in_any_order() -> None:
    one, other = (sweep("congestion", names, (1.25, 0.75)).run().swept for names in (("R1", "NY1"), ("NY1", "R1")))
    for row in range(len(one)):
        (twin,) = np.flatnonzero((other.level == one.level[row]) & (other.architecture == one.architecture[row])).tolist()
        for name in one.columns():
            assert getattr(one, name)[row].tobytes() == getattr(other, name)[twin].tobytes(), name
    assert one.level.tolist() == [0.75, 0.75, 1.25, 1.25]


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = replace(sweep("bypass", ("R1", "R1", "AU4"), (0.5, 2.0, 2.0)), scenario="nowhere")
    assert [f.code for f in wrong.faults()] == ["arch-121", "arch-150", "arch-170", "arch-171"]
    assert {f.code for f in sweep("bypass", ("R1", "AU4"), (0.5,)).faults()} == {"arch-172"}
    assert {f.code for f in sweep("weather", ("R1",)).faults()} == {"arch-173"}
    assert {f.code for f in sweep("stale", (), (0.5,)).faults()} == {"arch-170", "arch-174"}
    assert [f.code for f in sweep("congestion", ("R1",), (1.0, 100.0)).faults()] == ["arch-175"]
    assert sweep("congestion", ("R1",), (1.0,)).faults() == ()


def test_an_interrupted_sweep_keeps_what_is_done() -> None:
    heard = list[Progress]()

    def stop(progress: Progress) -> None:
        heard.append(progress)
        if progress.done == 3:
            raise KeyboardInterrupt

    found: Sweeping = sweep("latency", ("R1", "R3"), (1.0, 2.0)).run(watch=stop)
    assert found.end is End.STOPPED
    assert [(p.done, p.size) for p in heard] == [(1, 4), (2, 4), (3, 4)]
    assert found.swept.architecture.tolist() == ["R1", "R3", "R1"]


def test_what_a_link_is_worth() -> None:
    """Without its model the total TSO is blind; without its limit the hybrid buys twice; without its dispatch nobody clears for the layered one."""
    model = criticality(architecture("R1"), setting()).table
    assert (model.link.tolist(), model.procedure.tolist(), model.becomes.tolist()) == (["info DO > TSO"], ["M0"], ["DER seen > blind"])
    assert model.over[0] > TOY
    hybrid = criticality(architecture("AU4"), setting()).table
    row = hybrid.link.tolist().index("lim DSO > AGG")
    assert hybrid.becomes[row] == "DER boxed > twice"
    assert hybrid.over[row] > TOY
    layered = criticality(architecture("R3"), setting()).table
    assert layered.procedure.tolist() == [""]
    assert layered.becomes.tolist() == ["R3 has nobody to clear"]
    assert np.isnan(layered.cost[0])


def test_the_rest_of_the_day_is_the_same_without_a_link_that_carries_nothing() -> None:
    found = criticality(architecture("AU4"), setting())
    row = found.table.link.tolist().index("coord AEMO > DSO")
    for name in ("cost", "over", "volts", "red_mwh", "unserved_mwh", "missed"):
        assert getattr(found.table, name)[row] == 0.0, name
    assert found.table.messages[row] < 0
