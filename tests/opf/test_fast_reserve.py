"""Fast reserve of a feeder: what is sold is felt, limits hold in both states by load flow, fewer limits sell more, and cones are looked at."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gridtandem.cases.rts24_ffr import Rts24Ffr
from gridtandem.errors import InvalidCase, UnknownName
from gridtandem.flow.results import load_flow
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.opf.fast_replay import replayed, swept
from gridtandem.opf.fast_reserve import BASE, CALLED, MODELS, FastFeeder, Model
from gridtandem.opf.feeder import FeederProblem
from gridtandem.program.answer import Answer, Status
from gridtandem.program.solvers.clarabel import Clarabel
from gridtandem.resources.part import Window
from tests.tolerances import BROKEN_PU, DELIVERED_MW, LOSSLESS, NESTED, RELAXED, REPLAYED

NIGHT = Window(first=3)
ENERGY, WORTH = 12.0, 20.0  # USD/MWh, USD/MW in an hour
TIGHTENS = np.array([[30.0], [1.0]])


@cache
def feeder(size: float = 1.0, v_high_pu: float = 1.05) -> Network:
    return Rts24Ffr(size=size, v_high_pu=v_high_pu).feeder()


def fast(net: Network, model: Model = "full", window: Window = NIGHT) -> FastFeeder:
    root = int(net.generators.bus[net.generators.control == el.REFERENCE][0])
    return FastFeeder.of(FeederProblem.of(net, root, window), model)


def priced(made: FastFeeder, energy: float = ENERGY, award: float = WORTH) -> FastFeeder:
    """The feeder's own problem at prices."""
    columns = dict(made.program.columns)
    for name, price in (("z", energy), ("award", -award)):
        columns[name] = replace(columns[name], cost=np.full(columns[name].shape, price))
    return replace(made, program=replace(made.program, columns=columns))


def solved(made: FastFeeder) -> Answer:
    return Clarabel(tolerance=1e-10).solve(made.program).require()


@pytest.mark.parametrize("v_high_pu", [1.05, 1.02])
def test_both_states_are_load_flows_within_limits_and_the_award_is_felt(v_high_pu: float) -> None:
    made = priced(fast(feeder(v_high_pu=v_high_pu))).dearer(TIGHTENS)
    answer = solved(made)
    assert made.slack(answer).max() <= RELAXED
    told = replayed(made, answer)
    assert told.award_mw.min() > 1.0
    assert told.beyond_pu.max() <= BROKEN_PU
    assert told.loading.max() <= 1 + BROKEN_PU
    assert (told.felt_mw[1:] >= told.award_mw[1:] - DELIVERED_MW).all()
    assert abs(told.v_high_pu.max() - v_high_pu) <= BROKEN_PU  # the called state is at its limit, or this would test nothing


@pytest.mark.parametrize("model", ["base-only", "none"])
def test_an_award_without_the_called_state_breaks_limits_and_is_not_felt(model: Model) -> None:
    made = priced(fast(feeder(v_high_pu=1.02), model)).dearer(TIGHTENS)
    told = replayed(made, solved(made))
    assert told.beyond_pu[1] > BROKEN_PU
    assert told.felt_mw[1] < told.award_mw[1] - DELIVERED_MW


@pytest.mark.parametrize(("size", "v_high_pu"), [(1.0, 1.05), (2.0, 1.02)])
def test_the_largest_award_shrinks_with_every_limit_that_is_seen(size: float, v_high_pu: float) -> None:
    most = []
    for model in MODELS:
        made = priced(fast(feeder(size, v_high_pu), model), energy=0.0, award=1000.0)
        answer = solved(made.dearer(np.array([[2000.0], [0.0]])))
        most.append(float(answer.x["award"][0]))
        assert most[-1] <= float(answer.x["up"].sum()) * (1 + NESTED)
    full, base, none = most
    assert full < base * (1 - NESTED)
    assert base <= none * (1 + NESTED)


def test_without_impedance_or_limits_the_network_is_as_if_it_were_not_there() -> None:
    net, free = feeder(), np.inf
    near = replace(
        net, buses=replace(net.buses, v_low_pu=0 * net.buses.v_low_pu, v_high_pu=np.full(len(net.buses), free)),
        lines=replace(net.lines, r_ohm=1e-6 * net.lines.r_ohm, x_ohm=1e-6 * net.lines.x_ohm, rating_mva=np.full(len(net.lines), free)),
        transformers=replace(net.transformers, rating_mva=np.full(len(net.transformers), free)),
    )  # fmt: skip
    costs = [solved(priced(fast(near, model))).cost for model in ("full", "none")]
    assert costs[0] == pytest.approx(costs[1], rel=LOSSLESS)


def test_where_energy_costs_less_than_nothing_losses_are_said_to_be_more_until_a_penalty_costs_more_than_they_bring() -> None:
    made = priced(fast(feeder()), energy=-20.0, award=0.0)
    for penalty, tight in ((0.0, False), (15.0, False), (25.0, True)):
        dearer = made.dearer(np.array([[penalty], [0.0]]))
        assert bool(dearer.slack(solved(dearer))[0].max() <= RELAXED) is tight


@pytest.mark.parametrize(("energy", "award"), [(12.0, 20.0), (5.0, 50.0)])
def test_losing_power_pays_as_far_as_an_award_is_worth_more_than_energy(energy: float, award: float) -> None:
    """A MW that is lost as the network stands and not when called would be an award."""
    made = priced(fast(feeder()), energy=energy, award=award)
    for penalty, tight in ((0.0, False), (award - energy - 1, False), (award - energy + 1, True)):
        dearer = made.dearer(np.array([[penalty], [1.0]]))
        assert bool(dearer.slack(solved(dearer))[0].max() <= RELAXED) is tight


@pytest.mark.parametrize("state", [BASE, CALLED])
def test_the_replay_is_a_load_flow(state: str) -> None:
    made = priced(fast(feeder())).dearer(TIGHTENS)
    p, q = made.injected(solved(made), state)
    grid = made.network
    assert grid is not None
    flow, _, w = swept(grid, p, q)
    net, nodal, nobody = made.feeder.network, made.feeder.nodal, np.zeros(0, int)
    g, bus = net.generators, np.array([int(np.flatnonzero(nodal.node == k)[0]) for k in range(p.shape[1])])
    bare = replace(
        net, loads=el.Loads.of({"name": np.arange(len(bus)).astype(str), "bus": bus, "p_mw": -p[0], "q_mvar": -q[0]}),
        generators=replace(g, live=g.control == el.REFERENCE), storages=net.storages.take(nobody), regulation=net.regulation.take(nobody),
        profiles=net.profiles.take(nobody), follows=net.follows.take(nobody),
        transformers=replace(net.transformers, control=0 * net.transformers.control),
    )  # fmt: skip
    found = load_flow(bare)
    np.testing.assert_allclose(found.buses.v_pu[bus[grid.node]], np.sqrt(w[0] * grid.scale), atol=REPLAYED)
    assert flow[0, 0].real == pytest.approx(float(found.units.p_mw[0]), abs=REPLAYED)


def test_storage_keeps_energy_for_as_long_as_reserve_must_last() -> None:
    net = feeder()
    r = net.regulation
    lone = replace(net, regulation=r.take(np.char.startswith(r.row, "battery")))
    tired = replace(lone, storages=replace(lone.storages, energy_low_mwh=lone.storages.energy_start_mwh - 0.05))  # for 0.05 MWh, at 95 %
    awards = [float(solved(priced(fast(one)).dearer(TIGHTENS)).x["award"][0]) for one in (lone, tired)]
    assert awards[1] <= 2 * 0.05 * 0.95 / 0.25 * (1 + NESTED) < awards[0] - DELIVERED_MW


def test_storage_that_could_never_keep_its_reserve_is_named_with_its_hour() -> None:
    net = feeder()
    small = replace(net, storages=replace(net.storages, energy_high_mwh=np.array([0.08, 0.8]), energy_start_mwh=np.array([0.04, 0.4])))
    with pytest.raises(InvalidCase) as found:
        fast(small)
    assert [(f.code, f.label) for f in found.value.faults] == [("frequency-047", "battery-6")]
    assert "hour 4" in str(found.value)


def test_models_have_names() -> None:
    with pytest.raises(UnknownName, match="base-only"):
        fast(feeder(), "base_only")  # type: ignore[arg-type]


def test_a_feeder_without_offers_sells_nothing() -> None:
    net = replace(feeder(), regulation=feeder().regulation.take(np.zeros(0, int)))
    answer = solved(priced(fast(net)).dearer(TIGHTENS))
    assert answer.status is Status.SOLVED
    assert abs(float(answer.x["award"][0])) <= DELIVERED_MW
