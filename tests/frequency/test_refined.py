"""Either of two conditions: enough, and necessary, and the same in a program with whole numbers."""

from __future__ import annotations

import numpy as np
import pytest

from gridtandem.errors import InvalidCase
from gridtandem.frequency import refined
from gridtandem.frequency.security import Inertia, Security, Service
from gridtandem.frequency.swing import fall
from gridtandem.program.arrays import Columns, Program
from gridtandem.program.solve import solve
from tests.tolerances import MORE, SCIP_OPTIMUM, SURE_NADIR

QUICK = Security(fast=(Service(ramp_s=4.0),))


def drawn(count: int) -> tuple[Inertia, np.ndarray]:
    rng = np.random.default_rng(16)
    table = Inertia(hour=np.ones(count, int), inertia_mws=rng.uniform(2e3, 2e4, count), loss_mw=rng.uniform(20.0, 300.0, count))
    return table, rng.uniform(0.0, 1.0, (count, 1)) * table.loss_mw[:, None]


def test_it_is_enough_and_nothing_less_is() -> None:
    table, fast = drawn(1000)
    primary = refined.needed(QUICK, table.inertia_mws, table.loss_mw, fast)
    assert fall(QUICK, table, primary, fast).nadir_hz.max() <= 1.0 + SURE_NADIR
    binding = primary > QUICK.settling(table.loss_mw, fast) * (1 + MORE)
    assert (fall(QUICK, table, 0.999 * primary, fast).nadir_hz[binding] > 1.0).all()
    cone = QUICK.needed(table.inertia_mws, table.loss_mw, fast)
    assert (primary <= cone).all()
    assert (primary < 0.9 * cone).sum() > 50


def test_a_program_decides_as_well() -> None:
    pytest.importorskip("pyscipopt")
    table, fast = drawn(12)
    eye = np.eye(12)
    whole, rows, cones = refined.blocks(QUICK, table, {"primary": eye}, {"fast": eye})
    columns = {"primary": Columns.of(12, 0.0, 1e5, cost=1.0), "fast": Columns.of(12, fast[:, 0], fast[:, 0]), **whole}
    answer = solve(Program(columns, rows, cones)).require()
    assert set(answer.x["late"].round()) == {0.0, 1.0}
    assert answer.x["primary"] == pytest.approx(refined.needed(QUICK, table.inertia_mws, table.loss_mw, fast), rel=SCIP_OPTIMUM, abs=SCIP_OPTIMUM)


@pytest.mark.parametrize("security", [Security(fast=()), Security(primary=Service(ramp_s=9.0, delay_s=0.1))])
def test_what_it_does_not_know(security: Security) -> None:
    with pytest.raises(InvalidCase, match="frequency-016"):
        refined.needed(security, 8000.0, 100.0, np.zeros((1, 1)))
