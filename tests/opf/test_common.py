"""Feeders built alike share what follows from their wires; nobody's numbers move by that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridtandem.cases.named import case
from gridtandem.grid.network import Network
from gridtandem.opf.common import Common
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.forms.lindist import Lindist
from gridtandem.opf.swept import Reduced, swept
from gridtandem.program.arrays import Program
from gridtandem.resources.part import Window

DAY = Window(periods=4)


def feeders() -> list[Network]:
    """Four of one build with loads and prices of their own, one with other impedances, one with another rating."""
    plain, rng = next(m for m in case("ieee118-2dso").models if "33" in m.name), np.random.default_rng(7)
    loads = [replace(plain.loads, p_mw=plain.loads.p_mw * rng.uniform(0.7, 1.3, len(plain.loads))) for _ in range(3)]
    dear = replace(plain.flexible, price_per_mwh=1.1 * plain.flexible.price_per_mwh, p_high_mw=0.5 * plain.flexible.p_high_mw)
    stiff = replace(plain.lines, r_ohm=0.5 * plain.lines.r_ohm)
    wide = replace(plain.lines, rating_mva=2 * plain.lines.rating_mva)
    return [plain, *(replace(plain, loads=x) for x in loads), replace(plain, flexible=dear), replace(plain, lines=stiff), replace(plain, lines=wide)]


def same(a: Program, b: Program) -> bool:
    """To the bit."""
    columns = all((getattr(c, n) == getattr(b.columns[k], n)).all() for k, c in a.columns.items() for n in ("low", "high", "cost", "quadratic"))
    rows = all((r.low == b.rows[k].low).all() and (r.high == b.rows[k].high).all() for k, r in a.rows.items())
    return columns and rows and a.constant == b.constant and (a.matrix() != b.matrix()).nnz == 0 and a.matrix().shape == b.matrix().shape


def test_a_feeder_is_the_same_beside_others_and_alone() -> None:
    common = Common()
    for net in feeders():
        beside, alone = FeederProblem.of(net, 0, DAY, common=common), FeederProblem.of(net, 0, DAY)
        assert same(beside.program, alone.program)
        one, other = Reduced.of(beside), Reduced.of(alone)
        assert one is not None
        assert other is not None
        for k in ("export", "cost", "count"):
            assert (getattr(swept(one), k) == getattr(swept(other), k)).all()


def test_wires_of_one_build_are_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made, of = [], Lindist.of
    monkeypatch.setattr(Lindist, "of", lambda *a, **k: made.append(1) or of(*a, **k))
    common = Common()
    problems = [FeederProblem.of(net, 0, DAY, common=common) for net in feeders()]
    assert len(made) == 3
    assert len({id(p.form) for p in problems}) == 3
    assert {id(m) for p in problems[:3] for m in p.owned.part.p.values()} == {id(m) for m in problems[0].owned.part.p.values()}
    FeederProblem.of(feeders()[0], 0, DAY, common=common, flow="active")
    FeederProblem.of(feeders()[0], 0, DAY, common=common, root_pu=1.02)
    assert len(made) == 5


def test_what_a_key_names_by_its_place_in_memory_stays_there() -> None:
    """Else a later thing could take the place, and an earlier answer."""
    common = Common()
    for k in range(200):
        thing = np.full(3, k)
        assert common.once(("sum", id(thing)), lambda thing=thing: int(thing.sum()), thing) == 3 * k  # type: ignore[misc]
        del thing
