"""Commitment: against every choice there is, least times by hand, and inertia of what stays."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from gridtandem.cases.named import case
from gridtandem.cases.rts24_units import station_units
from gridtandem.errors import InvalidCase
from gridtandem.frequency.commitment import Commitment, Plants, inertia_of
from gridtandem.frequency.transmission import SecureTransmission
from gridtandem.program.arrays import Program
from gridtandem.program.solvers.highs import Highs
from gridtandem.resources.part import Window
from gridtandem.tables import Index, Real
from tests.tolerances import COMMITTED, STATED_MWS

NONE = np.zeros(0, np.int64)
AT_STATION_4 = np.array([12])
PEAK_MW = 1300.0


def problem(plants: Plants, window: Window, *, bus: Index = NONE, given: Real | None = None) -> Commitment:
    transmission = SecureTransmission.of(case("rts24-market").transmission, bus, window)
    return Commitment(transmission=transmission, given=np.zeros((window.periods, 0)) if given is None else given, plants=plants)


def legal(on: list[bool], before: int, up: int, down: int) -> bool:
    """Least times as one counts them: a run that ends within the hours is long enough, with what was before it."""
    state, long = before > 0, abs(before)
    for now in on:
        if now != state:
            if long < (up if state else down):
                return False
            state, long = now, 0
        long += 1
    return True


@pytest.mark.parametrize(
    ("up", "down", "before", "peaks"), [(3, 1, (-1, 5), (1, 4)), (1, 4, (1, -2), (1, 4)), (4, 2, (2, -1), (1, 4)), (3, 1, (1, 9), (4,))]
)
def test_no_choice_of_the_plants_is_cheaper(up: int, down: int, before: tuple[int, int], peaks: tuple[int, ...]) -> None:
    """Two plants, six hours with one or two peaks: 4096 choices, the cheapest of the legal ones by linear programs."""
    window = Window(first=3, periods=6)
    plants = Plants.of({
        "name": ["station-4", "station-12"], "energy_mws": [1947.0, 1236.0], "least_mw": [206.85, 340.0], "up_h": [up, 2], "down_h": [down, 3],
        "start_cost": [10.0, 2298.0], "before_h": before,
    })  # fmt: skip
    given = PEAK_MW * np.isin(np.arange(6), peaks).astype(float)[:, None]
    asked = problem(plants, window, bus=AT_STATION_4, given=given)
    program = asked.program()
    free = {k: r for k, r in program.rows.items() if k not in ("change", "stays", "rests")}
    columns = {k: replace(c, integer=False) for k, c in program.columns.items() if k not in ("start", "stop")}
    held = Highs().hold(Program(columns, free, program.cones, program.constant))
    each = [
        [bits for bits in product([False, True], repeat=6) if legal(list(bits), before[k], int(plants.up_h[k]), int(plants.down_h[k]))]
        for k in range(2)
    ]  # fmt: skip
    best = np.inf
    for choice in product(*each):
        on = np.array(choice).T
        starts = on & ~np.vstack([np.array(before) > 0, on[:-1]])
        cost = held.solve(bounds={"on": (on.astype(float), on.astype(float))}).cost
        best = min(best, float(np.nan_to_num(cost, nan=np.inf)) + float((starts * plants.start_cost).sum()))
    found = asked.solve()
    assert found.answer.cost == pytest.approx(best, rel=COMMITTED)
    for k in range(2):
        assert tuple(found.on[:, k].tolist()) in each[k]


def test_kinetic_energy_of_the_stations_is_as_stated() -> None:
    plants = Plants.of(station_units())
    stated = [534, 534, 1153, 1947, 196, 546, 546, 2355, 2355, 1113, 1092, 1236]
    np.testing.assert_allclose(plants.energy_mws, stated, atol=STATED_MWS)


def test_the_day_of_the_rts_keeps_least_times_and_the_largest_unit_is_lost() -> None:
    plants = Plants.of(station_units())
    made = problem(plants, Window(periods=24)).solve()
    for k in range(len(plants)):
        assert legal(made.on[:, k].tolist(), int(plants.before_h[k]), int(plants.up_h[k]), int(plants.down_h[k]))
    assert ((made.power >= plants.least_mw - COMMITTED) | ~made.on).all()
    assert (made.power[~made.on] <= COMMITTED).all()
    table = inertia_of(plants, made, 1)
    assert set(table.lost.tolist()) == {"station-8"}
    np.testing.assert_allclose(table.loss_mw, 400.0)
    left = (made.on[:, plants.name != "station-8"] * plants.energy_mws[plants.name != "station-8"]).sum(1)
    np.testing.assert_allclose(table.inertia_mws, left)
    assert (inertia_of(plants, made, 3, 100.0).loss_mw == 100.0).all()
    assert inertia_of(plants, made, 3).hour[0] == 3


def test_one_of_several_units_goes_out_and_the_others_stay() -> None:
    plants = Plants.of({"name": ["station-8", "station-9"], "energy_mws": [2355.0, 2400.0], "units": [8, 2]})
    made = problem(plants, Window()).solve()
    table = inertia_of(plants, made, 1)
    assert table.lost.tolist() == ["station-9"]
    np.testing.assert_allclose(table.loss_mw, made.power[:, 1] / 2)
    np.testing.assert_allclose(table.inertia_mws, 2355.0 + 1200.0)


def test_plants_that_are_none_are_refused_all_at_once() -> None:
    plants = Plants.of({"name": ["station-8", "station-99"], "energy_mws": [-1.0, 0.0], "least_mw": [500.0, 0.0], "before_h": [0, 1]})
    with pytest.raises(InvalidCase) as found:
        problem(plants, Window()).solve()
    assert {f.code for f in found.value.faults} >= {"frequency-073", "frequency-074", "frequency-075"}
    assert len(found.value.faults) == 4
